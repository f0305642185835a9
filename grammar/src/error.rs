//! A syntax error in the user's words.

use crate::span::Span;

/// One thing that could not be read. Messages never name grammar rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Stable code; the engine's catalogue of diagnostics has its page. `F0001` to `F0099` are the grammar's.
    pub code: &'static str,
    /// One whole sentence: what is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What stands under the underlined piece.
    pub label: String,
    /// A concrete fix.
    pub help: Option<String>,
    /// Other places that explain it: the brace that was opened, say.
    pub related: Vec<(Span, String)>,
}
