//! Erasure: what retention no longer allows to be kept, and what is known of one person, so that nothing of it is left in the files.
//!
//! In: a moment, or the traces of a person. Out: how much was erased. What is erased is overwritten with zeros at once (`secure_delete`). Copies of
//! it that SQLite leaves in a page when it moves rows to another go when the file is rewritten: at most once a day by a run, at once by `purge` and
//! `forget`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction, params};

use super::journal::Entry;
use super::sqlite::SqliteStore;
use super::traces::Traces;
use super::{Dropped, RecordKey, Store, StoreError, durable, ledger, listing};

/// Texts that one transaction erases, so that the write-ahead log stays small.
const TOGETHER: u32 = 1000;

/// A run rewrites the file at most so often.
const SWEPT_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// A larger file is not rewritten by a run, in bytes: it takes a few seconds up to here.
const SWEPT_BYTES: u64 = 512 << 20;

/// What stands in place of an address.
const ERASED: &str = "(erased)";

/// What stands in place of a reason.
const REASON_ERASED: &str = "what it said was erased, as a person asked";

/// What was erased of one person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Forgotten {
    /// Records that told of the person.
    pub records: u64,
    /// Writes whose payload, changes, keys or second look went.
    pub writes: u64,
    /// Records of which the fields went that were read.
    pub sources: u64,
    /// Reasons.
    pub reasons: u64,
    /// Names by which people and systems know a record: titles, keys, links.
    pub names: u64,
}

/// What forgetting a person came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Forgetting {
    /// All is erased.
    Done(Forgotten),
    /// Of these writes nobody knows whether they came through, and only their keys can tell: nothing was erased.
    Open(Vec<Entry>),
}

/// A table's columns that may hold personal data; each row begins with flow and key.
const COLUMNS: [(&str, &str); 4] = [
    ("record", "title, message, field, at, dismissed, cause"),
    ("source", "record"),
    (
        "entry",
        "step, claims, written, sought, watches, chosen, payload, change",
    ),
    ("link", "step, target"),
];

impl SqliteStore {
    /// Erases everything that is older, at once; the run's own `drop_payloads` takes a part each time.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn purge(&mut self, before: Timestamp) -> Result<Dropped, StoreError> {
        let mut all = Dropped::default();
        loop {
            let some = self.drop_some(before)?;
            if some.is_nothing() {
                return Ok(all);
            }
            all += some;
        }
    }

    /// One transaction of erasing what is older.
    pub(super) fn drop_some(&mut self, before: Timestamp) -> Result<Dropped, StoreError> {
        self.write("erased old payloads", |transaction, _| {
            let mut erased = ledger::drop_payloads(transaction, before, TOGETHER)?;
            erased += listing::drop_sources(transaction, before, TOGETHER)?;
            if !erased.is_nothing() {
                transaction.execute("UPDATE store SET unswept = 1", [])?;
            }
            Ok(erased)
        })
    }

    /// Rewrites a file from which something was erased, at most once a day: a large one only when a person says `flowbook purge`.
    pub(super) fn sweep_daily(&mut self, before: Timestamp) -> Result<(), StoreError> {
        let failed = self.failed("looked whether the file is to be rewritten");
        let (unswept, swept): (bool, Option<String>) = self
            .connection()
            .query_row("SELECT unswept, swept FROM store", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .map_err(failed)?;
        let lately =
            ledger::instant(swept).is_some_and(|swept| before.duration_since(swept) < SWEPT_EVERY);
        if !unswept
            || lately
            || self
                .folder()
                .is_none_or(|folder| size(folder) > SWEPT_BYTES)
        {
            return Ok(());
        }
        match self.rewrite() {
            // Without room for the copy all is as it was; another run tries it again.
            Err(_) => Ok(()),
            Ok(()) => self.swept(before),
        }
    }

    /// Empties the write-ahead log, and rewrites the file without its free pages.
    ///
    /// # Errors
    /// When the store cannot be written, or there is no room for the copy.
    pub fn give_space_back(&mut self) -> Result<(), StoreError> {
        self.rewrite().map_err(self.failed("gave space back"))?;
        self.swept(Timestamp::MIN)
    }

    fn rewrite(&mut self) -> rusqlite::Result<()> {
        let empty = "PRAGMA wal_checkpoint(TRUNCATE)";
        let row = |_: &rusqlite::Row<'_>| Ok(());
        let connection = self.connection();
        connection.query_row(empty, [], row)?;
        connection.execute_batch("VACUUM")?;
        connection.query_row(empty, [], row)
    }

    /// The file was rewritten; what was erased up to then is gone.
    fn swept(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.write("remembered that the file is rewritten", |transaction, _| {
            transaction.execute(
                "UPDATE store SET unswept = 0, swept = MAX(COALESCE(swept, ''), ?1)",
                [ledger::stamp(before)],
            )
        })
        .map(drop)
    }

    /// Erases what is known of a person, unless a write is open whose key tells of them. What is linked stays linked.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn forget(&mut self, person: &Traces) -> Result<Forgetting, StoreError> {
        let failed = self.failed("looked for a person");
        let found = records_of(self.connection(), person).map_err(&failed)?;
        let mut open = Vec::new();
        for record in &found {
            let entries = self.entries(record)?;
            open.extend(entries.into_iter().filter(|entry| entry.phase.is_open()));
        }
        if !open.is_empty() {
            return Ok(Forgetting::Open(open));
        }
        let forgotten = self.write("erased what is known of a person", |transaction, _| {
            let mut forgotten = Forgotten::default();
            for record in &found {
                forget_one(transaction, record, person, &mut forgotten)?;
            }
            Ok(forgotten)
        })?;
        Ok(Forgetting::Done(forgotten))
    }

    /// Longer addresses of other people that the person's is a part of.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn others(&self, person: &Traces) -> Result<BTreeSet<String>, StoreError> {
        let mut others = BTreeSet::new();
        each_text(self.connection(), |_, text| {
            person.others_in(text, &mut others);
        })
        .map_err(self.failed("looked for a person"))?;
        Ok(others)
    }
}

/// Goes through all texts that may hold personal data, with the record that they belong to.
fn each_text(
    connection: &Connection,
    mut visit: impl FnMut(&RecordKey, &str),
) -> rusqlite::Result<()> {
    for (table, columns) in COLUMNS {
        let count = columns.split(',').count();
        let mut query = connection.prepare(&format!("SELECT flow, key, {columns} FROM {table}"))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let record = RecordKey {
                flow: row.get(0)?,
                key: row.get(1)?,
            };
            visit(&record, &record.key);
            for column in 2..2 + count {
                if let Some(text) = row.get_ref(column)?.as_str_or_null()? {
                    visit(&record, text);
                }
            }
        }
    }
    Ok(())
}

fn records_of(connection: &Connection, person: &Traces) -> rusqlite::Result<BTreeSet<RecordKey>> {
    let mut found = BTreeSet::new();
    each_text(connection, |record, text| {
        if person.stand_in(text) && !found.contains(record) {
            found.insert(record.clone());
        }
    })?;
    Ok(found)
}

/// Erases what is kept of a record, but for what it is linked to.
fn forget_one(
    transaction: &Transaction<'_>,
    record: &RecordKey,
    person: &Traces,
    forgotten: &mut Forgotten,
) -> rusqlite::Result<()> {
    let of = params![record.flow, record.key];
    forgotten.records += 1;
    let sources = transaction.execute("DELETE FROM source WHERE flow = ?1 AND key = ?2", of)?;
    forgotten.sources += sources as u64;
    // Other fields of the payload are the same person's: name, address, telephone. What is over for ever needs no key.
    let writes = transaction.execute(
        "UPDATE entry SET payload = NULL, change = NULL, claims = '[]', written = '[]', sought = '[]', watches = '[]', look_at = NULL
         WHERE flow = ?1 AND key = ?2 AND (payload IS NOT NULL OR change IS NOT NULL OR claims <> '[]' OR written <> '[]' OR sought <> '[]' OR watches <> '[]')",
        of,
    )?;
    forgotten.writes += writes as u64;
    let reasons = transaction.execute(
        "UPDATE record SET message = CASE WHEN message IS NULL THEN NULL ELSE ?3 END,
            dismissed = CASE WHEN dismissed IS NULL THEN NULL ELSE ?3 END,
            cause = CASE WHEN cause IS NULL OR at IS NOT NULL THEN cause ELSE COALESCE(code, '') || '|' || COALESCE(field, '') || '|' || ?3 END
         WHERE flow = ?1 AND key = ?2 AND COALESCE(message, dismissed) IS NOT NULL",
        params![record.flow, record.key, REASON_ERASED],
    )?;
    forgotten.reasons += reasons as u64;
    for (table, column) in [
        ("record", "title"),
        ("record", "field"),
        ("record", "at"),
        ("record", "cause"),
        ("entry", "step"),
        ("entry", "chosen"),
        ("link", "step"),
        ("link", "target"),
    ] {
        forgotten.names += replace(transaction, table, column, record, person)?;
    }
    if person.stand_in(&record.key) {
        // A word that nothing leads back from. The record is found by its target's key, should it come again.
        let name = format!("forgotten-{}", uuid::Uuid::new_v4());
        for table in ["record", "entry", "link"] {
            transaction.execute(
                &format!("UPDATE {table} SET key = ?3 WHERE flow = ?1 AND key = ?2"),
                params![record.flow, record.key, name],
            )?;
        }
        forgotten.names += 1;
    }
    Ok(())
}

/// Takes the address out of a column of a record's rows; of how many.
fn replace(
    transaction: &Transaction<'_>,
    table: &str,
    column: &str,
    record: &RecordKey,
    person: &Traces,
) -> rusqlite::Result<u64> {
    let of = params![record.flow, record.key];
    let texts: Vec<String> = transaction
        .prepare_cached(&format!(
            "SELECT DISTINCT {column} FROM {table} WHERE flow = ?1 AND key = ?2 AND {column} IS NOT NULL"
        ))?
        .query_map(of, |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut changed = 0;
    for text in texts.iter().filter(|text| person.stand_in(text)) {
        changed += transaction.execute(
            &format!(
                "UPDATE {table} SET {column} = ?4 WHERE flow = ?1 AND key = ?2 AND {column} = ?3"
            ),
            params![record.flow, record.key, text, person.replaced(text, ERASED)],
        )? as u64;
    }
    Ok(changed)
}

/// A file in which an address was looked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Searched {
    /// Its name in the folder.
    pub file: String,
    /// How often the address stands in it.
    pub times: u64,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Looks for a person in all raw files of a state folder; the sandbox's servers keep theirs as the vendors do, which is left out.
///
/// # Errors
/// When a file cannot be read.
pub fn search(
    folder: &Path,
    person: &Traces,
    others: &BTreeSet<String>,
) -> Result<Vec<Searched>, StoreError> {
    let mut searched = Vec::new();
    let unread = |path: &Path, why: std::io::Error| {
        StoreError(format!(
            "{} could not be looked through: {why}. Let the user who runs Flowbook read it, then say it again.",
            path.display()
        ))
    };
    let entries = fs::read_dir(folder).map_err(|why| unread(folder, why))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|why| unread(folder, why))?.path());
    }
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "sandbox" {
            let inside = search(&path, person, others)?;
            searched.extend(inside.into_iter().map(|one| Searched {
                file: format!("{name}/{}", one.file),
                ..one
            }));
        } else if path.is_file() && !name.starts_with("sandbox.") {
            let counted = person.count_in(&path, others);
            let (times, bytes) = counted.map_err(|why| unread(&path, why))?;
            searched.push(Searched {
                file: name.into_owned(),
                times,
                bytes,
            });
        }
    }
    Ok(searched)
}

/// How long the files of the store in a folder are together, in bytes.
pub fn size(folder: &Path) -> u64 {
    durable::size(&durable::file_in(folder))
}
