//! `flowbook records [DIR]`: what became of which record.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::desk::{self, Desk, Place, called, failed};
use super::record::{Row, Whole};
use super::{Exit, explain, moment, output};
use crate::store::kept::{Cause, Filter, Kept};
use crate::store::sqlite::SqliteStore;
use crate::store::{End, Records};

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    flowbook records flows/ccv-eaccounting\n  \
    flowbook records flows/ccv-eaccounting --key 1062\n  \
    flowbook records flows/ccv-eaccounting --state failed --since 2026-03-01 --format csv > failed.csv\n\n\
    A record is failed, waiting, dismissed, skipped or done. Those with one cause are told together: the same code, field and line, whatever\n\
    their values; --format json and csv list each of them. Nothing is asked of any system, and a run may be going on meanwhile.")]
pub struct Options {
    /// The flowbook's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Everything about the record with this key or number: what was read, written and changed, why, and what comes next.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Of this flow only.
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// That ended so; may come several times; failed and waiting ones if left out. A folder is that of the state, as for `run`.
    #[arg(long, value_name = "STATE|DIR", value_parser = StateParser)]
    state: Vec<State>,
    /// That failed with this code.
    #[arg(long, value_name = "CODE", value_parser = explain::code)]
    code: Option<String>,
    /// That came to that end on this day, at this instant, or later.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// The records of runs with --sandbox.
    #[arg(long)]
    sandbox: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Those of one cause together, with examples.
    #[default]
    Human,
    /// A row for each record.
    Csv,
    /// An object for each record.
    Json,
}

/// What `--state` says.
#[derive(Debug, Clone)]
enum State {
    /// How records ended.
    Ended(End),
    /// Where the state is.
    In(PathBuf),
}

/// Takes the word of an end; else a folder: one that is there, or what reads as a path.
#[derive(Clone)]
struct StateParser;

impl TypedValueParser for StateParser {
    type Value = State;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<State, clap::Error> {
        let path = Path::new(value);
        if let Some(end) = value.to_str().and_then(End::of_word) {
            return Ok(State::Ended(end));
        }
        if path.is_dir() || path.components().count() > 1 {
            return Ok(State::In(path.to_owned()));
        }
        let words = PossibleValuesParser::new(End::ALL.map(End::word));
        words
            .parse_ref(command, arg, value)
            .map(|_| State::In(path.to_owned()))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(
            End::ALL.map(End::word).into_iter().map(PossibleValue::new),
        ))
    }
}

/// Records that are read from the store together.
const PAGE: usize = 500;

pub fn command(options: &Options) -> Exit {
    run(options).unwrap_or_else(|exit| exit)
}

fn run(options: &Options) -> Result<Exit, Exit> {
    let (mut ends, mut folder) = (Vec::new(), None);
    for state in &options.state {
        match state {
            State::Ended(end) => ends.push(*end),
            State::In(dir) => folder = Some(dir.clone()),
        }
    }
    let place = Place {
        sandbox: options.sandbox,
        state: folder,
    };
    let desk = Desk::open(&options.dir, &place)?;
    let since = moment::since(options.since.as_deref(), desk.zone())?;
    let Some(store) = desk.read()? else {
        desk.nothing_yet();
        if options.format == Format::Json {
            output::print("[]\n");
        }
        return Ok(Exit::Done);
    };
    if let Some(flow) = &options.flow {
        desk.knows(flow, &store)?;
    }
    let mut filter = Filter {
        flow: options.flow.clone(),
        ends,
        since,
        code: options.code.clone(),
    };
    if let Some(key) = &options.key {
        return whole(options.format, &desk, &store, &filter, key);
    }
    if filter.ends.is_empty() {
        filter.ends = vec![End::Failed, End::Waiting];
    }
    match options.format {
        Format::Human => human(&desk, &store, &filter)?,
        Format::Csv => csv(&store, &filter)?,
        Format::Json => json(&store, &filter)?,
    }
    Ok(Exit::Done)
}

/// The records of a filter, a page at a time: their number does not matter.
fn each(
    store: &SqliteStore,
    filter: &Filter,
    mut tell: impl FnMut(&Kept) -> std::io::Result<()>,
) -> Result<(), Exit> {
    let mut last: Option<Kept> = None;
    loop {
        let page = store.records(filter, last.as_ref(), PAGE).map_err(failed)?;
        for kept in &page {
            if tell(kept).is_err() {
                return Ok(()); // the reader went away (`| head`)
            }
        }
        match page.into_iter().next_back() {
            Some(end) => last = Some(end),
            None => return Ok(()),
        }
    }
}

fn json(store: &SqliteStore, filter: &Filter) -> Result<(), Exit> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut before = "[\n  ";
    each(store, filter, |kept| {
        out.write_all(before.as_bytes())?;
        before = ",\n  ";
        serde_json::to_writer(&mut out, &Row::of(kept)).map_err(std::io::Error::from)
    })?;
    let end: &[u8] = if before.starts_with('[') {
        b"[]\n"
    } else {
        b"\n]\n"
    };
    let _ = out.write_all(end).and_then(|()| out.flush()); // the reader may have gone away
    Ok(())
}

fn csv(store: &SqliteStore, filter: &Filter) -> Result<(), Exit> {
    let mut out = csv::Writer::from_writer(std::io::stdout().lock());
    each(store, filter, |kept| {
        out.serialize(Row::of(kept)).map_err(std::io::Error::other)
    })?;
    let _ = out.flush(); // the reader may have gone away
    Ok(())
}

/// Everything about the records of one key or number.
fn whole(
    format: Format,
    desk: &Desk,
    store: &SqliteStore,
    filter: &Filter,
    key: &str,
) -> Result<Exit, Exit> {
    let mut found = store.named(key).map_err(failed)?;
    found.retain(|kept| filter.takes(kept));
    if found.is_empty() {
        output::note(&format!(
            "No record “{key}” is remembered here. `{}` tells what may have kept it out.",
            desk.call("why", key)
        ));
    }
    let wholes: Vec<Whole<'_>> = found
        .iter()
        .map(|kept| Whole::of(store, desk, kept))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    match format {
        Format::Json => output::json(&wholes),
        Format::Csv => {
            let mut out = csv::Writer::from_writer(std::io::stdout().lock());
            for kept in &found {
                let _ = out.serialize(Row::of(kept)); // the reader may have gone away
            }
        }
        Format::Human => {
            let texts: Vec<String> = found
                .iter()
                .zip(&wholes)
                .map(|(kept, whole)| whole.text(desk, kept))
                .collect();
            output::print(&texts.join("\n"));
        }
    }
    Ok(match found.is_empty() {
        true => Exit::Findings,
        false => Exit::Done,
    })
}

fn human(desk: &Desk, store: &SqliteStore, filter: &Filter) -> Result<(), Exit> {
    let causes = store.causes(filter).map_err(failed)?;
    for cause in &causes {
        output::print(&told(desk, cause));
    }
    let mut done = 0_u64;
    if filter.ends.contains(&End::Done) {
        let only = Filter {
            ends: vec![End::Done],
            ..filter.clone()
        };
        each(store, &only, |kept| {
            done += 1;
            output::print(&line(desk, kept));
            Ok(())
        })?;
    }
    let mut counts = Vec::new();
    for end in filter.ends.iter().copied() {
        let of = causes.iter().filter(|cause| cause.end == end);
        let count = match end {
            End::Done => done,
            _ => of.map(|cause| cause.count).sum(),
        };
        counts.push(format!("{count} {}", end.word()));
    }
    output::print(&format!("{}.\n", counts.join(", ")));
    if !causes.is_empty() {
        let name = causes[0].examples.first().map_or("KEY", desk::name);
        output::note(&format!(
            "`{}` shows one; `flowbook retry` has the next run try failed ones again, `flowbook dismiss` takes one off the list.",
            desk.call("records", &format!("--key {name}"))
        ));
    }
    Ok(())
}

/// A cause, with the latest of its records.
fn told(desk: &Desk, cause: &Cause) -> String {
    let mut out = String::new();
    let reason = cause
        .examples
        .first()
        .and_then(|kept| kept.state.reason.as_ref());
    let code = reason.and_then(|reason| reason.code.as_ref());
    out.push_str(&format!(
        "{}: {} in {}{}\n",
        capital(cause.end.word()),
        cause.count,
        cause.flow,
        code.map(|code| format!("  [{code}]")).unwrap_or_default()
    ));
    if let Some(reason) = reason {
        out.push_str(&format!("  {}\n", reason.message));
        if let Some(field) = &reason.field {
            out.push_str(&format!("  field   {field}\n"));
        }
        if let Some(at) = &reason.at {
            out.push_str(&format!("  at      {at}\n"));
        }
    }
    for kept in &cause.examples {
        out.push_str(&format!("  {}", line(desk, kept)));
    }
    let more = cause.count - cause.examples.len() as u64;
    if more > 0 {
        out.push_str(&format!("  … and {more} more\n"));
    }
    out.push('\n');
    out
}

/// `1062 (339323561)   since 2026-03-01 14:05, tried 2 times in a row`
fn line(desk: &Desk, kept: &Kept) -> String {
    let state = &kept.state;
    let mut out = format!("{:<24}", called(kept));
    // a waiting record is looked at by each run: it counts since when it waits
    let since = match state.end {
        End::Waiting => state.waiting_since.or(state.seen),
        _ => state.ended,
    };
    let word = match state.end {
        End::Waiting => "since",
        end => end.word(),
    };
    if let Some(since) = since {
        out.push_str(&format!("  {word} {}", desk.time(since)));
    }
    if state.tries > 1 {
        out.push_str(&format!(", {} times in a row", state.tries));
    }
    if let Some(next) = state.next_try.filter(|_| !state.fixed) {
        out.push_str(&format!(", not again before {}", desk.time(next)));
    }
    if let Some(why) = &state.dismissed {
        out.push_str(&format!(": {why}"));
    }
    out.push('\n');
    out
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
