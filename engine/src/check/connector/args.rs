//! `word args { options }`, read from left to right. What is left over is told, never passed by.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, Directive, DirectiveArg, Expr, ExprKind};

use crate::check::{constant, suggest};
use crate::diagnostic::Diagnostic;

/// How each directive of a connector is written.
pub(super) const OF_CONNECTOR: &[(&str, &str)] = &[
    ("param", "param NAME: type"),
    ("secret", "secret NAME: type"),
    ("base", "base \"https://…\""),
    ("headers", "headers { Accept: \"application/json\" }"),
    (
        "auth",
        "auth none`, `auth oauth2 { … }` or `auth hmac_sha512 { … }",
    ),
    (
        "limit",
        "limit 600 per minute`, `limit read 150 per minute per resource",
    ),
    (
        "pages",
        "pages offset { start: \"start\", size: \"size\", max: 250, items: \"items\" }",
    ),
    ("filter", "filter odata { param: \"$filter\", any_of: 20 }"),
    ("empty", "empty is none"),
    ("names", "names any_case"),
    ("error", "error { code: \"code\", message: \"message\" }"),
    ("settle", "settle 5 min"),
];

/// How each directive of a resource is written.
pub(super) const OF_RESOURCE: &[(&str, &str)] = &[
    ("list", "list GET \"/orders/\" order id"),
    ("get", "get GET \"/orders/{id}/\""),
    ("one", "one GET \"/settings\""),
    (
        "create",
        "create POST \"/orders/\"`, `create convert(draft: uuid) POST \"/drafts/{draft}/convert\" body DraftValidation",
    ),
    (
        "update",
        "update PATCH \"/orders/{id}/\"`, `update PUT \"/orders/{id}\" replaces",
    ),
    ("key", "key id"),
    (
        "changed",
        "changed ModifiedUtc`, `changed modifydate by_order",
    ),
    (
        "growing",
        "growing create_date with min_create_date window 2 days",
    ),
    ("whole", "whole"),
    ("filter", "filter paid with is_paid"),
    (
        "find",
        "find by Number with odata`, `find by [name, parent] with index`, `find by number scan create_date",
    ),
    ("unique", "unique Number"),
    ("forms", "forms invoices`, `forms [orders, invoices]"),
    ("title", "title ordernumber_full"),
    ("webhook", "webhook [\"orders.created\"] { id: \"id\" }"),
];

/// What can stand in braces behind a line.
pub(super) const OPTIONS: &[(&str, &[&str])] = &[
    (
        "auth hmac_sha512",
        &["key", "sign", "headers", "answer", "verify", "skew"],
    ),
    (
        "auth oauth2",
        &["authorize", "token", "client", "pkce", "prompt", "scopes"],
    ),
    (
        "pages offset",
        &[
            "start",
            "size",
            "max",
            "items",
            "first",
            "next",
            "pages",
            "clock",
            "order",
            "descending",
        ],
    ),
    (
        "pages number",
        &[
            "page",
            "size",
            "max",
            "items",
            "first",
            "next",
            "pages",
            "clock",
            "order",
            "descending",
        ],
    ),
    ("filter odata", &["param", "order", "any_of"]),
    ("error", &["code", "message", "id", "fields"]),
    ("webhook", &["id", "secret"]),
];

/// The options of a line.
pub(super) fn options_of(line: &str) -> &'static [&'static str] {
    OPTIONS
        .iter()
        .find(|(known, _)| *known == line)
        .map_or(&[], |(_, options)| options)
}

fn usage(word: &str, known: &[(&str, &str)]) -> Option<String> {
    known
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, usage)| format!("It is written `{usage}`."))
}

/// A directive whose word is not known here.
pub(super) fn unknown(directive: &Directive, known: &[(&str, &str)], what: &str) -> Diagnostic {
    let word = &directive.word.text;
    Diagnostic::error(
        "F0150",
        directive.word.span,
        format!("`{word}` says nothing about {what}."),
    )
    .label("not understood")
    .maybe_help(
        suggest::nearest(word, known.iter().map(|(name, _)| *name))
            .map(|near| format!("Did you mean `{near}`?"))
            .or_else(|| {
                let names: Vec<String> =
                    known.iter().map(|(name, _)| format!("`{name}`")).collect();
                Some(format!("Known here: {}.", names.join(", ")))
            }),
    )
}

/// A directive's arguments.
pub(super) struct Args<'a, 'o> {
    /// The directive.
    pub directive: &'a Directive,
    known: &'static [(&'static str, &'static str)],
    at: usize,
    /// Findings.
    pub out: &'o mut Vec<Diagnostic>,
    failed: bool,
}

impl<'a, 'o> Args<'a, 'o> {
    pub fn new(
        directive: &'a Directive,
        known: &'static [(&'static str, &'static str)],
        out: &'o mut Vec<Diagnostic>,
    ) -> Args<'a, 'o> {
        Args {
            directive,
            known,
            at: 0,
            out,
            failed: false,
        }
    }

    fn peek(&self) -> Option<&'a DirectiveArg> {
        self.directive.args.get(self.at)
    }

    /// The next word, if it is this one.
    pub fn keyword(&mut self, word: &str) -> bool {
        match self.peek() {
            Some(DirectiveArg::Path(path))
                if path.words.len() == 1 && path.words[0].text == word =>
            {
                self.at += 1;
                true
            }
            _ => false,
        }
    }

    /// The next word, whatever it is.
    pub fn word(&mut self, what: &str) -> Option<&'a ast::Word> {
        match self.peek() {
            Some(DirectiveArg::Path(path)) if path.words.len() == 1 => {
                self.at += 1;
                path.words.first()
            }
            _ => {
                self.missing(what);
                None
            }
        }
    }

    pub fn path(&mut self, what: &str) -> Option<&'a ast::Path> {
        match self.peek() {
            Some(DirectiveArg::Path(path)) => {
                self.at += 1;
                Some(path)
            }
            _ => {
                self.missing(what);
                None
            }
        }
    }

    /// One name, or several in brackets: `id`, `[name, brand.id]`.
    pub fn paths(&mut self, what: &str) -> Vec<ast::Path> {
        match self.peek() {
            Some(DirectiveArg::List(items, _)) => {
                self.at += 1;
                let mut paths = Vec::new();
                for item in items {
                    match name_path(item) {
                        Some(path) => paths.push(path),
                        None => self.misread(item.span, &format!("{what} is expected here.")),
                    }
                }
                if paths.is_empty() {
                    self.missing(what);
                }
                paths
            }
            _ => self.path(what).cloned().into_iter().collect(),
        }
    }

    pub fn text(&mut self, what: &str) -> Option<&'a Expr> {
        match self.peek() {
            Some(DirectiveArg::Text(text)) => {
                self.at += 1;
                Some(text)
            }
            _ => {
                self.missing(what);
                None
            }
        }
    }

    pub fn number(&mut self, what: &str) -> Option<u32> {
        match self.peek() {
            Some(DirectiveArg::Number(digits, span)) => {
                self.at += 1;
                let number = digits.parse().ok().filter(|number| *number > 0);
                if number.is_none() {
                    self.misread(*span, &format!("{digits} is not {what}."));
                }
                number
            }
            _ => {
                self.missing(what);
                None
            }
        }
    }

    pub fn maybe_span(&mut self) -> Option<&'a ast::TimeSpan> {
        match self.peek() {
            Some(DirectiveArg::Span(span)) => {
                self.at += 1;
                Some(span)
            }
            _ => None,
        }
    }

    pub fn span(&mut self, what: &str) -> Option<&'a ast::TimeSpan> {
        let span = self.maybe_span();
        if span.is_none() {
            self.missing(what);
        }
        span
    }

    pub fn params(&mut self) -> Option<&'a [ast::Param]> {
        match self.peek() {
            Some(DirectiveArg::Params(params, _)) => {
                self.at += 1;
                Some(params)
            }
            _ => None,
        }
    }

    pub fn texts(&mut self, what: &str) -> Vec<String> {
        match self.peek() {
            Some(DirectiveArg::List(items, _)) => {
                self.at += 1;
                let mut texts = Vec::new();
                for item in items {
                    match constant::text(item) {
                        Some(text) => texts.push(text.to_string()),
                        None => self.misread(item.span, &format!("{what} is expected here.")),
                    }
                }
                texts
            }
            _ => {
                self.missing(what);
                Vec::new()
            }
        }
    }

    /// Whether arguments are left.
    pub fn more(&self) -> bool {
        self.peek().is_some()
    }

    fn missing(&mut self, what: &str) {
        if std::mem::replace(&mut self.failed, true) {
            return;
        }
        let span = self.peek().map_or(self.directive.word.span, arg_span);
        let message = format!("`{}` lacks {what}.", self.directive.word.text);
        self.tell(span, message);
    }

    pub fn misread(&mut self, span: Span, message: &str) {
        self.failed = true;
        self.tell(span, message.to_owned());
    }

    fn tell(&mut self, span: Span, message: String) {
        self.out.push(
            Diagnostic::error("F0151", span, message)
                .label("not understood")
                .maybe_help(usage(&self.directive.word.text, self.known)),
        );
    }

    /// Ends a directive without options.
    pub fn done(self) {
        if let Some(options) = &self.directive.options {
            self.out.push(
                Diagnostic::error(
                    "F0151",
                    options.span,
                    format!("`{}` has nothing in braces.", self.directive.word.text),
                )
                .label("not understood")
                .maybe_help(usage(&self.directive.word.text, self.known)),
            );
        }
        self.finished();
    }

    /// Ends a directive, with or without options.
    pub fn end(self, options: bool) {
        if options {
            self.finished()
        } else {
            self.done()
        }
    }

    /// Ends a directive whose options are read: everything before them must have been.
    pub fn finished(mut self) {
        if let Some(field) = &self.directive.field {
            self.misread(
                field.span,
                &format!("`{}` has no type at its end.", self.directive.word.text),
            );
        } else if let (false, Some(left)) = (self.failed, self.peek()) {
            self.misread(
                arg_span(left),
                &format!("`{}` ends before this.", self.directive.word.text),
            );
        }
    }
}

fn arg_span(arg: &DirectiveArg) -> Span {
    match arg {
        DirectiveArg::Path(path) => path.span,
        DirectiveArg::Text(text) => text.span,
        DirectiveArg::Number(_, span)
        | DirectiveArg::List(_, span)
        | DirectiveArg::Params(_, span) => *span,
        DirectiveArg::Span(span) => span.span,
    }
}

/// An expression that is a name or a path of names.
pub(super) fn name_path(expr: &Expr) -> Option<ast::Path> {
    match &expr.kind {
        ExprKind::Name(name) => Some(ast::Path {
            words: vec![ast::Word {
                text: name.clone(),
                span: expr.span,
            }],
            span: expr.span,
        }),
        ExprKind::Field(inner, word) => {
            let mut path = name_path(inner)?;
            path.words.push(word.clone());
            path.span = expr.span;
            Some(path)
        }
        _ => None,
    }
}
