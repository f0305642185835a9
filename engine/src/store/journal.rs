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

/// The keys under which writes were confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The target resource: `books.customers`.
    pub resource: String,
    /// The keys, as texts.
    pub claims: Vec<String>,
}

/// So many keys under which a step was confirmed are kept: those that it had before its record was corrected are few.
const MOST_WRITTEN: usize = 16;

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

/// What a write that ended in doubt can have left behind, to be asked for again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// How it is found.
    pub sought: Vec<Sought>,
    /// What was known to be ours when it ended.
    pub ours: Option<Value>,
    /// Another one of ours can be there beside it: there were more attempts than one.
    pub twins: bool,
    /// How often it was asked for.
    pub looks: u32,
    /// When it is asked for next, by our own clock.
    pub at: Timestamp,
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
    /// What is asked for again. None leaves what is being watched already.
    pub watch: Option<Watch>,
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
    /// The keys that it claims, until it is confirmed.
    pub claims: Vec<String>,
    /// The keys under which it was confirmed, the last one at the end. A later change that fails, or that has another key, takes none of them back.
    pub written: Vec<String>,
    /// How the effect of the last write is found; nothing where it changed a record that was there.
    pub sought: Vec<Sought>,
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
    /// What is asked for again of this write and of those before it, whatever became of the record since.
    pub watches: Vec<Watch>,
}

impl Entry {
    /// One that is planned and nothing more.
    pub fn planned(intent: Intent) -> Entry {
        Entry {
            intent,
            source: String::new(),
            phase: Phase::Planned,
            claims: Vec::new(),
            written: Vec::new(),
            sought: Vec::new(),
            chosen: None,
            attempts: Vec::new(),
            payload: None,
            change: None,
            renewed: 0,
            at: None,
            watches: Vec::new(),
        }
    }

    /// When something of it is asked for next.
    pub fn look_at(&self) -> Option<Timestamp> {
        self.watches.iter().map(|watch| watch.at).min()
    }

    /// What these questions ask for was asked for, and is again then, if ever.
    pub fn looked_at(&mut self, sought: &[Sought], next: Option<Timestamp>) {
        let of = |watch: &Watch| watch.sought == sought;
        match next {
            None => self.watches.retain(|watch| !of(watch)),
            Some(next) => {
                for watch in self.watches.iter_mut().filter(|watch| of(watch)) {
                    watch.looks += 1;
                    watch.at = next;
                }
            }
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
        let mut before = std::mem::replace(self, Entry::planned(release.intent.clone()));
        if begins {
            before.attempts.clear();
            before.renewed = 0;
        }
        before.attempts.push(release.hash);
        // A change of what is confirmed makes nothing; all else can come beside what is being watched.
        let makes = !begins || !release.sought.is_empty();
        for watch in &mut before.watches {
            watch.twins |= makes;
        }
        *self = Entry {
            intent: release.intent,
            source: release.source,
            phase: Phase::Released,
            claims: release.claims,
            written: before.written,
            sought: release.sought,
            chosen: release.chosen,
            attempts: before.attempts,
            payload: Some(release.payload),
            change: Some(release.change),
            renewed: before.renewed,
            at: Some(release.at),
            watches: before.watches,
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
        if let Some(watch) = &outcome.watch {
            self.watch(watch.clone());
        }
        match outcome.phase {
            Phase::Confirmed => {
                self.payload = None;
                let claims = std::mem::take(&mut self.claims);
                self.written.retain(|key| !claims.contains(key));
                self.written.extend(claims);
                let most = self.written.len().saturating_sub(MOST_WRITTEN);
                self.written.drain(..most);
            }
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

    /// Watched from its beginning, also where it is being watched already.
    fn watch(&mut self, mut watch: Watch) {
        let same = |before: &Watch| before.sought == watch.sought;
        if let Some(at) = self.watches.iter().position(same) {
            let before = self.watches.remove(at);
            watch.twins |= before.twins;
            watch.ours = watch.ours.or(before.ours);
        }
        self.watches.push(watch);
    }
}
