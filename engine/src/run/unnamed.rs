//! Unnamed: a write of which nobody knows whether it took effect, to a resource that the flowbook names no more, so that nobody can look it up. Its
//! record fails and nothing more is sent for it, until the resource is named again or a person, who has looked there, dismisses the record.

use super::page::Engine;
use super::report::{FailureReport, FlowReport};
use crate::connect::{Systems, Trouble};
use crate::store::journal::{Entry, Outcome, Phase};
use crate::store::{End, Ending, Reason, State};

impl<S: Systems> Engine<'_, S> {
    /// How a record with such writes ends; none where a person has dealt with it.
    pub(super) fn unnamed(
        &self,
        key: &str,
        state: Option<State>,
        writes: &[Entry],
        report: &mut FlowReport,
    ) -> Result<Option<Ending>, Trouble> {
        let before = state.unwrap_or_default();
        if before.end == End::Dismissed {
            report.unchanged += 1;
            for entry in writes {
                self.given_up(entry)?;
            }
            return Ok(None);
        }
        let (mut message, mut help) = (String::new(), None);
        if let Some(Entry { intent, .. }) = writes.first() {
            let (step, resource) = (&intent.step, &intent.resource);
            let system = resource.split('.').next().unwrap_or_default();
            message = format!(
                "Nobody knows whether {step} of {resource} was written: its answer was lost, and the flowbook names {resource} no more, so it cannot be looked up."
            );
            help = Some(format!(
                "Look in {system}; what is missing, make it by hand, then `flowbook dismiss {key} --reason “…”`. Or name {resource} again: the next run looks it up."
            ));
        }
        let title = before.title.as_deref();
        self.tell(key, title, End::Failed, &message, report);
        let code = "F0809";
        report.failure(FailureReport {
            key: key.to_owned(),
            title: before.title.clone(),
            code: code.to_owned(),
            message: message.clone(),
            help,
            ..FailureReport::default()
        });
        let state = State {
            end: End::Failed,
            reason: Some(Reason {
                code: Some(code.to_owned()),
                message,
                ..Reason::default()
            }),
            waiting_since: None,
            next_try: None,
            fixed: false,
            plan: self.plan_hash,
            ended: Some(self.options.clock.wall()),
            ..before
        };
        Ok(Some(Ending {
            key: key.to_owned(),
            state,
            source: None,
        }))
    }

    /// A person has looked: nobody waits for it any more. What the target took is never sent again all the same.
    fn given_up(&self, entry: &Entry) -> Result<(), Trouble> {
        if entry.phase == Phase::Accepted {
            return Ok(());
        }
        self.asker.stored_outcome(Outcome {
            record: entry.intent.record.clone(),
            step: entry.intent.step.clone(),
            phase: Phase::Settled,
            link: None,
            watch: None,
        })
    }
}
