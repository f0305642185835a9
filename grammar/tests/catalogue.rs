//! Every code has a page, and what the page shows is so.

mod common;

use flowbook_grammar::catalogue::CODES;
use flowbook_grammar::{FileId, parse};

/// The fenced blocks of a text: what stands behind the fence, and what they hold.
fn blocks(page: &str) -> Vec<(&str, String)> {
    common::blocks(page)
        .into_iter()
        .map(|(_, kind, text)| (kind, text))
        .collect()
}

#[test]
fn wrong_examples_give_their_code_and_right_ones_none() {
    for entry in CODES {
        for (kind, text) in blocks(entry.page) {
            let codes: Vec<&str> = parse(FileId(0), &text)
                .errors
                .iter()
                .map(|error| error.code)
                .collect();
            match kind {
                "flow,wrong" => assert_eq!(codes, [entry.code], "{text}"),
                "flow,right" => {
                    assert!(codes.is_empty(), "{}: {codes:?}\n{text}", entry.code);
                    assert_eq!(common::neat(&text), text, "{}", entry.code);
                }
                other => panic!("{}: a block of `{other}`", entry.code),
            }
        }
    }
}

#[test]
fn codes_ascend_and_have_a_title_and_a_page() {
    for pair in CODES.windows(2) {
        assert!(pair[0].code < pair[1].code);
    }
    for entry in CODES {
        assert!(entry.code.len() == 5 && entry.code.starts_with("F00"));
        assert!(!entry.title.is_empty() && !entry.title.ends_with('.'));
        assert!(entry.page.len() > 60, "{}", entry.code);
    }
}

#[test]
fn every_code_that_is_told_has_a_page() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    for case in std::fs::read_dir(folder).expect("the cases").flatten() {
        let text = std::fs::read_to_string(case.path()).expect("a case");
        for error in parse(FileId(0), &text).errors {
            assert!(
                CODES.iter().any(|entry| entry.code == error.code),
                "{}",
                error.code
            );
        }
    }
}
