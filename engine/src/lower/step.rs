//! Writing steps: keys become questions, payloads become leaves.

use flowbook_stdlib::value::Value;

use super::builder::Builder;
use super::flow::{Acts, Around};
use crate::checked::{self, Write};
use crate::plan::connector::Resource;
use crate::plan::{
    ActKind, AskIx, First, FlagCheck, NodeIx, Op, PlaceIx, Put, Question, Step, StepIx, StepKey, To,
};

impl<'b> Acts<'b, '_> {
    pub(super) fn write(&mut self, write: &'b Write, place: PlaceIx, around: &Around) {
        let ix = self.builder.steps.len() as StepIx;
        let builder = &mut self.builder;
        let to = match &write.to {
            checked::To::Resource => To::Resource,
            checked::To::Child(parent) => {
                let node = builder.expr(parent);
                To::Child(builder.kept("", node))
            }
            checked::To::Record(record) => {
                let node = builder.expr(record);
                To::Record(builder.kept("", node))
            }
        };
        let args: Vec<NodeIx> = write.args.iter().map(|expr| builder.expr(expr)).collect();
        let mut keys = Vec::new();
        if let Some((of, of_resource)) = &write.link {
            let of = builder.expr(of);
            let what = Question::Link {
                of,
                of_resource: *of_resource,
            };
            keys.push(StepKey {
                asks: vec![builder.ask(what, write.resource, place)],
                fields: Vec::new(),
                values: Vec::new(),
            });
        }
        for key in &write.keys {
            keys.extend(builder.step_key(write, key, &to, place));
        }
        builder.lets(&write.lets);
        let body = write
            .body
            .iter()
            .filter_map(|put| builder.put(put))
            .collect();
        let flags = write
            .flags
            .iter()
            .map(|flag| FlagCheck {
                field: flag.field.clone(),
                expected: builder.expr(&flag.expected),
            })
            .collect();
        builder.steps.push(Step {
            name: write.name.clone(),
            verb: write.verb,
            resource: write.resource,
            to,
            action: write.action,
            args,
            keys,
            done_if: None,
            body,
            flags,
            late: Vec::new(),
            needs: Vec::new(),
            place,
        });
        builder.step_when.push(around.when);
        builder.wrote(write.resource);
        let bound = builder.push(Op::Bound(ix), place);
        builder.bind(write.bound, bound);
        let done_if = write.done_if.as_ref().map(|expr| builder.expr(expr));
        builder.steps[ix as usize].done_if =
            done_if.filter(|node| builder.value(*node) != Some(&Value::Bool(false)));
        self.bound.push(write.bound);
        self.act(ActKind::Step(ix), place, around);
    }
}

impl<'b> Builder<'b, '_> {
    /// A key of a step; none where its value is absent under these settings.
    fn step_key(
        &mut self,
        write: &'b Write,
        key: &'b checked::StepKey,
        to: &To,
        place: PlaceIx,
    ) -> Option<StepKey> {
        let mut values = Vec::with_capacity(key.values.len());
        let mut nodes = Vec::with_capacity(key.values.len());
        for value in &key.values {
            match value {
                Some(expr) => {
                    let node = self.expr(expr);
                    if self.is_none(node) {
                        return None;
                    }
                    let node = self.kept("", node);
                    nodes.push(node);
                    values.push(Some(node));
                }
                None => {
                    nodes.push(self.constant(Value::None, place));
                    values.push(None);
                }
            }
        }
        let asks = match to {
            To::Child(parent) => self.list_of_parent(write, *parent, place),
            To::Resource => {
                let own = (write.resource, key.find, key.fields.clone());
                std::iter::once(own)
                    .chain(key.forms.iter().cloned())
                    .map(|(resource, find, fields)| {
                        let what = Question::Find {
                            find,
                            fields,
                            key: nodes.clone(),
                        };
                        self.ask(what, resource, place)
                    })
                    .collect()
            }
            To::Record(_) => Vec::new(),
        };
        Some(StepKey {
            asks,
            fields: key.fields.clone(),
            values,
        })
    }

    /// The question for the records beside the one that a step makes, where they can be listed.
    fn list_of_parent(&mut self, write: &Write, parent: NodeIx, place: PlaceIx) -> Vec<AskIx> {
        let resource: Option<&Resource> = self.shared.book.resources.get(write.resource as usize);
        if resource.is_none_or(|resource| resource.list.is_none()) {
            return Vec::new();
        }
        vec![self.ask(Question::Sub { parent }, write.resource, place)]
    }

    /// A leaf; none where it is never written under these settings.
    fn put(&mut self, put: &'b checked::Put) -> Option<Put> {
        let value = self.expr(&put.value);
        if self.is_none(value) {
            return None;
        }
        let first = match &put.first {
            checked::First::Always => First::Always,
            checked::First::OnCreate => First::OnCreate,
            checked::First::OnCreateOr(condition) => {
                let condition = self.expr(condition);
                match self.value(condition) {
                    Some(Value::Bool(true)) => First::Always,
                    Some(_) => First::OnCreate,
                    None => First::OnCreateOr(condition),
                }
            }
        };
        Some(Put {
            at: put.at.clone(),
            wire: put.wire.clone(),
            value,
            ty: put.ty.clone(),
            form: put.form,
            first,
            key: put.key,
            compared: put.compared,
        })
    }
}
