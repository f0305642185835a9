//! `flowbook purge [DIR]`: erases what the flowbook need not keep any more, and gives the space back.

use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::desk::{Desk, Place, failed};
use super::wait::Wait;
use super::{Exit, output, settle};
use crate::store::{Dropped, erasure};

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    flowbook purge flows/ccv-eaccounting\n  \
    flowbook purge flows/ccv-eaccounting --older-than \"7 days\"\n\n\
    A flowbook keeps what it sent, and what it read of records that failed or wait, for as long as its `retention` says: 30 days if it says nothing.\n\
    Each run erases what is older; `purge` does it now and rewrites the file, which takes minutes for one of some gigabytes. What was written where\n\
    stays remembered, so nothing is written twice; so do writes of which nobody knows yet whether they came through.")]
pub struct Options {
    /// The flowbook's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Erases what is older than this, such as "7 days", instead of what `retention` says.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    older_than: Option<Duration>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    wait: Wait,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

fn span(text: &str) -> Result<Duration, String> {
    settle::span(text).ok_or_else(|| "a span of time is written “7 days” or “12 hours”".to_owned())
}

#[derive(serde::Serialize)]
struct Told {
    /// What was older than this was erased.
    before: Timestamp,
    #[serde(flatten)]
    erased: Dropped,
    /// Of the store's files, before and after.
    file_bytes_before: u64,
    file_bytes_after: u64,
}

pub fn command(options: &Options) -> Exit {
    run(options).unwrap_or_else(|exit| exit)
}

fn run(options: &Options) -> Result<Exit, Exit> {
    let desk = Desk::open(&options.dir, &options.place)?;
    let kept = match (options.older_than, &desk.book) {
        (Some(span), _) => span,
        (None, Some((book, _))) => Duration::from_secs(book.retention_s),
        (None, None) => {
            output::error("The flowbook cannot be read, so nobody knows what its `retention` is.");
            output::help(&format!(
                "Correct it (`{}` shows what is wrong), or say --older-than \"30 days\".",
                desk.call("validate", "")
            ));
            return Err(Exit::Broken);
        }
    };
    let Some(mut store) = desk.write(options.wait)? else {
        desk.nothing_yet();
        return Ok(Exit::Done);
    };
    let now = Timestamp::now();
    let before = SignedDuration::try_from(kept)
        .ok()
        .and_then(|kept| now.checked_sub(kept).ok())
        .unwrap_or(Timestamp::MIN);
    let file_bytes_before = erasure::size(desk.folder());
    let erased = store.purge(before).map_err(failed)?;
    store.give_space_back().map_err(failed)?;
    drop(store);
    let told = Told {
        before,
        erased,
        file_bytes_before,
        file_bytes_after: erasure::size(desk.folder()),
    };
    match options.format {
        output::Format::Json => output::json(&told),
        output::Format::Human => output::print(&sentences(&told, &desk)),
    }
    Ok(Exit::Done)
}

fn sentences(told: &Told, desk: &Desk) -> String {
    let erased = &told.erased;
    let what = match erased.is_nothing() {
        true => "There was nothing to erase".to_owned(),
        false => format!(
            "Erased {}: {},",
            output::bytes(erased.bytes),
            output::counts(&[
                (erased.payloads, "payload"),
                (erased.changes, "change"),
                (erased.keys, "key"),
                (erased.sources, "source record"),
            ])
        ),
    };
    format!(
        "{what} from before {}.\nThe files of the store took {} and take {} now. What was written where stays remembered.\n",
        desk.time(told.before),
        output::bytes(told.file_bytes_before),
        output::bytes(told.file_bytes_after)
    )
}
