//! A store that was deleted, restored or moved settles once before its first write.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::one_order;
use crate::run::tests::shop::DRAFTS;
use crate::run::tests::systems::Fault;
use crate::run::tests::trial::{SETTLE, counts, waited};
use crate::store::Store;
use crate::store::sqlite::SqliteStore;

fn is_cautious(folder: &Path) -> bool {
    SqliteStore::open(folder).unwrap().cautious()
}

#[test]
fn a_store_that_was_deleted_beside_its_lock_settles_once_before_its_first_write() {
    let folder = tempfile::tempdir().unwrap();
    let late = Fault::Late(SETTLE - Duration::from_secs(1));
    let shop = one_order().with_faults([Fault::None, late]);
    // Killed while the draft's answer is waited for; then somebody deletes the store.
    shop.dies_in_folder(folder.path(), Duration::from_secs(10));
    for file in fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap() != "lock" {
            fs::remove_file(path).unwrap();
        }
    }
    assert!(is_cautious(folder.path()));
    let report = shop.go_in_folder(folder.path());
    assert_eq!(report.flows[0].done, 1, "{}", counts(&report));
    assert_eq!(waited(&report), 1);
    assert_eq!(shop.texts(DRAFTS), ["late1 A1 id1 "]);
    assert!(!is_cautious(folder.path()));
}

#[test]
fn a_store_that_was_moved_settles_once_before_its_first_write() {
    let first = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(first.path()).unwrap());
    let second = tempfile::tempdir().unwrap();
    for file in fs::read_dir(first.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), second.path().join(file.file_name())).unwrap();
    }
    let shop = one_order();
    assert_eq!(waited(&shop.go_in_folder(second.path())), 1);
    assert_eq!(waited(&shop.go_in_folder(second.path())), 0);
    assert_eq!(shop.count(DRAFTS), 1);
}
