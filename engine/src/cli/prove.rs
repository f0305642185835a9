//! `flowbook prove [DIR]`: a flowbook on the sandbox under faults, kills and pauses, and the count of what came of it.

use std::path::{Path, PathBuf};

use flowbook_sandbox::Fault;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Exit, book, output, settings, systems};
use crate::checked::Book;
use crate::lower;
use crate::prove::{self, CAN_PAUSE, Cannot, Flowbook, Outcome};

#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
For each seed the flowbook runs once undisturbed on a fresh sandbox: that says what there must be. Then it runs on an equal one, as real processes, \
while answers are lost, come late or broken, processes are killed (kill -9), stopped for longer than their deadlines and started twice; and last \
without faults until nothing changes. What both sandboxes hold in the end is counted and compared, field by field.\n\n  \
double      more documents or records of one key than after the undisturbed run\n  \
lost        fewer, and no run said that the record failed or waits\n  \
unreported  other totals or fields than after the undisturbed run, or a failure that no report names\n\n\
Everything happens in temporary folders and on this machine: your .flowbook and your systems are not touched. A record that fails in the undisturbed \
run too (the sample holds some) is no fault. What several source records share, such as a customer of two orders, is counted but not compared: \
who wrote it last is a matter of time. People who delete documents or change their references by hand are not played: that remains, and is told by later runs.\n\n\
A seed draws the same faults and the same kills every time; a kill strikes when the systems have seen so many requests. What a real process is just \
doing at that moment depends on the machine, so a seed is repeatable nearly, not exactly.\n\n\
Examples:\n  \
flowbook prove flows/ccv-eaccounting\n  \
flowbook prove flows/ccv-eaccounting --seeds 200 --kills 400\n  \
flowbook prove flows/ccv-eaccounting --set document=invoice --seed 17\n\n\
Exit codes: 0 it holds · 1 something is double, lost or unreported · 2 usage, or a flowbook that cannot be run on the sandbox.")]
pub struct Options {
    /// The flowbook's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// How many seeds are tried; ten take about a minute.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// How many kills in all, spread over the seeds; two for each if left out.
    #[arg(long, value_name = "N")]
    kills: Option<u64>,
    /// Only this seed.
    #[arg(long, value_name = "S", conflicts_with = "seeds")]
    seed: Option<u64>,
    /// So many orders of its own for each seed, beside the sample's.
    #[arg(long, value_name = "N", default_value_t = ORDERS)]
    orders: u32,
    /// One more fault in every seed, as `flowbook sandbox` takes it: to see what a person in the books does to the count.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<String>,
    /// A setting's value for all runs.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

const ORDERS: u32 = 20;

/// Kills of a seed where none are asked for.
const KILLS: u64 = 2;

pub fn command(options: &Options) -> Exit {
    let flowbook = match flowbook(options) {
        Ok(flowbook) => flowbook,
        Err(exit) => return exit,
    };
    let runtime = match systems::runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let proved = runtime.block_on(async {
        tokio::select! {
            proved = prove(options, flowbook) => Some(proved),
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    match proved {
        Some(Ok(outcome)) => told(options, &outcome),
        Some(Err(cannot)) => refused(&cannot),
        None => {
            output::error("Stopped before the end: nothing is proved.");
            Exit::Broken
        }
    }
}

fn flowbook(options: &Options) -> Result<Flowbook, Exit> {
    let (book, sources) = book::checked(&options.dir)?;
    let sample = flowbook_sandbox::sample_settings();
    let values = settings::given_or_sample(&book, &options.set, &sample)?;
    let plan =
        lower::lower(&book, &sources, &values).map_err(|missing| output::missing(&missing))?;
    let set = given(&book, &options.set, &sample);
    let faults: Result<Vec<Fault>, String> = options.fault.iter().map(|one| one.parse()).collect();
    let faults = faults.map_err(|why| {
        output::error(&format!("--fault: {why}"));
        Exit::Broken
    })?;
    Flowbook::new(options.dir.clone(), set, plan, faults).map_err(|cannot| refused(&cannot))
}

/// What the runs are given: as the user says, and the sample's values for settings without one.
fn given(book: &Book, set: &[String], sample: &[(String, String)]) -> Vec<String> {
    let mut all = set.to_vec();
    for (name, value) in sample {
        let wanting =
            |setting: &&crate::checked::Setting| setting.name == *name && setting.value.is_none();
        let named = |text: &String| text.split('=').next().is_some_and(|one| one.trim() == name);
        if book.settings.iter().any(|setting| wanting(&setting)) && !set.iter().any(named) {
            all.push(format!("{name}={value}"));
        }
    }
    all
}

async fn prove(options: &Options, flowbook: Flowbook) -> Result<Outcome, Cannot> {
    let seeds: Vec<(u64, u64)> = match options.seed {
        Some(seed) => vec![(seed, options.kills.unwrap_or(KILLS))],
        None => {
            let kills = options.kills.unwrap_or(options.seeds.saturating_mul(KILLS));
            let (each, over) = (kills / options.seeds, kills % options.seeds);
            (1..=options.seeds)
                .map(|seed| (seed, each + u64::from(seed <= over)))
                .collect()
        }
    };
    // a trial mostly waits for what settles
    let at_once = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    let bar = output::watched().then(|| bar(seeds.len()));
    let done = |trial: &prove::Trial| {
        if let Some(bar) = &bar {
            if !trial.holds() {
                bar.set_message(format!("seed {} fails", trial.seed));
            }
            bar.inc(1);
        }
    };
    let outcome = prove::prove(flowbook, seeds, options.orders, at_once, &done).await;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    outcome
}

fn bar(seeds: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(seeds).unwrap_or(u64::MAX));
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    match ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} seeds {elapsed} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn told(options: &Options, outcome: &Outcome) -> Exit {
    match options.format {
        output::Format::Json => output::json(outcome),
        output::Format::Human => {
            output::print(&outcome.summary(&again(options)));
            if !CAN_PAUSE {
                output::note(
                    "This system cannot stop and continue processes: pauses were left out.",
                );
            }
        }
    }
    if outcome.holds() {
        Exit::Done
    } else {
        Exit::Findings
    }
}

/// The command that tries a seed again, but for the seed.
fn again(options: &Options) -> String {
    let mut words = vec!["flowbook prove".to_owned()];
    if options.dir != Path::new(".") {
        words.push(options.dir.display().to_string());
    }
    if options.orders != ORDERS {
        words.push(format!("--orders {}", options.orders));
    }
    words.extend(
        options
            .fault
            .iter()
            .map(|fault| format!("--fault '{fault}'")),
    );
    words.extend(options.set.iter().map(|set| format!("--set '{set}'")));
    words.join(" ")
}

fn refused(cannot: &Cannot) -> Exit {
    output::error(&cannot.message);
    if let Some(help) = &cannot.help {
        output::help(help);
    }
    Exit::Broken
}
