//! A shop on trial: what its systems hold, what happens to it, and what has become of it then. Its time goes on only when nothing else does.

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use flowbook_stdlib::value::Value;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::{Builder, Runtime};

use super::shop::ORDERS;
use super::systems::{Fault, Tables};
use crate::plan::Plan;
use crate::plan::connector::ResourceIx;
use crate::run::report::{RecordReport, Report};
use crate::run::{Options, Progress, Silent, run};
use crate::store::journal::{Entry, Phase};
use crate::store::memory::MemoryStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{RecordKey, State, Store};
use crate::time::MachineClock;

/// How long a request can take effect after its answer was given up, in a shop that settles.
pub const SETTLE: Duration = Duration::from_secs(300);

pub struct Trial {
    pub plan: Plan,
    pub store: Arc<Mutex<MemoryStore>>,
    tables: Tables,
    time: Runtime,
}

impl Trial {
    /// A shop whose systems are empty, and whose requests take effect at once or never.
    pub fn new(plan: Plan) -> Trial {
        Trial {
            tables: Tables::new(&plan),
            plan,
            store: Arc::default(),
            time: Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap(),
        }
    }

    /// A shop whose requests take effect within [`SETTLE`].
    pub fn settling(mut plan: Plan) -> Trial {
        for system in &mut plan.systems {
            Arc::make_mut(&mut system.connector).settle_s = SETTLE.as_secs();
        }
        Trial::new(plan)
    }

    /// The till has these orders.
    pub fn with_orders(self, orders: impl IntoIterator<Item = Value>) -> Trial {
        self.with(ORDERS, orders)
    }

    /// A resource holds these records.
    pub fn with(self, resource: ResourceIx, records: impl IntoIterator<Item = Value>) -> Trial {
        self.give(resource, records);
        self
    }

    /// The next writes are answered like this, one after another; those after them with the truth.
    pub fn with_faults(self, faults: impl IntoIterator<Item = Fault>) -> Trial {
        self.faults(faults);
        self
    }

    /// As [`Trial::with_faults`], in the midst of it.
    pub fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        let _now = self.time.enter();
        for fault in faults {
            self.tables.fault(fault);
        }
    }

    /// The till has other orders from now on.
    pub fn orders(&self, orders: impl IntoIterator<Item = Value>) {
        self.give(ORDERS, orders);
    }

    /// A resource holds other records from now on.
    pub fn give(&self, resource: ResourceIx, records: impl IntoIterator<Item = Value>) {
        let _now = self.time.enter();
        self.tables.give(resource, records.into_iter().collect());
    }

    /// Somebody makes a record behind our back.
    pub fn add(&self, resource: ResourceIx, record: Value) {
        let records = self.records(resource);
        self.give(resource, records.into_iter().chain([record]));
    }

    /// Reads show what was made only so long afterwards.
    pub fn lag(&self, lag: Duration) {
        let _now = self.time.enter();
        self.tables.lag(lag);
    }

    /// Once there is a draft, so many look-ups pass; before the next one a person books it.
    pub fn booked_after(&self, look_ups: usize) {
        let _now = self.time.enter();
        self.tables.booked_after(look_ups);
    }

    /// Whether that is still to come.
    pub fn is_to_be_booked(&self) -> bool {
        let _now = self.time.enter();
        self.tables.is_to_be_booked()
    }

    /// Looks on when a write leaves.
    pub fn witness(&mut self, witness: impl Fn() + Send + Sync + 'static) {
        self.tables.witness(witness);
    }

    /// The store is lost; a new one takes its place.
    pub fn lose_store(&mut self) -> Arc<Mutex<MemoryStore>> {
        std::mem::take(&mut self.store)
    }

    /// A run.
    pub fn go(&self) -> Report {
        self.go_as(&Options::default()).0
    }

    /// A run so many minutes from now.
    pub fn go_in(&self, minutes: i64) -> Report {
        self.go_at(Timestamp::now() + SignedDuration::from_mins(minutes))
    }

    /// A run as of a moment.
    pub fn go_at(&self, now: Timestamp) -> Report {
        let options = Options {
            now: Some(now),
            ..Options::default()
        };
        self.go_as(&options).0
    }

    /// A run, and what it tells of its records.
    pub fn go_as(&self, options: &Options) -> (Report, String) {
        self.go_on(self.store.clone(), options)
    }

    /// A run on a store in a folder.
    pub fn go_in_folder(&self, folder: &Path) -> Report {
        let store = Arc::new(Mutex::new(SqliteStore::open(folder).unwrap()));
        self.go_on(store, &Options::default()).0
    }

    /// A process begins: its clock does.
    fn begin(&self, options: Options) -> Options {
        let _now = self.time.enter();
        Options {
            clock: Arc::new(MachineClock::default()),
            ..options
        }
    }

    /// A run of which nobody hears.
    fn process<'t>(
        &'t self,
        store: Arc<Mutex<dyn Store>>,
        options: &'t Options,
    ) -> impl Future<Output = Report> + 't {
        run(&self.plan, &self.tables, store, options, &Silent)
    }

    fn go_on(&self, store: Arc<Mutex<dyn Store>>, options: &Options) -> (Report, String) {
        let heard = Heard::default();
        let options = self.begin(options.clone());
        let run = run(&self.plan, &self.tables, store, &options, &heard);
        let report = self.time.block_on(run);
        (report, heard.0.into_inner().unwrap().concat())
    }

    /// A run that is asked to stop after so long.
    pub fn asked_to_stop(&self, after: Duration) -> Report {
        let options = self.begin(Options::default());
        let run = self.process(self.store.clone(), &options);
        let asked = async {
            tokio::time::sleep(after).await;
            options.stop.raise();
        };
        self.time.block_on(async { tokio::join!(run, asked).0 })
    }

    /// A run that dies after so long: it is dropped where it stands.
    pub fn dies(&self, after: Duration) {
        self.dies_on(self.store.clone(), after);
    }

    /// As [`Trial::dies`], on a store in a folder.
    pub fn dies_in_folder(&self, folder: &Path, after: Duration) {
        let store = Arc::new(Mutex::new(SqliteStore::open(folder).unwrap()));
        self.dies_on(store, after);
    }

    fn dies_on(&self, store: Arc<Mutex<dyn Store>>, after: Duration) {
        let options = self.begin(Options::default());
        let run = self.process(store, &options);
        let died = self
            .time
            .block_on(async { tokio::time::timeout(after, run).await });
        assert!(died.is_err(), "it was to die");
    }

    /// A run that dies after so many steps. False where it ends before.
    pub fn dies_at_step(&self, step: usize) -> bool {
        let options = self.begin(Options::default());
        let run = self.process(self.store.clone(), &options);
        let dies = Dies {
            run: Box::pin(run),
            left: step,
        };
        self.time.block_on(dies).is_none()
    }

    /// Time passes.
    pub fn passes(&self, time: Duration) {
        self.time.block_on(async { tokio::time::sleep(time).await });
    }

    /// What a resource holds.
    pub fn records(&self, resource: ResourceIx) -> Vec<Value> {
        let _now = self.time.enter();
        self.tables.records(resource)
    }

    /// How many records a resource holds.
    pub fn count(&self, resource: ResourceIx) -> usize {
        self.records(resource).len()
    }

    /// What a resource holds: the fields of each record, parted by spaces.
    pub fn texts(&self, resource: ResourceIx) -> Vec<String> {
        self.records(resource)
            .iter()
            .map(|record| match record {
                Value::Record(fields) => fields
                    .iter()
                    .map(crate::run::ops::in_text)
                    .collect::<Vec<_>>()
                    .join(" "),
                other => format!("{other:?}"),
            })
            .collect()
    }

    /// The requests since the last call.
    pub fn log(&self) -> Vec<String> {
        let _now = self.time.enter();
        self.tables.log()
    }

    /// Whether something was made since the last call of [`Trial::log`].
    pub fn made_something(&self) -> bool {
        self.log().iter().any(|line| line.starts_with("create"))
    }

    /// What is stored of an order; none where it was never seen.
    pub fn state(&self, key: &str) -> Option<State> {
        let states = self
            .store
            .lock()
            .unwrap()
            .states("orders", &[key.to_owned()]);
        states.unwrap().remove(0)
    }

    /// What the journal has of an order.
    pub fn entries(&self, key: &str) -> Vec<Entry> {
        self.store.lock().unwrap().entries(&key_of(key)).unwrap()
    }

    /// How far each write of an order has come.
    pub fn phases(&self, key: &str) -> Vec<(String, Phase)> {
        phases(&self.store, key)
    }
}

pub fn phases(store: &Mutex<MemoryStore>, key: &str) -> Vec<(String, Phase)> {
    let entries = store.lock().unwrap().entries(&key_of(key)).unwrap();
    entries
        .into_iter()
        .map(|entry| (entry.intent.step, entry.phase))
        .collect()
}

/// An order's key in the store.
pub fn key_of(key: &str) -> RecordKey {
    RecordKey {
        flow: "orders".to_owned(),
        key: key.to_owned(),
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Progress for Heard {
    fn record(&self, flow: &str, record: &RecordReport) {
        self.0.lock().unwrap().push(record.diff(flow));
    }

    fn wants_changes(&self) -> bool {
        true
    }
}

/// Goes on with a run for so many steps; then it dies where it stands.
struct Dies<F> {
    run: Pin<Box<F>>,
    left: usize,
}

impl<F: Future> Future for Dies<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.run.as_mut().poll(context).map(Some)
    }
}

/// What became of the records of the only flow, in numbers.
pub fn counts(report: &Report) -> String {
    let flow = &report.flows[0];
    format!(
        "read {} created {} updated {} done {} unchanged {} skipped {} waiting {} failed {}",
        flow.read,
        flow.created,
        flow.updated,
        flow.done,
        flow.unchanged,
        flow.skipped,
        flow.waiting,
        flow.failed
    )
}

/// How often a run waited until something had settled.
pub fn waited(report: &Report) -> u64 {
    report.took.as_secs() / SETTLE.as_secs()
}
