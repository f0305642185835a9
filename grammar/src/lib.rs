//! Text ⇄ tree. Knows nothing of meaning.
//!
//! [`parse`] turns the text of one file into its [`ast::File`] and every syntax error in it; [`format()`] gives the one formatting of a file.

pub mod ast;
mod build;
pub mod catalogue;
mod error;
mod format;
mod parse;
mod recover;
mod scan;
mod span;
mod trouble;

pub use error::SyntaxError;
pub use format::{WIDEST, format};
pub use parse::{LARGEST, Parsed, parse};
pub use scan::DEEPEST;
pub use span::{FileId, Span};
