//! A store that was lost: what was written is found by its key and linked again; nothing is written meanwhile, and nothing twice afterwards.

use flowbook_stdlib::value::Value;

use super::shop::{CUSTOMERS, DRAFTS, INVOICES, booked, order, orders, paid_order};
use super::trial::{Trial, counts, key_of};
use crate::run::Options;
use crate::run::report::Report;
use crate::store::memory::MemoryStore;
use crate::store::{End, Store};

fn relink(shop: &Trial) -> Report {
    let options = Options {
        dry: true,
        relink: true,
        ..Options::default()
    };
    shop.go_as(&options).0
}

/// An order's links: the step, and the record that it made.
fn links(store: &MemoryStore, key: &str) -> Vec<(String, String, Value)> {
    let mut links = store.links(&key_of(key)).unwrap();
    links.sort_by(|a, b| a.step.cmp(&b.step));
    links
        .into_iter()
        .map(|link| (link.step, link.resource, link.target))
        .collect()
}

#[test]
fn what_was_carried_over_is_linked_as_it_was() {
    let orders_of = ["1", "2"].map(|id| paid_order(id, &format!("A{id}"), "a@b.se"));
    let mut shop = Trial::new(orders()).with_orders(orders_of);
    shop.go();
    shop.log();

    let before = shop.lose_store();
    let report = relink(&shop);
    insta::assert_snapshot!(counts(&report), @"read 2 created 0 updated 0 done 2 unchanged 0 skipped 0 waiting 0 failed 0");
    let log = shop.log();
    let writes = |line: &String| line.starts_with("create") || line.starts_with("update");
    assert!(!log.iter().any(writes), "{log:?}");
    for id in ["1", "2"] {
        let now = links(&shop.store.lock().unwrap(), id);
        assert_eq!(now, links(&before.lock().unwrap(), id));
    }
    insta::assert_snapshot!(counts(&shop.go()), @"read 2 created 0 updated 0 done 0 unchanged 2 skipped 0 waiting 0 failed 0");
    assert_eq!(shop.count(DRAFTS), 2);
}

#[test]
fn what_is_not_there_is_left_to_the_run() {
    let first = paid_order("1", "A1", "a@b.se");
    let mut shop = Trial::new(orders()).with_orders([first.clone()]);
    shop.go();
    shop.orders([
        first,
        paid_order("2", "A2", "a@b.se"),
        order("3", Some("A3"), "a@b.se", "open", ""),
    ]);

    shop.lose_store();
    // the third is not ripe, though its customer is there
    insta::assert_snapshot!(counts(&relink(&shop)), @"read 3 created 1 updated 0 done 2 unchanged 0 skipped 1 waiting 0 failed 0");
    let ends = ["1", "2", "3"].map(|key| shop.state(key).map(|state| state.end));
    assert_eq!(ends, [Some(End::Done), None, None]);

    shop.go();
    assert_eq!(shop.texts(DRAFTS), ["id1 A1 id1 ", "id2 A2 id1 "]);
    assert_eq!(shop.count(CUSTOMERS), 1);
}

#[test]
fn what_the_flow_keeps_out_now_is_linked_when_it_was_carried_over() {
    let mut shop = Trial::new(orders()).with_orders([paid_order("1", "A1", "a@b.se")]);
    shop.go();
    shop.orders([order("1", Some("A1"), "a@b.se", "sent", "")]);

    shop.lose_store();
    let report = relink(&shop);
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert_eq!(links(&shop.store.lock().unwrap(), "1").len(), 2);
}

#[test]
fn what_took_another_form_meanwhile_is_found() {
    let mut shop = Trial::new(booked()).with_orders([paid_order("1", "A1", "a@b.se")]);
    shop.go();
    let made = (shop.count(DRAFTS), shop.count(INVOICES));

    shop.lose_store();
    relink(&shop);
    assert!(!links(&shop.store.lock().unwrap(), "1").is_empty());
    shop.go();
    assert_eq!((shop.count(DRAFTS), shop.count(INVOICES)), made);
}
