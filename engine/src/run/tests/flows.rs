//! What becomes of orders.

use std::sync::{Arc, Mutex};

use super::shop::{CUSTOMERS, DRAFTS, ORDERS, order, orders, paid_order, record};
use super::systems::{Fault, Tables};
use super::trial::{Trial, counts};
use crate::run::{Options, run};
use crate::store::memory::MemoryStore;
use crate::store::{End, Ending, Store};

fn one_order() -> Trial {
    Trial::new(orders()).with_orders([paid_order("1", "A1", "a@b.se")])
}

#[test]
fn two_orders_of_one_new_customer_make_one_customer() {
    let shop = Trial::new(orders()).with_orders([
        order("1", Some("A1"), "a@b.se", "paid", "one"),
        order("2", Some("A2"), "a@b.se", "paid", "two"),
    ]);
    let report = shop.go();
    assert_eq!(
        counts(&report),
        "read 2 created 2 updated 0 done 2 unchanged 0 skipped 0 waiting 0 failed 0"
    );
    assert_eq!(shop.texts(CUSTOMERS), ["id1 a@b.se paid"]);
    let mut drafts = shop.texts(DRAFTS);
    drafts.sort_by_key(|draft| draft[4..].to_owned());
    assert_eq!(drafts.len(), 2);
    assert!(drafts[0].ends_with("A1 id1 one"), "{drafts:?}");
    assert!(drafts[1].ends_with("A2 id1 two"), "{drafts:?}");
    assert_eq!(
        shop.log()[..3],
        ["page 0 None", "find 1 × 1", "find 2 × 2"],
        "the page's questions are asked together, each once"
    );

    let again = shop.go();
    assert_eq!(
        counts(&again),
        "read 2 created 0 updated 0 done 0 unchanged 2 skipped 0 waiting 0 failed 0"
    );
    assert_eq!(
        shop.log(),
        ["page 0 None"],
        "what is unchanged costs nothing"
    );
}

#[test]
fn gates_hold_records_back_and_say_why() {
    let shop = Trial::new(orders()).with_orders([
        order("1", Some("A1"), "a@b.se", "new", ""),
        order("2", None, "a@b.se", "paid", ""),
        order("3", Some("A3"), "a@b.se", "paid", "test"),
    ]);
    let (report, told) = shop.go_as(&Options::default());
    insta::assert_snapshot!(format!("{}\n{told}", counts(&report)), @r"
    read 3 created 0 updated 0 done 0 unchanged 0 skipped 1 waiting 2 failed 0
    orders › 1  waiting: not yet what `where` asks for (orders.flow:1)
    orders › 2  waiting: no number yet
    orders › 3  skipped: a test
    ");
    let log = shop.log();
    assert!(
        !log.iter().any(|line| line.starts_with("create")),
        "{log:?}"
    );
    assert_eq!(
        log[1], "find 1 × 1",
        "nothing is asked beyond a gate that is shut"
    );

    shop.orders([
        paid_order("1", "A1", "a@b.se"),
        order("3", Some("A3"), "a@b.se", "paid", "test"),
    ]);
    let late = Options {
        now: Some("2099-01-01T00:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let (report, told) = shop.go_as(&late);
    insta::assert_snapshot!(format!("{}\n{told}", counts(&report)), @r"
    read 3 created 1 updated 0 done 1 unchanged 1 skipped 1 waiting 0 failed 0
    orders › 1  done
      create books.customers by Email = a@b.se
        + Name  paid
      create books.drafts by Ref = A1
        + CustomerId  id1
        + Note        
    orders › 2  skipped: no longer in till.orders
    ");
}

#[test]
fn what_waits_and_is_not_shown_any_more_is_told_where_it_cannot_be_asked_for_by_its_key() {
    let mut plan = orders();
    plan.resources[ORDERS as usize].get = None;
    let shop = Trial::new(plan).with_orders([order("1", None, "a@b.se", "paid", "")]);
    let at = |now: &str| Options {
        now: Some(now.parse().unwrap()),
        ..Options::default()
    };
    let (_, told) = shop.go_as(&at("2026-03-01T00:00:00Z"));
    shop.orders([]);
    let (report, again) = shop.go_as(&at("2026-03-01T12:00:00Z"));
    assert_eq!(report.flows[0].waiting, 1);
    assert_eq!(told, again);
    let (report, told) = shop.go_as(&at("2026-03-02T00:00:00Z"));
    assert_eq!(report.flows[0].skipped, 1);
    assert_eq!(told, "orders › 1  skipped: not ripe within 1 day\n");
}

#[test]
fn what_waits_too_long_is_skipped() {
    let shop = Trial::new(orders()).with_orders([order("1", None, "a@b.se", "paid", "")]);
    let at = |now: &str| Options {
        now: Some(now.parse().unwrap()),
        ..Options::default()
    };
    shop.go_as(&at("2026-03-01T00:00:00Z"));
    let (report, _) = shop.go_as(&at("2026-03-01T23:59:59Z"));
    assert_eq!(report.flows[0].waiting, 1);
    let (report, told) = shop.go_as(&at("2026-03-02T00:00:00Z"));
    assert_eq!(report.flows[0].skipped, 1);
    assert_eq!(told, "orders › 1  skipped: not ripe within 1 day\n");
}

#[test]
fn a_dry_run_tells_each_field_and_touches_nothing() {
    let shop = Trial::new(orders()).with_orders([
        order("1", Some("A1"), "a@b.se", "paid", "one"),
        order("2", Some("A2"), "a@b.se", "paid", "two"),
        order("3", Some("A3"), "c@d.se", "paid", "three"),
    ]);
    shop.give(CUSTOMERS, [record(["id9", "c@d.se", "new"])]);
    let dry = Options {
        dry: true,
        ..Options::default()
    };
    let (report, told) = shop.go_as(&dry);
    insta::assert_snapshot!(format!("{}\n{told}", counts(&report)), @r"
    read 3 created 3 updated 0 done 3 unchanged 0 skipped 0 waiting 0 failed 0
    orders › 1  done
      create books.customers by Email = a@b.se
        + Name  paid
      create books.drafts by Ref = A1
        + CustomerId  (known after an earlier step)
        + Note        one
    orders › 2  done
      create books.drafts by Ref = A2
        + CustomerId  (known after an earlier step)
        + Note        two
    orders › 3  done
      update books.customers by Email = c@d.se
        ~ Name  new → paid
        1 unchanged
      create books.drafts by Ref = A3
        + CustomerId  id9
        + Note        three
    ");
    assert_eq!(shop.count(DRAFTS), 0);
    assert!(shop.state("1").is_none(), "not even the store");
}

#[test]
fn a_lost_answer_is_found_by_its_key() {
    let shop = one_order().with_faults([Fault::Lost]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(shop.count(CUSTOMERS), 1);
    assert_eq!(shop.texts(DRAFTS), ["id1 A1 id1 "]);
}

#[test]
fn a_key_that_somebody_took_meanwhile_is_adopted_and_the_record_computed_again() {
    let other = record(["id7", "a@b.se", "paid"]);
    let shop = one_order().with_faults([Fault::Taken(other)]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1, "{:?}", report.flows[0].failures);
    assert_eq!(shop.texts(DRAFTS), ["id1 A1 id7 "]);
}

#[test]
fn a_refused_record_keeps_what_it_has_and_passes_its_gates_from_then_on() {
    let second = paid_order("2", "A2", "c@d.se");
    // The customer goes through; the draft is refused.
    let shop = Trial::new(orders())
        .with_orders([paid_order("1", "A1", "a@b.se"), second.clone()])
        .with_faults([Fault::None, Fault::Refused]);
    let one = Options {
        writes_at_once: 1,
        limit: Some(1),
        ..Options::default()
    };
    let (report, _) = shop.go_as(&one);
    assert_eq!(report.flows[0].failures[0].message, "books say no");
    assert_eq!(report.flows[0].read, 1, "the limit");

    // It is no longer paid; it has begun all the same and ends done.
    shop.orders([order("1", Some("A1"), "a@b.se", "new", ""), second]);
    let (report, told) = shop.go_as(&Options::default());
    assert_eq!(report.flows[0].done, 2, "{told}");
    assert_eq!(shop.state("1").unwrap().end, End::Done);
}

#[test]
fn a_changed_order_updates_what_differs_and_makes_nothing_twice() {
    let noted = |note| order("1", Some("A1"), "a@b.se", "paid", note);
    let shop = Trial::new(orders()).with_orders([noted("x")]);
    shop.go();
    shop.log();
    shop.orders([noted("y")]);
    let report = shop.go();
    assert_eq!(
        counts(&report),
        "read 1 created 0 updated 0 done 1 unchanged 0 skipped 0 waiting 0 failed 0"
    );
    assert!(!shop.made_something());
    assert_eq!(shop.count(DRAFTS), 1);
}

#[test]
fn what_was_deleted_in_the_books_is_not_made_again() {
    let noted = |note| order("1", Some("A1"), "a@b.se", "paid", note);
    let mut plan = orders();
    plan.flows[0].steps[1].needs = vec![0, 3]; // something reads the draft's note
    let shop = Trial::new(plan).with_orders([noted("x")]);
    shop.go();
    shop.give(DRAFTS, []);
    shop.give(CUSTOMERS, []);
    shop.orders([noted("y")]);
    let only = Options {
        only: vec!["1".to_owned()],
        ..Options::default()
    };
    // An `ensure` makes its record again, a `create` does not; carried over once, nothing is looked at any more.
    let (report, told) = shop.go_as(&only);
    assert_eq!(report.flows[0].done, 1, "{told}");
    assert_eq!((shop.count(CUSTOMERS), shop.count(DRAFTS)), (1, 0));

    // One that failed on the way is looked at, and skipped.
    let mut state = shop.state("1").unwrap();
    state.end = End::Failed;
    let failed = [Ending {
        key: "1".to_owned(),
        state,
        source: None,
    }];
    shop.store.lock().unwrap().end("orders", &failed).unwrap();
    let (_, told) = shop.go_as(&Options::default());
    assert_eq!(told, "orders › 1  skipped: deleted in books\n");
}

#[test]
fn a_server_that_cannot_be_reached_stops_the_run_and_fails_no_record() {
    let shop = one_order().with_faults([Fault::Unsent]);
    let (report, told) = shop.go_as(&Options::default());
    let stopped = report.stopped.map(|trouble| trouble.message);
    assert_eq!(stopped.as_deref(), Some("books cannot be reached"));
    assert_eq!(told, "");
    assert_eq!(report.flows[0].failed, 0);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1);
}

#[test]
fn two_customers_under_one_key_fail_the_order_and_are_named() {
    let twins = ["id7", "id8"].map(|id| record([id, "a@b.se", "x"]));
    let shop = one_order().with(CUSTOMERS, twins);
    let report = shop.go();
    insta::assert_snapshot!(report.flows[0].failures[0].message, @"books.customers has 2 records with Email = “a@b.se”: id7, id8.");
}

#[test]
fn only_one_record_by_its_key() {
    let shop = Trial::new(orders()).with_orders([
        paid_order("1", "A1", "a@b.se"),
        paid_order("2", "A2", "a@b.se"),
    ]);
    let only = Options {
        only: vec!["2".to_owned(), "77".to_owned()],
        ..Options::default()
    };
    let (report, _) = shop.go_as(&only);
    assert_eq!(shop.texts(DRAFTS), ["id1 A2 id1 "]);
    assert_eq!(report.flows[0].failures[0].code, "F0815");
    assert_eq!(shop.store.lock().unwrap().cursor("orders"), Ok(None));
}

#[test]
fn a_run_can_be_spawned() {
    fn is_send<T: Send>(_: &T) {}
    let plan = orders();
    let tables = Tables::new(&plan);
    let store = Arc::new(Mutex::new(MemoryStore::default()));
    let options = Options::default();
    is_send(&run(&plan, &tables, store, &options, &crate::run::Silent));
}

#[test]
fn the_summary_tells_a_bookkeeper_what_happened_and_what_to_do() {
    let shop = Trial::new(orders()).with_orders([
        order("1", Some("A1"), "a@b.se", "paid", "one"),
        order("2", None, "a@b.se", "paid", ""),
        order("3", Some("A3"), "a@b.se", "paid", "test"),
        order("4", Some("A4"), "a@b.se", "new", ""),
        order(
            "5",
            Some("A5"),
            "c@d.se",
            "paid",
            "a note of more than 20 letters",
        ),
    ]);
    let report = shop.go();
    let summary = report.summary();
    let (summary, last) = summary.trim_end().rsplit_once('\n').unwrap();
    assert!(last.starts_with("Carried over 1 record in "), "{last}");
    insta::assert_snapshot!(summary, @r"
    orders
      read          5
      created       1  (1 in books.customers, 1 in books.drafts)
      updated       0
      skipped       1
      waiting       2
      failed        1
      Skipped: 1 × a test
      Waiting: 1 × no number yet
      Waiting: 1 × not yet what `where` asks for (orders.flow:1)

      Failed: 5  [F0806]
        The value for Note has 30 characters where 20 fit.
        field   Note
        value   “a note of more than 20 letters”
        at      orders.flow:1
        next    Correct the record in its source, or the flowbook: it is tried again once one of them has changed. `flowbook retry 5` has the next run try it.
    ");
}
