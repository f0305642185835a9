//! Every shipped file is read without an error.

use std::path::Path;

use flowbook_grammar::{FileId, parse};

fn flow_files(dir: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a shipped folder").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with(".flowbook") {
            flow_files(&path, out);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "flow")
        {
            out.push(path);
        }
    }
}

#[test]
fn shipped_files_have_no_syntax_error() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned();
    let mut files = Vec::new();
    for dir in std::env::var("FLOW_DIRS").map_or(
        vec!["flows".to_owned(), "stdlib/connectors".to_owned()],
        |dirs| dirs.split(':').map(str::to_owned).collect(),
    ) {
        flow_files(&root.join(dir), &mut files);
    }
    assert!(files.len() > 5);
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a shipped file");
        let parsed = parse(FileId(0), &text);
        for error in &parsed.errors {
            let line = text[..error.span.start as usize].matches('\n').count() + 1;
            println!(
                "{}:{line} {} {} [{}]",
                path.display(),
                error.code,
                error.message,
                &text[error.span.start as usize..error.span.end as usize]
            );
        }
        assert!(parsed.errors.is_empty(), "{}", path.display());
    }
}
