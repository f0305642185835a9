//! A page of records on their way: states from the store, rounds of questions and acts, ends. Nothing is written to a system here.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flowbook_grammar::ast::{End as FlowEnd, Verb};
use flowbook_stdlib::function::Context;
use flowbook_stdlib::value::Value;
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::again::Attempts;
use super::alone::Alone;
use super::ask::{Asker, Wanted};
use super::cache;
use super::changes::{Change, Does};
use super::claims::Claims;
use super::eval::{Code, Machine};
use super::ops;
use super::payload::hash_of;
use super::relink::Relinked;
use super::report::{Finding, FlowReport};
use super::row::Row;
use super::settling::{Idle, Unsettled};
use super::step::{Found, Turned};
use super::stop::{Ended, Kind, Stop};
use super::turns::Turn;
use super::waiting::Open;
use super::{Options, Progress};
use crate::connect::{Systems, Trouble};
use crate::plan::connector::{Resource, ResourceIx};
use crate::plan::{Act, ActKind, Flow, Plan, StepIx, To};
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

    /// All rounds: afterwards each record has ended, or everything that is not late is known of it.
    pub async fn compute(&self, lives: &mut [Life<'a>]) -> Result<(), Trouble> {
        let acts = self.flow.acts.len();
        for round in &self.flow.rounds {
            self.ask_round(round, lives).await?;
            self.acts(lives, (round.last as usize).min(acts), &round.asks)
                .await?;
        }
        self.acts(lives, acts, &[]).await
    }

    /// Goes through the acts up to `last`; what nobody foresaw is asked meanwhile.
    async fn acts(
        &self,
        lives: &mut [Life<'a>],
        last: usize,
        asks: &[crate::plan::AskIx],
    ) -> Result<(), Trouble> {
        loop {
            let mut wanted = Wanted::default();
            for life in lives.iter_mut().filter(|life| life.end.is_none()) {
                if self.go_on(life, last, &mut wanted) {
                    self.collect(life, asks, &mut wanted);
                }
            }
            if wanted.is_empty() {
                return Ok(());
            }
            self.asker.fetch(wanted).await?;
        }
    }

    /// True where it stopped at a question.
    fn go_on(&self, life: &mut Life<'a>, last: usize, wanted: &mut Wanted) -> bool {
        while life.act < last {
            match self.act(life, life.act) {
                Ok(()) => {}
                Err(Stop::Late) => {
                    life.late.insert(life.act);
                }
                Err(Stop::Need(fetch)) => {
                    wanted.add(*fetch);
                    return true;
                }
                Err(Stop::End(ended)) => {
                    life.end = Some(self.ended(life, *ended));
                    return false;
                }
            }
            life.act += 1;
        }
        false
    }

    /// A failure that follows from the record and the flowbook alone is marked so.
    pub fn fixed(&self, stop: Stop, alone: bool) -> Stop {
        match stop {
            Stop::End(mut ended) if alone && ended.kind == Kind::Fail => {
                ended.fixed = true;
                Stop::End(ended)
            }
            stop => stop,
        }
    }

    /// An end as it counts: behind its gates, a record can only fail.
    pub fn ended(&self, life: &Life<'a>, ended: Ended) -> Ended {
        if life.passed && ended.code == FLOW_END {
            Ended {
                kind: Kind::Fail,
                ..ended
            }
        } else {
            ended
        }
    }

    /// One act, before anything is written.
    pub fn act(&self, life: &mut Life<'a>, ix: usize) -> Result<(), Stop> {
        let act = &self.flow.acts[ix];
        let gate = matches!(
            act.kind,
            ActKind::Where(_) | ActKind::End(FlowEnd::Skip | FlowEnd::Wait, ..)
        );
        if gate && life.passed {
            return Ok(());
        }
        let turns = self.turns(life, act)?;
        let mut late = false;
        for turn in &turns {
            life.machine.at(turn)?;
            let got = self
                .act_once(life, act)
                .or_else(|stop| self.past_the_gate(life, stop))
                .map_err(|stop| self.fixed(stop, self.alone.act(self.flow, act)));
            life.machine.done_at(turn);
            match got {
                Err(Stop::Late) => late = true,
                other => other?,
            }
        }
        if late { Err(Stop::Late) } else { Ok(()) }
    }

    pub fn turns(&self, life: &mut Life<'a>, act: &Act) -> Result<Vec<Turn>, Stop> {
        if act.loops.is_empty() {
            Ok(vec![Turn::default()])
        } else {
            life.machine.turns(&act.loops)
        }
    }

    fn act_once(&self, life: &mut Life<'a>, act: &'a Act) -> Result<(), Stop> {
        if let ActKind::Step(step) = act.kind {
            return self.foresee(life, act, step);
        }
        if let Some(when) = act.when
            && !life.machine.truth(when)?
        {
            return Ok(());
        }
        let machine = &mut life.machine;
        match act.kind {
            ActKind::Let(slot) => machine.slot(slot, act.place).map(drop),
            ActKind::Where(condition) => {
                if machine.truth(condition)? {
                    return Ok(());
                }
                let span = self
                    .plan
                    .places
                    .get(act.place as usize)
                    .map(|place| place.span);
                let at = span.map(|span| self.plan.at(span)).unwrap_or_default();
                let ended = Ended {
                    kind: Kind::Where,
                    ..Ended::failure(FLOW_END, format!("not yet what `where` asks for ({at})"))
                };
                Err(machine.end_at(act.place, ended))
            }
            ActKind::End(end, text, condition) => {
                if !machine.truth(condition)? {
                    return Ok(());
                }
                let text = machine.eval(text)?;
                let code = match end {
                    FlowEnd::Skip if self.is_there(machine) => THERE,
                    _ => FLOW_END,
                };
                let ended = Ended {
                    kind: end.into(),
                    ..Ended::failure(code, ops::in_text(&text))
                };
                Err(machine.end_at(act.place, ended))
            }
            ActKind::Confirm { right, within, .. } => {
                let right = machine.eval(right);
                if let Some(within) = within {
                    machine.eval(within)?;
                }
                right.map(drop)
            }
            ActKind::Step(_) => Ok(()),
        }
    }

    /// Whether something is known to be under the key of a step that creates: as its gates asked for it, in any form.
    fn is_there(&self, machine: &mut Machine<'a, 'a>) -> bool {
        let creates = |act: &Act| match act.kind {
            ActKind::Step(ix) if act.loops.is_empty() => {
                let step = &self.flow.steps[ix as usize];
                (step.verb == Verb::Create && matches!(step.to, To::Resource)).then_some(step)
            }
            _ => None,
        };
        let keys = self.flow.acts.iter().filter_map(creates);
        let asks = keys.flat_map(|step| step.keys.iter().flat_map(|key| &key.asks));
        asks.copied().any(|ask| {
            let fetch = machine.fetch_of(ask).ok().flatten();
            let answer = fetch.and_then(|fetch| self.asker.cache.get(&fetch.question));
            matches!(answer, Some(cache::Answer::Hits(hits)) if !hits.is_empty())
        })
    }

    /// What a step will do, as far as it can be told: a payload that cannot be made fails the record before its first write.
    fn foresee(&self, life: &mut Life<'a>, act: &'a Act, ix: StepIx) -> Result<(), Stop> {
        let step = &self.flow.steps[ix as usize];
        let Some(turned) = life.machine.turned(ix) else {
            return Ok(());
        };
        if life.machine.bounds.answers.contains_key(&turned) {
            return Ok(());
        }
        if let Some(when) = act.when {
            match life.machine.truth(when) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(Stop::Late) => {
                    life.machine.bounds.pending.insert(ix);
                    return Err(Stop::Late);
                }
                other => return other.map(drop),
            }
        }
        if self.remember(life, ix, &turned)? {
            return Ok(());
        }
        let found = match life.machine.look(ix) {
            Ok(found) => found,
            Err(Stop::Late) => {
                life.machine.bounds.pending.insert(ix);
                return Err(Stop::Late);
            }
            Err(stop) => return Err(stop),
        };
        life.looked.insert(turned, found.clone());
        let creates = match (&found, step.verb, &step.to) {
            (Found::Gone, ..) if self.believes_misses() => return Err(self.gone(life, step)),
            // Whether it is away is seen when its turn comes.
            (Found::Gone, ..) => {
                life.machine.bounds.pending.insert(ix);
                return Err(Stop::Late);
            }
            (Found::Elsewhere(..), ..) | (Found::Here(_), Verb::Create, _) => return Ok(()),
            (Found::None, Verb::Update, To::Record(_)) => return Ok(()),
            (Found::None, Verb::Update, _) => return Err(self.not_there(life, step)),
            (Found::None, ..) => true,
            (Found::Here(_), ..) => false,
        };
        let leaves = self.leaves(life, Some(act), step, creates, true)?;
        let differs = match &found {
            Found::Here(found) => self.differs(step, found, &leaves),
            _ => true,
        };
        if differs {
            life.machine.bounds.pending.insert(ix);
            if let Ok(name) = self.turn_name(life, ix) {
                life.intents.insert(name, step.resource);
            }
        }
        if creates {
            for arg in &step.args {
                match life.machine.eval(*arg) {
                    Ok(_) | Err(Stop::Late) => {}
                    Err(stop) => return Err(stop),
                }
            }
        }
        Ok(())
    }

    /// Takes up the remembered link of a step. True where the step is finished: a create whose record only its key is needed of.
    pub fn remember(&self, life: &mut Life<'a>, ix: StepIx, turned: &Turned) -> Result<bool, Stop> {
        if life.links.is_empty() {
            return Ok(false);
        }
        let step = &self.flow.steps[ix as usize];
        let name = self.turn_name(life, ix)?;
        let Some(link) = life.links.get(&name) else {
            return Ok(false);
        };
        if link.resource != self.resource_name(step.resource) {
            let forms = &self.resource(step.resource).forms;
            let form = forms
                .iter()
                .find(|form| self.resource_name(**form) == link.resource);
            if let Some(form) = form
                && link.target != Value::None
            {
                let became = (*form, link.target.clone());
                life.machine.bounds.became.insert(turned.clone(), became);
            }
            return Ok(false);
        }
        if link.hash == ADOPTED {
            life.adopted.insert(turned.clone());
        }
        let key = self.resource(step.resource).key;
        let only_key = step.needs.iter().all(|field| Some(*field) == key);
        if !matches!(step.to, To::Record(_)) && link.target != Value::None {
            life.machine
                .bounds
                .links
                .insert(turned.clone(), link.target.clone());
        }
        Ok(step.verb == Verb::Create && (key.is_none() || only_key || life.was_done()))
    }
}

/// Ends that the flow's own text decided.
pub(super) const FLOW_END: &str = "F0800";

/// A `skip` of the flow, of a record that has in the target what the flow would create for it, though the store knows of none.
pub const THERE: &str = "F0823";
