//! `resource NAME: TYPE { … }` → [`Resource`]s, sub-resources behind their parents.

use std::sync::Arc;

use flowbook_grammar::ast::{self, ConnectorPart, Directive};
use flowbook_stdlib::types::{Kind, Shape, Type};

use super::args::{self, Args, OF_RESOURCE};
use super::tree::{Node, nodes};
use crate::check::named::Types;
use crate::check::suggest;
use crate::check::types::{dotted, of};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{Connector, How, Reading, Resource, ResourceIx};

/// The system for which a connector's resources are made.
pub(in crate::check) struct Site<'s> {
    /// Its number.
    pub system: u32,
    /// Its name.
    pub name: &'s str,
    /// The number of its first resource.
    pub first: ResourceIx,
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
                title: None,
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

const ADD_KEY: &str = "Add `key id`, with the name of the field that tells its records apart.";
const ADD_LIST: &str = "Add the address that gives all of them: `list GET \"/…\"`.";

/// Reads one resource.
pub(super) struct Maker<'m, 'a> {
    pub(super) node: &'m Node<'a>,
    pub(super) connector: &'m Connector,
    pub(super) site: &'m Site<'m>,
    pub(super) types: &'m mut Types<'a>,
    /// Names of all resources of the connector.
    pub(super) names: &'m [&'m str],
    pub(super) parent: Option<&'m Shape>,
    pub(super) subs: Vec<&'m str>,
    pub(super) made: Resource,
    pub(super) out: &'m mut Vec<Diagnostic>,
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
        self.answered();
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
            "title" => {
                if !once(self.made.title.is_some(), self.out) {
                    let mut args = Args::new(directive, OF_RESOURCE, self.out);
                    let word = args.word("a field");
                    args.done();
                    self.made.title = word.and_then(|word| self.field(word));
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
    pub(super) fn field(&mut self, word: &ast::Word) -> Option<u16> {
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
    pub(super) fn deep_field(&mut self, path: &ast::Path) -> Option<(Vec<u16>, Type)> {
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
    pub(super) fn time(&mut self, word: &ast::Word) -> Option<u16> {
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

    /// What belongs together must be there together.
    fn consistent(&mut self) {
        let name = &self.made.name;
        let at = self.node.item.name.span;
        let made = &self.made;
        let mut told: Vec<(&'static str, String, &str, &str)> = Vec::new();
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
                    "Add at least one of them: `list GET \"/…\"`, or `one GET \"/…\"` where there is a single record.",
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
                "Take `one` away, or the others.",
            ));
        }
        if self.node.says("get") && !self.node.says("key") {
            told.push((
                "F0152",
                format!("`{name}` is read by its key, but does not say which field that is."),
                "no `key`",
                ADD_KEY,
            ));
        }
        if self.node.says("update") && !self.node.says("key") && !self.node.says("one") {
            told.push((
                "F0152",
                format!("`{name}` is changed by its key, but does not say which field that is."),
                "no `key`",
                ADD_KEY,
            ));
        }
        if self.made.replaces && !self.node.says("get") && !self.node.says("list") {
            told.push((
                "F0152",
                format!("An update of `{name}` replaces the record, so it must be read before."),
                "no `get` and no `list`",
                "Add `get GET \"/…/{…}\"` with its key in the path. Where the system keeps what is left out, take `replaces` away.",
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
                ADD_LIST,
            ));
        }
        if reads && !self.node.says("key") {
            told.push((
                "F0152",
                format!("Records of `{name}` are told apart by a key, which it does not name."),
                "no `key`",
                ADD_KEY,
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
                ADD_LIST,
            ));
        }
        for (code, message, label, help) in told {
            self.out
                .push(Diagnostic::error(code, at, message).label(label).help(help));
        }
    }
}
