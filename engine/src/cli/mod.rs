//! The command line: what a user types, in which form it answers, and how it exits: 0 done, 1 findings or failed records, 2 usage or a broken
//! flowbook. Results go to stdout, everything else to stderr; colours only to a terminal.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod book;
mod completions;
mod desk;
mod dismiss;
mod doc;
mod explain;
mod fmt;
mod forget;
mod map;
mod moment;
mod output;
mod prove;
mod purge;
mod record;
mod records;
mod relink;
mod retry;
mod run;
mod sandbox;
mod settings;
mod settle;
mod signals;
mod systems;
mod test;
mod validate;
mod wait;
mod why;

/// Flows between a shop's till and its books, as text: checked before they run, nothing booked twice.
#[derive(Debug, Parser)]
#[command(
    name = "flowbook",
    version,
    max_term_width = 110,
    after_help = "Exit codes: 0 done · 1 findings or failed records · 2 usage or a broken flowbook.\n\
                  DIR is a flowbook's folder; the current one if left out.",
    after_long_help = "Examples:\n  \
        flowbook validate flows/ccv-eaccounting\n  \
        flowbook run flows/ccv-eaccounting --sandbox --dry-run\n  \
        flowbook explain flows/ccv-eaccounting orders\n\n\
        Exit codes: 0 done · 1 findings or failed records · 2 usage or a broken flowbook.\n\
        DIR is a flowbook's folder; the current one if left out."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Colours: on a terminal, always, or never. NO_COLOR is honoured.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: output::Color,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Proves a flowbook without a network, and tells every error at once.
    Validate(validate::Options),
    /// Gives flow files the one formatting.
    Fmt(fmt::Options),
    /// Shows what a flow will do and ask, or the page of a diagnostic's code.
    Explain(explain::Options),
    /// Runs the tests of a flowbook.
    Test(test::Options),
    /// Sends records through one map: JSON lines in, JSON lines out.
    Map(map::Options),
    /// Carries flows out.
    Run(run::Options),
    /// Lists what became of which record, and shows one: source, target, before and after.
    Records(records::Options),
    /// Has the next run try failed records again.
    Retry(retry::Options),
    /// Takes a record off the list that a person has dealt with.
    Dismiss(dismiss::Options),
    /// Tells why a record is, or is not, in the target.
    Why(why::Options),
    /// Proves on the sandbox, under faults and kills, that nothing is booked twice and nothing is lost.
    Prove(prove::Options),
    /// Erases what the flowbook need not keep any more, and gives the space back.
    Purge(purge::Options),
    /// Erases what the flowbook knows of one person, and proves it.
    Forget(forget::Options),
    /// Finds by key what was written, for a store that is lost or damaged.
    Relink(relink::Options),
    /// Starts local servers that behave like the two systems, with sample data.
    Sandbox(sandbox::Options),
    /// Prints the reference of the standard functions.
    Doc(doc::Options),
    /// Prints a completion script for a shell.
    Completions(completions::Options),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Done.
    Done,
    /// Findings, or records that a person must look at.
    Findings,
    /// Wrong usage, or a flowbook that does not run.
    Broken,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Findings => 1,
            Exit::Broken => 2,
        })
    }
}

/// Runs what the command line says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    output::colour(cli.color);
    // a deep tree is walked recursively: the main thread of some systems has too small a stack for the deepest one that is accepted
    let worker = std::thread::Builder::new()
        .name("flowbook".to_owned())
        .stack_size(STACK)
        .spawn(move || dispatch(cli.command));
    let exit = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => exit,
        Ok(Err(_)) => {
            output::error(
                "Flowbook came across a mistake of its own and stopped. What was written before stands; run again to go on.",
            );
            Exit::Broken
        }
        Err(why) => {
            output::error(&format!("The system gave no thread to work in: {why}."));
            Exit::Broken
        }
    };
    exit.into()
}

const STACK: usize = 64 << 20;

fn dispatch(command: Command) -> Exit {
    match command {
        Command::Validate(options) => validate::command(&options),
        Command::Fmt(options) => fmt::command(&options),
        Command::Explain(options) => explain::command(&options),
        Command::Test(options) => test::command(&options),
        Command::Map(options) => map::command(&options),
        Command::Run(options) => run::command(&options),
        Command::Records(options) => records::command(&options),
        Command::Retry(options) => retry::command(&options),
        Command::Dismiss(options) => dismiss::command(&options),
        Command::Why(options) => why::command(&options),
        Command::Prove(options) => prove::command(&options),
        Command::Purge(options) => purge::command(&options),
        Command::Forget(options) => forget::command(&options),
        Command::Relink(options) => relink::command(&options),
        Command::Sandbox(options) => sandbox::command(&options),
        Command::Doc(options) => doc::command(&options),
        Command::Completions(options) => completions::command(&options),
    }
}

/// `DIR NAME…` where either may be left out: the first word is a folder when there is one of that name, when it reads as a path, or when the
/// current folder is no flowbook.
fn folder_and_names(words: &[String]) -> (PathBuf, Vec<String>) {
    let here = PathBuf::from(".");
    match words.split_first() {
        Some((first, rest)) if is_folder(first) || !book::is_flowbook(&here) => {
            (PathBuf::from(first), rest.to_vec())
        }
        _ => (here, words.to_vec()),
    }
}

fn is_folder(word: &str) -> bool {
    word.contains(['/', '\\', '.']) || PathBuf::from(word).is_dir()
}
