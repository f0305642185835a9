//! What stands in braces behind a line of a connector. What nobody asks for is told.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, Directive, Expr, ExprKind, FieldKind, Literal};
use flowbook_stdlib::value;

use crate::check::{constant, suggest};
use crate::diagnostic::Diagnostic;

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

    /// Whether an option stands there.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _, _)| known.text == name)
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
                .label(format!("`{name}` is missing"))
                .maybe_help(example(self.word, name)),
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

/// What an option that is missing may look like.
fn example(word: &str, name: &str) -> Option<String> {
    let text = match (word, name) {
        ("pages", "items") => {
            "Where the list is in an answer: `items: \"data\"`, `items: \"result.rows\"`."
        }
        ("pages", "size") => {
            "The query parameter that takes the size of a page: `size: \"per_page\"`."
        }
        ("pages", "max") => "The most records that the system gives in a page: `max: 100`.",
        ("pages", "start") => {
            "The query parameter that takes the number of the first record: `start: \"offset\"`."
        }
        ("pages", "page") => {
            "The query parameter that takes the number of the page: `page: \"page\"`."
        }
        ("auth", "token") => {
            "The address where tokens are had: `token: \"https://id.example.com/token\"`."
        }
        ("auth", "key") => "The `secret` that the hash is made with: `key: secret_key`.",
        ("auth", "sign") => "What is hashed: `sign: \"{method}|{uri}|{body}|{time}\"`.",
        ("auth", "headers") => {
            "Where the hash goes: `headers: { \"x-date\": \"{time}\", \"x-hash\": \"{hash}\" }`."
        }
        ("webhook", "id") => "Where the record's key is in a message: `id: \"id\"`.",
        ("filter", "param") => "The query parameter that takes the filter: `param: \"$filter\"`.",
        _ => return None,
    };
    Some(text.to_owned())
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
pub(in crate::check) fn seconds(span: &ast::TimeSpan) -> u64 {
    let seconds = match constant::time_span(span) {
        value::Span::Seconds(seconds) => seconds,
        value::Span::Days(days) => days.saturating_mul(86_400),
    };
    u64::try_from(seconds).unwrap_or(0)
}
