//! Namesakes: two records of a source that have one key in the target. What is there of one of them is never taken for the other's: a sale would be
//! missing in the books, and nobody would see it. A key that does not say whose it is (an article, a label) may well be shared.

use flowbook_stdlib::value::Value;
use rustc_hash::FxHashSet;

use super::cache;
use super::ops;
use super::page::Engine;
use super::report::called;
use super::stop::Ended;
use crate::connect::{Systems, Trouble};
use crate::plan::connector::ResourceIx;
use crate::plan::{NodeIx, Op, Step, To};

/// What was found under the key of a step that creates.
pub(super) struct There<'a> {
    pub step: &'a Step,
    /// The step's own resource, or a form of it.
    pub form: ResourceIx,
    /// The key of what is there.
    pub target: Value,
}

impl<S: Systems> Engine<'_, S> {
    /// How a record ends that finds what is another one's; none where it may be taken for its own.
    pub(super) fn namesake(&self, key: &str, there: &There<'_>) -> Result<Option<Ended>, Trouble> {
        let There { step, form, target } = there;
        if *target == Value::None || !matches!(step.to, To::Resource) || !self.says_whose(step) {
            return Ok(None);
        }
        let resource = self.resource_name(*form);
        let source = self.resource_name(self.flow.read.resource);
        let linked = self.asker.linked_from(&resource, target)?;
        let is_other = |(from, record): &&(String, crate::store::RecordKey)| {
            *from == source && record.key != key
        };
        let Some((_, other)) = linked.iter().find(is_other) else {
            return Ok(None);
        };
        let states =
            self.stored(|store| store.states(&other.flow, std::slice::from_ref(&other.key)))?;
        let title = states.into_iter().flatten().find_map(|state| state.title);
        let shape = &self.resource(step.resource).shape;
        let fields = step.keys.iter().flat_map(|key| &key.fields);
        let fields: Vec<String> = fields.map(|path| ops::field_name(shape, path)).collect();
        Ok(Some(Ended {
            place: Some(step.place),
            ..Ended::failure(
                "F0824",
                format!(
                    "{resource} has {} under this {} already, and it is the {} of another record of {source}: {}.",
                    ops::in_text(target),
                    fields.join(", "),
                    step.name,
                    called(&other.key, title.as_deref())
                ),
            )
            .help(format!(
                "Only that one is there. Where they are two, give one of them another number, or have the flow's key tell them apart, and run again. Where {source} has one twice: `flowbook dismiss {key} --reason “…”`."
            ))
        }))
    }

    /// Whether the key of a step is made from what tells a record of the source from the others: its key, or what people call it.
    fn says_whose(&self, step: &Step) -> bool {
        let source = self.resource(self.flow.read.resource);
        let own: Vec<u16> = source.key.into_iter().chain(source.title).collect();
        let values = step.keys.iter().flat_map(|key| &key.values);
        let mut seen = FxHashSet::default();
        let mut nodes: Vec<NodeIx> = values.flatten().copied().collect();
        while let Some(node) = nodes.pop() {
            if !seen.insert(node) {
                continue;
            }
            match &self.flow.program.nodes[node as usize].op {
                Op::Get(of, field) if own.contains(field) && self.is_source(*of) => return true,
                Op::Slot(slot) => nodes.extend(self.flow.program.slots[*slot as usize].init),
                op => nodes.extend(op.operands(&self.flow.program)),
            }
        }
        false
    }

    /// Whether a node is the record of the source, by whatever name.
    fn is_source(&self, node: NodeIx) -> bool {
        match &self.flow.program.nodes[node as usize].op {
            Op::Slot(0) => true,
            Op::Slot(slot) => {
                let init = self.flow.program.slots[*slot as usize].init;
                init.is_some_and(|init| self.is_source(init))
            }
            _ => false,
        }
    }
}

/// The key of a record.
pub(super) fn key_of(record: &Value, key: Option<u16>) -> Value {
    key.map_or(Value::None, |key| cache::at(record, &[key]).clone())
}
