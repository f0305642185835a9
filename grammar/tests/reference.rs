//! The reference says what is so: every example in README.md is read.

mod common;

use flowbook_grammar::{FileId, parse};

#[test]
fn examples_of_the_reference_hold() {
    let text = include_str!("../README.md");
    let mut seen = 0;
    for (line, kind, block) in common::blocks(text) {
        seen += 1;
        let codes: Vec<String> = parse(FileId(0), &block)
            .errors
            .iter()
            .map(|error| format!("{} {}", error.code, error.message))
            .collect();
        match kind {
            "flow,wrong" => assert!(!codes.is_empty(), "README.md:{line} has no error"),
            // what only the checker refuses is grammatical
            _ if kind == "flow" || kind.starts_with("flow,refused F0") => {
                assert!(codes.is_empty(), "README.md:{line}: {codes:?}");
                assert_eq!(
                    common::neat(&block),
                    block,
                    "README.md:{line} is not formatted"
                );
            }
            other => panic!("README.md:{line}: a block of `{other}`"),
        }
    }
    assert!(seen > 30, "{seen} examples");
}
