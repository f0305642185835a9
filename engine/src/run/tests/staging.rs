//! Drafts that are compared and then booked: a run that dies at any point, and the runs after it, book one draft of an order.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use flowbook_stdlib::value::Value;
use jiff::{SignedDuration, Timestamp};

use super::flows::{carry, counts, texts};
use super::shop::{DRAFTS, INVOICES, ORDERS, booked, order};
use super::systems::{Fault, Tables};
use crate::plan::Plan;
use crate::run::{Options, Silent, run};
use crate::store::memory::MemoryStore;

const SETTLE: Duration = Duration::from_secs(300);
/// More steps than any of these runs has.
const MOST_STEPS: usize = 1_000;

fn plan() -> Plan {
    let mut plan = booked();
    for system in &mut plan.systems {
        Arc::make_mut(&mut system.connector).settle_s = SETTLE.as_secs();
    }
    plan
}

/// Goes on with a run for so many steps; then it dies where it stands.
struct Dies<F> {
    run: Pin<Box<F>>,
    left: usize,
}

impl<F: Future> Future for Dies<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.run.as_mut().poll(context).map(Some)
    }
}

/// Kills a run after each of its steps in turn. What the books hold after three more runs, and how the record ended then.
fn at_every_step(
    faults: impl Fn() -> Vec<Fault>,
    meanwhile: impl Fn(&Tables<'_>),
) -> Vec<(Vec<String>, Vec<String>, String)> {
    let plan = plan();
    let mut ends = Vec::new();
    for steps in 1..MOST_STEPS {
        let tables = Tables::new(&plan);
        tables.give(ORDERS, vec![order("1", Some("A1"), "a@b.se", "paid", "")]);
        for fault in faults() {
            tables.fault(fault);
        }
        let store = Mutex::new(MemoryStore::default());
        let options = Options::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let (whole, end) = runtime.block_on(async {
            let first = Dies {
                run: Box::pin(run(&plan, &tables, &store, &options, &Silent)),
                left: steps,
            };
            let whole = first.await.is_some();
            meanwhile(&tables);
            let mut end = String::new();
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(60)).await;
                let report = run(&plan, &tables, &store, &options, &Silent).await;
                end = counts(&report);
                assert!(report.stopped.is_none(), "{report:?}");
            }
            tokio::time::sleep(2 * SETTLE).await;
            (whole, end)
        });
        ends.push((
            texts(&tables.records(DRAFTS)),
            texts(&tables.records(INVOICES)),
            end,
        ));
        if whole {
            return ends;
        }
    }
    panic!("the run never ends");
}

fn nothing(_: &Tables<'_>) {}

#[test]
fn of_two_drafts_one_is_booked_wherever_the_run_dies() {
    let faults = || vec![Fault::None, Fault::Twin];
    let ends = at_every_step(faults, nothing);
    assert!(ends.len() > 5, "it has steps to die at: {}", ends.len());
    for (steps, (drafts, invoices, end)) in ends.iter().enumerate() {
        assert_eq!(invoices.len(), 1, "killed after {steps}: {drafts:?} {end}");
        assert!(end.contains("unchanged 1"), "killed after {steps}: {end}");
    }
}

#[test]
fn a_booking_whose_answer_is_lost_late_or_missing_is_not_made_twice() {
    let last = [
        || Fault::Lost,
        || Fault::Silent,
        || Fault::Late(SETTLE - Duration::from_secs(100)),
        || Fault::Empty,
    ];
    for fault in last {
        let faults = || vec![Fault::None, Fault::Twin, fault()];
        for (steps, (drafts, invoices, end)) in at_every_step(faults, nothing).iter().enumerate() {
            assert_eq!(invoices.len(), 1, "killed after {steps}: {drafts:?} {end}");
            assert_eq!(drafts.len(), 1, "killed after {steps}: {drafts:?} {end}");
        }
    }
}

#[test]
fn the_other_draft_is_not_booked_when_the_chosen_one_is_deleted_after_its_release() {
    // The booking leaves and takes effect late; the run dies, and a person deletes the draft that it took.
    let faults = || {
        vec![
            Fault::None,
            Fault::Twin,
            Fault::Late(SETTLE - Duration::from_secs(100)),
        ]
    };
    let delete = |tables: &Tables<'_>| {
        let mut drafts = tables.records(DRAFTS);
        drafts.retain(|draft| !matches!(draft, Value::Record(fields) if fields[0] == Value::Text("id1".into())));
        tables.give(DRAFTS, drafts);
    };
    for (steps, (drafts, invoices, end)) in at_every_step(faults, delete).iter().enumerate() {
        assert!(
            invoices.len() <= 1,
            "killed after {steps}: {drafts:?} {invoices:?} {end}"
        );
    }
}

#[test]
fn a_draft_that_a_person_booked_meanwhile_is_found_booked() {
    let plan = plan();
    let tables = Tables::new(&plan);
    tables.give(ORDERS, vec![order("1", Some("A1"), "a@b.se", "paid", "")]);
    tables.fault(Fault::None);
    tables.fault(Fault::BookedByHand);
    let store = Mutex::new(MemoryStore::default());
    let (report, _) = carry(&tables, &plan, &store, &Options::default());
    let failures = &report.flows[0].failures;
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert_eq!(tables.records(INVOICES).len(), 1);
    assert!(tables.records(DRAFTS).is_empty());
}

#[test]
fn a_draft_that_comes_after_its_twin_was_booked_is_told_by_the_second_look() {
    let plan = plan();
    let tables = Tables::new(&plan);
    tables.give(ORDERS, vec![order("1", Some("A1"), "a@b.se", "paid", "")]);
    // The first draft takes effect later than promised; the second one is made and booked by then.
    tables.fault(Fault::None);
    tables.fault(Fault::Silent);
    let store = Mutex::new(MemoryStore::default());
    let (report, _) = carry(&tables, &plan, &store, &Options::default());
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert_eq!(tables.records(INVOICES).len(), 1);
    let late = ["late9", "A1", "id1", ""].map(|text| Value::Text(text.into()));
    tables.give(DRAFTS, vec![Value::Record(late.into())]);
    let options = Options {
        now: Some(Timestamp::now() + SignedDuration::from_mins(11)),
        ..Options::default()
    };
    let (report, _) = carry(&tables, &plan, &store, &options);
    let told: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    insta::assert_debug_snapshot!(told, @r#"
    [
        "books.invoices and books.drafts have 2 records of this draft: id1, late9.",
    ]
    "#);
}
