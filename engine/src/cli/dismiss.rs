//! `flowbook dismiss [DIR] KEY… --reason TEXT`: a person has dealt with a record.

use jiff::Timestamp;

use super::desk::{Desk, Place, called, failed, folder_and_keys, meant};
use super::wait::Wait;
use super::{Exit, output};
use crate::store::kept::{Filter, Kept};
use crate::store::{End, Records, Store};

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  \
    flowbook dismiss flows/ccv-eaccounting 1062 --reason \"booked by hand on 3 March, voucher A-117\"\n\n\
    A dismissed record is off the list, and no run looks at it again, whatever changes in it: what was booked by hand is never booked a second\n\
    time. A run notes it once when such a record changes in its source. `flowbook retry KEY` takes it up again, and\n\
    `flowbook records --state dismissed` lists who dismissed what, with the reason.")]
pub struct Options {
    /// The flowbook's folder, and keys or numbers of records.
    #[arg(value_name = "DIR|KEY", required = true)]
    words: Vec<String>,
    /// What was done about it, for whoever asks later.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Of this flow only, where several know the record.
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
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
    flow: Option<String>,
    key: String,
    dismissed: bool,
    message: String,
}

pub fn command(options: &Options) -> Exit {
    run(options).unwrap_or_else(|exit| exit)
}

fn run(options: &Options) -> Result<Exit, Exit> {
    let (dir, keys) = folder_and_keys(&options.words);
    let desk = Desk::open(&dir, &options.place)?;
    let reason = options.reason.trim();
    if keys.is_empty() || reason.is_empty() {
        output::error(match keys.is_empty() {
            true => "Which record was dealt with?",
            false => "A record is dismissed with a reason: somebody will ask for it.",
        });
        output::help(&format!(
            "For example: {}",
            desk.call("dismiss", "1062 --reason \"booked by hand, voucher A-117\"")
        ));
        return Err(Exit::Broken);
    }
    let Some(mut store) = desk.write(options.wait)? else {
        desk.nothing_yet();
        return Ok(Exit::Findings);
    };
    if let Some(flow) = &options.flow {
        desk.knows(flow, &store)?;
    }
    let wanted = Filter {
        flow: options.flow.clone(),
        ..Filter::default()
    };
    let mut all = Vec::new();
    for key in &keys {
        let open = |kept: &Kept| !matches!(kept.state.end, End::Done | End::Skipped);
        let found = meant(&store, key, &wanted, open)?;
        if found.is_empty() {
            all.push(Told {
                flow: options.flow.clone(),
                key: key.clone(),
                dismissed: false,
                message: format!(
                    "{key}: no such record is remembered here; `{}` tells more.",
                    desk.call("why", key)
                ),
            });
        }
        for kept in found {
            let (dismissed, message) = match kept.state.end {
                End::Done => (
                    false,
                    "is carried over already; there is nothing to dismiss.",
                ),
                End::Skipped => (false, "was skipped; there is nothing to dismiss."),
                _ => (true, "is dismissed."),
            };
            if dismissed {
                store
                    .dismiss(&kept.record, reason, Timestamp::now())
                    .map_err(failed)?;
            }
            let mut message = format!("{} › {} {message}", kept.record.flow, called(&kept));
            let entries = store.entries(&kept.record).map_err(failed)?;
            if dismissed && entries.iter().any(|entry| entry.phase.is_open()) {
                message.push_str(
                    " Of one of its writes nobody knows yet whether it came through: the next run looks, and writes nothing.",
                );
            }
            all.push(Told {
                flow: Some(kept.record.flow),
                key: kept.record.key,
                dismissed,
                message,
            });
        }
    }
    match options.format {
        output::Format::Json => output::json(&all),
        output::Format::Human => {
            for told in &all {
                output::print(&format!("{}\n", told.message));
            }
        }
    }
    Ok(match all.iter().all(|told| told.dismissed) {
        true => Exit::Done,
        false => Exit::Findings,
    })
}
