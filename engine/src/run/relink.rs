//! Relink: for a store that was lost, a run that writes to no system looks up what each record's steps create, and remembers what it finds.
//!
//! It goes the way of a dry run, with two differences: what the flow's gates turn away is looked up too, since a flow may skip what is there
//! already; and links are stored, once it is known that the record was carried over before.

use flowbook_stdlib::value::Value;

use super::acts::{FLOW_END, THERE};
use super::changes::Does;
use super::page::{ADOPTED, Engine, Life};
use super::payload::hash_of;
use super::step::{Found, Turned};
use super::stop::{Ended, Kind, Stop};
use super::turns::Turn;
use crate::connect::Systems;
use crate::plan::Step;
use crate::store::journal::Outcome;

/// What is found of a record.
#[derive(Debug, Default)]
pub(super) struct Relinked {
    /// Its links.
    pub outcomes: Vec<Outcome>,
    /// A record is there that only this flow creates: it was carried over, at least in part.
    pub made: bool,
    /// One of these is not as this flow writes it, or has another form: a person may have made it.
    pub foreign: bool,
    /// The flow's gates would turn it away now, since such a record is there.
    pub there: bool,
    /// The flow's gates would turn it away now for other reasons.
    pub gated: bool,
}

/// What is kept of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Nothing: the run that follows begins with it.
    Nothing,
    /// What was found, and that it is done.
    Done,
    /// What was found: the run that follows goes on with it.
    Begun,
}

impl<'a, S: Systems> Engine<'a, S> {
    /// What the gates turn away is looked up all the same.
    pub fn past_the_gate(&self, life: &mut Life<'a>, stop: Stop) -> Result<(), Stop> {
        match stop {
            Stop::End(ended)
                if self.options.relink
                    && [FLOW_END, THERE].contains(&ended.code)
                    && matches!(ended.kind, Kind::Skip | Kind::Wait | Kind::Where) =>
            {
                let gate = match ended.code {
                    THERE => &mut life.relinked.there,
                    _ => &mut life.relinked.gated,
                };
                *gate = true;
                Ok(())
            }
            stop => Err(stop),
        }
    }

    /// The hash of what a record holds that is to be linked again: this flow wrote it, if it holds just what the flow writes.
    pub async fn hash_held(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turn: &Turn,
        found: &Value,
        turned: &Turned,
    ) -> u64 {
        let elsewhere = matches!(life.looked.get(turned), Some(Found::Elsewhere(..)));
        if !self.options.relink || elsewhere {
            return ADOPTED;
        }
        let leaves = self.now(life, |life| {
            life.machine.at(turn)?;
            self.leaves(life, None, step, true, true)
        });
        match leaves.await {
            Ok(leaves) if !self.differs(step, found, &leaves) => {
                let values: Vec<&Value> = leaves.iter().map(|(_, value)| value).collect();
                hash_of(&values)
            }
            _ => ADOPTED,
        }
    }

    /// Stores the links of a record that was carried over before. All else is left to the run that follows.
    pub fn linked_again(&self, life: &mut Life<'a>) -> Kept {
        let Relinked {
            outcomes,
            made,
            foreign,
            there,
            gated,
        } = std::mem::take(&mut life.relinked);
        if life.left {
            return Kept::Nothing;
        }
        let did = |does| life.did.iter().any(|(did, _)| *did == does);
        let (lacks, differs) = (did(Does::Create), did(Does::Update));
        let goes_on = made && (!lacks || !(gated || foreign));
        if (gated || there) && !goes_on {
            // Customers or articles may be there for other reasons, as may a document that the flow found there; and what stands behind a gate may fail for what the gate keeps out.
            life.end = Some(Ended {
                kind: Kind::Skip,
                ..Ended::failure(FLOW_END, "nothing is written for it")
            });
            return Kept::Nothing;
        }
        let failed = life.end.is_some();
        if !made && (lacks || differs || failed) {
            return Kept::Nothing;
        }
        for outcome in outcomes {
            if let Err(trouble) = self.asker.stored_outcome(outcome) {
                self.stop(trouble);
                return Kept::Nothing;
            }
        }
        match lacks || failed {
            true => Kept::Begun,
            false => Kept::Done,
        }
    }
}
