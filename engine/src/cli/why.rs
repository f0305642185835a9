//! `flowbook why [DIR] KEY`: why this record is, or is not, in the target.

use std::collections::BTreeSet;

use super::desk::{Desk, Place, called, failed, folder_and_keys};
use super::record::{self, Row, Written};
use super::{Exit, output, settings};
use crate::lower;
use crate::plan::connector::{Reading, ResourceIx};
use crate::plan::{Flow, Plan};
use crate::run::{ops, resource_name};
use crate::sources::{Source, Sources};
use crate::store::kept::Kept;
use crate::store::sqlite::SqliteStore;
use crate::store::{End, Reason, Records, Store};

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    flowbook why flows/ccv-eaccounting 1062\n  \
    flowbook why flows/ccv-eaccounting 339323561 --format json\n\n\
    The answer comes from what the runs remember: a `where` or `wait` that is not met yet, a `skip`, a failure, a person's dismissal, or the\n\
    documents that were written or found; with the line of the flowbook and the time. Of a record that was never seen it tells from when on and\n\
    up to where the flow has read. No system is asked.")]
pub struct Options {
    /// The flowbook's folder, and the record's key or number.
    #[arg(value_name = "DIR|KEY", required = true)]
    words: Vec<String>,
    /// A setting's value, as for `run`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    place: Place,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

/// What a flow says of a record.
#[derive(serde::Serialize)]
struct Answer<'a> {
    /// The flow.
    flow: &'a str,
    /// Why, in whole sentences.
    why: String,
    /// The line of the flowbook that decided: place and text.
    line: Option<(String, String)>,
    /// What comes next.
    next: String,
    /// Where the record stands; none for one that was never seen.
    record: Option<Row<'a>>,
    /// What was written for it or found.
    writes: Vec<Written>,
    #[serde(skip)]
    name: String,
}

pub fn command(options: &Options) -> Exit {
    run(options).unwrap_or_else(|exit| exit)
}

fn run(options: &Options) -> Result<Exit, Exit> {
    let (dir, keys) = folder_and_keys(&options.words);
    let desk = Desk::open(&dir, &options.place)?;
    let [key] = keys.as_slice() else {
        output::error(match keys.is_empty() {
            true => "Which record?",
            false => "One record at a time.",
        });
        output::help(&format!("For example: {}", desk.call("why", "1062")));
        return Err(Exit::Broken);
    };
    let plan = match &desk.book {
        Some((book, sources)) => {
            let values = settings::given(book, &options.set)?;
            lower::sketch(book, sources, &values).ok()
        }
        None => None,
    };
    let Some(store) = desk.read()? else {
        desk.nothing_yet();
        if options.format == output::Format::Json {
            output::print("[]\n");
        }
        return Ok(Exit::Done);
    };
    let found = store.named(key).map_err(failed)?;
    let sources = desk.book.as_ref().map(|(_, sources)| sources);
    let mut answers = Vec::new();
    for kept in &found {
        answers.push(known(&desk, &store, sources, kept)?);
    }
    if let Some(plan) = &plan {
        for flow in unaware(plan, &found) {
            answers.push(never_seen(&desk, &store, plan, sources, flow, key)?);
        }
    }
    match options.format {
        output::Format::Json => output::json(&answers),
        output::Format::Human => {
            let texts: Vec<String> = answers.iter().map(Answer::text).collect();
            output::print(&texts.join("\n"));
        }
    }
    if answers.is_empty() {
        output::note(&format!(
            "No record “{key}” is remembered, and the flowbook cannot be read at the moment to tell why: `{}` tells what is wrong with it.",
            desk.call("validate", "")
        ));
        return Ok(Exit::Findings);
    }
    Ok(Exit::Done)
}

/// Flows that could know a record and do not: those that read what the flows read that know it; all, where none does.
fn unaware<'p>(plan: &'p Plan, found: &[Kept]) -> Vec<&'p Flow> {
    let knows = |flow: &&Flow| found.iter().any(|kept| kept.record.flow == flow.name);
    let reads: BTreeSet<ResourceIx> = plan
        .flows
        .iter()
        .filter(knows)
        .map(|flow| flow.read.resource)
        .collect();
    let concerned = |flow: &&Flow| found.is_empty() || reads.contains(&flow.read.resource);
    plan.flows
        .iter()
        .filter(|flow| !knows(flow))
        .filter(concerned)
        .collect()
}

/// Why a record stands where it stands.
fn known<'a>(
    desk: &Desk,
    store: &SqliteStore,
    sources: Option<&Sources>,
    kept: &'a Kept,
) -> Result<Answer<'a>, Exit> {
    let state = &kept.state;
    let writes = record::writes(store, kept).map_err(failed)?;
    let when = |word: &str, at| match at {
        Some(at) => format!("{word} {}", desk.time(at)),
        None => String::new(),
    };
    let ended = when(" on", state.ended);
    let reason = state.reason.as_ref();
    let message = reason.map_or("no reason is known", |reason: &Reason| &reason.message);
    let why = match state.end {
        End::Done if writes.iter().any(|write| write.id.is_some()) => {
            format!("It was carried over{ended}.")
        }
        End::Done => format!("It was carried over{ended}; no step had to write anything for it."),
        End::Skipped => format!("It was left out by a rule{ended}: {message}."),
        End::Waiting => format!(
            "It waits{}: {message}.",
            when(" since", state.waiting_since.or(state.seen))
        ),
        End::Failed => format!(
            "It failed{ended}{}: {message}{}",
            match state.tries {
                0 | 1 => String::new(),
                tries => format!(", {tries} times in a row"),
            },
            if message.ends_with('.') { "" } else { "." }
        ),
        End::Dismissed => format!(
            "A person dismissed it{ended}: {}. Before, it had come to this: {message}",
            state.dismissed.as_deref().unwrap_or("no reason is known")
        ),
    };
    let at = reason.and_then(|reason| reason.at.as_deref());
    Ok(Answer {
        flow: &kept.record.flow,
        why,
        line: at.map(|at| (at.to_owned(), line_of(sources, at))),
        next: desk.next_step(kept),
        record: Some(Row::of(kept)),
        writes,
        name: called(kept),
    })
}

/// What may have kept a record out that was never seen: the flow's window, or its name.
fn never_seen<'a>(
    desk: &Desk,
    store: &SqliteStore,
    plan: &Plan,
    sources: Option<&Sources>,
    flow: &'a Flow,
    key: &str,
) -> Result<Answer<'a>, Exit> {
    let resource = resource_name(plan, flow.read.resource);
    let cursor = store.cursor(&flow.name).map_err(failed)?;
    let mut why = format!(
        "{} has never seen a record “{key}” in {resource}.",
        flow.name
    );
    let dated = matches!(
        plan.resources[flow.read.resource as usize].reading,
        Reading::Changed { .. } | Reading::Growing { .. }
    );
    if let Some(from) = &flow.read.from {
        let day = match ops::in_text(from) {
            day if day.is_empty() => "the day that this line names".to_owned(),
            day => day,
        };
        why.push_str(&format!(
            " It reads from {day} on: an older one is left out."
        ));
    }
    why.push_str(&match cursor {
        Some(at) if dated && !flow.read.all => format!(
            " It has read up to {}; what came or changed after that is read by the next run, and what is older was not there under that name.",
            desk.time(at)
        ),
        Some(at) => format!(" It last read all of it on {}.", desk.time(at)),
        None => " It has not come to the end of its source in any run yet.".to_owned(),
    });
    let place = plan.places.get(flow.place as usize);
    let begins = place.map(|place| plan.at(place.span));
    Ok(Answer {
        flow: &flow.name,
        why,
        line: begins.and_then(|at| read_line(sources, &at)),
        next: format!(
            "See whether {resource} has it, and under which key: `{}` asks for it and writes nothing.",
            desk.call("run", &format!("{} --only {key} --dry-run", flow.name))
        ),
        record: None,
        writes: Vec::new(),
        name: key.to_owned(),
    })
}

/// The file and the number of the line that `orders.flow:17, called at …` begins with.
fn place_of<'s>(sources: Option<&'s Sources>, at: &str) -> Option<(&'s str, &'s str, usize)> {
    let first = at.split(", called at ").next()?;
    let (name, number) = first.rsplit_once(':')?;
    // files are named as they are reached from the working folder, which may be another one now
    let is = |file: &&Source| {
        let within = |long: &str, short: &str| {
            let before = long.strip_suffix(short);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        within(name, &file.name) || within(&file.name, name)
    };
    let file = sources?.files.iter().find(is)?;
    Some((&file.name, &file.text, number.parse().ok()?))
}

/// The text of that line.
fn line_of(sources: Option<&Sources>, at: &str) -> String {
    place_of(sources, at)
        .and_then(|(_, text, number)| text.lines().nth(number.saturating_sub(1)))
        .map(|line| line.trim().to_owned())
        .unwrap_or_default()
}

/// The `read` line of the flow that begins there.
fn read_line(sources: Option<&Sources>, at: &str) -> Option<(String, String)> {
    let (name, text, number) = place_of(sources, at)?;
    let (number, line) = text
        .lines()
        .enumerate()
        .skip(number.saturating_sub(1))
        .find(|(_, line)| line.trim_start().starts_with("read "))?;
    Some((format!("{name}:{}", number + 1), line.trim().to_owned()))
}

impl Answer<'_> {
    fn text(&self) -> String {
        let mut out = format!("{} › {}\n  {}\n", self.flow, self.name, self.why);
        for write in &self.writes {
            let id = write.id.as_deref().unwrap_or("(its key is not known)");
            let how = match (write.found, write.request) {
                (true, _) => "was there already",
                (false, Some(request)) if request != "confirmed" => request,
                (false, _) => "written",
            };
            out.push_str(&format!(
                "  target    {} {id}  ({}: {how})\n",
                write.resource, write.step
            ));
        }
        if let Some((at, line)) = &self.line {
            out.push_str(&format!("  at        {at}\n"));
            if !line.is_empty() {
                out.push_str(&format!("            {line}\n"));
            }
        }
        out.push_str(&format!("  next      {}\n", self.next));
        out
    }
}
