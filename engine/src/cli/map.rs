//! `flowbook map [DIR] --map NAME`: JSON lines on stdin through one map to stdout.

use std::path::PathBuf;

use super::{Exit, book, output, settings};
use crate::check::suggest;
use crate::lower;
use crate::run::map;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The flowbook's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The map: one of a single parameter.
    #[arg(long, value_name = "NAME")]
    map: String,
    /// Records that lookups find: a resource and a JSON file, books.articles=articles.json
    #[arg(long, value_name = "RESOURCE=FILE")]
    given: Vec<String>,
    /// A setting's value, as for `run`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}
