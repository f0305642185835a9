//! The proof for users: their own flowbook, run as real processes on the sandbox under faults, kills and pauses, and then counted.
//!
//! In: a flowbook's folder, its plan, and seeds. Out: an [`Outcome`]. For each seed a calm run says what there must be; the same sample is then
//! run with everything that the seed draws (`script`), until calm runs change nothing any more; the counter (`count`) compares what the servers hold.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use flowbook_sandbox::Fault;
use futures_util::stream::{self, StreamExt};

use crate::plan::Plan;
use crate::plan::connector::ResourceIx;
use crate::run::resource_name;

mod calm;
mod count;
mod counted;
mod outcome;
mod process;
mod sample;
mod script;
mod trial;
mod world;

pub use outcome::Outcome;
pub use process::CAN_PAUSE;
pub use trial::Trial;

use counted::Counted;

const TILL: &str = "ccv_salespos";
const BOOKS: &str = "eaccounting";

/// The variable by which a run that is proved knows that its systems are the sandbox, which has no vendor's quotas.
pub const ON_SANDBOX: &str = "FLOWBOOK_ON_SANDBOX";

/// Why nothing can be proved: a sentence, and the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Cannot {
    /// The sentence.
    pub message: String,
    /// The next step.
    pub help: Option<String>,
}

impl Cannot {
    fn new(message: &str) -> Cannot {
        Cannot {
            message: message.to_owned(),
            help: None,
        }
    }
}

/// The flowbook that is tried.
#[derive(Debug)]
pub struct Flowbook {
    dir: PathBuf,
    set: Vec<String>,
    /// Faults beside those that the seeds draw.
    faults: Vec<Fault>,
    plan: Plan,
    counted: Vec<Counted>,
    /// Where the sandbox keeps the records of a resource.
    collections: HashMap<String, String>,
}

impl Flowbook {
    /// A flowbook by its folder, the values that runs get by `--set`, and the plan that comes of both; and faults that strike in every seed
    /// beside those that it draws.
    ///
    /// # Errors
    /// It has systems that the sandbox cannot play, or writes nothing.
    pub fn new(
        dir: PathBuf,
        set: Vec<String>,
        plan: Plan,
        faults: Vec<Fault>,
    ) -> Result<Flowbook, Cannot> {
        let strange = |name: &str| name != TILL && name != BOOKS;
        if let Some(system) = plan
            .systems
            .iter()
            .find(|system| strange(&system.connector.name))
        {
            return Err(Cannot {
                message: format!(
                    "The system “{}” is a “{}”, which the sandbox cannot play: what it would answer, and what its records would be, is not known here.",
                    system.name, system.connector.name
                ),
                help: Some(format!(
                    "Only flowbooks between {TILL} and {BOOKS} can be proved. For others `flowbook test` checks the flows; what a run promises rests on the connector's `settle`, `forms`, `unique` and `find`."
                )),
            });
        }
        let counted = counted::counted(&plan);
        if counted.is_empty() {
            return Err(Cannot::new(
                "The flowbook has no step that writes, so there is nothing to count.",
            ));
        }
        let resources = plan.flows.iter().flat_map(|flow| &flow.steps);
        let collections = resources
            .filter_map(|step| collection(&plan, step.resource))
            .collect();
        Ok(Flowbook {
            dir,
            set,
            faults,
            plan,
            counted,
            collections,
        })
    }

    /// The collections that are counted.
    fn watched(&self) -> Vec<String> {
        let places = self.counted.iter().flat_map(|one| &one.places);
        let mut watched: Vec<String> = places.map(|place| place.collection.clone()).collect();
        watched.sort_unstable();
        watched.dedup();
        watched
    }
}

fn collection(plan: &Plan, ix: ResourceIx) -> Option<(String, String)> {
    let place = counted::place(plan, ix)?;
    Some((resource_name(plan, ix), place.collection))
}

/// Tries the seeds, each with its kills, several at a time, and hears of each that is done.
///
/// # Errors
/// The flowbook cannot be run on the sandbox, or the system gives no ports or processes.
pub async fn prove(
    flowbook: Flowbook,
    seeds: Vec<(u64, u64)>,
    orders: u32,
    at_once: usize,
    done: &(dyn Fn(&Trial) + Sync),
) -> Result<Outcome, Cannot> {
    let flowbook = Arc::new(flowbook);
    let mut trials = stream::iter(seeds)
        .map(|(seed, kills)| {
            let flowbook = flowbook.clone();
            tokio::spawn(async move { trial::run(&flowbook, seed, kills, orders).await })
        })
        .buffer_unordered(at_once.max(1));
    let mut outcome = Outcome::default();
    while let Some(trial) = trials.next().await {
        let trial = trial.map_err(|why| Cannot::new(&format!("A trial broke off: {why}.")))??;
        done(&trial);
        outcome.add(trial);
    }
    Ok(outcome)
}
