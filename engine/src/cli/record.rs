//! A record as the commands tell it: one line of a list, or everything that is known of it.

use std::fmt::Write;

use serde_json::value::RawValue;

use super::desk::{Desk, called};
use crate::run::changes::Change;
use crate::run::ops;
use crate::store::journal::{Entry, Phase};
use crate::store::kept::Kept;
use crate::store::{End, Link, Records, StoreError};

/// A record in a list, for JSON and CSV. Instants are in UTC.
#[derive(serde::Serialize)]
pub struct Row<'a> {
    flow: &'a str,
    key: &'a str,
    title: Option<&'a str>,
    state: End,
    code: Option<&'a str>,
    message: Option<&'a str>,
    field: Option<&'a str>,
    at: Option<&'a str>,
    tries: u32,
    first_seen: Option<String>,
    ended: Option<String>,
    next_try: Option<String>,
    dismissed: Option<&'a str>,
}

impl<'a> Row<'a> {
    pub fn of(kept: &'a Kept) -> Row<'a> {
        let state = &kept.state;
        let reason = state.reason.as_ref();
        Row {
            flow: &kept.record.flow,
            key: &kept.record.key,
            title: state.title.as_deref(),
            state: state.end,
            code: reason.and_then(|reason| reason.code.as_deref()),
            message: reason.map(|reason| reason.message.as_str()),
            field: reason.and_then(|reason| reason.field.as_deref()),
            at: reason.and_then(|reason| reason.at.as_deref()),
            tries: state.tries,
            first_seen: state.seen.map(|at| at.to_string()),
            ended: state.ended.map(|at| at.to_string()),
            next_try: state.next_try.map(|at| at.to_string()),
            dismissed: state.dismissed.as_deref(),
        }
    }
}

/// What was written for a record at one of its steps.
#[derive(serde::Serialize)]
pub struct Written {
    /// The step and its turn.
    pub step: String,
    /// `books.invoice_drafts`
    pub resource: String,
    /// The target's key, where it is known.
    pub id: Option<String>,
    /// It was there already: found, not written.
    pub found: bool,
    /// Where the last request stands: `confirmed`, `unknown`.
    pub request: Option<&'static str>,
    /// Requests that may have taken effect.
    pub attempts: usize,
    /// When the last one left.
    pub at: Option<String>,
    /// What it changed, before and after.
    pub change: Option<Change>,
}

/// Everything that is known of a record.
#[derive(serde::Serialize)]
pub struct Whole<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    /// What was read of it.
    source: Option<Box<RawValue>>,
    /// What was written for it.
    pub writes: Vec<Written>,
    /// What comes next.
    next: String,
}

/// The links and the journal's entries of a record, by step.
pub fn writes(store: &dyn Records, kept: &Kept) -> Result<Vec<Written>, StoreError> {
    let mut entries = store.entries(&kept.record)?;
    entries.retain(|entry| entry.phase != Phase::Planned);
    let mut writes = Vec::new();
    for link in store.links(&kept.record)? {
        let at = entries
            .iter()
            .position(|entry| entry.intent.step == link.step);
        let entry = at.map(|at| entries.remove(at));
        writes.push(of(Some(&link), entry));
    }
    writes.extend(entries.into_iter().map(|entry| of(None, Some(entry))));
    Ok(writes)
}

fn of(link: Option<&Link>, entry: Option<Entry>) -> Written {
    let entry = entry.as_ref();
    let intent = entry.map(|entry| &entry.intent);
    let name = |of_link: Option<&String>, of_entry: Option<&String>| {
        of_link.or(of_entry).cloned().unwrap_or_default()
    };
    let change = entry.and_then(|entry| entry.change.as_deref());
    Written {
        step: name(
            link.map(|link| &link.step),
            intent.map(|intent| &intent.step),
        ),
        resource: name(
            link.map(|link| &link.resource),
            intent.map(|intent| &intent.resource),
        ),
        id: link
            .map(|link| ops::in_text(&link.target))
            .filter(|id| !id.is_empty()),
        found: link.is_some_and(|link| link.hash == crate::run::ADOPTED),
        request: entry.map(|entry| entry.phase.word()),
        attempts: entry.map_or(0, |entry| entry.attempts.len()),
        at: entry.and_then(|entry| entry.at).map(|at| at.to_string()),
        change: change.and_then(|json| serde_json::from_str(json).ok()),
    }
}

impl<'a> Whole<'a> {
    pub fn of(store: &dyn Records, desk: &Desk, kept: &'a Kept) -> Result<Whole<'a>, StoreError> {
        let source = store.source(&kept.record)?;
        Ok(Whole {
            row: Row::of(kept),
            source: source.and_then(|json| RawValue::from_string(json).ok()),
            writes: writes(store, kept)?,
            next: desk.next_step(kept),
        })
    }

    /// For a reader.
    pub fn text(&self, desk: &Desk, kept: &Kept) -> String {
        let state = &kept.state;
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{} › {}  {}",
            kept.record.flow,
            called(kept),
            state.end.word()
        );
        let mut line = |word: &str, text: &str| {
            let _ = writeln!(out, "  {word:<9} {text}");
        };
        if let Some(reason) = &state.reason {
            let code = reason.code.as_ref().map(|code| format!("  [{code}]"));
            let text = format!("{}{}", reason.message, code.unwrap_or_default());
            line("reason", &text);
            if let Some(field) = &reason.field {
                line("field", field);
            }
            if let Some(at) = &reason.at {
                line("at", at);
            }
        }
        if let Some(why) = &state.dismissed {
            line("dismissed", why);
        }
        if let Some(seen) = state.seen {
            line("seen", &format!("first {}", desk.time(seen)));
        }
        if let Some(ended) = state.ended {
            let tries = match state.tries {
                0 => String::new(),
                1 => ", tried once".to_owned(),
                tries => format!(", tried {tries} times in a row"),
            };
            line(state.end.word(), &format!("{}{tries}", desk.time(ended)));
        }
        if let Some(source) = &self.source {
            line("source", &desk.source_of(&kept.record.flow));
            out.push_str(&fields(source.get()));
        }
        for write in &self.writes {
            out.push_str(&write.text(desk));
        }
        let _ = writeln!(out, "  {:<9} {}", "next", self.next);
        out
    }
}

impl Written {
    fn text(&self, desk: &Desk) -> String {
        let id = self.id.as_deref().unwrap_or("(its key is not known)");
        let at = self.at.as_deref().and_then(|at| at.parse().ok());
        let when = at.map(|at| format!(", {}", desk.time(at)));
        let how = match (self.found, self.request) {
            (true, _) => "was there already".to_owned(),
            (false, None) => "written".to_owned(),
            (false, Some("confirmed")) => format!("written{}", when.unwrap_or_default()),
            (false, Some(request)) => {
                let times = match self.attempts {
                    0 => "not sent".to_owned(),
                    1 => "sent once".to_owned(),
                    many => format!("sent {many} times"),
                };
                format!("{request}, {times}{}", when.unwrap_or_default())
            }
        };
        let mut out = format!(
            "  target    {} {id}  ({}: {how})\n",
            self.resource, self.step
        );
        if let Some(change) = &self.change {
            for line in change.to_string().lines() {
                let _ = writeln!(out, "          {line}");
            }
        }
        out
    }
}

/// The fields of a source record, one a line.
fn fields(json: &str) -> String {
    let mut out = String::new();
    let Ok(fields) = serde_json::from_str::<indexmap::IndexMap<String, Box<RawValue>>>(json) else {
        return out;
    };
    let width = fields.keys().map(|name| name.chars().count()).max();
    for (name, value) in &fields {
        let text = serde_json::from_str::<String>(value.get());
        let text = text.unwrap_or_else(|_| value.get().to_owned());
        let _ = writeln!(out, "            {name:0$}  {text}", width.unwrap_or(0));
    }
    out
}
