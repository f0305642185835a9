//! Lines of a resource that name an endpoint: `list`, `get`, `one`, `create`, `update`.

use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, Directive};
use flowbook_stdlib::types::{Kind, Shape, Type};

use super::args::{Args, OF_RESOURCE};
use super::resource::Maker;
use super::template::template;
use crate::check::suggest;
use crate::check::types::dotted;
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{Action, Endpoint, Template, TemplatePart};

impl Maker<'_, '_> {
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

    /// A path; `keyed`: what is asked for has a key that can stand in it.
    fn path(&mut self, text: &ast::Expr, params: &[(String, Type)], keyed: bool) -> Template {
        let mut parts = Vec::new();
        for (part, span) in template(text, self.out) {
            if let TemplatePart::Hole(path) = &part {
                self.hole(path, span, params, keyed);
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

    /// A hole is filled, in this order, from an action's parameters, the record's key, the parent's fields, the account's params.
    fn hole(&mut self, path: &[String], span: Span, params: &[(String, Type)], keyed: bool) {
        let key = self.node.key().filter(|_| keyed);
        let parent = self.parent;
        let above = |name: &str| parent.is_some_and(|parent| parent.field(name).is_some());
        let account = self.connector;
        let known = match path {
            [one] => {
                let filled =
                    params.iter().any(|(name, _)| name == one) || key == Some(one) || above(one);
                let param = account.params.iter().find(|param| param.name == *one);
                if !filled && param.is_some_and(|param| param.secret) {
                    self.out.push(
                        Diagnostic::error(
                            "F0156",
                            span,
                            format!(
                                "The secret `{one}` would stand in an address, where logs show it."
                            ),
                        )
                        .label("a secret")
                        .help("Send it in a header: `headers { Authorization: \"Bearer {…}\" }`."),
                    );
                }
                filled || param.is_some()
            }
            [first, one] if first == "parent" => above(one),
            _ => false,
        };
        let untold =
            self.made.shape.fields.is_empty() || parent.is_some_and(|p| p.fields.is_empty());
        if known || untold {
            return;
        }
        let name = path.join(".");
        let own = path.len() == 1 && self.made.shape.field(&name).is_some();
        let said = self.node.key();
        if own && keyed && said.is_none_or(|key| self.made.shape.field(key).is_none()) {
            return; // its key was complained about
        }
        let (message, help) = match (own, keyed, said) {
            (true, true, Some(key)) => (
                format!(
                    "`{name}` is not the key of `{}`, so it is not known before the record is read.",
                    self.made.name
                ),
                Some(format!("One record is asked for by its key: `{{{key}}}`.")),
            ),
            (true, false, _) => (
                format!(
                    "A record's `{name}` is not known where all of them are listed or a new one is made."
                ),
                Some(format!(
                    "A path with `{{{name}}}` is for `get` and `update`; or this is a `sub` of the resource that has it."
                )),
            ),
            _ => {
                let names: Vec<&str> = params
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .chain(key)
                    .chain(
                        parent
                            .iter()
                            .flat_map(|parent| parent.fields.iter().map(|field| &*field.name)),
                    )
                    .chain(
                        account
                            .params
                            .iter()
                            .filter(|param| !param.secret)
                            .map(|param| param.name.as_str()),
                    )
                    .collect();
                (
                    format!(
                        "Nothing fills `{{{name}}}`: it is neither the record's key, nor a field of its parent, nor a parameter or `param`."
                    ),
                    suggest::help(&name, names, "Known here"),
                )
            }
        };
        self.out.push(
            Diagnostic::error("F0156", span, message)
                .label("not known here")
                .maybe_help(help),
        );
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
    pub(super) fn plain(
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
        let keyed = directive.word.text != "one";
        let method = self.method(method?, methods);
        let path = self.path(text?, &[], keyed);
        Some(Endpoint {
            method: method?,
            path,
            query,
            one_page: false,
        })
    }

    /// `list GET "/x" order id one_page query { … }`
    pub(super) fn list(&mut self, directive: &Directive) {
        let mut args = Args::new(directive, OF_RESOURCE, self.out);
        let method = args.word("a method, `GET`");
        let text = args.text("a path in quotes");
        let (mut one_page, mut query, mut order) = (false, false, None);
        while args.more() {
            if args.keyword("one_page") {
                one_page = true;
            } else if args.keyword("query") {
                query = true;
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
        if let Some(word) = order {
            self.ordered(word.span);
        }
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
        let path = self.path(text, &[], false);
        self.made.list = method.map(|method| Endpoint {
            method,
            path,
            query,
            one_page,
        });
    }

    /// `create convert(draft: uuid) POST "/x" body T carries rows maybe_empty query { … }`
    pub(super) fn create(&mut self, directive: &Directive) {
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
        let path = self.path(text, &params, false);
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
}
