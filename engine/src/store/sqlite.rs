//! The store on disk: one SQLite file in the flowbook's `.flowbook/`, readable by its owner alone, held by one process at a time.
//!
//! What is committed is on the disk (WAL with `synchronous=FULL`): the journal's promises rest on that. Tables of the journal join by a
//! further migration; those below never change their meaning.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use flowbook_stdlib::value::Value;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use rusqlite_migration::{M, Migrations};

use super::{BEGUN, Confirmed, End, Link, Reason, RecordKey, State, Store, StoreError};

const SCHEMA: &[M<'_>] = &[
    M::up(
        "CREATE TABLE store (id TEXT NOT NULL) STRICT;
     CREATE TABLE record (
        flow TEXT NOT NULL, key TEXT NOT NULL,
        end TEXT NOT NULL, hash INTEGER NOT NULL,
        code TEXT, message TEXT, field TEXT, at TEXT,
        waiting_since TEXT, passed INTEGER NOT NULL,
        PRIMARY KEY (flow, key)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX record_unfinished ON record (flow, key) WHERE end IN ('waiting', 'failed');
     CREATE TABLE link (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        flow TEXT NOT NULL, key TEXT NOT NULL, step TEXT NOT NULL,
        source TEXT NOT NULL, resource TEXT NOT NULL, target TEXT NOT NULL, hash INTEGER NOT NULL,
        UNIQUE (flow, key, step) ON CONFLICT REPLACE
     ) STRICT;
     CREATE INDEX link_of_source ON link (source, key, resource, number);
     CREATE TABLE cursor (flow TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT;
     CREATE TABLE token (system TEXT PRIMARY KEY, token TEXT NOT NULL) STRICT;",
    ),
    M::up("CREATE INDEX link_of_target ON link (resource, target, source);"),
];

/// A store on disk. Its lock is held until it is dropped, or until the process dies.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    file: PathBuf,
    id: String,
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// When another process holds it, when it cannot be read or written, when it is damaged or made by a newer version.
    pub fn open(folder: &Path) -> Result<SqliteStore, StoreError> {
        private_folder(folder)?;
        let lock = lock(&folder.join("lock"))?;
        let file = folder.join("store.sqlite");
        private_file(&file).map_err(|why| trouble(&file, "could not be made", &why.to_string()))?;
        let failed = |why: rusqlite::Error| damaged(&file, &why);
        let mut connection = Connection::open(&file).map_err(failed)?;
        let mode: String = connection
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(failed)?;
        if mode != "wal" {
            return Err(trouble(
                &file,
                "cannot be written safely here",
                "the file system takes no write-ahead log; put the state on a local disk with --state DIR",
            ));
        }
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(failed)?;
        let sound: String = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(failed)?;
        if sound != "ok" {
            return Err(broken(&file, &sound));
        }
        Migrations::from_slice(SCHEMA)
            .to_latest(&mut connection)
            .map_err(|why| {
                trouble(
                    &file,
                    "could not be brought to this version",
                    &format!("{why}; was it made by a newer Flowbook?"),
                )
            })?;
        let known: Option<String> = connection
            .query_row("SELECT id FROM store", [], |row| row.get(0))
            .optional()
            .map_err(failed)?;
        let id = match known {
            Some(id) => id,
            None => {
                let id = uuid::Uuid::new_v4().to_string();
                connection
                    .execute("INSERT INTO store (id) VALUES (?1)", [&id])
                    .map_err(failed)?;
                id
            }
        };
        Ok(SqliteStore {
            connection,
            file,
            id,
            _lock: lock,
        })
    }

    fn failed(&self, what: &str) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
        let (file, what) = (self.file.clone(), what.to_owned());
        move |why| {
            StoreError(format!(
                "The store {} failed while it {what}: {why}. Check the disk and run again; what was confirmed before is kept.",
                file.display()
            ))
        }
    }
}

fn trouble(file: &Path, what: &str, why: &str) -> StoreError {
    StoreError(format!("The store {} {what}: {why}.", file.display()))
}

fn broken(file: &Path, why: &str) -> StoreError {
    StoreError(format!(
        "The store {} is damaged: {why}. Restore it from a backup, or move it away: a new store looks up every key before it writes, so nothing is written twice.",
        file.display()
    ))
}

fn damaged(file: &Path, why: &rusqlite::Error) -> StoreError {
    match why.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
            broken(file, &why.to_string())
        }
        _ => trouble(file, "could not be opened", &why.to_string()),
    }
}

fn private_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|why| {
        StoreError(format!(
            "The folder {} for the flowbook's state could not be made: {why}. Name another one with --state DIR.",
            folder.display()
        ))
    })
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Holds the operating system's lock; the holder's process id stands in the file for whoever comes second.
fn lock(path: &Path) -> Result<File, StoreError> {
    let failed = |why: std::io::Error| trouble(path, "could not be locked", &why.to_string());
    let mut file = private_file(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(failed)?;
            file.rewind().map_err(failed)?;
            writeln!(file, "{}", std::process::id()).map_err(failed)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(failed)?;
            let holder = match holder.trim() {
                "" => "Another process".to_owned(),
                pid => format!("Process {pid}"),
            };
            Err(StoreError(format!(
                "{holder} is running this flowbook already and holds {}. Wait until it is done, or end it.",
                path.display()
            )))
        }
        Err(TryLockError::Error(why)) => Err(failed(why)),
    }
}

fn instant(text: Option<String>) -> Option<Timestamp> {
    text.and_then(|text| text.parse().ok())
}

/// A row of `end, hash, code, message, field, at, waiting_since, passed`, from that column on.
fn state(row: &Row<'_>, first: usize) -> rusqlite::Result<State> {
    let end: String = row.get(first)?;
    let message: Option<String> = row.get(first + 3)?;
    let reason = match message {
        Some(message) => Some(Reason {
            code: row.get(first + 2)?,
            message,
            field: row.get(first + 4)?,
            at: row.get(first + 5)?,
        }),
        None => None,
    };
    Ok(State {
        end: End::of_word(&end).unwrap_or(End::Failed),
        hash: row.get::<_, i64>(first + 1)?.cast_unsigned(),
        reason,
        waiting_since: instant(row.get(first + 6)?),
        passed: row.get(first + 7)?,
    })
}

const STATE: &str = "end, hash, code, message, field, at, waiting_since, passed";

fn json(value: &Value) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|why| StoreError(format!("A target's key could not be stored: {why}.")))
}

fn unjson(text: &str) -> rusqlite::Result<Value> {
    serde_json::from_str(text).map_err(|why| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(why))
    })
}

impl Store for SqliteStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn states(&self, flow: &str, keys: &[String]) -> Result<Vec<Option<State>>, StoreError> {
        let failed = self.failed("read what became of records");
        let mut query = self
            .connection
            .prepare_cached(&format!(
                "SELECT {STATE} FROM record WHERE flow = ?1 AND key = ?2"
            ))
            .map_err(&failed)?;
        keys.iter()
            .map(|key| {
                query
                    .query_row([flow, key], |row| state(row, 0))
                    .optional()
                    .map_err(&failed)
            })
            .collect()
    }

    fn unfinished(&self, flow: &str) -> Result<Vec<(String, State)>, StoreError> {
        let failed = self.failed("read which records wait");
        let mut query = self
            .connection
            .prepare_cached(&format!(
                "SELECT key, {STATE} FROM record WHERE flow = ?1 AND end IN ('waiting', 'failed') ORDER BY key"
            ))
            .map_err(&failed)?;
        let rows = query
            .query_map([flow], |row| Ok((row.get(0)?, state(row, 1)?)))
            .map_err(&failed)?;
        rows.collect::<Result<_, _>>().map_err(&failed)
    }

    fn end(&mut self, flow: &str, ends: &[(String, State)]) -> Result<(), StoreError> {
        let failed = self.failed("stored what became of records");
        let transaction = self.connection.transaction().map_err(&failed)?;
        {
            let mut insert = transaction
                .prepare_cached(&format!(
                    "INSERT OR REPLACE INTO record (flow, key, {STATE}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
                ))
                .map_err(&failed)?;
            for (key, state) in ends {
                let reason = state.reason.as_ref();
                insert
                    .execute(params![
                        flow,
                        key,
                        state.end.word(),
                        state.hash.cast_signed(),
                        reason.and_then(|reason| reason.code.as_deref()),
                        reason.map(|reason| reason.message.as_str()),
                        reason.and_then(|reason| reason.field.as_deref()),
                        reason.and_then(|reason| reason.at.as_deref()),
                        state.waiting_since.map(|at| at.to_string()),
                        state.passed,
                    ])
                    .map_err(&failed)?;
            }
        }
        transaction.commit().map_err(&failed)
    }

    fn links(&self, record: &RecordKey) -> Result<Vec<Link>, StoreError> {
        let failed = self.failed("read what a record is linked to");
        let mut query = self
            .connection
            .prepare_cached(
                "SELECT step, resource, target, hash FROM link WHERE flow = ?1 AND key = ?2 ORDER BY number",
            )
            .map_err(&failed)?;
        let rows = query
            .query_map([&record.flow, &record.key], |row| {
                Ok(Link {
                    step: row.get(0)?,
                    resource: row.get(1)?,
                    target: unjson(&row.get::<_, String>(2)?)?,
                    hash: row.get::<_, i64>(3)?.cast_unsigned(),
                })
            })
            .map_err(&failed)?;
        rows.collect::<Result<_, _>>().map_err(&failed)
    }

    fn linked(
        &self,
        source_resource: &str,
        key: &str,
        resource: &str,
    ) -> Result<Option<Value>, StoreError> {
        self.connection
            .prepare_cached(
                "SELECT target FROM link WHERE source = ?1 AND key = ?2 AND resource = ?3 ORDER BY number DESC LIMIT 1",
            )
            .and_then(|mut query| {
                query
                    .query_row([source_resource, key, resource], |row| {
                        unjson(&row.get::<_, String>(0)?)
                    })
                    .optional()
            })
            .map_err(self.failed("read what a record is linked to"))
    }

    fn made_from(
        &self,
        resource: &str,
        target: &Value,
        source_resource: &str,
    ) -> Result<Option<String>, StoreError> {
        let failed = self.failed("read what a record was made from");
        let mut query = self
            .connection
            .prepare_cached(
                "SELECT DISTINCT key FROM link WHERE resource = ?1 AND target = ?2 AND source = ?3 AND hash <> 0 LIMIT 2",
            )
            .map_err(&failed)?;
        let keys = query
            .query_map([resource, &json(target)?, source_resource], |row| {
                row.get::<_, String>(0)
            })
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(&failed)?;
        Ok(match keys.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        })
    }

    fn confirm_all(&mut self, confirmed: &[Confirmed]) -> Result<(), StoreError> {
        let failed = self.failed("stored a confirmed write");
        let transaction = self.connection.transaction().map_err(&failed)?;
        {
            let mut links = transaction
                .prepare_cached(
                    "INSERT INTO link (flow, key, step, source, resource, target, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )
                .map_err(&failed)?;
            let mut records = transaction
                .prepare_cached(
                    "INSERT INTO record (flow, key, end, hash, message, passed) VALUES (?1, ?2, 'waiting', 0, ?3, TRUE)
                     ON CONFLICT (flow, key) DO UPDATE SET passed = TRUE",
                )
                .map_err(&failed)?;
            for Confirmed {
                record,
                source,
                link,
            } in confirmed
            {
                links
                    .execute(params![
                        record.flow,
                        record.key,
                        link.step,
                        source,
                        link.resource,
                        json(&link.target)?,
                        link.hash.cast_signed(),
                    ])
                    .map_err(&failed)?;
                records
                    .execute(params![record.flow, record.key, BEGUN])
                    .map_err(&failed)?;
            }
        }
        transaction.commit().map_err(&failed)
    }

    fn cursor(&self, flow: &str) -> Result<Option<Timestamp>, StoreError> {
        self.connection
            .query_row("SELECT at FROM cursor WHERE flow = ?1", [flow], |row| {
                row.get(0)
            })
            .optional()
            .map(|at| instant(at.flatten()))
            .map_err(self.failed("read up to where a flow has read"))
    }

    fn advance(&mut self, flow: &str, to: Timestamp) -> Result<(), StoreError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO cursor (flow, at) VALUES (?1, ?2)",
                [flow, &to.to_string()],
            )
            .map(drop)
            .map_err(self.failed("stored up to where a flow has read"))
    }

    fn keep_token(&mut self, system: &str, token: &str) -> Result<(), StoreError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO token (system, token) VALUES (?1, ?2)",
                [system, token],
            )
            .map(drop)
            .map_err(self.failed("stored a refresh token"))
    }

    fn token(&self, system: &str) -> Result<Option<String>, StoreError> {
        self.connection
            .query_row(
                "SELECT token FROM token WHERE system = ?1",
                [system],
                |row| row.get(0),
            )
            .optional()
            .map_err(self.failed("read a refresh token"))
    }
}
