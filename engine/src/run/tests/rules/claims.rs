//! Who writes under a key holds it until the outcome is known; the next one waits.

use std::time::Duration;

use super::one_order;
use crate::run::tests::shop::{CUSTOMERS, DRAFTS, orders, paid_order};
use crate::run::tests::systems::Fault;
use crate::run::tests::trial::{SETTLE, Trial, counts};

#[test]
fn who_wants_the_same_key_waits_for_the_outcome() {
    let shop = Trial::settling(orders())
        .with_orders([
            paid_order("1", "A1", "a@b.se"),
            paid_order("2", "A2", "a@b.se"),
        ])
        .with_faults([Fault::Late(SETTLE - Duration::from_secs(1))]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 2);
    assert_eq!((shop.count(CUSTOMERS), shop.count(DRAFTS)), (1, 2));
}

#[test]
fn others_go_on_while_what_a_dead_run_left_settles() {
    let shop = one_order().with_faults([Fault::Hangs]);
    shop.dies(Duration::from_secs(20));
    shop.orders([
        paid_order("1", "A1", "a@b.se"),
        paid_order("2", "A2", "c@d.se"),
        paid_order("3", "A3", "a@b.se"),
    ]);
    shop.dies(SETTLE - Duration::from_secs(1));
    let made = shop.texts(DRAFTS);
    assert_eq!(
        made.len(),
        1,
        "the third waits for the first one's customer: {made:?}"
    );
    assert!(made[0].contains("A2"));
    let report = shop.go();
    assert_eq!(shop.count(DRAFTS), 3, "{}", counts(&report));
    assert_eq!(shop.count(CUSTOMERS), 2);
}
