//! `flowbook fmt`: the one formatting, in place.

use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::{Exit, output};
use crate::diagnostic;
use crate::sources::Loaded;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Folders and .flow files; folders with all that lie below them.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Changes nothing; shows what would change, and exits with 1 if anything would.
    #[arg(long)]
    check: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

#[derive(serde::Serialize)]
struct Formatted {
    file: String,
    changed: bool,
}

pub fn command(options: &Options) -> Exit {
    let mut files = Vec::new();
    for path in &options.paths {
        if let Err(why) = collect(path, &mut files) {
            output::error(&format!("{} cannot be read: {why}.", path.display()));
            return Exit::Broken;
        }
    }
    if files.is_empty() {
        output::error("There is no .flow file here.");
        output::help("Name a flowbook's folder: flowbook fmt flows/ccv-eaccounting");
        return Exit::Broken;
    }
    let mut broken = false;
    let mut results = Vec::new();
    for path in files {
        match one(&path, options) {
            Ok(changed) => results.push(Formatted {
                file: path.display().to_string(),
                changed,
            }),
            Err(message) => {
                output::note(&message);
                broken = true;
            }
        }
    }
    let changed = results.iter().filter(|result| result.changed).count();
    if options.format == output::Format::Json {
        output::json(&results);
    } else {
        let verb = if options.check {
            "would change"
        } else {
            "changed"
        };
        output::note(&format!("{changed} of {} files {verb}.", results.len()));
    }
    match (broken, options.check && changed > 0) {
        (true, _) => Exit::Broken,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Done,
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        std::fs::metadata(path)?;
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = std::fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    for entry in entries {
        let hidden = entry
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let link = entry.is_symlink();
        if entry.is_dir() && !hidden && !link {
            collect(&entry, files)?;
        } else if entry.extension().is_some_and(|end| end == "flow") {
            files.push(entry);
        }
    }
    Ok(())
}

/// Formats one file; whether it changes. A file with a syntax error is left as it is.
fn one(path: &Path, options: &Options) -> Result<bool, String> {
    let name = path.display().to_string();
    let text = std::fs::read(path)
        .map_err(|why| format!("{name} cannot be read: {why}."))
        .and_then(|bytes| {
            String::from_utf8(bytes)
                .map_err(|_| format!("{name} is not text (UTF-8): it is left as it is."))
        })?;
    let formatted = flowbook_grammar::format(&text).map_err(|_| {
        let loaded = Loaded::of_texts([(name.as_str(), text.as_str())]);
        let look = output::look(output::coloured_stderr());
        diagnostic::render(&loaded.diagnostics, &loaded.sources, look)
    })?;
    if formatted == text {
        return Ok(false);
    }
    if options.check {
        if options.format == output::Format::Human {
            let diff = TextDiff::from_lines(&text, &formatted);
            output::print(
                &diff
                    .unified_diff()
                    .context_radius(1)
                    .header(&name, &format!("{name} (formatted)"))
                    .to_string(),
            );
        }
    } else {
        replace(path, &formatted).map_err(|why| format!("{name} cannot be written: {why}."))?;
    }
    Ok(true)
}

/// Writes beside the file and renames, so that a full disk loses nothing.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let path = std::fs::canonicalize(path)?;
    let beside = path.with_extension("flow.new");
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, std::fs::metadata(&path)?.permissions()))
        .and_then(|()| std::fs::rename(&beside, &path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
