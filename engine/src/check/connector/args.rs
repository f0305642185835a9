//! `word args { options }`, read from left to right. What is left over is told, never passed by.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{
    self, Directive, DirectiveArg, Expr, ExprKind, FieldKind, Literal, TextPart,
};
use flowbook_stdlib::value;

use crate::check::{constant, suggest};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{Template, TemplatePart};

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
    ("webhook", "webhook [\"orders.created\"] { id: \"id\" }"),
];

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

/// A text with holes.
pub(super) fn template(expr: &Expr, out: &mut Vec<Diagnostic>) -> Vec<(TemplatePart, Span)> {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => {
            vec![(TemplatePart::Text(text.clone()), expr.span)]
        }
        ExprKind::Text(parts) => parts
            .iter()
            .filter_map(|part| match part {
                TextPart::Text(text) => Some((TemplatePart::Text(text.clone()), expr.span)),
                TextPart::Hole(hole) => match name_path(hole) {
                    Some(path) => Some((
                        TemplatePart::Hole(path.words.into_iter().map(|word| word.text).collect()),
                        hole.span,
                    )),
                    None => {
                        out.push(
                            Diagnostic::error(
                                "F0156",
                                hole.span,
                                "Only a name can stand in `{…}` of a connector's text.",
                            )
                            .label("no name"),
                        );
                        None
                    }
                },
            })
            .collect(),
        _ => {
            out.push(
                Diagnostic::error("F0151", expr.span, "A text is expected here.").label("no text"),
            );
            Vec::new()
        }
    }
}

/// A text whose holes must be among `holes`.
pub(super) fn template_of(expr: &Expr, holes: &[&str], out: &mut Vec<Diagnostic>) -> Template {
    let mut parts = Vec::new();
    for (part, span) in template(expr, out) {
        if let TemplatePart::Hole(path) = &part {
            let name = path.join(".");
            if !holes.contains(&&*name) {
                out.push(
                    Diagnostic::error(
                        "F0156",
                        span,
                        format!("`{name}` is not known in this text."),
                    )
                    .label("not known here")
                    .maybe_help(suggest::help(
                        &name,
                        holes.iter().copied(),
                        "Known here",
                    )),
                );
            }
        }
        parts.push(part);
    }
    Template(parts)
}

/// What stands in braces behind a directive.
pub(super) struct Options<'a> {
    word: &'a str,
    span: Span,
    fields: Vec<(&'a ast::Word, &'a Expr, bool)>,
}

impl<'a> Options<'a> {
    /// Reads `name: value` lines; without braces all are missing.
    pub fn of(directive: &'a Directive, out: &mut Vec<Diagnostic>) -> Options<'a> {
        let mut options = Options {
            word: &directive.word.text,
            span: directive.word.span,
            fields: Vec::new(),
        };
        for field in directive.options.iter().flat_map(|record| &record.fields) {
            match &field.kind {
                FieldKind::Value(name, value) => {
                    if options
                        .fields
                        .iter()
                        .any(|(known, _, _)| known.text == name.text)
                    {
                        out.push(
                            Diagnostic::error(
                                "F0153",
                                name.span,
                                format!("`{}` stands twice.", name.text),
                            )
                            .label("again"),
                        );
                    } else {
                        options.fields.push((name, value, false));
                    }
                }
                FieldKind::Bad => {}
                _ => out.push(
                    Diagnostic::error("F0151", field.span, "Only `name: value` can stand here.")
                        .label("not understood"),
                ),
            }
        }
        options
    }

    pub fn take(&mut self, name: &str) -> Option<&'a Expr> {
        self.fields
            .iter_mut()
            .find(|(known, _, _)| known.text == name)
            .map(|(_, value, used)| {
                *used = true;
                *value
            })
    }

    /// An option that must be there.
    pub fn need(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<&'a Expr> {
        let value = self.take(name);
        if value.is_none() {
            out.push(
                Diagnostic::error(
                    "F0152",
                    self.span,
                    format!("`{}` lacks `{name}: …` in its braces.", self.word),
                )
                .label(format!("`{name}` is missing")),
            );
        }
        value
    }

    /// A text without holes.
    pub fn text(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<String> {
        let value = self.take(name)?;
        text_of(value, out)
    }

    /// A path in JSON: `"Meta.ServerTimeUtc"`.
    pub fn wire(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<Vec<String>> {
        self.text(name, out)
            .map(|text| text.split('.').map(str::to_owned).collect())
    }

    pub fn flag(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<bool> {
        let value = self.take(name)?;
        match &value.kind {
            ExprKind::Literal(Literal::Bool(yes)) => Some(*yes),
            _ => {
                out.push(
                    Diagnostic::error(
                        "F0151",
                        value.span,
                        format!("`{name}` is `true` or `false`."),
                    )
                    .label("neither"),
                );
                None
            }
        }
    }

    pub fn number(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<u32> {
        let value = self.take(name)?;
        let number = match &value.kind {
            ExprKind::Literal(Literal::Number(digits)) => digits.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            out.push(
                Diagnostic::error("F0151", value.span, format!("`{name}` is a whole number."))
                    .label("not a whole number"),
            );
        }
        number
    }

    pub fn seconds(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<u64> {
        let value = self.take(name)?;
        match &value.kind {
            ExprKind::Literal(Literal::Span(span)) => Some(seconds(span)),
            _ => {
                out.push(
                    Diagnostic::error(
                        "F0151",
                        value.span,
                        format!("`{name}` is a span of time: `5 min`."),
                    )
                    .label("no span of time"),
                );
                None
            }
        }
    }

    /// Ends the options: those that nobody took are told.
    pub fn done(self, known: &[&str], out: &mut Vec<Diagnostic>) {
        for (name, _, used) in self.fields {
            if !used {
                out.push(
                    Diagnostic::error(
                        "F0161",
                        name.span,
                        format!("`{}` has no option `{}`.", self.word, name.text),
                    )
                    .label("not understood")
                    .maybe_help(suggest::help(
                        &name.text,
                        known.iter().copied(),
                        "Options",
                    )),
                );
            }
        }
    }
}

/// A text without holes.
pub(super) fn text_of(value: &Expr, out: &mut Vec<Diagnostic>) -> Option<String> {
    match constant::text(value) {
        Some(text) => Some(text.to_string()),
        None => {
            out.push(
                Diagnostic::error("F0151", value.span, "A text in quotes is expected here.")
                    .label("no text"),
            );
            None
        }
    }
}

/// A span of time in seconds.
pub(super) fn seconds(span: &ast::TimeSpan) -> u64 {
    let seconds = match constant::time_span(span) {
        value::Span::Seconds(seconds) => seconds,
        value::Span::Days(days) => days.saturating_mul(86_400),
    };
    u64::try_from(seconds).unwrap_or(0)
}
