//! Items of all files → [`Declared`]: names, types, settings, systems.

use flowbook_grammar::ast;

use super::declared::Declared;
use crate::diagnostic::Diagnostic;
use crate::sources::Sources;

/// Collects what a flowbook declares. `files` are the trees of `sources`, by file number.
pub fn declare<'a>(sources: &Sources, files: &'a [ast::File]) -> (Declared<'a>, Vec<Diagnostic>) {
    let _ = (sources, files);
    (Declared::default(), Vec::new())
}
