//! The cost of safety: a first sync of 10,000 orders to a sandbox that answers at once, with the journal (a store on disk that waits for the disk)
//! and without (a store in memory that keeps ends and links and no journal), by turns in one process.
//!
//! `cargo bench -p flowbook --bench journal`; `JOURNAL_ORDERS` and `JOURNAL_ROUNDS` change the size.

mod shop;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flowbook::plan::Plan;
use flowbook::store::journal::{self, Batch, Entry, Intent, Overruled, Sought};
use flowbook::store::memory::MemoryStore;
use flowbook::store::sqlite::SqliteStore;
use flowbook::store::{Dropped, Ending, Link, RecordKey, State, Store, StoreError};
use flowbook_stdlib::value::Value;
use jiff::Timestamp;
use shop::sync::sync;
use tokio::runtime::Runtime;

/// The least share of the throughput that the journal leaves.
const AIM: f64 = 0.80;

/// What a store was asked to write in a run.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    /// Transactions, each of which waits for the disk once.
    plans: u32,
    commits: u32,
    ends: u32,
    others: u32,
    releases: usize,
    /// Spent in them.
    took: Duration,
}

/// A store that is watched; without a journal it hears of no plans and no releases.
struct Watched {
    store: Box<dyn Store>,
    journal: bool,
    written: Written,
}

impl Watched {
    fn new(store: impl Store + 'static, journal: bool) -> Watched {
        Watched {
            store: Box::new(store),
            journal,
            written: Written::default(),
        }
    }

    fn timed<T>(&mut self, write: impl FnOnce(&mut dyn Store) -> T) -> T {
        let begun = Instant::now();
        let told = write(&mut *self.store);
        self.written.took += begun.elapsed();
        told
    }
}

impl Store for Watched {
    fn id(&self) -> &str {
        self.store.id()
    }

    fn states(&self, flow: &str, keys: &[String]) -> Result<Vec<Option<State>>, StoreError> {
        self.store.states(flow, keys)
    }

    fn unfinished(
        &self,
        flow: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<(String, State)>, StoreError> {
        self.store.unfinished(flow, after, most)
    }

    fn end(&mut self, flow: &str, ends: &[Ending]) -> Result<(), StoreError> {
        self.written.ends += 1;
        self.timed(|store| store.end(flow, ends))
    }

    fn links(&self, record: &RecordKey) -> Result<Vec<Link>, StoreError> {
        self.store.links(record)
    }

    fn linked(
        &self,
        source_resource: &str,
        key: &str,
        resource: &str,
    ) -> Result<Option<Value>, StoreError> {
        self.store.linked(source_resource, key, resource)
    }

    fn made_from(
        &self,
        resource: &str,
        target: &Value,
        source_resource: &str,
    ) -> Result<Option<String>, StoreError> {
        self.store.made_from(resource, target, source_resource)
    }

    fn linked_from(
        &self,
        resource: &str,
        target: &Value,
    ) -> Result<Vec<(String, RecordKey)>, StoreError> {
        self.store.linked_from(resource, target)
    }

    fn cautious(&self) -> bool {
        self.store.cautious()
    }

    fn settled(&mut self) -> Result<(), StoreError> {
        self.store.settled()
    }

    fn plan(&mut self, intents: &[Intent]) -> Result<(), StoreError> {
        if !self.journal {
            return Ok(());
        }
        self.written.plans += 1;
        self.timed(|store| store.plan(intents))
    }

    fn commit(&mut self, mut batch: Batch) -> Result<Vec<Overruled>, StoreError> {
        if !self.journal {
            batch.releases.clear();
        }
        self.written.commits += 1;
        self.written.releases += batch.releases.len();
        self.timed(|store| store.commit(batch))
    }

    fn open_entries(&self) -> Result<Vec<Entry>, StoreError> {
        self.store.open_entries()
    }

    fn confirmed_last(&self, last: u32) -> Result<Vec<journal::Written>, StoreError> {
        self.store.confirmed_last(last)
    }

    fn entries(&self, record: &RecordKey) -> Result<Vec<Entry>, StoreError> {
        self.store.entries(record)
    }

    fn to_look_at(&self, now: Timestamp) -> Result<Vec<Entry>, StoreError> {
        self.store.to_look_at(now)
    }

    fn looked_at(
        &mut self,
        record: &RecordKey,
        step: &str,
        sought: &[Sought],
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.store.looked_at(record, step, sought, next)
    }

    fn drop_payloads(&mut self, before: Timestamp) -> Result<Dropped, StoreError> {
        self.store.drop_payloads(before)
    }

    fn cursor(&self, flow: &str) -> Result<Option<Timestamp>, StoreError> {
        self.store.cursor(flow)
    }

    fn advance(&mut self, flow: &str, to: Timestamp) -> Result<(), StoreError> {
        self.written.others += 1;
        self.timed(|store| store.advance(flow, to))
    }

    fn compared(&self, flow: &str) -> Result<Option<Timestamp>, StoreError> {
        self.store.compared(flow)
    }

    fn compare(&mut self, flow: &str, at: Timestamp) -> Result<(), StoreError> {
        self.written.others += 1;
        self.timed(|store| store.compare(flow, at))
    }

    fn keep_token(&mut self, system: &str, token: &str) -> Result<(), StoreError> {
        self.written.others += 1;
        self.timed(|store| store.keep_token(system, token))
    }

    fn token(&self, system: &str) -> Result<Option<String>, StoreError> {
        self.store.token(system)
    }

    fn note_sign_in(&mut self, system: &str, hash: &str, unheard: bool) -> Result<(), StoreError> {
        self.written.others += 1;
        self.timed(|store| store.note_sign_in(system, hash, unheard))
    }

    fn is_unheard(&self, system: &str, hash: &str) -> Result<bool, StoreError> {
        self.store.is_unheard(system, hash)
    }
}

/// One sync: orders carried over in a second, and what was written.
fn once(plan: &Plan, orders: u32, runtime: &Runtime, journal: bool) -> (f64, Written) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = match journal {
        true => Watched::new(SqliteStore::open(folder.path()).expect("a store"), true),
        false => Watched::new(MemoryStore::default(), false),
    };
    let store = Arc::new(Mutex::new(store));
    let report = runtime.block_on(sync(plan, orders, store.clone()));
    let made = report.flows[0].created;
    let written = store.lock().expect("whole").written;
    (made as f64 / report.took.as_secs_f64(), written)
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn of_environment(name: &str, otherwise: u32) -> u32 {
    let given = std::env::var(name).ok();
    given
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

fn main() {
    let orders = of_environment("JOURNAL_ORDERS", 10_000);
    let rounds = of_environment("JOURNAL_ROUNDS", 3);
    let plan = shop::plan();
    let runtime = Runtime::new().expect("a runtime");
    once(&plan, orders / 10, &runtime, true); // warm
    let (mut with, mut without, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    println!(
        "round   journal on  journal off   share   transactions (plans, releases and outcomes, ends)   in the store"
    );
    for round in 0..rounds {
        // who is first changes with every round
        let turns = match round % 2 {
            0 => [true, false],
            _ => [false, true],
        };
        let mut kept = Written::default();
        let (mut on, mut off) = (0.0, 0.0);
        for journal in turns {
            let (rate, written) = once(&plan, orders, &runtime, journal);
            if journal {
                (on, kept) = (rate, written);
            } else {
                off = rate;
            }
        }
        println!(
            "{:>5} {on:>8.0} /s {off:>9.0} /s {:>6.1} %   {} ({}, {}, {}), {:.2} an order; {:.1} releases each   {:.2} s",
            round + 1,
            100.0 * on / off,
            kept.plans + kept.commits + kept.ends + kept.others,
            kept.plans,
            kept.commits,
            kept.ends,
            f64::from(kept.plans + kept.commits + kept.ends + kept.others) / f64::from(orders),
            kept.releases as f64 / f64::from(kept.commits.max(1)),
            kept.took.as_secs_f64()
        );
        with.push(on);
        without.push(off);
        ratios.push(on / off);
    }
    let share = median(ratios);
    println!(
        "journal: {:.0} orders a second with it, {:.0} without: {:.1} % of the throughput (aim: {:.0} %)",
        median(with),
        median(without),
        100.0 * share,
        100.0 * AIM
    );
    if share < AIM {
        std::process::exit(1);
    }
}
