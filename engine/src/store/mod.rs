//! What a flowbook remembers between runs, behind verbs of the protocol. [`sqlite`] keeps it in `.flowbook/`; [`memory`] for tests.
//!
//! The verbs of [`Store`] are those of the protocol, not of SQL: `plan`, `commit` (outcomes, then releases), `open_entries`, `end`, `advance`; those of
//! [`Records`] are of the people who deal with what was not carried over: `records`, `causes`, `named`, `try_again`, `dismiss`.

use flowbook_stdlib::value::Value;
use jiff::Timestamp;

pub mod erasure;
pub mod journal;
pub mod kept;
pub mod memory;
pub mod sqlite;
pub mod traces;

mod durable;
mod exclusion;
mod ledger;
mod links;
mod listing;
mod schema;

pub use exclusion::Patience;
use journal::{Batch, Entry, Intent, Overruled, Sought, Written};
use kept::{Cause, Filter, Kept};

/// A source record of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    /// The flow's name.
    pub flow: String,
    /// The record's key at its source, as text.
    pub key: String,
}

/// What the store knows of a source record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// How it ended last.
    pub end: End,
    /// Hash of the fields that were read then.
    pub hash: u64,
    /// Why, for all but done.
    pub reason: Option<Reason>,
    /// Since when it waits; the first time it was seen waiting.
    pub waiting_since: Option<Timestamp>,
    /// A write of it was released or confirmed: it has passed its gates.
    pub passed: bool,
    /// How many times in a row it failed.
    pub tries: u32,
    /// What people call it: an order's number.
    pub title: Option<String>,
    /// When it was first seen, by our own clock: for people.
    pub seen: Option<Timestamp>,
    /// When it last came to an end, by our own clock: for people.
    pub ended: Option<Timestamp>,
    /// Why a person dismissed it; its reason stays what it was.
    pub dismissed: Option<String>,
    /// Before then a failed record is not tried again by itself; none: with the next run.
    pub next_try: Option<Timestamp>,
    /// Its failure follows from the record and the flowbook alone: while neither changes, it would fail the same way.
    pub fixed: bool,
    /// Hash of the plan under which it ended.
    pub plan: u64,
}

/// A record that has come to an end.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// The record's key at its source.
    pub key: String,
    /// Where it stands now.
    pub state: State,
    /// What was read of it, as JSON: kept for whoever looks at a failed or waiting record, for as long as payloads are. None leaves what is kept.
    pub source: Option<String>,
}

/// How a record ended.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// By a failure.
    Failed,
    /// By `wait` or `where`.
    #[default]
    Waiting,
    /// By a person: it is dealt with, and stays so whatever changes in it, until that person wants it tried again.
    Dismissed,
    /// By `skip`.
    Skipped,
    /// Carried over.
    Done,
}

impl End {
    /// All, in the order in which they are told.
    pub const ALL: [End; 5] = [
        End::Failed,
        End::Waiting,
        End::Dismissed,
        End::Skipped,
        End::Done,
    ];

    /// As stored and as reported: `done`.
    pub fn word(self) -> &'static str {
        match self {
            End::Done => "done",
            End::Skipped => "skipped",
            End::Waiting => "waiting",
            End::Failed => "failed",
            End::Dismissed => "dismissed",
        }
    }

    /// Whether nothing more is to be done or told: what was read of such a record is not kept.
    fn is_settled(self) -> bool {
        matches!(self, End::Done | End::Skipped)
    }

    /// Whether each run looks at such a record again.
    pub fn is_unfinished(self) -> bool {
        matches!(self, End::Waiting | End::Failed)
    }

    /// The end of that word.
    pub fn of_word(word: &str) -> Option<End> {
        End::ALL.into_iter().find(|end| end.word() == word)
    }
}

/// Why a record is not done.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Reason {
    /// Code of the catalogue, for failures.
    pub code: Option<String>,
    /// The sentence.
    pub message: String,
    /// The field that was being computed or written.
    pub field: Option<String>,
    /// `orders.flow:12:3`
    pub at: Option<String>,
}

/// A remembered pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The step and its turn: `draft`, `label#2`.
    pub step: String,
    /// The target resource: `books.invoice_drafts`.
    pub resource: String,
    /// The target's key.
    pub target: Value,
    /// Hash of what the target was given; 0 where it was found there, not written.
    pub hash: u64,
}

impl Link {
    /// Whether it leads to another record than the one that takes its place.
    pub fn is_other(&self, link: &Link) -> bool {
        self.target != Value::None && self.resource == link.resource && self.target != link.target
    }
}

/// What was erased since its time to be kept is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Dropped {
    /// Payloads that were sent.
    pub payloads: u64,
    /// What writes changed, before and after.
    pub changes: u64,
    /// Keys of writes.
    pub keys: u64,
    /// Records as they were read.
    pub sources: u64,
    /// All of them together.
    pub bytes: u64,
}

impl Dropped {
    /// Nothing was so old.
    pub fn is_nothing(&self) -> bool {
        *self == Dropped::default()
    }
}

impl std::ops::AddAssign for Dropped {
    fn add_assign(&mut self, more: Dropped) {
        self.payloads += more.payloads;
        self.changes += more.changes;
        self.keys += more.keys;
        self.sources += more.sources;
        self.bytes += more.bytes;
    }
}

/// Why the store cannot go on: file, what was done, next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// The verbs of the protocol. After a write that failed, none succeeds: the process ends without another try.
pub trait Store: Send {
    /// This store's own number, made once.
    fn id(&self) -> &str;

    /// The states of these records of a flow, in order.
    fn states(&self, flow: &str, keys: &[String]) -> Result<Vec<Option<State>>, StoreError>;

    /// Some of a flow's records that wait or failed, in the order of their keys: the first ones, or those behind a key. Each run looks at all of
    /// them again, wherever its cursor stands.
    fn unfinished(
        &self,
        flow: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<(String, State)>, StoreError>;

    /// Stores ends of records: one transaction for a page. What was only planned of them is forgotten, and of those that are done what was read.
    fn end(&mut self, flow: &str, ends: &[Ending]) -> Result<(), StoreError>;

    /// Links of a record, by step.
    fn links(&self, record: &RecordKey) -> Result<Vec<Link>, StoreError>;

    /// What the flowbook last wrote to `resource` for the source record `key` of `source_resource`, by any flow.
    fn linked(
        &self,
        source_resource: &str,
        key: &str,
        resource: &str,
    ) -> Result<Option<Value>, StoreError>;

    /// The key of the record of `source_resource` for which the flowbook made this record of `resource`; none where there are several.
    fn made_from(
        &self,
        resource: &str,
        target: &Value,
        source_resource: &str,
    ) -> Result<Option<String>, StoreError>;

    /// Records with a link to this record of `resource`, each with its source resource; some of them, where there are many.
    fn linked_from(
        &self,
        resource: &str,
        target: &Value,
    ) -> Result<Vec<(String, RecordKey)>, StoreError>;

    /// Whether this is an older copy, or one that was moved: what left before may still take effect unseen, until [`Store::settled`].
    fn cautious(&self) -> bool;

    /// Nothing that left before can take effect any more.
    fn settled(&mut self) -> Result<(), StoreError>;

    /// A page's writes, in one transaction. Nothing of them may leave yet. What is known of an earlier write of the same step stays: reads need not
    /// show it yet.
    fn plan(&mut self, intents: &[Intent]) -> Result<(), StoreError>;

    /// Outcomes and then releases, in one transaction; a link and its outcome are one. When this returns, what it was given is durable, and the
    /// releases may leave, but for those that are overruled. A record with a release or a link has passed its gates; one that was never stored
    /// waits, so that a run that is cut off here is gone on with.
    fn commit(&mut self, batch: Batch) -> Result<Vec<Overruled>, StoreError>;

    /// Writes of which nobody knows whether they took effect, in the order of their release.
    fn open_entries(&self) -> Result<Vec<Entry>, StoreError>;

    /// Under which keys writes were confirmed, of the `last` entries that the journal heard of: reads may not show them yet.
    fn confirmed_last(&self, last: u32) -> Result<Vec<Written>, StoreError>;

    /// The journal's entries of a record.
    fn entries(&self, record: &RecordKey) -> Result<Vec<Entry>, StoreError>;

    /// Entries of which something is due to be asked for again.
    fn to_look_at(&self, now: Timestamp) -> Result<Vec<Entry>, StoreError>;

    /// What these questions of an entry ask for was asked for, and is again then, if ever.
    fn looked_at(
        &mut self,
        record: &RecordKey,
        step: &str,
        sought: &[Sought],
        next: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Erases payloads, changes and keys of what was released before then, but for those that are still open or looked at again, and what was read
    /// of records that ended before then.
    fn drop_payloads(&mut self, before: Timestamp) -> Result<Dropped, StoreError>;

    /// Up to where a flow has read its source.
    fn cursor(&self, flow: &str) -> Result<Option<Timestamp>, StoreError>;

    /// Moves the cursor.
    fn advance(&mut self, flow: &str, to: Timestamp) -> Result<(), StoreError>;

    /// When all of a flow's source was compared last, by our own clock.
    fn compared(&self, flow: &str) -> Result<Option<Timestamp>, StoreError>;

    /// All of a flow's source was compared then.
    fn compare(&mut self, flow: &str, at: Timestamp) -> Result<(), StoreError>;

    /// A rotated refresh token, before it is used. Kept owner-only. All sign-ins of the system before it count as heard.
    fn keep_token(&mut self, system: &str, token: &str) -> Result<(), StoreError>;

    /// The refresh token stored last.
    fn token(&self, system: &str) -> Result<Option<String>, StoreError>;

    /// A sign-in leaves with the refresh token of this hash, and its answer was not heard; or it was.
    fn note_sign_in(&mut self, system: &str, hash: &str, unheard: bool) -> Result<(), StoreError>;

    /// Whether a sign-in with the refresh token of this hash left, and its answer was never heard.
    fn is_unheard(&self, system: &str, hash: &str) -> Result<bool, StoreError>;
}

/// The verbs of the people who deal with what was not carried over.
pub trait Records: Store {
    /// Some of the records that a filter takes, in the order of [`End::ALL`], flow, and when they ended: the first ones, or those behind the last
    /// one told.
    fn records(
        &self,
        filter: &Filter,
        after: Option<&Kept>,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError>;

    /// Those records by their causes: in the order of [`End::ALL`], the most frequent first. What is done has none.
    fn causes(&self, filter: &Filter) -> Result<Vec<Cause>, StoreError>;

    /// The records with this key or title, of all flows.
    fn named(&self, name: &str) -> Result<Vec<Kept>, StoreError>;

    /// What was read of a failed or waiting record, as JSON.
    fn source(&self, record: &RecordKey) -> Result<Option<String>, StoreError>;

    /// The next run tries these records again, however often they failed, and those too that were dismissed or skipped. Their writes may be sent
    /// as often as new ones; what was sent before stays known. Records that are done or wait are left as they are.
    fn try_again(&mut self, records: &[RecordKey]) -> Result<(), StoreError>;

    /// A person has dealt with a failed or waiting record, and says how; it is not looked at any more.
    fn dismiss(
        &mut self,
        record: &RecordKey,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests;
