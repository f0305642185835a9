//! Runs plans: reads pages, asks, computes, writes, and says what became of every record.
//!
//! In: a [`Plan`], the [`Systems`] it names and the [`Store`] that remembers. Out: effects in the systems, ends in the store, and a [`Report`].

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use flowbook_stdlib::function::Context;
use futures_util::future::{self, Either};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

pub mod cache;
pub mod changes;
pub mod claims;
pub mod ends;
pub mod eval;
pub mod map;
pub mod ops;
pub mod report;
pub mod step;
pub mod stop;
pub mod stopping;
pub mod table;
pub mod test;

mod acts;
mod again;
mod agree;
mod alone;
mod ask;
mod cautious;
mod confirm;
mod cursor;
mod decide;
mod deliver;
mod flow;
mod look_up;
mod mirror;
mod namesake;
mod outcome;
mod pace;
mod page;
mod payload;
mod personal;
mod question;
mod refresh;
mod release;
mod relink;
mod row;
mod second_look;
mod settling;
mod staging;
mod turns;
mod unnamed;
mod waiting;
mod write;

#[cfg(test)]
mod tests;

pub use acts::THERE;
pub use page::ADOPTED;

use report::{Finding, FlowReport, RecordReport, Report};
use stopping::StopToken;

use crate::connect::{Systems, Trouble};
use crate::plan::connector::ResourceIx;
use crate::plan::{Flow, Plan};
use crate::store::{Store, StoreError};
use crate::time::{Clock, MachineClock};
use crate::wrong::{self, Wrong};

/// How a run goes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Flows by name; all, in the plan's order, where empty.
    pub flows: Vec<String>,
    /// Reads both systems and writes nothing anywhere, the store included.
    pub dry: bool,
    /// As `dry`, which goes with it, but remembers in the store what it finds in the systems: for a store that was lost.
    pub relink: bool,
    /// Ends a flow after so many records that something was to be done for.
    pub limit: Option<u64>,
    /// Only the records with these keys, whether they changed or not.
    pub only: Vec<String>,
    /// Reads from then on rather than from where the last run came to.
    pub since: Option<Timestamp>,
    /// What counts as now for `wait`.
    pub now: Option<Timestamp>,
    /// The secret that `derive` derives from.
    pub secret: Option<Arc<str>>,
    /// Records that are written at a time: some send, some wait for their release to be stored, others gather for the next one.
    pub writes_at_once: usize,
    /// The clocks that the run reads.
    pub clock: Arc<dyn Clock>,
    /// Asks the run to stop.
    pub stop: StopToken,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            flows: Vec::new(),
            dry: false,
            relink: false,
            limit: None,
            only: Vec::new(),
            since: None,
            now: None,
            secret: None,
            writes_at_once: 48,
            clock: Arc::new(MachineClock::default()),
            stop: StopToken::default(),
        }
    }
}

/// Hears how a run goes.
pub trait Progress: Send + Sync {
    /// A flow begins.
    fn begins(&self, _flow: &str) {}

    /// A page is done; counts of the flow so far.
    fn page(&self, _report: &FlowReport) {}

    /// A record that was looked at has ended.
    fn record(&self, _flow: &str, _record: &RecordReport) {}

    /// Whether records shall tell their changes, field by field.
    fn wants_changes(&self) -> bool {
        false
    }
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}

/// Carries flows out. A record that fails fails alone; a trouble that concerns a whole system stops the run, and the report says so.
pub async fn run<S: Systems>(
    plan: &Plan,
    systems: &S,
    store: Arc<Mutex<dyn Store>>,
    options: &Options,
    progress: &dyn Progress,
) -> Report {
    let began = options.clock.elapsed();
    let stopped = Mutex::new(None);
    let (flows, findings) = match cautious::cautious(plan, &store, options).await {
        Ok(()) => carry_out(plan, systems, &store, options, progress, &stopped).await,
        Err(trouble) => {
            stop_with(&stopped, trouble);
            (Vec::new(), Vec::new())
        }
    };
    Report {
        flows,
        findings,
        stopped: stopped.into_inner().unwrap_or_else(PoisonError::into_inner),
        took: options.clock.elapsed().saturating_sub(began),
        dry: options.dry,
    }
}

/// Flows one after another, while what a dead holder left open settles.
async fn carry_out<S: Systems>(
    plan: &Plan,
    systems: &S,
    store: &Arc<Mutex<dyn Store>>,
    options: &Options,
    progress: &dyn Progress,
    stopped: &Mutex<Option<Trouble>>,
) -> (Vec<FlowReport>, Vec<Finding>) {
    let plan_hash = pace::hash_of(plan);
    let codes: Vec<(&Flow, eval::Code<'_>)> = plan
        .flows
        .iter()
        .filter(|flow| options.flows.is_empty() || options.flows.contains(&flow.name))
        .map(|flow| (flow, eval::Code::new(plan, &flow.program, Some(flow))))
        .collect();
    let context = context(plan, options);
    let claims = claims::Claims::default();
    let cache = cache::Cache::default();
    let journal = release::Journal::new(store.clone());
    let asker = ask::Asker {
        plan,
        cache: &cache,
        systems,
        store,
        journal: &journal,
        options,
    };
    let now = options.now.unwrap_or_else(|| options.clock.wall());
    let open = if options.dry {
        Ok((Vec::new(), Vec::new()))
    } else {
        asker.stored(|store| {
            let kept =
                SignedDuration::from_secs(i64::try_from(plan.retention_s).unwrap_or(i64::MAX));
            if let Ok(before) = now.checked_sub(kept) {
                store.drop_payloads(before)?;
            }
            Ok((store.open_entries()?, store.confirmed_last(LATELY)?))
        })
    };
    let open = match open {
        Ok((open, written)) => {
            claims.wrote_before(plan, &written, options.clock.elapsed());
            match wrong::is(Wrong::NoReconcile) {
                true => Vec::new(),
                false => open,
            }
        }
        Err(trouble) => {
            stop_with(stopped, trouble);
            return (Vec::new(), Vec::new());
        }
    };
    let at_once = match open.is_empty() {
        true => options.writes_at_once,
        false => options.writes_at_once.min(AFTER_A_DEATH),
    };
    let unsettled = settling::Unsettled::new(plan, &open);
    let found = Mutex::new(Vec::new());
    let recovery = async {
        let recovery = settling::Recovery {
            plan,
            asker: &asker,
            options,
            unsettled: &unsettled,
        };
        let mut looked = recovery.run(open, &claims).await;
        if let (Ok(findings), false) = (&mut looked, options.dry) {
            match asker.second_looks(now).await {
                Ok(more) => findings.extend(more),
                Err(trouble) => looked = Err(trouble),
            }
        }
        match looked {
            Ok(findings) => found
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(findings),
            Err(trouble) => stop_with(stopped, trouble),
        }
    };
    let flows = async {
        let mut reports = Vec::new();
        for (flow, code) in &codes {
            progress.begins(&flow.name);
            let before = systems.requests();
            let engine = page::Engine {
                plan,
                plan_hash,
                alone: alone::Alone::new(flow),
                row: Mutex::default(),
                flow,
                code,
                asker: &asker,
                context: &context,
                options,
                progress,
                claims: &claims,
                now,
                stopped,
                unsettled: &unsettled,
                seen: AtomicU64::new(0),
                idle: settling::Idle::default(),
                slots: Arc::new(Semaphore::new(at_once.max(1))),
                found: &found,
            };
            let mut report = FlowReport {
                flow: flow.name.clone(),
                ..FlowReport::default()
            };
            if let Err(trouble) = engine.run(&mut report).await {
                engine.stop(trouble);
            }
            for (system, count) in systems.requests() {
                let made = count - before.get(&system).copied().unwrap_or(0);
                if made > 0 {
                    report.requests.insert(system, made);
                }
            }
            reports.push(report);
            if engine.stops() {
                break;
            }
        }
        reports
    };
    let (recovery, flows) = (std::pin::pin!(recovery), std::pin::pin!(flows));
    let reports = match future::select(recovery, flows).await {
        Either::Left(((), flows)) => flows.await,
        Either::Right((reports, recovery)) => {
            let is_stopped = stopped
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_some();
            if !is_stopped {
                recovery.await;
            }
            reports
        }
    };
    if let Err(why) = journal.flush() {
        stop_with(stopped, store_trouble(why));
    }
    let findings = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    (reports, findings)
}

/// So many records are written at a time at most after a run that left open what it had sent: what killed it may kill this one too, and those on their
/// way are in doubt each time.
const AFTER_A_DEATH: usize = 8;

/// So many of the last writes of earlier processes are taken for ones that reads need not show yet. No wall clock tells how long ago they were.
const LATELY: u32 = 5_000;

fn stop_with(stopped: &Mutex<Option<Trouble>>, trouble: Trouble) {
    let mut stopped = stopped.lock().unwrap_or_else(PoisonError::into_inner);
    stopped.get_or_insert(trouble);
}

/// Why a run that was asked to stop stops.
fn asked_to_stop() -> Trouble {
    Trouble::new("F0821", "The run was asked to stop.")
        .help("What was written stands and is remembered; the next run goes on with the rest.")
}

/// What all functions of a flowbook are called with.
pub fn context(plan: &Plan, options: &Options) -> Context {
    Context {
        zone: TimeZone::get(&plan.zone).unwrap_or(TimeZone::UTC),
        secret: options.secret.clone(),
    }
}

/// `books.customers`
pub fn resource_name(plan: &Plan, ix: ResourceIx) -> String {
    let resource = &plan.resources[ix as usize];
    format!(
        "{}.{}",
        plan.systems[resource.system as usize].name, resource.name
    )
}

fn store_trouble(error: StoreError) -> Trouble {
    Trouble {
        code: "F0814",
        message: error.0,
        help: Some(
            "Nothing more is written until the flowbook can remember it. Make room or rights for its .flowbook folder, then run again.".to_owned(),
        ),
        field: None,
        local: false,
    }
}
