//! `flowbook relink [DIR]`: finds by key what was written, for a store that is lost or damaged.
//!
//! It is a run that writes to no system: it reads all of each flow's source, looks up what each record creates, and remembers what it finds.

use std::path::PathBuf;

use super::wait::Wait;
use super::{Exit, output, run};
use crate::run::report::{FlowReport, Report};

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  \
    flowbook relink flows/ccv-eaccounting\n\n\
    For a store that is lost, damaged, or put back from an older copy, whether a run was made with it since or not. A damaged one is moved aside as\n\
    store.sqlite.damaged-DATE first. Then all of each flow's source is read, and what each record creates is looked up by its key, in every form that\n\
    it can have taken; what is found is remembered. Nothing is written to the systems. Afterwards `flowbook run` goes on: what is there already is not\n\
    made again. What is there and is not just as the flow would write it may be a person's work: it is left out where something is still to do for it.")]
pub struct Options {
    /// The flowbook's folder and the names of flows; all flows if none is named.
    #[arg(value_name = "DIR|FLOW")]
    words: Vec<String>,
    /// A setting's value, as it is given to runs.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Looks in the local servers that behave like the two systems.
    #[arg(long)]
    sandbox: bool,
    /// Keeps the state in this folder instead of the flowbook's `.flowbook`.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    #[command(flatten)]
    wait: Wait,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

pub fn command(options: &Options) -> Exit {
    run::command(&run::Options::relink(
        options.words.clone(),
        options.set.clone(),
        options.sandbox,
        options.state.clone(),
        options.wait,
        options.format,
    ))
}

/// What became of a flow's records.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
struct Told<'r> {
    flow: &'r str,
    /// Records read.
    read: u64,
    /// All that they create is there.
    found: u64,
    /// Something that they create is not there: the next run makes it.
    not_found: u64,
    /// Several records in the target carry one key: a person must choose.
    several: u64,
    /// Others that could not be looked up.
    failed: u64,
    /// Nothing is written for them: skipped, or not ripe.
    left_out: u64,
}

/// Several records in the target carry one key.
const SEVERAL: &str = "F0802";

impl<'r> Told<'r> {
    fn of(report: &'r FlowReport) -> Told<'r> {
        let failures = report.failures.iter();
        let several = failures.filter(|one| one.code == SEVERAL).count() as u64;
        Told {
            flow: &report.flow,
            read: report.read,
            found: report.unchanged + report.done - report.created,
            not_found: report.created,
            several,
            failed: report.failed - several,
            left_out: report.skipped + report.waiting,
        }
    }
}

/// Says what was found.
pub fn tell(report: &Report, format: output::Format) {
    let all: Vec<Told<'_>> = report.flows.iter().map(Told::of).collect();
    if format == output::Format::Json {
        output::json(&all);
        return;
    }
    for (told, flow) in all.iter().zip(&report.flows) {
        output::print(&format!("{}\n", told.flow));
        for (word, count) in [
            ("read", told.read),
            ("found", told.found),
            ("not found", told.not_found),
            ("several", told.several),
            ("failed", told.failed),
            ("left out", told.left_out),
        ] {
            output::print(&format!("  {word:<13} {count}\n"));
        }
        for failure in &flow.failures {
            output::print(&format!(
                "  {}: {}  [{}]\n",
                failure.key, failure.message, failure.code
            ));
            if let Some(help) = &failure.help {
                output::print(&format!("    next    {help}\n"));
            }
        }
    }
    let found: u64 = all.iter().map(|told| told.found).sum();
    let missing: u64 = all.iter().map(|told| told.not_found).sum();
    let is = |count: u64| match count {
        1 => "1 record is".to_owned(),
        _ => format!("{count} records are"),
    };
    output::print(&format!(
        "Nothing was written to the systems. {} remembered again; {} not there, and the next run makes what is missing.\n",
        is(found),
        is(missing)
    ));
}
