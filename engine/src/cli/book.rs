//! From a folder's name to its checked flowbook: what every command begins with.

use std::path::{Path, PathBuf};

use super::{Exit, output};
use crate::check::{self, suggest};
use crate::checked::Book;
use crate::diagnostic::{self, Severity};
use crate::sources::{Loaded, Sources};

/// The checked flowbook of a folder. Findings are told on stderr; with an error among them the command ends.
pub fn checked(dir: &Path) -> Result<(Book, Sources), Exit> {
    let loaded = Loaded::read(dir);
    let checked = check::check(&loaded);
    let errors = checked
        .found
        .iter()
        .any(|found| found.severity == Severity::Error);
    if errors {
        output::note(&diagnostic::render(
            &checked.found,
            &loaded.sources,
            output::look(output::coloured_stderr()),
        ));
    }
    match checked.book {
        Some(book) if !errors => Ok((book, loaded.sources)),
        _ => Err(Exit::Broken),
    }
}

/// A flow that a user names must be one of the flowbook's.
pub fn has_flow<'f>(flows: impl Iterator<Item = &'f str> + Clone, name: &str) -> Result<(), Exit> {
    if flows.clone().any(|flow| flow == name) {
        return Ok(());
    }
    output::error(&format!("The flowbook has no flow “{name}”."));
    if let Some(help) = suggest::help(name, flows, "Its flows") {
        output::help(&help);
    }
    Err(Exit::Broken)
}

/// Where a flowbook keeps what it remembers: `.flowbook` in its folder, or where `--state` says.
pub fn state_folder(dir: &Path, state: Option<&Path>) -> PathBuf {
    if let Some(state) = state {
        return state.to_owned();
    }
    let folder = if dir.is_file() {
        dir.parent().unwrap_or(Path::new("."))
    } else {
        dir
    };
    folder.join(".flowbook")
}

/// Whether it is a folder that holds flow files of its own, or such a file.
pub fn is_flowbook(dir: &Path) -> bool {
    let is_flow = |path: &Path| path.extension().is_some_and(|end| end == "flow");
    entries(dir).any(|path| is_flow(&path)) || (dir.is_file() && is_flow(dir))
}

/// The state folders of flowbooks below a folder, three levels deep.
pub fn states_below(dir: &Path) -> Vec<PathBuf> {
    fn walk(dir: &Path, depth: u8, found: &mut Vec<PathBuf>) {
        for path in entries(dir).filter(|path| path.is_dir()) {
            if path.ends_with(".flowbook") {
                found.push(path);
            } else if depth > 0 {
                walk(&path, depth - 1, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(dir, 3, &mut found);
    found.sort();
    found
}

fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}
