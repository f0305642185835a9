//! The tree: one to one what the text says, spans on every node, nothing resolved.
//!
//! In: nothing but text made it (`parse`). Out: the checker and the formatter read it. It keeps brackets and docs; comments that are
//! no docs stand beside it in [`File::comments`], in order, for the formatter.

mod connector;
mod expr;
mod flow;
mod item;
mod rows;
mod types;

pub use connector::*;
pub use expr::*;
pub use flow::*;
pub use item::*;
pub use rows::*;
pub use types::*;

use crate::span::Span;

/// One `.flow` file.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// `//!` lines at the head of the file.
    pub docs: Vec<Doc>,
    /// Items in text order. Items that could not be read are [`ItemKind::Bad`].
    pub items: Vec<Item>,
    /// `// …` comments, in text order.
    pub comments: Vec<Comment>,
}

/// A `///` or `//!` line: text without the marker and one leading blank.
#[derive(Debug, Clone)]
pub struct Doc {
    /// The text.
    pub text: String,
    /// Where the whole line stands.
    pub span: Span,
}

/// A `//` comment, from the slashes to the line's end.
#[derive(Debug, Clone)]
pub struct Comment {
    /// The comment with its slashes, trailing blanks cut.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A name, field or other single word as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Words joined by dots: `books.customers`, `brand.id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// At least one word.
    pub words: Vec<Word>,
    /// The whole path.
    pub span: Span,
}

/// A text in quotes without holes; the value has its escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Str {
    /// The value.
    pub text: String,
    /// With the quotes.
    pub span: Span,
}
