//! The text of a flowbook: the `.flow` files of its folder, of the folders it uses, of the connectors it names, and the CSV files of its tables.

use std::path::PathBuf;

use flowbook_grammar::{FileId, Span};

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
}

/// All files, by number.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The folder of the flowbook itself; none for texts from tests.
    pub folder: Option<PathBuf>,
    /// By [`FileId`].
    pub files: Vec<Source>,
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
}
