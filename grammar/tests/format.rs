//! The one formatting: cases in `format/`, the shipped files, and random text. Meaning and comments are kept, and twice is once.

mod common;

use common::{neat, sample, shipped};
use proptest::prelude::*;

/// A case is a file of `format/`: messy in, neat out. Nothing else is needed for a new one.
#[test]
fn cases() {
    insta::glob!("format/*.flow", |path| {
        let text = std::fs::read_to_string(path).expect("a case");
        insta::with_settings!({omit_expression => true}, {
            insta::assert_snapshot!(neat(&text));
        });
    });
}

#[test]
fn shipped_files_are_formatted() {
    let other: Vec<_> = shipped()
        .into_iter()
        .filter(|(_, text)| neat(text) != *text)
        .map(|(path, _)| path)
        .collect();
    assert!(other.is_empty(), "run `flowbook fmt` on {other:?}");
}

#[test]
fn shipped_files_squeezed_come_back_with_the_same_meaning() {
    for (_, text) in shipped() {
        let squeezed: String = text
            .lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .map(|line| line.replace("   ", " ").replace("  //", " //"))
            .collect();
        neat(&squeezed);
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_go() {
    let neat = flowbook_grammar::format("\u{feff}zone \"Europe/Oslo\"\r\n\r\n\r\nset a = 1\r\n");
    assert_eq!(neat.as_deref(), Ok("zone \"Europe/Oslo\"\n\nset a = 1\n"));
}

#[test]
fn nothing_stays_nothing() {
    assert_eq!(flowbook_grammar::format("\n\n").as_deref(), Ok(""));
}

#[test]
fn what_cannot_be_read_is_not_formatted() {
    let errors = flowbook_grammar::format("map = 1\n").expect_err("no name");
    assert!(!errors.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn random_text_keeps_meaning_and_comments(choices in prop::collection::vec(any::<u16>(), 0..220)) {
        let text = sample::file(&choices);
        let neat = neat(&text);
        for line in neat.lines() {
            prop_assert_eq!(line, line.trim_end());
        }
        prop_assert!(!neat.contains("\n\n\n"));
        let indented = neat.lines().all(|line| !line.starts_with('\t'));
        prop_assert!(indented);
    }
}
