//! Entries of the journal as rows.

use flowbook_stdlib::value::Value;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::journal::{Entry, Intent, Phase, Written};
use super::{Dropped, RecordKey};

const ENTRY: &str = "flow, key, step, resource, source, phase, claims, written, sought, chosen, attempts, payload, change, renewed, at, watches";

/// As stored in a column.
pub(super) fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|why| rusqlite::Error::ToSqlConversionFailure(Box::new(why)))
}

fn parsed<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|why| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(why)))
}

/// A value from its column.
pub(super) fn unjson(text: &str) -> rusqlite::Result<Value> {
    parsed(text)
}

pub(super) fn instant(text: Option<String>) -> Option<Timestamp> {
    text.and_then(|text| text.parse().ok())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let phase: String = row.get(5)?;
    Ok(Entry {
        intent: Intent {
            record: RecordKey {
                flow: row.get(0)?,
                key: row.get(1)?,
            },
            step: row.get(2)?,
            resource: row.get(3)?,
        },
        source: row.get(4)?,
        phase: Phase::of_word(&phase).unwrap_or(Phase::Unknown),
        claims: parsed(&row.get::<_, String>(6)?)?,
        written: parsed(&row.get::<_, String>(7)?)?,
        sought: parsed(&row.get::<_, String>(8)?)?,
        chosen: row
            .get::<_, Option<String>>(9)?
            .map(|text| parsed(&text))
            .transpose()?,
        attempts: parsed(&row.get::<_, String>(10)?)?,
        payload: row.get(11)?,
        change: row.get(12)?,
        renewed: row.get(13)?,
        at: instant(row.get(14)?),
        watches: parsed(&row.get::<_, String>(15)?)?,
    })
}

/// The entry of a step of a record.
pub(super) fn entry(
    connection: &Connection,
    record: &RecordKey,
    step: &str,
) -> rusqlite::Result<Option<Entry>> {
    connection
        .prepare_cached(&format!(
            "SELECT {ENTRY} FROM entry WHERE flow = ?1 AND key = ?2 AND step = ?3"
        ))?
        .query_row([&record.flow, &record.key, step], read)
        .optional()
}

/// Stores an entry under the holder's fencing number and the next sequence number.
pub(super) fn put(connection: &Connection, entry: &Entry, fence: u64) -> rusqlite::Result<()> {
    let chosen = entry.chosen.as_ref().map(json).transpose()?;
    connection
        .prepare_cached(&format!(
            "INSERT OR REPLACE INTO entry ({ENTRY}, look_at, fence, number)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                (SELECT COALESCE(MAX(number), 0) + 1 FROM entry))"
        ))?
        .execute(params![
            entry.intent.record.flow,
            entry.intent.record.key,
            entry.intent.step,
            entry.intent.resource,
            entry.source,
            entry.phase.word(),
            json(&entry.claims)?,
            json(&entry.written)?,
            json(&entry.sought)?,
            chosen,
            json(&entry.attempts)?,
            entry.payload,
            entry.change,
            entry.renewed,
            entry.at.map(stamp),
            json(&entry.watches)?,
            entry.look_at().map(stamp),
            fence.cast_signed(),
        ])
        .map(drop)
}

/// Stores what became of an entry's write; all else of it is as it was.
pub(super) fn put_outcome(
    connection: &Connection,
    entry: &Entry,
    fence: u64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE entry SET phase = ?4, claims = ?5, written = ?6, attempts = ?7, payload = ?8, watches = ?9, look_at = ?10, fence = ?11,
                number = (SELECT MAX(number) + 1 FROM entry)
             WHERE flow = ?1 AND key = ?2 AND step = ?3",
        )?
        .execute(params![
            entry.intent.record.flow,
            entry.intent.record.key,
            entry.intent.step,
            entry.phase.word(),
            json(&entry.claims)?,
            json(&entry.written)?,
            json(&entry.attempts)?,
            entry.payload,
            json(&entry.watches)?,
            entry.look_at().map(stamp),
            fence.cast_signed(),
        ])
        .map(drop)
}

/// In one form, so that texts compare as the instants do.
pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn all(connection: &Connection, filter: &str, with: &[&str]) -> rusqlite::Result<Vec<Entry>> {
    connection
        .prepare_cached(&format!("SELECT {ENTRY} FROM entry WHERE {filter}"))?
        .query_map(rusqlite::params_from_iter(with), read)?
        .collect()
}

/// Entries of which nobody knows what became, in the order in which they were released.
pub(super) fn open(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    all(
        connection,
        "phase IN ('released', 'unknown', 'accepted') ORDER BY number",
        &[],
    )
}

/// The keys of confirmed writes among the last entries: out of an index that holds them, since the entries may be long.
pub(super) fn confirmed_last(connection: &Connection, last: u32) -> rusqlite::Result<Vec<Written>> {
    connection
        .prepare_cached(
            "SELECT resource, written FROM entry INDEXED BY entry_written
             WHERE written <> '[]' AND number > (SELECT MAX(number) FROM entry) - ?1 ORDER BY number",
        )?
        .query_map([last], |row| {
            Ok(Written {
                resource: row.get(0)?,
                claims: parsed(&row.get::<_, String>(1)?)?,
            })
        })?
        .collect()
}

/// Entries of a record.
pub(super) fn of_record(
    connection: &Connection,
    record: &RecordKey,
) -> rusqlite::Result<Vec<Entry>> {
    all(
        connection,
        "flow = ?1 AND key = ?2",
        &[&record.flow, &record.key],
    )
}

/// Entries whose next look is due.
pub(super) fn to_look_at(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Entry>> {
    all(
        connection,
        "look_at IS NOT NULL AND look_at <= ?1 ORDER BY look_at",
        &[&stamp(now)],
    )
}

/// Erases payloads, changes and keys of before, so many of each at most. Keys are kept until the last look at their write.
pub(super) fn drop_payloads(
    connection: &Connection,
    before: Timestamp,
    most: u32,
) -> rusqlite::Result<Dropped> {
    let drop = |held: &str, texts: &str, erased: &str| -> rusqlite::Result<(u64, u64)> {
        let old = format!(
            "FROM entry WHERE {held} AND at < ?1 AND phase NOT IN ('released', 'unknown', 'accepted') ORDER BY at LIMIT ?2"
        );
        let with = params![stamp(before), most];
        let measured = measured(
            connection,
            &format!("SELECT octet_length({texts}) {old}"),
            with,
        )?;
        connection
            .prepare_cached(&format!(
                "UPDATE entry SET {erased} WHERE number IN (SELECT number {old})"
            ))?
            .execute(with)?;
        Ok(measured)
    };
    let (payloads, first) = drop("payload IS NOT NULL", "payload", "payload = NULL")?;
    let (changes, second) = drop("change IS NOT NULL", "change", "change = NULL")?;
    let (keys, third) = drop(
        "(claims <> '[]' OR written <> '[]') AND look_at IS NULL",
        "claims || written || sought",
        "claims = '[]', written = '[]', sought = '[]'",
    )?;
    Ok(Dropped {
        payloads,
        changes,
        keys,
        sources: 0,
        bytes: first + second + third,
    })
}

/// How many texts a question finds, and how long they are together.
pub(super) fn measured(
    connection: &Connection,
    question: &str,
    with: impl Params,
) -> rusqlite::Result<(u64, u64)> {
    let mut query = connection.prepare_cached(question)?;
    let lengths = query.query_map(with, |row| row.get::<_, i64>(0))?;
    let (mut count, mut bytes) = (0, 0);
    for length in lengths {
        count += 1;
        bytes += length?.cast_unsigned();
    }
    Ok((count, bytes))
}
