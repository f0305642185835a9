//! Text ⇄ tree. Knows nothing of meaning.
//!
//! [`parse`] turns the text of one file into its [`ast::File`] and every syntax error in it; [`format`] gives the one formatting of a file.

pub mod ast;
mod error;
mod span;

pub use error::SyntaxError;

pub use span::{FileId, Span};
