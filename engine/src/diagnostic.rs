//! One finding about a flowbook's text, in the user's words, and the forms in which findings are told.

mod github;
mod json;
mod lines;
mod render;
mod sarif;

use flowbook_grammar::Span;

use crate::sources::Sources;
pub use github::github;
pub use json::{Finding, json};
pub use lines::Lines;
pub use render::{Look, render};
pub use sarif::sarif;

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

impl Diagnostic {
    /// An error.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            span,
            label: String::new(),
            help: None,
            related: Vec::new(),
        }
    }

    /// A warning.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, span, message)
        }
    }

    /// A note.
    pub fn note(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Note,
            ..Diagnostic::error(code, span, message)
        }
    }

    /// What stands under the underlined piece.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// The fix.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The fix, where one is known.
    pub fn maybe_help(mut self, help: Option<String>) -> Diagnostic {
        self.help = help;
        self
    }

    /// Another place that explains it.
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.related.push((span, text.into()));
        self
    }
}

impl From<flowbook_grammar::SyntaxError> for Diagnostic {
    fn from(error: flowbook_grammar::SyntaxError) -> Diagnostic {
        Diagnostic {
            code: error.code,
            severity: Severity::Error,
            message: error.message,
            span: error.span,
            label: error.label,
            help: error.help,
            related: error.related,
        }
    }
}

/// Findings in the order in which they are told: by file, place and code.
fn sorted<'d>(findings: &'d [Diagnostic], sources: &Sources) -> Vec<&'d Diagnostic> {
    let mut sorted: Vec<&Diagnostic> = findings
        .iter()
        .filter(|finding| usize::from(finding.span.file.0) < sources.files.len())
        .collect();
    sorted.sort_by_key(|finding| {
        (
            finding.span.file,
            finding.span.start,
            finding.span.end,
            finding.code,
        )
    });
    sorted
}
