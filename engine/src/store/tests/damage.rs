//! A damaged file gives an error that says so, at start or by the read that meets the damage; never wrong data.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::*;

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

/// A store of more than 64 MB with one release, closed. A filler stands for the history.
fn large(folder: &Path) -> PathBuf {
    let mut store = SqliteStore::open(folder).expect("a store");
    releases(&mut store, release("draft", 1, None));
    store
        .connection()
        .execute_batch("CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(70000000));")
        .expect("filled");
    drop(store);
    folder.join("store.sqlite")
}

/// Overwrites the first page of a table or an index.
fn damage(file: &Path, name: &str) {
    let connection = rusqlite::Connection::open(file).expect("opened");
    let of = |asked: &str| {
        let got = connection.query_row(asked, [], |row| row.get::<_, u32>(0));
        u64::from(got.expect("told"))
    };
    let size = of("PRAGMA page_size");
    let asked = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{name}'");
    let page = of(&asked);
    drop(connection);
    let opened = std::fs::OpenOptions::new().write(true).open(file);
    let mut opened = opened.expect("opened");
    let place = SeekFrom::Start((page - 1) * size);
    opened.seek(place).expect("there");
    opened.write_all(&[0xaa; 512]).expect("written");
}

fn told(what: Result<impl Sized, StoreError>) -> String {
    what.err().map(|why| why.0).unwrap_or_default()
}

#[test]
fn a_small_store_is_checked_wholly_at_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    releases(&mut store, release("draft", 1, None));
    drop(store);
    damage(&folder.path().join("store.sqlite"), "entry_open");
    let message = told(SqliteStore::open(folder.path()));
    assert!(message.contains("store.sqlite is damaged"), "{message}");
    assert!(message.contains("flowbook relink"), "{message}");
}

#[test]
fn a_large_store_is_checked_at_start_where_every_run_reads() {
    for table in ["store", "cursor", "token"] {
        let folder = tempfile::tempdir().expect("a folder");
        damage(&large(folder.path()), table);
        let message = told(SqliteStore::open(folder.path()));
        assert!(message.contains("is damaged"), "{table}: {message}");
    }
}

#[test]
fn a_large_store_that_was_cut_short_is_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = large(folder.path());
    let opened = std::fs::OpenOptions::new().write(true).open(file);
    opened.expect("opened").set_len(66 << 20).expect("cut");
    let message = told(SqliteStore::open(folder.path()));
    assert!(message.contains("is damaged"), "{message}");
}

#[test]
fn damage_in_the_history_is_told_by_the_read_that_meets_it() {
    let folder = tempfile::tempdir().expect("a folder");
    damage(&large(folder.path()), "entry");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    let reads = told(store.entries(&order("7")));
    assert!(reads.contains("is damaged"), "{reads}");
    assert!(reads.contains("flowbook relink"), "{reads}");
    let writes = told(store.plan(&[intent("draft")]));
    assert!(writes.contains("is damaged"), "{writes}");
}

#[test]
fn a_value_that_was_never_stored_so_is_damage() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).expect("a store");
    releases(&mut store, release("draft", 1, None));
    store
        .connection()
        .execute("UPDATE entry SET attempts = '[1,'", [])
        .expect("changed");
    let message = told(store.entries(&order("7")));
    assert!(message.contains("is damaged"), "{message}");
}
