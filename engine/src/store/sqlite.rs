//! The store on disk: one SQLite file in the flowbook's `.flowbook/`, readable by its owner alone, held by one process at a time.
//!
//! Every write goes through `SqliteStore::write`: one transaction, under our fencing number, and none after one that failed.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use flowbook_stdlib::value::Value;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use rusqlite_migration::Error::MigrationDefinition;
use rusqlite_migration::MigrationDefinitionError::DatabaseTooFarAhead;
use rusqlite_migration::Migrations;

use super::durable::{self, damaged, private_folder, trouble};
use super::exclusion::{self, Patience};
use super::journal::{Batch, Entry, Intent, Overruled, Sought, Written};
use super::kept::{Cause, Filter, Kept};
use super::schema::SCHEMA;
use super::{Dropped, Ending, Link, RecordKey, Records, State, Store, StoreError};
use super::{ledger, links, listing};

/// Transactions that one run erases payloads with: the others follow with the next runs, so that none waits long after a pause of months.
const ERASURES: u32 = 20;

/// A store on disk. Its lock is held until it is dropped, or until the process dies.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    file: PathBuf,
    id: String,
    fence: u64,
    cautious: bool,
    /// Why nothing more is written.
    ended: Option<StoreError>,
    /// None for one that only reads.
    lock: Option<exclusion::Held>,
}

impl SqliteStore {
    /// Opens the store in `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// When another process holds it, when it cannot be read or written, when it is damaged or made by a newer version.
    pub fn open(folder: &Path) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_patiently(folder, &Patience::NONE)
    }

    /// As [`SqliteStore::open`], once the process that holds it has ended.
    ///
    /// # Errors
    /// As there, when that process outlasts the patience.
    pub fn open_patiently(
        folder: &Path,
        patience: &Patience<'_>,
    ) -> Result<SqliteStore, StoreError> {
        private_folder(folder)?;
        let mut lock = exclusion::take(folder, patience)?;
        let file = durable::file_in(folder);
        let mut connection = durable::open(&file)?;
        Migrations::from_slice(SCHEMA)
            .to_latest(&mut connection)
            .map_err(|why| match why {
                MigrationDefinition(DatabaseTooFarAhead) => newer(&file),
                why => trouble(
                    &file,
                    "could not be brought to this version",
                    &why.to_string(),
                ),
            })?;
        let failed = |why: rusqlite::Error| damaged(&file, &why);
        let known: Option<(String, i64, Option<String>)> = connection
            .query_row("SELECT id, fence, place FROM store", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
            .map_err(failed)?;
        let (id, last, place) = match known {
            Some((id, last, place)) => (id, last.cast_unsigned(), place),
            None => {
                let id = uuid::Uuid::new_v4().to_string();
                connection
                    .execute("INSERT INTO store (id) VALUES (?1)", [&id])
                    .map_err(failed)?;
                (id, 0, None)
            }
        };
        // An older copy was put in its place, or it was taken to another one; until it has settled, it is nowhere.
        let cautious = lock.before > last || place.as_ref().is_some_and(|at| *at != lock.place);
        let fence = lock.before.max(last) + 1;
        connection
            .execute(
                "UPDATE store SET fence = ?1, place = CASE WHEN ?2 THEN '' ELSE ?3 END",
                params![fence.cast_signed(), cautious, lock.place],
            )
            .map_err(failed)?;
        lock.say(fence)
            .map_err(|why| trouble(&file, "could not be locked", &why.to_string()))?;
        Ok(SqliteStore {
            connection,
            file,
            id,
            fence,
            cautious,
            ended: None,
            lock: Some(lock),
        })
    }

    /// Moves a damaged store aside, so that a new one can be made in its place; where to, if it was damaged.
    ///
    /// # Errors
    /// When another process holds it for longer than the patience, or its file cannot be moved.
    pub fn move_aside_if_damaged(
        folder: &Path,
        patience: &Patience<'_>,
    ) -> Result<Option<PathBuf>, StoreError> {
        private_folder(folder)?;
        let _lock = exclusion::take(folder, patience)?;
        let file = durable::file_in(folder);
        if !file.exists() || !durable::is_damaged(&file) {
            return Ok(None);
        }
        let now = Timestamp::now().strftime("%Y-%m-%d-%H%M%S");
        let aside = folder.join(format!("store.sqlite.damaged-{now}"));
        // The log belongs to the old file: a new one would take it for its own.
        let from = durable::with_sides(&file);
        let to = durable::with_sides(&aside);
        for (from, to) in from.iter().zip(&to).rev().filter(|(from, _)| from.exists()) {
            std::fs::rename(from, to)
                .map_err(|why| trouble(from, "could not be moved aside", &durable::reason(&why)))?;
        }
        Ok(Some(aside))
    }

    /// Opens the store in `folder` to read it, whoever writes to it meanwhile; none where nothing was ever stored.
    ///
    /// # Errors
    /// When it cannot be read, when it is damaged or made by a newer version.
    pub fn open_to_read(folder: &Path) -> Result<Option<SqliteStore>, StoreError> {
        let file = durable::file_in(folder);
        if !file.exists() {
            return Ok(None);
        }
        let failed = |why: rusqlite::Error| damaged(&file, &why);
        let connection = durable::open_to_read(&file)?;
        let version: i64 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(failed)?;
        match usize::try_from(version).unwrap_or(0).cmp(&SCHEMA.len()) {
            Ordering::Equal => {}
            Ordering::Greater => return Err(newer(&file)),
            Ordering::Less => {
                drop(connection);
                drop(SqliteStore::open(folder)?); // brings it to this version
                return SqliteStore::open_to_read(folder);
            }
        }
        let id = connection
            .query_row("SELECT id FROM store", [], |row| row.get(0))
            .optional()
            .map_err(failed)?
            .unwrap_or_default();
        Ok(Some(SqliteStore {
            connection,
            ended: Some(trouble(&file, "is not written", "it was opened to be read")),
            file,
            id,
            fence: 0,
            cautious: false,
            lock: None,
        }))
    }

    /// Where it lies.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.file.parent()
    }

    /// For questions and upkeep beside the protocol's verbs.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn failed(&self, what: &str) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
        failed(&self.file, what)
    }

    /// One transaction under our fencing number. After one that failed there is no other: nobody knows what the disk holds.
    pub(super) fn write<T>(
        &mut self,
        what: &str,
        verb: impl FnOnce(&Transaction<'_>, u64) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        if let Some(why) = &self.ended {
            return Err(why.clone());
        }
        let written = self.transaction(what, verb);
        if let Err(why) = &written {
            self.ended = Some(why.clone());
        }
        written
    }

    fn transaction<T>(
        &mut self,
        what: &str,
        verb: impl FnOnce(&Transaction<'_>, u64) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let failed = failed(&self.file, what);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&failed)?;
        let holder: i64 = transaction
            .prepare_cached("SELECT fence FROM store")
            .and_then(|mut query| query.query_row([], |row| row.get(0)))
            .map_err(&failed)?;
        if holder.cast_unsigned() != self.fence {
            return Err(StoreError(format!(
                "The store {} was taken over by another process; this one writes nothing more. Run again.",
                self.file.display()
            )));
        }
        let got = verb(&transaction, self.fence).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        Ok(got)
    }
}

/// Of a version that this one does not know.
fn newer(file: &Path) -> StoreError {
    let why = "a newer Flowbook made it; use that one";
    trouble(file, "cannot be read", why)
}

fn failed(file: &Path, what: &str) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
    let (file, what) = (file.to_owned(), what.to_owned());
    move |why| {
        durable::told_as_broken(&file, &why).unwrap_or_else(|| {
            StoreError(format!(
                "The store {} failed while it {what}: {why}. {}; what was confirmed before is kept.",
                file.display(),
                durable::remedy(&why)
            ))
        })
    }
}

impl Store for SqliteStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn states(&self, flow: &str, keys: &[String]) -> Result<Vec<Option<State>>, StoreError> {
        keys.iter()
            .map(|key| {
                listing::one(&self.connection, flow, key)
                    .map_err(self.failed("read what became of records"))
            })
            .collect()
    }

    fn unfinished(
        &self,
        flow: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<(String, State)>, StoreError> {
        listing::unfinished(&self.connection, flow, after, most)
            .map_err(self.failed("read which records wait"))
    }

    fn end(&mut self, flow: &str, ends: &[Ending]) -> Result<(), StoreError> {
        self.write("stored what became of records", |transaction, _| {
            ends.iter()
                .try_for_each(|ending| listing::end(transaction, flow, ending))
        })
    }

    fn links(&self, record: &RecordKey) -> Result<Vec<Link>, StoreError> {
        links::of_record(&self.connection, record)
            .map_err(self.failed("read what a record is linked to"))
    }

    fn linked(
        &self,
        source_resource: &str,
        key: &str,
        resource: &str,
    ) -> Result<Option<Value>, StoreError> {
        links::linked(&self.connection, source_resource, key, resource)
            .map_err(self.failed("read what a record is linked to"))
    }

    fn made_from(
        &self,
        resource: &str,
        target: &Value,
        source_resource: &str,
    ) -> Result<Option<String>, StoreError> {
        links::made_from(&self.connection, resource, target, source_resource)
            .map_err(self.failed("read what a record was made from"))
    }

    fn linked_from(
        &self,
        resource: &str,
        target: &Value,
    ) -> Result<Vec<(String, RecordKey)>, StoreError> {
        links::linked_from(&self.connection, resource, target)
            .map_err(self.failed("read what a record was made for"))
    }

    fn cautious(&self) -> bool {
        self.cautious
    }

    fn settled(&mut self) -> Result<(), StoreError> {
        let place = self.lock.as_ref().map(|lock| lock.place.clone());
        self.write("remembered where it is", |transaction, _| {
            transaction.execute("UPDATE store SET place = ?1", [&place])
        })?;
        self.cautious = false;
        Ok(())
    }

    fn plan(&mut self, intents: &[Intent]) -> Result<(), StoreError> {
        self.write("planned writes", |transaction, fence| {
            for intent in intents {
                if ledger::entry(transaction, &intent.record, &intent.step)?.is_none() {
                    ledger::put(transaction, &Entry::planned(intent.clone()), fence)?;
                }
            }
            Ok(())
        })
    }

    fn commit(&mut self, batch: Batch) -> Result<Vec<Overruled>, StoreError> {
        self.write("stored what is written", |transaction, fence| {
            for outcome in &batch.outcomes {
                if let Some((source, link)) = &outcome.link {
                    links::put(transaction, &outcome.record, source, link)?;
                    listing::begun(transaction, &outcome.record, None)?;
                }
                if let Some(mut entry) = ledger::entry(transaction, &outcome.record, &outcome.step)?
                {
                    entry.end(outcome);
                    ledger::put_outcome(transaction, &entry, fence)?;
                }
            }
            let mut overruled = Vec::new();
            for release in batch.releases {
                let (record, step) = (release.intent.record.clone(), release.intent.step.clone());
                let at = release.at;
                let mut entry = ledger::entry(transaction, &record, &step)?
                    .unwrap_or_else(|| Entry::planned(release.intent.clone()));
                if let Some(chosen) = entry.release(release) {
                    overruled.push(Overruled {
                        record,
                        step,
                        chosen,
                    });
                    continue;
                }
                ledger::put(transaction, &entry, fence)?;
                listing::begun(transaction, &record, Some(at))?;
            }
            Ok(overruled)
        })
    }

    fn open_entries(&self) -> Result<Vec<Entry>, StoreError> {
        ledger::open(&self.connection).map_err(self.failed("read which writes are open"))
    }

    fn confirmed_last(&self, last: u32) -> Result<Vec<Written>, StoreError> {
        ledger::confirmed_last(&self.connection, last)
            .map_err(self.failed("read what was written last"))
    }

    fn entries(&self, record: &RecordKey) -> Result<Vec<Entry>, StoreError> {
        ledger::of_record(&self.connection, record)
            .map_err(self.failed("read what was written of a record"))
    }

    fn to_look_at(&self, now: Timestamp) -> Result<Vec<Entry>, StoreError> {
        ledger::to_look_at(&self.connection, now)
            .map_err(self.failed("read what is to be looked at again"))
    }

    fn looked_at(
        &mut self,
        record: &RecordKey,
        step: &str,
        sought: &[Sought],
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.write("stored a second look", |transaction, fence| {
            if let Some(mut entry) = ledger::entry(transaction, record, step)? {
                entry.looked_at(sought, next);
                ledger::put(transaction, &entry, fence)?;
            }
            Ok(())
        })
    }

    fn drop_payloads(&mut self, before: Timestamp) -> Result<Dropped, StoreError> {
        let mut all = Dropped::default();
        for _ in 0..ERASURES {
            let erased = self.drop_some(before)?;
            if erased.is_nothing() {
                break;
            }
            all += erased;
        }
        self.sweep_daily(before)?;
        Ok(all)
    }

    fn cursor(&self, flow: &str) -> Result<Option<Timestamp>, StoreError> {
        self.connection
            .query_row("SELECT at FROM cursor WHERE flow = ?1", [flow], |row| {
                row.get(0)
            })
            .optional()
            .map(|at| ledger::instant(at.flatten()))
            .map_err(self.failed("read up to where a flow has read"))
    }

    fn advance(&mut self, flow: &str, to: Timestamp) -> Result<(), StoreError> {
        self.write("stored up to where a flow has read", |transaction, _| {
            transaction.execute(
                "INSERT OR REPLACE INTO cursor (flow, at) VALUES (?1, ?2)",
                [flow, &to.to_string()],
            )
        })
        .map(drop)
    }

    fn compared(&self, flow: &str) -> Result<Option<Timestamp>, StoreError> {
        self.connection
            .query_row("SELECT at FROM compared WHERE flow = ?1", [flow], |row| {
                row.get(0)
            })
            .optional()
            .map(|at| ledger::instant(at.flatten()))
            .map_err(self.failed("read when a flow's source was compared"))
    }

    fn compare(&mut self, flow: &str, at: Timestamp) -> Result<(), StoreError> {
        self.write(
            "stored when a flow's source was compared",
            |transaction, _| {
                transaction.execute(
                    "INSERT OR REPLACE INTO compared (flow, at) VALUES (?1, ?2)",
                    [flow, &at.to_string()],
                )
            },
        )
        .map(drop)
    }

    fn keep_token(&mut self, system: &str, token: &str) -> Result<(), StoreError> {
        self.write("stored a refresh token", |transaction, _| {
            transaction.execute("DELETE FROM unheard WHERE system = ?1", [system])?;
            transaction.execute(
                "INSERT OR REPLACE INTO token (system, token) VALUES (?1, ?2)",
                [system, token],
            )
        })
        .map(drop)
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

    fn note_sign_in(&mut self, system: &str, hash: &str, unheard: bool) -> Result<(), StoreError> {
        let noted = match unheard {
            true => "INSERT OR IGNORE INTO unheard (system, hash) VALUES (?1, ?2)",
            false => "DELETE FROM unheard WHERE system = ?1 AND hash = ?2",
        };
        self.write("noted a sign-in", |transaction, _| {
            transaction.execute(noted, [system, hash])
        })
        .map(drop)
    }

    fn is_unheard(&self, system: &str, hash: &str) -> Result<bool, StoreError> {
        self.connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM unheard WHERE system = ?1 AND hash = ?2)",
                [system, hash],
                |row| row.get(0),
            )
            .map_err(self.failed("read a sign-in"))
    }
}

impl Records for SqliteStore {
    fn records(
        &self,
        filter: &Filter,
        after: Option<&Kept>,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        listing::records(&self.connection, filter, after, most)
            .map_err(self.failed("listed records"))
    }

    fn causes(&self, filter: &Filter) -> Result<Vec<Cause>, StoreError> {
        listing::causes(&self.connection, filter).map_err(self.failed("counted records by cause"))
    }

    fn named(&self, name: &str) -> Result<Vec<Kept>, StoreError> {
        listing::named(&self.connection, name).map_err(self.failed("looked for a record"))
    }

    fn source(&self, record: &RecordKey) -> Result<Option<String>, StoreError> {
        listing::source(&self.connection, record)
            .map_err(self.failed("read what a record was made of"))
    }

    fn try_again(&mut self, records: &[RecordKey]) -> Result<(), StoreError> {
        self.write("marked records to be tried again", |transaction, fence| {
            for record in records {
                let Some(mut state) = listing::one(transaction, &record.flow, &record.key)? else {
                    continue;
                };
                if !state.try_again() {
                    continue;
                }
                listing::put(transaction, &record.flow, &record.key, &state)?;
                for mut entry in ledger::of_record(transaction, record)? {
                    entry.renew();
                    ledger::put(transaction, &entry, fence)?;
                }
            }
            Ok(())
        })
    }

    fn dismiss(
        &mut self,
        record: &RecordKey,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("dismissed a record", |transaction, _| {
            let Some(mut state) = listing::one(transaction, &record.flow, &record.key)? else {
                return Ok(());
            };
            state.dismiss(reason, at);
            listing::put(transaction, &record.flow, &record.key, &state)
        })
    }
}
