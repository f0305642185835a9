//! Findings as GitHub Actions shows them beside the changed lines.

use super::json::placed;
use super::{Diagnostic, Severity};
use crate::sources::Sources;

/// The findings of some flowbooks, one workflow command a line.
pub fn github(all: &[(Sources, Vec<Diagnostic>)]) -> String {
    let mut out = String::new();
    let placed = all
        .iter()
        .flat_map(|(sources, findings)| placed(findings, sources));
    for (_, one) in placed {
        let command = match one.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let text = match &one.help {
            Some(help) => format!("{}\n{help}", one.message),
            None => one.message.clone(),
        };
        out.push_str(&format!(
            "::{command} file={},line={},endLine={},col={},endColumn={},title={}::{}\n",
            property(&one.file),
            one.line,
            one.end_line,
            one.column,
            one.end_column,
            property(one.code),
            data(&text),
        ));
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
