//! When failed records are tried again, by themselves and because a person asks; and what an unchanged record costs.

use std::sync::Mutex;

use flowbook_stdlib::value::Value;
use jiff::{SignedDuration, Timestamp};

use super::flows::{carry, counts, texts};
use super::shop::{CUSTOMERS, DRAFTS, ORDERS, PAYMENTS, order, orders, paid};
use super::systems::{Fault, Tables};
use crate::plan::Plan;
use crate::run::Options;
use crate::run::report::Report;
use crate::store::journal::Entry;
use crate::store::memory::MemoryStore;
use crate::store::{End, RecordKey, State, Store};

/// The fault of a record that is too long for its target.
const TOO_LONG: &str = "more than twenty characters";

fn at(minutes: i64) -> Options {
    let begin: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
    Options {
        now: begin.checked_add(SignedDuration::from_mins(minutes)).ok(),
        ..Options::default()
    }
}

fn go(tables: &Tables<'_>, plan: &Plan, store: &Mutex<MemoryStore>, minutes: i64) -> Report {
    carry(tables, plan, store, &at(minutes)).0
}

fn store() -> Mutex<MemoryStore> {
    Mutex::new(MemoryStore::default())
}

fn one(note: &str) -> Vec<Value> {
    vec![order("1", Some("A1"), "a@b.se", "paid", note)]
}

fn key() -> RecordKey {
    RecordKey {
        flow: "orders".to_owned(),
        key: "1".to_owned(),
    }
}

fn state(store: &Mutex<MemoryStore>) -> State {
    let states = store.lock().unwrap().states("orders", &["1".to_owned()]);
    states.unwrap().remove(0).unwrap()
}

fn draft(store: &Mutex<MemoryStore>) -> Entry {
    let entries = store.lock().unwrap().entries(&key()).unwrap();
    let mut drafts = entries
        .into_iter()
        .filter(|entry| entry.intent.step == "draft");
    drafts.next().unwrap()
}

/// Whether the books were asked or told anything.
fn touched(tables: &Tables<'_>) -> bool {
    tables.log().iter().any(|line| !line.starts_with("page 0"))
}

#[test]
fn what_would_fail_the_same_way_is_computed_again_only_when_something_changed() {
    let mut plan = orders();
    let store = store();
    {
        let tables = Tables::new(&plan);
        tables.give(ORDERS, one(TOO_LONG));
        let report = go(&tables, &plan, &store, 0);
        assert_eq!(report.flows[0].failures[0].code, "F0806");
        assert!(state(&store).fixed);
        tables.log();
        for minutes in [0, 1, 60, 100_000] {
            let report = go(&tables, &plan, &store, minutes);
            assert_eq!((report.flows[0].failed, report.flows[0].resting), (1, 1));
            assert_eq!(report.flows[0].failures[0].code, "F0806");
            assert!(!touched(&tables), "after {minutes} minutes");
        }
    }
    // The flowbook changes: it is tried.
    plan.settings
        .push(("document".to_owned(), Value::Bool(true)));
    let tables = Tables::new(&plan);
    tables.give(ORDERS, one(TOO_LONG));
    let report = go(&tables, &plan, &store, 100_001);
    assert_eq!((report.flows[0].failed, report.flows[0].resting), (1, 0));
    assert!(touched(&tables));
    // A person asks: it is tried, and rests again.
    store.lock().unwrap().try_again(&[key()]).unwrap();
    assert_eq!(go(&tables, &plan, &store, 100_001).flows[0].resting, 0);
    assert_eq!(go(&tables, &plan, &store, 100_001).flows[0].resting, 1);
    // The record changes: it is carried over.
    tables.give(ORDERS, one("short"));
    assert_eq!(go(&tables, &plan, &store, 100_001).flows[0].done, 1);
    assert_eq!(state(&store).end, End::Done);
}

#[test]
fn what_may_heal_is_tried_after_pauses_that_grow() {
    let plan = orders();
    let tables = Tables::new(&plan);
    tables.give(ORDERS, one(""));
    let store = store();
    for _ in 0..10 {
        tables.fault(Fault::Refused);
    }
    let mut now = 0;
    assert_eq!(go(&tables, &plan, &store, now).flows[0].failed, 1);
    assert!(!state(&store).fixed);
    // After the first failure the next run tries, whenever it comes.
    assert_eq!(go(&tables, &plan, &store, now).flows[0].resting, 0);
    for pause in [1, 5, 30, 120, 360, 1440, 1440] {
        let early = go(&tables, &plan, &store, now + pause - 1);
        assert_eq!(
            (early.flows[0].failed, early.flows[0].resting),
            (1, 1),
            "{pause}"
        );
        now += pause;
        let report = go(&tables, &plan, &store, now);
        assert_eq!(
            (report.flows[0].failed, report.flows[0].resting),
            (1, 0),
            "{pause}"
        );
    }
    assert_eq!(state(&store).tries, 9);
    // A clock that went back makes nobody wait.
    assert_eq!(
        go(&tables, &plan, &store, now - 100_000).flows[0].resting,
        0
    );
    assert_eq!(go(&tables, &plan, &store, now + 1440).flows[0].done, 1);
}

#[test]
fn a_flowbook_is_the_same_from_wherever_it_is_run() {
    let here = orders();
    let mut there = orders();
    there.files[0].name = "../shop/orders.flow".to_owned();
    assert_eq!(
        super::super::pace::hash_of(&here),
        super::super::pace::hash_of(&there)
    );
    there.flows[0].ripe_within_s += 1;
    assert_ne!(
        super::super::pace::hash_of(&here),
        super::super::pace::hash_of(&there)
    );
}

/// An order whose draft was sent three times in vain.
fn given_up<'p>(plan: &'p Plan, store: &Mutex<MemoryStore>) -> Tables<'p> {
    let tables = Tables::new(plan);
    tables.give(ORDERS, one(""));
    tables.fault(Fault::None);
    for _ in 0..3 {
        tables.fault(Fault::Silent);
    }
    let report = go(&tables, plan, store, 0);
    assert_eq!(report.flows[0].failures[0].code, "F0809");
    assert_eq!(draft(store).attempts.len(), 3);
    tables
}

#[test]
fn a_retried_record_is_looked_up_and_then_sent_as_often_as_a_new_one() {
    let plan = orders();
    let store = store();
    let tables = given_up(&plan, &store);
    let report = go(&tables, &plan, &store, 0);
    assert_eq!(report.flows[0].failed, 1, "not by itself");
    store.lock().unwrap().try_again(&[key()]).unwrap();
    tables.log();
    for _ in 0..2 {
        tables.fault(Fault::Silent);
    }
    let report = go(&tables, &plan, &store, 0);
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    let log = tables.log();
    let first = |what: &str| log.iter().position(|line| line.starts_with(what));
    assert!(
        first(&format!("find {DRAFTS}")) < first(&format!("silent {DRAFTS}")),
        "{log:?}"
    );
    assert_eq!(tables.records(DRAFTS).len(), 1);
    assert_eq!(draft(&store).attempts.len(), 6, "all of them stay known");
}

#[test]
fn a_retried_record_that_is_there_after_all_is_not_made_twice() {
    let plan = orders();
    let store = store();
    let tables = given_up(&plan, &store);
    let late = ["late", "A1", "id1", ""].map(|text| Value::Text(text.into()));
    tables.give(DRAFTS, vec![Value::Record(late.into())]);
    store.lock().unwrap().try_again(&[key()]).unwrap();
    tables.log();
    assert_eq!(go(&tables, &plan, &store, 0).flows[0].done, 1);
    assert!(!tables.log().iter().any(|line| line.starts_with("create")));
    assert_eq!(texts(&tables.records(DRAFTS)), ["late A1 id1 "]);
}

#[test]
fn what_nothing_would_tell_of_is_not_sent_again_though_a_person_asks() {
    let plan = paid();
    let store = store();
    let tables = Tables::new(&plan);
    tables.give(ORDERS, one(""));
    tables.fault(Fault::None);
    tables.fault(Fault::None);
    tables.fault(Fault::Silent);
    assert_eq!(
        go(&tables, &plan, &store, 0).flows[0].failures[0].code,
        "F0809"
    );
    store.lock().unwrap().try_again(&[key()]).unwrap();
    let report = go(&tables, &plan, &store, 0);
    assert_eq!(report.flows[0].failures[0].code, "F0809");
    assert!(tables.records(PAYMENTS).is_empty());
}

#[test]
fn a_dismissed_record_is_not_looked_at_whatever_changes() {
    let plan = orders();
    let store = store();
    let tables = Tables::new(&plan);
    tables.give(ORDERS, one(TOO_LONG));
    go(&tables, &plan, &store, 0);
    let when = "2026-03-01T12:00:00Z".parse().unwrap();
    store
        .lock()
        .unwrap()
        .dismiss(&key(), "by hand", when)
        .unwrap();
    tables.give(ORDERS, one("changed"));
    let only = Options {
        only: vec!["1".to_owned()],
        ..at(5)
    };
    for options in [at(5), only] {
        let (report, told) = carry(&tables, &plan, &store, &options);
        assert_eq!((report.failed(), report.flows[0].done), (0, 0), "{told}");
    }
    assert!(tables.records(DRAFTS).is_empty());
    assert_eq!(state(&store).end, End::Dismissed);
}

#[test]
fn an_unchanged_record_costs_nothing_and_an_update_is_sent_only_for_a_mapped_field() {
    let plan = orders();
    let store = store();
    let tables = Tables::new(&plan);
    tables.give(ORDERS, one("first"));
    assert_eq!(go(&tables, &plan, &store, 0).flows[0].done, 1);
    tables.log();
    let report = go(&tables, &plan, &store, 1);
    assert_eq!(report.flows[0].unchanged, 1);
    assert_eq!(
        tables.log(),
        [format!("page {ORDERS} None")],
        "no write, no look-up"
    );
    // A field that no step writes to the customer changes: looked up, and nothing sent.
    tables.give(ORDERS, one("second"));
    go(&tables, &plan, &store, 2);
    let log = tables.log();
    assert!(
        !log.iter()
            .any(|line| line.starts_with("create") || line.starts_with("update")),
        "{log:?}"
    );
    // The status is the customer's name there: one update, of that field.
    tables.give(
        ORDERS,
        vec![order("1", Some("A1"), "a@b.se", "sent", "second")],
    );
    let report = go(&tables, &plan, &store, 3);
    assert_eq!(report.flows[0].updated, 1, "{}", counts(&report));
    let log = tables.log();
    let updates: Vec<&String> = log
        .iter()
        .filter(|line| line.starts_with("update"))
        .collect();
    assert_eq!(
        updates,
        [&format!("update {CUSTOMERS} {{ Name: \"sent\" }}")]
    );
}
