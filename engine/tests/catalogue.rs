//! The pages of the catalogue: a wrong example is told with its page's code, a right one has nothing to be told about.

use flowbook::catalogue::{self, Entry};
use flowbook::check::check;
use flowbook::diagnostic::{Diagnostic, Severity};
use flowbook::sources::Loaded;

#[test]
fn examples_are_what_their_pages_say() {
    // Later areas speak of files, networks and runs: their examples are no whole flowbooks.
    let told: Vec<String> = catalogue::all()
        .filter(|entry| entry.code < "F0600")
        .flat_map(|entry| {
            let wrong = blocks(entry, "flow,wrong");
            let right = blocks(entry, "flow,right");
            wrong
                .into_iter()
                .filter_map(|text| not_told(entry, &text))
                .chain(right.into_iter().filter_map(|text| told(entry, &text)))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}

#[test]
fn codes_are_unique_and_in_order() {
    let mut codes: Vec<&str> = catalogue::all().map(|entry| entry.code).collect();
    codes.sort_unstable();
    let twice: Vec<&[&str]> = codes.windows(2).filter(|two| two[0] == two[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
    for entry in catalogue::all() {
        assert!(
            entry.code.len() == 5 && entry.code.starts_with('F'),
            "{}",
            entry.code
        );
        assert!(!entry.title.ends_with('.'), "{}", entry.title);
        assert!(!entry.page.trim().is_empty(), "{}", entry.code);
    }
}

/// Every code that the engine's text names has its page.
#[test]
fn every_code_in_use_has_a_page() {
    let mut missing = Vec::new();
    walk(std::path::Path::new("src"), &mut |text| {
        for (at, _) in text.match_indices("\"F0") {
            let code: String = text[at + 1..].chars().take(5).collect();
            let whole = text[at + 6..].starts_with('"');
            if whole && catalogue::find(&code).is_none() {
                missing.push(code);
            }
        }
    });
    missing.sort_unstable();
    missing.dedup();
    assert!(missing.is_empty(), "codes without a page: {missing:?}");
}

fn walk(folder: &std::path::Path, seen: &mut dyn FnMut(&str)) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, seen);
        } else if path.extension().is_some_and(|ext| ext == "rs")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            seen(&text);
        }
    }
}

/// The code blocks of a page with that word behind the backticks.
fn blocks(entry: &Entry, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    for line in entry.page.lines() {
        if let Some(block) = &mut open {
            if line.trim_end() == "```" {
                found.extend(open.take());
            } else {
                block.push_str(line);
                block.push('\n');
            }
        } else if line.trim_end() == format!("```{word}") {
            open = Some(String::new());
        }
    }
    found
}

/// What is found in an example. The two systems that examples speak of are there; a line `//# file: name` begins another file.
fn findings(text: &str) -> Vec<Diagnostic> {
    let mut files = vec![("main.flow".to_owned(), String::new())];
    for line in text.lines() {
        match line.strip_prefix("//# file: ") {
            Some(name) => files.push((name.trim().to_owned(), String::new())),
            None => {
                if let Some((_, text)) = files.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    files.retain(|(_, text)| !text.trim().is_empty());
    let has = |system: &str| {
        text.contains(&format!("system {system}:")) || !text.contains(&format!("{system}."))
    };
    let mut prelude = String::new();
    if !has("till") {
        prelude.push_str("system till: ccv_salespos\n");
    }
    if !has("books") {
        prelude.push_str("system books: eaccounting\n");
    }
    if !prelude.is_empty() {
        files.push(("systems.flow".to_owned(), prelude));
    }
    let loaded = Loaded::of_texts(
        files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str())),
    );
    check(&loaded).found
}

fn not_told(entry: &Entry, text: &str) -> Option<String> {
    let found = findings(text);
    let told = found.iter().any(|one| one.code == entry.code);
    (!told).then(|| {
        format!(
            "{}: the wrong example is not told so:\n{text}found: {}",
            entry.code,
            listed(&found)
        )
    })
}

fn told(entry: &Entry, text: &str) -> Option<String> {
    let found: Vec<Diagnostic> = findings(text)
        .into_iter()
        .filter(|one| one.severity != Severity::Note)
        // Pages about reading text show pieces: they must be readable, and no more.
        .filter(|one| entry.code >= "F0100" || one.code < "F0100")
        .collect();
    (!found.is_empty()).then(|| {
        format!(
            "{}: the right example is not right:\n{text}found: {}",
            entry.code,
            listed(&found)
        )
    })
}

fn listed(found: &[Diagnostic]) -> String {
    if found.is_empty() {
        return "nothing".to_owned();
    }
    let all: Vec<String> = found
        .iter()
        .map(|one| format!("{} {}", one.code, one.message))
        .collect();
    all.join("\n       ")
}
