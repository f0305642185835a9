//! What a dead run released, or what was answered in doubt, is looked for by the key that it left with.

use std::time::Duration;

use flowbook_stdlib::value::Value;

use super::one_order;
use crate::run::Options;
use crate::run::tests::shop::{DRAFTS, orders, paid_order, record};
use crate::run::tests::systems::Fault;
use crate::run::tests::trial::{Trial, key_of, waited};
use crate::store::Store;
use crate::store::journal::Phase;

#[test]
fn what_a_dead_run_released_is_looked_up_before_it_is_sent_again() {
    for fault in [Fault::Hangs, Fault::HangsBefore] {
        let shop = one_order().with_faults([Fault::None, fault]);
        shop.dies(Duration::from_secs(20));
        assert_eq!(shop.phases("1")[1].1, Phase::Released);
        let report = shop.go();
        assert_eq!(report.flows[0].done, 1, "{:?}", report.flows[0]);
        assert_eq!(waited(&report), 1);
        assert_eq!(shop.texts(DRAFTS), ["id1 A1 id1 "]);
    }
}

#[test]
fn what_a_dead_run_released_is_found_by_the_key_that_it_left_with() {
    let shop = one_order().with_faults([Fault::None, Fault::Hangs]);
    shop.dies(Duration::from_secs(20));
    // The order's number is another one by now.
    shop.orders([paid_order("1", "B7", "a@b.se")]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(shop.texts(DRAFTS), ["id1 A1 id1 "]);
}

#[test]
fn of_twins_the_first_is_ours_and_the_other_is_told() {
    let shop = one_order().with_faults([Fault::None, Fault::Twin]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1);
    insta::assert_snapshot!(report.findings[0].message, @"books.drafts has 2 records of this draft: id1, id2.");
    let links = shop.store.lock().unwrap().links(&key_of("1")).unwrap();
    let ours = Value::Text("id1".into());
    assert!(
        links
            .iter()
            .any(|link| link.step == "draft" && link.target == ours)
    );
}

#[test]
fn a_key_that_nothing_finds_by_is_there_when_the_system_says_that_it_is_taken() {
    let mut plan = orders();
    plan.resources[DRAFTS as usize].finds[0].how.clear();
    let ours = record(["id1", "A1", "id1", ""]);
    let shop = Trial::settling(plan)
        .with_orders([paid_order("1", "A1", "a@b.se")])
        .with_faults([Fault::None, Fault::Lost, Fault::Taken(ours)]);
    let (report, told) = shop.go_as(&Options::default());
    assert_eq!(report.flows[0].done, 1, "{:?}", report.flows[0].failures);
    assert_eq!(waited(&report), 1);
    assert!(
        told.contains("draft is in books.drafts already: Ref is used there"),
        "{told}"
    );
    assert_eq!(shop.phases("1")[1].1, Phase::Confirmed);
    let report = shop.go_in(60);
    assert!(report.findings.is_empty(), "nothing would find it");
}
