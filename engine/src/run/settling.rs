//! Settling: *not found* is believed only `settle` after the last moment in which the request can have left: our deadline, or the moment we took a dead
//! holder's lock. Only that record waits, and who wants the same key; the others go on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::value::Value;
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use tokio::sync::watch;

use super::claims::{Claim, Claims, Inherited};
use super::look_up::{duplicate, resource_of};
use super::page::{ADOPTED, Engine, Life};
use super::report::Finding;
use super::second_look;
use super::step::Found;
use super::write::Halt;
use super::{Options, ask};
use crate::connect::{Systems, Trouble};
use crate::plan::connector::ResourceIx;
use crate::plan::{Plan, Step};
use crate::store::journal::{Entry, Outcome, Phase, Written};
use crate::store::{Link, RecordKey};
use crate::wrong::{self, Wrong};

/// Look-ups of a dead holder's writes that go out together.
const AT_ONCE: usize = 16;

/// How long a write to a resource can still take effect.
pub(super) fn settle_of(plan: &Plan, resource: ResourceIx) -> Duration {
    let system = plan.resources[resource as usize].system;
    let settle = Duration::from_secs(plan.systems[system as usize].connector.settle_s);
    match wrong::is(Wrong::SettlesTooShort) {
        true => settle / 4,
        false => settle,
    }
}

/// What would be left of a wait if it had begun then, by the wall clock: what no rule may rest on.
fn since(options: &Options, wait: Duration, then: Option<Timestamp>) -> Duration {
    let passed = then.map(|then| options.clock.wall().duration_since(then));
    let passed = passed.and_then(|passed| Duration::try_from(passed).ok());
    wait.saturating_sub(passed.unwrap_or_default())
}

/// Records that wait: for a write to settle, or for a claim. They hold nothing up.
#[derive(Debug, Default)]
pub(super) struct Idle(AtomicUsize);

/// One record that waits, until it is dropped.
pub(super) struct Waits<'i>(&'i Idle);

impl Idle {
    pub fn one(&self) -> Waits<'_> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Waits(self)
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<'a, S: Systems> Engine<'a, S> {
    /// Waits until a write that is over for us can no longer take effect. Its claims stay held, its place among the writers is free meanwhile.
    pub(super) async fn settle(
        &self,
        life: &mut Life<'a>,
        step: &Step,
        released: Timestamp,
    ) -> Result<(), Halt> {
        let mut wait = settle_of(self.plan, step.resource);
        if wrong::is(Wrong::SettlesFromIntent) {
            wait = since(self.options, wait, Some(released));
        }
        self.wait(life, wait).await
    }

    /// What a look-up did not find may be what was written a moment ago, by this process or the one before: a read may lag behind it. It is believed
    /// once `settle` has passed since; that a known record is away, once it is seen so twice. True where it is to be looked up again.
    pub(super) async fn settle_unseen(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        claims: &[Claim],
        found: &Found,
    ) -> Result<bool, Halt> {
        if self.believes_misses() {
            return Ok(false);
        }
        let now = self.options.clock.elapsed();
        // A linked record that is to get the key is there, but nobody was seen under that key.
        let is_missed = match found {
            Found::None => true,
            Found::Here(record) if step.verb != Verb::Create => self
                .now(life, |life| life.machine.has_other_key(step, record))
                .await
                .unwrap_or(false),
            _ => false,
        };
        let wait = match (found, self.claims.unseen(claims)) {
            (Found::Gone, _) => settle_of(self.plan, step.resource),
            // The read may be an old one, whatever time it is by now.
            (_, Some(until)) if is_missed => until.saturating_sub(now),
            _ => return Ok(false),
        };
        self.wait(life, wait).await?;
        self.claims.seen(claims);
        self.forget_written(life, step);
        Ok(true)
    }

    /// Whether nothing is to be written after what a read did not show.
    pub(super) fn believes_misses(&self) -> bool {
        self.options.dry || self.options.relink || wrong::is(Wrong::MissBelieved)
    }

    /// Waits; its place among the writers is free meanwhile.
    pub(super) async fn wait(&self, life: &mut Life<'a>, wait: Duration) -> Result<(), Halt> {
        life.slot = None;
        let waits = self.idle.one();
        let waited = self
            .options
            .stop
            .unless_raised(self.options.clock.sleep(wait))
            .await;
        drop(waits);
        if waited.is_none() {
            return Err(Halt::Stopped);
        }
        life.slot = self.slot().await;
        Ok(())
    }
}

impl Claims {
    /// What earlier processes wrote last.
    pub(super) fn wrote_before(&self, plan: &Plan, written: &[Written], now: Duration) {
        for entry in written {
            if let Some(ix) = resource_of(plan, &entry.resource) {
                let claims = entry.claims.iter().map(|text| (ix, text.clone()));
                self.wrote(claims, now, now + settle_of(plan, ix));
            }
        }
    }
}

/// What a dead holder released: nobody knows yet what became of it.
#[derive(Debug)]
pub(super) struct Unsettled {
    open: Mutex<BTreeMap<RecordKey, usize>>,
    /// What nobody can look up, since the flowbook names its resource no more.
    unnamed: BTreeMap<RecordKey, Vec<Entry>>,
    over: watch::Sender<bool>,
}

impl Unsettled {
    pub fn new(plan: &Plan, entries: &[Entry]) -> Unsettled {
        let mut open: BTreeMap<RecordKey, usize> = BTreeMap::new();
        let mut unnamed: BTreeMap<RecordKey, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            let record = &entry.intent.record;
            *open.entry(record.clone()).or_default() += 1;
            if resource_of(plan, &entry.intent.resource).is_none() {
                let of = unnamed.entry(record.clone()).or_default();
                of.push(entry.clone());
            }
        }
        Unsettled {
            open: Mutex::new(open),
            unnamed,
            over: watch::Sender::new(false),
        }
    }

    /// Keys of a flow's records that wait for it.
    pub fn of(&self, flow: &str) -> BTreeSet<String> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.keys()
            .filter(|record| record.flow == flow)
            .map(|record| record.key.clone())
            .collect()
    }

    /// What nobody can look up of a record.
    pub fn unnamed(&self, record: &RecordKey) -> Option<&[Entry]> {
        self.unnamed.get(record).map(Vec::as_slice)
    }

    fn settled(&self, record: &RecordKey) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(record) {
            *count -= 1;
            if *count == 0 {
                open.remove(record);
            }
        }
    }

    fn end(&self) {
        self.over.send_replace(true);
    }

    /// Returns once all that can be known is known.
    pub async fn over(&self) {
        // The sender is ours: it is not dropped before.
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }
}

/// Looks up what a dead holder released, once it has settled.
pub(super) struct Recovery<'r, 'a, S> {
    pub plan: &'a Plan,
    pub asker: &'r ask::Asker<'a, S>,
    pub options: &'r Options,
    pub unsettled: &'r Unsettled,
}

impl<S: Systems> Recovery<'_, '_, S> {
    /// Looks all of it up. What cannot be looked up stays open, its record waits for the next run.
    pub async fn run(&self, entries: Vec<Entry>, claims: &Claims) -> Result<Vec<Finding>, Trouble> {
        let found = self.settle_all(entries, claims).await;
        self.unsettled.end();
        found
    }

    async fn settle_all(
        &self,
        entries: Vec<Entry>,
        claims: &Claims,
    ) -> Result<Vec<Finding>, Trouble> {
        let began = self.options.clock.elapsed();
        let known: Vec<(ResourceIx, Entry)> = entries
            .into_iter()
            .filter_map(|entry| Some((resource_of(self.plan, &entry.intent.resource)?, entry)))
            .collect();
        let wanted = known
            .iter()
            .map(|(ix, entry)| -> Vec<Claim> {
                let texts = entry.claims.iter();
                texts.map(|text| (*ix, text.clone())).collect()
            })
            .collect();
        let held = claims.inherit(wanted);
        let mut all: Vec<(Duration, ResourceIx, Entry, Inherited)> = known
            .into_iter()
            .zip(held)
            .map(|((ix, entry), held)| {
                // What was accepted is never sent again: there is nothing to wait for.
                let wait = match entry.phase {
                    Phase::Accepted => Duration::ZERO,
                    _ if wrong::is(Wrong::SettlesFromIntent) => {
                        since(self.options, settle_of(self.plan, ix), entry.at)
                    }
                    _ => settle_of(self.plan, ix),
                };
                (wait, ix, entry, held)
            })
            .collect();
        all.sort_by_key(|(wait, ..)| *wait);
        let mut findings = Vec::new();
        while let Some((wait, ..)) = all.first() {
            let wait = *wait;
            let later = all.split_off(all.partition_point(|(other, ..)| *other <= wait));
            let passed = self.options.clock.elapsed().saturating_sub(began);
            let sleep = self.options.clock.sleep(wait.saturating_sub(passed));
            if self.options.stop.unless_raised(sleep).await.is_none() {
                return Ok(findings);
            }
            let looks = std::mem::replace(&mut all, later)
                .into_iter()
                .map(|(_, ix, entry, held)| self.one(ix, entry, held));
            let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
            while let Some(looked) = looks.next().await {
                findings.extend(looked?);
            }
        }
        Ok(findings)
    }

    async fn one(
        &self,
        ix: ResourceIx,
        entry: Entry,
        held: Inherited,
    ) -> Result<Option<Finding>, Trouble> {
        let hits = match self.asker.look_up(&entry.sought).await {
            Ok(hits) => hits,
            Err(trouble) if trouble.local => return Ok(None),
            Err(trouble) => return Err(trouble),
        };
        let intent = &entry.intent;
        let now = self.options.clock.wall();
        let (phase, link) = match hits.first() {
            Some(first) => {
                let own = first.resource == ix;
                let link = Link {
                    step: intent.step.clone(),
                    resource: super::resource_name(self.plan, first.resource),
                    target: first.id(self.plan),
                    // Of several payloads the first one is the likeliest to have come through.
                    hash: match entry.attempts.first() {
                        Some(hash) if own => *hash,
                        _ => ADOPTED,
                    },
                };
                let link = (link.target != Value::None).then(|| (entry.source.clone(), link));
                (Phase::Confirmed, link)
            }
            None if entry.phase == Phase::Accepted => (Phase::Accepted, None),
            None => (Phase::Settled, None),
        };
        let found = link.as_ref().map(|(_, link)| link.target.clone());
        let outcome = Outcome {
            record: intent.record.clone(),
            step: intent.step.clone(),
            phase,
            link,
            watch: second_look::watch(now, &entry.sought, entry.attempts.len(), found),
        };
        self.asker.stored_outcome(outcome)?;
        self.unsettled.settled(&intent.record);
        drop(held);
        Ok((hits.len() > 1).then(|| {
            let record = &intent.record;
            duplicate(self.plan, &record.flow, &record.key, &intent.step, &hits)
        }))
    }
}
