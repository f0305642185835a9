//! What a step writes: its leaves, their JSON, the names and keys that it goes by.

use std::sync::Arc;

use flowbook_stdlib::types::{Kind as Of, Shape};
use flowbook_stdlib::value::Value;
use flowbook_stdlib::wire;

use super::agree;
use super::cache::{self, Question};
use super::changes;
use super::ops;
use super::page::{Engine, Life};
use super::personal;
use super::stop::{Ended, Kind, Stop};
use crate::connect::Systems;
use crate::plan::{Act, NodeIx, PlaceIx, Put, Step, StepIx};

/// One leaf of a payload and its value.
pub(super) type Leaf<'a> = (&'a Put, Value);

/// A wire path and the JSON at its end.
type Written = (Vec<Arc<str>>, String);

impl<'a, S: Systems> Engine<'a, S> {
    /// `draft`; `draft/2` for another step of that name.
    pub fn step_name(&self, ix: StepIx) -> String {
        let name = &self.flow.steps[ix as usize].name;
        let before = self.flow.steps[..ix as usize]
            .iter()
            .filter(|step| step.name == *name)
            .count();
        match before {
            0 => name.clone(),
            more => format!("{name}/{}", more + 1),
        }
    }

    /// The name that a step's link goes by: turns of a `for` are told apart by their key.
    pub fn turn_name(&self, life: &mut Life<'a>, ix: StepIx) -> Result<String, Stop> {
        let name = self.step_name(ix);
        match life.machine.turned(ix) {
            Some((_, turn)) if turn.is_empty() => Ok(name),
            _ => {
                let keys = self.key_texts(life, &self.flow.steps[ix as usize])?;
                Ok(format!("{name}#{}", keys.join("#")))
            }
        }
    }

    /// The texts of a step's present keys.
    pub fn key_texts(&self, life: &mut Life<'a>, step: &'a Step) -> Result<Vec<String>, Stop> {
        let shape = &self.resource(step.resource).shape;
        let mut texts = Vec::with_capacity(step.keys.len());
        for key in &step.keys {
            if let (true, Some(ask)) = (key.fields.is_empty(), key.asks.first()) {
                if let Some(fetch) = life.machine.fetch_of(*ask)?
                    && let Question::Link(.., of) = fetch.question
                {
                    texts.push(format!("link={of}"));
                }
                continue;
            }
            let mut parts = Vec::with_capacity(key.values.len());
            for (path, value) in key.fields.iter().zip(&key.values) {
                let value = match value {
                    Some(node) => life.machine.eval(*node)?,
                    None => Value::None,
                };
                parts.push((
                    ops::field_name(shape, path),
                    cache::canon(ops::field_kind(shape, path), &value),
                    value == Value::None && key.values.len() == 1,
                ));
            }
            if parts.iter().any(|(.., absent)| *absent) {
                continue;
            }
            let parts: Vec<String> = parts
                .into_iter()
                .map(|(name, text, _)| format!("{name}={text}"))
                .collect();
            texts.push(parts.join("&"));
        }
        Ok(texts)
    }

    /// The leaves of a payload that are written this time. A late one is a hole, where that is allowed. With the step's act, a failure is told apart
    /// that follows from the record alone.
    pub fn leaves(
        &self,
        life: &mut Life<'a>,
        act: Option<&'a Act>,
        step: &'a Step,
        creates: bool,
        holes: bool,
    ) -> Result<Vec<Leaf<'a>>, Stop> {
        let shape = &self.resource(step.resource).shape;
        let alone = |put| act.is_some_and(|act| self.alone.put(act, put));
        let mut leaves = Vec::with_capacity(step.body.len());
        for put in &step.body {
            let value = match life.machine.leaf(put, creates) {
                Ok(None | Some(Value::None)) => continue,
                // what is made anew has nothing to empty, unless leaving it out means a default
                Ok(Some(Value::Clear)) if creates && !has_default(shape, &put.at) => continue,
                Ok(Some(value)) => value,
                Err(Stop::Late) if holes => Value::Late,
                Err(stop) => return Err(self.fixed(stop, alone(put))),
            };
            if is_late(&value) {
                if !holes {
                    return Err(Stop::Late);
                }
            } else {
                self.fits(life, self.written_shape(step), put, &value)
                    .map_err(|stop| self.fixed(stop, alone(put)))?;
            }
            leaves.push((put, value));
        }
        if let Some(ended) = agree::contradiction(shape, &leaves) {
            return Err(life.machine.end_at(step.place, ended));
        }
        Ok(leaves)
    }

    /// A value that its field cannot take fails the record.
    fn fits(
        &self,
        life: &mut Life<'a>,
        shape: &Shape,
        put: &'a Put,
        value: &Value,
    ) -> Result<String, Stop> {
        wire::encode(value, &put.ty, put.form).map_err(|unwritable| {
            let mut field = put.wire.join(".");
            if !unwritable.field.is_empty() {
                let dot = if unwritable.field.starts_with('[') {
                    ""
                } else {
                    "."
                };
                field = format!("{field}{dot}{}", unwritable.field);
            }
            let ended = Ended {
                field: Some(field.clone()),
                value: Some(match personal::is_personal(shape, &put.at) {
                    true => personal::HIDDEN.to_owned(),
                    false => ops::in_message(value),
                }),
                ..Ended::failure(
                    "F0806",
                    format!("The value for {field} {}.", unwritable.reason),
                )
            };
            let place = self.place_of(put.value);
            life.machine.end_at(place, ended)
        })
    }

    /// The JSON of each leaf.
    pub fn encoded(
        &self,
        life: &mut Life<'a>,
        shape: &Shape,
        leaves: &[Leaf<'a>],
    ) -> Result<Vec<Written>, Stop> {
        leaves
            .iter()
            .map(|(put, value)| Ok((put.wire.clone(), self.fits(life, shape, put, value)?)))
            .collect()
    }

    /// The shape of what a step writes: its resource's own, or that of its action.
    pub fn written_shape(&self, step: &Step) -> &'a Shape {
        let resource = self.resource(step.resource);
        let action = resource.creates.get(usize::from(step.action));
        let body = action.and_then(|action| action.body.as_ref());
        body.unwrap_or(&resource.shape)
    }

    fn place_of(&self, node: NodeIx) -> PlaceIx {
        self.flow.program.nodes[node as usize].place
    }

    /// Whether a compared leaf is another one than what was found.
    pub fn differs(&self, step: &Step, found: &Value, leaves: &[Leaf<'a>]) -> bool {
        let shape = &self.resource(step.resource).shape;
        leaves.iter().any(|(put, value)| {
            put.compared && changes::leaf(shape, put, Some(found), value).is_some()
        })
    }

    /// The end of a record whose target was taken away by hand.
    pub fn gone(&self, life: &mut Life<'a>, step: &Step) -> Stop {
        let ended = Ended {
            kind: Kind::Skip,
            ..Ended::failure(
                "F0807",
                format!("deleted in {}", self.system_name(step.resource)),
            )
        };
        life.machine.end_at(step.place, ended)
    }

    /// The failure of an update that finds nothing.
    pub fn not_there(&self, life: &mut Life<'a>, step: &'a Step) -> Stop {
        let name = self.resource_name(step.resource);
        let keys = self.key_texts(life, step).unwrap_or_default();
        let ended = Ended::failure(
            "F0808",
            format!("{name} has no record with {}.", said(&keys)),
        )
        .help("Make it there, or let the flow say “ensure” so that it is made.");
        life.machine.end_at(step.place, ended)
    }
}

/// `Number = A-17`
pub(super) fn said(keys: &[String]) -> String {
    if keys.is_empty() {
        return "this key".to_owned();
    }
    let shown: Vec<String> = keys.iter().map(|key| key.replace('=', " = ")).collect();
    shown.join(" or ")
}

/// Whether the field at this path becomes something by itself when it is left out.
fn has_default(shape: &Shape, path: &[u16]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    let Some(field) = shape.fields.get(usize::from(*first)) else {
        return false;
    };
    match &field.ty.kind {
        Of::Record(inner) if !rest.is_empty() => has_default(inner, rest),
        _ => field.default.is_some(),
    }
}

/// Whether a part of the value is known only after an answer.
pub(super) fn is_late(value: &Value) -> bool {
    match value {
        Value::Late => true,
        Value::List(items) | Value::Record(items) => items.iter().any(is_late),
        _ => false,
    }
}

/// The hash of values as they are stored.
pub(super) fn hash_of(values: &[&Value]) -> u64 {
    hash_json(values)
}

/// FNV-1a over what is stored: the same in every process and version.
pub(super) fn hash_json<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> u64 {
    struct Fnv(u64);

    impl std::io::Write for Fnv {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    for value in values {
        // A hash takes every byte, and values always serialise.
        let _ = serde_json::to_writer(&mut hash, &value);
    }
    hash.0.max(1)
}
