//! Page: records as they come from the source, with what the store remembers of each; those that something is to be done for are on their way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::function::Context;
use flowbook_stdlib::value::Value;
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::again::Attempts;
use super::alone::Alone;
use super::ask::Asker;
use super::cache;
use super::changes::{Change, Does};
use super::claims::Claims;
use super::eval::{Code, Machine};
use super::payload::hash_of;
use super::relink::Relinked;
use super::report::{Finding, FlowReport};
use super::row::Row;
use super::settling::{Idle, Unsettled};
use super::step::{Found, Turned};
use super::stop::Ended;
use super::waiting::Open;
use super::{Options, Progress};
use crate::connect::{Systems, Trouble};
use crate::plan::connector::{Resource, ResourceIx};
use crate::plan::{ActKind, Flow, Plan};
use crate::store::journal::Phase;
use crate::store::{End, Ending, Link, RecordKey, State, Store, StoreError};

/// What a link's hash is when its target was found, not written.
pub const ADOPTED: u64 = 0;

/// What the records of a flow's run share.
pub(super) struct Engine<'a, S> {
    pub plan: &'a Plan,
    /// A flowbook that changed has another one.
    pub plan_hash: u64,
    /// What follows from a record alone.
    pub alone: Alone,
    /// Equal failures in a row.
    pub row: Mutex<Row>,
    pub flow: &'a Flow,
    pub code: &'a Code<'a>,
    pub asker: &'a Asker<'a, S>,
    pub context: &'a Context,
    pub options: &'a Options,
    pub progress: &'a dyn Progress,
    pub claims: &'a Claims,
    pub now: Timestamp,
    /// What a dead holder left open.
    pub unsettled: &'a Unsettled,
    /// Records that something was to be done for.
    pub seen: AtomicU64,
    /// Records that wait and hold nothing up.
    pub idle: Idle,
    /// Places among the records that are being written.
    pub slots: Arc<Semaphore>,
    /// What a person must look at.
    pub found: &'a Mutex<Vec<Finding>>,
    /// Why the run stops.
    pub stopped: &'a Mutex<Option<Trouble>>,
}

/// A record on its way.
pub(super) struct Life<'a> {
    pub key: String,
    /// Its number among the records of the run.
    pub number: u64,
    pub hash: u64,
    pub before: Option<State>,
    pub links: FxHashMap<String, Link>,
    pub machine: Machine<'a, 'a>,
    /// Earlier attempts of its steps that may have taken effect.
    pub attempts: FxHashMap<String, Attempts>,
    /// Steps that a look-up confirmed.
    pub looked_up: FxHashSet<String>,
    /// Steps whose record was there, and then was not when it was to be changed.
    pub unseen: FxHashSet<Turned>,
    /// Steps that will write, by name.
    pub intents: BTreeMap<String, ResourceIx>,
    /// What `relink` knows of it.
    pub relinked: Relinked,
    /// Its place among the records that are being written.
    pub slot: Option<OwnedSemaphorePermit>,
    pub findings: Vec<Finding>,
    /// A write of it may have taken effect: its gates are behind it.
    pub passed: bool,
    /// The next act.
    pub act: usize,
    /// Acts that wait for an answer.
    pub late: FxHashSet<usize>,
    /// What was found under the steps' keys.
    pub looked: FxHashMap<Turned, Found>,
    /// Found there, not written by this flow.
    pub adopted: FxHashSet<Turned>,
    /// The record as this flow's own updates left it.
    pub after: Option<Value>,
    /// Read again already.
    pub refreshed: FxHashSet<Turned>,
    /// How it ended, for all but done.
    pub end: Option<Ended>,
    /// The run stopped before its end: nothing is stored of it.
    pub left: bool,
    pub did: Vec<(Does, ResourceIx)>,
    pub changes: Vec<Change>,
    pub notes: Vec<String>,
}

impl Life<'_> {
    /// Carried over before; only its values are other ones now.
    pub fn was_done(&self) -> bool {
        self.before
            .as_ref()
            .is_some_and(|state| state.end == End::Done)
    }
}

impl<'a, S: Systems> Engine<'a, S> {
    pub fn resource(&self, ix: ResourceIx) -> &'a Resource {
        &self.plan.resources[ix as usize]
    }

    pub fn resource_name(&self, ix: ResourceIx) -> String {
        super::resource_name(self.plan, ix)
    }

    pub fn system_name(&self, ix: ResourceIx) -> &'a str {
        &self.plan.systems[self.resource(ix).system as usize].name
    }

    /// Asks or tells the store.
    pub fn stored<T>(
        &self,
        verb: impl FnOnce(&mut dyn Store) -> Result<T, StoreError>,
    ) -> Result<T, Trouble> {
        self.asker.stored(verb)
    }

    /// Keeps what a person must look at.
    pub fn findings(&self, findings: Vec<Finding>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.extend(findings);
    }

    pub fn record_key(&self, key: &str) -> RecordKey {
        RecordKey {
            flow: self.flow.name.clone(),
            key: key.to_owned(),
        }
    }

    /// The text of a source record's key.
    pub fn source_key(&self, record: &Value) -> String {
        let resource = self.resource(self.flow.read.resource);
        match resource.key {
            Some(key) => cache::key_text(&resource.shape, record, key),
            None => format!("{:016x}", hash_of(&[record])),
        }
    }

    /// The hash of what counts as a change.
    pub fn hash(&self, record: &Value) -> u64 {
        let shape = &self.resource(self.flow.read.resource).shape;
        hash_of(&super::mirror::read_by(self.flow, shape, record))
    }

    /// Records that something is to be done for; the others are counted. `forced` looks at unchanged ones too.
    pub fn begin(
        &self,
        records: Vec<Value>,
        forced: bool,
        open: &mut Open,
        report: &mut FlowReport,
    ) -> Result<Vec<Life<'a>>, Trouble> {
        let keys: Vec<String> = records
            .iter()
            .map(|record| self.source_key(record))
            .collect();
        let states = self.stored(|store| store.states(&self.flow.name, &keys))?;
        let mut lives = Vec::with_capacity(records.len());
        let mut rested = Vec::new();
        for ((record, key), before) in records.into_iter().zip(keys).zip(states) {
            if before
                .as_ref()
                .is_some_and(|state| state.end.is_unfinished())
            {
                open.saw(&key);
            }
            let hash = self.hash(&record);
            // `relink` looks again at what was skipped or failed: the store may have been lost before that.
            let relink = self.options.relink;
            let settled = before.as_ref().is_some_and(|state| {
                (state.end == End::Done || (state.end == End::Skipped && !relink))
                    && state.hash == hash
            });
            if settled && !forced {
                report.unchanged += 1;
                continue;
            }
            match &before {
                Some(state) if state.end == End::Dismissed => {
                    self.stays_dismissed(&key, state, hash, report)?;
                    continue;
                }
                Some(state)
                    if self.options.only.is_empty() && !relink && self.rests(state, hash) =>
                {
                    self.still_failed(&key, state, report);
                    if !self.pauses(state) {
                        rested.push(self.rested(&key, state));
                    }
                    continue;
                }
                _ => {}
            }
            let record_key = self.resource(self.flow.read.resource).key;
            let target = record_key.map(|field| cache::at(&record, &[field]).clone());
            let passed = before.as_ref().is_some_and(|state| state.passed);
            let mut attempts = FxHashMap::default();
            let mut links: FxHashMap<String, Link> = if before.is_some() {
                let record = self.record_key(&key);
                for entry in self.stored(|store| store.entries(&record))? {
                    // One that was refused, or never left, is none of them; those before it are.
                    if entry.phase != Phase::Confirmed && !entry.attempts.is_empty() {
                        let earlier = Attempts {
                            hashes: entry.attempts,
                            accepted: entry.phase == Phase::Accepted,
                            renewed: entry.renewed as usize,
                        };
                        attempts.insert(entry.intent.step, earlier);
                    }
                }
                self.stored(|store| store.links(&record))?
                    .into_iter()
                    .map(|link| (link.step.clone(), link))
                    .collect()
            } else {
                FxHashMap::default()
            };
            if let Some(target) = target {
                self.link_back(&target, &mut links)?;
            }
            lives.push(Life {
                key,
                number: self.seen.fetch_add(1, Ordering::Relaxed),
                hash,
                before,
                links,
                machine: Machine::new(self.code, self.asker.cache, self.context, record),
                attempts,
                looked_up: FxHashSet::default(),
                unseen: FxHashSet::default(),
                intents: BTreeMap::new(),
                relinked: Relinked::default(),
                slot: None,
                findings: Vec::new(),
                passed,
                act: 0,
                late: FxHashSet::default(),
                looked: FxHashMap::default(),
                adopted: FxHashSet::default(),
                after: None,
                refreshed: FxHashSet::default(),
                end: None,
                left: false,
                did: Vec::new(),
                changes: Vec::new(),
                notes: Vec::new(),
            });
        }
        if !self.options.dry && !rested.is_empty() {
            self.stored(|store| store.end(&self.flow.name, &rested))?;
        }
        Ok(lives)
    }

    /// A person has dealt with it: it is left alone. That it changed since is told once.
    fn stays_dismissed(
        &self,
        key: &str,
        state: &State,
        hash: u64,
        report: &mut FlowReport,
    ) -> Result<(), Trouble> {
        report.unchanged += 1;
        if state.hash == hash {
            return Ok(());
        }
        report.note(
            key,
            &format!(
                "it was dismissed, and has changed since in {}; `flowbook retry {key}` takes it up again",
                self.resource_name(self.flow.read.resource)
            ),
        );
        if self.options.dry {
            return Ok(());
        }
        let ending = Ending {
            key: key.to_owned(),
            state: State {
                hash,
                ..state.clone()
            },
            source: None,
        };
        self.stored(|store| store.end(&self.flow.name, &[ending]))
    }

    /// A record that was carried over and all of whose steps are remembered creates: what changed in it changes nothing there.
    pub fn nothing_left(&self, life: &Life<'a>) -> bool {
        life.was_done()
            && self.flow.acts.iter().all(|act| match act.kind {
                ActKind::Step(ix) => {
                    self.flow.steps[ix as usize].verb == Verb::Create
                        && act.loops.is_empty()
                        && life.links.contains_key(&self.step_name(ix))
                }
                _ => true,
            })
    }
}
