//! What people ask of the records that a flowbook has seen: which ones, why they stand where they stand, and what may be done about them.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{End, Reason, RecordKey, State};

/// Which records are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this flow; of all where none is named.
    pub flow: Option<String>,
    /// That ended so; however they ended where none is named.
    pub ends: Vec<End>,
    /// That came to their end then or later.
    pub since: Option<Timestamp>,
    /// That failed with this code of the catalogue.
    pub code: Option<String>,
}

impl Filter {
    /// The ends that are asked for, in the order in which they are told.
    pub(super) fn ends(&self) -> impl Iterator<Item = End> + '_ {
        End::ALL
            .into_iter()
            .filter(|end| self.ends.is_empty() || self.ends.contains(end))
    }

    /// Whether it takes this one.
    pub fn takes(&self, kept: &Kept) -> bool {
        let state = &kept.state;
        let code = |reason: &Reason| reason.code == self.code;
        self.flow
            .as_ref()
            .is_none_or(|flow| *flow == kept.record.flow)
            && (self.ends.is_empty() || self.ends.contains(&state.end))
            && self.since.is_none_or(|since| state.ended >= Some(since))
            && (self.code.is_none() || state.reason.as_ref().is_some_and(code))
    }
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Which one.
    pub record: RecordKey,
    /// Where it stands.
    pub state: State,
}

impl Kept {
    /// In the order in which records are told: by how they ended, flow, and when; so a listing can be gone on with behind any of them.
    pub(super) fn order(&self, other: &Kept) -> Ordering {
        let by = |kept: &Kept| (kept.state.end, kept.record.flow.clone(), kept.state.ended);
        by(self)
            .cmp(&by(other))
            .then_with(|| self.record.key.cmp(&other.record.key))
    }
}

/// Records that stand where they stand for one cause: the same code, field and rule, whatever their values.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// Their flow.
    pub flow: String,
    /// How they ended.
    pub end: End,
    /// How many they are.
    pub count: u64,
    /// The latest of them, at most [`Cause::EXAMPLES`].
    pub examples: Vec<Kept>,
}

impl Cause {
    /// How many examples a cause has at most.
    pub const EXAMPLES: usize = 3;
}

impl Reason {
    /// Why a record waits of which something is written that stands.
    pub(super) fn begun() -> Reason {
        Reason {
            message: BEGUN.to_owned(),
            ..Reason::default()
        }
    }

    /// What records with one cause have in common: values and positions in lists are taken out.
    pub fn cause(&self) -> String {
        let mut field = String::new();
        let mut inside = false;
        for c in self.field.as_deref().unwrap_or_default().chars() {
            inside = (inside || c == '[') && c != ']';
            if !(inside && c.is_ascii_digit()) {
                field.push(c);
            }
        }
        let code = self.code.as_deref().unwrap_or_default();
        let rule = self.at.as_deref().unwrap_or(&self.message);
        format!("{code}|{field}|{rule}")
    }
}

impl State {
    /// What is written of it stands, and each run goes on with it until it comes to an end.
    pub(crate) fn begun(self) -> State {
        State {
            end: End::Waiting,
            reason: Some(Reason::begun()),
            passed: true,
            tries: 0,
            next_try: None,
            fixed: false,
            ..self
        }
    }

    /// It is tried again with the next run, whatever it came to before. What is terminal comes back to where it was. False where there is nothing to
    /// be tried again: it is done, or waits and is looked at by each run.
    pub(super) fn try_again(&mut self) -> bool {
        match self.end {
            End::Failed => {}
            End::Dismissed if self.reason.as_ref().is_some_and(|why| why.code.is_some()) => {
                self.end = End::Failed;
            }
            End::Dismissed => self.end = End::Waiting,
            End::Skipped => {
                self.end = End::Waiting;
                self.reason = Some(Reason {
                    message: ASKED.to_owned(),
                    ..Reason::default()
                });
            }
            End::Waiting | End::Done => return false,
        }
        self.tries = 0;
        self.fixed = false;
        self.next_try = None;
        self.dismissed = None;
        true
    }

    /// A person says that nothing is to be done about it.
    pub(super) fn dismiss(&mut self, reason: &str, at: Timestamp) {
        self.end = End::Dismissed;
        self.dismissed = Some(reason.to_owned());
        self.ended = Some(at);
        self.next_try = None;
    }
}

/// What a record is said to wait for between a confirmed write and its end.
const BEGUN: &str = "begun: what is written stands, the rest follows with the next run";

/// What a skipped record waits for that a person wants to be tried again.
const ASKED: &str = "to be looked at again with the next run, as a person asked";
