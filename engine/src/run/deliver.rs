//! Deliver: one request that writes, and what becomes of its record by what the answer means.

use std::sync::Arc;

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::value::Value;
use futures_util::future::{self, Either};

use super::changes::Change;
use super::claims::Claims;
use super::outcome::{Outcome, outcome};
use super::page::{ADOPTED, Engine, Life};
use super::payload::{Leaf, hash_of};
use super::settling::settle_of;
use super::step::{Found, Turned};
use super::stop::{Ended, Stop};
use super::stopping::GRACE;
use super::turns::Turn;
use super::write::{Halt, of_trouble};
use super::{second_look, staging, store_trouble};
use crate::connect::{Outgoing, Sent, Systems, Trouble};
use crate::plan::{Flow, Step, StepIx, To};
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

/// A write on its way: what it is about.
pub(super) struct Going<'w, 'a> {
    pub step: &'a Step,
    pub turned: &'w Turned,
    pub turn: &'w Turn,
    /// The record that is changed; none for a new one.
    pub found: Option<Value>,
    /// What it writes.
    pub leaves: &'w [Leaf<'a>],
    /// The same, for whoever asks what became of the record.
    pub change: &'w Change,
}

impl<'a, S: Systems> Engine<'a, S> {
    /// Has one write released and sent, and once more where it is certain that it had no effect. The record that came of it, with the hash of what
    /// it holds; none where the key is to be looked up once more.
    pub async fn deliver(
        &self,
        life: &mut Life<'a>,
        going: &Going<'_, 'a>,
        outgoing: &Outgoing,
    ) -> Result<Option<(Value, u64)>, Halt> {
        let (step, changes) = (going.step, going.found.is_some());
        let release = self
            .now(life, |life| {
                life.machine.at(going.turn)?;
                self.release_of(life, going, outgoing)
            })
            .await?;
        let (name, hash) = (&release.intent.step, release.hash);
        let findable = changes || self.is_findable(step, &release.claims);
        self.say_what_differs(life, step, name, hash);
        if changes {
            life.attempts.remove(name); // a change may be repeated by every run
        }
        let mut waited = None;
        loop {
            let attempts = life.attempts.entry(name.clone()).or_default();
            self.may_send(step, attempts, findable)?;
            attempts.hashes.push(hash);
            let renewed = (attempts.hashes.len() > 1 && wrong::is(Wrong::RetryRenewed))
                .then(|| renewed(outgoing));
            let sent = self
                .release_and_send(step, &release, renewed.as_ref().unwrap_or(outgoing))
                .await?;
            let trouble = match outcome(sent, step, changes) {
                Outcome::Confirmed(answer) => return Ok(Some((answer, hash))),
                Outcome::Changed => {
                    let found = going.found.clone();
                    let record = self.would_be(life, step, going.turned, going.turn, found);
                    return Ok(Some((record.await?, hash)));
                }
                Outcome::Accepted(trouble) => {
                    self.open(life, name, Phase::Accepted)?;
                    if let Some(found) = self.look_again(life, going, &release).await? {
                        return Ok(Some(found));
                    }
                    trouble
                }
                Outcome::Unknown(trouble) => {
                    self.open(life, name, Phase::Unknown)?;
                    trouble
                }
                Outcome::Taken(trouble) => {
                    self.not_made(life, &release, Phase::Refused)?;
                    return self.taken(life, going, name, trouble).await;
                }
                Outcome::Gone(trouble) => {
                    self.not_made(life, &release, Phase::Refused)?;
                    return self.away(life, going, &release, trouble).await;
                }
                Outcome::Refused(trouble) => {
                    self.not_made(life, &release, Phase::Refused)?;
                    return Err(of_trouble(trouble, step).into());
                }
                Outcome::TurnedAway(away) => {
                    self.not_made(life, &release, Phase::Unsent)?;
                    self.leave_alone(life, away, &mut waited).await?;
                    continue;
                }
                Outcome::Unsent(trouble) => {
                    self.not_made(life, &release, Phase::Unsent)?;
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
            if let Some(found) = self.look_again(life, going, &release).await? {
                life.looked_up.insert(name.clone());
                return Ok(Some(found));
            }
            let attempts = life.attempts.entry(name.clone()).or_default();
            let over = attempts.accepted || self.may_send(step, attempts, findable).is_err();
            if !attempts.accepted {
                self.ended_as(life, name, Phase::Settled, &release.sought)?;
            }
            if over {
                return Err(self.lost(step, trouble).into());
            }
        }
    }

    /// One attempt: nothing leaves before its release is durable.
    async fn release_and_send(
        &self,
        step: &Step,
        release: &Release,
        outgoing: &Outgoing,
    ) -> Result<Sent, Halt> {
        let early = match wrong::is(Wrong::IntentAfterSend) {
            true => Some(self.send_once(outgoing).await?),
            false => None,
        };
        match self.asker.journal.release(release.clone()).await {
            Ok(None) => {}
            Ok(Some(chosen)) => return Err(self.overruled(step, &chosen).into()),
            Err(why) => return Err(self.stop(store_trouble(why))),
        }
        match early {
            Some(sent) => Ok(sent),
            None => self.send_once(outgoing).await,
        }
    }

    /// The target knows the key already: what is there, if a look-up shows it.
    async fn taken(
        &self,
        life: &mut Life<'a>,
        going: &Going<'_, 'a>,
        name: &str,
        trouble: Trouble,
    ) -> Result<Option<(Value, u64)>, Halt> {
        let Going {
            step, turned, turn, ..
        } = *going;
        self.forget_written(life, step);
        match self.at(life, turn, |machine| machine.look(turned.0)).await {
            Ok(Found::None) if self.conflict_tells(step) => {
                let ours = life.attempts.get(name);
                let ours = ours.and_then(|ours| ours.hashes.first().copied());
                life.notes.push(self.taken_for_there(step));
                let record = self.would_be(life, step, turned, turn, None).await?;
                Ok(Some((record, ours.unwrap_or(ADOPTED))))
            }
            Ok(Found::None) => Err(of_trouble(trouble, step).into()),
            Ok(_) | Err(Halt::Late) => Ok(None),
            Err(halt) => Err(halt),
        }
    }

    /// What was to be written to is away from the target.
    async fn away(
        &self,
        life: &mut Life<'a>,
        going: &Going<'_, 'a>,
        release: &Release,
        trouble: Trouble,
    ) -> Result<Option<(Value, u64)>, Halt> {
        let step = going.step;
        if going.found.is_none() {
            // a person may have done it by hand: booked the draft
            if !release.sought.is_empty()
                && let Some(found) = self.look_again(life, going, release).await?
            {
                return Ok(Some(found));
            }
            return Err(of_trouble(trouble, step).into());
        }
        // A read may lag behind what was made a moment ago, by us or by others: it is looked for once more.
        if !self.believes_misses() && life.unseen.insert(going.turned.clone()) {
            self.wait(life, settle_of(self.plan, step.resource)).await?;
            self.forget_written(life, step);
            return Ok(None);
        }
        if step.verb == Verb::Ensure {
            life.machine.bounds.links.remove(going.turned);
            self.forget_written(life, step);
            return Ok(None);
        }
        match self.gone(life, step) {
            Stop::End(ended) => Err(Halt::End(ended)),
            _ => Err(Halt::Late),
        }
    }

    /// What the journal is told before a write leaves.
    fn release_of(
        &self,
        life: &mut Life<'a>,
        going: &Going<'_, 'a>,
        outgoing: &Outgoing,
    ) -> Result<Release, Stop> {
        let Going { step, found, .. } = going;
        let ix = step_number(self.flow, step);
        let values: Vec<&Value> = going.leaves.iter().map(|(_, value)| value).collect();
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
            hash: hash_of(&values),
            payload: payload_text(&outgoing.body),
            change: serde_json::to_string(going.change).unwrap_or_default(),
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

    /// It had no effect, so it was no attempt. Those before it, which nobody heard of, are still to be looked at.
    fn not_made(&self, life: &mut Life<'a>, release: &Release, phase: Phase) -> Result<(), Halt> {
        let name = &release.intent.step;
        let attempts = life.attempts.entry(name.clone()).or_default();
        attempts.hashes.pop();
        let sought = match attempts.hashes.is_empty() {
            true => &[],
            false => &*release.sought,
        };
        self.ended_as(life, name, phase, sought)
    }

    fn ended_as(
        &self,
        life: &Life<'a>,
        name: &str,
        phase: Phase,
        sought: &[Sought],
    ) -> Result<(), Halt> {
        let attempts = life.attempts.get(name).map_or(0, |all| all.hashes.len());
        let outcome = journal::Outcome {
            record: self.record_key(&life.key),
            step: name.to_owned(),
            phase,
            link: None,
            watch: second_look::watch(self.options.clock.wall(), sought, attempts, None),
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
