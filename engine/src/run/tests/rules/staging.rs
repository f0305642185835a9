//! Drafts that are compared and then booked: a run that dies at any point, and the runs after it, book one draft of an order.

use std::time::Duration;

use flowbook_stdlib::value::Value;

use crate::run::tests::shop::{DRAFTS, INVOICES, booked, booked_behind_a_gate, paid_order, record};
use crate::run::tests::systems::Fault;
use crate::run::tests::trial::{SETTLE, Trial, counts};

/// More steps than any of these runs has.
const MOST_STEPS: usize = 1_000;

/// A shop whose drafts are booked, with one order.
fn one_booking(faults: impl IntoIterator<Item = Fault>) -> Trial {
    Trial::settling(booked())
        .with_orders([paid_order("1", "A1", "a@b.se")])
        .with_faults(faults)
}

/// What the books hold after a run that died and three more, and how the record ended then.
struct After {
    drafts: Vec<String>,
    invoices: Vec<String>,
    end: String,
}

/// Kills a run after each of its steps in turn.
fn at_every_step(shop: impl Fn() -> Trial, meanwhile: impl Fn(&Trial)) -> Vec<After> {
    let mut all = Vec::new();
    for step in 1..MOST_STEPS {
        let shop = shop();
        let died = shop.dies_at_step(step);
        meanwhile(&shop);
        let mut end = String::new();
        for _ in 0..3 {
            shop.passes(Duration::from_secs(60));
            let report = shop.go();
            assert!(report.stopped.is_none(), "{report:?}");
            end = counts(&report);
        }
        shop.passes(2 * SETTLE);
        all.push(After {
            drafts: shop.texts(DRAFTS),
            invoices: shop.texts(INVOICES),
            end,
        });
        if !died {
            return all;
        }
    }
    panic!("the run never ends");
}

fn nothing(_: &Trial) {}

#[test]
fn of_two_drafts_one_is_booked_wherever_the_run_dies() {
    let all = at_every_step(|| one_booking([Fault::None, Fault::Twin]), nothing);
    assert!(all.len() > 5, "it has steps to die at: {}", all.len());
    for (step, after) in all.iter().enumerate() {
        let (drafts, end) = (&after.drafts, &after.end);
        assert_eq!(
            after.invoices.len(),
            1,
            "killed after {step}: {drafts:?} {end}"
        );
        assert!(end.contains("unchanged 1"), "killed after {step}: {end}");
    }
}

#[test]
fn a_booking_whose_answer_is_lost_late_or_missing_is_not_made_twice() {
    let answers = [
        || Fault::Lost,
        || Fault::Silent,
        || Fault::Late(SETTLE - Duration::from_secs(100)),
        || Fault::Empty,
    ];
    for answer in answers {
        let shop = || one_booking([Fault::None, Fault::Twin, answer()]);
        for (step, after) in at_every_step(shop, nothing).iter().enumerate() {
            let (drafts, end) = (&after.drafts, &after.end);
            let made = (after.invoices.len(), drafts.len());
            assert_eq!(made, (1, 1), "killed after {step}: {drafts:?} {end}");
        }
    }
}

#[test]
fn the_other_draft_is_not_booked_when_the_chosen_one_is_deleted_after_its_release() {
    // The booking leaves and takes effect late; the run dies, and a person deletes the draft that it took.
    let late = || Fault::Late(SETTLE - Duration::from_secs(100));
    let shop = || one_booking([Fault::None, Fault::Twin, late()]);
    let delete = |shop: &Trial| {
        let mut drafts = shop.records(DRAFTS);
        drafts.retain(|draft| !matches!(draft, Value::Record(fields) if fields[0] == Value::Text("id1".into())));
        shop.give(DRAFTS, drafts);
    };
    for (step, after) in at_every_step(shop, delete).iter().enumerate() {
        let (drafts, invoices, end) = (&after.drafts, &after.invoices, &after.end);
        assert!(
            invoices.len() <= 1,
            "killed after {step}: {drafts:?} {invoices:?} {end}"
        );
    }
}

#[test]
fn a_draft_that_a_person_booked_meanwhile_is_found_booked() {
    let shop = one_booking([Fault::None, Fault::BookedByHand]);
    let report = shop.go();
    let failures = &report.flows[0].failures;
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert_eq!((shop.count(INVOICES), shop.count(DRAFTS)), (1, 0));
}

/// A person books the draft before each look-up of a run in turn: none of them misses it.
fn booked_before_each_look_up(shop: impl Fn() -> Trial) {
    for look_ups in 0..MOST_STEPS {
        let shop = shop();
        shop.booked_after(look_ups);
        let report = shop.go();
        if shop.is_to_be_booked() {
            assert!(look_ups > 0, "it looks for it");
            return;
        }
        let (drafts, invoices) = (shop.texts(DRAFTS), shop.texts(INVOICES));
        let made = (drafts.len(), &*invoices);
        let end = counts(&report);
        assert_eq!(
            made,
            (0, &["by hand A1".to_owned()][..]),
            "booked after {look_ups}: {drafts:?} {end}"
        );
        assert!(end.contains("done 1"), "booked after {look_ups}: {end}");
    }
    panic!("the run never ends");
}

#[test]
fn a_draft_that_is_booked_between_two_look_ups_is_missed_by_neither() {
    // Its making is forgotten: the store was lost.
    for plan in [booked, booked_behind_a_gate] {
        booked_before_each_look_up(|| {
            let shop = Trial::settling(plan()).with_orders([paid_order("1", "A1", "a@b.se")]);
            shop.with(DRAFTS, [record(["id7", "A1", "id1", ""])])
        });
    }
}

#[test]
fn a_draft_whose_answer_was_lost_and_that_is_booked_between_two_look_ups_is_missed_by_neither() {
    booked_before_each_look_up(|| one_booking([Fault::None, Fault::Lost]));
}

#[test]
fn a_draft_of_a_dead_run_that_is_booked_between_two_look_ups_is_missed_by_neither() {
    booked_before_each_look_up(|| {
        let shop = one_booking([Fault::None, Fault::Hangs]);
        shop.dies(Duration::from_secs(20));
        shop
    });
}

#[test]
fn a_draft_that_comes_after_its_twin_was_booked_is_told_by_the_second_look() {
    // The first draft takes effect later than promised; the second one is made and booked by then.
    let shop = one_booking([Fault::None, Fault::Silent]);
    let report = shop.go();
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert_eq!(shop.count(INVOICES), 1);
    shop.give(DRAFTS, [record(["late9", "A1", "id1", ""])]);
    let findings = shop.go_in(11).findings;
    let told: Vec<&str> = findings.iter().map(|finding| &*finding.message).collect();
    insta::assert_debug_snapshot!(told, @r#"
    [
        "books.invoices and books.drafts have 2 records of this draft: id1, late9.",
    ]
    "#);
}

#[test]
fn a_draft_that_is_taken_for_ours_beside_its_twin_that_a_person_booked_is_told_by_the_second_look()
{
    // Of three attempts that nobody heard of two took effect later than promised; a person booked one of their drafts.
    let shop = one_booking([Fault::None, Fault::Silent, Fault::Silent, Fault::Silent]);
    let report = shop.go();
    assert_eq!(report.flows[0].failed, 1, "{}", counts(&report));
    shop.give(INVOICES, [record(["by hand", "A1"])]);
    shop.give(DRAFTS, [record(["late9", "A1", "id1", ""])]);
    let report = shop.go_in(5);
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    let findings = shop.go_in(20).findings;
    let told: Vec<&str> = findings.iter().map(|finding| &*finding.message).collect();
    insta::assert_debug_snapshot!(told, @r#"
    [
        "books.invoices and books.drafts have 2 records of this draft: by hand, late9.",
    ]
    "#);
}
