//! Staging: what cannot be undone is made as a draft first, compared, and only then booked. The journal keeps which draft was chosen: another one is
//! never booked while the first may have been.

use flowbook_stdlib::value::Value;

use super::ops;
use super::page::Engine;
use super::stop::Ended;
use crate::connect::{OutgoingAct, Systems};
use crate::plan::Step;

/// What an action books: its arguments. None for a plain write.
pub(super) fn chosen(act: &OutgoingAct) -> Option<Vec<Value>> {
    match act {
        OutgoingAct::Create { args, .. } if !args.is_empty() => Some(args.clone()),
        _ => None,
    }
}

impl<S: Systems> Engine<'_, S> {
    /// The end of a record for which something else was chosen before.
    pub(super) fn overruled(&self, step: &Step, chosen: &[Value]) -> Ended {
        let shown: Vec<String> = chosen.iter().map(ops::in_message).collect();
        let system = self.system_name(step.resource);
        Ended {
            place: Some(step.place),
            ..Ended::failure(
                "F0820",
                format!(
                    "{} was begun with {} before, and nobody knows whether that was booked.",
                    step.name,
                    shown.join(", ")
                ),
            )
            .help(format!(
                "Look in {system} whether it is booked. If it is, the next run finds it; if not, book it there by hand, with this record's number as its reference."
            ))
        }
    }
}
