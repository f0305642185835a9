//! What had no effect is sent again, three times at most; what nothing would find is sent once.

use std::time::Duration;

use super::one_order;
use crate::run::report::Report;
use crate::run::tests::shop::{
    CUSTOMERS, DRAFTS, PAYMENTS, of_any_status, order, paid, paid_order, record,
};
use crate::run::tests::systems::Fault;
use crate::run::tests::trial::{Trial, waited};
use crate::store::End;
use crate::store::journal::Phase;

#[test]
fn a_write_that_had_no_effect_is_sent_again() {
    let shop = one_order().with_faults([Fault::Silent, Fault::Silent]);
    let report = shop.go();
    assert_eq!((report.flows[0].done, waited(&report)), (1, 2));
    assert_eq!((shop.count(CUSTOMERS), shop.count(DRAFTS)), (1, 1));
}

#[test]
fn after_three_attempts_a_person_looks_and_nothing_is_sent_by_itself() {
    let shop = one_order().with_faults([Fault::Silent, Fault::Silent, Fault::Silent]);
    let report = shop.go();
    let failure = &report.flows[0].failures[0];
    assert_eq!(failure.code, "F0809");
    insta::assert_snapshot!(failure.message, @"Nobody knows whether buyer of books.customers was written: no answer came");
    assert_eq!(shop.count(DRAFTS), 0, "nothing follows");
    assert_eq!(shop.phases("1")[0].1, Phase::Settled);

    shop.log();
    let report = shop.go();
    insta::assert_snapshot!(report.flows[0].failures[0].message, @"buyer of books.customers was sent 3 times without an answer, and is not found.");
    assert!(!shop.made_something());

    // It turns up after all: the run goes on with it.
    shop.give(CUSTOMERS, [record(["late1", "a@b.se", "paid"])]);
    let report = shop.go_in(60);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(shop.texts(DRAFTS), ["id1 A1 late1 "]);
}

#[test]
fn attempts_that_nobody_heard_of_count_though_one_after_them_was_refused() {
    for turned in [Fault::Refused, Fault::Unsent] {
        let shop = one_order().with_faults([Fault::Silent, Fault::Silent, turned]);
        shop.go();
        shop.faults([Fault::Silent, Fault::None]);
        shop.go_in(60);
        assert_eq!(shop.phases("1")[0].1, Phase::Settled);
        assert_eq!(shop.count(CUSTOMERS), 0, "a fourth one left");
    }
}

#[test]
fn attempts_that_nobody_heard_of_count_though_a_run_in_between_never_came_to_them() {
    for turned in [Fault::Refused, Fault::Unsent] {
        let of_status = |status| [order("1", Some("A1"), "a@b.se", status, "")];
        let shop = Trial::settling(of_any_status())
            .with_orders(of_status("paid"))
            .with_faults([Fault::None, Fault::Silent, turned]);
        shop.go();
        // The customer has changed and is refused: the draft's turn does not come.
        shop.orders(of_status("sent"));
        shop.faults([Fault::Refused]);
        shop.go_in(60);
        shop.faults([Fault::None, Fault::Silent, Fault::Silent, Fault::None]);
        shop.go_in(120);
        assert_eq!(shop.count(DRAFTS), 0, "a fourth one left");
    }
}

#[test]
fn a_failed_record_counts_its_tries() {
    let shop = one_order();
    for tries in 1..=2 {
        shop.faults([Fault::Refused]);
        shop.go();
        let state = shop.state("1").unwrap();
        assert_eq!((state.end, state.tries), (End::Failed, tries));
    }
}

/// A shop whose drafts are paid, where the payment is answered like this.
fn payment(fault: Fault) -> Trial {
    Trial::settling(paid())
        .with_orders([paid_order("1", "A1", "a@b.se")])
        .with_faults([Fault::None, Fault::None, fault])
}

/// What its payments come to: this run, the next one, payments that were made.
fn paid_after(first: &str, shop: &Trial) -> String {
    let next = told(&shop.go());
    format!("{first}, {next}, {} made", shop.count(PAYMENTS))
}

fn told(report: &Report) -> String {
    match report.flows[0].failures.first() {
        Some(failure) => failure.code.clone(),
        None => format!("done {}", report.flows[0].done),
    }
}

#[test]
fn what_only_its_parent_tells_of_is_looked_for_there_and_sent_once() {
    let answered = |fault| {
        let shop = payment(fault);
        paid_after(&told(&shop.go()), &shop)
    };
    assert_eq!(answered(Fault::None), "done 1, done 0, 1 made");
    assert_eq!(answered(Fault::Lost), "done 1, done 0, 1 made");
    // A parent may tell of it late, or not of a part of it: sent again, it would be there twice.
    assert_eq!(answered(Fault::Silent), "F0809, F0809, 0 made");
    assert_eq!(answered(Fault::Partly), "F0809, F0809, 1 made");
    let killed = |fault| {
        let shop = payment(fault);
        shop.dies(Duration::from_secs(20));
        paid_after("killed", &shop)
    };
    assert_eq!(killed(Fault::Hangs), "killed, done 1, 1 made");
    assert_eq!(killed(Fault::HangsBefore), "killed, F0809, 0 made");
}
