//! Confirm: what the target says of a written record is compared with what it was told, or with what was taken for granted.

use flowbook_stdlib::value::Value;
use rust_decimal::Decimal;

use super::cache;
use super::changes;
use super::eval::Machine;
use super::ops;
use super::page::{Engine, Life};
use super::step::{Found, Turned};
use super::stop::{Ended, Stop};
use super::turns::Turn;
use super::write::Halt;
use crate::connect::Systems;
use crate::plan::{Act, ActKind, Arg, Comparison, Math, NodeIx, Op, Step, StepIx};
use crate::wrong::{self, Wrong};

impl<'a, S: Systems> Engine<'a, S> {
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
        if wrong::is(Wrong::BookedUnconfirmed) {
            return Ok(());
        }
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
