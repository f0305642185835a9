//! Findings for other programs: a JSON array whose fields are a contract.

use serde::Serialize;

use super::{Diagnostic, Lines, Severity, sorted};
use crate::sources::Sources;

/// A finding with its place: lines and columns from 1, columns in characters, the end exclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `F0123`
    pub code: &'static str,
    /// `error`, `warning` or `note`
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The fix, where one is known.
    pub help: Option<String>,
    /// The file, as shown to users.
    pub file: String,
    /// First line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// Behind the last column.
    pub end_column: usize,
}

/// Findings with their places, in order.
pub(super) fn placed<'d>(
    findings: &'d [Diagnostic],
    sources: &Sources,
) -> Vec<(&'d Diagnostic, Finding)> {
    let lines: Vec<Lines<'_>> = sources
        .files
        .iter()
        .map(|file| Lines::new(&file.text))
        .collect();
    sorted(findings, sources)
        .into_iter()
        .map(|finding| {
            let file = usize::from(finding.span.file.0);
            let (line, column) = lines[file].at(finding.span.start as usize);
            let (end_line, end_column) =
                lines[file].at(finding.span.end.max(finding.span.start) as usize);
            let placed = Finding {
                code: finding.code,
                severity: finding.severity,
                message: finding.message.clone(),
                help: finding.help.clone(),
                file: sources.files[file].name.clone(),
                line,
                column,
                end_line,
                end_column,
            };
            (finding, placed)
        })
        .collect()
}

/// A JSON array of the [`Finding`]s of some flowbooks.
pub fn json(all: &[(Sources, Vec<Diagnostic>)]) -> String {
    let placed: Vec<Finding> = all
        .iter()
        .flat_map(|(sources, findings)| placed(findings, sources))
        .map(|(_, placed)| placed)
        .collect();
    serde_json::to_string_pretty(&placed).unwrap_or_else(|_| "[]".to_owned())
}
