//! The cursor stays behind what has not ended; a whole comparison, once a week, heals the rest.

use std::sync::Arc;

use flowbook_stdlib::value::Value;
use jiff::SignedDuration;

use crate::plan::connector::Reading;
use crate::run::Options;
use crate::run::tests::shop::{DRAFTS, ORDERS, orders, paid_order};
use crate::run::tests::trial::Trial;
use crate::store::Store;

/// A shop whose orders are read by the time of their last change.
fn by_change() -> Trial {
    let mut plan = orders();
    let orders = &mut plan.resources[ORDERS as usize];
    let shape = Arc::make_mut(&mut orders.shape);
    let mut changed = shape.fields[0].clone();
    changed.name = "changed".into();
    shape.fields.push(changed);
    orders.reading = Reading::Changed {
        field: 5,
        by_order: false,
    };
    Trial::settling(plan)
}

fn changed_at(order: Value, at: &str) -> Value {
    let Value::Record(fields) = order else {
        return order;
    };
    let at = Value::DateTime(at.parse().unwrap());
    Value::Record(fields.iter().cloned().chain([at]).collect())
}

#[test]
fn once_a_week_all_of_the_source_is_compared() {
    let first = changed_at(paid_order("1", "A1", "a@b.se"), "2026-03-01T09:00:00Z");
    let shop = by_change().with_orders([first.clone()]);
    let go = |now: &str| {
        let report = shop.go_at(now.parse().unwrap());
        let flow = &report.flows[0];
        (flow.read, flow.done, flow.unchanged, flow.compared.clone())
    };
    assert_eq!(go("2026-03-01T12:00:00Z"), (1, 1, 0, None));

    // shown ten days late: behind the cursor and its overlap
    let late = changed_at(paid_order("2", "A2", "a@b.se"), "2026-02-20T09:00:00Z");
    shop.orders([first, late]);
    assert_eq!(go("2026-03-02T12:00:00Z").0, 0);
    assert_eq!(go("2026-03-08T11:59:59Z").0, 0);
    shop.log();
    let (read, done, unchanged, compared) = go("2026-03-08T12:00:00Z");
    assert_eq!((read, done, unchanged), (2, 1, 1));
    insta::assert_snapshot!(compared.unwrap(), @"All of till.orders was read and compared, as once a week; the last time was on 2026-03-01.");
    assert_eq!(shop.count(DRAFTS), 2);

    assert_eq!(go("2026-03-09T12:00:00Z").3, None, "the week begins anew");
    assert!(go("2026-03-16T12:00:00Z").3.is_some());
    let log = shop.log();
    let asked = log.iter().skip_while(|line| !line.starts_with("create"));
    let last = asked.filter(|line| line.starts_with("page") || line.starts_with("find"));
    assert!(
        last.count() < 10,
        "what is unchanged costs no look-up: {log:?}"
    );
}

#[test]
fn a_part_of_a_run_is_no_comparison() {
    let order = changed_at(paid_order("1", "A1", "a@b.se"), "2026-03-01T09:00:00Z");
    let shop = by_change().with_orders([order]);
    shop.go();
    let compared = || shop.store.lock().unwrap().compared("orders").unwrap();
    let began = compared();
    assert!(began.is_some());
    let later = began.and_then(|began| began.checked_add(SignedDuration::from_hours(24 * 30)).ok());
    for options in [
        Options {
            limit: Some(1),
            ..Options::default()
        },
        Options {
            only: vec!["1".to_owned()],
            ..Options::default()
        },
        Options {
            since: later,
            ..Options::default()
        },
        Options {
            dry: true,
            ..Options::default()
        },
    ] {
        shop.go_as(&Options {
            now: later,
            ..options
        });
        assert_eq!(compared(), began);
    }
}
