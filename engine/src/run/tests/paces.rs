//! When failed records are tried again, by themselves and because a person asks; and what an unchanged record costs.

use flowbook_stdlib::value::Value;
use jiff::{SignedDuration, Timestamp};

use super::shop::{CUSTOMERS, DRAFTS, ORDERS, PAYMENTS, order, orders, paid, record};
use super::systems::Fault;
use super::trial::{Trial, counts, key_of};
use crate::plan::Plan;
use crate::run::report::Report;
use crate::run::{Options, pace};
use crate::store::journal::Entry;
use crate::store::{End, Records};

/// The note of a record that is too long for its target.
const TOO_LONG: &str = "more than twenty characters";

fn minute(minute: i64) -> Timestamp {
    let begin: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
    begin + SignedDuration::from_mins(minute)
}

fn with_note(note: &str) -> Value {
    order("1", Some("A1"), "a@b.se", "paid", note)
}

/// A shop with one order.
fn one(plan: Plan, note: &str) -> Trial {
    Trial::new(plan).with_orders([with_note(note)])
}

/// What a run in that minute made of the order: whether it failed, and whether it was left to rest.
fn fails(shop: &Trial, at: i64) -> (u64, u64) {
    let report = shop.go_at(minute(at));
    (report.flows[0].failed, report.flows[0].resting)
}

fn failure(report: &Report) -> &str {
    &report.flows[0].failures[0].code
}

fn draft(shop: &Trial) -> Entry {
    let mut entries = shop.entries("1").into_iter();
    entries.find(|entry| entry.intent.step == "draft").unwrap()
}

/// A person has the next run try the order.
fn asks(shop: &Trial) {
    let mut store = shop.store.lock().unwrap();
    store.try_again(&[key_of("1")]).unwrap();
}

/// Whether the books were asked or told anything.
fn touched(shop: &Trial) -> bool {
    shop.log().iter().any(|line| !line.starts_with("page 0"))
}

#[test]
fn what_would_fail_the_same_way_is_computed_again_only_when_something_changed() {
    let mut shop = one(orders(), TOO_LONG);
    assert_eq!(failure(&shop.go_at(minute(0))), "F0806");
    assert!(shop.state("1").unwrap().fixed);
    shop.log();
    for at in [0, 1, 60, 100_000] {
        let report = shop.go_at(minute(at));
        assert_eq!((report.flows[0].failed, report.flows[0].resting), (1, 1));
        assert_eq!(failure(&report), "F0806");
        assert!(!touched(&shop), "after {at} minutes");
    }
    // The flowbook changes: it is tried.
    let setting = ("document".to_owned(), Value::Bool(true));
    shop.plan.settings.push(setting);
    assert_eq!(fails(&shop, 100_001), (1, 0));
    assert!(touched(&shop));
    // A person asks: it is tried, and rests again.
    asks(&shop);
    assert_eq!(fails(&shop, 100_001), (1, 0));
    assert_eq!(fails(&shop, 100_001), (1, 1));
    // The record changes: it is carried over.
    shop.orders([with_note("short")]);
    assert_eq!(shop.go_at(minute(100_001)).flows[0].done, 1);
    assert_eq!(shop.state("1").unwrap().end, End::Done);
}

#[test]
fn what_may_heal_is_tried_after_pauses_that_grow() {
    let shop = one(orders(), "").with_faults((0..10).map(|_| Fault::Refused));
    assert_eq!(fails(&shop, 0), (1, 0));
    assert!(!shop.state("1").unwrap().fixed);
    // After the first failure the next run tries, whenever it comes.
    assert_eq!(fails(&shop, 0), (1, 0));
    let mut now = 0;
    for pause in [1, 5, 30, 120, 360, 1440, 1440] {
        assert_eq!(fails(&shop, now + pause - 1), (1, 1), "{pause}");
        now += pause;
        assert_eq!(fails(&shop, now), (1, 0), "{pause}");
    }
    assert_eq!(shop.state("1").unwrap().tries, 9);
    // A clock that went back makes nobody wait.
    assert_eq!(fails(&shop, now - 100_000), (1, 0));
    assert_eq!(shop.go_at(minute(now + 1440)).flows[0].done, 1);
}

#[test]
fn a_flowbook_is_the_same_from_wherever_it_is_run() {
    let here = orders();
    let mut there = orders();
    there.files[0].name = "../shop/orders.flow".to_owned();
    assert_eq!(pace::hash_of(&here), pace::hash_of(&there));
    there.flows[0].ripe_within_s += 1;
    assert_ne!(pace::hash_of(&here), pace::hash_of(&there));
}

/// An order whose draft was sent three times in vain.
fn given_up() -> Trial {
    let silent = || Fault::Silent;
    let shop = one(orders(), "").with_faults([Fault::None, silent(), silent(), silent()]);
    assert_eq!(failure(&shop.go_at(minute(0))), "F0809");
    assert_eq!(draft(&shop).attempts.len(), 3);
    shop
}

#[test]
fn a_retried_record_is_looked_up_and_then_sent_as_often_as_a_new_one() {
    let shop = given_up();
    assert_eq!(fails(&shop, 0).0, 1, "not by itself");
    asks(&shop);
    shop.log();
    shop.faults([Fault::Silent, Fault::Silent]);
    let report = shop.go_at(minute(0));
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    let log = shop.log();
    let first = |what: &str| log.iter().position(|line| line.starts_with(what));
    assert!(
        first(&format!("find {DRAFTS}")) < first(&format!("silent {DRAFTS}")),
        "{log:?}"
    );
    assert_eq!(shop.count(DRAFTS), 1);
    assert_eq!(draft(&shop).attempts.len(), 6, "all of them stay known");
}

#[test]
fn a_retried_record_that_is_there_after_all_is_not_made_twice() {
    let shop = given_up();
    shop.give(DRAFTS, [record(["late", "A1", "id1", ""])]);
    asks(&shop);
    shop.log();
    assert_eq!(shop.go_at(minute(0)).flows[0].done, 1);
    assert!(!shop.made_something());
    assert_eq!(shop.texts(DRAFTS), ["late A1 id1 "]);
}

#[test]
fn what_nothing_would_tell_of_is_not_sent_again_though_a_person_asks() {
    let shop = one(paid(), "").with_faults([Fault::None, Fault::None, Fault::Silent]);
    assert_eq!(failure(&shop.go_at(minute(0))), "F0809");
    asks(&shop);
    assert_eq!(failure(&shop.go_at(minute(0))), "F0809");
    assert_eq!(shop.count(PAYMENTS), 0);
}

#[test]
fn a_dismissed_record_is_not_looked_at_whatever_changes() {
    let shop = one(orders(), TOO_LONG);
    shop.go_at(minute(0));
    let dismissed = {
        let mut store = shop.store.lock().unwrap();
        store.dismiss(&key_of("1"), "by hand", minute(180))
    };
    dismissed.unwrap();
    shop.orders([with_note("changed")]);
    let now = Some(minute(5));
    let only = vec!["1".to_owned()];
    for only in [Vec::new(), only] {
        let options = Options {
            only,
            now,
            ..Options::default()
        };
        let (report, told) = shop.go_as(&options);
        assert_eq!((report.failed(), report.flows[0].done), (0, 0), "{told}");
    }
    assert_eq!(shop.count(DRAFTS), 0);
    assert_eq!(shop.state("1").unwrap().end, End::Dismissed);
}

#[test]
fn an_unchanged_record_costs_nothing_and_an_update_is_sent_only_for_a_mapped_field() {
    let shop = one(orders(), "first");
    assert_eq!(shop.go_at(minute(0)).flows[0].done, 1);
    shop.log();
    assert_eq!(shop.go_at(minute(1)).flows[0].unchanged, 1);
    assert_eq!(
        shop.log(),
        [format!("page {ORDERS} None")],
        "no write, no look-up"
    );
    // A field that no step writes to the customer changes: looked up, and nothing sent.
    shop.orders([with_note("second")]);
    shop.go_at(minute(2));
    let log = shop.log();
    let writes = |line: &String| line.starts_with("create") || line.starts_with("update");
    assert!(!log.iter().any(writes), "{log:?}");
    // The status is the customer's name there: one update, of that field.
    shop.orders([order("1", Some("A1"), "a@b.se", "sent", "second")]);
    let report = shop.go_at(minute(3));
    assert_eq!(report.flows[0].updated, 1, "{}", counts(&report));
    let mut log = shop.log();
    log.retain(|line| line.starts_with("update"));
    assert_eq!(log, [format!("update {CUSTOMERS} {{ Name: \"sent\" }}")]);
}
