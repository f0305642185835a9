//! What the targets share: the shipped flowbook's plan, the files of a case, and the properties that hold for every text.

use std::path::{Path, PathBuf};

use flowbook::check;
use flowbook::lower;
use flowbook::plan::Plan;
use flowbook::sources::Loaded;

#[path = "../../../grammar/tests/common/mod.rs"]
pub mod common;

/// The plan of the shipped flowbook: its connectors have every shape that answers are read by.
pub fn plan() -> Plan {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../flows/ccv-eaccounting");
    let loaded = Loaded::read(&folder);
    let book = check::check(&loaded)
        .book
        .expect("the shipped flowbook checks");
    lower::sketch(&book, &loaded.sources, &[]).expect("it has a plan")
}

/// The files of a case of `engine/tests/cases`: a line `//# file: NAME` or `//# csv: NAME` begins one.
pub fn files(case: &str) -> Vec<(String, String)> {
    let mut files = vec![("main.flow".to_owned(), String::new())];
    for line in case.split_inclusive('\n') {
        let name = line
            .strip_prefix("//# file: ")
            .or_else(|| line.strip_prefix("//# csv: "));
        match (name, files.last_mut()) {
            (Some(name), _) => files.push((name.trim().to_owned(), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => {}
        }
    }
    files
}
