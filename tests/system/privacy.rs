//! Personal data: erased after its time, forgotten on request, kept out of what is told; and a lost store linked again.

use std::path::{Path, PathBuf};

use flowbook::store::journal::{Batch, Intent, Outcome, Phase, Release, Sought};
use flowbook::store::sqlite::SqliteStore;
use flowbook::store::{RecordKey, Store};
use flowbook_stdlib::value::Value;

use super::support::{Workplace, flow};

const BOOK: &str = "flows/ccv-eaccounting";

/// A customer of the sample data who has several orders.
const NILS: &str = "nils.akesson@example.com";

fn state(place: &Workplace) -> PathBuf {
    place.path().join(BOOK).join(".flowbook/sandbox")
}

/// How often a text stands in the raw files of the store, in any case.
fn raw(folder: &Path, text: &str) -> usize {
    let files = std::fs::read_dir(folder).expect("a folder");
    let stores = files
        .map(|file| file.expect("an entry").path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("store."))
        });
    let count = |path: PathBuf| {
        let bytes = std::fs::read(path).expect("readable").to_ascii_lowercase();
        bytes
            .windows(text.len())
            .filter(|some| *some == text.as_bytes())
            .count()
    };
    stores.map(count).sum()
}

/// A place where the sample orders were carried over.
fn carried() -> Workplace {
    let place = Workplace::with_flows();
    place
        .flowbook(&format!("run {BOOK} --sandbox"))
        .run()
        .exits(1);
    place
}

fn release(key: &str) -> Release {
    Release {
        intent: Intent {
            record: RecordKey {
                flow: "orders".to_owned(),
                key: key.to_owned(),
            },
            step: "customer".to_owned(),
            resource: "books.customers".to_owned(),
        },
        source: "till.orders".to_owned(),
        claims: vec!["EmailAddress=anna@example.se".to_owned()],
        sought: vec![Sought {
            resource: "books.customers".to_owned(),
            fields: vec![vec![5]],
            values: vec![Value::Email("anna@example.se".into())],
            parent: None,
        }],
        chosen: None,
        hash: 1,
        payload: r#"{"EmailAddress":"anna@example.se"}"#.to_owned(),
        change: "{}".to_owned(),
        at: "2026-01-01T09:00:00Z".parse().expect("an instant"),
    }
}

/// A store in which a write of January is left, with its outcome or without.
fn with_an_old_write(place: &Workplace, outcome: Option<Phase>) {
    let mut store = SqliteStore::open(&state(place)).expect("a store");
    let release = release("old");
    let (record, step) = (release.intent.record.clone(), release.intent.step.clone());
    let releases = vec![release];
    let outcomes = Vec::new();
    store.commit(Batch { outcomes, releases }).expect("stored");
    if let Some(phase) = outcome {
        let outcomes = vec![Outcome {
            record,
            step,
            phase,
            link: None,
            watch: None,
        }];
        let releases = Vec::new();
        store.commit(Batch { outcomes, releases }).expect("stored");
    }
}

#[test]
fn a_person_is_forgotten_found_nowhere_and_nothing_is_made_again() {
    let place = carried();
    let folder = state(&place);
    assert!(raw(&folder, NILS) > 0);
    let forget = format!("forget {BOOK} --sandbox --email Nils.Akesson@Example.com");
    let told = place.flowbook(&forget).run().exits(0).stdout();
    assert!(told.starts_with("Erased what "), "{told}");
    assert!(
        told.contains("The address is found nowhere in 2 files, "),
        "{told}"
    );
    assert_eq!(raw(&folder, NILS), 0);
    assert!(raw(&folder, "@example.com") > 0, "others stay");

    let told = place
        .flowbook(&forget)
        .with("--format json")
        .run()
        .exits(0)
        .json();
    assert_eq!(told["erased"]["records"], 0);
    assert_eq!(told["found"], serde_json::json!([]));
    let again = place
        .flowbook(&format!("run {BOOK} --sandbox --format json"))
        .run()
        .exits(1)
        .json();
    assert_eq!(flow(&again, "orders")["created"], 0);
    assert_eq!(flow(&again, "customers_to_books")["created"], 0);
}

#[test]
fn a_copy_in_which_the_address_stands_is_named() {
    let place = carried();
    let folder = state(&place);
    std::fs::copy(folder.join("store.sqlite"), folder.join("store.sqlite.old")).expect("copied");
    let forget = format!("forget {BOOK} --sandbox --email {NILS}");
    let told = place.flowbook(&forget).run().exits(1).stdout();
    assert!(
        told.contains("The address is still found in 1 of 3 files"),
        "{told}"
    );
    assert!(told.contains("store.sqlite.old: "), "{told}");
}

#[test]
fn what_is_no_address_is_not_forgotten() {
    let place = Workplace::with_flows();
    let done = place
        .flowbook(&format!("forget {BOOK} --email nils"))
        .run()
        .exits(2);
    assert!(
        done.stderr().contains("“nils” is no e-mail address"),
        "{}",
        done.stderr()
    );
}

#[test]
fn nobody_is_forgotten_while_nobody_knows_what_became_of_a_write() {
    let place = Workplace::with_flows();
    with_an_old_write(&place, None);
    let forget = format!("forget {BOOK} --sandbox --email anna@example.se");
    let told = place.flowbook(&forget).run().exits(1).stderr();
    assert!(told.contains("Nothing was erased"), "{told}");
    assert!(told.contains("orders › books.customers"), "{told}");
    assert!(
        told.contains(&format!("flowbook run {BOOK} --sandbox")),
        "{told}"
    );
    assert!(!told.contains("anna@"), "{told}");
    place.flowbook(&format!("run {BOOK} --sandbox")).run();
    place.flowbook(&forget).run().exits(0);
    assert_eq!(raw(&state(&place), "anna@example.se"), 0);
}

#[test]
fn a_run_erases_what_is_older_than_the_retention_to_its_last_byte() {
    for (retention, left) in [("retention 3650 days", true), ("", false)] {
        let place = Workplace::with_flows();
        place.edit(
            &format!("{BOOK}/main.flow"),
            "\nzone ",
            &format!("\n{retention}\nzone "),
        );
        with_an_old_write(&place, Some(Phase::Refused));
        place
            .flowbook(&format!("run {BOOK} --sandbox --limit 1"))
            .run();
        assert_eq!(
            raw(&state(&place), "anna@example.se") > 0,
            left,
            "{retention}"
        );
    }
}

#[test]
fn a_purge_erases_at_once_and_gives_the_space_back() {
    let place = carried();
    let folder = state(&place);
    let told = place
        .flowbook(&format!("purge {BOOK} --sandbox"))
        .run()
        .exits(0)
        .stdout();
    assert!(
        told.starts_with("There was nothing to erase from before "),
        "{told}"
    );
    let purge = format!("purge {BOOK} --sandbox --older-than '0 s'");
    let told = place
        .flowbook(&purge)
        .with("--format json")
        .run()
        .exits(0)
        .json();
    for what in ["changes", "keys", "sources", "bytes"] {
        assert!(told[what].as_u64() > Some(0), "{what}: {told}");
    }
    assert!(
        told["file_bytes_after"].as_u64() < told["file_bytes_before"].as_u64(),
        "{told}"
    );
    assert_eq!(raw(&folder, NILS), 0);
}

#[test]
fn a_damaged_store_is_linked_again_and_nothing_is_made_twice() {
    let place = carried();
    let before = place
        .sandbox_records(BOOK, "books/customerinvoicedrafts")
        .len();
    let file = state(&place).join("store.sqlite");
    std::fs::write(&file, "garbage ".repeat(4_000)).expect("written");
    let run = format!("run {BOOK} --sandbox --format json");
    let told = place.flowbook(&run).run().exits(2).stderr();
    assert!(
        told.contains("is damaged") && told.contains("flowbook relink"),
        "{told}"
    );

    // two orders of the sample fail for reasons of their own
    let done = place
        .flowbook(&format!("relink {BOOK} --sandbox --format json"))
        .run()
        .exits(1);
    assert!(
        done.stderr().contains("store.sqlite.damaged-"),
        "{}",
        done.stderr()
    );
    let told = done.json();
    let orders = &told[0];
    assert_eq!(orders["flow"], "orders");
    assert_eq!(orders["read"], 71);
    assert_eq!(orders["not_found"], 0, "{told}");
    assert!(orders["found"].as_u64() >= Some(66), "{told}");
    assert_eq!(told[1]["found"], 20);

    let again = place.flowbook(&run).run().exits(1).json();
    for name in ["orders", "customers_to_books"] {
        let flow = flow(&again, name);
        assert_eq!(
            (&flow["created"], &flow["updated"]),
            (&0.into(), &0.into()),
            "{again}"
        );
    }
    let after = place
        .sandbox_records(BOOK, "books/customerinvoicedrafts")
        .len();
    assert_eq!(after, before);
}
