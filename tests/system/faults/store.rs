//! What happens to a store: the disk takes no more, somebody holds it, rights are gone, it is away, old, or damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;

use super::super::support::{Call, Workplace};
use super::Step;
use super::cell::Case;
use super::ran::{Ran, ran};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    Full,
    Locked,
    ReadOnly,
    Deleted,
    Restored,
    Damaged,
}

/// Nobody's user, for tests that run as root.
#[cfg(unix)]
const NOBODY: u32 = 65_534;

/// Runs up to the step, does the harm, and what a person does then. What the harmed run said, and what went otherwise than arranged.
pub fn harmed(case: &Case<'_>, harm: Harm, step: &Step) -> (Ran, Option<String>) {
    let state = case.state();
    let file = state.join("store.sqlite");
    match harm {
        Harm::Full => {
            let (running, trouble) =
                case.reached(case.call().without_file_signals(), "latency", 400, step);
            let size = fs::metadata(state.join("store.sqlite-wal")).map_or(0, |wal| wal.len());
            let limited = Command::new("prlimit")
                .args([
                    format!("--pid={}", running.child.id()),
                    format!("--fsize={size}"),
                ])
                .status();
            let limited = limited.is_ok_and(|status| status.success());
            let trouble = trouble
                .or_else(|| (!limited).then(|| "prlimit (of util-linux) did not work".to_owned()));
            must_refuse(case, running.ended(), "", trouble)
        }
        Harm::Locked => {
            let (running, trouble) = case.reached(case.call(), "latency", 400, step);
            let other = Connection::open(&file).expect("opened");
            other.busy_timeout(Duration::from_secs(2)).expect("set");
            other.execute_batch("BEGIN IMMEDIATE").expect("locked");
            let said = must_refuse(case, running.ended(), "", trouble);
            drop(other);
            said
        }
        Harm::ReadOnly => {
            let killed = killed(case, step);
            let trouble = killed.1;
            set_rights(&state, false);
            let refused = ran(as_nobody(case));
            set_rights(&state, true);
            must_refuse(case, refused, "ermission denied", trouble)
        }
        Harm::Deleted => {
            let killed = killed(case, step);
            fs::remove_dir_all(&state).expect("deleted");
            killed
        }
        Harm::Restored => {
            // the old copy is of a store that has run once, before the fault
            let old = state.with_extension("old");
            let early = ran(case.call().with("--only 1"));
            assert!(matches!(early.code, Some(0 | 1)), "{}", early.said());
            fs::create_dir_all(&old).expect("made");
            fs::copy(&file, old.join("store.sqlite")).expect("copied");
            let killed = killed(case, step);
            for side in ["store.sqlite-wal", "store.sqlite-shm"] {
                // a run that was killed at its start has none
                let _ = fs::remove_file(state.join(side));
            }
            fs::copy(old.join("store.sqlite"), &file).expect("restored");
            killed
        }
        Harm::Damaged => {
            let (_, trouble) = killed(case, step);
            let _ = fs::remove_file(state.join("store.sqlite-wal"));
            let mut bytes = fs::read(&file).expect("read");
            let (from, to) = (bytes.len() / 4, bytes.len());
            bytes[from..to].fill(0x5a);
            bytes[100..200.min(to)].fill(0x5a);
            fs::write(&file, bytes).expect("written");
            let refused = case.run();
            let said = must_refuse(case, refused, "is damaged", trouble);
            fs::rename(&state, state.with_extension("damaged")).expect("moved away");
            said
        }
    }
}

fn killed(case: &Case<'_>, step: &Step) -> (Ran, Option<String>) {
    let (running, trouble) = case.reached_and_done(step);
    (running.killed(), trouble)
}

/// A run that meets the harm ends by itself, with 2 or 1, and says which file, and what to do.
fn must_refuse(
    case: &Case<'_>,
    said: Ran,
    words: &str,
    trouble: Option<String>,
) -> (Ran, Option<String>) {
    let well = matches!(said.code, Some(1 | 2))
        && said.err.contains("error: ")
        && said.err.contains(&case.state().display().to_string())
        && said.err.contains(words);
    let trouble =
        trouble.or_else(|| (!well).then(|| format!("not a clear refusal: {}", said.said())));
    (said, trouble)
}

#[cfg(unix)]
fn set_rights(state: &Path, writable: bool) {
    use std::os::unix::fs::PermissionsExt;
    let folder = if writable { 0o700 } else { 0o555 };
    let file = if writable { 0o600 } else { 0o444 };
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("rights");
    };
    if writable {
        set(state, folder);
    }
    for entry in fs::read_dir(state).expect("listed") {
        set(&entry.expect("an entry").path(), file);
    }
    set(state, folder);
}

/// The call as somebody whom rights bind: where the tests run as root, as nobody, who may read the flowbook and a copy of the binary.
#[cfg(unix)]
fn as_nobody(case: &Case<'_>) -> Call {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = case.state();
    let folder = folder.parent().expect("a folder");
    if fs::metadata(folder).expect("there").uid() != 0 {
        return case.call();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("rights");
    case.call().by_user(NOBODY, &binary(case.place()))
}

/// A copy of the binary, in a folder that everybody may read together with the flowbook in it.
pub fn public(place: &Workplace) {
    use std::os::unix::fs::PermissionsExt;
    let everybody = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.path(), everybody).expect("rights");
    fs::copy(env!("CARGO_BIN_EXE_flowbook"), binary(place)).expect("copied");
}

/// Where it is.
pub fn binary(place: &Workplace) -> PathBuf {
    place.path().join("flowbook")
}
