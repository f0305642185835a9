//! *Not found* is believed only `settle` after the last moment the request can have left, and after our own last write under the same key.

use std::time::Duration;

use super::one_order;
use crate::run::Options;
use crate::run::tests::shop::{CUSTOMERS, DRAFTS, order, orders, paid_order, record};
use crate::run::tests::systems::Fault;
use crate::run::tests::trial::{SETTLE, Trial, counts, waited};
use crate::store::Store;
use crate::store::journal::Phase;
use crate::wrong::{self, Wrong};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_lost_answer_is_looked_up_once_nothing_can_come_any_more() {
    let shop = one_order().with_faults([Fault::Lost]);
    let report = shop.go();
    assert_eq!((report.flows[0].done, waited(&report)), (1, 1));
    assert_eq!(shop.texts(CUSTOMERS), ["id1 a@b.se paid"]);
    assert_eq!(shop.texts(DRAFTS), ["id1 A1 id1 "]);
    assert_eq!(
        shop.phases("1"),
        [
            ("buyer".to_owned(), Phase::Confirmed),
            ("draft".to_owned(), Phase::Confirmed)
        ]
    );
}

#[test]
fn a_late_effect_is_waited_for() {
    let shop = one_order().with_faults([Fault::None, Fault::Late(SETTLE - SECOND)]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(shop.texts(DRAFTS), ["late1 A1 id1 "]);
}

#[test]
fn the_others_go_on_while_one_settles() {
    let all = (1..=40).map(|n| paid_order(&n.to_string(), &format!("A{n}"), &format!("{n}@b.se")));
    let shop = Trial::settling(orders())
        .with_orders(all)
        .with_faults((0..20).map(|_| Fault::Lost));
    let report = shop.go();
    assert_eq!(report.flows[0].done, 40);
    assert_eq!(
        waited(&report),
        1,
        "all of them settle at the same time, whatever their number"
    );
    assert_eq!((shop.count(CUSTOMERS), shop.count(DRAFTS)), (40, 40));
}

#[test]
fn a_run_that_must_stop_does_not_wait_for_what_settles() {
    let shop = Trial::settling(orders())
        .with_orders([
            paid_order("1", "A1", "a@b.se"),
            paid_order("2", "A2", "c@d.se"),
        ])
        .with_faults([Fault::Lost, Fault::Unsent]);
    let report = shop.go();
    assert!(report.stopped.is_some());
    assert_eq!(waited(&report), 0);
    let report = shop.go();
    assert_eq!((report.flows[0].done, waited(&report)), (2, 1));
    assert_eq!(shop.count(CUSTOMERS), 2);
}

#[test]
fn a_run_that_is_asked_to_stop_leaves_what_settles_to_the_next_one() {
    let shop = one_order().with_faults([Fault::None, Fault::Lost]);
    let report = shop.asked_to_stop(Duration::from_secs(60));
    let stopped = report.stopped.as_ref().map(|trouble| trouble.code);
    assert_eq!(stopped, Some("F0821"));
    assert!(report.took < Duration::from_secs(70), "{:?}", report.took);
    assert_eq!(shop.phases("1")[1].1, Phase::Unknown);
    let cursor = shop.store.lock().unwrap().cursor("orders");
    assert_eq!(cursor, Ok(None), "the cursor stays");
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(shop.count(DRAFTS), 1);
}

/// Reads of the books lag. What orders and the books come to when one more order of the same customer follows on what happened first.
fn soon_after(wrong: Option<Wrong>, first: impl Fn(&Trial)) -> String {
    wrong::with(wrong, || {
        let shop = one_order();
        shop.lag(SETTLE - SECOND);
        first(&shop);
        shop.orders([
            paid_order("1", "A1", "a@b.se"),
            paid_order("2", "A2", "a@b.se"),
        ]);
        let report = shop.go();
        assert_eq!(report.flows[0].failed, 0, "{}", counts(&report));
        let (customers, drafts) = (shop.count(CUSTOMERS), shop.count(DRAFTS));
        format!("{customers} customers, {drafts} drafts")
    })
}

#[test]
fn a_read_need_not_show_what_the_same_run_wrote() {
    let customers = |wrong| {
        wrong::with(wrong, || {
            // Somebody else made the second one's customer meanwhile: what was known of all customers is asked again.
            let taken = Fault::Taken(record(["id7", "c@d.se", "paid"]));
            let shop = Trial::settling(orders())
                .with_orders([
                    paid_order("1", "A1", "a@b.se"),
                    paid_order("2", "A2", "c@d.se"),
                    paid_order("3", "A3", "a@b.se"),
                ])
                .with_faults([Fault::None, taken]);
            shop.lag(SETTLE - SECOND);
            let one_by_one = Options {
                writes_at_once: 1,
                ..Options::default()
            };
            let (report, told) = shop.go_as(&one_by_one);
            assert_eq!(report.flows[0].done, 3, "{told}");
            shop.texts(CUSTOMERS)
        })
    };
    assert_eq!(customers(None), ["id1 a@b.se paid", "id7 c@d.se paid"]);
    assert_eq!(
        customers(Some(Wrong::MissBelieved)),
        ["id1 a@b.se paid", "id7 c@d.se paid", "id3 a@b.se paid"]
    );
}

#[test]
fn a_read_need_not_show_what_the_run_before_wrote() {
    let carried = |shop: &Trial| assert_eq!(shop.go().flows[0].done, 1);
    assert_eq!(soon_after(None, carried), "1 customers, 2 drafts");
    let wrong = soon_after(Some(Wrong::MissBelieved), carried);
    assert_eq!(wrong, "2 customers, 2 drafts");
}

#[test]
fn a_read_need_not_show_what_a_dead_run_wrote() {
    let dies = |shop: &Trial| {
        shop.faults([Fault::None, Fault::Hangs]);
        shop.dies(Duration::from_secs(20));
        assert_eq!(shop.phases("1")[0].1, Phase::Confirmed);
    };
    assert_eq!(soon_after(None, dies), "1 customers, 2 drafts");
    let wrong = soon_after(Some(Wrong::MissBelieved), dies);
    assert_eq!(wrong, "2 customers, 2 drafts");
}

#[test]
fn a_read_need_not_show_what_was_written_before_a_run_that_planned_it_again() {
    let stopped_twice = |shop: &Trial| {
        shop.faults([Fault::None, Fault::Unsent]);
        assert!(shop.go().stopped.is_some(), "the draft cannot be sent");
        shop.asked_to_stop(SECOND); // it waits for the customer that it does not see
    };
    let after = soon_after(None, stopped_twice);
    assert_eq!(after, "1 customers, 2 drafts");
}

#[test]
fn a_record_that_a_read_does_not_show_yet_is_not_taken_for_deleted() {
    let again = |wrong| {
        wrong::with(wrong, || {
            let shop = one_order();
            shop.lag(SETTLE - SECOND);
            assert_eq!(shop.go().flows[0].done, 1);
            shop.orders([order("1", Some("A1"), "a@b.se", "sent", "")]);
            shop.go();
            shop.texts(CUSTOMERS)
        })
    };
    assert_eq!(again(None), ["id1 a@b.se sent"]);
    assert_eq!(
        again(Some(Wrong::MissBelieved)),
        ["id1 a@b.se paid", "id2 a@b.se sent"]
    );
}

#[test]
fn a_read_need_not_show_what_was_written_under_a_key_that_was_corrected_since() {
    let mut plan = orders();
    // A customer cannot be read by its id: it is known by its key alone.
    let customers = &mut plan.resources[CUSTOMERS as usize];
    (customers.get, customers.list) = (None, None);
    let shop = Trial::settling(plan).with_orders([paid_order("1", "A1", "a@b.se")]);
    shop.lag(SETTLE - SECOND);
    assert_eq!(shop.go().flows[0].done, 1);
    shop.orders([paid_order("1", "A1", "new@b.se")]);
    assert_eq!(shop.go().flows[0].done, 1);
    let corrected = paid_order("1", "A1", "new@b.se");
    shop.orders([corrected, paid_order("2", "A2", "a@b.se")]);
    assert_eq!(shop.go().flows[0].done, 1);
    assert_eq!(
        shop.texts(CUSTOMERS),
        ["id1 a@b.se paid", "id2 new@b.se paid"]
    );
}
