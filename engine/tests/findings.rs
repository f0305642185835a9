//! How findings are told: exact columns, nothing that could rewrite a screen, and forms that other programs read.

use flowbook::diagnostic::{Diagnostic, Look, github, json, render, sarif};
use flowbook::sources::Loaded;
use flowbook_grammar::{FileId, Span};

fn span(text: &str, piece: &str) -> Span {
    let start = text.find(piece).expect("the piece") as u32;
    Span {
        file: FileId(0),
        start,
        end: start + piece.len() as u32,
    }
}

fn shown(text: &str, findings: &[Diagnostic], look: Look) -> String {
    let loaded = Loaded::of_texts([("main.flow", text)]);
    render(findings, &loaded.sources, look)
}

#[test]
fn columns_are_characters_and_tabs_and_wide_letters_align() {
    let text = "\u{feff}// åäö 会社 👩‍👩‍👧\n\tmap naïve(日本: int) -> int = wrong\r\nzone\r\n";
    let finding = Diagnostic::error("F0103", span(text, "wrong"), "There is no “wrong”.")
        .label("not declared");
    insta::assert_snapshot!(shown(text, &[finding], Look::Mono));
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let text = format!(
        "map a() -> text = \"{}\" | wrong | \"{}\"\n",
        "x".repeat(400),
        "y".repeat(400)
    );
    let finding = Diagnostic::error("F0103", span(&text, "wrong"), "There is no “wrong”.")
        .label("not declared");
    insta::assert_snapshot!(shown(&text, &[finding], Look::Mono));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = "map a\u{1b}[31m() -> text = wrong // \u{202e}evil\u{9b}\n";
    let finding = Diagnostic::error("F0103", span(text, "wrong"), "There is no “\u{1b}[2J”.")
        .label("not \u{7}declared");
    let shown = shown(text, &[finding], Look::Mono);
    assert!(
        !shown.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'),
        "{shown:?}"
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn places_at_the_end_and_beyond_are_drawn() {
    for text in ["zone", "zone\n", "zone\n\n\n", "å", ""] {
        for start in 0..=(text.len() as u32 + 3) {
            for end in [start, start + 1, start + 100] {
                let span = Span {
                    file: FileId(0),
                    start,
                    end,
                };
                let finding = Diagnostic::error("F0100", span, "Here.").label("here");
                let drawn = shown(text, &[finding], Look::Mono);
                assert!(drawn.contains("Here."), "{text:?} {start}..{end}: {drawn}");
                assert!(
                    text.trim().is_empty() || drawn.contains("╰── here"),
                    "{text:?} {start}..{end}: {drawn}"
                );
            }
        }
    }
}

#[test]
fn a_finding_without_its_file_does_not_stop_the_others() {
    let nowhere = Span {
        file: FileId(9),
        start: 0,
        end: 1,
    };
    let text = "zone\n";
    let findings = [
        Diagnostic::error("F0100", nowhere, "Lost."),
        Diagnostic::error("F0100", span(text, "zone"), "Found.").related(nowhere, "lost too"),
    ];
    assert!(shown(text, &findings, Look::Mono).contains("Found."));
}

#[test]
fn overlapping_places_are_told_apart() {
    let text = "setting a: text = \"b\"\n";
    let finding = Diagnostic::error("F0123", span(text, "text = \"b\""), "Wrong.")
        .label("this")
        .related(span(text, "\"b\""), "the value");
    insta::assert_snapshot!(shown(text, &[finding], Look::Mono));
}

#[test]
fn colours_and_prose() {
    let text = "set a = 1\n";
    let findings = [
        Diagnostic::error("F0120", span(text, "a"), "There is no setting `a`.").help("Declare it."),
        Diagnostic::warning("F0120", span(text, "set"), "Unused."),
        Diagnostic::note("F0134", span(text, "1"), "Replaced."),
    ];
    let colours = shown(text, &findings, Look::Colour);
    assert!(colours.contains("\u{1b}["));
    assert!(
        !colours.contains("38;2;"),
        "only the terminal's own colours"
    );
    insta::assert_snapshot!(shown(text, &findings, Look::Prose));
}

#[test]
fn other_programs_read_json_sarif_and_workflow_commands() {
    let text = "// å\nset a = 1\nset b = 2\n";
    let sources = Loaded::of_texts([("main.flow", text)]).sources;
    let findings = [
        Diagnostic::note("F0134", span(text, "b = 2"), "Second: 100%,\nreplaced."),
        Diagnostic::error("F0120", span(text, "a"), "There is no setting `a`.")
            .help("Did you mean `b`?")
            .related(span(text, "b"), "here"),
    ];
    let told = [(sources, findings.to_vec())];
    insta::assert_snapshot!("json", json(&told));
    insta::assert_snapshot!("github", github(&told));
    let sarif: serde_json::Value = serde_json::from_str(&sarif(&told)).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "F0120");
    assert_eq!(
        result["locations"][0]["physicalLocation"]["region"]["startLine"],
        2
    );
    assert_eq!(result["relatedLocations"][0]["message"]["text"], "here");
    assert_eq!(
        sarif["runs"][0]["tool"]["driver"]["rules"][0]["id"],
        "F0120"
    );
}
