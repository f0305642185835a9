//! What a file says (`tree/`), and what is wrong with it (`errors/`), as a writer of flows sees it.

mod common;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use common::{place, sample, shipped, tree};
use flowbook_grammar::{FileId, LARGEST, Parsed, parse};
use proptest::prelude::*;

fn read(text: &str) -> Parsed {
    parse(FileId(0), text)
}

/// A case is a file of `tree/`: text in, tree out. Nothing else is needed for a new one.
#[test]
fn trees() {
    insta::glob!("tree/*.flow", |path| {
        let text = std::fs::read_to_string(path).expect("a case");
        let parsed = read(&text);
        assert!(
            parsed.errors.is_empty(),
            "{}: {:?}",
            path.display(),
            parsed.errors
        );
        insta::with_settings!({omit_expression => true}, {
            insta::assert_snapshot!(tree::print(&parsed.file));
        });
    });
}

/// A case is a file of `errors/`: every error of it, with its place.
#[test]
fn errors() {
    insta::glob!("errors/*.flow", |path| {
        let text = std::fs::read_to_string(path).expect("a case");
        let parsed = read(&text);
        assert!(!parsed.errors.is_empty(), "{} has no error", path.display());
        insta::with_settings!({omit_expression => true}, {
            insta::assert_snapshot!(told(&text, &parsed));
        });
    });
}

/// Errors as a reader meets them.
fn told(text: &str, parsed: &Parsed) -> String {
    let mut out = String::new();
    for error in &parsed.errors {
        let (line, column) = place(text, error.span.start);
        let source = text.lines().nth(line - 1).unwrap_or_default();
        let length = text[error.span.start as usize..error.span.end as usize]
            .chars()
            .count()
            .max(1);
        let _ = writeln!(out, "{line}:{column} {} {}", error.code, error.message);
        let _ = writeln!(out, "  | {source}");
        let _ = writeln!(
            out,
            "  | {}{} {}",
            " ".repeat(column - 1),
            "^".repeat(length),
            error.label
        );
        for (span, text_of) in &error.related {
            let (line, column) = place(text, span.start);
            let _ = writeln!(out, "  at {line}:{column}: {text_of}");
        }
        if let Some(help) = &error.help {
            let _ = writeln!(out, "  fix: {help}");
        }
    }
    out
}

/// What holds for every text: it is read, or it is told why not, at a place that is in it.
fn sound(text: &str) {
    let parsed = read(text);
    for error in &parsed.errors {
        let (from, to) = (error.span.start as usize, error.span.end as usize);
        assert!(from <= to && to <= text.len(), "{error:?} in {text:?}");
        assert!(
            text.is_char_boundary(from) && text.is_char_boundary(to),
            "{error:?} in {text:?}"
        );
        assert!(
            !error.message.contains("k_") && !error.message.contains("Rule::"),
            "{error:?}"
        );
        assert!(error.message.ends_with('.'), "{error:?}");
    }
    let broken = parsed
        .file
        .items
        .iter()
        .any(|item| matches!(item.kind, flowbook_grammar::ast::ItemKind::Bad { .. }));
    assert!(
        !broken || !parsed.errors.is_empty(),
        "a broken item without an error in {text:?}"
    );
    assert!(
        !format!("{:?}", parsed.file.items).contains(": Bad,") || !parsed.errors.is_empty(),
        "{text:?}"
    );
    assert_eq!(
        parsed.errors.is_empty(),
        flowbook_grammar::format(text).is_ok()
    );
}

#[test]
fn ten_megabytes_of_brackets_are_refused_at_once() {
    let start = Instant::now();
    let text = "[".repeat(10_000_000);
    assert_eq!(read(&text).errors[0].code, "F0001");
    let text = "[".repeat(LARGEST);
    assert_eq!(read(&text).errors[0].code, "F0002");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_binary_file_is_no_flow() {
    let parsed = read("map a() = 1\n\0\u{1}\u{2}");
    assert_eq!(parsed.errors.len(), 1);
    assert_eq!(parsed.errors[0].code, "F0031");
}

#[test]
fn deep_nesting_is_read_quickly_and_deeper_is_refused() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{ a: ", " }"),
        ("f(", ")"),
        ("\"{", "}\""),
        ("r[k = ", "]"),
        ("if ", " => 1"),
        ("match ", " { 1 => 2 }"),
        ("-", ""),
        ("not ", ""),
    ] {
        let start = Instant::now();
        let depth = if open == "\"{" { 30 } else { 60 };
        let text = format!("map a() = {}1{}\n", open.repeat(depth), close.repeat(depth));
        let parsed = read(&text);
        assert!(parsed.errors.is_empty(), "{open}: {:?}", parsed.errors);
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{depth} times {open} took {:?}",
            start.elapsed()
        );
        // one that is wrong at the bottom costs no more
        let start = Instant::now();
        let text = format!("map a() = {}==\n", open.repeat(depth));
        assert!(!read(&text).errors.is_empty());
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{depth} times {open} and an error took {:?}",
            start.elapsed()
        );
    }
    let parsed = read(&format!(
        "map a() = {}1{}\n",
        "(".repeat(65),
        ")".repeat(65)
    ));
    assert_eq!(parsed.errors[0].code, "F0002");
    for (open, close) in [("[", "]"), ("(", ")")] {
        let text = format!("map a(x: {}int{}) = 1\n", open.repeat(60), close.repeat(60));
        assert!(read(&text).errors.is_empty());
    }
}

#[test]
fn words_that_nest_without_brackets_are_bounded_too() {
    for word in ["if ", "not ", "-", "match "] {
        sound(&format!("map a() = {}1\n", word.repeat(20_000)));
    }
    sound(&format!("map a() = {}\n", "if a => ".repeat(20_000)));
}

#[test]
fn byte_order_mark_and_windows_line_ends_change_nothing() {
    let text = "/// A.\nmap a() = 1\n\nflow f {\n  where a // c\n}\n";
    let other = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(common::meaning(text), common::meaning(&other));
    assert_eq!(common::comments(text), common::comments(&other));
}

#[test]
fn every_prefix_of_a_shipped_file_is_sound() {
    for (_, text) in shipped() {
        for at in (0..text.len())
            .step_by(1999)
            .filter(|at| text.is_char_boundary(*at))
        {
            sound(&text[..at]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        sound(&text);
    }

    #[test]
    fn any_run_of_pieces_is_read_or_refused(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        sound(&pieces.join(" "));
        sound(&pieces.concat());
    }

    #[test]
    fn a_mutated_file_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0usize..8,
        piece in prop::sample::select(PIECES),
    ) {
        let files = shipped();
        let text = &files[which.index(files.len())].1;
        let floor = |mut at: usize| { while !text.is_char_boundary(at) { at -= 1; } at };
        let from = floor(at.index(text.len()));
        let to = floor((from + length).min(text.len())).max(from);
        sound(&format!("{}{piece}{}", &text[..from], &text[to..]));
    }

    #[test]
    fn random_text_without_a_mistake_has_no_error(choices in prop::collection::vec(any::<u16>(), 0..150)) {
        sound(&sample::file(&choices));
        prop_assert!(read(&sample::file(&choices)).errors.is_empty());
    }
}

const PIECES: &[&str] = &[
    "map",
    "flow",
    "table",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "\\",
    "//",
    "///",
    "\n",
    "\nmap a() = ",
    ",",
    ":",
    "=",
    "=>",
    "->",
    "==",
    "&&",
    "||",
    "!",
    "?",
    "|",
    "else",
    "if",
    "for",
    "in",
    "match",
    "exists",
    "a",
    "B",
    "SE",
    "SEK",
    "1",
    "25%",
    "2026-03-01",
    "..",
    ".",
    "-",
    "+",
    "_",
    "0..1",
    "otherwise",
    "fail",
    "\"x\"",
    "\"{",
    "}\"",
    "é",
    "€",
    "\u{feff}",
    "\r",
    "\t",
    "create",
    "by",
    "where",
    "let",
    "type",
    "connector",
    "test",
    "expect",
    "given",
    "set",
];
