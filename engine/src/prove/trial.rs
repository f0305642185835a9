//! One seed: the calm run, the same under faults and kills, calm runs until nothing changes, and the count.

use std::collections::{BTreeMap, BTreeSet};

use flowbook_sandbox::{Fault, Seen};
use serde_json::json;

use super::calm::{self, Calm};
use super::count::{Miscount, Records, Source, count};
use super::process::{CAN_PAUSE, Ended, Process, Signal};
use super::script::{self, Act, Aims, At, Round, What};
use super::world::World;
use super::{Cannot, Flowbook, sample};
use crate::store::sqlite::SqliteStore;
use crate::store::{End, Store};

/// So many calm runs at most; three are enough for all that a run promises.
const MOST_RUNS: u32 = 8;

/// What became of a seed.
#[derive(Debug, Clone, Default)]
pub struct Trial {
    /// The seed.
    pub seed: u64,
    /// Kills drawn for it, which reproduce it.
    pub asked: u64,
    /// Kills that hit a living process.
    pub kills: u64,
    /// Faults that struck, by kind, pauses and second processes included.
    pub faults: BTreeMap<String, u64>,
    /// Records that the calm run carried over, by flow.
    pub carried: BTreeMap<String, u64>,
    /// What is twice, away or different.
    pub wrong: Vec<Miscount>,
    /// What nobody told: failures that no report names, runs that hang, crash or never come to rest.
    pub untold: Vec<String>,
}

impl Trial {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.wrong.is_empty() && self.untold.is_empty()
    }
}

/// Tries one seed.
///
/// # Errors
/// The flowbook cannot be run on the sandbox, or the system gives no ports or processes.
pub async fn run(flowbook: &Flowbook, seed: u64, kills: u64, orders: u32) -> Result<Trial, Cannot> {
    let calm = {
        let world = fresh(seed, orders, &[]).await?;
        let calm = calm::run(flowbook, &world).await?;
        world.end().await;
        calm
    };
    let world = fresh(seed, orders, &flowbook.faults).await?;
    let mut trial = Trial {
        seed,
        asked: kills,
        carried: calm.carried.clone(),
        ..Trial::default()
    };
    let mut ended = Vec::new();
    for round in script::draw(seed, kills, calm.seen, &aims(flowbook)) {
        ended.extend(play(flowbook, &world, &round, &mut trial).await?);
    }
    for (kind, times) in world.struck().await? {
        *trial.faults.entry(kind).or_default() += times;
    }
    world.clear().await?;
    let records = until_nothing_changes(flowbook, &world, &mut trial, &mut ended).await?;
    judge(flowbook, &world, &calm, &records, &ended, &mut trial)?;
    world.end().await;
    Ok(trial)
}

/// The sandbox of a seed, its orders laid in; faults of the user strike from the start.
async fn fresh(seed: u64, orders: u32, faults: &[Fault]) -> Result<World, Cannot> {
    let world = World::start(faults).await?;
    let place = "till/orders".to_owned();
    let models = world.records(std::slice::from_ref(&place)).await?;
    let models = models.get(&place).map_or(&[][..], Vec::as_slice);
    let made = sample::orders(models, seed, orders);
    world.seed(&json!({"till": {"orders": made}})).await?;
    Ok(world)
}

fn aims(flowbook: &Flowbook) -> Aims {
    let places = flowbook.counted.iter().flat_map(|one| one.places.first());
    let mut creates: Vec<String> = places
        .filter_map(|place| match place.collection.split_once('/')? {
            ("books", name) => Some(format!("/v2/{name}")),
            (_, name) => Some(format!("/api/rest/v1/{name}")),
        })
        .collect();
    creates.dedup();
    Aims {
        drafts: creates
            .iter()
            .any(|path| path.ends_with("/customerinvoicedrafts")),
        creates,
        pauses: CAN_PAUSE,
    }
}

/// One run, or two at once, with what happens to it.
async fn play(
    flowbook: &Flowbook,
    world: &World,
    round: &Round,
    trial: &mut Trial,
) -> Result<Vec<Ended>, Cannot> {
    world.set(&round.faults).await?;
    let before = *world.seen().borrow();
    let mut processes = vec![world.run(flowbook, round.limit)?];
    if round.twin {
        processes.push(world.run(flowbook, round.limit)?);
        *trial.faults.entry("second-process".to_owned()).or_default() += 1;
    }
    if let Some(act) = &round.act {
        strike(world, before, act, &processes).await;
    }
    let mut all = Vec::new();
    for process in processes {
        let ended = process.ended().await?;
        trial.kills += u64::from(ended.killed);
        if ended.paused {
            *trial.faults.entry("pause".to_owned()).or_default() += 1;
        }
        all.push(ended);
    }
    Ok(all)
}

/// Waits for the moment, and acts upon the first process that lives then.
async fn strike(world: &World, before: Seen, act: &Act, processes: &[Process]) {
    let mut seen = world.seen();
    let reached = seen.wait_for(|now| match act.at {
        At::Requests(more) => now.requests >= before.requests + more,
        At::Writes(more) => now.writes >= before.writes + more,
    });
    let over = async {
        for process in processes {
            process.over().await;
        }
    };
    tokio::select! {
        _ = reached => {}
        () = over => return,
    }
    tokio::time::sleep(act.after).await;
    let Some(process) = processes.iter().find(|process| !process.is_over()) else {
        return;
    };
    match act.what {
        What::Kill => process.signal(Signal::Kill).await,
        What::Pause(span) => {
            process.signal(Signal::Stop).await;
            tokio::time::sleep(span).await;
            process.signal(Signal::Continue).await;
        }
        What::PauseAndKill(span) => {
            process.signal(Signal::Stop).await;
            tokio::time::sleep(span).await;
            process.signal(Signal::Kill).await;
        }
    }
}

async fn until_nothing_changes(
    flowbook: &Flowbook,
    world: &World,
    trial: &mut Trial,
    all: &mut Vec<Ended>,
) -> Result<Records, Cannot> {
    let watched = flowbook.watched();
    let mut before = world.records(&watched).await?;
    // failures that may heal would be tried again by themselves, after pauses that grow
    world.retry(flowbook)?.ended().await?;
    for _ in 0..MOST_RUNS {
        let ended = world.run(flowbook, None)?.ended().await?;
        let reported = ended.report.is_some();
        all.push(ended);
        let after = world.records(&watched).await?;
        if reported && after == before {
            return Ok(after);
        }
        before = after;
    }
    let said = all
        .last()
        .map(|ended| ended.said.trim())
        .unwrap_or_default();
    trial.untold.push(format!(
        "After {MOST_RUNS} calm runs it still does not come to rest. {said}"
    ));
    Ok(before)
}

/// Counts, and looks for what no report tells.
fn judge(
    flowbook: &Flowbook,
    world: &World,
    calm: &Calm,
    records: &Records,
    ended: &[Ended],
    trial: &mut Trial,
) -> Result<(), Cannot> {
    let reports = ended.iter().filter_map(|ended| ended.report.as_ref());
    let named: BTreeSet<Source> = reports
        .flat_map(|report| &report.flows)
        .flat_map(|flow| {
            let failures = flow.failures.iter();
            failures.map(|failure| (flow.flow.clone(), failure.key.clone()))
        })
        .collect();
    let last = ended.iter().rev().find_map(|ended| ended.report.as_ref());
    let store = SqliteStore::open(&world.state()).map_err(|why| Cannot::new(&why.to_string()))?;
    let mut told = BTreeSet::new();
    for flow in &flowbook.plan.flows {
        let report = last.and_then(|last| last.flows.iter().find(|one| one.flow == flow.name));
        let unfinished = store
            .unfinished(&flow.name, None, usize::MAX)
            .map_err(|why| Cannot::new(&why.to_string()))?;
        for (key, state) in unfinished {
            let source = (flow.name.clone(), key);
            let is_told = match state.end {
                End::Waiting => report.is_some_and(|report| report.waiting > 0),
                _ => named.contains(&source),
            };
            if is_told {
                told.insert(source);
            } else {
                trial.untold.push(format!(
                    "The record {} of {} is remembered as {}, and no run said so.",
                    source.1,
                    source.0,
                    state.end.word()
                ));
            }
        }
    }
    for one in ended {
        if one.hung {
            trial
                .untold
                .push("A run did not end, and was ended after ten minutes.".to_owned());
        } else if one.said.contains("mistake of its own") || (one.code.is_none() && !one.killed) {
            trial
                .untold
                .push(format!("A run broke off: {}", one.said.trim()));
        }
    }
    trial.wrong = count(
        &flowbook.counted,
        &calm.records,
        records,
        &calm.origins,
        &told,
    );
    Ok(())
}
