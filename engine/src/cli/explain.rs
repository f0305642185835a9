//! `flowbook explain [DIR] FLOW` and `flowbook explain F0123`.

use super::{Exit, book, folder_and_names, output, settings};
use crate::{catalogue, explain, lower};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// A code (F0123); or a flowbook's folder and the names of flows, all of them if none is named.
    #[arg(value_name = "DIR|FLOW|CODE")]
    words: Vec<String>,
    /// A setting's value, as for `run`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

#[derive(serde::Serialize)]
struct Page<'a> {
    code: &'a str,
    title: &'a str,
    page: &'a str,
}

pub fn command(options: &Options) -> Exit {
    match options.words.as_slice() {
        [word] if is_code(word) => page(word, options.format),
        words => flows(words, options),
    }
}

fn is_code(word: &str) -> bool {
    word.strip_prefix(['F', 'f'])
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// A code as the catalogue writes it, for options that take one.
pub fn code(word: &str) -> Result<String, String> {
    match catalogue::find(word) {
        Some(entry) => Ok(entry.code.to_owned()),
        None => Err("there is no such code; one stands in brackets beside each failure".to_owned()),
    }
}

fn page(code: &str, format: output::Format) -> Exit {
    let Some(entry) = catalogue::find(code) else {
        output::error(&format!("There is no code {code}."));
        output::help("A code stands in brackets beside each finding: F0301, say.");
        return Exit::Broken;
    };
    match format {
        output::Format::Human => output::print(&format!(
            "{}: {}\n\n{}\n",
            entry.code,
            entry.title,
            entry.page.trim()
        )),
        output::Format::Json => output::json(&Page {
            code: entry.code,
            title: entry.title,
            page: entry.page.trim(),
        }),
    }
    Exit::Done
}

fn flows(words: &[String], options: &Options) -> Exit {
    let (dir, names) = folder_and_names(words);
    let planned = book::checked(&dir).and_then(|(checked, sources)| {
        let values = settings::given(&checked, &options.set)?;
        // a setting without a value is no hindrance to reading a plan
        Ok(lower::sketch(&checked, &sources, &values))
    });
    let plan = match planned {
        Ok(Ok(plan)) => plan,
        Ok(Err(missing)) => return output::missing(&missing),
        Err(exit) => return exit,
    };
    let known = plan.flows.iter().map(|flow| flow.name.as_str());
    for name in &names {
        if let Err(exit) = book::has_flow(known.clone(), name) {
            return exit;
        }
    }
    if options.format == output::Format::Json {
        output::json(&plan);
        return Exit::Done;
    }
    for flow in &plan.flows {
        if names.is_empty() || names.contains(&flow.name) {
            output::print(&explain::explain(&plan, flow));
            output::print("\n");
        }
    }
    Exit::Done
}
