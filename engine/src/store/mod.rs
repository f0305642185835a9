//! What a flowbook remembers between runs, behind verbs of the protocol. [`sqlite`] keeps it in `.flowbook/`; [`memory`] for tests.
//!
//! The trait's verbs are those of the protocol, not of SQL: `plan`, `commit` (outcomes, then releases), `open_entries`, `end`, `advance`.

use flowbook_stdlib::value::Value;
use jiff::Timestamp;

pub mod journal;
pub mod memory;
pub mod sqlite;

mod durable;
mod exclusion;
mod ledger;
mod schema;

pub use exclusion::Patience;
use journal::{Batch, Entry, Intent, Overruled};

/// A source record of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    /// The flow's name.
    pub flow: String,
    /// The record's key at its source, as text.
    pub key: String,
}

/// What the store knows of a source record.
#[derive(Debug, Clone, PartialEq)]
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
}

/// How a record ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// Carried over.
    Done,
    /// By `skip`.
    Skipped,
    /// By `wait` or `where`.
    Waiting,
    /// By a failure.
    Failed,
}

impl End {
    /// As stored and as reported: `done`.
    pub fn word(self) -> &'static str {
        match self {
            End::Done => "done",
            End::Skipped => "skipped",
            End::Waiting => "waiting",
            End::Failed => "failed",
        }
    }

    /// The end of that word.
    pub fn of_word(word: &str) -> Option<End> {
        [End::Done, End::Skipped, End::Waiting, End::Failed]
            .into_iter()
            .find(|end| end.word() == word)
    }
}

/// What a record is said to wait for between a confirmed write and its end.
pub const BEGUN: &str = "begun: what is written stands, the rest follows with the next run";

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

/// Why the store cannot go on: file, what was done, next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// The verbs. After a write that failed, none succeeds: the process ends without another try.
pub trait Store: Send {
    /// This store's own number, made once.
    fn id(&self) -> &str;

    /// The states of these records of a flow, in order.
    fn states(&self, flow: &str, keys: &[String]) -> Result<Vec<Option<State>>, StoreError>;

    /// Records of a flow that wait or failed: each run looks at them again, wherever its cursor stands.
    fn unfinished(&self, flow: &str) -> Result<Vec<(String, State)>, StoreError>;

    /// Stores ends of records: one transaction for a page. What was only planned of them is forgotten.
    fn end(&mut self, flow: &str, ends: &[(String, State)]) -> Result<(), StoreError>;

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

    /// Whether this is an older copy, or one that was moved: what left before may still take effect unseen, until [`Store::settled`].
    fn cautious(&self) -> bool;

    /// Nothing that left before can take effect any more.
    fn settled(&mut self) -> Result<(), StoreError>;

    /// A page's writes, in one transaction. Nothing of them may leave yet.
    fn plan(&mut self, intents: &[Intent]) -> Result<(), StoreError>;

    /// Outcomes and then releases, in one transaction; a link and its outcome are one. When this returns, what it was given is durable, and the
    /// releases may leave, but for those that are overruled. A record with a release or a link has passed its gates; one that was never stored
    /// waits, so that a run that is cut off here is gone on with.
    fn commit(&mut self, batch: Batch) -> Result<Vec<Overruled>, StoreError>;

    /// Writes of which nobody knows whether they took effect, in the order of their release.
    fn open_entries(&self) -> Result<Vec<Entry>, StoreError>;

    /// The journal's entries of a record.
    fn entries(&self, record: &RecordKey) -> Result<Vec<Entry>, StoreError>;

    /// Entries whose second look is due.
    fn to_look_at(&self, now: Timestamp) -> Result<Vec<Entry>, StoreError>;

    /// An entry was looked at; when it is looked at next, if ever.
    fn looked_at(
        &mut self,
        record: &RecordKey,
        step: &str,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Erases the payloads of what was released before then, but for those that are still open.
    fn drop_payloads(&mut self, before: Timestamp) -> Result<(), StoreError>;

    /// Up to where a flow has read its source.
    fn cursor(&self, flow: &str) -> Result<Option<Timestamp>, StoreError>;

    /// Moves the cursor.
    fn advance(&mut self, flow: &str, to: Timestamp) -> Result<(), StoreError>;

    /// A rotated refresh token, before it is used. Kept owner-only.
    fn keep_token(&mut self, system: &str, token: &str) -> Result<(), StoreError>;

    /// The refresh token stored last.
    fn token(&self, system: &str) -> Result<Option<String>, StoreError>;
}

#[cfg(test)]
mod tests;
