//! What the journal keeps: an entry for each (flow, source key, step), from its plan over its release to its outcome.

use flowbook_stdlib::value::Value;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Link, RecordKey};

/// Where a write stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Nothing of it has left.
    Planned,
    /// It may have left: only its effect can tell.
    Released,
    /// Its effect is known.
    Confirmed,
    /// The target said no.
    Refused,
    /// No byte of it was written.
    Unsent,
    /// Its answer was lost.
    Unknown,
    /// The target took it and did not tell its key: never sent again, found by its key some day.
    Accepted,
    /// Unknown, and not found after it could no longer take effect.
    Settled,
}

const PHASES: [(Phase, &str); 8] = [
    (Phase::Planned, "planned"),
    (Phase::Released, "released"),
    (Phase::Confirmed, "confirmed"),
    (Phase::Refused, "refused"),
    (Phase::Unsent, "unsent"),
    (Phase::Unknown, "unknown"),
    (Phase::Accepted, "accepted"),
    (Phase::Settled, "settled"),
];

impl Phase {
    /// As stored: `released`.
    pub fn word(self) -> &'static str {
        PHASES
            .iter()
            .find(|(phase, _)| *phase == self)
            .map_or("unknown", |(_, word)| word)
    }

    /// The phase of that word.
    pub fn of_word(word: &str) -> Option<Phase> {
        PHASES
            .iter()
            .find(|(_, known)| *known == word)
            .map(|(phase, _)| *phase)
    }

    /// Whether nobody knows if it took effect.
    pub fn is_open(self) -> bool {
        matches!(self, Phase::Released | Phase::Unknown | Phase::Accepted)
    }
}

/// A write that shall be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Of this record.
    pub record: RecordKey,
    /// The step and its turn: `draft`, `label#Name=x`.
    pub step: String,
    /// The target resource: `books.invoice_drafts`.
    pub resource: String,
}

/// The keys under which a write was confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The target resource: `books.customers`.
    pub resource: String,
    /// The keys, as texts.
    pub claims: Vec<String>,
}

/// A question by which the effect of a write is found, whatever becomes of the process or of the source record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sought {
    /// The resource that is asked: the step's own, or a form that its record can have taken.
    pub resource: String,
    /// The key's fields, paths of positions in the resource's shape.
    pub fields: Vec<Vec<u16>>,
    /// Their values.
    pub values: Vec<Value>,
    /// The key of the parent whose list is read, for a sub-resource.
    pub parent: Option<Value>,
}

/// A write that is about to leave.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// What it carries out.
    pub intent: Intent,
    /// The source resource: `till.orders`.
    pub source: String,
    /// The keys that it claims, as texts.
    pub claims: Vec<String>,
    /// How its effect is found; nothing where only the record's own way can tell.
    pub sought: Vec<Sought>,
    /// What an action is given: the draft that is booked. The first one chosen stays chosen.
    pub chosen: Option<Vec<Value>>,
    /// Hash of the payload.
    pub hash: u64,
    /// The payload as JSON, for whoever looks at a failed record.
    pub payload: String,
    /// What it changes, field by field, before and after, as JSON: for whoever asks what became of the record.
    pub change: String,
    /// By our own clock, for people.
    pub at: Timestamp,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Of this record.
    pub record: RecordKey,
    /// The step and its turn.
    pub step: String,
    /// Where it stands now.
    pub phase: Phase,
    /// The pair that is remembered from now on: source resource and link.
    pub link: Option<(String, Link)>,
    /// When it is looked at once more.
    pub look_at: Option<Timestamp>,
}

/// What is stored in one transaction: earlier outcomes, then releases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Outcomes.
    pub outcomes: Vec<Outcome>,
    /// Releases.
    pub releases: Vec<Release>,
}

impl Batch {
    /// Nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty() && self.releases.is_empty()
    }
}

/// A release that was not made: something else was chosen for its step before.
#[derive(Debug, Clone, PartialEq)]
pub struct Overruled {
    /// Of this record.
    pub record: RecordKey,
    /// The step and its turn.
    pub step: String,
    /// What was chosen.
    pub chosen: Vec<Value>,
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What was planned.
    pub intent: Intent,
    /// The source resource.
    pub source: String,
    /// Where it stands.
    pub phase: Phase,
    /// The keys that it claims.
    pub claims: Vec<String>,
    /// How its effect is found.
    pub sought: Vec<Sought>,
    /// `sought` finds what an earlier write made, of which an attempt may still come late: a twin is looked for, though the last write changed a record
    /// that is there, and nothing finds its effect.
    pub looks_back: bool,
    /// What its action was given.
    pub chosen: Option<Vec<Value>>,
    /// Payload hashes of the attempts that may have taken effect, in order.
    pub attempts: Vec<u64>,
    /// The payload of the last one; none once its outcome is known, or its time to be kept is over.
    pub payload: Option<String>,
    /// What the last one changed; none once its time to be kept is over.
    pub change: Option<String>,
    /// How many of the attempts a person has looked into: they do not count any more.
    pub renewed: u32,
    /// When the last one left, by our own clock.
    pub at: Option<Timestamp>,
    /// How often it was looked at again after its end.
    pub looks: u32,
    /// When it is looked at next.
    pub look_at: Option<Timestamp>,
}

impl Entry {
    /// One that is planned and nothing more.
    pub fn planned(intent: Intent) -> Entry {
        Entry {
            intent,
            source: String::new(),
            phase: Phase::Planned,
            claims: Vec::new(),
            sought: Vec::new(),
            looks_back: false,
            chosen: None,
            attempts: Vec::new(),
            payload: None,
            change: None,
            renewed: 0,
            at: None,
            looks: 0,
            look_at: None,
        }
    }

    /// How the effect of its last write is found.
    pub fn sought_of_last(&self) -> &[Sought] {
        match self.looks_back {
            true => &[],
            false => &self.sought,
        }
    }

    /// Released: one more attempt, or the first one after an end. What was chosen for it before stays, and is the answer where it is another.
    pub fn release(&mut self, release: Release) -> Option<Vec<Value>> {
        let begins = self.phase == Phase::Confirmed;
        if let (Some(before), Some(now)) = (&self.chosen, &release.chosen)
            && before != now
            && !begins
            && !self.attempts.is_empty()
        {
            return Some(before.clone());
        }
        let unheard = self.attempts.len() > usize::from(begins);
        let looks_back =
            release.sought.is_empty() && self.look_at.is_some() && (self.looks_back || unheard);
        let mut before = std::mem::replace(self, Entry::planned(release.intent.clone()));
        if begins {
            before.attempts.clear();
            before.renewed = 0;
        }
        before.attempts.push(release.hash);
        *self = Entry {
            intent: release.intent,
            source: release.source,
            phase: Phase::Released,
            claims: release.claims,
            sought: match looks_back {
                true => before.sought,
                false => release.sought,
            },
            looks_back,
            chosen: release.chosen,
            attempts: before.attempts,
            payload: Some(release.payload),
            change: Some(release.change),
            renewed: before.renewed,
            at: Some(release.at),
            looks: if looks_back { before.looks } else { 0 },
            look_at: before.look_at.filter(|_| looks_back),
        };
        None
    }

    /// It may be sent as often as a new one.
    pub fn renew(&mut self) {
        self.renewed = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX);
    }

    /// Its outcome.
    pub fn end(&mut self, outcome: &Outcome) {
        self.phase = outcome.phase;
        if !self.looks_back {
            self.look_at = outcome.look_at;
        }
        match outcome.phase {
            Phase::Confirmed => self.payload = None,
            // It had no effect, so it was no attempt: what was known of those before it is known still.
            Phase::Refused | Phase::Unsent => {
                self.attempts.pop();
                if !self.attempts.is_empty() {
                    self.phase = Phase::Settled;
                }
            }
            _ => {}
        }
    }
}
