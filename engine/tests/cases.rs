//! Every file under `cases/` is a flowbook with a mistake; its snapshot shows the text and what is said about it.
//!
//! A case may hold several files: a line `//# file: NAME.flow` or `//# csv: tables/x.csv` begins one. Cases of `load`, `declare` and `connector`
//! are taken as far as declarations, all others through the whole check. Nobody needs Rust to add one.

use flowbook::check;
use flowbook::diagnostic::{Diagnostic, Look, render};
use flowbook::sources::Loaded;

/// The files of a case.
fn files(case: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in case.split_inclusive('\n') {
        let name = line
            .strip_prefix("//# file: ")
            .or_else(|| line.strip_prefix("//# csv: "));
        match name {
            Some(name) => files.push((name.trim().to_owned(), String::new())),
            None => {
                if files.is_empty() {
                    files.push(("main.flow".to_owned(), String::new()));
                }
                if let Some((_, text)) = files.last_mut() {
                    text.push_str(line);
                }
            }
        }
    }
    files
}

/// What is found in a case.
fn findings(area: &str, loaded: &Loaded) -> Vec<Diagnostic> {
    if !matches!(area, "load" | "declare" | "connector") {
        return check::check(loaded).found;
    }
    let mut found = loaded.diagnostics.clone();
    found.extend(check::declare::declare(&loaded.sources, &loaded.files).1);
    found
}

#[test]
fn cases() {
    insta::glob!("cases", "**/*.flow", |path| {
        let case = std::fs::read_to_string(path).expect("a case can be read");
        let files = files(&case);
        let texts = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        let loaded = Loaded::of_texts(texts);
        let area = path
            .parent()
            .and_then(std::path::Path::file_name)
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let found = findings(&area, &loaded);
        for finding in &found {
            assert!(
                flowbook::catalogue::find(finding.code).is_some()
                    || finding.code.starts_with("F00"),
                "{} has no page in the catalogue",
                finding.code
            );
        }
        insta::with_settings!({
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            let shown = format!("{}\n────────\n{}", case.trim_end(), render(&found, &loaded.sources, Look::Mono));
            insta::assert_snapshot!(shown);
        });
    });
}
