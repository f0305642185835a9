//! One sync of 2,000 orders from the till to the books, both of them the sandbox over HTTP and without limits, in time and in requests.

mod shop;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use flowbook::store::sqlite::SqliteStore;
use shop::sync::sync;
use tokio::runtime::Runtime;

const ORDERS: u32 = 2000;

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
                let report = runtime.block_on(sync(&plan, ORDERS, Arc::new(Mutex::new(store))));
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
