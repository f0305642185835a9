//! `flowbook retry [DIR] [KEY…]`: has the next run try failed records again.

use super::desk::{self, Desk, Place, called, failed, folder_and_keys, meant};
use super::wait::Wait;
use super::{Exit, explain, output};
use crate::store::journal::Phase;
use crate::store::kept::{Filter, Kept};
use crate::store::sqlite::SqliteStore;
use crate::store::{End, RecordKey, Records, Store};

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    flowbook retry flows/ccv-eaccounting 1062\n  \
    flowbook retry flows/ccv-eaccounting --code F0800 --flow orders\n  \
    flowbook retry flows/ccv-eaccounting --all\n\n\
    Nothing is sent by this command: it marks the records, and the next run tries them, however often they failed before. A write whose answer\n\
    was lost is looked up first, and sent again only where it is certain that it is not there. Named by its key, a record that was skipped or\n\
    dismissed is taken up again too.\n\n\
    By itself, a run tries a failed record again after pauses that grow: with the next run, then after 1 minute, 5 and 30 minutes, 2 hours,\n\
    6 hours, and then once a day. What follows from the record and the flowbook alone is not tried until one of them changes.")]
pub struct Options {
    /// The flowbook's folder, and keys or numbers of records.
    #[arg(value_name = "DIR|KEY")]
    words: Vec<String>,
    /// Failed records of this flow.
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// Failed records with this code.
    #[arg(long, value_name = "CODE", value_parser = explain::code)]
    code: Option<String>,
    /// All failed records.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    wait: Wait,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

/// Records that are marked together.
const PAGE: usize = 500;

/// So many are told by name.
const MOST_TOLD: usize = 20;

#[derive(serde::Serialize)]
struct Named {
    flow: String,
    key: String,
    /// For a reader: what people call it, and its key.
    #[serde(skip)]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Default, serde::Serialize)]
struct Marked {
    /// How many the next run tries.
    marked: u64,
    /// The first of them.
    records: Vec<Named>,
    /// Those that are not tried, and why.
    left: Vec<Named>,
}

pub fn command(options: &Options) -> Exit {
    run(options).unwrap_or_else(|exit| exit)
}

fn run(options: &Options) -> Result<Exit, Exit> {
    let (dir, keys) = folder_and_keys(&options.words);
    let desk = Desk::open(&dir, &options.place)?;
    let filtered = options.all || options.flow.is_some() || options.code.is_some();
    if keys.is_empty() && !filtered {
        output::error("Which records shall be tried again?");
        output::help(&format!(
            "Name them (`{}`), or take a filter: --flow NAME, --code CODE, --all.",
            desk.call("retry", "1062 1063")
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
    let mut marked = Marked::default();
    if keys.is_empty() {
        by_filter(options, &desk, &mut store, &mut marked)?;
    } else {
        by_key(options, &desk, &mut store, &keys, &mut marked)?;
    }
    match options.format {
        output::Format::Json => output::json(&marked),
        output::Format::Human => output::print(&text(&desk, &marked)),
    }
    Ok(match marked.left.is_empty() {
        true => Exit::Done,
        false => Exit::Findings,
    })
}

fn by_filter(
    options: &Options,
    desk: &Desk,
    store: &mut SqliteStore,
    marked: &mut Marked,
) -> Result<(), Exit> {
    let filter = Filter {
        flow: options.flow.clone(),
        ends: vec![End::Failed],
        code: options.code.clone(),
        ..Filter::default()
    };
    let mut last: Option<Kept> = None;
    loop {
        let page = store
            .records(&filter, last.as_ref(), PAGE)
            .map_err(failed)?;
        mark(desk, store, &page, marked)?;
        match page.into_iter().next_back() {
            Some(end) => last = Some(end),
            None => return Ok(()),
        }
    }
}

fn by_key(
    options: &Options,
    desk: &Desk,
    store: &mut SqliteStore,
    keys: &[String],
    marked: &mut Marked,
) -> Result<(), Exit> {
    let wanted = Filter {
        flow: options.flow.clone(),
        code: options.code.clone(),
        ..Filter::default()
    };
    for key in keys {
        let open = |kept: &Kept| !matches!(kept.state.end, End::Done | End::Waiting);
        let found = meant(store, key, &wanted, open)?;
        if found.is_empty() {
            let why = desk.call("why", key);
            marked.left.push(Named {
                flow: options.flow.clone().unwrap_or_default(),
                key: key.clone(),
                name: key.clone(),
                why: Some(format!(
                    "no such record is remembered here; `{why}` tells more"
                )),
            });
        }
        mark(desk, store, &found, marked)?;
    }
    Ok(())
}

fn mark(
    desk: &Desk,
    store: &mut SqliteStore,
    page: &[Kept],
    marked: &mut Marked,
) -> Result<(), Exit> {
    let mut records: Vec<RecordKey> = Vec::new();
    for kept in page {
        let why = match kept.state.end {
            End::Done => Some("it is carried over already".to_owned()),
            End::Waiting => Some(format!(
                "it waits, and each run looks at it anyway: {}",
                reason(kept)
            )),
            _ => unfindable(store, kept)?.map(|step| {
                format!(
                    "nobody knows whether {step} was written, and nothing there would tell, so it is not sent again. Look there; what is missing, make it by hand, then `{}`",
                    desk.call("dismiss", &format!("{} --reason “…”", desk::name(kept)))
                )
            }),
        };
        let named = |why| Named {
            flow: kept.record.flow.clone(),
            key: kept.record.key.clone(),
            name: called(kept),
            why,
        };
        match why {
            Some(why) => marked.left.push(named(Some(why))),
            None => {
                records.push(kept.record.clone());
                marked.marked += 1;
                if marked.records.len() < MOST_TOLD {
                    marked.records.push(named(None));
                }
            }
        }
    }
    if records.is_empty() {
        return Ok(());
    }
    store.try_again(&records).map_err(failed)
}

fn reason(kept: &Kept) -> &str {
    let reason = kept.state.reason.as_ref();
    reason.map_or("no reason is known", |reason| reason.message.as_str())
}

/// A write of which nobody knows whether it took effect, and nothing would tell: `payment of books.invoices.payments`.
fn unfindable(store: &SqliteStore, kept: &Kept) -> Result<Option<String>, Exit> {
    let entries = store.entries(&kept.record).map_err(failed)?;
    let lost = entries.into_iter().find(|entry| {
        entry.claims.is_empty()
            && (entry.phase.is_open() || entry.phase == Phase::Settled)
            && !entry.attempts.is_empty()
    });
    Ok(lost.map(|entry| format!("{} of {}", entry.intent.step, entry.intent.resource)))
}

fn text(desk: &Desk, marked: &Marked) -> String {
    let mut out = String::new();
    for named in &marked.records {
        out.push_str(&format!("  {} › {}\n", named.flow, named.name));
    }
    let more = marked.marked - marked.records.len() as u64;
    if more > 0 {
        out.push_str(&format!("  … and {more} more\n"));
    }
    for named in &marked.left {
        let flow = match named.flow.as_str() {
            "" => String::new(),
            flow => format!("{flow} › "),
        };
        out.push_str(&format!(
            "  Not {flow}{}: {}.\n",
            named.name,
            named.why.as_deref().unwrap_or_default()
        ));
    }
    out.push_str(&match marked.marked {
        0 => "Nothing is to be tried again.\n".to_owned(),
        1 => format!("The next run tries it again: `{}`.\n", desk.call("run", "")),
        many => format!(
            "The next run tries these {many} again: `{}`.\n",
            desk.call("run", "")
        ),
    });
    out
}
