//! One finding about a flowbook's text, in the user's words.

use flowbook_grammar::Span;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The flowbook does not run.
    Error,
    /// It runs; somebody should look.
    Warning,
    /// Worth knowing: a row that a later layer hides, a field that a layer replaces.
    Note,
}

/// A finding. Its code's title and page stand in [`crate::catalogue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// `F0123`
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One whole sentence: what is wrong, with the names and values at hand.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What stands under the underlined piece: the reason at that place.
    pub label: String,
    /// A concrete fix.
    pub help: Option<String>,
    /// Other places that explain it; none of them overlaps `span`.
    pub related: Vec<(Span, String)>,
}
