//! Every question that the store asks goes along an index: what is asked is overheard, and SQLite says how it answers.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::*;

/// Walks that do not grow with the history: the row of the store itself, jumps from flow to flow, and what is open or due.
const SHORT: [&str; 6] = [
    "SCAN store",
    "SCAN known",
    "SCAN CONSTANT ROW",
    "SCAN entry USING INDEX entry_open",
    "SCAN entry USING INDEX entry_look",
    "SCAN record USING INDEX record_unfinished",
];

thread_local! {
    static ASKED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Overhears what the store asks from now on, in this thread.
pub(super) fn watch(store: &SqliteStore) {
    ASKED.with_borrow_mut(BTreeSet::clear);
    store.connection().trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT,
        Some(|event| {
            if let TraceEvent::Stmt(asked, _) = event {
                let asked = asked.sql().into_owned();
                ASKED.with_borrow_mut(|all| all.insert(asked));
            }
        }),
    );
}

/// The lines of SQLite's plan for a statement.
fn plan(store: &SqliteStore, statement: &str) -> Vec<String> {
    let mut explained = store
        .connection()
        .prepare(&format!("EXPLAIN QUERY PLAN {statement}"))
        .expect("a statement");
    let lines = explained
        .raw_query()
        .mapped(|row| row.get(3))
        .collect::<rusqlite::Result<_>>();
    lines.expect("a plan")
}

pub(super) fn no_table_was_read_whole(store: &SqliteStore) {
    store.connection().trace_v2(TraceEventCodes::empty(), None);
    let asked = ASKED.with_borrow_mut(std::mem::take);
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
    for statement in asked {
        if !verbs.iter().any(|verb| statement.starts_with(verb)) {
            continue; // BEGIN and COMMIT
        }
        for line in plan(store, &statement) {
            let whole = line.starts_with("SCAN") && !SHORT.iter().any(|short| line == *short);
            assert!(!whole, "{line}:\n{statement}");
        }
    }
}

#[test]
#[should_panic(expected = "SCAN record")]
fn a_question_that_reads_a_whole_table_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("a store");
    watch(&store);
    let asked = "SELECT COUNT(*) FROM record WHERE message = 'x'";
    let counted: rusqlite::Result<i64> = store.connection().query_row(asked, [], |row| row.get(0));
    counted.expect("counted");
    no_table_was_read_whole(&store);
}
