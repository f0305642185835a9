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

    fn path(&mut self, text: &ast::Expr, params: &[(String, Type)]) -> Template {
        let mut parts = Vec::new();
        for (part, span) in template(text, self.out) {
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
    pub(super) fn list(&mut self, directive: &Directive) {
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
}
