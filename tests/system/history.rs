//! Years of history: the store grows, and neither the start nor a run nor a question takes longer or more memory for it.
//!
//! The long form: `cargo test --release -p flowbook --test system history -- --ignored --nocapture`, with `HISTORY_GB` gigabytes (10 unless said).

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flowbook::store::journal::{Batch, Intent, Outcome, Phase, Release, Sought};
use flowbook::store::sqlite::SqliteStore;
use flowbook::store::{End, Ending, Link, Reason, RecordKey, State, Store};
use flowbook_stdlib::value::Value;
use jiff::{SignedDuration, Timestamp};

use super::support::{Call, Workplace};

const MEGABYTE: u64 = 1_000_000;
/// Orders that are stored at a time.
const CHUNK: u64 = 500;
/// The sandbox's own orders have lower numbers.
const FIRST: u64 = 600_000_000;
/// Orders that are not done, however long the history is.
const WAITING: u64 = 20;

/// What every order wrote: step, target, and what it was found by.
const STEPS: [(&str, &str, &str); 3] = [
    ("customer", "books.customers", "EmailAddress"),
    ("draft", "books.invoice_drafts", "BuyersOrderReference"),
    ("note", "till.orders.ordernotes", "note"),
];

/// A store of so many bytes: orders that were carried over, skipped and dismissed, with their links and their journal, and a few that wait.
fn fill(folder: &Path, bytes: u64) -> u64 {
    let mut store = SqliteStore::open(folder).expect("a store");
    let file = folder.join("store.sqlite");
    let size = || std::fs::metadata(&file).map_or(0, |of| of.len());
    let now = Timestamp::now();
    let mut number = 0;
    while size() < bytes {
        let chunk: Vec<u64> = (number..number + CHUNK).collect();
        // of the last days and, with the same payloads, of months ago: there is something to be erased
        let at = |order: &u64| now - SignedDuration::from_mins((order % (400 * 24 * 60)) as i64);
        let releases = chunk
            .iter()
            .flat_map(|order| STEPS.map(|step| release(*order, step, at(order))));
        let batch = Batch {
            outcomes: Vec::new(),
            releases: releases.collect(),
        };
        store.commit(batch).expect("released");
        let outcomes = chunk
            .iter()
            .flat_map(|order| STEPS.map(|step| outcome(*order, step)));
        let batch = Batch {
            outcomes: outcomes.collect(),
            releases: Vec::new(),
        };
        store.commit(batch).expect("confirmed");
        let ends: Vec<Ending> = chunk
            .iter()
            .map(|order| ending(*order, at(order)))
            .collect();
        store.end("orders", &ends).expect("ended");
        number += CHUNK;
    }
    number
}

fn key(order: u64) -> RecordKey {
    RecordKey {
        flow: "orders".to_owned(),
        key: (FIRST + order).to_string(),
    }
}

fn release(order: u64, (step, resource, field): (&str, &str, &str), at: Timestamp) -> Release {
    let value = format!("customer-{order}@example.com");
    let row = |row: u64| {
        format!(
            r#"{{"ArticleNumber":"A-{}","Text":"Woollen jumper, size {row}, colour {order}","Quantity":{row},"UnitPrice":{}.50,"DiscountPercentage":0}}"#,
            order % 997,
            100 + row
        )
    };
    let rows: Vec<String> = (1..=8).map(row).collect();
    let payload = format!(
        r#"{{"CustomerName":"Customer {order}","EmailAddress":"{value}","InvoiceAddress1":"Street {}","InvoicePostalCode":"{:05}","Rows":[{}]}}"#,
        order % 300,
        order % 99_999,
        rows.join(",")
    );
    Release {
        intent: Intent {
            record: key(order),
            step: step.to_owned(),
            resource: resource.to_owned(),
        },
        source: "till.orders".to_owned(),
        claims: vec![format!("{resource} {field}={value}")],
        sought: vec![Sought {
            resource: resource.to_owned(),
            fields: vec![vec![3]],
            values: vec![Value::Text(value.into())],
            parent: None,
        }],
        chosen: None,
        hash: order,
        change: format!(r#"{{"before":null,"after":{payload}}}"#),
        payload,
        at,
    }
}

fn outcome(order: u64, (step, resource, _): (&str, &str, &str)) -> Outcome {
    let target = Value::Text(format!("0000{order:08}-0000-4000-8000-0000{order:08}").into());
    let link = Link {
        step: step.to_owned(),
        resource: resource.to_owned(),
        target,
        hash: order + 1,
    };
    Outcome {
        record: key(order),
        step: step.to_owned(),
        phase: Phase::Confirmed,
        link: Some(("till.orders".to_owned(), link)),
        watch: None,
    }
}

fn ending(order: u64, at: Timestamp) -> Ending {
    let end = match order {
        ..WAITING => End::Failed,
        _ if order % 50 == 1 => End::Skipped,
        _ if order % 500 == 2 => End::Dismissed,
        _ => End::Done,
    };
    let reason = Reason {
        code: (end == End::Failed || end == End::Dismissed).then(|| "F0806".to_owned()),
        message: format!("The value for Name is too long: “Customer {order}”."),
        field: Some("Name".to_owned()),
        at: Some("customers.flow:12:3".to_owned()),
    };
    let not_done = end != End::Done;
    Ending {
        key: key(order).key,
        state: State {
            end,
            hash: order,
            reason: not_done.then_some(reason),
            passed: end == End::Done,
            title: Some(format!("{}", 1000 + order)),
            seen: Some(at),
            ended: Some(at),
            dismissed: (end == End::Dismissed).then(|| "booked by hand".to_owned()),
            next_try: (end == End::Failed)
                .then(|| Timestamp::now() + SignedDuration::from_hours(48)),
            ..State::default()
        },
        source: (not_done && end != End::Skipped).then(|| format!(r#"{{"id":{order}}}"#)),
    }
}

/// What a call of the command took.
struct Took {
    wall: Duration,
    /// The most memory it held, bytes.
    peak: u64,
    /// What it read of all files and sockets, bytes.
    read: u64,
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>6.2} s {:>5} MB of memory {:>7.1} MB read",
            self.wall.as_secs_f64(),
            self.peak / MEGABYTE,
            self.read as f64 / MEGABYTE as f64
        )
    }
}

/// Runs a call, which must end with one of these codes, and looks at it meanwhile.
fn measure(call: Call, codes: &[i32], out: &Path) -> Took {
    let begun = Instant::now();
    let mut child = call.spawn_to(out, &out.with_extension("err"));
    let of = |file: &str, name: &str| -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    let mut took = Took {
        wall: Duration::ZERO,
        peak: 0,
        read: 0,
    };
    // a dead child has a state without memory until it is waited for
    loop {
        took.read = of("io", "rchar:").unwrap_or(took.read);
        let Some(peak) = of("status", "VmHWM:") else {
            break;
        };
        took.peak = peak * 1024;
        std::thread::sleep(Duration::from_millis(2));
    }
    took.wall = begun.elapsed();
    took.read = of("io", "rchar:").unwrap_or(took.read);
    let status = child.wait().expect("it ends");
    let said = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        status.code().is_some_and(|code| codes.contains(&code)),
        "{status}\n{}\n{}",
        said(out.to_owned()),
        said(out.with_extension("err"))
    );
    took
}

const RUN: &str =
    "run flows/ccv-eaccounting --sandbox --set orders_since=2026-01-01 --set default_customer=1000";

/// Every call of the command that goes by the history, with its name, and the one that tells all of it.
const CALLS: [(&str, &str); 5] = [
    ("first run", RUN),
    ("second run", RUN),
    ("records", "records flows/ccv-eaccounting --sandbox"),
    (
        "records --key",
        "records flows/ccv-eaccounting --sandbox --key 600001000",
    ),
    ("why", "why flows/ccv-eaccounting 600001000 --sandbox"),
];
const ALL: (&str, &str) = (
    "records of all",
    "records flows/ccv-eaccounting --sandbox --state done --format csv",
);

fn called(place: &Workplace, (name, words): (&'static str, &str)) -> (&'static str, Took) {
    let out = place.path().join("out");
    // some of the sandbox's orders are wrong on purpose
    (name, measure(place.flowbook(words), &[0, 1], &out))
}

fn calls(place: &Workplace) -> Vec<(&'static str, Took)> {
    CALLS.map(|call| called(place, call)).into()
}

/// The state of a sandbox run in a workplace.
fn state(place: &Workplace) -> PathBuf {
    place.path().join("flows/ccv-eaccounting/.flowbook/sandbox")
}

fn filled(bytes: u64) -> (Workplace, u64) {
    let place = Workplace::with_flows();
    let orders = fill(&state(&place), bytes);
    (place, orders)
}

#[test]
fn a_long_history_is_not_read_and_takes_no_memory() {
    let (short, _) = filled(MEGABYTE);
    let (long, _) = filled(80 * MEGABYTE);
    let calls = calls(&short).into_iter().zip(calls(&long));
    for ((name, short), (_, long)) in calls {
        println!("{name}: {short}; with eighty times the history: {long}");
        assert!(
            long.read < short.read + 16 * MEGABYTE,
            "{name} reads the history: {short}; {long}"
        );
        assert!(
            long.peak < short.peak + 16 * MEGABYTE,
            "{name} holds the history: {short}; {long}"
        );
    }
    let [(_, few), (_, many)] = [called(&short, ALL), called(&long, ALL)];
    println!("{}: {few}; with eighty times the history: {many}", ALL.0);
    assert!(
        many.peak < few.peak + 16 * MEGABYTE,
        "records holds all that it tells: {few}; {many}"
    );
}

/// A store in which so many orders wait for the till to say that they are paid.
fn waiting(orders: u64) -> Workplace {
    let place = Workplace::with_flows();
    let mut store = SqliteStore::open(&state(&place)).expect("a store");
    let now = Timestamp::now();
    let ending = |order: u64| Ending {
        key: key(order).key,
        state: State {
            end: End::Waiting,
            hash: order,
            reason: Some(Reason {
                message: "not yet what `where` asks for".repeat(20),
                at: Some("orders.flow:8".to_owned()),
                ..Reason::default()
            }),
            waiting_since: Some(now),
            title: Some(format!("{}", 1000 + order)),
            seen: Some(now),
            ended: Some(now),
            ..State::default()
        },
        source: None,
    };
    let orders: Vec<u64> = (0..orders).collect();
    for some in orders.chunks(5_000) {
        let ends: Vec<Ending> = some.iter().copied().map(ending).collect();
        store.end("orders", &ends).expect("ended");
    }
    place
}

#[test]
fn a_hundred_thousand_waiting_orders_take_no_memory() {
    let [few, many] = [1_000, 100_000].map(|orders| {
        let place = waiting(orders);
        let call = place.flowbook(RUN).with("orders --format json");
        let out = place.path().join("out");
        let took = measure(call, &[0, 1], &out);
        let told: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&out).expect("a report")).expect("JSON");
        let waiting = told["flows"][0]["waiting"].as_u64().expect("a count");
        assert!(waiting >= orders, "{orders} wait, {waiting} are told");
        took
    });
    println!("1,000 wait: {few}; 100,000 wait: {many}");
    assert!(
        many.peak < few.peak + 16 * MEGABYTE,
        "a run holds all that waits: {few}; {many}"
    );
}

#[test]
#[ignore = "the long form: writes 10 GB, takes minutes"]
fn history_of_10_gigabytes() {
    let size = std::env::var("HISTORY_GB").ok();
    let size: u64 = size.and_then(|size| size.parse().ok()).unwrap_or(10);
    let (short, orders) = filled(MEGABYTE);
    println!("{orders} orders in 1 MB");
    for (name, took) in calls(&short) {
        println!("  {name:<24} {took}");
    }
    let begun = Instant::now();
    let (long, orders) = filled(size * 1000 * MEGABYTE);
    println!(
        "{orders} orders in {size} GB, written in {} s",
        begun.elapsed().as_secs()
    );
    for (name, took) in calls(&long) {
        println!("  {name:<24} {took}");
        assert!(took.wall < Duration::from_secs(30), "{name}: {took}");
        assert!(took.peak < 150 * MEGABYTE, "{name}: {took}");
    }
    let (name, took) = called(&long, ALL);
    println!("  {name:<24} {took}");
    assert!(took.peak < 150 * MEGABYTE, "{name}: {took}");
}
