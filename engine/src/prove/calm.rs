//! The calm run: the same flowbook on the same sample without a fault. What it leaves is what there must be.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use flowbook_sandbox::Seen;

use super::count::{Origins, Records, Source};
use super::world::World;
use super::{Cannot, Flowbook};
use crate::connect::{Bounds, Forgetful, HttpSystems, Trouble, read_access};
use crate::run::cache::canon;
use crate::run::report::{RecordReport, Report};
use crate::run::{self, Progress};
use crate::store::memory::MemoryStore;
use crate::store::{End, RecordKey, Store};

/// What the calm run left.
#[derive(Debug)]
pub struct Calm {
    /// The final state.
    pub records: Records,
    /// Which source records it is made from.
    pub origins: Origins,
    /// What the systems saw of the first run.
    pub seen: Seen,
    /// How many records of each flow were carried over.
    pub carried: BTreeMap<String, u64>,
}

/// Runs the flowbook until nothing is left to do, and looks at what it made.
///
/// # Errors
/// The flowbook cannot be run on the sandbox, or carries nothing over there.
pub async fn run(flowbook: &Flowbook, world: &World) -> Result<Calm, Cannot> {
    let environment = world.environment(flowbook);
    let look = |name: &str| {
        let known = environment.iter().find(|(known, _)| known == name);
        known.map(|(_, value)| value.clone())
    };
    let plan = &flowbook.plan;
    let keeper = Arc::new(Forgetful::default());
    let used = plan.resources_in_use(&[]);
    let access = read_access(&plan.systems, &used, &look, &*keeper).map_err(told)?;
    let http = HttpSystems::new(
        plan.systems.clone(),
        plan.resources.clone(),
        access,
        keeper,
        &Bounds {
            quota_factor: 10, // the sandbox of a proof has none
            ..Bounds::default()
        },
    )
    .map_err(told)?;
    let store = Arc::new(Mutex::new(MemoryStore::default()));
    let ends = Ends::default();
    let mut seen = Seen::default();
    for turn in 0..2 {
        let options = run::Options::default();
        let report = run::run(plan, &http, store.clone(), &options, &ends).await;
        if let Some(stopped) = report.stopped {
            return Err(told(stopped));
        }
        if turn == 0 {
            seen = *world.seen().borrow();
            something_was_done(&report)?;
        }
    }
    let ends = ends.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut origins = Origins::new();
    let mut carried = BTreeMap::new();
    let records = world.records(&flowbook.watched()).await?;
    let store = store.lock().unwrap_or_else(PoisonError::into_inner);
    for ((flow, key), end) in ends {
        if end == End::Done {
            *carried.entry(flow.clone()).or_default() += 1;
        }
        let record = RecordKey { flow, key };
        let links = store
            .links(&record)
            .map_err(|why| Cannot::new(&why.to_string()))?;
        for link in links {
            if let Some(collection) = flowbook.collections.get(&link.resource) {
                let target = (collection.clone(), canon(None, &link.target));
                let source: Source = (record.flow.clone(), record.key.clone());
                origins.entry(target).or_default().insert(source);
            }
        }
    }
    Ok(Calm {
        records,
        origins,
        seen,
        carried,
    })
}

/// A proof over nothing would prove nothing.
fn something_was_done(report: &Report) -> Result<(), Cannot> {
    if report.flows.iter().any(|flow| flow.done > 0) {
        return Ok(());
    }
    let mut cannot = Cannot::new(
        "An undisturbed run carries nothing over from the sandbox's sample data, so there is nothing to count.",
    );
    let failures = report.flows.iter().flat_map(|flow| &flow.failures);
    if let Some(first) = failures.map(|failure| &failure.message).next() {
        cannot
            .message
            .push_str(&format!(" The first record says: {first}"));
    }
    cannot.help = Some(
        "Look at it with `flowbook run DIR --sandbox --dry-run`, and give settings that fit the sample with --set.".to_owned(),
    );
    Err(cannot)
}

fn told(trouble: Trouble) -> Cannot {
    Cannot {
        message: format!(
            "The flowbook cannot be run on the sandbox: {} [{}]",
            trouble.message, trouble.code
        ),
        help: trouble.help,
    }
}

/// Keeps how each source record ended.
#[derive(Debug, Default)]
struct Ends(Mutex<BTreeMap<Source, End>>);

impl Progress for Ends {
    fn record(&self, flow: &str, record: &RecordReport) {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.insert((flow.to_owned(), record.key.clone()), record.end);
    }
}
