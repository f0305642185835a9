//! What a step shall do: from what is under its key now, and from the fields that it writes.

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::value::Value;

use super::cache;
use super::changes::{self, Change, Does};
use super::claims::{Claim, Claims};
use super::eval::Machine;
use super::namesake::{self, There};
use super::ops;
use super::page::{Engine, Life};
use super::payload::Leaf;
use super::step::{Found, Turned};
use super::stop::{Ended, Stop};
use super::turns::Turn;
use super::write::{Halt, untold};
use crate::connect::{Outgoing, OutgoingAct, Systems};
use crate::plan::{NodeIx, Op, Step, StepIx, To};
use crate::wrong::{self, Wrong};

/// What is to be done at a step.
pub(super) enum Todo<'a> {
    /// The record is there already.
    Adopt(Value),
    /// Nothing differs.
    Same(Value),
    /// A request.
    Send {
        outgoing: Outgoing,
        change: Change,
        /// The record that is changed; none for a new one.
        found: Option<Value>,
        leaves: Vec<Leaf<'a>>,
    },
    /// Nothing can be done here, and nothing needs to be: why, for the record's notes.
    Drop(Option<String>),
}

impl<'a, S: Systems> Engine<'a, S> {
    /// What is to be done, from what is under the key now. Where that changed, the record is computed again.
    pub async fn decide(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turned: &Turned,
        turn: &Turn,
        claims: &[Claim],
    ) -> Result<Todo<'a>, Halt> {
        let ix = turned.0;
        life.machine.bounds.forget_step(turned);
        let mut looked = self.at(life, turn, |machine| machine.look(ix)).await;
        if let Ok(found) = &looked
            && self.settle_unseen(life, step, claims, found).await?
        {
            life.machine.bounds.forget_step(turned);
            looked = self.at(life, turn, |machine| machine.look(ix)).await;
        }
        let found = match looked {
            // A dry run cannot know what is under a key that an answer would tell.
            Err(Halt::Late) if self.options.dry => Found::None,
            Err(Halt::Late) => return self.lacking(life, step),
            Ok(Found::Here(_))
                if step.verb != Verb::Update && wrong::is(Wrong::NotLookedUpFirst) =>
            {
                Found::None
            }
            found => found?,
        };
        if life
            .looked
            .get(turned)
            .is_some_and(|before| *before != found)
        {
            self.compute_again(life).await?;
            self.now(life, |life| life.machine.at(turn)).await?;
        }
        life.looked.insert(turned.clone(), found.clone());
        self.is_own(life, step, turned, &found)?;
        let creates = match (found, step.verb, &step.to) {
            (Found::Gone, ..) => {
                return match self.gone(life, step) {
                    Stop::End(ended) => Err(Halt::End(ended)),
                    _ => Err(Halt::Late),
                };
            }
            (Found::Elsewhere(found, _), ..) => return Ok(Todo::Adopt(found)),
            (Found::Here(found), Verb::Create, _) => return Ok(Todo::Adopt(found)),
            (Found::None, Verb::Update, To::Record(_)) => return Ok(Todo::Drop(None)),
            (Found::None, Verb::Update, _) => {
                return match self.not_there(life, step) {
                    Stop::End(ended) => Err(Halt::End(ended)),
                    _ => Err(Halt::Late),
                };
            }
            (Found::None, ..) => None,
            (Found::Here(found), ..) => Some(found),
        };
        if let Some(done) = step.done_if
            && self.is_done(life, step, turn, done).await?
        {
            return Ok(Todo::Drop(None));
        }
        self.payload(life, step, turn, creates).await
    }

    /// What a create takes for its own must not be another record's.
    fn is_own(
        &self,
        life: &Life<'a>,
        step: &'a Step,
        turned: &Turned,
        found: &Found,
    ) -> Result<(), Halt> {
        let (form, found) = match found {
            Found::Here(found) if step.verb == Verb::Create => (step.resource, found),
            Found::Elsewhere(found, form) => (*form, found),
            _ => return Ok(()),
        };
        let bounds = &life.machine.bounds;
        if bounds.links.contains_key(turned) || bounds.became.contains_key(turned) {
            return Ok(());
        }
        let target = namesake::key_of(found, self.resource(step.resource).key);
        let there = There { step, form, target };
        match self.namesake(&life.key, &there) {
            Ok(None) => Ok(()),
            Ok(Some(ended)) => Err(ended.into()),
            Err(trouble) => Err(self.stop(trouble)),
        }
    }

    async fn payload(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turn: &Turn,
        found: Option<Value>,
    ) -> Result<Todo<'a>, Halt> {
        let dry = self.options.dry;
        let creates = found.is_none();
        let mut leaves = Vec::new();
        for attempt in 0..2 {
            let got = self.now(life, |life| {
                life.machine.at(turn)?;
                self.leaves(life, None, step, creates, dry)
            });
            match got.await {
                Err(Halt::Late) if attempt == 0 && self.refresh_all(life).await? => {}
                Err(Halt::Late) => return self.lacking(life, step),
                got => {
                    leaves = got?;
                    break;
                }
            }
        }
        if let Some(found) = &found
            && (!self.differs(step, found, &leaves)
                || (wrong::is(Wrong::HashOfIntent) && life.passed && !life.was_done()))
        {
            return Ok(Todo::Same(found.clone()));
        }
        let does = if creates { Does::Create } else { Does::Update };
        let change = self.change(life, step, does, found.as_ref(), &leaves);
        let resource = self.resource(step.resource);
        let parent = match step.to {
            To::Child(node) => match self.at(life, turn, |machine| machine.eval(node)).await {
                Ok(Value::None) => return Ok(Todo::Drop(None)),
                Ok(parent) => Some(parent),
                Err(Halt::Late) if dry => None,
                Err(Halt::Late) => return self.lacking(life, step),
                Err(halt) => return Err(halt),
            },
            _ => None,
        };
        let act = match (&found, resource.key) {
            (Some(found), Some(key)) => OutgoingAct::Update {
                id: cache::at(found, &[key]).clone(),
                parent,
            },
            _ => {
                let mut args = Vec::with_capacity(step.args.len());
                for node in &step.args {
                    args.push(
                        match self.at(life, turn, |machine| machine.eval(*node)).await {
                            Err(Halt::Late) if dry => Value::Late,
                            Err(Halt::Late) => return self.lacking(life, step),
                            arg => arg?,
                        },
                    );
                }
                OutgoingAct::Create {
                    action: step.action,
                    args,
                    parent,
                }
            }
        };
        let body = if dry {
            Vec::new()
        } else {
            let shape = &resource.shape;
            // A key that the found record has already need not be written again.
            let sent: Vec<Leaf<'a>> = leaves
                .iter()
                .filter(|(put, value)| {
                    !put.key || changes::leaf(shape, put, found.as_ref(), value).is_some()
                })
                .cloned()
                .collect();
            self.now(life, |life| {
                self.encoded(life, self.written_shape(step), &sent)
            })
            .await?
        };
        Ok(Todo::Send {
            outgoing: Outgoing {
                resource: step.resource,
                act,
                body,
            },
            change,
            found,
            leaves,
        })
    }

    /// A field stays unknown: dropped where the record that has it took another form, a failure else.
    fn lacking(&self, life: &Life<'a>, step: &'a Step) -> Result<Todo<'a>, Halt> {
        let form = life.looked.iter().find_map(|((ix, _), found)| match found {
            Found::Elsewhere(_, resource) => Some((*ix, *resource)),
            _ => None,
        });
        match form {
            Some((other, resource)) => Ok(Todo::Drop(Some(format!(
                "{} is not written: {} is in {} already",
                step.name,
                self.flow.steps[other as usize].name,
                self.resource_name(resource)
            )))),
            None => Err(Ended {
                place: Some(step.place),
                ..untold(Some(&step.name))
            }
            .into()),
        }
    }

    /// The record again from its first act, with what is known now.
    async fn compute_again(&self, life: &mut Life<'a>) -> Result<(), Halt> {
        life.machine.forget();
        life.machine.bounds.forget();
        life.machine.bounds.pending.clear();
        for ix in 0..self.flow.acts.len() {
            match self.now(life, |life| self.act(life, ix)).await {
                Ok(()) => {}
                Err(Halt::Late) => {
                    life.late.insert(ix);
                }
                Err(halt) => return Err(halt),
            }
        }
        Ok(())
    }

    /// `done if`: read from what the target says.
    pub async fn is_done(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turn: &Turn,
        condition: NodeIx,
    ) -> Result<bool, Halt> {
        let mut once =
            |machine: &mut Machine<'a, 'a>| machine.answered(|machine| machine.truth(condition));
        match self.at(life, turn, &mut once).await {
            Err(Halt::Late) if self.options.dry => Ok(false),
            Err(Halt::Late) => Err(Ended {
                place: Some(step.place),
                ..untold(Some(&step.name))
            }
            .into()),
            done => done,
        }
    }

    /// The keys that nobody else may write under meanwhile.
    pub fn claims_of(&self, life: &mut Life<'a>, step: &'a Step) -> Result<Vec<Claim>, Stop> {
        let resource = self.resource(step.resource);
        let below = match step.to {
            To::Resource => String::new(),
            To::Child(node) => {
                let parent = life.machine.eval(node)?;
                let of = resource.parent.unwrap_or(step.resource);
                format!("{}/", life.machine.key_of(of, &parent))
            }
            To::Record(node) => {
                let record = life.machine.eval(node)?;
                let key = life.machine.key_of(step.resource, &record);
                return Ok(vec![Claims::update(step.resource, &key)]);
            }
        };
        let keys = self.key_texts(life, step)?;
        Ok(keys
            .into_iter()
            .map(|key| (step.resource, format!("{below}{key}")))
            .collect())
    }

    pub fn change(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        does: Does,
        found: Option<&Value>,
        leaves: &[Leaf<'a>],
    ) -> Change {
        let resource = self.resource(step.resource);
        let shape = &resource.shape;
        let written = self.written_shape(step);
        let mut by = Vec::new();
        for key in &step.keys {
            for (path, node) in key.fields.iter().zip(&key.values) {
                let value = node.and_then(|node| life.machine.eval(node).ok());
                if let Some(value) = value.filter(|value| *value != Value::None) {
                    by.push((ops::field_name(shape, path), ops::shown(&value)));
                }
            }
        }
        if let (true, Some(found), Some(key)) = (by.is_empty(), found, resource.key) {
            by.push((
                ops::field_name(shape, &[key]),
                ops::shown(cache::at(found, &[key])),
            ));
        }
        let fields: Vec<changes::FieldChange> = leaves
            .iter()
            .filter(|(put, _)| !(put.key && found.is_none()))
            .filter_map(|(put, value)| changes::leaf(written, put, found, value))
            .collect();
        let unchanged = match found {
            Some(_) => leaves.len() - fields.len(),
            None => 0,
        };
        Change {
            does,
            resource: self.resource_name(step.resource),
            by,
            fields,
            unchanged,
        }
    }

    /// Whether a later step of the flow writes from the record of this one.
    pub fn is_written_from(&self, ix: StepIx) -> bool {
        let reads = |node: NodeIx| self.reads_step(node, ix);
        self.flow.steps.iter().skip(ix as usize + 1).any(|step| {
            step.args.iter().any(|node| reads(*node))
                || matches!(step.to, To::Child(node) | To::Record(node) if reads(node))
        })
    }

    fn reads_step(&self, node: NodeIx, ix: StepIx) -> bool {
        match &self.flow.program.nodes[node as usize].op {
            Op::Bound(step) => *step == ix,
            Op::Get(of, _) | Op::Exists(of) => self.reads_step(*of, ix),
            Op::Else(a, b) => self.reads_step(*a, ix) || self.reads_step(*b, ix),
            Op::Slot(slot) => self.flow.program.slots[*slot as usize]
                .init
                .is_some_and(|init| self.reads_step(init, ix)),
            _ => false,
        }
    }
}
