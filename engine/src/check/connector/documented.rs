//! The reference of connectors says all that the code reads, and nothing that it refuses.

use super::answers::OUTCOMES;
use super::args::{OF_CONNECTOR, OF_RESOURCE, OPTIONS};
use crate::check::check;
use crate::diagnostic::Severity;
use crate::sources::Loaded;

const REFERENCE: &str = include_str!("../../../../stdlib/connectors/README.md");
const LANGUAGE: &str = include_str!("../../../../grammar/README.md");

/// The text below a heading, up to the next one.
fn section(title: &str) -> &'static str {
    let (_, rest) = REFERENCE
        .split_once(&format!("\n## {title}\n"))
        .unwrap_or_else(|| panic!("no section {title}"));
    rest.split("\n## ").next().unwrap_or(rest)
}

/// Whether a row of a table begins with a line of this word.
fn row(section: &str, word: &str) -> bool {
    section.lines().any(|line| {
        line.strip_prefix("| `").is_some_and(|line| {
            line.strip_prefix(word)
                .is_some_and(|rest| rest.starts_with([' ', '`']))
        })
    })
}

#[test]
fn every_word_has_its_row() {
    let mut missing: Vec<&(&str, &str)> = Vec::new();
    for (title, words) in [
        ("Lines of a connector", OF_CONNECTOR),
        ("Lines of a resource", OF_RESOURCE),
    ] {
        let text = section(title);
        missing.extend(words.iter().filter(|(word, _)| !row(text, word)));
    }
    assert!(missing.is_empty(), "without a row: {missing:?}");
    let answers = section("Answers");
    for (outcome, _) in OUTCOMES {
        assert!(row(answers, outcome), "no row for `{outcome}`");
    }
    let types = section("Types");
    for word in ["required", "readonly", "writeonly", "personal", "secret"] {
        assert!(row(types, word), "no row for `{word}`");
    }
}

/// The other way round: no row speaks of a word that is not read.
#[test]
fn every_row_has_its_word() {
    for (title, words) in [
        ("Lines of a connector", OF_CONNECTOR),
        ("Lines of a resource", OF_RESOURCE),
    ] {
        for line in section(title).lines() {
            let Some(line) = line.strip_prefix("| `") else {
                continue;
            };
            let word = line.split([' ', '`']).next().unwrap_or_default();
            let known = words.iter().any(|(known, _)| *known == word) || word == "answers";
            assert!(known, "“{word}” under {title} is not read");
        }
    }
}

#[test]
fn every_option_is_told() {
    for (line, options) in OPTIONS {
        let text = match *line {
            "pages offset" | "pages number" => section("Pages"),
            "auth hmac_sha512" | "auth oauth2" => section("Signing in"),
            "webhook" => section("Lines of a resource"),
            _ => section("Lines of a connector"),
        };
        for option in *options {
            let told =
                text.contains(&format!("`{option}`")) || text.contains(&format!("{option}:"));
            assert!(told, "`{option}` of `{line}` is not told");
        }
    }
}

/// Blocks of a page: the line, the words behind the backticks, the text.
fn blocks(page: &str) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String, String)> = None;
    for (at, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => open = Some((at + 1, kind.to_owned(), String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some((_, _, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

fn told(text: &str) -> Vec<(&'static str, String)> {
    let mut files = vec![("main.flow", text.to_owned())];
    let mut systems = String::new();
    for (system, connector) in [("till", "ccv_salespos"), ("books", "eaccounting")] {
        if text.contains(&format!("{system}.")) && !text.contains(&format!("system {system}:")) {
            systems.push_str(&format!("system {system}: {connector}\n"));
        }
    }
    files.push(("systems.flow", systems));
    // a connector is looked into where a system is one
    let ones: String = text
        .lines()
        .filter_map(|line| line.strip_prefix("connector "))
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !text.contains(&format!(": {name}\n")))
        .map(|name| format!("system my_{name}: {name}\n"))
        .collect();
    files.push(("more.flow", ones));
    let loaded = Loaded::of_texts(files.iter().map(|(name, text)| (*name, text.as_str())));
    check(&loaded)
        .found
        .into_iter()
        .filter(|one| one.severity == Severity::Error)
        .map(|one| (one.code, one.message))
        .collect()
}

#[test]
fn examples_of_connectors_are_sound_and_formatted() {
    for (line, kind, text) in blocks(REFERENCE) {
        assert_eq!(kind, "flow", "README.md:{line}");
        assert_eq!(told(&text), [], "README.md:{line}");
        let neat = flowbook_grammar::format(&text).unwrap_or_default();
        assert_eq!(neat, text, "README.md:{line}");
    }
}

#[test]
fn the_language_reference_refuses_what_it_says() {
    let mut seen = 0;
    for (line, kind, text) in blocks(LANGUAGE) {
        if let Some(code) = kind.strip_prefix("flow,refused ") {
            seen += 1;
            let found = told(&text);
            let so = found.iter().any(|(known, _)| *known == code);
            assert!(so, "grammar/README.md:{line} is not {code}: {found:?}");
        } else if kind == "flow" && text.contains("connector ") && text.contains("resource ") {
            seen += 1;
            assert_eq!(told(&text), [], "grammar/README.md:{line}");
        }
    }
    assert!(seen >= 5, "{seen} examples");
}
