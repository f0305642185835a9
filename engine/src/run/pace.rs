//! Pace: when a failed record is tried again by itself. What may heal is, after pauses that grow; what would fail the same way is not computed
//! again until the record or the flowbook changes. Either way it counts as failed, and a person can have it tried at once (`flowbook retry`).

use jiff::{SignedDuration, Timestamp};

use super::page::Engine;
use super::payload;
use super::report::{FailureReport, FlowReport};
use crate::connect::Systems;
use crate::plan::Plan;
use crate::store::{End, Ending, State};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Pauses after the second failure in a row and the following ones, in seconds; the last one goes on. After the first, the next run tries again.
const PAUSES: [i64; 6] = [MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, LONGEST];

const LONGEST: i64 = 24 * HOUR;

/// The hash of what a plan does. By which names its files are reached does not count.
pub(super) fn hash_of(plan: &Plan) -> u64 {
    let mut plan = plan.clone();
    plan.files.clear();
    for row in plan.tables.iter_mut().flat_map(|table| &mut table.rows) {
        row.source.clear();
    }
    payload::hash_json([&plan])
}

impl<S: Systems> Engine<'_, S> {
    /// How often in a row a record failed now, and when it is tried again; none: with the next run.
    pub(super) fn paced(&self, before: Option<&State>, hash: u64) -> (u32, Option<Timestamp>) {
        let again = |state: &&State| {
            state.end == End::Failed && state.hash == hash && state.plan == self.plan_hash
        };
        let before = before.filter(again).map_or(0, |state| state.tries);
        let pause = match before {
            0 => None,
            before => PAUSES.get(before as usize - 1).or(PAUSES.last()),
        };
        let next = pause.and_then(|pause| {
            let pause = SignedDuration::from_secs(*pause);
            self.now.checked_add(pause).ok()
        });
        (before.saturating_add(1), next)
    }

    /// Whether it is too early to ask the source for a record that failed. A clock that went back makes nobody wait.
    pub(super) fn pauses(&self, state: &State) -> bool {
        let longest = SignedDuration::from_secs(LONGEST);
        state.end == End::Failed
            && state.plan == self.plan_hash
            && state
                .next_try
                .is_some_and(|next| next > self.now && next.duration_since(self.now) <= longest)
    }

    /// Whether a record that failed is left alone, now that it has been read.
    pub(super) fn rests(&self, state: &State, hash: u64) -> bool {
        state.hash == hash
            && state.plan == self.plan_hash
            && state.end == End::Failed
            && (state.fixed || self.pauses(state))
    }

    /// A record that would fail the same way was read, and was as it was: it is read again after the next pause.
    pub(super) fn rested(&self, key: &str, state: &State) -> Ending {
        let (tries, next_try) = self.paced(Some(state), state.hash);
        Ending {
            key: key.to_owned(),
            state: State {
                tries,
                next_try,
                ..state.clone()
            },
            source: None,
        }
    }

    /// A failed record that is not tried this time is told all the same.
    pub(super) fn still_failed(&self, key: &str, state: &State, report: &mut FlowReport) {
        report.resting += 1;
        let reason = state.reason.clone().unwrap_or_default();
        let title = state.title.as_deref();
        self.tell(key, title, End::Failed, &reason.message, report);
        report.failure(FailureReport {
            key: key.to_owned(),
            title: state.title.clone(),
            field: reason.field,
            code: reason.code.unwrap_or_default(),
            message: reason.message,
            help: self.when_again(key, state.fixed, state.next_try),
            at: reason.at,
            ..FailureReport::default()
        });
    }

    /// What a person does about a failure, where it is not tried again by the next run.
    pub(super) fn when_again(
        &self,
        key: &str,
        fixed: bool,
        next: Option<Timestamp>,
    ) -> Option<String> {
        let when = match (fixed, next) {
            (true, _) => "Correct the record in its source, or the flowbook: it is tried again once one of them has changed.".to_owned(),
            (false, Some(next)) => format!(
                "Correct it where it comes from. It is not tried again before {}.",
                self.local(next)
            ),
            (false, None) => return None,
        };
        Some(format!(
            "{when} `flowbook retry {key}` has the next run try it."
        ))
    }

    /// `2026-03-01 14:05`, in the flowbook's zone.
    fn local(&self, at: Timestamp) -> String {
        let there = self.context.zone.to_datetime(at);
        there.strftime("%Y-%m-%d %H:%M").to_string()
    }
}
