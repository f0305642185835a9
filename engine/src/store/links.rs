//! Links as rows: which record of a target was made or found for which record of a source.

use flowbook_stdlib::value::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::ledger::{json, unjson};
use super::{Link, RecordKey};

/// Stores a link of a record of `source`; the step's link of before goes.
pub(super) fn put(
    connection: &Connection,
    record: &RecordKey,
    source: &str,
    link: &Link,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO link (flow, key, step, source, resource, target, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            record.flow,
            record.key,
            link.step,
            source,
            link.resource,
            json(&link.target)?,
            link.hash.cast_signed(),
        ])
        .map(drop)
}

/// Links of a record, the last one stored at the end.
pub(super) fn of_record(
    connection: &Connection,
    record: &RecordKey,
) -> rusqlite::Result<Vec<Link>> {
    connection
        .prepare_cached(
            "SELECT step, resource, target, hash FROM link WHERE flow = ?1 AND key = ?2 ORDER BY number",
        )?
        .query_map([&record.flow, &record.key], |row| {
            Ok(Link {
                step: row.get(0)?,
                resource: row.get(1)?,
                target: unjson(&row.get::<_, String>(2)?)?,
                hash: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        })?
        .collect()
}

/// What any flow last wrote to `resource` for a record of `source`.
pub(super) fn linked(
    connection: &Connection,
    source: &str,
    key: &str,
    resource: &str,
) -> rusqlite::Result<Option<Value>> {
    connection
        .prepare_cached(
            "SELECT target FROM link WHERE source = ?1 AND key = ?2 AND resource = ?3 ORDER BY number DESC LIMIT 1",
        )?
        .query_row([source, key, resource], |row| {
            unjson(&row.get::<_, String>(0)?)
        })
        .optional()
}

/// The key of the one record of `source` for which a record of `resource` was made.
pub(super) fn made_from(
    connection: &Connection,
    resource: &str,
    target: &Value,
    source: &str,
) -> rusqlite::Result<Option<String>> {
    let target = json(target)?;
    let keys: Vec<String> = connection
        .prepare_cached(
            "SELECT DISTINCT key FROM link WHERE resource = ?1 AND target = ?2 AND source = ?3 AND hash <> 0 LIMIT 2",
        )?
        .query_map([resource, &target, source], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(match keys.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    })
}

/// Some records for which a record of `resource` was made or found, with their source.
pub(super) fn linked_from(
    connection: &Connection,
    resource: &str,
    target: &Value,
) -> rusqlite::Result<Vec<(String, RecordKey)>> {
    connection
        .prepare_cached(
            "SELECT source, flow, key FROM link WHERE resource = ?1 AND target = ?2 LIMIT 16",
        )?
        .query_map([resource, &json(target)?], |row| {
            let record = RecordKey {
                flow: row.get(1)?,
                key: row.get(2)?,
            };
            Ok((row.get(0)?, record))
        })?
        .collect()
}
