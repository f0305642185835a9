//! What ended in doubt is asked again after ten minutes, an hour and a day; what is found then is told.

use std::time::Duration;

use jiff::Timestamp;

use super::one_order;
use crate::run::report::Report;
use crate::run::tests::shop::{CUSTOMERS, DRAFTS, of_any_status, order, orders, record};
use crate::run::tests::systems::Fault;
use crate::run::tests::trial::{SETTLE, Trial, counts, key_of};
use crate::store::Records;

#[test]
fn what_comes_later_than_promised_is_told_by_the_second_look() {
    let shop = one_order().with_faults([
        Fault::None,
        Fault::Late(SETTLE + Duration::from_secs(60)),
        Fault::Late(Duration::from_secs(1)),
    ]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1);
    assert!(report.findings.is_empty());
    let report = shop.go();
    assert!(report.findings.is_empty(), "its time has not come");

    shop.add(DRAFTS, record(["late9", "A1", "id1", ""]));
    insta::assert_snapshot!(shop.go_in(11).findings[0].message, @"books.drafts has 2 records of this draft: late1, late9.");
    assert!(shop.go_in(12).findings.is_empty(), "told once a look");
    assert_eq!(shop.go_in(61).findings.len(), 1);
    shop.give(DRAFTS, []);
    insta::assert_snapshot!(shop.go_in(25 * 60).findings[0].message, @"draft was in books.drafts and is not found there any more.");
    let report = shop.go_in(49 * 60);
    assert!(report.findings.is_empty(), "three looks are all");
}

#[test]
fn what_nobody_heard_of_is_asked_for_though_the_attempt_after_it_was_refused() {
    let shop = one_order().with_faults([Fault::None, Fault::Silent, Fault::Refused]);
    assert_eq!(shop.go().flows[0].failed, 1);
    // A person books the order by hand, and the first draft comes later than promised.
    let mut store = shop.store.lock().unwrap();
    let dismissed = store.dismiss(&key_of("1"), "by hand", Timestamp::now());
    dismissed.unwrap();
    drop(store);
    shop.give(DRAFTS, [record(["late9", "A1", "id1", ""])]);
    let findings = shop.go_in(11).findings;
    let told: Vec<&str> = findings.iter().map(|finding| &*finding.message).collect();
    assert_eq!(
        told,
        ["draft is in books.drafts after all: the answer to it was lost."]
    );
}

#[test]
fn what_stands_in_the_place_of_ours_is_told_by_the_second_look() {
    let shop = one_order().with_faults([Fault::None, Fault::Silent]);
    assert_eq!(shop.go().flows[0].done, 1);
    // A person deletes the draft of the second attempt; that of the first comes later than promised.
    shop.give(DRAFTS, [record(["late9", "A1", "id1", ""])]);
    insta::assert_snapshot!(shop.go_in(60).findings[0].message, @"draft id1 was in books.drafts and is not found there any more; late9 is there with the same key.");
}

#[test]
fn what_was_made_in_doubt_is_looked_at_though_it_was_changed_since() {
    let sold = |status| order("1", Some("A1"), "a@b.se", status, "");
    for died in [false, true] {
        let shop = Trial::settling(of_any_status())
            .with_orders([sold("paid")])
            .with_faults([Fault::Silent]);
        assert_eq!(shop.go().flows[0].done, 1);
        shop.orders([sold("sent")]);
        if died {
            // The change leaves, and the process dies before its answer.
            shop.faults([Fault::Silent]);
            shop.dies(Duration::from_secs(1));
        }
        shop.go_in(5);
        let customer = shop.texts(CUSTOMERS);
        assert_eq!(customer.len(), 1);
        assert!(customer[0].contains("sent"), "{customer:?}");
        shop.add(CUSTOMERS, record(["late9", "a@b.se", "paid"]));
        let findings = shop.go_in(20).findings;
        let told: Vec<&str> = findings.iter().map(|finding| &*finding.message).collect();
        assert_eq!(
            told,
            ["books.customers has 2 records of this buyer: id1, late9."]
        );
    }
}

#[test]
fn a_later_change_of_ours_hides_no_twin_of_it() {
    let called = |status: &str| order("1", Some("A1"), "a@b.se", status, "");
    let shop = Trial::settling(of_any_status())
        .with_orders([called("one")])
        .with_faults([Fault::Silent]);
    assert_eq!(shop.go().flows[0].done, 1);
    for status in ["two", "three"] {
        shop.orders([called(status)]);
        assert_eq!(shop.go().flows[0].updated, 1);
    }
    // The customer of the first attempt comes later than promised.
    shop.add(CUSTOMERS, record(["late9", "a@b.se", "one"]));
    insta::assert_snapshot!(shop.go_in(11).findings[0].message, @"books.customers has 2 records of this buyer: id1, late9.");
    assert!(shop.go_in(12).findings.is_empty(), "told once a look");
    assert_eq!(shop.go_in(61).findings.len(), 1);
    assert_eq!(shop.go_in(25 * 60).findings.len(), 1);
    let report = shop.go_in(49 * 60);
    assert!(report.findings.is_empty(), "three looks are all");
}

#[test]
fn a_change_of_what_another_one_made_hides_no_late_request_of_ours() {
    let called = |id: &str, status: &str| order(id, Some(id), "a@b.se", status, "");
    let shop = Trial::settling(of_any_status())
        .with_orders([called("1", "one")])
        .with_faults([Fault::Silent]);
    shop.dies(Duration::from_secs(1));
    shop.orders([called("2", "two"), called("1", "one")]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 2);
    assert_eq!(shop.texts(CUSTOMERS), ["id1 a@b.se one"]);
    shop.add(CUSTOMERS, record(["late9", "a@b.se", "one"]));
    insta::assert_snapshot!(shop.go_in(11).findings[0].message, @"books.customers has 2 records of this buyer: id1, late9.");
}

#[test]
fn what_came_late_is_told_though_ours_was_deleted_and_made_again() {
    let shop = one_order().with_faults([Fault::Silent]);
    assert_eq!(shop.go().flows[0].done, 1);
    shop.give(CUSTOMERS, []);
    shop.orders([order("1", Some("A1"), "a@b.se", "paid", "again")]);
    shop.go_in(1);
    assert_eq!(
        shop.texts(CUSTOMERS),
        ["id1 a@b.se paid"],
        "it is made again"
    );
    shop.add(CUSTOMERS, record(["late9", "a@b.se", "paid"]));
    insta::assert_snapshot!(told(&shop.go_in(11)), @r"
    books.customers has 2 records of this buyer: id1, late9.
    Keep the first one and delete or credit the others there; Flowbook goes on with the first.
    ");
}

/// An order whose write nobody heard of, and the run stops; then the order is corrected and carried over.
fn corrected(faults: impl IntoIterator<Item = Fault>, email: &str, number: &str) -> Trial {
    let shop = one_order().with_faults(faults);
    assert!(shop.go().stopped.is_some());
    shop.orders([order("1", Some(number), email, "paid", "")]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert!(report.findings.is_empty());
    shop
}

#[test]
fn what_came_late_is_told_though_its_key_was_corrected_since() {
    let faults = [Fault::Silent, Fault::Unsent];
    let shop = corrected(faults, "new@b.se", "A1");
    assert_eq!(shop.texts(CUSTOMERS), ["id1 new@b.se paid"]);
    shop.add(CUSTOMERS, record(["late9", "a@b.se", "paid"]));
    insta::assert_snapshot!(told(&shop.go_in(11)), @r"
    late9 is in books.customers under a key that buyer was sent with before; buyer is id1 by now.
    A request that came late made it, or somebody did by hand. No run goes on with it: if nobody needs it there, delete or credit it.
    ");

    let faults = [Fault::None, Fault::Silent, Fault::Unsent];
    let shop = corrected(faults, "a@b.se", "A2");
    assert_eq!(shop.texts(DRAFTS), ["id1 A2 id1 "]);
    shop.add(DRAFTS, record(["late9", "A1", "id1", ""]));
    insta::assert_snapshot!(told(&shop.go_in(11)), @r"
    late9 is in books.drafts under a key that draft was sent with before; draft is id1 by now.
    A request that came late made it, or somebody did by hand. No run goes on with it: if nobody needs it there, delete or credit it.
    ");
}

#[test]
fn what_another_record_made_under_a_corrected_key_is_no_late_request() {
    let shop = corrected([Fault::Silent, Fault::Unsent], "new@b.se", "A1");
    shop.orders([
        order("1", Some("A1"), "new@b.se", "paid", ""),
        order("2", Some("A2"), "a@b.se", "paid", ""),
    ]);
    assert_eq!(shop.go().flows[0].done, 1);
    assert_eq!(shop.count(CUSTOMERS), 2);
    assert_eq!(told(&shop.go_in(11)), "");
}

#[test]
fn what_was_found_under_a_key_before_it_was_corrected_is_no_late_request() {
    let mut plan = orders();
    // A customer cannot be read by its id: it is known by its key alone.
    let customers = &mut plan.resources[CUSTOMERS as usize];
    (customers.get, customers.list) = (None, None);
    let shop = Trial::settling(plan)
        .with_orders([order("1", Some("A1"), "a@b.se", "paid", "")])
        .with_faults([Fault::Lost]);
    assert_eq!(shop.go().flows[0].done, 1);
    shop.orders([order("1", Some("A1"), "new@b.se", "paid", "")]);
    assert_eq!(shop.go().flows[0].done, 1);
    assert_eq!(shop.count(CUSTOMERS), 2);
    assert_eq!(told(&shop.go_in(11)), "");
}

fn told(report: &Report) -> String {
    let told = report
        .findings
        .iter()
        .map(|finding| format!("{}\n{}", finding.message, finding.help));
    told.collect::<Vec<_>>().join("\n")
}
