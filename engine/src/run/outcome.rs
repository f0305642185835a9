//! Outcome: what an answer says of a write. `unsent` only if no byte of it was written, `refused` only if the connector declares that answer to be
//! one; everything else that is no promised success is `unknown`.

use flowbook_stdlib::value::Value;

use crate::connect::{Sent, Trouble, TurnedAway};
use crate::plan::Step;

/// What became of one attempt.
pub(super) enum Outcome {
    /// Done, and this is the record.
    Confirmed(Value),
    /// Done: an update of which the answer says nothing.
    Changed,
    /// Taken, but its key was not told: it is found by the step's key, and never sent again.
    Accepted(Trouble),
    /// The key is used already: not done.
    Taken(Trouble),
    /// The record to be changed is away: not done.
    Gone(Trouble),
    /// Not done.
    Refused(Trouble),
    /// It never left.
    Unsent(Trouble),
    /// Not taken, and it may be released anew.
    TurnedAway(TurnedAway),
    /// Nobody knows.
    Unknown(Trouble),
}

/// What an answer means for a step. `changes`: a record that is there is changed.
pub(super) fn outcome(sent: Sent, step: &Step, changes: bool) -> Outcome {
    match sent {
        Sent::Ok(Some(answer)) => Outcome::Confirmed(answer),
        Sent::Ok(None) if changes => Outcome::Changed,
        Sent::Ok(None) => Outcome::Accepted(accepted(step)),
        Sent::Taken(trouble) => Outcome::Taken(trouble),
        Sent::Gone(trouble) => Outcome::Gone(trouble),
        Sent::Refused(trouble) => Outcome::Refused(trouble),
        Sent::Unsent(trouble) => Outcome::Unsent(trouble),
        Sent::TurnedAway(away) => Outcome::TurnedAway(*away),
        Sent::Unknown(trouble) => Outcome::Unknown(trouble),
    }
}

/// An answer without the promised body: accepted, its id unknown.
fn accepted(step: &Step) -> Trouble {
    Trouble {
        code: "F0809",
        message: format!(
            "{} was accepted without an answer that tells its key.",
            step.name
        ),
        help: None,
        field: None,
        local: true,
    }
}
