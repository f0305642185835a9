//! Records as rows: how they are stored, listed a page at a time, and counted by cause. Every question goes along an index, however long the history.

use std::cmp::Ordering;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};

use super::kept::{Cause, Filter, Kept};
use super::ledger::{instant, measured, stamp};
use super::{Dropped, End, Ending, Reason, RecordKey, State};

/// The columns that [`state`] reads.
const STATE: &str = "end, hash, code, message, field, at, waiting_since, passed, tries, title, seen, ended, dismissed, next_try, fixed, plan";

/// A state whose columns begin there.
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
        tries: row.get(first + 8)?,
        title: row.get(first + 9)?,
        seen: instant(row.get(first + 10)?),
        ended: instant(row.get(first + 11)?),
        dismissed: row.get(first + 12)?,
        next_try: instant(row.get(first + 13)?),
        fixed: row.get(first + 14)?,
        plan: row.get::<_, i64>(first + 15)?.cast_unsigned(),
    })
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        record: RecordKey {
            flow: row.get(0)?,
            key: row.get(1)?,
        },
        state: state(row, 2)?,
    })
}

/// An absent instant is before all others.
fn ended(at: Option<Timestamp>) -> String {
    at.map(stamp).unwrap_or_default()
}

/// Stores where a record stands.
pub(super) fn put(
    connection: &Connection,
    flow: &str,
    key: &str,
    state: &State,
) -> rusqlite::Result<()> {
    let reason = state.reason.as_ref();
    connection
        .prepare_cached(&format!(
            "INSERT OR REPLACE INTO record (flow, key, {STATE}, cause)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
        ))?
        .execute(params![
            flow,
            key,
            state.end.word(),
            state.hash.cast_signed(),
            reason.and_then(|reason| reason.code.as_deref()),
            reason.map(|reason| reason.message.as_str()),
            reason.and_then(|reason| reason.field.as_deref()),
            reason.and_then(|reason| reason.at.as_deref()),
            state.waiting_since.map(stamp),
            state.passed,
            state.tries,
            state.title,
            state.seen.map(stamp),
            ended(state.ended),
            state.dismissed,
            state.next_try.map(stamp),
            state.fixed,
            state.plan.cast_signed(),
            reason.map(Reason::cause),
        ])
        .map(drop)
}

/// Stores the end of a record, and what was read of it where it was not carried over.
pub(super) fn end(connection: &Connection, flow: &str, ending: &Ending) -> rusqlite::Result<()> {
    put(connection, flow, &ending.key, &ending.state)?;
    connection
        .prepare_cached("DELETE FROM entry WHERE flow = ?1 AND key = ?2 AND phase = 'planned'")?
        .execute([flow, &ending.key])?;
    match &ending.source {
        _ if ending.state.end.is_settled() => connection
            .prepare_cached("DELETE FROM source WHERE flow = ?1 AND key = ?2")?
            .execute([flow, &ending.key])
            .map(drop),
        None => Ok(()),
        Some(source) => connection
            .prepare_cached(
                "INSERT OR REPLACE INTO source (flow, key, record, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute([flow, &ending.key, source, &ended(ending.state.ended)])
            .map(drop),
    }
}

/// A record with a release or a link has passed its gates; one that was never stored waits, so that a run that is cut off here is gone on with.
/// Whatever paused is due again.
pub(super) fn begun(
    connection: &Connection,
    record: &RecordKey,
    at: Option<Timestamp>,
) -> rusqlite::Result<()> {
    let reason = Reason::begun();
    connection
        .prepare_cached(
            "INSERT INTO record (flow, key, end, hash, message, cause, passed, seen, ended)
             VALUES (?1, ?2, 'waiting', 0, ?3, ?4, TRUE, ?5, COALESCE(?5, ''))
             ON CONFLICT (flow, key) DO UPDATE SET passed = TRUE, next_try = NULL, fixed = FALSE,
                hash = CASE WHEN end IN ('done', 'skipped') THEN 0 ELSE hash END
             WHERE NOT passed OR next_try IS NOT NULL OR fixed OR (end IN ('done', 'skipped') AND hash <> 0)",
        )?
        .execute(params![
            record.flow,
            record.key,
            reason.message,
            reason.cause(),
            at.map(stamp)
        ])
        .map(drop)
}

/// Some of a flow's records that wait or failed, in the order of their keys.
pub(super) fn unfinished(
    connection: &Connection,
    flow: &str,
    after: Option<&str>,
    most: usize,
) -> rusqlite::Result<Vec<(String, State)>> {
    let behind = after.map_or("?2 IS NULL", |_| "key > ?2");
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    connection
        .prepare_cached(&format!(
            "SELECT key, {STATE} FROM record WHERE flow = ?1 AND end IN ('waiting', 'failed') AND {behind} ORDER BY key LIMIT ?3"
        ))?
        .query_map(params![flow, after, most], |row| {
            Ok((row.get(0)?, state(row, 1)?))
        })?
        .collect()
}

/// Where a record stands.
pub(super) fn one(
    connection: &Connection,
    flow: &str,
    key: &str,
) -> rusqlite::Result<Option<State>> {
    connection
        .prepare_cached(&format!(
            "SELECT {STATE} FROM record WHERE flow = ?1 AND key = ?2"
        ))?
        .query_row([flow, key], |row| state(row, 0))
        .optional()
}

/// The flows that have records: a jump for each, not a walk over all records.
fn flows(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached(
            "WITH RECURSIVE known (flow) AS (
                SELECT MIN(flow) FROM record
                UNION ALL
                SELECT (SELECT MIN(flow) FROM record WHERE flow > known.flow) FROM known WHERE known.flow IS NOT NULL
             ) SELECT flow FROM known WHERE flow IS NOT NULL",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

fn flows_of(connection: &Connection, filter: &Filter) -> rusqlite::Result<Vec<String>> {
    match &filter.flow {
        Some(flow) => Ok(vec![flow.clone()]),
        None => flows(connection),
    }
}

/// Some of the records that a filter takes, behind the last one told.
pub(super) fn records(
    connection: &Connection,
    filter: &Filter,
    after: Option<&Kept>,
    most: usize,
) -> rusqlite::Result<Vec<Kept>> {
    let flows = flows_of(connection, filter)?;
    let since = ended(filter.since);
    let mut found = Vec::new();
    for end in filter.ends() {
        for flow in &flows {
            let place = after.map(|last| (last.state.end, &last.record.flow).cmp(&(end, flow)));
            let (from, key) = match (after, place) {
                (_, Some(Ordering::Greater)) => continue,
                (Some(last), Some(Ordering::Equal)) => {
                    (ended(last.state.ended), last.record.key.as_str())
                }
                _ => (since.clone(), ""),
            };
            let left = i64::try_from(most - found.len()).unwrap_or(i64::MAX);
            let mut query = connection.prepare_cached(&format!(
                "SELECT flow, key, {STATE} FROM record
                 WHERE end = ?1 AND flow = ?2 AND (ended, key) > (?3, ?4) AND (?5 IS NULL OR code = ?5)
                 ORDER BY ended, key LIMIT ?6"
            ))?;
            let rows = query.query_map(
                params![end.word(), flow, from, key, filter.code, left],
                kept,
            )?;
            for row in rows {
                found.push(row?);
            }
            if found.len() >= most {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Those records by their causes.
pub(super) fn causes(connection: &Connection, filter: &Filter) -> rusqlite::Result<Vec<Cause>> {
    let since = ended(filter.since);
    let mut causes = Vec::new();
    for end in filter.ends().filter(|end| *end != End::Done) {
        // without a code the index alone tells
        let of_flow = filter.flow.as_ref().map_or("?2 IS NULL", |_| "flow = ?2");
        let of_code = filter.code.as_ref().map_or("?4 IS NULL", |_| "code = ?4");
        let mut counted = connection.prepare_cached(&format!(
            "SELECT flow, cause, COUNT(*) FROM record
             WHERE end = ?1 AND cause IS NOT NULL AND {of_flow} AND ended >= ?3 AND {of_code}
             GROUP BY flow, cause"
        ))?;
        let rows = counted.query_map(
            params![end.word(), filter.flow, since, filter.code],
            |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?)),
        )?;
        for row in rows {
            let (flow, cause, count): (String, String, i64) = row?;
            let most = i64::try_from(Cause::EXAMPLES).unwrap_or(i64::MAX);
            let of: [&dyn ToSql; 6] = [&end.word(), &flow, &cause, &since, &filter.code, &most];
            let examples = connection
                .prepare_cached(&format!(
                    "SELECT flow, key, {STATE} FROM record
                     WHERE end = ?1 AND flow = ?2 AND cause = ?3 AND ended >= ?4 AND (?5 IS NULL OR code = ?5)
                     ORDER BY ended DESC, key LIMIT ?6"
                ))?
                .query_map(params_from_iter(of), kept)?
                .collect::<rusqlite::Result<_>>()?;
            causes.push(Cause {
                flow,
                end,
                count: count.cast_unsigned(),
                examples,
            });
        }
    }
    causes.sort_by_key(|cause: &Cause| (cause.end, std::cmp::Reverse(cause.count)));
    Ok(causes)
}

/// The records with this key or title.
pub(super) fn named(connection: &Connection, name: &str) -> rusqlite::Result<Vec<Kept>> {
    let mut found = Vec::new();
    for flow in flows(connection)? {
        if let Some(state) = one(connection, &flow, name)? {
            let record = RecordKey {
                flow,
                key: name.to_owned(),
            };
            found.push(Kept { record, state });
        }
    }
    let mut titled = connection.prepare_cached(&format!(
        "SELECT flow, key, {STATE} FROM record WHERE title = ?1 AND key <> ?1 ORDER BY flow, key"
    ))?;
    for row in titled.query_map([name], kept)? {
        found.push(row?);
    }
    Ok(found)
}

/// What was read of a record.
pub(super) fn source(
    connection: &Connection,
    record: &RecordKey,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT record FROM source WHERE flow = ?1 AND key = ?2")?
        .query_row([&record.flow, &record.key], |row| row.get(0))
        .optional()
}

/// Erases what was read of records that ended before then, so many at most.
pub(super) fn drop_sources(
    connection: &Connection,
    before: Timestamp,
    most: u32,
) -> rusqlite::Result<Dropped> {
    let with = params![stamp(before), most];
    let (sources, bytes) = measured(
        connection,
        "SELECT octet_length(record) FROM source WHERE at < ?1 ORDER BY at LIMIT ?2",
        with,
    )?;
    connection
        .prepare_cached(
            "DELETE FROM source WHERE (flow, key) IN (
                SELECT flow, key FROM source WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute(with)?;
    Ok(Dropped {
        sources,
        bytes,
        ..Dropped::default()
    })
}
