//! The text of a flowbook: the `.flow` files of its folder, of the folders it uses, of the connectors it names, and the CSV files of its tables.
//!
//! In: a folder, a single file, or texts from a test. Out: [`Loaded`]: the texts, their trees, and everything that could not be read.

mod disk;
mod load;

use std::path::{Path, PathBuf};

use flowbook_grammar::{FileId, Span, ast};

use crate::diagnostic::Diagnostic;
use disk::Disk;
pub use disk::Refusal;

/// One file.
#[derive(Debug, Clone)]
pub struct Source {
    /// As shown to users: relative to the working folder where that is shorter; `stdlib/connectors/…` for built-in connectors.
    pub name: String,
    /// Where it was read from; none for built-in ones and texts from tests.
    pub path: Option<PathBuf>,
    /// The text.
    pub text: String,
    /// Of the flowbook's own folder (rather than a used folder's or a connector's): unused things are told for these only.
    pub own: bool,
    /// Of two layers the one with the larger number wins: a folder stands above those it uses, the flowbook's own above all.
    pub layer: u16,
}

/// All files, by number.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The folder of the flowbook itself; none for texts from tests.
    pub folder: Option<PathBuf>,
    /// By [`FileId`].
    pub files: Vec<Source>,
    /// The folders that were read, as they are named in paths of files.
    folders: Vec<PathBuf>,
    /// The CSV files of tables: which file names which path, and what was found there.
    tables: Vec<(FileId, String, Result<Option<FileId>, Refusal>)>,
    /// Where files are read from.
    disk: Disk,
}

/// A flowbook's text and trees.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The files.
    pub sources: Sources,
    /// Their trees, by [`FileId`]; empty ones for files that are no flow text.
    pub files: Vec<ast::File>,
    /// Everything that could not be read, syntax errors included.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Reads a flowbook: a folder or a single `.flow` file.
    pub fn read(path: &Path) -> Loaded {
        load::load(path, Disk::Real)
    }

    /// A flowbook from texts: names are paths in a folder of their own (`main.flow`, `base/shared.flow`, `tables/x.csv`).
    pub fn of_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Loaded {
        let files = texts
            .into_iter()
            .map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec()))
            .collect();
        load::load(Path::new(""), Disk::Memory(files))
    }
}

impl Sources {
    /// The file that a span lies in.
    pub fn file(&self, id: FileId) -> &Source {
        &self.files[usize::from(id.0)]
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file)
            .text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    /// Reads a file that the file `by` names, a table's CSV say: relative to its folder, and never outside the flowbook's own folder or a used one.
    /// `None` when there is no such file.
    pub fn beside(&self, by: FileId, path: &str) -> Result<Option<Source>, Refusal> {
        let source = self.file(by);
        let folder = source
            .path
            .as_deref()
            .and_then(Path::parent)
            .unwrap_or(Path::new(""));
        Ok(self
            .disk
            .beside(folder, path, &self.folders)?
            .map(|(path, text)| Source {
                name: disk::shown(&path),
                path: Some(path),
                text,
                own: source.own,
                layer: source.layer,
            }))
    }

    /// The CSV file that a table in the file `by` names; `None` when there is no such file.
    pub fn table(&self, by: FileId, path: &str) -> Result<Option<FileId>, Refusal> {
        self.tables
            .iter()
            .find(|(file, named, _)| *file == by && named == path)
            .map_or(Ok(None), |(_, _, found)| found.clone())
    }
}
