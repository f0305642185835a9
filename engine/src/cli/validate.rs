//! `flowbook validate [DIR…]`: every finding at once, offline.

use std::path::{Path, PathBuf};

use super::{Exit, output};
use crate::check;
use crate::diagnostic::{self, Severity};
use crate::sources::Loaded;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Folders of flowbooks.
    #[arg(value_name = "DIR", default_value = ".")]
    dirs: Vec<PathBuf>,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Source underlined, reason, fix.
    #[default]
    Human,
    /// An array of findings.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
}

pub fn command(options: &Options) -> Exit {
    let mut all = Vec::new();
    let mut exit = Exit::Done;
    for dir in &options.dirs {
        let loaded = Loaded::read(dir);
        let checked = check::check(&loaded);
        let has = |severity| checked.found.iter().any(|found| found.severity == severity);
        let nothing = ["F0601", "F0602"];
        if checked
            .found
            .iter()
            .any(|found| nothing.contains(&found.code))
        {
            exit = Exit::Broken;
        } else if has(Severity::Error) && exit == Exit::Done {
            exit = Exit::Findings;
        }
        if options.format == Format::Human {
            if !checked.found.is_empty() {
                output::print(&diagnostic::render(
                    &checked.found,
                    &loaded.sources,
                    output::look(output::coloured_stdout()),
                ));
            }
            if let Some(book) = checked.book.filter(|_| !has(Severity::Error)) {
                output::print(&sound(dir, &book));
            }
        } else {
            all.push((loaded.sources, checked.found));
        }
    }
    match options.format {
        Format::Human => {}
        Format::Json => output::print(&(diagnostic::json(&all) + "\n")),
        Format::Sarif => output::print(&(diagnostic::sarif(&all) + "\n")),
        Format::Github => output::print(&diagnostic::github(&all)),
    }
    exit
}

fn sound(dir: &Path, book: &crate::checked::Book) -> String {
    let counted = |count: usize, what: &str| output::counted(count as u64, what);
    let mut text = format!(
        "{} is sound: {}, {}, {}, {}.\n",
        dir.display(),
        counted(book.flows.len(), "flow"),
        counted(book.maps.len(), "map"),
        counted(book.tables.len(), "table"),
        counted(book.tests.len(), "test"),
    );
    for setting in &book.settings {
        if setting.value.is_none() && !setting.ty.optional {
            text.push_str(&format!(
                "The setting {0} has no value yet; `run` asks for it: `set {0} = …` in a .flow file, or --set {0}=….\n",
                setting.name
            ));
        }
    }
    text
}
