//! Flow text in, findings out: one file of `tests/cases` a case. A line `//# file: name.flow` begins another file of the flowbook.

use std::fmt::Write as _;

use flowbook::check::check;
use flowbook::diagnostic::{Diagnostic, Severity};
use flowbook::sources::{Loaded, Sources};

#[test]
fn cases() {
    insta::glob!("cases", "**/*.flow", |path| {
        let Ok(text) = std::fs::read_to_string(path) else {
            panic!("{} cannot be read", path.display());
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(findings(&text)));
    });
}

/// The text, and what is found in it.
fn findings(text: &str) -> String {
    let files = files(text);
    let loaded = Loaded::of_texts(
        files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str())),
    );
    let checked = check(&loaded);
    let mut out = text.trim_end().to_owned();
    out.push_str("\n────────\n");
    if checked.found.is_empty() {
        out.push_str("nothing to say\n");
    }
    for one in &checked.found {
        shown(&mut out, one, &loaded.sources);
    }
    out
}

fn files(text: &str) -> Vec<(String, String)> {
    let mut files = vec![("main.flow".to_owned(), String::new())];
    for line in text.lines() {
        match line.strip_prefix("//# file: ") {
            Some(name) => {
                files.retain(|(_, text)| !text.is_empty());
                files.push((name.trim().to_owned(), String::new()));
            }
            None => {
                if let Some((_, text)) = files.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    files
}

fn shown(out: &mut String, one: &Diagnostic, sources: &Sources) {
    let severity = match one.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let _ = writeln!(out, "{severity} {}: {}", one.code, one.message);
    quoted(out, one.span, &one.label, '^', sources);
    for (span, text) in &one.related {
        quoted(out, *span, text, '-', sources);
    }
    if let Some(help) = &one.help {
        let _ = writeln!(out, "  help: {}", help.replace('\n', "\n        "));
    }
    out.push('\n');
}

/// The line that a span begins on, underlined.
fn quoted(
    out: &mut String,
    span: flowbook_grammar::Span,
    label: &str,
    mark: char,
    sources: &Sources,
) {
    let source = sources.file(span.file);
    let start = span.start as usize;
    let from = source.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line = source.text[from..].lines().next().unwrap_or_default();
    let number = source.text[..start].matches('\n').count() + 1;
    let before = source.text[from..start].chars().count();
    let end = (span.end as usize).clamp(start, from + line.len());
    let long = source.text[start..end].chars().count().max(1);
    let _ = writeln!(out, "  {}:{number}  {line}", source.name);
    let margin = format!("  {}:{number}  ", source.name).chars().count();
    let _ = writeln!(
        out,
        "{}{} {label}",
        " ".repeat(margin + before),
        mark.to_string().repeat(long)
    );
}
