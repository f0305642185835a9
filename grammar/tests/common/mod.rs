//! What the tests of this crate share: the shipped files, a tree without its places, a writer of random flow text.
#![allow(dead_code)] // each test file uses its part

pub mod sample;
pub mod tree;

use std::path::{Path, PathBuf};

use flowbook_grammar::{FileId, parse};

/// Every `.flow` file that is shipped, with its text.
pub fn shipped() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned();
    let mut files = Vec::new();
    for dir in ["flows", "stdlib/connectors"] {
        collect(&root.join(dir), &mut files);
    }
    assert!(files.len() > 5, "the shipped flows are there");
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a shipped file");
            (path, text)
        })
        .collect()
}

fn collect(dir: &Path, out: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).expect("a shipped folder");
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with(".flowbook") {
            collect(&path, out);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "flow")
        {
            out.push(path);
        }
    }
}

/// The tree as text, places left out: equal for equal meaning.
pub fn meaning(text: &str) -> String {
    let parsed = parse(FileId(0), text);
    assert!(parsed.errors.is_empty(), "{:?} in\n{text}", parsed.errors);
    let tree = format!("{:?} {:?}", parsed.file.docs, parsed.file.items);
    let mut out = String::new();
    let mut rest = tree.as_str();
    while let Some(at) = rest.find("Span { file:") {
        out.push_str(&rest[..at]);
        let after = &rest[at..];
        rest = after.find('}').map_or("", |end| &after[end + 1..]);
    }
    out.push_str(rest);
    out
}

/// The comments of a text, in order.
pub fn comments(text: &str) -> Vec<String> {
    parse(FileId(0), text)
        .file
        .comments
        .into_iter()
        .map(|comment| comment.text)
        .collect()
}

/// The formatted text; what makes formatting safe is checked on the way.
pub fn neat(text: &str) -> String {
    let once =
        flowbook_grammar::format(text).unwrap_or_else(|errors| panic!("{errors:?} in\n{text}"));
    assert_eq!(
        meaning(text),
        meaning(&once),
        "meaning kept\n{text}\n=>\n{once}"
    );
    assert_eq!(
        comments(text),
        comments(&once),
        "comments kept\n{text}\n=>\n{once}"
    );
    let twice = flowbook_grammar::format(&once).expect("formatted text can be read");
    assert_eq!(once, twice, "formatting twice changes nothing\n{text}");
    once
}

/// Line and column, from 1.
pub fn place(text: &str, offset: u32) -> (usize, usize) {
    let before = &text[..(offset as usize).min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}

/// The fenced blocks of a markdown text: line, what stands behind the fence, what they hold.
pub fn blocks(text: &str) -> Vec<(usize, &str, String)> {
    let mut out = Vec::new();
    let mut open: Option<(usize, &str, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(kind), None) => open = Some((number + 1, kind, String::new())),
            (Some(_), Some(_)) => out.extend(open.take()),
            (None, Some((_, _, block))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    out
}
