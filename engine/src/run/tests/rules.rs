//! Nothing twice, nothing lost: each rule of the protocol against answers that are lost, late, double or missing, and runs that die.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use flowbook_stdlib::value::Value;
use jiff::{SignedDuration, Timestamp};

use super::flows::{carry, counts, texts};
use super::shop::{CUSTOMERS, DRAFTS, ORDERS, PAYMENTS, order, orders, paid};
use super::systems::{Fault, Tables};
use crate::plan::Plan;
use crate::plan::connector::Reading;
use crate::run::report::Report;
use crate::run::{Options, Silent, run};
use crate::store::journal::Phase;
use crate::store::memory::MemoryStore;
use crate::store::{End, RecordKey, Store};

const SETTLE: Duration = Duration::from_secs(300);

/// The shop, with a settle of five minutes.
fn shop() -> Plan {
    let mut plan = orders();
    for system in &mut plan.systems {
        Arc::make_mut(&mut system.connector).settle_s = SETTLE.as_secs();
    }
    plan
}

fn one_order(plan: &Plan) -> Tables<'_> {
    let tables = Tables::new(plan);
    tables.give(ORDERS, vec![order("1", Some("A1"), "a@b.se", "paid", "")]);
    tables
}

fn store() -> Mutex<MemoryStore> {
    Mutex::new(MemoryStore::default())
}

fn go(tables: &Tables<'_>, plan: &Plan, store: &Mutex<MemoryStore>) -> Report {
    carry(tables, plan, store, &Options::default()).0
}

/// A run an hour later.
fn go_later(tables: &Tables<'_>, plan: &Plan, store: &Mutex<MemoryStore>) -> Report {
    let options = Options {
        now: Timestamp::now()
            .checked_add(SignedDuration::from_hours(1))
            .ok(),
        ..Options::default()
    };
    carry(tables, plan, store, &options).0
}

fn waited(report: &Report) -> u64 {
    report.took.as_secs() / SETTLE.as_secs()
}

/// Runs until nothing moves for so long, then dies: the run is dropped where it stands.
fn dies(tables: &Tables<'_>, plan: &Plan, store: &Mutex<MemoryStore>, after: Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let options = Options::default();
    let died = runtime.block_on(async {
        let run = run(plan, tables, store, &options, &Silent);
        tokio::time::timeout(after, run).await
    });
    assert!(died.is_err(), "it was to die");
}

fn phases(store: &Mutex<MemoryStore>, key: &str) -> Vec<(String, Phase)> {
    let record = RecordKey {
        flow: "orders".to_owned(),
        key: key.to_owned(),
    };
    let entries = store.lock().unwrap().entries(&record).unwrap();
    entries
        .into_iter()
        .map(|entry| (entry.intent.step, entry.phase))
        .collect()
}

#[test]
fn a_lost_answer_is_looked_up_once_nothing_can_come_any_more() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::Lost);
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(waited(&report), 1);
    assert_eq!(texts(&tables.records(CUSTOMERS)), ["id1 a@b.se paid"]);
    assert_eq!(texts(&tables.records(DRAFTS)), ["id1 A1 id1 "]);
    assert_eq!(
        phases(&store, "1"),
        [
            ("buyer".to_owned(), Phase::Confirmed),
            ("draft".to_owned(), Phase::Confirmed)
        ]
    );
}

#[test]
fn a_write_that_had_no_effect_is_sent_again() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::Silent);
    tables.fault(Fault::Silent);
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(waited(&report), 2);
    assert_eq!(tables.records(CUSTOMERS).len(), 1);
    assert_eq!(tables.records(DRAFTS).len(), 1);
}

#[test]
fn after_three_attempts_a_person_looks_and_nothing_is_sent_by_itself() {
    let plan = shop();
    let tables = one_order(&plan);
    for _ in 0..3 {
        tables.fault(Fault::Silent);
    }
    let store = store();
    let report = go(&tables, &plan, &store);
    let failure = &report.flows[0].failures[0];
    assert_eq!(failure.code, "F0809");
    insta::assert_snapshot!(failure.message, @"Nobody knows whether buyer of books.customers was written: no answer came");
    assert!(tables.records(DRAFTS).is_empty(), "nothing follows");
    assert_eq!(phases(&store, "1")[0].1, Phase::Settled);

    tables.log();
    let report = go(&tables, &plan, &store);
    insta::assert_snapshot!(report.flows[0].failures[0].message, @"buyer of books.customers was sent 3 times without an answer, and is not found.");
    let log = tables.log();
    assert!(
        !log.iter().any(|line| line.starts_with("create")),
        "{log:?}"
    );

    // It turns up after all: the run goes on with it.
    let late = ["late1", "a@b.se", "paid"].map(|text| Value::Text(text.into()));
    tables.give(CUSTOMERS, vec![Value::Record(late.into())]);
    let report = go_later(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(texts(&tables.records(DRAFTS)), ["id1 A1 late1 "]);
}

#[test]
fn a_late_effect_is_waited_for() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::Late(SETTLE - Duration::from_secs(1)));
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(texts(&tables.records(DRAFTS)), ["late1 A1 id1 "]);
}

#[test]
fn what_comes_later_than_promised_is_told_by_the_second_look() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::Late(SETTLE + Duration::from_secs(60)));
    tables.fault(Fault::Late(Duration::from_secs(1)));
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert!(report.findings.is_empty());
    let report = go(&tables, &plan, &store);
    assert!(report.findings.is_empty(), "its time has not come");

    let twin = ["late9", "A1", "id1", ""].map(|text| Value::Text(text.into()));
    let drafts = tables.records(DRAFTS);
    tables.give(DRAFTS, [drafts, vec![Value::Record(twin.into())]].concat());
    let at = |minutes: i64| Options {
        now: Some(Timestamp::now() + SignedDuration::from_mins(minutes)),
        ..Options::default()
    };
    let (report, _) = carry(&tables, &plan, &store, &at(11));
    insta::assert_snapshot!(report.findings[0].message, @"books.drafts has 2 records of this draft: late1, late9.");
    let (report, _) = carry(&tables, &plan, &store, &at(12));
    assert!(report.findings.is_empty(), "told once a look");
    let (report, _) = carry(&tables, &plan, &store, &at(61));
    assert_eq!(report.findings.len(), 1);
    tables.give(DRAFTS, Vec::new());
    let (report, _) = carry(&tables, &plan, &store, &at(25 * 60));
    insta::assert_snapshot!(report.findings[0].message, @"draft was in books.drafts and is not found there any more.");
    let (report, _) = carry(&tables, &plan, &store, &at(49 * 60));
    assert!(report.findings.is_empty(), "three looks are all");
}

#[test]
fn what_stands_in_the_place_of_ours_is_told_by_the_second_look() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::Silent);
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    // A person deletes the draft of the second attempt; that of the first comes later than promised.
    let late = ["late9", "A1", "id1", ""].map(|text| Value::Text(text.into()));
    tables.give(DRAFTS, vec![Value::Record(late.into())]);
    let report = go_later(&tables, &plan, &store);
    insta::assert_snapshot!(report.findings[0].message, @"draft id1 was in books.drafts and is not found there any more; late9 is there with the same key.");
}

#[test]
fn of_twins_the_first_is_ours_and_the_other_is_told() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::Twin);
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    insta::assert_snapshot!(report.findings[0].message, @"books.drafts has 2 records of this draft: id1, id2.");
    let record = RecordKey {
        flow: "orders".to_owned(),
        key: "1".to_owned(),
    };
    let links = store.lock().unwrap().links(&record).unwrap();
    assert!(
        links
            .iter()
            .any(|link| link.step == "draft" && link.target == Value::Text("id1".into()))
    );
}

#[test]
fn the_others_go_on_while_one_settles() {
    let plan = shop();
    let tables = Tables::new(&plan);
    let number = |n: usize| format!("A{n}");
    let mail = |n: usize| format!("{n}@b.se");
    let all = (1..=40).map(|n| order(&n.to_string(), Some(&number(n)), &mail(n), "paid", ""));
    tables.give(ORDERS, all.collect());
    for _ in 0..20 {
        tables.fault(Fault::Lost);
    }
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 40);
    assert_eq!(
        waited(&report),
        1,
        "all of them settle at the same time, whatever their number"
    );
    assert_eq!(tables.records(CUSTOMERS).len(), 40);
    assert_eq!(tables.records(DRAFTS).len(), 40);
}

#[test]
fn who_wants_the_same_key_waits_for_the_outcome() {
    let plan = shop();
    let tables = Tables::new(&plan);
    tables.give(
        ORDERS,
        vec![
            order("1", Some("A1"), "a@b.se", "paid", ""),
            order("2", Some("A2"), "a@b.se", "paid", ""),
        ],
    );
    tables.fault(Fault::Late(SETTLE - Duration::from_secs(1)));
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 2);
    assert_eq!(tables.records(CUSTOMERS).len(), 1);
    assert_eq!(tables.records(DRAFTS).len(), 2);
}

#[test]
fn an_update_waits_until_the_one_before_it_cannot_come_any_more() {
    let mut plan = shop();
    // `where` lets every status through: it becomes the customer's name.
    plan.flows[0].acts.remove(0);
    plan.flows[0].rounds[0].last -= 1;
    plan.flows[0].rounds[1].first -= 1;
    plan.flows[0].rounds[1].last -= 1;
    let tables = Tables::new(&plan);
    let customer = ["id9", "a@b.se", "zero"].map(|text| Value::Text(text.into()));
    tables.give(CUSTOMERS, vec![Value::Record(customer.into())]);
    tables.give(
        ORDERS,
        vec![
            order("1", Some("A1"), "a@b.se", "one", ""),
            order("2", Some("A2"), "a@b.se", "two", ""),
        ],
    );
    tables.fault(Fault::Late(SETTLE - Duration::from_secs(1)));
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 2);
    assert_eq!(texts(&tables.records(CUSTOMERS)), ["id9 a@b.se two"]);
}

#[test]
fn many_who_wait_for_one_record_leave_its_writer_its_place() {
    let mut plan = shop();
    plan.flows[0].acts.remove(0);
    plan.flows[0].rounds[0].last -= 1;
    plan.flows[0].rounds[1].first -= 1;
    plan.flows[0].rounds[1].last -= 1;
    let tables = Tables::new(&plan);
    let customer = ["id9", "a@b.se", "zero"].map(|text| Value::Text(text.into()));
    tables.give(CUSTOMERS, vec![Value::Record(customer.into())]);
    let all = (1..=40).map(|n| {
        let n = n.to_string();
        order(&n, Some(&n), "a@b.se", &format!("status {n}"), "")
    });
    tables.give(ORDERS, all.collect());
    tables.fault(Fault::Lost);
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 40, "{}", counts(&report));
    assert_eq!(waited(&report), 1);
}

#[test]
fn a_run_that_must_stop_does_not_wait_for_what_settles() {
    let plan = shop();
    let tables = Tables::new(&plan);
    tables.give(
        ORDERS,
        vec![
            order("1", Some("A1"), "a@b.se", "paid", ""),
            order("2", Some("A2"), "c@d.se", "paid", ""),
        ],
    );
    tables.fault(Fault::Lost);
    tables.fault(Fault::Unsent);
    let store = store();
    let report = go(&tables, &plan, &store);
    assert!(report.stopped.is_some());
    assert_eq!(waited(&report), 0);
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 2);
    assert_eq!(waited(&report), 1);
    assert_eq!(tables.records(CUSTOMERS).len(), 2);
}

#[test]
fn what_a_dead_run_released_is_looked_up_before_it_is_sent_again() {
    for (fault, drafts) in [(Fault::Hangs, "id1"), (Fault::HangsBefore, "id1")] {
        let plan = shop();
        let tables = one_order(&plan);
        tables.fault(Fault::None);
        tables.fault(fault);
        let store = store();
        dies(&tables, &plan, &store, Duration::from_secs(20));
        assert_eq!(phases(&store, "1")[1].1, Phase::Released);
        let report = go(&tables, &plan, &store);
        assert_eq!(report.flows[0].done, 1, "{:?}", report.flows[0]);
        assert_eq!(waited(&report), 1);
        assert_eq!(
            texts(&tables.records(DRAFTS)),
            [format!("{drafts} A1 id1 ")]
        );
    }
}

#[test]
fn what_a_dead_run_released_is_found_by_the_key_that_it_left_with() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::Hangs);
    let store = store();
    dies(&tables, &plan, &store, Duration::from_secs(20));
    // The order's number is another one by now.
    tables.give(ORDERS, vec![order("1", Some("B7"), "a@b.se", "paid", "")]);
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(texts(&tables.records(DRAFTS)), ["id1 A1 id1 "]);
}

#[test]
fn others_go_on_while_what_a_dead_run_left_settles() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::Hangs);
    let store = store();
    dies(&tables, &plan, &store, Duration::from_secs(20));
    tables.give(
        ORDERS,
        vec![
            order("1", Some("A1"), "a@b.se", "paid", ""),
            order("2", Some("A2"), "c@d.se", "paid", ""),
            order("3", Some("A3"), "a@b.se", "paid", ""),
        ],
    );
    dies(&tables, &plan, &store, SETTLE - Duration::from_secs(1));
    let made = texts(&tables.records(DRAFTS));
    assert_eq!(
        made.len(),
        1,
        "the third waits for the first one's customer: {made:?}"
    );
    assert!(made[0].contains("A2"));
    let report = go(&tables, &plan, &store);
    assert_eq!(tables.records(DRAFTS).len(), 3, "{}", counts(&report));
    assert_eq!(tables.records(CUSTOMERS).len(), 2);
}

#[test]
fn a_refusal_is_known_and_costs_no_settling() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::Refused);
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].failures[0].message, "books say no");
    assert_eq!(waited(&report), 0);
    assert_eq!(phases(&store, "1"), [("buyer".to_owned(), Phase::Refused)]);
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(waited(&report), 0);
}

#[test]
fn what_never_left_costs_no_settling() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::Unsent);
    let store = store();
    let report = go(&tables, &plan, &store);
    assert!(report.stopped.is_some());
    assert_eq!(phases(&store, "1")[0].1, Phase::Unsent);
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(waited(&report), 0);
}

#[test]
fn what_a_busy_system_turned_away_is_released_anew_and_counts_as_no_attempt() {
    let plan = shop();
    let store = store();
    let seen = Mutex::new(Vec::new());
    let mut tables = one_order(&plan);
    tables.witness(|| {
        let phase = |(step, phase): (String, Phase)| format!("{step} {}", phase.word());
        let phases = phases(&store, "1").into_iter().map(phase);
        seen.lock()
            .unwrap()
            .push(phases.collect::<Vec<_>>().join(", "));
    });
    for _ in 0..4 {
        tables.fault(Fault::Busy(Duration::from_secs(20)));
    }
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert_eq!(report.took.as_secs(), 80, "nothing settles");
    assert_eq!(tables.records(CUSTOMERS).len(), 1);
    let released = "buyer released, draft planned";
    let last = "buyer confirmed, draft released";
    assert_eq!(
        *seen.lock().unwrap(),
        [released, released, released, released, released, last],
    );
}

#[test]
fn patience_with_a_busy_system_ends_and_nothing_is_in_doubt() {
    let plan = shop();
    let tables = one_order(&plan);
    for _ in 0..3 {
        tables.fault(Fault::Busy(Duration::from_secs(120)));
    }
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.stopped.unwrap().message, "books are busy");
    assert_eq!(phases(&store, "1")[0].1, Phase::Unsent);
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(waited(&report), 0);
}

#[test]
fn an_empty_answer_is_found_by_its_key() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::Empty);
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(waited(&report), 0);
    assert_eq!(tables.records(DRAFTS).len(), 1);
}

#[test]
fn what_was_accepted_is_never_sent_again() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::Hidden);
    let store = store();
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].failures[0].code, "F0809");
    assert_eq!(phases(&store, "1")[1].1, Phase::Accepted);
    let report = go(&tables, &plan, &store);
    assert!(tables.records(DRAFTS).is_empty(), "{}", counts(&report));
    let draft = ["id5", "A1", "id1", ""].map(|text| Value::Text(text.into()));
    tables.give(DRAFTS, vec![Value::Record(draft.into())]);
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert_eq!(tables.records(DRAFTS).len(), 1);
}

#[test]
fn a_key_that_nothing_finds_by_is_there_when_the_system_says_that_it_is_taken() {
    let mut plan = shop();
    plan.resources[DRAFTS as usize].finds[0].how.clear();
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::Lost);
    let ours = ["id1", "A1", "id1", ""].map(|text| Value::Text(text.into()));
    tables.fault(Fault::Taken(Value::Record(ours.into())));
    let store = store();
    let (report, told) = carry(&tables, &plan, &store, &Options::default());
    assert_eq!(report.flows[0].done, 1, "{:?}", report.flows[0].failures);
    assert_eq!(waited(&report), 1);
    assert!(
        told.contains("draft is in books.drafts already: Ref is used there"),
        "{told}"
    );
    assert_eq!(phases(&store, "1")[1].1, Phase::Confirmed);
    let later = Options {
        now: Some(Timestamp::now() + SignedDuration::from_hours(1)),
        ..Options::default()
    };
    let (report, _) = carry(&tables, &plan, &store, &later);
    assert!(report.findings.is_empty(), "nothing would find it");
}

/// The shop whose drafts are paid, and what its payments came to: on the run with the fault, on the next one, payments that were made.
fn payment(fault: Fault, is_killed: bool) -> (String, String, usize) {
    let mut plan = paid();
    for system in &mut plan.systems {
        Arc::make_mut(&mut system.connector).settle_s = SETTLE.as_secs();
    }
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::None);
    tables.fault(fault);
    let store = store();
    let first = match is_killed {
        true => {
            dies(&tables, &plan, &store, Duration::from_secs(20));
            "killed".to_owned()
        }
        false => told(&go(&tables, &plan, &store)),
    };
    let next = told(&go(&tables, &plan, &store));
    (first, next, tables.records(PAYMENTS).len())
}

fn told(report: &Report) -> String {
    match report.flows[0].failures.first() {
        Some(failure) => failure.code.clone(),
        None => format!("done {}", report.flows[0].done),
    }
}

#[test]
fn what_only_its_parent_tells_of_is_looked_for_there_and_sent_once() {
    let told = |fault, is_killed| {
        let (first, next, made) = payment(fault, is_killed);
        format!("{first}, {next}, {made} made")
    };
    assert_eq!(told(Fault::None, false), "done 1, done 0, 1 made");
    assert_eq!(told(Fault::Lost, false), "done 1, done 0, 1 made");
    // A parent may tell of it late, or not of a part of it: sent again, it would be there twice.
    assert_eq!(told(Fault::Silent, false), "F0809, F0809, 0 made");
    assert_eq!(told(Fault::Hangs, true), "killed, done 1, 1 made");
    assert_eq!(told(Fault::HangsBefore, true), "killed, F0809, 0 made");
    assert_eq!(told(Fault::Partly, false), "F0809, F0809, 1 made");
}

#[test]
fn a_store_that_was_deleted_beside_its_lock_settles_once_before_its_first_write() {
    use crate::store::sqlite::SqliteStore;
    let plan = shop();
    let folder = tempfile::tempdir().unwrap();
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::Late(SETTLE - Duration::from_secs(1)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let options = Options::default();
    runtime.block_on(async {
        // Killed while the draft's answer is waited for; then somebody deletes the store.
        let store = Mutex::new(SqliteStore::open(folder.path()).unwrap());
        let first = run(&plan, &tables, &store, &options, &Silent);
        tokio::time::timeout(Duration::from_secs(10), first)
            .await
            .unwrap_err();
        drop(store);
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            if path.file_name().unwrap() != "lock" {
                std::fs::remove_file(path).unwrap();
            }
        }
        let store = Mutex::new(SqliteStore::open(folder.path()).unwrap());
        assert!(store.lock().unwrap().cautious());
        let report = run(&plan, &tables, &store, &options, &Silent).await;
        assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
        assert_eq!(waited(&report), 1);
    });
    assert_eq!(texts(&tables.records(DRAFTS)), ["late1 A1 id1 "]);
    let store = Mutex::new(SqliteStore::open(folder.path()).unwrap());
    assert!(!store.lock().unwrap().cautious());
}

#[test]
fn a_flow_waits_for_another_ones_change_of_the_same_record_after_a_crash() {
    let mut plan = shop();
    // `where` lets every status through: it becomes the customer's name. A second flow writes the number there.
    plan.flows[0].acts.remove(0);
    plan.flows[0].rounds[0].last -= 1;
    plan.flows[0].rounds[1].first -= 1;
    plan.flows[0].rounds[1].last -= 1;
    let mut second = plan.flows[0].clone();
    second.name = "numbers".to_owned();
    second.steps[0].body[1].value = second.steps[1].body[0].value;
    plan.flows.push(second);
    let tables = Tables::new(&plan);
    let customer = ["id9", "a@b.se", "zero"].map(|text| Value::Text(text.into()));
    tables.give(CUSTOMERS, vec![Value::Record(customer.into())]);
    tables.give(ORDERS, vec![order("1", Some("A1"), "a@b.se", "one", "")]);
    tables.fault(Fault::Late(SETTLE - Duration::from_secs(20)));
    let store = store();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let options = Options::default();
        let first = run(&plan, &tables, &store, &options, &Silent);
        tokio::time::timeout(Duration::from_secs(10), first)
            .await
            .unwrap_err();
        assert!(phases(&store, "1")[0].1.is_open());
        let options = Options {
            flows: vec!["numbers".to_owned()],
            ..Options::default()
        };
        let report = run(&plan, &tables, &store, &options, &Silent).await;
        assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
        tokio::time::sleep(SETTLE).await;
    });
    assert_eq!(texts(&tables.records(CUSTOMERS)), ["id9 a@b.se A1"]);
}

#[test]
fn a_run_that_is_asked_to_stop_leaves_what_settles_to_the_next_one() {
    let plan = shop();
    let tables = one_order(&plan);
    tables.fault(Fault::None);
    tables.fault(Fault::Lost);
    let store = store();
    let options = Options::default();
    let stop = options.stop.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let report = runtime.block_on(async {
        let asked = async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            stop.raise();
        };
        let (report, ()) = tokio::join!(run(&plan, &tables, &store, &options, &Silent), asked);
        report
    });
    assert_eq!(
        report.stopped.as_ref().map(|trouble| trouble.code),
        Some("F0821")
    );
    assert!(report.took < Duration::from_secs(70), "{:?}", report.took);
    assert_eq!(phases(&store, "1")[1].1, Phase::Unknown);
    assert_eq!(
        store.lock().unwrap().cursor("orders"),
        Ok(None),
        "the cursor stays"
    );
    let report = go(&tables, &plan, &store);
    assert_eq!(report.flows[0].done, 1);
    assert_eq!(tables.records(DRAFTS).len(), 1);
}

#[test]
fn a_failed_record_counts_its_tries() {
    let plan = shop();
    let tables = one_order(&plan);
    let store = store();
    for tries in 1..=2 {
        tables.fault(Fault::Refused);
        go(&tables, &plan, &store);
        let states = store.lock().unwrap().states("orders", &["1".to_owned()]);
        let state = states.unwrap()[0].clone().unwrap();
        assert_eq!((state.end, state.tries), (End::Failed, tries));
    }
}

#[test]
fn a_store_that_was_moved_settles_once_before_its_first_write() {
    use crate::store::sqlite::SqliteStore;
    let plan = shop();
    let first = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(first.path()).unwrap());
    let second = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(first.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), second.path().join(file.file_name())).unwrap();
    }
    let tables = one_order(&plan);
    for settled in [1, 0] {
        let store = Mutex::new(SqliteStore::open(second.path()).unwrap());
        let (report, _) = carry(&tables, &plan, &store, &Options::default());
        assert_eq!(waited(&report), settled);
    }
    assert_eq!(tables.records(DRAFTS).len(), 1);
}

/// Orders are read by the time of their last change.
fn by_change() -> Plan {
    let mut plan = shop();
    let orders = &mut plan.resources[ORDERS as usize];
    let shape = Arc::make_mut(&mut orders.shape);
    let mut changed = shape.fields[0].clone();
    changed.name = "changed".into();
    shape.fields.push(changed);
    orders.reading = Reading::Changed {
        field: 5,
        by_order: false,
    };
    plan
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
    let plan = by_change();
    let tables = Tables::new(&plan);
    let first = changed_at(
        order("1", Some("A1"), "a@b.se", "paid", ""),
        "2026-03-01T09:00:00Z",
    );
    tables.give(ORDERS, vec![first.clone()]);
    let store = store();
    let go = |now: &str| {
        let options = Options {
            now: now.parse().ok(),
            ..Options::default()
        };
        let report = carry(&tables, &plan, &store, &options).0;
        let flow = &report.flows[0];
        (flow.read, flow.done, flow.unchanged, flow.compared.clone())
    };
    assert_eq!(go("2026-03-01T12:00:00Z"), (1, 1, 0, None));

    // shown ten days late: behind the cursor and its overlap
    let late = changed_at(
        order("2", Some("A2"), "a@b.se", "paid", ""),
        "2026-02-20T09:00:00Z",
    );
    tables.give(ORDERS, vec![first, late]);
    assert_eq!(go("2026-03-02T12:00:00Z").0, 0);
    assert_eq!(go("2026-03-08T11:59:59Z").0, 0);
    tables.log();
    let (read, done, unchanged, compared) = go("2026-03-08T12:00:00Z");
    assert_eq!((read, done, unchanged), (2, 1, 1));
    insta::assert_snapshot!(compared.unwrap(), @"All of till.orders was read and compared, as once a week; the last time was on 2026-03-01.");
    assert_eq!(tables.records(DRAFTS).len(), 2);

    assert_eq!(go("2026-03-09T12:00:00Z").3, None, "the week begins anew");
    assert!(go("2026-03-16T12:00:00Z").3.is_some());
    let log = tables.log();
    let asked = log.iter().skip_while(|line| !line.starts_with("create"));
    let last = asked.filter(|line| line.starts_with("page") || line.starts_with("find"));
    assert!(
        last.count() < 10,
        "what is unchanged costs no look-up: {log:?}"
    );
}

#[test]
fn a_part_of_a_run_is_no_comparison() {
    let plan = by_change();
    let tables = Tables::new(&plan);
    tables.give(
        ORDERS,
        vec![changed_at(
            order("1", Some("A1"), "a@b.se", "paid", ""),
            "2026-03-01T09:00:00Z",
        )],
    );
    let store = store();
    go(&tables, &plan, &store);
    let began = store.lock().unwrap().compared("orders").unwrap();
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
        let options = Options {
            now: later,
            ..options
        };
        carry(&tables, &plan, &store, &options);
        assert_eq!(store.lock().unwrap().compared("orders").unwrap(), began);
    }
}
