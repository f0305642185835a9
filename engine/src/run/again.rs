//! Again: a write that is certain not to have taken effect is sent once more, at most three times in all. What cannot be found in the target is sent
//! once: if its answer is lost, a person must look. A change of a record that is there may be repeated: whatever came through, it ends the same.
//! What a system turned away, since it is busy or the sign-in had ended, was no attempt: it is released anew.

use std::time::Duration;

use super::page::{Engine, Life};
use super::stop::Ended;
use super::write::Halt;
use crate::connect::{Systems, TurnedAway};
use crate::plan::{Step, To};
use crate::wrong::{self, Wrong};

/// Attempts of one write that may have taken effect.
const MOST_ATTEMPTS: usize = 3;

/// What is known of the attempts of a step.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempts {
    /// Payload hashes of those that may have taken effect.
    pub hashes: Vec<u64>,
    /// The target took one and did not tell its key.
    pub accepted: bool,
    /// How many of them a person has looked into (`flowbook retry`): they do not count any more.
    pub renewed: usize,
}

impl<'a, S: Systems> Engine<'a, S> {
    /// Whether one more attempt may leave; else how the record ends.
    pub(super) fn may_send(
        &self,
        step: &Step,
        attempts: &Attempts,
        findable: bool,
    ) -> Result<(), Halt> {
        let most = match findable || wrong::is(Wrong::UnseenResent) {
            true => MOST_ATTEMPTS,
            false => 1,
        };
        let most = most + usize::from(wrong::is(Wrong::FourthAttempt));
        // Of what nothing there would tell, nobody can say that it is not there.
        let renewed = if findable { attempts.renewed } else { 0 };
        if !attempts.accepted && attempts.hashes.len().saturating_sub(renewed) < most {
            return Ok(());
        }
        let system = self.system_name(step.resource);
        let resource = self.resource_name(step.resource);
        let message = match (attempts.accepted, findable) {
            (true, _) => format!(
                "{system} took {} of {resource} but shows no record of it.",
                step.name
            ),
            (_, false) => format!(
                "Nobody knows whether {} of {resource} was written, and nothing there would tell.",
                step.name
            ),
            _ => format!(
                "{} of {resource} was sent {} times without an answer, and is not found.",
                step.name,
                attempts.hashes.len()
            ),
        };
        Err(Ended {
            place: Some(step.place),
            ..Ended::failure("F0809", message).help(format!(
                "Look in {system}. If the record is there, the next run finds it by its key; it is not sent again by itself."
            ))
        }
        .into())
    }

    /// Waits until a system that turned a write away may take it. What was turned away was no attempt. `waited`: how long this write did so by now.
    pub(super) async fn leave_alone(
        &self,
        life: &mut Life<'a>,
        away: TurnedAway,
        waited: &mut Option<Duration>,
    ) -> Result<(), Halt> {
        let all = waited.map_or(away.pause, |waited| waited + away.pause);
        if waited.is_some() && all >= away.patience {
            return Err(self.stop(away.trouble));
        }
        *waited = Some(all);
        self.wait(life, away.pause).await
    }

    /// Whether the effect of a step can be seen: under a key, or in the record itself. What only a parent tells (`done if`) can be there though the
    /// parent says nothing of it: a part of a payment.
    pub(super) fn is_findable(&self, step: &Step, keys: &[String]) -> bool {
        !keys.is_empty() || matches!(step.to, To::Record(_))
    }
}
