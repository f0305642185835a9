//! What a run says at its end: as JSON for other tools, and for a bookkeeper.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use super::acts::THERE;
use super::changes::{Change, Does};
use crate::connect::Trouble;
use crate::plan::connector::ResourceIx;
use crate::store::End;

/// A run.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Report {
    /// Its flows, in the order in which they ran.
    pub flows: Vec<FlowReport>,
    /// What looking again at earlier writes brought to light: doubles, documents that are away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Why it stopped before its end.
    #[serde(skip)]
    pub stopped: Option<Trouble>,
    /// How long it took.
    #[serde(skip)]
    pub took: Duration,
    /// Nothing was written.
    #[serde(skip)]
    pub dry: bool,
}

/// What became of a flow's records. A record is counted once: as created when any of its steps made a record, else as updated when any changed
/// one; in neither when all was there already.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct FlowReport {
    /// The flow.
    pub flow: String,
    /// Records read, second looks included.
    pub read: u64,
    /// Records for which something was made.
    pub created: u64,
    /// Records for which something was changed, and nothing made.
    pub updated: u64,
    /// Records that ended by `skip`.
    pub skipped: u64,
    /// Of those, the ones that are in the target under the key by which the flow would create them, though the store does not know who made them.
    #[serde(skip)]
    pub there: u64,
    /// Records that are not ripe.
    pub waiting: u64,
    /// Records that a person must look at.
    pub failed: u64,
    /// Of those, the ones that were not tried this time: their pause is not over, or nothing changed that could heal them.
    #[serde(skip)]
    pub resting: u64,
    /// Why the flow stopped before its end, while others went on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<FlowStop>,
    /// That all of the source was compared, as once a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<String>,
    /// Requests by system.
    pub requests: BTreeMap<String, u64>,
    /// The failed records, the first thousand of them.
    pub failures: Vec<FailureReport>,
    /// Records carried over, or found to be there already.
    #[serde(skip)]
    pub done: u64,
    /// Records that are as they were when they were carried over or skipped: nothing was asked for them.
    #[serde(skip)]
    pub unchanged: u64,
    /// Records made, by resource.
    #[serde(skip)]
    pub made: BTreeMap<String, u64>,
    /// Records changed, by resource.
    #[serde(skip)]
    pub changed: BTreeMap<String, u64>,
    /// How many records were skipped or wait for each reason; of very many reasons, the first ones.
    #[serde(skip)]
    pub reasons: BTreeMap<(End, String), u64>,
    /// What should be known of single records: key and note; of very many, the first ones.
    #[serde(skip)]
    pub notes: Vec<(String, String)>,
}

/// Who can have made what the store does not know of: begins the next step.
pub const MADE_BY: &str = "If a person made it, nothing is to be done. If a run did whose store was deleted or put back from an older copy,";

/// A report keeps so many failures, reasons and notes; the store has all of them.
const MOST_KEPT: usize = 1_000;

/// A summary describes so many failures with one cause.
const MOST_ALIKE_TOLD: usize = 5;

/// A failed record.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FailureReport {
    /// Its key at its source.
    pub key: String,
    /// What people call it: an order's number.
    #[serde(skip)]
    pub title: Option<String>,
    /// The field that was being computed or written.
    pub field: Option<String>,
    /// Code of the catalogue.
    pub code: String,
    /// One whole sentence.
    pub message: String,
    /// The value at fault.
    #[serde(skip)]
    pub value: Option<String>,
    /// The next step.
    #[serde(skip)]
    pub help: Option<String>,
    /// `orders.flow:17`, with the calls that led there.
    #[serde(skip)]
    pub at: Option<String>,
}

/// Why a flow stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FlowStop {
    /// Code of the catalogue.
    pub code: String,
    /// One whole sentence.
    pub message: String,
    /// The next step.
    pub help: String,
}

/// Something that a person must look at in a target, though its record ended well.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The flow.
    pub flow: String,
    /// The record's key at its source.
    pub key: String,
    /// One whole sentence.
    pub message: String,
    /// The next step.
    pub help: String,
}

/// What became of a record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordReport {
    /// Its key at its source.
    pub key: String,
    /// What people call it: an order's number.
    pub title: Option<String>,
    /// How it ended.
    pub end: End,
    /// Why, for all but done.
    pub reason: Option<String>,
    /// What its steps did, or would do.
    pub changes: Vec<Change>,
    /// What should be known besides.
    pub notes: Vec<String>,
}

impl Report {
    /// Records that a person must look at, of all flows.
    pub fn failed(&self) -> u64 {
        self.flows.iter().map(|flow| flow.failed).sum()
    }

    /// For a bookkeeper: what was read and what became of it, each failure with its next step, and one sentence at the end.
    pub fn summary(&self) -> String {
        let mut out = String::new();
        for flow in &self.flows {
            flow.summary(&mut out, self.dry);
        }
        for finding in &self.findings {
            let _ = writeln!(out, "Look at {} › {}", finding.flow, finding.key);
            let _ = writeln!(out, "  {}", finding.message);
            let _ = writeln!(out, "  next    {}\n", finding.help);
        }
        if let Some(stopped) = &self.stopped {
            let _ = writeln!(out, "Stopped: {}", stopped.message);
            if let Some(help) = &stopped.help {
                let _ = writeln!(out, "  {help}");
            }
            let _ = writeln!(
                out,
                "  What was written before stands; the records that were not reached are read again by the next run."
            );
        }
        let _ = writeln!(out, "{}", self.last_line());
        out
    }

    fn last_line(&self) -> String {
        let mut requests: BTreeMap<&str, u64> = BTreeMap::new();
        for flow in &self.flows {
            for (system, count) in &flow.requests {
                *requests.entry(system).or_default() += count;
            }
        }
        let asked: Vec<String> = requests
            .iter()
            .map(|(system, count)| format!("{} to {system}", counted(*count, "request")))
            .collect();
        let asked = match asked.split_last() {
            None => "without a request".to_owned(),
            Some((one, [])) => format!("with {one}"),
            Some((last, others)) => format!("with {} and {last}", others.join(", ")),
        };
        let done: u64 = self.flows.iter().map(|flow| flow.done).sum();
        let verb = match (self.stopped.is_some(), self.dry) {
            (true, _) => "Stopped after",
            (false, true) => "Nothing was written; a run would carry over",
            (false, false) => "Carried over",
        };
        format!(
            "{verb} {} in {:.1} s, {asked}.",
            counted(done, "record"),
            self.took.as_secs_f64()
        )
    }
}

impl FlowReport {
    /// One more record, and what its steps did.
    pub fn count(&mut self, record: &RecordReport, did: &[(Does, ResourceIx)]) {
        match record.end {
            End::Done => {
                self.done += 1;
                let did = |does| did.iter().any(|(did, _)| *did == does);
                if did(Does::Create) {
                    self.created += 1;
                } else if did(Does::Update) {
                    self.updated += 1;
                }
            }
            End::Skipped => self.skipped += 1,
            End::Waiting => self.waiting += 1,
            End::Dismissed => self.unchanged += 1,
            End::Failed => self.failed += 1,
        }
        if let (End::Skipped | End::Waiting, Some(reason)) = (record.end, &record.reason) {
            let reason = (record.end, reason.clone());
            if self.reasons.len() < MOST_KEPT || self.reasons.contains_key(&reason) {
                *self.reasons.entry(reason).or_default() += 1;
            }
        }
        for note in &record.notes {
            self.note(&record.key, note);
        }
    }

    /// Something to be known of a record.
    pub fn note(&mut self, key: &str, note: &str) {
        if self.notes.len() < MOST_KEPT {
            self.notes.push((key.to_owned(), note.to_owned()));
        }
    }

    /// One more failure, of a record that is counted already.
    pub fn failure(&mut self, failure: FailureReport) {
        if self.failures.len() < MOST_KEPT {
            self.failures.push(failure);
        }
    }

    fn summary(&self, out: &mut String, dry: bool) {
        let _ = writeln!(out, "{}", self.flow);
        let with = |count: u64, by: &BTreeMap<String, u64>| {
            let parts: Vec<String> = by
                .iter()
                .map(|(resource, count)| format!("{count} in {resource}"))
                .collect();
            if parts.is_empty() {
                count.to_string()
            } else {
                format!("{count}  ({})", parts.join(", "))
            }
        };
        let there = self.done.saturating_sub(self.created + self.updated);
        let (created, updated) = if dry {
            ("would create", "would update")
        } else {
            ("created", "updated")
        };
        let failed = match self.resting {
            0 => self.failed.to_string(),
            all if all == self.failed => format!("{all}  (not tried again yet)"),
            some => format!("{}  ({some} of them not tried again yet)", self.failed),
        };
        let rows = [
            ("read", self.read.to_string(), true),
            (created, with(self.created, &self.made), true),
            (updated, with(self.updated, &self.changed), true),
            ("already there", there.to_string(), there > 0),
            ("unchanged", self.unchanged.to_string(), self.unchanged > 0),
            ("skipped", self.skipped.to_string(), true),
            ("waiting", self.waiting.to_string(), true),
            ("failed", failed, true),
        ];
        for (word, text, shown) in rows {
            if shown {
                let _ = writeln!(out, "  {word:<13} {text}");
            }
        }
        for (end, word) in [(End::Skipped, "Skipped"), (End::Waiting, "Waiting")] {
            for ((_, reason), count) in self.reasons.iter().filter(|((of, _), _)| *of == end) {
                let _ = writeln!(out, "  {word}: {count} × {reason}");
            }
            if end == End::Skipped && self.there > 0 {
                let _ = writeln!(
                    out,
                    "    next    For {} of them the target has a record under the key, and this store does not know who made it [{THERE}]. {MADE_BY} `flowbook relink` finds it again.",
                    self.there
                );
            }
        }
        if let Some(compared) = &self.compared {
            let _ = writeln!(out, "  Note: {compared}");
        }
        for (key, note) in &self.notes {
            let _ = writeln!(out, "  Note on {key}: {note}");
        }
        if !self.failures.is_empty() {
            out.push('\n');
        }
        let mut alike: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
        for failure in &self.failures {
            let cause = (failure.code.as_str(), failure.at.as_deref());
            let count = alike.entry(cause).or_default();
            *count += 1;
            if *count <= MOST_ALIKE_TOLD {
                failure.describe(out);
            }
        }
        for ((code, at), count) in alike {
            if count > MOST_ALIKE_TOLD {
                let _ = writeln!(
                    out,
                    "  … and {} more for the same cause  [{code}]{}",
                    count - MOST_ALIKE_TOLD,
                    at.map(|at| format!("  at {at}")).unwrap_or_default()
                );
            }
        }
        let more = self.failed.saturating_sub(self.failures.len() as u64);
        if more > 0 {
            let _ = writeln!(
                out,
                "  … and {more} more. `flowbook records --flow {}` lists them all.",
                self.flow
            );
        }
        if let Some(stopped) = &self.stopped {
            let _ = writeln!(out, "\n  Stopped: {}  [{}]", stopped.message, stopped.code);
            let _ = writeln!(out, "    next    {}", stopped.help);
        }
        out.push('\n');
    }
}

impl FailureReport {
    fn describe(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "  Failed: {}  [{}]",
            called(&self.key, self.title.as_deref()),
            self.code
        );
        let _ = writeln!(out, "    {}", self.message);
        if let Some(field) = &self.field {
            let _ = writeln!(out, "    field   {field}");
        }
        if let Some(value) = &self.value {
            let _ = writeln!(out, "    value   {value}");
        }
        if let Some(at) = &self.at {
            let _ = writeln!(out, "    at      {at}");
        }
        let next = self
            .help
            .as_deref()
            .unwrap_or("Correct it where it comes from; the next run tries this record again.");
        let _ = writeln!(out, "    next    {next}");
    }
}

impl RecordReport {
    /// What becomes of the record and of its targets, for a dry run and for a test's snapshot.
    pub fn diff(&self, flow: &str) -> String {
        let mut out = format!(
            "{flow} › {}  {}",
            called(&self.key, self.title.as_deref()),
            self.end.word()
        );
        if let Some(reason) = &self.reason {
            let _ = write!(out, ": {reason}");
        }
        out.push('\n');
        for change in &self.changes {
            let _ = write!(out, "{change}");
        }
        for note in &self.notes {
            let _ = writeln!(out, "  note: {note}");
        }
        out
    }
}

/// `K2-1001 (339323500)`: what people call a record, and its key.
pub(crate) fn called(key: &str, title: Option<&str>) -> String {
    match title {
        Some(title) if title != key => format!("{title} ({key})"),
        _ => key.to_owned(),
    }
}

/// `1 record`, `2 records`
pub(crate) fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
