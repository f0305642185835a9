//! `flowbook forget [DIR] --email ADDRESS`: erases what a flowbook knows of one person, and proves it by searching its raw files.

use std::path::PathBuf;

use super::desk::{Desk, Place, failed};
use super::wait::Wait;
use super::{Exit, output};
use crate::store::erasure::{self, Forgetting, Forgotten, Searched};
use crate::store::journal::Entry;
use crate::store::traces::Traces;

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  \
    flowbook forget flows/ccv-eaccounting --email anna@example.com\n\n\
    Erases from the flowbook's state what tells of the person: what was sent and read of each record in which the address stands, reasons, keys and\n\
    names. What was written where stays remembered without it, so nothing is written twice. Then all files of the state are searched for the address,\n\
    in capitals, escaped and in what was deleted before; where it is still found, the exit code is 1.\n\n\
    The systems keep what they have: erase the person there first, or the next run reads and keeps it anew.")]
pub struct Options {
    /// The flowbook's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The person's e-mail address.
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    wait: Wait,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

#[derive(serde::Serialize)]
struct Told {
    erased: Forgotten,
    /// Files that were searched.
    files: usize,
    /// Their length.
    bytes: u64,
    /// Files in which the address still stands.
    found: Vec<Searched>,
}

pub fn command(options: &Options) -> Exit {
    run(options).unwrap_or_else(|exit| exit)
}

fn run(options: &Options) -> Result<Exit, Exit> {
    let desk = Desk::open(&options.dir, &options.place)?;
    let person = Traces::of(&options.email).map_err(|why| {
        output::error(&format!("{why}."));
        Exit::Broken
    })?;
    let Some(mut store) = desk.write(options.wait)? else {
        desk.nothing_yet();
        return Ok(Exit::Done);
    };
    let erased = match store.forget(&person).map_err(failed)? {
        Forgetting::Open(entries) => return Ok(open(&desk, &entries)),
        Forgetting::Done(erased) => erased,
    };
    let others = store.others(&person).map_err(failed)?;
    // Erased values are zeros in their pages already; what is left of older versions goes with the file's free room.
    store.give_space_back().map_err(failed)?;
    drop(store);
    let searched = erasure::search(desk.folder(), &person, &others).map_err(failed)?;
    let told = Told {
        erased,
        files: searched.len(),
        bytes: searched.iter().map(|one| one.bytes).sum(),
        found: searched.into_iter().filter(|one| one.times > 0).collect(),
    };
    match options.format {
        output::Format::Json => output::json(&told),
        output::Format::Human => output::print(&sentences(&told, &desk)),
    }
    Ok(match told.found.is_empty() {
        true => Exit::Done,
        false => Exit::Findings,
    })
}

/// Says which writes must be known first.
fn open(desk: &Desk, entries: &[Entry]) -> Exit {
    let first: Vec<String> = entries
        .iter()
        .take(5)
        .map(|entry| {
            let intent = &entry.intent;
            format!("{} › {}", intent.record.flow, intent.resource)
        })
        .collect();
    output::error(&format!(
        "Nothing was erased: nobody knows yet whether {} of records that tell of this person came through ({}), and only the keys that would be erased can tell.",
        output::counted(entries.len() as u64, "write"),
        first.join(", ")
    ));
    output::help(&format!(
        "Run `{}`: it looks them up once nothing can take effect any more. Then say this again.",
        desk.call("run", "")
    ));
    Exit::Findings
}

fn sentences(told: &Told, desk: &Desk) -> String {
    let erased = &told.erased;
    let what = match erased.records {
        0 => "No record tells of this person.".to_owned(),
        records => format!(
            "Erased what {} told of this person: {}.",
            output::counted(records, "record"),
            output::counts(&[
                (erased.writes, "write"),
                (erased.sources, "source record"),
                (erased.reasons, "reason"),
                (erased.names, "name"),
            ])
        ),
    };
    let files = output::counted(told.files as u64, "file");
    let bytes = output::bytes(told.bytes);
    if told.found.is_empty() {
        return format!(
            "{what}\nThe address is found nowhere in {files}, {bytes}.\n\
             The systems keep what they have; what they show of this person is read again by the next run.\n"
        );
    }
    let found: Vec<String> = told
        .found
        .iter()
        .map(|one| {
            let times = output::counted(one.times, "time");
            format!("  {}: {times}\n", desk.folder().join(&one.file).display())
        })
        .collect();
    format!(
        "{what}\nThe address is still found in {} of {files}, {bytes}:\n{}\
         Delete these files if they are copies that are not needed any more.\n",
        told.found.len(),
        found.concat()
    )
}
