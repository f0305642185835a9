//! What people ask of records, and what they say of them.

use super::super::kept::{Cause, Filter, Kept};
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// A record that ended on the day `day` of March.
fn ended(end: End, day: u32) -> State {
    State {
        end,
        seen: Some(at("2026-03-01T00:00:00Z")),
        ended: Some(at(&format!("2026-03-{day:02}T09:00:00Z"))),
        ..State::default()
    }
}

fn failed(code: &str, field: &str, message: &str, day: u32) -> State {
    State {
        reason: Some(Reason {
            code: Some(code.to_owned()),
            message: message.to_owned(),
            field: Some(field.to_owned()),
            at: Some("documents.flow:29".to_owned()),
        }),
        tries: 2,
        fixed: true,
        next_try: Some(at("2026-04-01T00:00:00Z")),
        plan: u64::MAX,
        ..ended(End::Failed, day)
    }
}

/// Orders and customers that ended in all ways.
fn fill(store: &mut dyn Records) {
    let orders = [
        ending("1", ended(End::Done, 1)),
        Ending {
            source: Some(r#"{"id":2}"#.to_owned()),
            ..ending(
                "2",
                failed(
                    "F0800",
                    "lines[1].article",
                    "article A is not in the books",
                    3,
                ),
            )
        },
        ending(
            "3",
            failed(
                "F0800",
                "lines[12].article",
                "article B is not in the books",
                2,
            ),
        ),
        ending(
            "4",
            failed("F0806", "Name", "The value for Name is too long.", 2),
        ),
        ending("5", waiting("not paid", "2026-03-01T09:00:00Z")),
        ending(
            "6",
            State {
                title: Some("1062".to_owned()),
                ..ended(End::Skipped, 5)
            },
        ),
    ];
    store.end("orders", &orders).expect("stored");
    let customers = [
        ending("1062", ended(End::Done, 4)),
        ending(
            "2",
            failed(
                "F0800",
                "lines[1].article",
                "article A is not in the books",
                9,
            ),
        ),
    ];
    store.end("customers", &customers).expect("stored");
}

fn names(records: &[Kept]) -> Vec<String> {
    let name = |kept: &Kept| {
        let RecordKey { flow, key } = &kept.record;
        format!("{} {flow} {key}", kept.state.end.word())
    };
    records.iter().map(name).collect()
}

fn listed(store: &dyn Records, filter: &Filter) -> Vec<String> {
    names(&store.records(filter, None, 100).expect("read"))
}

#[test]
fn records_are_listed_by_flow_end_time_and_code() {
    both(|store| {
        fill(store);
        let all = [
            "failed customers 2",
            "failed orders 3",
            "failed orders 4",
            "failed orders 2",
            "waiting orders 5",
            "skipped orders 6",
            "done customers 1062",
            "done orders 1",
        ];
        assert_eq!(listed(store, &Filter::default()), all);
        let of = |change: fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            listed(store, &filter)
        };
        assert_eq!(
            of(|filter| filter.flow = Some("customers".to_owned())),
            [all[0], all[6]]
        );
        assert_eq!(
            of(|filter| filter.ends = vec![End::Done, End::Waiting]),
            [all[4], all[6], all[7]]
        );
        assert_eq!(
            of(|filter| filter.since = Some(at("2026-03-03T09:00:00Z"))),
            [all[0], all[3], all[5], all[6]]
        );
        assert_eq!(
            of(|filter| filter.code = Some("F0806".to_owned())),
            [all[2]]
        );
    });
}

#[test]
fn a_listing_is_gone_on_with_behind_the_last_one_told() {
    both(|store| {
        fill(store);
        let filter = Filter::default();
        let all = listed(store, &filter);
        let mut paged = Vec::new();
        let mut last: Option<Kept> = None;
        loop {
            let page = store.records(&filter, last.as_ref(), 3).expect("read");
            assert!(page.len() <= 3);
            let Some(end) = page.last().cloned() else {
                break;
            };
            paged.extend(names(&page));
            last = Some(end);
        }
        assert_eq!(paged, all);
    });
}

#[test]
fn records_of_one_cause_are_counted_together_whatever_their_values() {
    both(|store| {
        fill(store);
        let orders = Filter {
            flow: Some("orders".to_owned()),
            ends: vec![End::Failed],
            ..Filter::default()
        };
        let causes = store.causes(&orders).expect("read");
        let told: Vec<(u64, Vec<String>)> = causes
            .iter()
            .map(|cause| (cause.count, names(&cause.examples)))
            .collect();
        assert_eq!(
            told,
            [
                (
                    2,
                    vec!["failed orders 2".to_owned(), "failed orders 3".to_owned()]
                ),
                (1, vec!["failed orders 4".to_owned()]),
            ]
        );
        let all = store.causes(&Filter::default()).expect("read");
        let flows: Vec<&str> = all.iter().map(|cause| cause.flow.as_str()).collect();
        assert_eq!(flows, ["orders", "customers", "orders", "orders"]);
        let late = Filter {
            since: Some(at("2026-03-03T00:00:00Z")),
            ..orders
        };
        assert_eq!(store.causes(&late).expect("read")[0].count, 1);
    });
}

#[test]
fn records_that_are_begun_have_one_cause_whoever_says_it() {
    both(|store| {
        confirm(store, "draft", "d-1");
        let begun = [ending("8", ended(End::Waiting, 1).begun())];
        store.end("orders", &begun).expect("stored");
        let waiting = Filter {
            ends: vec![End::Waiting],
            ..Filter::default()
        };
        let causes = store.causes(&waiting).expect("read");
        let counts: Vec<u64> = causes.iter().map(|cause| cause.count).collect();
        assert_eq!(counts, [2]);
    });
}

#[test]
fn a_cause_has_a_few_examples() {
    both(|store| {
        let many: Vec<Ending> = (1..=9)
            .map(|n| ending(&n.to_string(), failed("F0800", "x", "no", n)))
            .collect();
        store.end("orders", &many).expect("stored");
        let causes = store.causes(&Filter::default()).expect("read");
        assert_eq!(causes.len(), 1);
        assert_eq!(causes[0].count, 9);
        assert_eq!(causes[0].examples.len(), Cause::EXAMPLES);
        assert_eq!(names(&causes[0].examples)[0], "failed orders 9");
    });
}

#[test]
fn records_are_found_by_key_and_by_title() {
    both(|store| {
        fill(store);
        let found = store.named("1062").expect("read");
        assert_eq!(names(&found), ["done customers 1062", "skipped orders 6"]);
        assert_eq!(
            names(&store.named("2").expect("read")),
            ["failed customers 2", "failed orders 2"]
        );
        assert_eq!(store.named("never seen"), Ok(vec![]));
    });
}

#[test]
fn what_was_read_of_a_record_is_kept_until_it_is_carried_over() {
    both(|store| {
        fill(store);
        assert_eq!(
            store.source(&order("2")),
            Ok(Some(r#"{"id":2}"#.to_owned()))
        );
        assert_eq!(store.source(&order("3")), Ok(None));
        let again = failed("F0800", "x", "no", 4);
        store.end("orders", &[ending("2", again)]).expect("stored");
        assert!(
            store.source(&order("2")).expect("read").is_some(),
            "left as it was"
        );
        store
            .end("orders", &[ending("2", ended(End::Done, 5))])
            .expect("stored");
        assert_eq!(store.source(&order("2")), Ok(None));
    });
}

#[test]
fn what_was_read_and_changed_is_erased_with_the_payloads() {
    both(|store| {
        fill(store);
        releases(store, release("draft", 1, None));
        ends(store, "draft", Phase::Confirmed, None);
        assert_eq!(only(store).change.as_deref(), Some("{}"), "it is history");
        store
            .drop_payloads(at("2026-03-02T00:00:00Z"))
            .expect("stored");
        assert_eq!(only(store).change, None);
        assert!(
            store.source(&order("2")).expect("read").is_some(),
            "it is young"
        );
        store
            .drop_payloads(at("2026-03-04T00:00:00Z"))
            .expect("stored");
        assert_eq!(store.source(&order("2")), Ok(None));
    });
}

fn state(store: &dyn Records, key: &str) -> State {
    let mut states = store.states("orders", &[key.to_owned()]).expect("read");
    states.remove(0).expect("known")
}

#[test]
fn a_record_to_be_tried_again_begins_anew_and_remembers_its_attempts() {
    both(|store| {
        fill(store);
        let seven = failed("F0809", "x", "nobody knows", 1);
        store.end("orders", &[ending("7", seven)]).expect("stored");
        for hash in [5, 6, 7] {
            releases(store, release("draft", hash, None));
            ends(store, "draft", Phase::Settled, None);
        }
        let all = [order("7"), order("1"), order("5"), order("unknown")];
        store.try_again(&all).expect("stored");
        let now = state(store, "7");
        assert_eq!(
            (now.end, now.tries, now.fixed, now.next_try),
            (End::Failed, 0, false, None)
        );
        assert_eq!(now.reason.expect("kept").message, "nobody knows");
        assert_eq!(only(store).attempts, [5, 6, 7]);
        assert_eq!(only(store).renewed, 3);
        releases(store, release("draft", 8, None));
        assert_eq!((only(store).attempts.len(), only(store).renewed), (4, 3));
        assert_eq!(state(store, "1").end, End::Done);
        assert_eq!(
            state(store, "5"),
            waiting("not paid", "2026-03-01T09:00:00Z")
        );
    });
}

#[test]
fn what_comes_to_be_known_of_a_write_ends_the_pause_of_its_record() {
    both(|store| {
        let seven = failed("F0809", "x", "nobody knows", 1);
        store.end("orders", &[ending("7", seven)]).expect("stored");
        confirm(store, "draft", "D1");
        let now = state(store, "7");
        assert_eq!(
            (now.end, now.next_try, now.fixed),
            (End::Failed, None, false)
        );
    });
}

#[test]
fn a_store_of_an_earlier_version_is_brought_to_this_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.sqlite");
    let mut old = rusqlite::Connection::open(&file).expect("opened");
    rusqlite_migration::Migrations::from_slice(&super::super::schema::SCHEMA[..3])
        .to_latest(&mut old)
        .expect("as it was");
    old.execute_batch(
        "INSERT INTO store (id) VALUES ('old');
         INSERT INTO record (flow, key, end, hash, code, message, field, at, passed, tries)
            VALUES ('orders', '7', 'failed', 5, 'F0800', 'no article', 'lines[1].article', 'orders.flow:7', 0, 3),
                   ('orders', '8', 'done', 5, NULL, NULL, NULL, NULL, 1, 0);",
    )
    .expect("stored");
    drop(old);
    // Whoever only reads brings it to this version too.
    let store = SqliteStore::open_to_read(folder.path())
        .expect("read")
        .expect("there");
    assert_eq!(store.id(), "old");
    assert_eq!(
        listed(&store, &Filter::default()),
        ["failed orders 7", "done orders 8"]
    );
    let causes = store.causes(&Filter::default()).expect("read");
    assert_eq!(causes.len(), 1);
    let seven = &causes[0].examples[0].state;
    assert_eq!(
        (seven.tries, seven.next_try, seven.fixed),
        (3, None, false),
        "it is due"
    );
}

#[test]
fn a_store_of_a_later_version_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(SqliteStore::open(folder.path()).expect("a store"));
    let file = folder.path().join("store.sqlite");
    let connection = rusqlite::Connection::open(&file).expect("a file");
    connection
        .pragma_update(None, "user_version", 99)
        .expect("written");
    drop(connection);
    let said = |why: StoreError| why.0.replace(&folder.path().display().to_string(), "DIR");
    let refused =
        "The store DIR/store.sqlite cannot be read: a newer Flowbook made it; use that one.";
    let read = SqliteStore::open_to_read(folder.path());
    assert_eq!(said(read.expect_err("refused")), refused);
    let opened = SqliteStore::open(folder.path());
    assert_eq!(said(opened.expect_err("refused")), refused);
}

#[test]
fn a_skipped_record_that_is_wanted_again_waits_for_the_next_run() {
    both(|store| {
        fill(store);
        store.try_again(&[order("6")]).expect("stored");
        assert_eq!(state(store, "6").end, End::Waiting);
        let keys: Vec<String> = store
            .unfinished("orders", None, 100)
            .expect("read")
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        assert_eq!(keys, ["2", "3", "4", "5", "6"]);
    });
}

#[test]
fn a_dismissed_record_is_out_of_the_way_until_it_is_tried_again() {
    both(|store| {
        fill(store);
        let when = at("2026-03-08T12:00:00Z");
        for key in ["2", "5"] {
            store
                .dismiss(&order(key), "booked by hand", when)
                .expect("stored");
        }
        let dismissed = state(store, "2");
        assert_eq!(dismissed.end, End::Dismissed);
        assert_eq!(dismissed.dismissed.as_deref(), Some("booked by hand"));
        assert_eq!(dismissed.ended, Some(when));
        let why = dismissed.reason.expect("kept");
        assert_eq!(why.message, "article A is not in the books");
        let open = store.unfinished("orders", None, 100).expect("read");
        assert_eq!(open.len(), 2, "{open:?}");
        store.try_again(&[order("2"), order("5")]).expect("stored");
        assert_eq!(state(store, "2").end, End::Failed);
        assert_eq!(state(store, "5").end, End::Waiting);
        assert_eq!(state(store, "5").dismissed, None);
        assert_eq!(
            store.unfinished("orders", None, 100).expect("read").len(),
            4
        );
    });
}

#[test]
fn a_store_is_read_while_another_process_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(
        SqliteStore::open_to_read(folder.path())
            .expect("read")
            .is_none()
    );
    assert!(
        !folder.path().join("store.sqlite").exists(),
        "reading makes nothing"
    );
    let mut writer = SqliteStore::open(folder.path()).expect("a store");
    let mut reader = SqliteStore::open_to_read(folder.path())
        .expect("read")
        .expect("there");
    assert_eq!(reader.id(), writer.id());
    fill(&mut writer);
    assert_eq!(listed(&reader, &Filter::default()).len(), 8);
    let StoreError(message) = reader.plan(&[intent("draft")]).expect_err("read only");
    assert!(message.contains("it was opened to be read"), "{message}");
    drop(writer);
    assert_eq!(listed(&reader, &Filter::default()).len(), 8);
}

/// Questions go along an index: none of them walks over all records.
#[test]
fn no_question_walks_over_the_whole_history() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    let many: Vec<Ending> = (0..50_000)
        .map(|n| ending(&format!("d{n}"), ended(End::Done, 1 + n % 20)))
        .collect();
    store.end("orders", &many).expect("stored");
    fill(&mut store);
    let began = std::time::Instant::now();
    for _ in 0..50 {
        assert_eq!(store.named("1062").expect("read").len(), 2);
        let open = Filter {
            ends: vec![End::Failed, End::Waiting],
            ..Filter::default()
        };
        assert_eq!(store.records(&open, None, 100).expect("read").len(), 5);
        assert_eq!(store.causes(&open).expect("read").len(), 4);
        let late = Filter {
            ends: vec![End::Done],
            since: Some(at("2026-03-21T00:00:00Z")),
            ..Filter::default()
        };
        assert!(store.records(&late, None, 100).expect("read").is_empty());
    }
    // a walk takes some hundred milliseconds each time
    let took = began.elapsed();
    assert!(took < std::time::Duration::from_secs(4), "{took:?}");
}
