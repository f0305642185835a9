//! Runs plans: reads pages, asks, computes, writes, and says what became of every record.
//!
//! In: a [`Plan`], the [`Systems`] it names and the [`Store`] that remembers. Out: effects in the systems, ends in the store, and a [`Report`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use flowbook_stdlib::function::Context;
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub mod cache;
pub mod changes;
pub mod claims;
pub mod commits;
pub mod ends;
pub mod eval;
pub mod map;
pub mod ops;
pub mod report;
pub mod step;
pub mod stop;
pub mod table;
pub mod test;

mod agree;
mod ask;
mod decide;
mod deliver;
mod flow;
mod mirror;
mod page;
mod payload;
mod write;

#[cfg(test)]
mod tests;

pub use page::ADOPTED;

use report::{FlowReport, RecordReport, Report};

use crate::connect::{Systems, Trouble};
use crate::plan::Plan;
use crate::plan::connector::ResourceIx;
use crate::store::{Store, StoreError};

/// How a run goes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Flows by name; all, in the plan's order, where empty.
    pub flows: Vec<String>,
    /// Reads both systems and writes nothing anywhere, the store included.
    pub dry: bool,
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
    /// Records that are written at a time.
    pub writes_at_once: usize,
    /// How long a write whose outcome is unknown can still take effect, instead of what the connector says.
    pub settle: Option<Duration>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            flows: Vec::new(),
            dry: false,
            limit: None,
            only: Vec::new(),
            since: None,
            now: None,
            secret: None,
            writes_at_once: 16,
            settle: None,
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
    store: &Mutex<dyn Store + '_>,
    options: &Options,
    progress: &dyn Progress,
) -> Report {
    let began = Instant::now();
    let mut report = Report {
        dry: options.dry,
        ..Report::default()
    };
    let stopped = Mutex::new(None);
    let claims = claims::Claims::default();
    let commits = commits::Commits::default();
    let cache = cache::Cache::default();
    let context = context(plan, options);
    let chosen = plan
        .flows
        .iter()
        .filter(|flow| options.flows.is_empty() || options.flows.contains(&flow.name));
    for flow in chosen {
        progress.begins(&flow.name);
        let before = systems.requests();
        let code = eval::Code::new(plan, &flow.program, Some(flow));
        let engine = page::Engine {
            plan,
            flow,
            code: &code,
            asker: ask::Asker {
                plan,
                cache: &cache,
                systems,
                store,
            },
            context: &context,
            options,
            progress,
            claims: &claims,
            commits: &commits,
            now: options.now.unwrap_or_else(Timestamp::now),
            stopped: &stopped,
        };
        let mut flow_report = FlowReport {
            flow: flow.name.clone(),
            ..FlowReport::default()
        };
        if let Err(trouble) = engine.run(&mut flow_report).await {
            engine.stop(trouble);
        }
        for (system, count) in systems.requests() {
            let made = count - before.get(&system).copied().unwrap_or(0);
            if made > 0 {
                flow_report.requests.insert(system, made);
            }
        }
        report.flows.push(flow_report);
        if engine.stops() {
            break;
        }
    }
    report.stopped = stopped.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.took = began.elapsed();
    report
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
