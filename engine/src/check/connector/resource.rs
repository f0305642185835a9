//! `resource NAME: TYPE { … }` → [`Resource`]s, sub-resources behind their parents.

use std::collections::HashSet;
use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, ConnectorPart, Directive};
use flowbook_stdlib::types::{Kind, Shape, Type};

use super::args::{self, Args, OF_RESOURCE, Options};
use crate::check::named::{Def, Sub, Types};
use crate::check::suggest;
use crate::check::types::{doc, dotted, of};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{
    Action, Connector, Endpoint, Find, How, Reading, Resource, ResourceIx, Template, TemplatePart,
    Webhook,
};

/// The system for which a connector's resources are made.
pub(in crate::check) struct Site<'s> {
    /// Its number.
    pub system: u32,
    /// Its name.
    pub name: &'s str,
    /// The number of its first resource.
    pub first: ResourceIx,
}

/// A resource in the tree.
struct Node<'a> {
    item: &'a ast::Resource,
    /// `orders.orderrows`
    name: String,
    /// Number within the connector.
    parent: Option<usize>,
}

impl<'a> Node<'a> {
    fn directives(&self) -> impl Iterator<Item = &'a Directive> {
        self.item.parts.iter().filter_map(|part| match part {
            ConnectorPart::Directive(directive) => Some(directive),
            _ => None,
        })
    }

    fn says(&self, word: &str) -> bool {
        self.directives()
            .any(|directive| directive.word.text == word)
    }
}

/// All resources of a connector, subs behind their parents.
fn nodes(item: &ast::Connector) -> Vec<Node<'_>> {
    fn below<'a>(
        parts: &'a [ConnectorPart],
        parent: Option<(usize, String)>,
        nodes: &mut Vec<Node<'a>>,
    ) {
        for part in parts {
            if let ConnectorPart::Resource(item) = part {
                let name = match &parent {
                    Some((_, parent)) => format!("{parent}.{}", item.name.text),
                    None => item.name.text.clone(),
                };
                nodes.push(Node {
                    item,
                    name: name.clone(),
                    parent: parent.as_ref().map(|(at, _)| *at),
                });
                let at = nodes.len() - 1;
                below(&item.parts, Some((at, name)), nodes);
            }
        }
    }
    let mut all = Vec::new();
    below(&item.parts, None, &mut all);
    all
}

/// Makes a connector's types known under a system's name.
pub(in crate::check) fn register<'a>(
    item: &'a ast::Connector,
    system: &str,
    types: &mut Types<'a>,
    out: &mut Vec<Diagnostic>,
) {
    for part in &item.parts {
        let ConnectorPart::Type(def, _) = part else {
            continue;
        };
        let name = format!("{system}.{}", def.name.text);
        if let Some(first) = types.defs.get(&name) {
            out.push(
                Diagnostic::error(
                    "F0100",
                    def.name.span,
                    format!("The type `{}` is declared twice.", def.name.text),
                )
                .label("again")
                .related(first.name.span, "here first"),
            );
            continue;
        }
        types.defs.insert(
            name,
            Def {
                name: &def.name,
                ty: &def.ty,
                scope: system.to_owned(),
                extensions: Vec::new(),
                subs: Vec::new(),
            },
        );
    }
    let nodes = nodes(item);
    let ones: HashSet<String> = nodes
        .iter()
        .filter(|node| node.says("one"))
        .map(|node| node.name.clone())
        .collect();
    types.ones.insert(system.to_owned(), ones);
    for (at, node) in nodes.iter().enumerate() {
        let again = nodes[..at].iter().find(|first| first.name == node.name);
        if let Some(first) = again {
            out.push(
                Diagnostic::error(
                    "F0100",
                    node.item.name.span,
                    format!("The resource `{}` is declared twice.", node.name),
                )
                .label("again")
                .related(first.item.name.span, "here first"),
            );
            continue;
        }
        let Some(parent) = node.parent else { continue };
        let carried = nodes[parent]
            .directives()
            .any(|directive| carries(directive, &node.item.name.text));
        if let Some(def) = types
            .defs
            .get_mut(&format!("{system}.{}", nodes[parent].item.ty.text))
        {
            def.subs.push(Sub {
                name: node.item.name.text.clone(),
                ty: format!("{system}.{}", node.item.ty.text),
                readonly: !carried,
                doc: doc(&node.item.docs),
                span: node.item.name.span,
            });
        }
        let parent_type = &nodes[parent].item.ty;
        let shared = nodes.iter().enumerate().find(|(other, one)| {
            *other != parent
                && one.item.ty.text == parent_type.text
                && one.name != nodes[parent].name
        });
        if let Some((_, other)) = shared {
            out.push(
                Diagnostic::error(
                    "F0163",
                    other.item.ty.span,
                    format!(
                        "`{}` is the type of `{}` too, whose records have `{}` below them.",
                        parent_type.text, nodes[parent].name, node.item.name.text
                    ),
                )
                .label("a type of its own is needed")
                .related(parent_type.span, "the resource with sub-resources"),
            );
        }
    }
}

/// Whether a `create` sends a sub-resource along.
fn carries(directive: &Directive, sub: &str) -> bool {
    let mut behind = false;
    directive.word.text == "create"
        && directive.args.iter().any(|arg| match arg {
            ast::DirectiveArg::Path(path) => {
                let word = dotted(path);
                let hit = behind && word == sub;
                behind = word == "carries";
                hit
            }
            ast::DirectiveArg::List(items, _) => {
                behind
                    && items
                        .iter()
                        .filter_map(args::name_path)
                        .any(|path| dotted(&path) == sub)
            }
            _ => false,
        })
}

/// A connector's resources for one system, numbered from `site.first`.
pub(in crate::check) fn resources<'a>(
    item: &'a ast::Connector,
    connector: &Connector,
    site: &Site<'_>,
    types: &mut Types<'a>,
    out: &mut Vec<Diagnostic>,
) -> Vec<Resource> {
    let nodes = nodes(item);
    let names: Vec<&str> = nodes.iter().map(|node| &*node.name).collect();
    let mut made: Vec<Resource> = Vec::with_capacity(nodes.len());
    for node in &nodes {
        let shape = shape(node, site, types, out);
        let parent = node.parent.map(|parent| made[parent].shape.clone());
        let mut maker = Maker {
            node,
            connector,
            site,
            types,
            names: &names,
            parent: parent.as_deref(),
            subs: nodes
                .iter()
                .filter(|sub| sub.parent.is_some_and(|at| nodes[at].name == node.name))
                .map(|sub| &*sub.item.name.text)
                .collect(),
            made: Resource {
                system: site.system,
                name: node.name.clone(),
                parent: node.parent.map(|parent| site.first + parent as ResourceIx),
                shape,
                key: None,
                one: None,
                list: None,
                get: None,
                creates: Vec::new(),
                update: None,
                replaces: false,
                reading: Reading::Unsaid,
                order: None,
                filters: Vec::new(),
                finds: Vec::new(),
                unique: Vec::new(),
                forms: Vec::new(),
                webhook: None,
                span: node.item.span,
            },
            out,
        };
        maker.read();
        made.push(maker.made);
    }
    made
}

fn shape(
    node: &Node<'_>,
    site: &Site<'_>,
    types: &mut Types<'_>,
    out: &mut Vec<Diagnostic>,
) -> Arc<Shape> {
    let word = &node.item.ty;
    let name = format!("{}.{}", site.name, word.text);
    if !types.defs.contains_key(&name) {
        let prefix = format!("{}.", site.name);
        let known = types
            .defs
            .keys()
            .filter_map(|name| name.strip_prefix(&prefix));
        out.push(
            Diagnostic::error(
                "F0162",
                word.span,
                format!("The connector has no type `{}`.", word.text),
            )
            .label("not declared")
            .maybe_help(suggest::help(&word.text, known, "Types")),
        );
    } else {
        match types.get(&name, out).kind {
            Kind::Record(shape) => return shape,
            Kind::Unknown => {}
            kind => out.push(
                Diagnostic::error(
                    "F0162",
                    word.span,
                    format!(
                        "Records of a resource have fields; `{}` is `{kind}`.",
                        word.text
                    ),
                )
                .label("no record type"),
            ),
        }
    }
    Arc::new(Shape {
        name: name.into(),
        ..Shape::default()
    })
}

struct Maker<'m, 'a> {
    node: &'m Node<'a>,
    connector: &'m Connector,
    site: &'m Site<'m>,
    types: &'m mut Types<'a>,
    /// Names of all resources of the connector.
    names: &'m [&'m str],
    parent: Option<&'m Shape>,
    subs: Vec<&'m str>,
    made: Resource,
    out: &'m mut Vec<Diagnostic>,
}

impl Maker<'_, '_> {
    fn read(&mut self) {
        let mut readings: Option<&Directive> = None;
        for part in &self.node.item.parts {
            match part {
                ConnectorPart::Directive(directive) => {
                    let word = directive.word.text.as_str();
                    if matches!(word, "changed" | "growing" | "whole")
                        && let Some(first) = readings.replace(directive)
                    {
                        self.out.push(
                            Diagnostic::error(
                                "F0153",
                                directive.word.span,
                                "How new records are found is said twice.",
                            )
                            .label("again")
                            .related(first.word.span, "here first"),
                        );
                        continue;
                    }
                    self.directive(directive);
                }
                ConnectorPart::Type(def, _) => self.out.push(
                    Diagnostic::error(
                        "F0150",
                        def.name.span,
                        "Types stand in the connector, beside its resources.",
                    )
                    .label("not inside a resource"),
                ),
                ConnectorPart::Answers(_, span) => self.out.push(
                    Diagnostic::error(
                        "F0150",
                        *span,
                        "`answers` stands in the connector, beside its resources.",
                    )
                    .label("not inside a resource"),
                ),
                ConnectorPart::Resource(resource) if !resource.sub => self.out.push(
                    Diagnostic::error(
                        "F0150",
                        resource.name.span,
                        "A resource inside another one is a `sub`.",
                    )
                    .label("write `sub`"),
                ),
                ConnectorPart::Resource(_) | ConnectorPart::Bad => {}
            }
        }
        if self.node.parent.is_none() && self.node.item.sub {
            self.out.push(
                Diagnostic::error(
                    "F0150",
                    self.node.item.name.span,
                    "A `sub` stands inside the resource that it belongs to.",
                )
                .label("write `resource`"),
            );
        }
        self.whole();
        self.consistent();
    }

    fn directive(&mut self, directive: &Directive) {
        let once = |there: bool, out: &mut Vec<Diagnostic>| {
            if there {
                out.push(
                    Diagnostic::error(
                        "F0153",
                        directive.word.span,
                        format!("`{}` is said twice.", directive.word.text),
                    )
                    .label("again"),
                );
            }
            there
        };
        match directive.word.text.as_str() {
            "list" => {
                if !once(self.made.list.is_some(), self.out) {
                    self.list(directive);
                }
            }
            "get" => {
                if !once(self.made.get.is_some(), self.out) {
                    self.made.get = self.plain(directive, &["GET"], false);
                }
            }
            "one" => {
                if !once(self.made.one.is_some(), self.out) {
                    self.made.one = self.plain(directive, &["GET"], false);
                }
            }
            "update" => {
                if !once(self.made.update.is_some(), self.out) {
                    self.made.update = self.plain(directive, &["PUT", "PATCH", "POST"], true);
                }
            }
            "create" => self.create(directive),
            "key" => {
                if !once(self.made.key.is_some(), self.out) {
                    let mut args = Args::new(directive, OF_RESOURCE, self.out);
                    let word = args.word("a field");
                    args.done();
                    self.made.key = word.and_then(|word| self.field(word));
                }
            }
            "changed" => self.changed(directive),
            "growing" => self.growing(directive),
            "whole" => {
                Args::new(directive, OF_RESOURCE, self.out).done();
                self.made.reading = Reading::Whole;
            }
            "filter" => self.filter(directive),
            "find" => self.find(directive),
            "unique" => {
                let mut args = Args::new(directive, OF_RESOURCE, self.out);
                let word = args.word("a field");
                args.done();
                if let Some(field) = word.and_then(|word| self.field(word)) {
                    self.made.unique.push(field);
                }
            }
            "forms" => {
                let mut args = Args::new(directive, OF_RESOURCE, self.out);
                let paths = args.paths("a resource");
                args.done();
                for path in paths {
                    if let Some(at) = self.resource(&path) {
                        self.made.forms.push(at);
                    }
                }
            }
            "webhook" => {
                if !once(self.made.webhook.is_some(), self.out) {
                    self.webhook(directive);
                }
            }
            _ => self
                .out
                .push(args::unknown(directive, OF_RESOURCE, "a resource")),
        }
    }

    /// A resource of the connector.
    fn resource(&mut self, path: &ast::Path) -> Option<ResourceIx> {
        let name = dotted(path);
        match self.names.iter().position(|known| *known == name) {
            Some(at) => Some(self.site.first + at as ResourceIx),
            None => {
                self.out.push(
                    Diagnostic::error(
                        "F0155",
                        path.span,
                        format!("The connector has no resource `{name}`."),
                    )
                    .label("not declared")
                    .maybe_help(suggest::help(
                        &name,
                        self.names.iter().copied(),
                        "Resources",
                    )),
                );
                None
            }
        }
    }

    fn no_field(&mut self, word: &ast::Word, shape: &Shape) {
        if shape.fields.is_empty() {
            return; // its type was complained about
        }
        self.out.push(
            Diagnostic::error(
                "F0154",
                word.span,
                format!("There is no field `{}`{}.", word.text, of(&shape.name)),
            )
            .label("no such field")
            .maybe_help(suggest::help(
                &word.text,
                shape.fields.iter().map(|field| &*field.name),
                "Fields",
            )),
        );
    }

    /// A field of the resource's records.
    fn field(&mut self, word: &ast::Word) -> Option<u16> {
        let shape = self.made.shape.clone();
        match shape.field(&word.text) {
            Some((at, _)) => u16::try_from(at).ok(),
            None => {
                self.no_field(word, &shape);
                None
            }
        }
    }

    /// A field at a path, through records.
    fn deep_field(&mut self, path: &ast::Path) -> Option<(Vec<u16>, Type)> {
        let mut shape = self.made.shape.clone();
        let mut at = Vec::new();
        for (depth, word) in path.words.iter().enumerate() {
            let Some((index, field)) = shape.field(&word.text) else {
                self.no_field(word, &shape.clone());
                return None;
            };
            at.push(u16::try_from(index).ok()?);
            let ty = field.ty.clone();
            if depth + 1 == path.words.len() {
                return Some((at, ty));
            }
            match ty.kind {
                Kind::Record(inner) => shape = inner,
                Kind::Unknown => return None,
                kind => {
                    self.out.push(
                        Diagnostic::error(
                            "F0154",
                            path.words[depth + 1].span,
                            format!("`{}` is `{kind}` and has no fields.", word.text),
                        )
                        .label("no such field"),
                    );
                    return None;
                }
            }
        }
        None
    }

    /// A field that is a point in time.
    fn time(&mut self, word: &ast::Word) -> Option<u16> {
        let at = self.field(word)?;
        let ty = &self.made.shape.fields[usize::from(at)].ty;
        if !matches!(ty.kind, Kind::DateTime | Kind::Date | Kind::Unknown) {
            self.out.push(
                Diagnostic::error(
                    "F0160",
                    word.span,
                    format!("`{}` is `{ty}`; what is new is told by a time.", word.text),
                )
                .label("not `datetime` or `date`"),
            );
        }
        Some(at)
    }

    // ── endpoints ──

    fn method(&mut self, word: &ast::Word, allowed: &[&str]) -> Option<String> {
        if allowed.contains(&&*word.text) {
            return Some(word.text.clone());
        }
        self.out.push(
            Diagnostic::error(
                "F0151",
                word.span,
                format!("`{}` is not how this is asked for.", word.text),
            )
            .label(format!("{} here", allowed.join(" or "))),
        );
        None
    }

    fn path(&mut self, text: &ast::Expr, params: &[(String, Type)]) -> Template {
        let mut parts = Vec::new();
        for (part, span) in args::template(text, self.out) {
            if let TemplatePart::Hole(path) = &part {
                self.hole(path, span, params);
            }
            parts.push(part);
        }
        let slash =
            matches!(parts.first(), Some(TemplatePart::Text(start)) if start.starts_with('/'));
        if !slash {
            self.out.push(
                Diagnostic::error(
                    "F0158",
                    text.span,
                    "A path begins with “/”; it stands behind the connector's `base`.",
                )
                .label("no path"),
            );
        }
        Template(parts)
    }

    fn hole(&mut self, path: &[String], span: Span, params: &[(String, Type)]) {
        let word = |shape: &Shape, path: &[String]| {
            let path: Vec<Arc<str>> = path.iter().map(|word| word.as_str().into()).collect();
            !path.is_empty() && crate::check::types::walk(shape, &path).is_ok()
        };
        let known = match path {
            [one] if params.iter().any(|(name, _)| name == one) => true,
            [one] if self.connector.params.iter().any(|param| param.name == *one) => {
                if self
                    .connector
                    .params
                    .iter()
                    .any(|param| param.name == *one && param.secret)
                {
                    self.out.push(
                        Diagnostic::error(
                            "F0156",
                            span,
                            format!(
                                "The secret `{one}` would stand in an address, where logs show it."
                            ),
                        )
                        .label("a secret"),
                    );
                }
                true
            }
            [first, rest @ ..] if first == "parent" => {
                self.parent.is_some_and(|parent| word(parent, rest))
            }
            path => {
                word(&self.made.shape, path) || self.parent.is_some_and(|parent| word(parent, path))
            }
        };
        let untold = self.made.shape.fields.is_empty();
        if !known && !untold {
            let name = path.join(".");
            let names: Vec<String> = params
                .iter()
                .map(|(name, _)| name.clone())
                .chain(
                    self.made
                        .shape
                        .fields
                        .iter()
                        .map(|field| field.name.to_string()),
                )
                .chain(self.connector.params.iter().map(|param| param.name.clone()))
                .collect();
            self.out.push(
                Diagnostic::error(
                    "F0156",
                    span,
                    format!(
                        "`{name}` is neither a field of the record or its parent nor a `param`."
                    ),
                )
                .label("not known here")
                .maybe_help(suggest::help(
                    &name,
                    names.iter().map(String::as_str),
                    "Known here",
                )),
            );
        }
    }

    /// `query { useDefaultVatCodes: true }`: the constants behind the `?`.
    fn query(&mut self, directive: &Directive) -> Vec<(String, String)> {
        let mut query = Vec::new();
        for field in directive.options.iter().flat_map(|record| &record.fields) {
            match &field.kind {
                ast::FieldKind::Value(name, value) => match &value.kind {
                    ast::ExprKind::Literal(
                        ast::Literal::Text(text)
                        | ast::Literal::Number(text)
                        | ast::Literal::Date(text),
                    ) => query.push((name.text.clone(), text.clone())),
                    ast::ExprKind::Literal(ast::Literal::Bool(yes)) => {
                        query.push((name.text.clone(), yes.to_string()))
                    }
                    _ => self.out.push(
                        Diagnostic::error(
                            "F0151",
                            value.span,
                            "What stands behind the “?” is a constant.",
                        )
                        .label("a text, a number, `true` or `false`"),
                    ),
                },
                ast::FieldKind::Bad => {}
                _ => self.out.push(
                    Diagnostic::error("F0151", field.span, "Only `name: value` can stand here.")
                        .label("not understood"),
                ),
            }
        }
        query
    }

    /// `get GET "/x/{id}"`, `update PUT "/x/{id}" replaces`
    fn plain(
        &mut self,
        directive: &Directive,
        methods: &[&str],
        replaces: bool,
    ) -> Option<Endpoint> {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let method = args.word("a method, `GET` say");
        let text = args.text("a path in quotes");
        let mut query = false;
        while args.more() {
            if replaces && args.keyword("replaces") {
                self.made.replaces = true;
            } else if args.keyword("query") {
                query = true;
            } else {
                break;
            }
        }
        args.end(query);
        let query = if query {
            self.query(directive)
        } else {
            Vec::new()
        };
        let method = self.method(method?, methods);
        let path = self.path(text?, &[]);
        Some(Endpoint {
            method: method?,
            path,
            query,
            one_page: false,
            expand: None,
        })
    }

    /// `list GET "/x" order id one_page expand rows query { … }`
    fn list(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let method = args.word("a method, `GET`");
        let text = args.text("a path in quotes");
        let (mut one_page, mut query, mut expand, mut order) = (false, false, None, None);
        while args.more() {
            if args.keyword("one_page") {
                one_page = true;
            } else if args.keyword("query") {
                query = true;
            } else if args.keyword("expand") {
                expand = args.word("the name to expand");
            } else if args.keyword("order") {
                order = args.word("a field");
            } else {
                break;
            }
        }
        args.end(query);
        let query = if query {
            self.query(directive)
        } else {
            Vec::new()
        };
        if let Some(field) = order.and_then(|word| self.field(word)) {
            let field = &self.made.shape.fields[usize::from(field)];
            self.made.order = Some(if field.reads.is_empty() {
                field.name.to_string()
            } else {
                field.reads.join(".")
            });
        }
        let (Some(method), Some(text)) = (method, text) else {
            return;
        };
        let method = self.method(method, &["GET"]);
        let path = self.path(text, &[]);
        self.made.list = method.map(|method| Endpoint {
            method,
            path,
            query,
            one_page,
            expand: expand.map(|word| word.text.clone()),
        });
    }

    /// `create convert(draft: uuid) POST "/x" body T carries rows maybe_empty query { … }`
    fn create(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let mut method = args.word("a method, `POST` say");
        let params = args.params();
        let name = params.is_some().then(|| method.take()).flatten();
        if name.is_some() {
            method = args.word("a method, `POST` say");
        }
        let text = args.text("a path in quotes");
        let (mut query, mut body, mut maybe_empty) = (false, None, false);
        let mut carried: Vec<ast::Path> = Vec::new();
        while args.more() {
            if args.keyword("maybe_empty") {
                maybe_empty = true;
            } else if args.keyword("query") {
                query = true;
            } else if args.keyword("body") {
                body = args.word("a type of the connector");
            } else if args.keyword("carries") {
                carried = args.paths("a sub-resource");
            } else {
                break;
            }
        }
        args.end(query);
        let query = if query {
            self.query(directive)
        } else {
            Vec::new()
        };
        let params: Vec<(String, Type)> = params
            .into_iter()
            .flatten()
            .map(|param| {
                (
                    param.name.text.clone(),
                    self.types.written(self.site.name, &param.ty, self.out),
                )
            })
            .collect();
        let body = body.and_then(|word| self.body(word));
        let mut carries = Vec::new();
        for path in carried {
            let name = dotted(&path);
            if self.subs.contains(&&*name) {
                carries.push(name);
            } else {
                self.out.push(
                    Diagnostic::error(
                        "F0155",
                        path.span,
                        format!("`{}` has no sub-resource `{name}`.", self.made.name),
                    )
                    .label("not declared")
                    .maybe_help(suggest::help(
                        &name,
                        self.subs.iter().copied(),
                        "Sub-resources",
                    )),
                );
            }
        }
        let (Some(method), Some(text)) = (method, text) else {
            return;
        };
        let method = self.method(method, &["POST", "PUT", "PATCH"]);
        let path = self.path(text, &params);
        for (param, _) in &params {
            let used = path.0.iter().any(
                |part| matches!(part, TemplatePart::Hole(hole) if hole.first() == Some(param)),
            );
            if !used {
                self.out.push(
                    Diagnostic::error(
                        "F0156",
                        text.span,
                        format!("The parameter `{param}` does not stand in the path."),
                    )
                    .label(format!("no `{{{param}}}` in it")),
                );
            }
        }
        let name = name.map(|word| word.text.clone());
        if self.made.creates.iter().any(|known| known.name == name) {
            let what = name.as_deref().unwrap_or("create");
            self.out.push(
                Diagnostic::error("F0153", directive.span, format!("`{what}` is said twice."))
                    .label("again"),
            );
            return;
        }
        let Some(method) = method else { return };
        let action = Action {
            name,
            params,
            endpoint: Endpoint {
                method,
                path,
                query,
                one_page: false,
                expand: None,
            },
            body,
            maybe_empty,
            carries,
        };
        if action.name.is_none() {
            self.made.creates.insert(0, action);
        } else {
            self.made.creates.push(action);
        }
    }

    fn body(&mut self, word: &ast::Word) -> Option<Arc<Shape>> {
        let name = format!("{}.{}", self.site.name, word.text);
        if self.types.defs.contains_key(&name)
            && let Kind::Record(shape) = self.types.get(&name, self.out).kind
        {
            return Some(shape);
        }
        self.out.push(
            Diagnostic::error(
                "F0162",
                word.span,
                format!("The connector has no record type `{}`.", word.text),
            )
            .label("not declared"),
        );
        None
    }

    // ── reading and finding ──

    fn changed(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let word = args.word("a field");
        let by_order = args.keyword("by_order");
        args.done();
        let Some(word) = word else { return };
        if !by_order && self.connector.odata.is_none() {
            self.out.push(
                Diagnostic::error("F0160", directive.span, "What has changed is asked by an OData filter, which the connector does not have.")
                    .label("no way to ask")
                    .help("Declare `filter odata { … }` in the connector, or read newest first: `changed F by_order`."),
            );
        }
        if let Some(field) = self.time(word) {
            self.made.reading = Reading::Changed { field, by_order };
        }
    }

    fn growing(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let word = args.word("a field");
        let mut param = None;
        let mut odata = false;
        if args.keyword("with")
            && let Some(with) = args.word("`odata` or a query parameter")
        {
            odata = with.text == "odata";
            param = (!odata).then(|| with.text.clone());
        }
        let mut window_s = 0;
        if args.keyword("window")
            && let Some(span) = args.span("a span of time")
        {
            window_s = args::seconds(span);
        }
        args.done();
        if odata && self.connector.odata.is_none() {
            self.no_odata(directive.span);
        }
        let Some(word) = word else { return };
        if let Some(field) = self.time(word) {
            self.made.reading = Reading::Growing {
                field,
                param,
                odata,
                window_s,
            };
        }
    }

    fn no_odata(&mut self, span: Span) {
        self.out.push(
            Diagnostic::error(
                "F0159",
                span,
                "`odata` needs `filter odata { … }` in the connector.",
            )
            .label("the connector has no OData filter"),
        );
    }

    fn filter(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let word = args.word("a field");
        if !args.keyword("with") {
            args.misread(
                directive.span,
                "`filter` names a field and the query parameter that asks for it.",
            );
            return;
        }
        let param = args.word("a query parameter");
        args.done();
        if let (Some(field), Some(param)) = (word.and_then(|word| self.field(word)), param) {
            self.made.filters.push((field, param.text.clone()));
        }
    }

    /// `find by F with odata else scan CREATED`
    fn find(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        if !args.keyword("by") {
            args.misread(directive.span, "`find` says by which field.");
            return;
        }
        let paths = args.paths("a field");
        let mut ways: Vec<Way<'_>> = Vec::new();
        loop {
            if args.keyword("with") {
                ways.extend(
                    args.word("a way: `odata`, `index`, `list` or a query parameter")
                        .map(Way::With),
                );
            } else if args.keyword("scan") {
                ways.extend(args.word("the field of the creation time").map(Way::Scan));
            } else {
                args.misread(directive.span, "`find` says how the record is found.");
                return;
            }
            if !args.keyword("else") {
                break;
            }
        }
        args.done();
        let mut how = Vec::new();
        for way in ways {
            match way {
                Way::With(word) => match word.text.as_str() {
                    "odata" => {
                        if self.connector.odata.is_none() {
                            self.no_odata(word.span);
                        }
                        how.push(How::Odata);
                    }
                    "index" => how.push(How::Index),
                    "list" => {
                        if self.parent.is_none() {
                            self.out.push(
                                Diagnostic::error("F0159", word.span, "`with list` means the parent's own list; this resource has no parent.")
                                    .label("not a `sub`")
                                    .help("Write `with index`: the whole list is read once a run."),
                            );
                        }
                        how.push(How::ParentList);
                    }
                    param => how.push(How::Param(param.to_owned())),
                },
                Way::Scan(word) => how.extend(self.time(word).map(How::Scan)),
            }
        }
        if how.iter().any(|way| matches!(way, How::Param(_))) && paths.len() > 1 {
            self.out.push(
                Diagnostic::error(
                    "F0159",
                    directive.span,
                    "One query parameter cannot ask for several fields.",
                )
                .label("several fields")
                .help("Write `with index`, or name one field."),
            );
        }
        let mut fields = Vec::new();
        for path in &paths {
            let Some((field, ty)) = self.deep_field(path) else {
                return;
            };
            if matches!(ty.kind, Kind::Record(_) | Kind::List(_) | Kind::Money(..)) {
                self.out.push(
                    Diagnostic::error(
                        "F0159",
                        path.span,
                        format!("`{}` is `{ty}`, which is no key.", dotted(path)),
                    )
                    .label("no key")
                    .help("A key is a text, a number, a date, a code or a UUID."),
                );
            }
            fields.push(field);
        }
        if self.made.finds.iter().any(|known| known.fields == fields) {
            self.out.push(
                Diagnostic::error(
                    "F0153",
                    directive.span,
                    "How a record is found by this field is said twice.",
                )
                .label("again"),
            );
            return;
        }
        self.made.finds.push(Find { fields, how });
    }

    fn webhook(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let events = args.texts("names of events in brackets");
        args.finished();
        let mut options = Options::of(directive, self.out);
        options.need("id", self.out);
        let id = options.wire("id", self.out);
        let secret = options.wire("secret", self.out);
        options.done(&["id", "secret"], self.out);
        self.made.webhook = Some(Webhook {
            events,
            id: id.unwrap_or_default(),
            secret,
        });
    }

    /// What is read whole is found by every simple field, out of the list that is read anyway.
    fn whole(&mut self) {
        if self.made.reading != Reading::Whole || self.made.list.is_none() {
            return;
        }
        for (at, field) in self.made.shape.fields.iter().enumerate() {
            let Ok(at) = u16::try_from(at) else { break };
            let simple = !matches!(
                field.ty.kind,
                Kind::Record(_) | Kind::List(_) | Kind::Money(..) | Kind::Unknown
            );
            let fields = vec![vec![at]];
            if simple
                && !field.writeonly
                && self.made.key != Some(at)
                && self.made.finds.iter().all(|known| known.fields != fields)
            {
                self.made.finds.push(Find {
                    fields,
                    how: vec![How::Index],
                });
            }
        }
    }

    /// What belongs together must be there together.
    fn consistent(&mut self) {
        let name = &self.made.name;
        let at = self.node.item.name.span;
        let made = &self.made;
        let mut told: Vec<(&'static str, String, &str)> = Vec::new();
        if made.one.is_none()
            && made.list.is_none()
            && made.get.is_none()
            && made.creates.is_empty()
        {
            let said = ["one", "list", "get", "create"]
                .iter()
                .any(|word| self.node.says(word));
            if !said {
                told.push((
                    "F0152",
                    format!("`{name}` can neither be read nor written."),
                    "no `list`, `get`, `one` or `create`",
                ));
            }
        }
        if self.node.says("one")
            && (self.node.says("list") || self.node.says("get") || self.node.says("key"))
        {
            told.push((
                "F0152",
                format!("`{name}` is one record; a list, a `get` or a key is of several."),
                "`one` stands alone",
            ));
        }
        if self.node.says("get") && !self.node.says("key") {
            told.push((
                "F0152",
                format!("`{name}` is read by its key, but does not say which field that is."),
                "no `key`",
            ));
        }
        if self.node.says("update") && !self.node.says("key") && !self.node.says("one") {
            told.push((
                "F0152",
                format!("`{name}` is changed by its key, but does not say which field that is."),
                "no `key`",
            ));
        }
        if self.made.replaces && !self.node.says("get") && !self.node.says("list") {
            told.push((
                "F0152",
                format!("An update of `{name}` replaces the record, so it must be read before."),
                "no `get` and no `list`",
            ));
        }
        let reads = ["changed", "growing", "whole"]
            .iter()
            .any(|word| self.node.says(word));
        if reads && !self.node.says("list") {
            told.push((
                "F0152",
                format!("`{name}` says what is new in its list, but has no `list`."),
                "no `list`",
            ));
        }
        if reads && !self.node.says("key") {
            told.push((
                "F0152",
                format!("Records of `{name}` are told apart by a key, which it does not name."),
                "no `key`",
            ));
        }
        let listed = self
            .made
            .finds
            .iter()
            .flat_map(|find| &find.how)
            .any(|how| *how != How::Get);
        if listed && !self.node.says("list") {
            told.push((
                "F0159",
                format!("Records of `{name}` are found in its list, but it has no `list`."),
                "no `list`",
            ));
        }
        for (code, message, label) in told {
            self.out
                .push(Diagnostic::error(code, at, message).label(label));
        }
    }
}

enum Way<'a> {
    With(&'a ast::Word),
    Scan(&'a ast::Word),
}
