//! Runs that are killed, paused or asked to stop: afterwards every order is in the books once.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use flowbook_sandbox::{Limits, Options};

use super::support::{Call, Servers, Slow, Workplace, count_by, repository};

const RUN: &str = "run flows/ccv-eaccounting orders --set orders_since=2026-01-01 --set default_customer=1000 --format json";
const DRAFTS: &str = "books/customerinvoicedrafts";
const ORDERS: u32 = 200;

fn servers() -> Servers {
    Servers::start(Options {
        orders: Some(ORDERS),
        limits: Limits::NONE,
        ..Options::default()
    })
}

/// The shipped flowbook with connectors that know no quota: with it, two hundred orders take minutes.
fn place() -> Workplace {
    let place = Workplace::with_flows();
    for name in ["ccv_salespos", "eaccounting"] {
        let shipped = repository().join(format!("stdlib/connectors/{name}.flow"));
        let text = std::fs::read_to_string(shipped).expect("a connector");
        let free: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("limit "))
            .collect();
        place.write(
            &format!("flows/ccv-eaccounting/{name}.flow"),
            free.join("\n"),
        );
    }
    place
}

/// The run, over a slow line to the books.
fn run(place: &Workplace, servers: &Servers, slow: &Slow) -> Call {
    place
        .flowbook(RUN)
        .at(servers.sandbox())
        .env("FLOWBOOK_BOOKS_BASE", &slow.base())
        .env("FLOWBOOK_BOOKS_SETTLE", "1 second")
        .env("FLOWBOOK_TILL_SETTLE", "1 second")
}

/// How often each order's number stands on a draft.
fn references(servers: &Servers) -> BTreeMap<String, usize> {
    count_by(&servers.records(DRAFTS), "BuyersOrderReference")
}

/// What one run makes that nobody disturbs.
fn undisturbed() -> &'static BTreeMap<String, usize> {
    static MADE: OnceLock<BTreeMap<String, usize>> = OnceLock::new();
    MADE.get_or_init(|| {
        let servers = servers();
        place().flowbook(RUN).at(servers.sandbox()).run();
        references(&servers)
    })
}

/// Waits until the books hold more drafts than that, or for so long.
fn until_more_than(servers: &Servers, drafts: usize, patience: Duration) -> usize {
    let began = Instant::now();
    loop {
        let now = servers.records(DRAFTS).len();
        if now > drafts || began.elapsed() > patience {
            return now;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn ten_kills_in_one_run_make_nothing_twice_and_lose_nothing() {
    let servers = servers();
    let slow = servers.slow_books(Duration::from_millis(40));
    let place = place();
    let mut drafts = servers.records(DRAFTS).len();
    let mut in_the_middle = 0;
    for kill in 0..10 {
        let mut child = run(&place, &servers, &slow).spawn();
        let more = until_more_than(&servers, drafts + 3, Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(7 * kill));
        let ended = child.try_wait().expect("asked").is_some();
        child.kill().expect("killed");
        child.wait().expect("gone");
        in_the_middle += u32::from(!ended);
        drafts = more;
    }
    assert!(in_the_middle >= 8, "only {in_the_middle} kills met a run");
    run(&place, &servers, &slow).run();
    let made = references(&servers);
    let expected = undisturbed();
    assert_eq!(&made, expected);
    assert!(
        expected.len() > ORDERS as usize,
        "{} orders are drafted",
        expected.len()
    );
    let twice: Vec<_> = made
        .iter()
        .filter(|(reference, count)| **count > 1 && *reference != "null")
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_asked_to_stop_stops_within_seconds_and_the_next_one_goes_on() {
    let servers = servers();
    let slow = servers.slow_books(Duration::from_millis(40));
    let place = place();
    let before = servers.records(DRAFTS).len();
    let mut child = run(&place, &servers, &slow).spawn();
    until_more_than(&servers, before + 3, Duration::from_secs(10));
    let asked = Instant::now();
    signal(&child, "TERM");
    let ended = child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(1), "by itself, with its findings told");
    assert!(
        asked.elapsed() < Duration::from_secs(7),
        "{:?}",
        asked.elapsed()
    );
    let drafts = servers.records(DRAFTS).len();
    assert!(drafts < before + ORDERS as usize, "it stopped early");
    run(&place, &servers, &slow).run();
    assert_eq!(&references(&servers), undisturbed());
}

#[cfg(unix)]
#[test]
fn a_paused_run_keeps_the_lock_and_goes_on_where_it_was() {
    let servers = servers();
    let slow = servers.slow_books(Duration::from_millis(20));
    let place = place();
    let before = servers.records(DRAFTS).len();
    let mut child = run(&place, &servers, &slow).spawn();
    until_more_than(&servers, before + 3, Duration::from_secs(10));
    signal(&child, "STOP");
    let second = run(&place, &servers, &slow).run().exits(2);
    let told = second.stderr();
    assert!(
        told.contains(&format!("Process {} is running", child.id())),
        "{told}"
    );
    signal(&child, "CONT");
    child.wait().expect("it ends");
    assert_eq!(&references(&servers), undisturbed());
}

#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(sent.success());
}
