//! What an answer tells: nothing left, the target said no, it is done, or nobody knows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::one_order;
use crate::run::Options;
use crate::run::tests::shop::{CUSTOMERS, DRAFTS, orders, paid_order, record};
use crate::run::tests::systems::Fault;
use crate::run::tests::trial::{Trial, counts, phases, waited};
use crate::store::Store;
use crate::store::journal::Phase;

#[test]
fn a_refusal_is_known_and_costs_no_settling() {
    let shop = one_order().with_faults([Fault::Refused]);
    let report = shop.go();
    assert_eq!(report.flows[0].failures[0].message, "books say no");
    assert_eq!(waited(&report), 0);
    assert_eq!(shop.phases("1"), [("buyer".to_owned(), Phase::Refused)]);
    let report = shop.go();
    assert_eq!((report.flows[0].done, waited(&report)), (1, 0));
}

#[test]
fn what_never_left_costs_no_settling() {
    let shop = one_order().with_faults([Fault::Unsent]);
    let report = shop.go();
    assert!(report.stopped.is_some());
    assert_eq!(shop.phases("1")[0].1, Phase::Unsent);
    let report = shop.go();
    assert_eq!((report.flows[0].done, waited(&report)), (1, 0));
}

#[test]
fn what_a_busy_system_turned_away_is_released_anew_and_counts_as_no_attempt() {
    let busy = || Fault::Busy(Duration::from_secs(20));
    let mut shop = one_order().with_faults([busy(), busy(), busy(), busy()]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (store, looks) = (shop.store.clone(), seen.clone());
    shop.witness(move || {
        let phase = |(step, phase): (String, Phase)| format!("{step} {}", phase.word());
        let phases: Vec<String> = phases(&store, "1").into_iter().map(phase).collect();
        looks.lock().unwrap().push(phases.join(", "));
    });
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert_eq!(report.took.as_secs(), 80, "nothing settles");
    assert_eq!(shop.count(CUSTOMERS), 1);
    let released = "buyer released, draft planned";
    let last = "buyer confirmed, draft released";
    assert_eq!(
        *seen.lock().unwrap(),
        [released, released, released, released, released, last],
    );
}

#[test]
fn patience_with_a_busy_system_ends_and_nothing_is_in_doubt() {
    let busy = || Fault::Busy(Duration::from_secs(120));
    let shop = one_order().with_faults([busy(), busy(), busy()]);
    let report = shop.go();
    assert_eq!(report.stopped.unwrap().message, "books are busy");
    assert_eq!(shop.phases("1")[0].1, Phase::Unsent);
    let report = shop.go();
    assert_eq!((report.flows[0].done, waited(&report)), (1, 0));
}

#[test]
fn an_empty_answer_is_found_by_its_key() {
    let shop = one_order().with_faults([Fault::None, Fault::Empty]);
    let report = shop.go();
    assert_eq!((report.flows[0].done, waited(&report)), (1, 0));
    assert_eq!(shop.count(DRAFTS), 1);
}

#[test]
fn what_was_accepted_is_never_sent_again() {
    let shop = one_order().with_faults([Fault::None, Fault::Hidden]);
    let report = shop.go();
    assert_eq!(report.flows[0].failures[0].code, "F0809");
    assert_eq!(shop.phases("1")[1].1, Phase::Accepted);
    let report = shop.go();
    assert_eq!(shop.count(DRAFTS), 0, "{}", counts(&report));
    shop.give(DRAFTS, [record(["id5", "A1", "id1", ""])]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert_eq!(shop.count(DRAFTS), 1);
}

#[test]
fn after_a_run_that_died_few_are_on_their_way_at_a_time() {
    let all = |from: u32| {
        (from..from + 100)
            .map(|n| paid_order(&n.to_string(), &format!("A{n}"), &format!("{n}@b.se")))
    };
    let open = |shop: &Trial| shop.store.lock().unwrap().open_entries().unwrap().len();
    let shop = Trial::settling(orders())
        .with_orders(all(0))
        .with_faults((0..200).map(|_| Fault::HangsBefore));
    shop.dies(Duration::from_secs(1));
    let first = open(&shop);
    assert_eq!(first, Options::default().writes_at_once);
    shop.orders(all(100));
    shop.dies(Duration::from_secs(1));
    assert_eq!(open(&shop), first + 8);
}
