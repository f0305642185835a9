//! Relink: for a store that was lost, a run that writes to no system looks up what each record's steps create, and remembers what it finds.
//!
//! It goes the way of a dry run, with two differences: what the flow's gates turn away is looked up too, since a flow may skip what is there
//! already; and links are stored, once it is known that the record was carried over before.

use flowbook_stdlib::value::Value;

use super::changes::Does;
use super::page::{ADOPTED, Engine, FLOW_END, Life};
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
    /// The flow's gates would turn it away now.
    pub gated: bool,
}

impl<'a, S: Systems> Engine<'a, S> {
    /// What the gates turn away is looked up all the same.
    pub fn past_the_gate(&self, life: &mut Life<'a>, stop: Stop) -> Result<(), Stop> {
        match stop {
            Stop::End(ended)
                if self.options.relink
                    && ended.code == FLOW_END
                    && matches!(ended.kind, Kind::Skip | Kind::Wait | Kind::Where) =>
            {
                life.relinked.gated = true;
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

    /// Stores the links of a record that was carried over before; whether it is done. All else is left to the run that follows.
    pub fn linked_again(&self, life: &mut Life<'a>) -> bool {
        let outcomes = std::mem::take(&mut life.relinked.outcomes);
        let (made, gated) = (life.relinked.made, life.relinked.gated);
        if life.left {
            return false;
        }
        let did = |does| life.did.iter().any(|(did, _)| *did == does);
        let (lacks, differs) = (did(Does::Create), did(Does::Update));
        if gated && (!made || lacks) {
            // Customers or articles may be there for other reasons, as may a document that the flow found there; and what stands behind a gate may fail for what the gate keeps out.
            life.end = Some(Ended {
                kind: Kind::Skip,
                ..Ended::failure(FLOW_END, "nothing is written for it")
            });
            return false;
        }
        let failed = life.end.is_some();
        if !made && (lacks || differs || failed) {
            return false;
        }
        for outcome in outcomes {
            if let Err(why) = self.asker.stored_outcome(outcome) {
                self.stop(super::store_trouble(why));
                return false;
            }
        }
        !lacks && !failed
    }
}
