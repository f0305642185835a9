//! What is erased is gone from the raw files: after its time, or as a person asked.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::store::erasure::{Forgetting, search};
use crate::store::traces::Traces;

const ANNA: &str = "anna@example.se";

fn anna() -> Traces {
    Traces::of(ANNA).expect("an address")
}

/// A write for the customer with that address, released at nine.
fn customer(step: &str, address: &str) -> Release {
    Release {
        intent: Intent {
            resource: "books.customers".to_owned(),
            ..intent(step)
        },
        claims: vec![format!("EmailAddress={address}")],
        sought: vec![Sought {
            resource: "books.customers".to_owned(),
            fields: vec![vec![8]],
            values: vec![Value::Email(address.into())],
            parent: None,
        }],
        payload: format!(
            r#"{{"Name":"Anna Berg","EmailAddress":"{}"}}"#,
            address.replace('@', r"\u0040")
        ),
        change: format!(
            r#"{{"fields":[["EmailAddress","{}"]]}}"#,
            address.to_uppercase()
        ),
        ..release(step, 1, None)
    }
}

fn failed(key: &str, address: &str) -> Ending {
    Ending {
        key: key.to_owned(),
        state: State {
            end: End::Failed,
            title: Some(format!("Order of {address}")),
            reason: Some(Reason {
                code: Some("F0800".to_owned()),
                message: format!("nobody is {address}"),
                ..Reason::default()
            }),
            ended: Some("2026-03-01T09:00:00Z".parse().expect("an instant")),
            ..State::default()
        },
        source: Some(format!(r#"{{"email":"{address}","name":"Anna Berg"}}"#)),
    }
}

/// How often it stands in the raw files, those of the journal included.
fn raw(folder: &Path) -> u64 {
    let searched = search(folder, &anna(), &BTreeSet::new()).expect("searched");
    searched.iter().map(|one| one.times).sum()
}

#[test]
fn what_a_run_erases_after_its_time_leaves_no_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    for number in 0..300 {
        releases(&mut store, customer(&format!("buyer#{number}"), ANNA));
        ends(&mut store, &format!("buyer#{number}"), Phase::Settled, None);
    }
    let long = Release {
        payload: format!("{ANNA} {}", "x".repeat(100_000)),
        ..customer("long", ANNA)
    };
    releases(&mut store, long);
    ends(&mut store, "long", Phase::Settled, None);
    let ending = Ending {
        state: State {
            title: None,
            reason: None,
            ..failed("7", ANNA).state
        },
        ..failed("7", ANNA)
    };
    store.end("orders", &[ending]).expect("stored");
    assert!(raw(folder.path()) > 0);
    let later = "2026-04-01T09:00:00Z".parse().expect("an instant");
    let dropped = store.drop_payloads(later).expect("erased");
    assert_eq!(
        (dropped.payloads, dropped.keys, dropped.sources),
        (301, 301, 1)
    );
    assert!(dropped.bytes > 100_000, "{dropped:?}");
    drop(store);
    assert_eq!(raw(folder.path()), 0);
}

#[test]
fn keys_stay_until_the_last_look_at_their_write() {
    both(|store| {
        releases(store, customer("buyer", ANNA));
        ends(
            store,
            "buyer",
            Phase::Confirmed,
            Some("2026-03-01T09:10:00Z"),
        );
        let later = "2026-04-01T09:00:00Z".parse().expect("an instant");
        store.drop_payloads(later).expect("erased");
        assert_eq!(only(store).sought.len(), 1, "it is looked at again");
        let sought = release("buyer", 1, None).sought;
        store
            .looked_at(&order("7"), "buyer", &sought, None)
            .expect("stored");
        let dropped = store.drop_payloads(later).expect("erased");
        assert_eq!(dropped.keys, 1);
        assert!(only(store).sought.is_empty() && only(store).written.is_empty());
    });
}

#[test]
fn a_purge_takes_more_than_a_run_does_and_gives_the_space_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    for number in 0..50 {
        let big = Release {
            payload: "x".repeat(20_000),
            ..customer(&format!("buyer#{number}"), ANNA)
        };
        releases(&mut store, big);
        ends(&mut store, &format!("buyer#{number}"), Phase::Refused, None);
    }
    let before = crate::store::erasure::size(folder.path());
    let later = "2026-04-01T09:00:00Z".parse().expect("an instant");
    let dropped = store.purge(later).expect("erased");
    assert_eq!(dropped.payloads, 50);
    store.give_space_back().expect("given back");
    let after = crate::store::erasure::size(folder.path());
    assert!(after + 900_000 < before, "{before} → {after}");
    assert!(store.purge(later).expect("erased").is_nothing());
}

#[test]
fn a_person_is_forgotten_and_links_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    releases(&mut store, customer("buyer", ANNA));
    let outcome = Outcome {
        record: order("7"),
        step: "buyer".to_owned(),
        phase: Phase::Confirmed,
        link: Some((
            "till.orders".to_owned(),
            Link {
                resource: "books.customers".to_owned(),
                ..link("buyer", "id1")
            },
        )),
        watch: Some(watch(
            &customer("buyer", ANNA).sought,
            "2026-03-01T09:10:00Z",
        )),
    };
    let batch = Batch {
        outcomes: vec![outcome],
        releases: Vec::new(),
    };
    store.commit(batch).expect("stored");
    // her address is the key of another flow's record, and joanna is another person
    let named = [failed(ANNA, ANNA), failed("8", "joanna@example.se")];
    store.end("customers", &named).expect("stored");
    assert!(raw(folder.path()) > 0);

    let Forgetting::Done(forgotten) = store.forget(&anna()).expect("erased") else {
        panic!("nothing is open");
    };
    assert_eq!(
        (forgotten.records, forgotten.writes, forgotten.sources),
        (2, 1, 1)
    );
    let others = store.others(&anna()).expect("read");
    assert_eq!(others, BTreeSet::from(["joanna@example.se".to_owned()]));
    assert_eq!(
        store.links(&order("7")).expect("read")[0].target,
        Value::Text("id1".into())
    );
    assert!(
        store
            .to_look_at("2027-01-01T00:00:00Z".parse().expect("an instant"))
            .expect("read")
            .is_empty()
    );
    let kept = store.named("8").expect("read");
    assert!(
        kept[0]
            .state
            .title
            .as_deref()
            .is_some_and(|title| title.contains("joanna"))
    );
    store.give_space_back().expect("given back");
    drop(store);
    let searched = search(folder.path(), &anna(), &others).expect("searched");
    assert!(searched.iter().all(|one| one.times == 0), "{searched:?}");
    assert!(
        searched
            .iter()
            .any(|one| one.file == "store.sqlite" && one.bytes > 0)
    );
    assert!(raw(folder.path()) > 0, "joanna stays");
}

#[test]
fn nobody_is_forgotten_while_a_write_is_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    releases(&mut store, customer("buyer", ANNA));
    let Forgetting::Open(entries) = store.forget(&anna()).expect("looked") else {
        panic!("the write is open");
    };
    assert_eq!(entries.len(), 1);
    assert_eq!(only(&store).sought.len(), 1, "nothing was erased");
}

#[test]
fn a_damaged_store_is_moved_aside_with_its_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    assert_eq!(
        SqliteStore::move_aside_if_damaged(path, &Patience::NONE),
        Ok(None)
    );
    drop(SqliteStore::open(path).expect("a store"));
    assert_eq!(
        SqliteStore::move_aside_if_damaged(path, &Patience::NONE),
        Ok(None),
        "it is sound"
    );
    std::fs::write(path.join("store.sqlite"), "garbage ".repeat(2_000)).expect("written");
    let aside = SqliteStore::move_aside_if_damaged(path, &Patience::NONE)
        .expect("moved")
        .expect("damaged");
    assert!(aside.exists() && !path.join("store.sqlite").exists());
    let store = SqliteStore::open(path).expect("a new store");
    assert!(store.cautious(), "nobody knows what left last");
}
