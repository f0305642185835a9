//! A record's steps, in text order: looks under the key once more, decides, has it sent, and goes on with what came back.

use std::future;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::Poll;

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::value::Value;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::OwnedSemaphorePermit;

use super::ask::Wanted;
use super::cache;
use super::changes::{Change, Does};
use super::claims::{Claim, Claims, Held};
use super::decide::Todo;
use super::deliver::Going;
use super::eval::Machine;
use super::ops;
use super::page::{ADOPTED, Engine, Life};
use super::payload::{Leaf, is_late, said};
use super::second_look;
use super::settling::settle_of;
use super::step::{Found, Turned, unknown, with};
use super::stop::{Ended, Stop};
use super::turns::Turn;
use crate::connect::{Systems, Trouble};
use crate::plan::{Act, ActKind, Step, StepIx, To};
use crate::store::Link;
use crate::store::journal::{Outcome, Phase};
use crate::wrong::{self, Wrong};

/// Records on their way through their steps.
pub(super) type Ways<'w, 'a> =
    FuturesUnordered<Pin<Box<dyn Future<Output = Life<'a>> + Send + 'w>>>;

/// So many records may wait while others go on; with more, all wait for them.
const MOST_IDLE: usize = 1_000;

/// Why a record does not go on with its steps.
#[derive(Debug)]
pub(super) enum Halt {
    /// It ended.
    End(Box<Ended>),
    /// It needs what no answer told.
    Late,
    /// The run stops.
    Stopped,
}

impl From<Ended> for Halt {
    fn from(ended: Ended) -> Halt {
        Halt::End(Box::new(ended))
    }
}

impl<'a, S: Systems> Engine<'a, S> {
    /// The steps of a record, from its first to its end.
    pub async fn carry(&self, mut life: Life<'a>) -> Life<'a> {
        match self.walk(&mut life).await {
            Ok(()) => {}
            Err(Halt::End(ended)) => life.end = Some(self.ended(&life, *ended)),
            Err(Halt::Late) => life.end = Some(untold(None)),
            Err(Halt::Stopped) => life.left = true,
        }
        life.slot = None;
        life
    }

    /// Carries records on until they have ended, or until only those are left that wait: for a write to settle, or for whoever does.
    pub async fn drive<'w>(&self, ways: &mut Ways<'w, 'a>) -> Vec<Life<'a>> {
        let mut ended = Vec::new();
        future::poll_fn(|context| {
            loop {
                match ways.poll_next_unpin(context) {
                    Poll::Ready(Some(life)) => ended.push(life),
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Pending if self.may_leave(ways.len()) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
        ended
    }

    fn may_leave(&self, on_their_way: usize) -> bool {
        on_their_way <= MOST_IDLE && self.idle.count() >= on_their_way
    }

    /// A place among the records that are being written; none where there are no places any more.
    pub async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        self.slots.clone().acquire_owned().await.ok()
    }

    /// A trouble that is not the record's own: the run stops.
    pub fn stop(&self, trouble: Trouble) -> Halt {
        super::stop_with(self.stopped, trouble);
        Halt::Stopped
    }

    /// Whether the run stops.
    pub fn stops(&self) -> bool {
        if self.options.stop.is_raised() {
            self.stop(super::asked_to_stop());
            return true;
        }
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.is_some()
    }

    async fn walk(&self, life: &mut Life<'a>) -> Result<(), Halt> {
        for (ix, act) in self.flow.acts.iter().enumerate() {
            match act.kind {
                ActKind::Step(_) | ActKind::Confirm { .. } => {
                    let turns = match self.now(life, |life| self.turns(life, act)).await {
                        Err(Halt::Late) if self.options.dry => continue,
                        Err(Halt::Late) => {
                            self.refresh_all(life).await?;
                            self.now(life, |life| self.turns(life, act)).await?
                        }
                        turns => turns?,
                    };
                    for turn in &turns {
                        match act.kind {
                            ActKind::Step(step) => self.step(life, act, step, turn).await?,
                            _ => self.confirm(life, act, turn).await?,
                        }
                        life.machine.done_at(turn);
                    }
                    if let ActKind::Step(step) = act.kind {
                        life.machine.bounds.pending.remove(&step);
                    }
                }
                _ if life.late.contains(&ix) => {
                    match self.now(life, |life| self.act(life, ix)).await {
                        Ok(()) => {
                            life.late.remove(&ix);
                        }
                        Err(Halt::Late) => {}
                        Err(halt) => return Err(halt),
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Computes; what it needs is asked on the spot.
    pub async fn now<T>(
        &self,
        life: &mut Life<'a>,
        mut compute: impl FnMut(&mut Life<'a>) -> Result<T, Stop>,
    ) -> Result<T, Halt> {
        loop {
            match compute(life) {
                Ok(value) => return Ok(value),
                Err(Stop::Late) => return Err(Halt::Late),
                Err(Stop::End(ended)) => return Err(Halt::End(ended)),
                Err(Stop::Need(fetch)) => {
                    self.asker
                        .fetch(Wanted::from(*fetch))
                        .await
                        .map_err(|trouble| self.stop(trouble))?;
                }
            }
        }
    }

    /// Computes at a turn; where an answer lacks what is needed, the written records are read again, once.
    pub async fn at<T>(
        &self,
        life: &mut Life<'a>,
        turn: &Turn,
        mut compute: impl FnMut(&mut Machine<'a, 'a>) -> Result<T, Stop>,
    ) -> Result<T, Halt> {
        let mut once = |life: &mut Life<'a>| {
            life.machine.at(turn)?;
            compute(&mut life.machine)
        };
        match self.now(life, &mut once).await {
            Err(Halt::Late) if !self.options.dry && self.refresh_all(life).await? => {
                self.now(life, &mut once).await
            }
            got => got,
        }
    }

    async fn step(
        &self,
        life: &mut Life<'a>,
        act: &'a Act,
        ix: StepIx,
        turn: &Turn,
    ) -> Result<(), Halt> {
        let step = &self.flow.steps[ix as usize];
        if let Some(when) = act.when {
            match self.at(life, turn, |machine| machine.truth(when)).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(Halt::Late) if self.options.dry => {
                    life.notes.push(format!(
                        "{} is written if the answer of an earlier step says so",
                        step.name
                    ));
                }
                Err(Halt::Late) => return Err(untold(Some(&step.name)).into()),
                Err(halt) => return Err(halt),
            }
        }
        let turned = (ix, turn.0.iter().map(|(_, number, _)| *number).collect());
        let finished = self.now(life, |life| {
            life.machine.at(turn)?;
            self.remember(life, ix, &turned)
        });
        if finished.await? {
            return Ok(());
        }
        let claims = self.now(life, |life| {
            life.machine.at(turn)?;
            self.claims_of(life, step)
        });
        let claims = match claims.await {
            Err(Halt::Late) => Vec::new(),
            claims => claims?,
        };
        let held = self.hold(life, claims.clone()).await;
        if self.stops() {
            return Err(Halt::Stopped);
        }
        let done = self
            .decide_and_send(life, step, &turned, turn, &claims)
            .await;
        life.slot = None;
        drop(held);
        done
    }

    async fn decide_and_send(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turned: &Turned,
        turn: &Turn,
        claims: &[Claim],
    ) -> Result<(), Halt> {
        /// An answer that the key is taken, or the target away, makes the engine look once more; not for ever.
        const MOST_LOOKS: usize = 3;
        for _ in 0..MOST_LOOKS {
            let todo = self.decide(life, step, turned, turn, claims).await?;
            match todo {
                Todo::Drop(note) => {
                    life.notes.extend(note);
                    return Ok(());
                }
                Todo::Adopt(found) => {
                    let hash = self.hash_held(life, step, turn, &found, turned).await;
                    let mut change = self.change(life, step, Does::Adopt, None, &[]);
                    if let Some(Found::Elsewhere(_, form)) = life.looked.get(turned) {
                        change.resource = self.resource_name(*form);
                    }
                    return self.bind(life, step, turned, found, hash, change).await;
                }
                Todo::Same(found) => {
                    let hash = self.hash_held(life, step, turn, &found, turned).await;
                    let change = self.change(life, step, Does::Adopt, None, &[]);
                    return self.bind(life, step, turned, found, hash, change).await;
                }
                Todo::Send { change, found, .. } if self.options.relink => {
                    life.did.push((change.does, step.resource));
                    return match found {
                        Some(found) => self.bind(life, step, turned, found, ADOPTED, change).await,
                        None => Ok(()),
                    };
                }
                Todo::Send { change, found, .. } if self.options.dry => {
                    life.did.push((change.does, step.resource));
                    life.changes.push(change);
                    return self.imagine(life, step, turned, turn, found).await;
                }
                Todo::Send {
                    outgoing,
                    change,
                    found,
                    leaves,
                } => {
                    let held = self.hold_changed(life, step, found.as_ref()).await;
                    let going = Going {
                        step,
                        turned,
                        turn,
                        found,
                        leaves: &leaves,
                        change: &change,
                    };
                    let sent = self.deliver(life, &going, &outgoing).await?;
                    if let Some((answer, hash)) = sent {
                        let now = self.options.clock.elapsed();
                        let until = now + settle_of(self.plan, step.resource);
                        self.claims.wrote(claims.iter().cloned(), now, until);
                        self.wrote_back(life, step, &answer, &leaves);
                        if let Some(before) = &going.found {
                            self.no_echo(step, before, &leaves)
                                .map_err(|trouble| self.stop(trouble))?;
                        }
                        let became = matches!(life.looked.get(turned), Some(Found::Elsewhere(..)));
                        if hash != ADOPTED || became {
                            life.did.push((change.does, step.resource));
                        }
                        self.bind(life, step, turned, answer, hash, change).await?;
                        drop(held);
                        return self.check_flags(life, step, turned, turn).await;
                    }
                }
            }
        }
        let keys = self
            .now(life, |life| self.key_texts(life, step))
            .await
            .unwrap_or_default();
        Err(Ended {
            place: Some(step.place),
            ..Ended::failure(
                "F0810",
                format!(
                    "{} says that {} is used already, but shows no record with it.",
                    self.system_name(step.resource),
                    said(&keys)
                ),
            )
            .help("Look in that system for a record with this value, deleted ones included; then run again.")
        }
        .into())
    }

    /// Waits for claims; its place among the writers is free meanwhile, since whoever holds one may need it.
    async fn hold(&self, life: &mut Life<'a>, claims: Vec<Claim>) -> Held {
        life.slot = None;
        let waits = self.idle.one();
        let held = self.claims.take(claims).await;
        drop(waits);
        life.slot = self.slot().await;
        held
    }

    /// The claim on a record that is changed, whatever key it was found by.
    async fn hold_changed(
        &self,
        life: &mut Life<'a>,
        step: &Step,
        found: Option<&Value>,
    ) -> Option<Held> {
        let found = found.filter(|_| !matches!(step.to, To::Record(_)))?;
        if wrong::is(Wrong::ChangedUnheld) {
            return None;
        }
        let id = life.machine.key_of(step.resource, found);
        let claim = Claims::update(step.resource, &id);
        Some(self.hold(life, vec![claim]).await)
    }

    /// The record of a step is known: remembered, and the record is computed with it from here on.
    async fn bind(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turned: &Turned,
        answer: Value,
        hash: u64,
        change: Change,
    ) -> Result<(), Halt> {
        let elsewhere = match life.looked.get(turned) {
            Some(Found::Elsewhere(_, resource)) if hash == ADOPTED => Some(*resource),
            _ => None,
        };
        let does = change.does;
        if self.progress.wants_changes()
            && (change.does != Does::Adopt || step.verb == Verb::Create)
        {
            life.changes.push(change);
        }
        life.machine
            .bounds
            .answers
            .insert(turned.clone(), answer.clone());
        let name = self
            .now(life, |life| self.turn_name(life, turned.0))
            .await?;
        let known = life.links.get(&name).cloned();
        let attempts = life.attempts.remove(&name).unwrap_or_default();
        let earlier = attempts.hashes.first().copied();
        // What was written by this flow stays so, however often it is found again.
        let link_hash = match (&known, earlier) {
            (Some(link), _) if hash == ADOPTED => link.hash,
            (None, Some(ours)) if hash == ADOPTED && elsewhere.is_none() => ours,
            _ => hash,
        };
        if link_hash == ADOPTED {
            life.adopted.insert(turned.clone());
        } else {
            life.adopted.remove(turned);
        }
        if !self.options.dry || self.options.relink {
            let resource = self.resource(step.resource);
            let link = Link {
                step: name.clone(),
                resource: self.resource_name(elsewhere.unwrap_or(step.resource)),
                target: resource
                    .key
                    .map_or(Value::None, |key| cache::at(&answer, &[key]).clone()),
                hash: link_hash,
            };
            // A record that took another form keeps the link to what was written.
            let kept = matches!(step.to, To::Record(_))
                || known.as_ref() == Some(&link)
                || (elsewhere.is_some() && known.is_some())
                || is_late(&link.target);
            // A change of a record that is there leaves nothing behind; what was watched before is watched on.
            let doubtful = does != Does::Update
                && (attempts.hashes.len() > 1
                    || life.looked_up.contains(&name)
                    || (does == Does::Adopt && earlier.is_some()));
            let watch = if doubtful {
                let sought = self
                    .now(life, |life| self.sought_of(life, step))
                    .await
                    .unwrap_or_default();
                let (now, attempts) = (self.options.clock.wall(), attempts.hashes.len());
                second_look::watch(now, &sought, attempts, Some(link.target.clone()))
            } else {
                None
            };
            if earlier.is_some() || !kept {
                let source = self.resource_name(self.flow.read.resource);
                let outcome = Outcome {
                    record: self.record_key(&life.key),
                    step: name.clone(),
                    phase: Phase::Confirmed,
                    link: (!kept).then(|| (source, link.clone())),
                    watch,
                };
                if self.options.relink {
                    life.relinked.outcomes.push(outcome);
                } else {
                    self.asker
                        .stored_outcome(outcome)
                        .map_err(|trouble| self.stop(trouble))?;
                }
            }
            if let Some(before) = known.filter(|before| !kept && before.is_other(&link)) {
                life.notes.push(format!(
                    "{} is {} in {} from now on; it was {} before",
                    step.name,
                    ops::in_text(&link.target),
                    link.resource,
                    ops::in_text(&before.target)
                ));
            }
            if step.verb == Verb::Create {
                life.relinked.made = true;
                life.relinked.foreign |= hash == ADOPTED;
            }
            if !kept {
                life.links.insert(name, link);
            }
        }
        if hash != ADOPTED {
            life.passed = true;
            let below = self.parent_key(life, step);
            self.asker.cache.wrote(
                &self.plan.resources,
                step.resource,
                Some(&answer),
                below.as_deref(),
            );
        }
        life.machine.bounds.pending.remove(&turned.0);
        life.machine.forget();
        life.machine.bounds.forget();
        Ok(())
    }

    /// The key of the record that a step writes below.
    pub fn parent_key(&self, life: &mut Life<'a>, step: &Step) -> Option<String> {
        let To::Child(parent) = step.to else {
            return None;
        };
        let above = self.resource(step.resource).parent?;
        let parent = life.machine.eval(parent).ok()?;
        Some(life.machine.key_of(above, &parent)).filter(|key| !key.is_empty())
    }

    /// An update of the record that was read: what it says from now on is no news.
    fn wrote_back(&self, life: &mut Life<'a>, step: &Step, answer: &Value, leaves: &[Leaf<'a>]) {
        let own = matches!(step.to, To::Record(_))
            && step.resource == self.flow.read.resource
            && self.source_key(answer) == life.key;
        if own {
            let record = life.after.take().unwrap_or_else(|| life.machine.record());
            let written = leaves.iter().filter(|(put, _)| put.compared);
            life.after = Some(written.fold(record, |record, (put, value)| {
                let value = match value {
                    Value::Clear => Value::None,
                    value => value.clone(),
                };
                with(record, &put.at, value)
            }));
        }
    }

    /// A dry run's write: what the next record finds.
    async fn imagine(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turned: &Turned,
        turn: &Turn,
        found: Option<Value>,
    ) -> Result<(), Halt> {
        if matches!(step.to, To::Resource) {
            let record = self.would_be(life, step, turned, turn, found).await?;
            self.asker
                .cache
                .wrote(&self.plan.resources, step.resource, Some(&record), None);
        }
        Ok(())
    }

    /// The record of a step as the flow writes it, where no answer tells it.
    pub async fn would_be(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turned: &Turned,
        turn: &Turn,
        found: Option<Value>,
    ) -> Result<Value, Halt> {
        let creates = found.is_none();
        let record = found.unwrap_or_else(|| unknown(&self.resource(step.resource).shape));
        self.at(life, turn, |machine| {
            machine.overlaid(turned.0, record.clone(), creates)
        })
        .await
    }
}

/// The failure of a record whose trouble is its own.
pub(super) fn of_trouble(trouble: Trouble, step: &Step) -> Ended {
    Ended {
        help: trouble.help,
        field: trouble.field,
        place: Some(step.place),
        ..Ended::failure(trouble.code, trouble.message)
    }
}

pub(super) fn untold(step: Option<&str>) -> Ended {
    let what = match step {
        Some(step) => format!("{step} cannot be written: it"),
        None => "This record".to_owned(),
    };
    Ended::failure(
        "F0811",
        format!(
            "{what} needs a field of an earlier record that the target's answer does not tell."
        ),
    )
    .help("Run again: a record that was written is then read by its key.")
}
