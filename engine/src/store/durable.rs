//! Durable: what is committed is on the disk (WAL with `synchronous=FULL`, asked back at start), and readable by its owner alone.

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// How long a reader waits for a writer that is just opening or closing the file.
const BUSY: Duration = Duration::from_secs(5);

/// `PRAGMA synchronous` when it is FULL.
const FULL: i64 = 2;

/// Opens a file of SQLite and sees to it that it keeps what it is told.
///
/// # Errors
/// When the file cannot be opened, is damaged, or lies where nothing is kept safely.
pub(super) fn open(file: &Path) -> Result<Connection, StoreError> {
    // SQLite gives its side files the rights of the main one; they may be there from before.
    for side in ["", "-wal", "-shm"] {
        let mut path = file.as_os_str().to_owned();
        path.push(side);
        let path = Path::new(&path);
        let made = if side.is_empty() {
            private_file(path).map(drop)
        } else {
            keep_private(path)
        };
        made.map_err(|why| trouble(file, "could not be made", &why.to_string()))?;
    }
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
    let sound: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(failed)?;
    if sound != "ok" {
        return Err(broken(file, &sound));
    }
    Ok(connection)
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
    Ok(connection)
}

/// A sentence on a store's file.
pub(super) fn trouble(file: &Path, what: &str, why: &str) -> StoreError {
    StoreError(format!("The store {} {what}: {why}.", file.display()))
}

fn broken(file: &Path, why: &str) -> StoreError {
    StoreError(format!(
        "The store {} is damaged: {why}. Restore it from a backup, or move it away: a new store looks up every key before it writes, so nothing is written twice.",
        file.display()
    ))
}

pub(super) fn damaged(file: &Path, why: &rusqlite::Error) -> StoreError {
    match why.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
            broken(file, &why.to_string())
        }
        _ => trouble(file, "could not be opened", &why.to_string()),
    }
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
