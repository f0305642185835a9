//! Findings as SARIF 2.1.0, for code-scanning services.

use serde_json::{Value, json};

use super::json::placed;
use super::{Diagnostic, Lines, Severity};
use crate::catalogue;
use crate::sources::Sources;

/// A SARIF log: a run for each flowbook.
pub fn sarif(all: &[(Sources, Vec<Diagnostic>)]) -> String {
    let runs: Vec<Value> = all
        .iter()
        .map(|(sources, findings)| run(findings, sources))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    });
    serde_json::to_string_pretty(&log).unwrap_or_default()
}

fn run(findings: &[Diagnostic], sources: &Sources) -> Value {
    let placed = placed(findings, sources);
    let mut codes: Vec<&str> = placed.iter().map(|(_, one)| one.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| match catalogue::find(code) {
            Some(entry) => json!({
                "id": code,
                "shortDescription": { "text": entry.title },
                "help": { "text": entry.page, "markdown": entry.page },
            }),
            None => json!({ "id": code }),
        })
        .collect();
    let results: Vec<Value> = placed
        .iter()
        .map(|(finding, one)| {
            let level = match one.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let text = match &one.help {
                Some(help) => format!("{} {help}", one.message),
                None => one.message.clone(),
            };
            let related: Vec<Value> = finding
                .related
                .iter()
                .filter(|(span, _)| usize::from(span.file.0) < sources.files.len())
                .map(|(span, text)| {
                    let file = sources.file(span.file);
                    let lines = Lines::new(&file.text);
                    let start = lines.at(span.start as usize);
                    let end = lines.at(span.end.max(span.start) as usize);
                    let mut place = location(&file.name, start, end);
                    place["message"] = json!({ "text": text });
                    place
                })
                .collect();
            json!({
                "ruleId": one.code,
                "level": level,
                "message": { "text": text },
                "locations": [location(&one.file, (one.line, one.column), (one.end_line, one.end_column))],
                "relatedLocations": related,
            })
        })
        .collect();
    json!({
        "tool": { "driver": {
            "name": "flowbook",
            "version": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        } },
        "columnKind": "unicodeCodePoints",
        "results": results,
    })
}

fn location(file: &str, start: (usize, usize), end: (usize, usize)) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": file.replace(' ', "%20") },
            "region": {
                "startLine": start.0,
                "startColumn": start.1,
                "endLine": end.0,
                "endColumn": end.1,
            },
        },
    })
}
