//! What every store must do, run on both; and what the one on disk does besides.

use flowbook_stdlib::value::Value;

use super::journal::{Batch, Outcome, Phase};
use super::memory::MemoryStore;
use super::sqlite::SqliteStore;
use super::*;

fn both(test: impl Fn(&mut dyn Store)) {
    test(&mut MemoryStore::default());
    let folder = tempfile::tempdir().expect("a folder");
    test(&mut SqliteStore::open(folder.path()).expect("a store"));
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
        passed: false,
        tries: 0,
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

fn confirm(store: &mut dyn Store, step: &str, target: &str) {
    let outcome = Outcome {
        record: order("7"),
        step: step.to_owned(),
        phase: Phase::Confirmed,
        link: Some(("till.orders".to_owned(), link(step, target))),
        look_at: None,
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
            .end("orders", &[("7".to_owned(), unpaid.clone())])
            .expect("stored");
        let keys = ["7".to_owned(), "8".to_owned()];
        assert_eq!(
            store.states("orders", &keys),
            Ok(vec![Some(unpaid.clone()), None])
        );
        assert_eq!(store.states("customers", &keys), Ok(vec![None, None]));
        assert_eq!(
            store.unfinished("orders"),
            Ok(vec![("7".to_owned(), unpaid.clone())])
        );
        let done = State {
            end: End::Done,
            reason: None,
            waiting_since: None,
            ..unpaid
        };
        store
            .end("orders", &[("7".to_owned(), done)])
            .expect("stored");
        assert_eq!(store.unfinished("orders"), Ok(vec![]));
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
        assert_eq!(store.unfinished("orders").expect("read").len(), 1);
    });
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

#[test]
fn a_file_that_is_no_store_is_named_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.sqlite");
    std::fs::write(
        &file,
        "not a database, but long enough to be looked at".repeat(50),
    )
    .expect("written");
    let StoreError(message) = SqliteStore::open(folder.path()).expect_err("no store");
    assert!(message.contains("is damaged"), "{message}");
    assert!(file.exists());
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
