//! One request that writes, and what its answer means; comparing what the target says with what it was told.

use std::sync::Arc;

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::value::Value;
use futures_util::future::{self, Either};
use rust_decimal::Decimal;

use super::cache;
use super::changes::{self, Change};
use super::claims::Claims;
use super::eval::Machine;
use super::ops;
use super::outcome::{Outcome, outcome};
use super::page::{ADOPTED, Engine, Life};
use super::payload::{Leaf, hash_of};
use super::step::{Found, Turned};
use super::stop::{Ended, Stop};
use super::stopping::GRACE;
use super::turns::Turn;
use super::write::{Halt, of_trouble};
use super::{second_look, staging, store_trouble};
use crate::connect::{Outgoing, Sent, Systems, Trouble};
use crate::plan::{Act, ActKind, Arg, Comparison, Flow, Math, NodeIx, Op, Step, StepIx, To};
use crate::store::journal::{self, Intent, Phase, Release, Sought};
use crate::wrong::{self, Wrong};

/// What a second attempt must not be: a text behind its key says that it is one.
fn renewed(outgoing: &Outgoing) -> Outgoing {
    let mut outgoing = outgoing.clone();
    let mut texts = outgoing.body.iter_mut().skip(1).map(|(_, json)| json);
    if let Some(text) = texts.find(|json| json.starts_with('"')) {
        text.insert_str(1, "again: ");
    }
    outgoing
}

impl<'a, S: Systems> Engine<'a, S> {
    /// Has one write released and sent, and once more where it is certain that it had no effect. The record that came of it, with the hash of what
    /// it holds; none where the key is to be looked up once more.
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
        change: &Change,
    ) -> Result<Option<(Value, u64)>, Halt> {
        let values: Vec<&Value> = leaves.iter().map(|(_, value)| value).collect();
        let hash = hash_of(&values);
        let release = self
            .now(life, |life| {
                life.machine.at(turn)?;
                self.release_of(life, step, &outgoing, found.as_ref(), hash, change)
            })
            .await?;
        let name = release.intent.step.clone();
        let findable = found.is_some() || self.is_findable(step, &release.claims);
        self.say_what_differs(life, step, &name, hash);
        if found.is_some() {
            life.attempts.remove(&name); // a change may be repeated by every run
        }
        let mut waited = None;
        loop {
            let attempts = life.attempts.entry(name.clone()).or_default();
            self.may_send(step, attempts, findable)?;
            attempts.hashes.push(hash);
            let renewed = (attempts.hashes.len() > 1 && wrong::is(Wrong::RetryRenewed))
                .then(|| renewed(&outgoing));
            let outgoing = renewed.as_ref().unwrap_or(&outgoing);
            let early = match wrong::is(Wrong::IntentAfterSend) {
                true => Some(self.send_once(outgoing).await?),
                false => None,
            };
            match self.asker.journal.release(release.clone()).await {
                Ok(None) => {}
                Ok(Some(chosen)) => return Err(self.overruled(step, &chosen).into()),
                Err(why) => return Err(self.stop(store_trouble(why))),
            }
            let sent = match early {
                Some(sent) => sent,
                None => self.send_once(outgoing).await?,
            };
            let trouble = match outcome(sent, step, found.is_some()) {
                Outcome::Confirmed(answer) => return Ok(Some((answer, hash))),
                Outcome::Changed => {
                    let record = self.would_be(life, step, turned, turn, found);
                    return Ok(Some((record.await?, hash)));
                }
                Outcome::Accepted(trouble) => {
                    self.open(life, &name, Phase::Accepted)?;
                    let look =
                        self.look_again(life, step, turned, turn, leaves, &release.sought, hash);
                    if let Some(found) = look.await? {
                        return Ok(Some(found));
                    }
                    trouble
                }
                Outcome::Unknown(trouble) => {
                    self.open(life, &name, Phase::Unknown)?;
                    trouble
                }
                Outcome::Taken(trouble) => {
                    self.not_made(life, &name, Phase::Refused)?;
                    self.forget_written(life, step);
                    let found = self.at(life, turn, |machine| machine.look(turned.0)).await;
                    return match found {
                        Ok(Found::None) if self.conflict_tells(step) => {
                            let ours = life.attempts.get(&name);
                            let ours = ours.and_then(|ours| ours.hashes.first().copied());
                            life.notes.push(self.taken_for_there(step));
                            let record = self.would_be(life, step, turned, turn, None).await?;
                            Ok(Some((record, ours.unwrap_or(ADOPTED))))
                        }
                        Ok(Found::None) => Err(of_trouble(trouble, step).into()),
                        Ok(_) | Err(Halt::Late) => Ok(None),
                        Err(halt) => Err(halt),
                    };
                }
                Outcome::Gone(trouble) => {
                    self.not_made(life, &name, Phase::Refused)?;
                    if found.is_none() {
                        // a person may have done it by hand: booked the draft
                        let sought = &release.sought;
                        let look = self.look_again(life, step, turned, turn, leaves, sought, hash);
                        if !sought.is_empty()
                            && let Some(found) = look.await?
                        {
                            return Ok(Some(found));
                        }
                        return Err(of_trouble(trouble, step).into());
                    }
                    if step.verb == Verb::Ensure {
                        life.machine.bounds.links.remove(turned);
                        self.forget_written(life, step);
                        return Ok(None);
                    }
                    return match self.gone(life, step) {
                        Stop::End(ended) => Err(Halt::End(ended)),
                        _ => Err(Halt::Late),
                    };
                }
                Outcome::Refused(trouble) => {
                    self.not_made(life, &name, Phase::Refused)?;
                    return Err(of_trouble(trouble, step).into());
                }
                Outcome::TurnedAway(away) => {
                    self.not_made(life, &name, Phase::Unsent)?;
                    self.leave_alone(life, away, &mut waited).await?;
                    continue;
                }
                Outcome::Unsent(trouble) => {
                    self.not_made(life, &name, Phase::Unsent)?;
                    return Err(if trouble.local {
                        of_trouble(trouble, step).into()
                    } else {
                        self.stop(trouble)
                    });
                }
            };
            if wrong::is(Wrong::ResentUnseen) {
                continue;
            }
            self.settle(life, step, release.at).await?;
            let look = self.look_again(life, step, turned, turn, leaves, &release.sought, hash);
            if let Some(found) = look.await? {
                life.looked_up.insert(name);
                return Ok(Some(found));
            }
            let attempts = life.attempts.entry(name.clone()).or_default();
            let over = attempts.accepted || self.may_send(step, attempts, findable).is_err();
            if !attempts.accepted {
                self.ended_as(life, &name, Phase::Settled, &release.sought)?;
            }
            if over {
                return Err(self.lost(step, trouble).into());
            }
        }
    }

    /// What the journal is told before a write leaves.
    fn release_of(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        outgoing: &Outgoing,
        found: Option<&Value>,
        hash: u64,
        change: &Change,
    ) -> Result<Release, Stop> {
        let ix = step_number(self.flow, step);
        let mut claims = self.claims_of(life, step)?;
        if let (Some(found), false) = (found, matches!(step.to, To::Record(_))) {
            let id = life.machine.key_of(step.resource, found);
            claims.push(Claims::update(step.resource, &id));
        }
        let sought = match found {
            Some(_) => Vec::new(), // whether a change came through, only a comparison tells
            None => self.sought_of(life, step)?,
        };
        Ok(Release {
            intent: Intent {
                record: self.record_key(&life.key),
                step: self.turn_name(life, ix)?,
                resource: self.resource_name(step.resource),
            },
            source: self.resource_name(self.flow.read.resource),
            claims: claims.into_iter().map(|(_, text)| text).collect(),
            sought,
            chosen: staging::chosen(&outgoing.act),
            hash,
            payload: payload_text(&outgoing.body),
            change: serde_json::to_string(change).unwrap_or_default(),
            at: self.options.clock.wall(),
        })
    }

    /// One attempt is one request. A stop lets it end, for a while; then the journal knows of it.
    async fn send_once(&self, outgoing: &Outgoing) -> Result<Sent, Halt> {
        let send = std::pin::pin!(self.asker.systems.send(outgoing));
        let over = std::pin::pin!(async {
            self.options.stop.raised().await;
            self.options.clock.sleep(GRACE).await;
        });
        match future::select(send, over).await {
            Either::Left((sent, _)) => Ok(sent),
            Either::Right(_) => Err(Halt::Stopped),
        }
    }

    /// It may have taken effect: the record has passed its gates.
    fn open(&self, life: &mut Life<'a>, name: &str, phase: Phase) -> Result<(), Halt> {
        life.passed = true;
        if phase == Phase::Accepted {
            life.attempts.entry(name.to_owned()).or_default().accepted = true;
        }
        self.ended_as(life, name, phase, &[])
    }

    /// It had no effect, so it was no attempt.
    fn not_made(&self, life: &mut Life<'a>, name: &str, phase: Phase) -> Result<(), Halt> {
        if let Some(attempts) = life.attempts.get_mut(name) {
            attempts.hashes.pop();
        }
        self.ended_as(life, name, phase, &[])
    }

    fn ended_as(
        &self,
        life: &Life<'a>,
        name: &str,
        phase: Phase,
        sought: &[Sought],
    ) -> Result<(), Halt> {
        let outcome = journal::Outcome {
            record: self.record_key(&life.key),
            step: name.to_owned(),
            phase,
            link: None,
            look_at: second_look::first(self.options.clock.wall(), sought),
        };
        let told = self.asker.stored_outcome(outcome);
        told.map_err(|trouble| self.stop(trouble))
    }

    /// A retry sends the same payload, or says why it differs.
    fn say_what_differs(&self, life: &mut Life<'a>, step: &Step, name: &str, hash: u64) {
        let before = life.attempts.get(name).and_then(|all| all.hashes.last());
        if before.is_some_and(|before| *before != hash) {
            life.notes.push(format!(
                "{} is sent with other values than the attempt before it, since {} changed in between",
                step.name,
                self.resource_name(self.flow.read.resource)
            ));
        }
    }

    /// Nobody knows what became of a write, and it is not sent again.
    fn lost(&self, step: &Step, trouble: Trouble) -> Ended {
        let system = self.system_name(step.resource);
        Ended {
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
                "Look in {system} whether it is there. If it is, the next run finds it by its key; it is not sent again by itself."
            ))
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

fn step_number(flow: &Flow, step: &Step) -> StepIx {
    let at = flow.steps.iter().position(|one| std::ptr::eq(one, step));
    at.unwrap_or_default() as StepIx
}

/// A payload as one line for people: `Ref: "A1", Rows: […]`.
fn payload_text(body: &[(Vec<Arc<str>>, String)]) -> String {
    let leaves: Vec<String> = body
        .iter()
        .map(|(path, json)| format!("{}: {json}", path.join(".")))
        .collect();
    leaves.join(", ")
}
