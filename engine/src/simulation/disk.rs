//! The disk: what was stored outlives processes. Holds the lock and its fencing number, and looks on when a write leaves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flowbook_stdlib::value::Value;
use jiff::Timestamp;

use super::book::SETTLE_S;
use super::clock;
use super::world::{Asked, World};
use crate::store::journal::{Batch, Entry, Intent, Outcome, Overruled, Phase, Sought, Written};
use crate::store::memory::MemoryStore;
use crate::store::{Dropped, End, Ending, Link, RecordKey, State, Store, StoreError};
use crate::wrong::{self, Wrong};

/// Writes that a disk without sync may lose with the power.
const UNSYNCED: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Disk(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    kept: MemoryStore,
    /// The process that holds the lock.
    holder: Option<u64>,
    fence: u64,
    /// An older copy was put in its place.
    restored: bool,
    /// The last states, where nothing is synced.
    before: Vec<MemoryStore>,
}

impl Disk {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn copy(&self) -> MemoryStore {
        self.inner().kept.clone()
    }

    pub fn restore(&self, copy: MemoryStore) {
        let mut inner = self.inner();
        inner.kept = copy;
        inner.restored = true;
    }

    /// How far an order has come.
    pub fn state(&self, key: u64) -> Option<State> {
        self.state_of("orders", key)
    }

    pub fn state_of(&self, flow: &str, key: u64) -> Option<State> {
        let states = self.inner().kept.states(flow, &[key.to_string()]);
        states.ok()?.pop()?
    }

    /// Whether what became of a step is known to be good.
    pub fn is_confirmed(&self, key: u64, step: &str) -> bool {
        let entries = self
            .inner()
            .kept
            .entries(&record("orders", key))
            .unwrap_or_default();
        entries
            .iter()
            .any(|entry| entry.intent.step == step && entry.phase == Phase::Confirmed)
    }

    /// All that is on it, as text: whatever is stored can be found in it.
    pub fn raw(&self) -> String {
        format!("{:?}", self.inner().kept)
    }

    /// Erases what was stored before then, as `flowbook purge` does.
    pub fn purge(&self, before: Timestamp) {
        if !wrong::is(Wrong::NeverErased) {
            let erased = self.inner().kept.drop_payloads(before);
            erased.expect("a store in memory erases");
        }
    }

    /// Whether a record's end, or a write of it, must still be known: it is not done, is open, or was written of late.
    pub fn is_needed(&self, flow: &str, key: u64) -> bool {
        let entries = self.inner().kept.entries(&record(flow, key));
        let entries = entries.unwrap_or_default();
        let state = self.state_of(flow, key);
        state.is_some_and(|state| !matches!(state.end, End::Done | End::Skipped))
            || entries
                .iter()
                .any(|entry| entry.phase.is_open() || !entry.watches.is_empty())
    }

    /// The power fails: what was not synced is lost.
    pub fn power_fails(&self, lost: usize) {
        let mut inner = self.inner();
        let at = inner.before.len().saturating_sub(lost);
        if let Some(before) = inner.before.get(at).cloned() {
            inner.kept = before;
        }
        inner.before.clear();
    }

    /// No write leaves but from the holder of the lock, and none before its release is on the disk. `is_void`: it cannot have taken effect.
    pub fn is_released(&self, world: &World, who: u64, asked: &Asked, is_void: bool) {
        let inner = self.inner();
        if inner.holder != Some(who) {
            let line = format!("process {who} writes, {:?} holds the lock", inner.holder);
            world.state().wrong.push(line);
        }
        let mark = mark(world, asked);
        let fits = |entry: &Entry| {
            let payload = entry.payload.as_deref().unwrap_or_default();
            let chosen = entry.chosen.iter().flatten();
            payload.contains(&mark)
                || entry.claims.contains(&format!("#{mark}"))
                || chosen
                    .into_iter()
                    .any(|id| *id == Value::Text(mark.as_str().into()))
        };
        let open = inner.kept.open_entries().unwrap_or_default();
        let released = |entry: &Entry| entry.phase == Phase::Released && fits(entry);
        if !open.iter().any(released) {
            let line = format!(
                "{} {} {mark} left before its release",
                asked.method, asked.path
            );
            world.state().wrong.push(line);
        }
        // A customer is made by any of their orders, each with attempts of its own.
        let shared = asked.path.ends_with("/customers");
        if asked.method == "POST" && shared {
            let key = mark.trim_matches('"').to_owned();
            world.state().customers_sent.insert(key);
        }
        let is_own = !shared && !world.state().is_shared(mark.trim_matches('"'));
        if asked.method == "POST" && !is_void && is_own && !world.state().restored {
            let key = format!("{} {mark}", asked.path);
            let mut state = world.state();
            let sends = state.sends.entry(key.clone()).or_default();
            *sends += 1;
            // Nothing tells that a payment did not arrive.
            let most = if asked.path.ends_with("/payments") {
                1
            } else {
                3
            };
            if *sends > most {
                let line = format!("{key} was sent {sends} times");
                state.wrong.push(line);
            }
        }
    }
}

/// A write was answered with a refusal, so it has not taken effect: it is none of those that may have.
pub(super) fn is_refused(world: &World, asked: &Asked) {
    let key = format!("{} {}", asked.path, mark(world, asked));
    if let Some(sends) = world.state().sends.get_mut(&key) {
        *sends = sends.saturating_sub(1);
    }
}

/// What a write is known by, in its body or its path.
fn mark(world: &World, asked: &Asked) -> String {
    let body = asked.body.as_deref().unwrap_or_default();
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        [_, "customers"] => body[world.flows.key()].to_string(),
        [_, "drafts" | "invoices"] => body["Reference"].to_string(),
        [_, _, _, "notes"] => body["text"].to_string(),
        [_, _, _, "payments"] => format!("Amount: {}", body["Amount"]),
        [_, "drafts", id, "book"] | [_, "customers", id] => (*id).to_owned(),
        _ => String::new(),
    }
}

fn record(flow: &str, key: u64) -> RecordKey {
    RecordKey {
        flow: flow.to_owned(),
        key: key.to_string(),
    }
}

/// A process's store.
#[derive(Debug)]
pub(super) struct Held {
    disk: Arc<Disk>,
    world: World,
    who: u64,
    fence: u64,
    cautious: bool,
    id: String,
    /// Links that are stored with the next write, where they are not one with their outcomes.
    links: Vec<Outcome>,
    /// Writes until the disk is full.
    room: Option<u64>,
    /// The disk is full: nobody knows whether it kept the last write, and there is no other.
    full: bool,
}

impl Held {
    /// None while another process holds the lock.
    pub fn open(disk: &Arc<Disk>, world: &World, who: u64, full: Option<u64>) -> Option<Held> {
        let mut inner = disk.inner();
        if inner.holder.is_some() && !wrong::is(Wrong::NoExclusion) {
            return None;
        }
        inner.holder = Some(who);
        inner.fence += 1;
        Some(Held {
            disk: disk.clone(),
            world: world.clone(),
            who,
            fence: inner.fence,
            cautious: inner.restored,
            id: "simulated".to_owned(),
            links: Vec::new(),
            room: full,
            full: false,
        })
    }

    pub fn is_full(&self) -> bool {
        self.full
    }

    fn write<T>(
        &mut self,
        verb: impl FnOnce(&mut MemoryStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.full {
            return Err(StoreError("nothing is written any more".to_owned()));
        }
        self.room = self.room.map(|room| room.saturating_sub(1));
        if self.room != Some(0) {
            return self.store(verb);
        }
        self.full = true;
        let kept = self.world.dice().percent(50);
        if kept {
            self.store(verb)?;
        }
        self.world
            .say(format!("the disk of {} is full; kept: {kept}", self.who));
        let mut state = self.world.state();
        *state.figures.faults.entry("disk full").or_default() += 1;
        Err(StoreError("the disk is full".to_owned()))
    }

    fn store<T>(
        &mut self,
        verb: impl FnOnce(&mut MemoryStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut inner = self.disk.inner();
        if inner.fence != self.fence && !wrong::is(Wrong::NoExclusion) {
            return Err(StoreError("taken over".to_owned()));
        }
        if wrong::is(Wrong::UnsyncedStore) {
            let before = inner.kept.clone();
            inner.before.push(before);
            if inner.before.len() > UNSYNCED {
                inner.before.remove(0);
            }
        }
        if !self.links.is_empty() {
            let outcomes = std::mem::take(&mut self.links);
            inner.kept.commit(Batch {
                outcomes,
                releases: Vec::new(),
            })?;
        }
        verb(&mut inner.kept)
    }

    fn read<T>(&self, verb: impl FnOnce(&MemoryStore) -> T) -> T {
        verb(&self.disk.inner().kept)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut inner = self.disk.inner();
        if inner.holder == Some(self.who) {
            inner.holder = None;
        }
    }
}

impl Store for Held {
    fn id(&self) -> &str {
        &self.id
    }

    fn states(&self, flow: &str, keys: &[String]) -> Result<Vec<Option<State>>, StoreError> {
        self.read(|kept| kept.states(flow, keys))
    }

    fn unfinished(
        &self,
        flow: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<(String, State)>, StoreError> {
        self.read(|kept| kept.unfinished(flow, after, most))
    }

    fn end(&mut self, flow: &str, ends: &[Ending]) -> Result<(), StoreError> {
        self.write(|kept| kept.end(flow, ends))
    }

    fn links(&self, record: &RecordKey) -> Result<Vec<Link>, StoreError> {
        self.read(|kept| kept.links(record))
    }

    fn linked(
        &self,
        source_resource: &str,
        key: &str,
        resource: &str,
    ) -> Result<Option<Value>, StoreError> {
        self.read(|kept| kept.linked(source_resource, key, resource))
    }

    fn made_from(
        &self,
        resource: &str,
        target: &Value,
        source_resource: &str,
    ) -> Result<Option<String>, StoreError> {
        self.read(|kept| kept.made_from(resource, target, source_resource))
    }

    fn linked_from(
        &self,
        resource: &str,
        target: &Value,
    ) -> Result<Vec<(String, RecordKey)>, StoreError> {
        self.read(|kept| kept.linked_from(resource, target))
    }

    fn cautious(&self) -> bool {
        self.cautious
    }

    fn settled(&mut self) -> Result<(), StoreError> {
        self.cautious = false;
        self.disk.inner().restored = false;
        Ok(())
    }

    fn plan(&mut self, intents: &[Intent]) -> Result<(), StoreError> {
        self.write(|kept| kept.plan(intents))
    }

    fn commit(&mut self, batch: Batch) -> Result<Vec<Overruled>, StoreError> {
        let mut batch = batch;
        let mut links = Vec::new();
        if wrong::is(Wrong::LinkOutsideTransaction) {
            for outcome in &mut batch.outcomes {
                if outcome.link.is_some() {
                    links.push(outcome.clone());
                    outcome.link = None;
                }
            }
        }
        let done = self.write(|kept| kept.commit(batch));
        self.links = links;
        done
    }

    fn open_entries(&self) -> Result<Vec<Entry>, StoreError> {
        self.read(MemoryStore::open_entries)
    }

    fn confirmed_last(&self, last: u32) -> Result<Vec<Written>, StoreError> {
        self.read(|kept| kept.confirmed_last(last))
    }

    fn entries(&self, record: &RecordKey) -> Result<Vec<Entry>, StoreError> {
        self.read(|kept| kept.entries(record))
    }

    fn to_look_at(&self, now: Timestamp) -> Result<Vec<Entry>, StoreError> {
        self.read(|kept| kept.to_look_at(now))
    }

    fn looked_at(
        &mut self,
        record: &RecordKey,
        step: &str,
        sought: &[Sought],
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.write(|kept| kept.looked_at(record, step, sought, next))
    }

    fn drop_payloads(&mut self, before: Timestamp) -> Result<Dropped, StoreError> {
        if wrong::is(Wrong::NeverErased) {
            return Ok(Dropped::default());
        }
        self.write(|kept| kept.drop_payloads(before))
    }

    fn cursor(&self, flow: &str) -> Result<Option<Timestamp>, StoreError> {
        self.read(|kept| kept.cursor(flow))
    }

    fn advance(&mut self, flow: &str, to: Timestamp) -> Result<(), StoreError> {
        let wrong: Vec<u64> = {
            let state = self.world.state();
            let read = state.orders.iter().filter(|_| flow == "orders");
            let passed: Vec<u64> = read
                .filter(|order| !order.away && order.shown <= self.world.now())
                .filter(|order| clock::wall(order.created + Duration::from_secs(SETTLE_S)) < to)
                .map(|order| order.id)
                .collect();
            drop(state);
            let unknown = passed
                .into_iter()
                .filter(|id| self.disk.state(*id).is_none());
            unknown.collect()
        };
        for id in wrong {
            let line = format!("the cursor passes order {id}, of which nothing is known");
            self.world.state().wrong.push(line);
        }
        self.write(|kept| kept.advance(flow, to))
    }

    fn compared(&self, flow: &str) -> Result<Option<Timestamp>, StoreError> {
        self.read(|kept| kept.compared(flow))
    }

    fn compare(&mut self, flow: &str, at: Timestamp) -> Result<(), StoreError> {
        self.write(|kept| kept.compare(flow, at))
    }

    fn keep_token(&mut self, system: &str, token: &str) -> Result<(), StoreError> {
        self.write(|kept| kept.keep_token(system, token))
    }

    fn token(&self, system: &str) -> Result<Option<String>, StoreError> {
        self.read(|kept| kept.token(system))
    }

    fn note_sign_in(&mut self, system: &str, hash: &str, unheard: bool) -> Result<(), StoreError> {
        self.write(|kept| kept.note_sign_in(system, hash, unheard))
    }

    fn is_unheard(&self, system: &str, hash: &str) -> Result<bool, StoreError> {
        self.read(|kept| kept.is_unheard(system, hash))
    }
}

/// Whether a record has come to its end.
pub(super) fn is_done(state: Option<&State>) -> bool {
    state.is_some_and(|state| state.end == End::Done)
}
