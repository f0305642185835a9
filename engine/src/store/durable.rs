//! Durable: what is committed is on the disk (WAL with `synchronous=FULL`, asked back at start), and readable by its owner alone.
//!
//! A damaged file is told from a sound one: at start by [`check`], and later by whoever meets a damaged page. It never gives wrong data.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// How long a reader waits for a writer that is just opening or closing the file.
const BUSY: Duration = Duration::from_secs(5);

/// `PRAGMA synchronous` when it is FULL.
const FULL: i64 = 2;

/// Files up to this size, in bytes, are checked wholly at each start: it takes less than a tenth of a second.
const SMALL: u64 = 64 << 20;

/// What every run goes by: checked at each start, however long the history is.
const HOT: &str = "'store', 'cursor', 'token', 'unheard'";

/// The file of the store in a folder.
pub(super) fn file_in(folder: &Path) -> PathBuf {
    folder.join("store.sqlite")
}

/// A file of SQLite, its write-ahead log, and the log's index.
pub(super) fn with_sides(file: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|side| {
        let mut path = file.as_os_str().to_owned();
        path.push(side);
        PathBuf::from(path)
    })
}

/// Opens a file of SQLite and sees to it that it keeps what it is told.
///
/// # Errors
/// When the file cannot be opened, is damaged, or lies where nothing is kept safely.
pub(super) fn open(file: &Path) -> Result<Connection, StoreError> {
    // SQLite gives its side files the rights of the main one; they may be there from before.
    let [main, log, index] = with_sides(file);
    private_file(&main)
        .and_then(|_| keep_private(&log))
        .and_then(|()| keep_private(&index))
        .map_err(|why| trouble(file, "could not be made", &reason(&why)))?;
    let failed = |why: rusqlite::Error| damaged(file, &why);
    let connection = Connection::open(file).map_err(failed)?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(failed)?;
    if mode != "wal" {
        return Err(trouble(
            file,
            "cannot be written safely here",
            "the file system takes no write-ahead log; put the state on a local disk with --state DIR",
        ));
    }
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(failed)?;
    let synchronous: i64 = connection
        .query_row("PRAGMA synchronous", [], |row| row.get(0))
        .map_err(failed)?;
    if synchronous != FULL {
        return Err(trouble(
            file,
            "cannot be written safely",
            "this build of SQLite does not wait for the disk",
        ));
    }
    // What is erased is overwritten with zeros, in the file and not only in the index.
    connection
        .pragma_update(None, "secure_delete", true)
        .map_err(failed)?;
    watch(&connection).map_err(failed)?;
    match check(&connection, size(file)).map_err(failed)? {
        None => Ok(connection),
        Some(why) => Err(broken(file, &why)),
    }
}

/// From now on every page that is read is looked through before it is believed.
fn watch(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cell_size_check", true)
}

/// What is wrong with a file of so many bytes. A small one is read wholly; of a large one only what every run goes by, so that the start does not
/// last longer with each year of history: SQLite itself compares the file's length with its header, and damage elsewhere is told by the read that
/// meets it.
fn check(connection: &Connection, size: u64) -> rusqlite::Result<Option<String>> {
    let ask = |what: &str| -> rusqlite::Result<Option<String>> {
        let told: String =
            connection.query_row(&format!("PRAGMA quick_check({what})"), [], |row| row.get(0))?;
        Ok((told != "ok").then_some(told))
    };
    if size <= SMALL {
        return ask("1");
    }
    let mut hot = connection.prepare(&format!(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ({HOT})"
    ))?;
    let names: Vec<String> = hot
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for name in names {
        if let Some(why) = ask(&name)? {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// Whether a file is damaged, wherever in it.
pub(super) fn is_damaged(file: &Path) -> bool {
    let wholly = |connection: Connection| check(&connection, 0);
    match Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(wholly) {
        Ok(found) => found.is_some(),
        Err(why) => told_as_broken(file, &why).is_some(),
    }
}

/// How long a file is in bytes, with its side files.
pub(super) fn size(file: &Path) -> u64 {
    let of = |path: &PathBuf| fs::metadata(path).map_or(0, |of| of.len());
    with_sides(file).iter().map(of).sum()
}

/// Opens a file of SQLite that another process may be writing to.
///
/// # Errors
/// When the file cannot be opened.
pub(super) fn open_to_read(file: &Path) -> Result<Connection, StoreError> {
    let failed = |why: rusqlite::Error| damaged(file, &why);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    watch(&connection).map_err(failed)?;
    Ok(connection)
}

/// What the system said, and what to do where rights are missing.
pub(super) fn reason(why: &std::io::Error) -> String {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    match why.kind() {
        PermissionDenied | ReadOnlyFilesystem => {
            format!(
                "{why}; let the user who runs Flowbook write to its folder, or name another one with --state DIR"
            )
        }
        _ => why.to_string(),
    }
}

/// What to do about a store that failed in the middle of a run.
pub(super) fn remedy(why: &rusqlite::Error) -> &'static str {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull, SystemIoFailure};
    match why.sqlite_error_code() {
        Some(DatabaseBusy | DatabaseLocked) => {
            "Another program holds it, such as a backup: run again once that is done"
        }
        Some(DiskFull | SystemIoFailure) => "Make room on the disk and run again",
        _ => "Check the disk and run again",
    }
}

/// A sentence on a store's file.
pub(super) fn trouble(file: &Path, what: &str, why: &str) -> StoreError {
    StoreError(format!("The store {} {what}: {why}.", file.display()))
}

fn broken(file: &Path, why: &str) -> StoreError {
    StoreError(format!(
        "The store {} is damaged: {why}. Restore it from a backup, or run “flowbook relink”: it moves the file aside and finds by key what was written. Nothing is written twice either way.",
        file.display()
    ))
}

/// A store that could not be opened.
pub(super) fn damaged(file: &Path, why: &rusqlite::Error) -> StoreError {
    told_as_broken(file, why)
        .unwrap_or_else(|| trouble(file, "could not be opened", &why.to_string()))
}

/// A verb of the store that met a damaged page, or a value that was never stored so.
pub(super) fn told_as_broken(file: &Path, why: &rusqlite::Error) -> Option<StoreError> {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let page = matches!(
        why.sqlite_error_code(),
        Some(NotADatabase | DatabaseCorrupt)
    );
    let value = matches!(
        why,
        FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..)
    );
    (page || value).then(|| broken(file, &why.to_string()))
}

pub(super) fn private_folder(folder: &Path) -> Result<(), StoreError> {
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

/// A file for its owner alone, as it was left.
pub(super) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    keep_private(path)?;
    Ok(file)
}

/// Takes the rights of others away.
fn keep_private(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    if path.exists() {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
