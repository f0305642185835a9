//! Pairs of the grammar → tree. The grammar has said yes by now, so each piece is where it is looked for; a missing one becomes a `Bad` node, never a panic.

mod climb;
mod connector;
mod expr;
mod flow;
mod item;
mod rows;
mod types;

use pest::iterators::Pair;

use crate::ast::{Doc, Path, Str, Word};
use crate::span::{FileId, Span};

pub(crate) use item::item;

/// Rules of `flow.pest`.
#[derive(pest_derive::Parser)]
#[grammar = "flow.pest"]
pub(crate) struct Grammar;

pub(crate) type P<'i> = Pair<'i, Rule>;

/// Where the parsed piece stands in its file.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub file: FileId,
    pub offset: u32,
}

impl At {
    pub fn span(self, pair: &P<'_>) -> Span {
        let inside = pair.as_span();
        let text = inside.as_str();
        // implicit blanks and line ends at the end of a rule are not part of what it says
        let end = inside.start() + text.trim_end().len();
        Span {
            file: self.file,
            start: self.offset + inside.start() as u32,
            end: self.offset + end as u32,
        }
    }

    pub fn word(self, pair: P<'_>) -> Word {
        Word {
            text: pair.as_str().trim_end().to_owned(),
            span: self.span(&pair),
        }
    }

    pub fn path(self, pair: P<'_>) -> Path {
        let span = self.span(&pair);
        Path {
            words: pair.into_inner().map(|word| self.word(word)).collect(),
            span,
        }
    }

    pub fn str(self, pair: P<'_>) -> Str {
        let span = self.span(&pair);
        Str {
            text: plain_text(pair),
            span,
        }
    }

    pub fn doc(self, pair: &P<'_>) -> Doc {
        let text = pair.as_str().trim_end();
        let body = &text[3.min(text.len())..];
        Doc {
            text: body.strip_prefix(' ').unwrap_or(body).to_owned(),
            span: self.span(pair),
        }
    }

    /// Docs in a run of line ends.
    pub fn docs(self, pair: P<'_>) -> Vec<Doc> {
        pair.into_inner()
            .filter(|doc| doc.as_rule() == Rule::doc)
            .map(|doc| self.doc(&doc))
            .collect()
    }
}

/// The value of a text without holes; holes stand as they are written.
fn plain_text(pair: P<'_>) -> String {
    pair.into_inner()
        .map(|part| match part.as_rule() {
            Rule::esc => escape(part.as_str()).to_string(),
            _ => part.as_str().to_owned(),
        })
        .collect()
}

fn escape(text: &str) -> char {
    match text.as_bytes().get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(byte) => char::from(*byte),
        None => '\\',
    }
}

/// The children of one rule, dealt out in order.
pub(crate) struct Parts<'i>(std::iter::Peekable<pest::iterators::Pairs<'i, Rule>>);

impl<'i> Parts<'i> {
    pub fn of(pair: P<'i>) -> Parts<'i> {
        Parts(pair.into_inner().peekable())
    }

    /// The next child, if it is of this rule.
    pub fn take(&mut self, rule: Rule) -> Option<P<'i>> {
        self.0.next_if(|pair| pair.as_rule() == rule)
    }

    /// The next child, if it is of one of these rules.
    pub fn take_any(&mut self, rules: &[Rule]) -> Option<P<'i>> {
        self.0.next_if(|pair| rules.contains(&pair.as_rule()))
    }

    /// The next child of this rule, passing by keywords and line ends before it.
    pub fn find(&mut self, rule: Rule) -> Option<P<'i>> {
        self.0.by_ref().find(|pair| pair.as_rule() == rule)
    }

    pub fn next(&mut self) -> Option<P<'i>> {
        self.0.next()
    }

    /// Whether a keyword is next; passes it by.
    pub fn skip(&mut self, rule: Rule) -> bool {
        self.take(rule).is_some()
    }

    pub fn rest(self) -> impl Iterator<Item = P<'i>> {
        self.0
    }
}
