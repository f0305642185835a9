//! Who changes a record waits until an earlier change of which nobody knows can no longer bring old data back.

use std::time::Duration;

use flowbook_grammar::ast::Verb;

use crate::plan::Plan;
use crate::run::Options;
use crate::run::tests::shop::{CUSTOMERS, of_any_status, order, record};
use crate::run::tests::systems::Fault;
use crate::run::tests::trial::{SETTLE, Trial, counts, waited};

/// A shop whose orders change their customer, who is in the books.
fn known_customer(plan: Plan) -> Trial {
    Trial::settling(plan).with(CUSTOMERS, [record(["id9", "a@b.se", "zero"])])
}

#[test]
fn an_update_waits_until_the_one_before_it_cannot_come_any_more() {
    let shop = known_customer(of_any_status())
        .with_orders([
            order("1", Some("A1"), "a@b.se", "one", ""),
            order("2", Some("A2"), "a@b.se", "two", ""),
        ])
        .with_faults([Fault::Late(SETTLE - Duration::from_secs(1))]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 2);
    assert_eq!(shop.texts(CUSTOMERS), ["id9 a@b.se two"]);
}

#[test]
fn many_who_wait_for_one_record_leave_its_writer_its_place() {
    let all = (1..=40).map(|n| n.to_string());
    let all = all.map(|n| order(&n, Some(&n), "a@b.se", &format!("status {n}"), ""));
    let shop = known_customer(of_any_status())
        .with_orders(all)
        .with_faults([Fault::Lost]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 40, "{}", counts(&report));
    assert_eq!(waited(&report), 1);
}

#[test]
fn a_flow_waits_for_another_ones_change_of_the_same_record_after_a_crash() {
    let mut plan = of_any_status();
    // A second flow writes the order's number into the customer's name.
    let mut second = plan.flows[0].clone();
    second.name = "numbers".to_owned();
    second.steps[0].body[1].value = second.steps[1].body[0].value;
    plan.flows.push(second);
    let shop = known_customer(plan)
        .with_orders([order("1", Some("A1"), "a@b.se", "one", "")])
        .with_faults([Fault::Late(SETTLE - Duration::from_secs(20))]);
    shop.dies(Duration::from_secs(10));
    assert!(shop.phases("1")[0].1.is_open());
    let numbers = Options {
        flows: vec!["numbers".to_owned()],
        ..Options::default()
    };
    let (report, _) = shop.go_as(&numbers);
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    shop.passes(SETTLE);
    assert_eq!(shop.texts(CUSTOMERS), ["id9 a@b.se A1"]);
}

/// Two orders of two customers; then the first one turns out to be the other customer's. What the books hold then, and what the run says of it.
fn moved(verb: Verb) -> (Vec<String>, Vec<(String, String)>) {
    let mut plan = of_any_status();
    plan.flows[0].steps[0].verb = verb;
    let shop = Trial::settling(plan)
        .with(
            CUSTOMERS,
            [
                record(["id7", "a@b.se", "one"]),
                record(["id8", "c@d.se", "two"]),
            ],
        )
        .with_orders([
            order("1", Some("A1"), "a@b.se", "one", ""),
            order("2", Some("A2"), "c@d.se", "two", ""),
        ]);
    assert_eq!(shop.go().flows[0].done, 2);
    shop.orders([order("1", Some("A1"), "c@d.se", "three", "")]);
    let report = shop.go();
    assert_eq!(report.flows[0].updated, 1, "{}", counts(&report));
    let mut customers = shop.texts(CUSTOMERS);
    customers.sort();
    (customers, report.flows[0].notes.clone())
}

#[test]
fn a_record_whose_key_is_now_another_ones_changes_that_one() {
    for verb in [Verb::Ensure, Verb::Update] {
        let (customers, notes) = moved(verb);
        assert_eq!(customers, ["id7 a@b.se one", "id8 c@d.se three"]);
        assert_eq!(
            notes,
            [(
                "1".to_owned(),
                "buyer is id8 in books.customers from now on; it was id7 before".to_owned()
            )]
        );
    }
}

#[test]
fn a_record_whose_key_is_new_goes_on_with_the_record_that_it_had() {
    let shop =
        known_customer(of_any_status()).with_orders([order("1", Some("A1"), "a@b.se", "one", "")]);
    assert_eq!(shop.go().flows[0].done, 1);
    shop.orders([order("1", Some("A1"), "new@b.se", "one", "")]);
    assert_eq!(shop.go().flows[0].updated, 1);
    assert_eq!(shop.texts(CUSTOMERS), ["id9 new@b.se one"]);
}

#[test]
fn a_record_that_was_there_is_not_taken_for_deleted_at_one_word() {
    for verb in [Verb::Ensure, Verb::Update] {
        let mut plan = of_any_status();
        plan.flows[0].steps[0].verb = verb;
        let shop = known_customer(plan)
            .with_orders([order("1", Some("A1"), "a@b.se", "one", "")])
            .with_faults([Fault::Unseen]);
        let report = shop.go();
        assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
        assert_eq!(waited(&report), 1);
        assert_eq!(shop.texts(CUSTOMERS), ["id9 a@b.se one"]);
    }
}

#[test]
fn a_read_need_not_show_yet_who_has_the_key_that_a_record_is_to_get() {
    let shop =
        known_customer(of_any_status()).with_orders([order("1", Some("A1"), "a@b.se", "one", "")]);
    assert_eq!(shop.go().flows[0].done, 1);
    shop.lag(SETTLE - Duration::from_secs(1));
    let second = order("2", Some("A2"), "c@d.se", "two", "");
    shop.orders([second.clone()]);
    assert_eq!(shop.go().flows[0].done, 1);
    shop.orders([order("1", Some("A1"), "c@d.se", "three", ""), second]);
    assert_eq!(shop.go().flows[0].updated, 1);
    let mut customers = shop.texts(CUSTOMERS);
    customers.sort();
    assert_eq!(customers, ["id2 c@d.se three", "id9 a@b.se one"]);
}
