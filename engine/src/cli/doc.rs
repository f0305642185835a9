//! `flowbook doc std`: the reference of the standard functions.

use flowbook_stdlib::{functions, reference};

use super::{Exit, output};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// `std`: the standard functions.
    #[arg(value_enum)]
    what: What,
    /// How the reference is printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum What {
    /// The standard functions.
    Std,
}

#[derive(serde::Serialize)]
struct Entry {
    name: &'static str,
    signature: String,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
}

pub fn command(options: &Options) -> Exit {
    let What::Std = options.what;
    match options.format {
        output::Format::Human => output::print(&reference::markdown()),
        output::Format::Json => output::json(
            &functions::ALL
                .iter()
                .map(|function| Entry {
                    name: function.name,
                    signature: reference::signature(function),
                    doc: function.doc,
                    examples: function.examples,
                })
                .collect::<Vec<_>>(),
        ),
    }
    Exit::Done
}
