//! What every store must do, run on both; and what the one on disk does besides.

use flowbook_stdlib::value::Value;

use super::journal::{Batch, Intent, Outcome, Phase, Release, Sought, Watch};
use super::memory::MemoryStore;
use super::sqlite::SqliteStore;
use super::*;

mod damage;
mod erasure;
mod listing;
mod plans;

/// On both stores; the one on disk may read no table from end to end for it.
fn both(test: impl Fn(&mut dyn Records)) {
    test(&mut MemoryStore::default());
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    plans::watch(&store);
    test(&mut store);
    plans::no_table_was_read_whole(&store);
}

fn waiting(reason: &str, since: &str) -> State {
    State {
        end: End::Waiting,
        hash: u64::MAX - 3,
        reason: Some(Reason {
            message: reason.to_owned(),
            ..Reason::default()
        }),
        waiting_since: Some(since.parse().expect("an instant")),
        ..State::default()
    }
}

fn ending(key: &str, state: State) -> Ending {
    Ending {
        key: key.to_owned(),
        state,
        source: None,
    }
}

fn order(key: &str) -> RecordKey {
    RecordKey {
        flow: "orders".to_owned(),
        key: key.to_owned(),
    }
}

fn link(step: &str, target: &str) -> Link {
    Link {
        step: step.to_owned(),
        resource: "books.invoice_drafts".to_owned(),
        target: Value::Text(target.into()),
        hash: 7,
    }
}

fn confirm(store: &mut dyn Records, step: &str, target: &str) {
    let outcome = Outcome {
        record: order("7"),
        step: step.to_owned(),
        phase: Phase::Confirmed,
        link: Some(("till.orders".to_owned(), link(step, target))),
        watch: None,
    };
    let batch = Batch {
        outcomes: vec![outcome],
        releases: Vec::new(),
    };
    store.commit(batch).expect("stored");
}

#[test]
fn ends_are_kept_by_flow_and_key() {
    both(|store| {
        let unpaid = waiting("not paid", "2026-03-01T09:00:00Z");
        store
            .end("orders", &[ending("7", unpaid.clone())])
            .expect("stored");
        let keys = ["7".to_owned(), "8".to_owned()];
        assert_eq!(
            store.states("orders", &keys),
            Ok(vec![Some(unpaid.clone()), None])
        );
        assert_eq!(store.states("customers", &keys), Ok(vec![None, None]));
        assert_eq!(
            store.unfinished("orders", None, 100),
            Ok(vec![("7".to_owned(), unpaid.clone())])
        );
        let done = State {
            end: End::Done,
            reason: None,
            waiting_since: None,
            ..unpaid
        };
        store.end("orders", &[ending("7", done)]).expect("stored");
        assert_eq!(store.unfinished("orders", None, 100), Ok(vec![]));
    });
}

#[test]
fn a_confirmed_write_is_linked_both_ways_and_passes_the_gates() {
    both(|store| {
        confirm(store, "draft", "D1");
        confirm(store, "draft", "D2");
        assert_eq!(store.links(&order("7")), Ok(vec![link("draft", "D2")]));
        assert_eq!(
            store.linked("till.orders", "7", "books.invoice_drafts"),
            Ok(Some(Value::Text("D2".into())))
        );
        assert_eq!(store.linked("till.orders", "7", "books.invoices"), Ok(None));
        let state = store.states("orders", &["7".to_owned()]).expect("read");
        let state = state[0].as_ref().expect("begun");
        assert!(state.passed);
        assert_eq!(state.end, End::Waiting);
        assert_eq!(
            store.unfinished("orders", None, 100).expect("read").len(),
            1
        );
    });
}

fn intent(step: &str) -> Intent {
    Intent {
        record: order("7"),
        step: step.to_owned(),
        resource: "books.invoice_drafts".to_owned(),
    }
}

fn release(step: &str, hash: u64, chosen: Option<&str>) -> Release {
    Release {
        intent: intent(step),
        source: "till.orders".to_owned(),
        claims: vec!["Ref=A1".to_owned()],
        sought: vec![Sought {
            resource: "books.invoice_drafts".to_owned(),
            fields: vec![vec![1]],
            values: vec![Value::Text("A1".into())],
            parent: None,
        }],
        chosen: chosen.map(|id| vec![Value::Text(id.into())]),
        hash,
        payload: "Ref: \"A1\"".to_owned(),
        change: "{}".to_owned(),
        at: "2026-03-01T09:00:00Z".parse().expect("an instant"),
    }
}

fn releases(store: &mut dyn Records, release: Release) -> Vec<Vec<Value>> {
    let batch = Batch {
        outcomes: Vec::new(),
        releases: vec![release],
    };
    let overruled = store.commit(batch).expect("stored");
    overruled.into_iter().map(|other| other.chosen).collect()
}

fn watch(sought: &[Sought], at: &str) -> Watch {
    Watch {
        sought: sought.to_vec(),
        ours: None,
        twins: false,
        looks: 0,
        at: at.parse().expect("an instant"),
    }
}

fn ends(store: &mut dyn Records, step: &str, phase: Phase, look_at: Option<&str>) {
    let outcome = Outcome {
        record: order("7"),
        step: step.to_owned(),
        phase,
        link: None,
        watch: look_at.map(|at| watch(&release(step, 0, None).sought, at)),
    };
    let batch = Batch {
        outcomes: vec![outcome],
        releases: Vec::new(),
    };
    store.commit(batch).expect("stored");
}

fn only(store: &dyn Records) -> journal::Entry {
    let mut entries = store.entries(&order("7")).expect("read");
    assert_eq!(entries.len(), 1);
    entries.remove(0)
}

#[test]
fn what_is_only_planned_is_not_open_and_goes_with_the_record_s_end() {
    both(|store| {
        store.plan(&[intent("draft")]).expect("stored");
        assert_eq!(only(store).phase, Phase::Planned);
        assert_eq!(store.open_entries(), Ok(vec![]));
        let state = waiting("later", "2026-03-01T09:00:00Z");
        store.end("orders", &[ending("7", state)]).expect("stored");
        assert_eq!(store.entries(&order("7")), Ok(vec![]));
    });
}

#[test]
fn what_was_written_is_not_forgotten_when_it_is_planned_again() {
    both(|store| {
        releases(store, release("draft", 5, None));
        let look_at = Some("2026-03-01T09:00:00Z");
        ends(store, "draft", Phase::Confirmed, look_at);
        let written = only(store);
        store.plan(&[intent("draft")]).expect("stored");
        let state = waiting("later", "2026-03-01T09:00:00Z");
        store.end("orders", &[ending("7", state)]).expect("stored");
        assert_eq!(only(store), written);
        assert_eq!(store.confirmed_last(1).expect("read").len(), 1);
    });
}

#[test]
fn what_was_confirmed_among_the_last_writes_is_told() {
    both(|store| {
        assert_eq!(store.confirmed_last(2), Ok(vec![]));
        for step in ["a", "b", "c"] {
            assert!(releases(store, release(step, 5, None)).is_empty());
            ends(store, step, Phase::Confirmed, None);
        }
        assert!(releases(store, release("d", 5, None)).is_empty());
        let told = |store: &mut dyn Records, last| -> usize {
            let written = store.confirmed_last(last).expect("read");
            let first = written
                .first()
                .map(|one| (one.resource.as_str(), one.claims.clone()));
            assert_eq!(
                first,
                Some(("books.invoice_drafts", vec!["Ref=A1".to_owned()]))
            );
            written.len()
        };
        assert_eq!(told(store, 9), 3);
        assert_eq!(told(store, 2), 1);
    });
}

#[test]
fn what_was_confirmed_is_told_though_a_later_change_was_refused_or_has_another_key() {
    both(|store| {
        releases(store, release("draft", 5, None));
        ends(store, "draft", Phase::Confirmed, None);
        let corrected = Release {
            claims: vec!["Ref=A2".to_owned()],
            ..release("draft", 6, None)
        };
        releases(store, corrected.clone());
        ends(store, "draft", Phase::Refused, None);
        let told = |store: &dyn Records| {
            let written = store.confirmed_last(9).expect("read");
            let claims = written.into_iter().map(|one| one.claims);
            claims.collect::<Vec<_>>().concat()
        };
        assert_eq!(told(store), ["Ref=A1"]);
        releases(store, corrected);
        ends(store, "draft", Phase::Confirmed, None);
        assert_eq!(told(store), ["Ref=A1", "Ref=A2"]);
    });
}

#[test]
fn what_is_released_is_open_until_its_outcome_and_its_record_has_passed() {
    both(|store| {
        store.plan(&[intent("draft")]).expect("stored");
        assert!(releases(store, release("draft", 5, None)).is_empty());
        let open = store.open_entries().expect("read");
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].attempts, [5]);
        assert_eq!(open[0].claims, ["Ref=A1"]);
        assert_eq!(open[0].sought, release("draft", 5, None).sought);
        let states = store.states("orders", &["7".to_owned()]).expect("read");
        assert!(states[0].as_ref().is_some_and(|state| state.passed));
        store.plan(&[intent("draft")]).expect("stored");
        assert_eq!(only(store).phase, Phase::Released, "a plan forgets nothing");
        ends(store, "draft", Phase::Confirmed, None);
        assert_eq!(store.open_entries(), Ok(vec![]));
        assert_eq!(only(store).payload, None);
    });
}

#[test]
fn attempts_are_those_that_may_have_taken_effect() {
    both(|store| {
        releases(store, release("draft", 5, None));
        ends(store, "draft", Phase::Unsent, None);
        assert!(only(store).attempts.is_empty());
        releases(store, release("draft", 6, None));
        ends(store, "draft", Phase::Settled, None);
        releases(store, release("draft", 7, None));
        ends(store, "draft", Phase::Refused, None);
        assert_eq!(only(store).attempts, [6]);
        releases(store, release("draft", 8, None));
        assert_eq!(only(store).attempts, [6, 8]);
        ends(store, "draft", Phase::Confirmed, None);
        releases(store, release("draft", 9, None));
        assert_eq!(only(store).attempts, [9], "a later change begins anew");
    });
}

#[test]
fn the_first_draft_that_may_have_been_booked_stays_chosen() {
    both(|store| {
        releases(store, release("invoice", 1, Some("D1")));
        ends(store, "invoice", Phase::Refused, None);
        assert!(releases(store, release("invoice", 1, Some("D2"))).is_empty());
        ends(store, "invoice", Phase::Settled, None);
        let overruled = releases(store, release("invoice", 1, Some("D3")));
        assert_eq!(overruled, [[Value::Text("D2".into())]]);
        assert_eq!(only(store).phase, Phase::Settled, "nothing was released");
        assert!(releases(store, release("invoice", 1, Some("D2"))).is_empty());
    });
}

#[test]
fn second_looks_are_due_by_their_time() {
    both(|store| {
        releases(store, release("draft", 1, None));
        ends(
            store,
            "draft",
            Phase::Confirmed,
            Some("2026-03-01T09:10:00Z"),
        );
        let due = |store: &dyn Records, at: &str| {
            let due = store.to_look_at(at.parse().expect("an instant"));
            due.expect("read").len()
        };
        assert_eq!(due(store, "2026-03-01T09:09:59Z"), 0);
        assert_eq!(due(store, "2026-03-01T09:10:00Z"), 1);
        let next = "2026-03-01T10:00:00Z".parse().ok();
        let sought = release("draft", 1, None).sought;
        let looked = |store: &mut dyn Records, next| {
            let looked = store.looked_at(&order("7"), "draft", &sought, next);
            looked.expect("stored");
        };
        looked(store, next);
        assert_eq!(due(store, "2026-03-01T09:10:00Z"), 0);
        assert_eq!(only(store).watches[0].looks, 1);
        looked(store, None);
        assert_eq!(due(store, "2027-01-01T00:00:00Z"), 0);
    });
}

#[test]
fn what_is_watched_stays_so_when_its_record_is_written_again_under_another_key() {
    both(|store| {
        releases(store, release("draft", 1, None));
        ends(store, "draft", Phase::Settled, Some("2026-03-01T09:10:00Z"));
        let mut corrected = release("draft", 2, None);
        corrected.sought[0].values = vec![Value::Text("A2".into())];
        releases(store, corrected.clone());
        let outcome = Outcome {
            record: order("7"),
            step: "draft".to_owned(),
            phase: Phase::Confirmed,
            link: None,
            watch: Some(watch(&corrected.sought, "2026-03-01T09:20:00Z")),
        };
        let batch = Batch {
            outcomes: vec![outcome],
            releases: Vec::new(),
        };
        store.commit(batch).expect("stored");
        let watched = only(store).watches;
        let ats = watched
            .iter()
            .map(|watch| (watch.at.to_string(), watch.twins));
        assert_eq!(
            ats.collect::<Vec<_>>(),
            [
                ("2026-03-01T09:10:00Z".to_owned(), true),
                ("2026-03-01T09:20:00Z".to_owned(), false)
            ]
        );
        let first = &release("draft", 1, None).sought;
        store
            .looked_at(&order("7"), "draft", first, None)
            .expect("stored");
        let due = store.to_look_at("2027-01-01T00:00:00Z".parse().expect("an instant"));
        assert_eq!(due.expect("read")[0].watches, watched[1..]);
    });
}

#[test]
fn what_an_earlier_version_watched_is_watched_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.sqlite");
    let mut old = rusqlite::Connection::open(&file).expect("opened");
    rusqlite_migration::Migrations::from_slice(&schema::SCHEMA[..9])
        .to_latest(&mut old)
        .expect("as it was");
    old.execute_batch("INSERT INTO store (id) VALUES ('old');")
        .expect("stored");
    let sought = release("draft", 1, None).sought;
    let questions = serde_json::to_string(&sought).expect("as JSON");
    for (number, (step, phase, attempts, looks_back)) in [
        ("a", "confirmed", "[1,18446744073709551615]", false),
        ("b", "settled", "[1]", false),
        ("c", "confirmed", "[3]", true),
    ]
    .into_iter()
    .enumerate()
    {
        old.execute(
            "INSERT INTO entry (flow, key, step, resource, source, phase, claims, sought, attempts, looks, look_at, looks_back, fence, number)
             VALUES ('orders', '7', ?1, 'books.invoice_drafts', 'till.orders', ?2, '[\"Ref=A1\"]', ?3, ?4, 1, '2026-03-01T10:00:00.000000Z', ?5, 1, ?6)",
            rusqlite::params![step, phase, questions, attempts, looks_back, number as i64],
        )
        .expect("stored");
    }
    drop(old);
    let store = SqliteStore::open(folder.path()).expect("brought to this version");
    let due = store.to_look_at("2026-03-01T10:00:00Z".parse().expect("an instant"));
    let due = due.expect("read");
    let twins = [true, false, true];
    for (entry, twins) in due.iter().zip(twins) {
        let watched = Watch {
            twins,
            looks: 1,
            ..watch(&sought, "2026-03-01T10:00:00Z")
        };
        assert_eq!(entry.watches, [watched]);
    }
    let [a, b, c] = due.as_slice() else {
        panic!("all of them are due: {due:?}");
    };
    assert_eq!((&a.sought, &b.sought), (&sought, &sought));
    assert!(c.sought.is_empty(), "a change makes nothing");
    assert_eq!(
        (&a.written, &b.claims),
        (&vec!["Ref=A1".to_owned()], &vec!["Ref=A1".to_owned()])
    );
    assert_eq!(store.confirmed_last(9).expect("read").len(), 2);
}

#[test]
fn payloads_are_kept_for_a_while_and_as_long_as_nobody_knows() {
    both(|store| {
        releases(store, release("draft", 1, None));
        let later = "2026-04-01T09:00:00Z".parse().expect("an instant");
        store.drop_payloads(later).expect("stored");
        assert!(only(store).payload.is_some(), "it is open");
        ends(store, "draft", Phase::Settled, None);
        store
            .drop_payloads("2026-03-01T08:00:00Z".parse().expect("an instant"))
            .expect("stored");
        assert!(only(store).payload.is_some(), "it is young");
        store.drop_payloads(later).expect("stored");
        assert_eq!(only(store).payload, None);
    });
}

#[test]
fn who_lost_the_store_to_another_process_writes_nothing_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    let other = rusqlite::Connection::open(folder.path().join("store.sqlite")).expect("opened");
    other
        .execute("UPDATE store SET fence = fence + 1", [])
        .expect("taken over");
    let StoreError(message) = store.plan(&[intent("draft")]).expect_err("fenced");
    assert!(message.contains("was taken over"), "{message}");
    other
        .execute("UPDATE store SET fence = fence - 1", [])
        .expect("given back");
    let again = store.plan(&[intent("draft")]);
    assert_eq!(
        again,
        Err(StoreError(message)),
        "after a failure there is no other try"
    );
}

#[test]
fn an_older_copy_in_its_place_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.sqlite");
    let open = || SqliteStore::open(folder.path()).expect("a store");
    assert!(!open().cautious(), "a new one");
    std::fs::copy(&file, folder.path().join("copy")).expect("copied");
    assert!(!open().cautious());
    for side in ["-wal", "-shm"] {
        // they may be gone already
        let _ = std::fs::remove_file(folder.path().join(format!("store.sqlite{side}")));
    }
    std::fs::copy(folder.path().join("copy"), &file).expect("restored");
    let mut store = open();
    assert!(store.cautious());
    drop(store);
    store = open();
    assert!(store.cautious(), "until it has settled");
    store.settled().expect("stored");
    drop(store);
    assert!(!open().cautious());
}

#[test]
fn cursors_and_tokens_are_replaced() {
    both(|store| {
        assert_eq!(store.cursor("orders"), Ok(None));
        let (early, late) = ("2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z");
        for at in [early, late] {
            store
                .advance("orders", at.parse().expect("an instant"))
                .expect("stored");
        }
        assert_eq!(
            store.cursor("orders"),
            Ok(Some(late.parse().expect("an instant")))
        );
        store.keep_token("books", "one").expect("stored");
        store.keep_token("books", "two").expect("stored");
        assert_eq!(store.token("books"), Ok(Some("two".to_owned())));
        assert_eq!(store.token("till"), Ok(None));
    });
}

#[test]
fn a_sign_in_is_unheard_until_it_is_heard_or_another_one_is_kept() {
    both(|store| {
        for hash in ["a", "b", "a"] {
            store.note_sign_in("books", hash, true).expect("stored");
        }
        store.note_sign_in("books", "b", false).expect("stored");
        assert_eq!(store.is_unheard("books", "a"), Ok(true));
        assert_eq!(store.is_unheard("books", "b"), Ok(false));
        assert_eq!(store.is_unheard("till", "a"), Ok(false));
        store.keep_token("till", "one").expect("stored");
        assert_eq!(store.is_unheard("books", "a"), Ok(true));
        store.keep_token("books", "one").expect("stored");
        assert_eq!(store.is_unheard("books", "a"), Ok(false));
    });
}

#[test]
fn what_is_confirmed_is_there_when_the_store_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    let id = store.id().to_owned();
    confirm(&mut store, "draft", "D1");
    drop(store);
    let store = SqliteStore::open(folder.path()).expect("a store");
    assert_eq!(store.id(), id);
    assert_eq!(store.links(&order("7")), Ok(vec![link("draft", "D1")]));
}

#[test]
fn a_second_process_is_told_who_holds_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let _first = SqliteStore::open(folder.path()).expect("a store");
    let StoreError(message) = SqliteStore::open(folder.path()).expect_err("held");
    assert!(
        message.starts_with(&format!("Process {} is running", std::process::id())),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join(".flowbook");
    let mut store = SqliteStore::open(&inner).expect("a store");
    store.keep_token("books", "one").expect("stored");
    let mode = |path: &std::path::Path| {
        std::fs::metadata(path).expect("there").permissions().mode() & 0o777
    };
    assert_eq!(mode(&inner), 0o700);
    for entry in std::fs::read_dir(&inner).expect("a folder") {
        let path = entry.expect("an entry").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
