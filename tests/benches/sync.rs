//! One sync of 2,000 orders from the till to the books, both of them the sandbox over HTTP and without limits, in time and in requests.

mod shop;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use flowbook::connect::{Bounds, Forgetful, HttpSystems, read_access};
use flowbook::plan::Plan;
use flowbook::run::report::Report;
use flowbook::run::{self, Silent};
use flowbook::store::Store;
use flowbook::store::sqlite::SqliteStore;
use flowbook_sandbox::{Limits, Options, Sandbox};
use tokio::runtime::Runtime;

const ORDERS: u32 = 2000;

/// A first sync from end to end; the time is that of the run alone.
async fn sync(plan: &Plan, store: &Mutex<dyn Store>) -> Report {
    let options = Options {
        orders: Some(ORDERS),
        limits: Limits::NONE,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.expect("a sandbox");
    let environment = sandbox.env();
    let look = |variable: &str| {
        let name = variable.strip_prefix("FLOWBOOK_")?;
        let found = environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    let keeper = Arc::new(Forgetful::default());
    let access = read_access(&plan.systems, &plan.resources, &look, &*keeper).expect("access");
    let bounds = Bounds {
        quota_factor: 1_000_000, // the sandbox has no limits here
        ..Bounds::default()
    };
    let systems = HttpSystems::new(
        plan.systems.clone(),
        plan.resources.clone(),
        access,
        keeper,
        &bounds,
    );
    let systems = systems.expect("systems");
    let options = run::Options {
        flows: vec!["orders".to_owned()],
        ..run::Options::default()
    };
    let report = run::run(plan, &systems, store, &options, &Silent).await;
    sandbox.shutdown().await;
    assert!(report.stopped.is_none(), "{:?}", report.stopped);
    report
}

fn syncs(c: &mut Criterion) {
    let plan = shop::plan();
    let runtime = Runtime::new().expect("a runtime");
    let mut last = None;
    let mut group = c.benchmark_group("sync");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_secs(10))
        .throughput(Throughput::Elements(ORDERS.into()));
    group.bench_function("2000 orders, store on disk", |b| {
        b.iter_custom(|times| {
            let once = |_| {
                let folder = tempfile::tempdir().expect("a folder");
                let store = SqliteStore::open(folder.path()).expect("a store");
                let report = runtime.block_on(sync(&plan, &Mutex::new(store)));
                let took = report.took;
                last = Some(report);
                took
            };
            (0..times).map(once).sum()
        });
    });
    group.finish();
    if let Some(report) = last {
        let flow = &report.flows[0];
        for (system, requests) in &flow.requests {
            println!(
                "sync: {requests} requests to {system}, {:.2} for each of {} orders read ({} created, {} failed)",
                *requests as f64 / flow.read as f64,
                flow.read,
                flow.created,
                flow.failed
            );
        }
    }
}

criterion_group!(benches, syncs);
criterion_main!(benches);
