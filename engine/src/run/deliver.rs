//! One request that writes, and what its answer means; comparing what the target says with what it was told.

use std::time::Duration;

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::value::Value;
use rust_decimal::Decimal;

use super::cache;
use super::changes;
use super::eval::{Machine, Turn};
use super::ops;
use super::page::{Engine, Life};
use super::payload::{Leaf, hash_of};
use super::step::{Found, Turned};
use super::stop::{Ended, Stop};
use super::write::{Halt, of_trouble};
use crate::connect::{Outgoing, Sent, Systems, Trouble};
use crate::plan::{Act, ActKind, Arg, Comparison, Math, NodeIx, Op, Step, StepIx, To};

impl<'a, S: Systems> Engine<'a, S> {
    /// Sends one write. The record that came of it, with the hash of what was sent; none where the key is to be looked up once more.
    #[allow(clippy::too_many_arguments)] // what a write is about, at its one call
    pub async fn deliver(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turned: &Turned,
        turn: &Turn,
        outgoing: Outgoing,
        found: Option<Value>,
        leaves: &[Leaf<'a>],
    ) -> Result<Option<(Value, u64)>, Halt> {
        let values: Vec<&Value> = leaves.iter().map(|(_, value)| value).collect();
        let hash = hash_of(&values);
        // The journal's release stands here: durable before the request leaves.
        match self.asker.systems.send(&outgoing).await {
            Sent::Ok(Some(answer)) => Ok(Some((answer, hash))),
            Sent::Ok(None) => match found {
                Some(found) => {
                    let record = self.would_be(life, step, turned, turn, Some(found));
                    Ok(Some((record.await?, hash)))
                }
                None => {
                    let found = self.look_again(life, step, turned, turn, leaves).await?;
                    match found {
                        Some(answer) => Ok(Some((answer, hash))),
                        None => self
                            .settle(life, step, turned, turn, leaves, accepted(step))
                            .await
                            .map(|answer| Some((answer, hash))),
                    }
                }
            },
            Sent::Taken(trouble) => {
                self.forget_written(life, step);
                let found = self.at(life, turn, |machine| machine.look(turned.0)).await;
                match found {
                    Ok(Found::None) => Err(of_trouble(trouble, step).into()),
                    Ok(_) | Err(Halt::Late) => Ok(None),
                    Err(halt) => Err(halt),
                }
            }
            Sent::Gone(_) if step.verb == Verb::Ensure && found.is_some() => {
                life.machine.bounds.links.remove(turned);
                self.forget_written(life, step);
                Ok(None)
            }
            Sent::Gone(_) if found.is_some() => match self.gone(life, step) {
                Stop::End(ended) => Err(Halt::End(ended)),
                _ => Err(Halt::Late),
            },
            Sent::Gone(trouble) | Sent::Refused(trouble) => Err(of_trouble(trouble, step).into()),
            Sent::Unsent(trouble) if trouble.local => Err(of_trouble(trouble, step).into()),
            Sent::Unsent(trouble) => Err(self.stop(trouble)),
            Sent::Unknown(trouble) => self
                .settle(life, step, turned, turn, leaves, trouble)
                .await
                .map(|answer| Some((answer, hash))),
        }
    }

    /// Nobody knows whether a write took effect: after the time in which it still can, it is looked for. The key stays claimed meanwhile.
    async fn settle(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turned: &Turned,
        turn: &Turn,
        leaves: &[Leaf<'a>],
        trouble: Trouble,
    ) -> Result<Value, Halt> {
        // The journal takes this over: durable, resumed after a crash, sent again when it is not found.
        let system = &self.plan.systems[self.resource(step.resource).system as usize];
        let wait = self
            .options
            .settle
            .unwrap_or(Duration::from_secs(system.connector.settle_s));
        tokio::time::sleep(wait).await;
        match self.look_again(life, step, turned, turn, leaves).await? {
            Some(answer) => Ok(answer),
            None => Err(Ended {
                field: trouble.field,
                place: Some(step.place),
                ..Ended::failure(
                    "F0809",
                    format!(
                        "Nobody knows whether {} of {} was written: {}",
                        step.name,
                        self.resource_name(step.resource),
                        trouble.message
                    ),
                )
                .help(format!(
                    "Look in {} whether it is there. The next run looks under its key before it writes again.",
                    system.name
                ))
            }
            .into()),
        }
    }

    /// What a write left behind, if it can be seen.
    async fn look_again(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turned: &Turned,
        turn: &Turn,
        leaves: &[Leaf<'a>],
    ) -> Result<Option<Value>, Halt> {
        if let Some(done) = step.done_if {
            self.refresh_parent(life, step).await?;
            if !self.is_done(life, step, turn, done).await? {
                return Ok(None);
            }
            let record = self.would_be(life, step, turned, turn, None);
            return record.await.map(Some);
        }
        if let To::Record(node) = step.to {
            return self.read_record(life, step, turn, node, leaves).await;
        }
        self.forget_written(life, step);
        life.machine.bounds.afresh = true;
        life.machine.bounds.forget_step(turned);
        let found = self.at(life, turn, |machine| machine.look(turned.0)).await;
        life.machine.bounds.afresh = false;
        let found = match found {
            Ok(Found::Here(found) | Found::Elsewhere(found, _)) => found,
            Ok(Found::None | Found::Gone) | Err(Halt::Late) => return Ok(None),
            Err(halt) => return Err(halt),
        };
        let written = step.verb == Verb::Create || !self.differs(step, &found, leaves);
        Ok(written.then_some(found))
    }

    /// The parent of a write that only its parent tells of.
    async fn refresh_parent(&self, life: &mut Life<'a>, step: &'a Step) -> Result<(), Halt> {
        for parent in step.late.iter().copied() {
            let turned: Vec<Turned> = life
                .machine
                .bounds
                .answers
                .keys()
                .filter(|(ix, _)| *ix == parent)
                .cloned()
                .collect();
            for turned in turned {
                self.refresh(life, &turned).await?;
            }
        }
        Ok(())
    }

    /// An update of a record at hand: it is read by its key and compared.
    async fn read_record(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turn: &Turn,
        node: NodeIx,
        leaves: &[Leaf<'a>],
    ) -> Result<Option<Value>, Halt> {
        let resource = self.resource(step.resource);
        let record = self.at(life, turn, |machine| machine.eval(node)).await?;
        let (Some(key), Some(_)) = (resource.key, &resource.get) else {
            return Ok(None);
        };
        match self
            .asker
            .systems
            .get(step.resource, cache::at(&record, &[key]))
            .await
        {
            Ok(Some(now)) if !self.differs(step, &now, leaves) => Ok(Some(now)),
            Ok(_) => Ok(None),
            Err(trouble) if trouble.local => Err(of_trouble(trouble, step).into()),
            Err(trouble) => Err(self.stop(trouble)),
        }
    }

    /// What was known of the written resource and its forms is asked again.
    fn forget_written(&self, life: &mut Life<'a>, step: &Step) {
        let resources = &self.plan.resources;
        let below = self.parent_key(life, step);
        let cache = self.asker.cache;
        cache.wrote(resources, step.resource, None, below.as_deref());
        self.asker.systems.forget(step.resource);
        for form in &self.resource(step.resource).forms {
            cache.wrote(resources, *form, None, None);
            self.asker.systems.forget(*form);
        }
    }

    /// What the target computes is compared with what it was taken to be.
    pub async fn check_flags(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turned: &Turned,
        turn: &Turn,
    ) -> Result<(), Halt> {
        let shape = &self.resource(step.resource).shape;
        for flag in &step.flags {
            let expected = self
                .at(life, turn, |machine| machine.eval(flag.expected))
                .await;
            let expected = match expected {
                Ok(Value::None) | Err(Halt::Late) => continue,
                expected => expected?,
            };
            let told = |life: &Life<'a>| {
                let answer = life.machine.bounds.answers.get(turned);
                answer.map_or(Value::None, |answer| cache::at(answer, &flag.field).clone())
            };
            if ops::untold(&told(life)) {
                self.refresh(life, turned).await?;
            }
            let actual = told(life);
            let name = ops::field_name(shape, &flag.field);
            match ops::field_kind(shape, &flag.field) {
                _ if ops::untold(&actual) => life.notes.push(format!(
                    "assumed, since {} does not tell it: {name} is {}",
                    self.system_name(step.resource),
                    ops::shown(&expected)
                )),
                Some(kind) if !changes::same(kind, &actual, &expected) => {
                    return Err(Ended {
                        field: Some(name.clone()),
                        value: Some(ops::in_message(&actual)),
                        place: Some(step.place),
                        ..Ended::failure(
                            "F0812",
                            format!(
                                "{} is written, but its {name} is {}, where {} was taken for granted.",
                                step.name,
                                ops::in_message(&actual),
                                ops::in_message(&expected)
                            ),
                        )
                        .help(format!(
                            "Look at the record in {}: its amounts were meant for the other value. Correct or delete it there, then run again.",
                            self.system_name(step.resource)
                        ))
                    }
                    .into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// `confirm a = b within t`
    pub async fn confirm(
        &self,
        life: &mut Life<'a>,
        act: &'a Act,
        turn: &Turn,
    ) -> Result<(), Halt> {
        let ActKind::Confirm {
            left,
            right,
            within,
            step,
        } = act.kind
        else {
            return Ok(());
        };
        if let Some(when) = act.when {
            match self.at(life, turn, |machine| machine.truth(when)).await {
                Ok(true) => {}
                Ok(false) | Err(Halt::Late) => return Ok(()),
                Err(halt) => return Err(halt),
            }
        }
        let turned = step.map(|step| self.nearest(life, step, turn));
        if let Some(turned) = &turned
            && !self.is_to_be_confirmed(life, turned)
        {
            return Ok(());
        }
        let mut once = |machine: &mut Machine<'a, 'a>| {
            machine.answered(|machine| {
                if machine.answer_lacks(left)? {
                    return Ok((Value::None, Value::None, None));
                }
                let left = machine.eval(left)?;
                let right = machine.eval(right)?;
                let within = match within {
                    Some(within) => Some(machine.eval(within)?),
                    None => None,
                };
                Ok((left, right, within))
            })
        };
        let mut told = self.at(life, turn, &mut once).await;
        let became = turned
            .as_ref()
            .and_then(|turned| life.looked.get(turned))
            .is_some_and(|found| matches!(found, Found::Elsewhere(..)));
        if became && matches!(&told, Ok((Value::None, ..)) | Err(Halt::Late)) {
            return Ok(()); // the form that it took has no such field
        }
        let lacks = matches!(&told, Ok((Value::None, ..)));
        if let (true, Some(turned)) = (lacks, &turned)
            && !life.refreshed.contains(turned)
            && self.refresh(life, turned).await?
        {
            told = self.at(life, turn, &mut once).await;
        }
        let (left, right, within) = match told {
            Err(Halt::Late) => return self.unconfirmed(life, step),
            told => told?,
        };
        if left == Value::None {
            return self.unconfirmed(life, step);
        }
        let equal = close(&left, &right, within.as_ref());
        if equal == Ok(true) {
            return Ok(());
        }
        let (system, name) = match step.map(|step| &self.flow.steps[step as usize]) {
            Some(step) => (self.system_name(step.resource), step.name.as_str()),
            None => ("The target", "this record"),
        };
        let mut message = format!(
            "{system} says {} for {name}, where the flow expects {}",
            ops::in_message(&left),
            ops::in_message(&right)
        );
        match equal {
            Err(why) => message.push_str(&format!(": {why}")),
            Ok(_) => message.push('.'),
        }
        let adopted = turned
            .as_ref()
            .is_some_and(|turned| life.adopted.contains(turned));
        if adopted && !step.is_some_and(|step| self.is_written_from(step)) {
            life.notes.push(format!(
                "{message} It was there already and is left as it is."
            ));
            return Ok(());
        }
        Err(Ended {
            value: Some(ops::in_message(&left)),
            place: Some(act.place),
            ..Ended::failure("F0813", message).help(
                "Compare both documents line by line. Correct the one in the target (or delete it there), then run again: it is compared again and never made twice.",
            )
        }
        .into())
    }

    /// A dry run has nothing to compare yet; in earnest, what the target does not tell is told.
    fn unconfirmed(&self, life: &mut Life<'a>, step: Option<StepIx>) -> Result<(), Halt> {
        if !self.options.dry
            && let Some(step) = step
        {
            let step = &self.flow.steps[step as usize];
            let note = format!(
                "assumed, since {} does not tell it: what {} is confirmed by",
                self.system_name(step.resource),
                step.name
            );
            if !life.notes.contains(&note) {
                life.notes.push(note);
            }
        }
        Ok(())
    }

    /// The turn of a step that an act in the same or deeper loops means.
    fn nearest(&self, life: &Life<'a>, step: StepIx, turn: &Turn) -> Turned {
        let numbers: Vec<u32> = turn.0.iter().map(|(_, number, _)| *number).collect();
        let known = life
            .machine
            .bounds
            .answers
            .keys()
            .chain(life.machine.bounds.links.keys())
            .find(|(ix, turn)| *ix == step && numbers.starts_with(turn));
        known.cloned().unwrap_or((step, numbers))
    }

    /// A record that was carried over before is not compared again, nor is one that no step made.
    fn is_to_be_confirmed(&self, life: &Life<'a>, turned: &Turned) -> bool {
        let bounds = &life.machine.bounds;
        let answered = bounds.answers.contains_key(turned);
        if self.options.dry && !answered {
            return false;
        }
        answered || (bounds.links.contains_key(turned) && !life.was_done())
    }
}

impl<'p> Machine<'p, '_> {
    /// Reads the records of steps as they were answered, rather than as written.
    pub(super) fn answered<T>(
        &mut self,
        compute: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        self.forget(); // what was computed came from what was written
        self.bounds.as_answered = true;
        let got = compute(self);
        self.bounds.as_answered = false;
        self.forget();
        got
    }
}

impl Machine<'_, '_> {
    /// Whether a field of a step's record that a computation starts from is not told by the target.
    fn answer_lacks(&mut self, node: NodeIx) -> Result<bool, Stop> {
        let program = self.code.program;
        match &program.nodes[node as usize].op {
            Op::Get(of, field) if self.is_answer(*of) => match self.eval(*of) {
                Ok(record) => Ok(ops::untold(cache::at(&record, &[*field]))),
                Err(Stop::Late) => Ok(true),
                Err(stop) => Err(stop),
            },
            Op::Get(of, _) | Op::Neg(of) => self.answer_lacks(*of),
            Op::Money { amount, .. } => self.answer_lacks(*amount),
            Op::Math(_, a, b) => Ok(self.answer_lacks(*a)? || self.answer_lacks(*b)?),
            Op::Slot(slot) => match program.slots[*slot as usize].init {
                Some(init) => self.answer_lacks(init),
                None => Ok(false),
            },
            Op::Call { args, .. } => match args.first() {
                Some(Arg::Value(first)) => self.answer_lacks(*first),
                _ => Ok(false),
            },
            _ => Ok(false),
        }
    }

    fn is_answer(&self, node: NodeIx) -> bool {
        match &self.code.program.nodes[node as usize].op {
            Op::Bound(_) => true,
            Op::Get(of, _) => self.is_answer(*of),
            _ => false,
        }
    }
}

/// Equal, or apart by no more than `within`.
fn close(left: &Value, right: &Value, within: Option<&Value>) -> Result<bool, String> {
    let within = match within {
        None => return ops::compare(Comparison::Eq, left, right),
        Some(within) => number(within).ok_or("the tolerance is no number")?,
    };
    let difference = ops::math(Math::Sub, left, right)?;
    let difference = number(&difference).ok_or("these are no amounts")?;
    Ok(difference.abs() <= within)
}

fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) | Value::Percent(number) => Some(*number),
        Value::Money(money) => Some(money.amount),
        _ => None,
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
