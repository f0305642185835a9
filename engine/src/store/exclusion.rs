//! Exclusion: who writes holds an operating-system lock from before its first store write until its death. A paused holder keeps it, a killed one
//! frees it at once; nobody overtakes. Each acquisition takes the next fencing number, which is checked with every write of the store.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::StoreError;
use super::durable::{private_file, reason, trouble};

/// File systems whose locks reach other machines late or not at all.
const REMOTE: [&str; 10] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb2",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "afs",
    "ceph",
    "9p",
];

/// The lock, held until it is dropped or the process dies. Closed when another program is executed, as Rust's files are.
#[derive(Debug)]
pub(super) struct Held {
    file: File,
    /// The fencing number of whoever held it before.
    pub(super) before: u64,
    /// Which file it is, on which machine.
    pub(super) place: String,
}

/// How long the lock of another process is waited for, and who is told of it.
pub struct Patience<'a> {
    /// At most so long; zero leaves at once.
    pub most: Duration,
    /// Hears one sentence for each holder that is waited for.
    pub told: &'a dyn Fn(&str),
}

impl Patience<'_> {
    /// Leaves at once when another process is there.
    pub const NONE: Patience<'static> = Patience {
        most: Duration::ZERO,
        told: &|_| {},
    };
}

/// How often a lock that another process holds is tried again.
const AGAIN: Duration = Duration::from_millis(100);

enum Tried {
    Ours(Held),
    /// Whose it is: “Process 4711 is running this flowbook already (since …)”.
    Theirs(String),
}

/// Takes the lock of a state folder, or waits for its holder's end; never overtakes.
///
/// # Errors
/// When another process holds it for longer than the patience, named with its number; when the folder lies on another machine.
pub(super) fn take(folder: &Path, patience: &Patience<'_>) -> Result<Held, StoreError> {
    refuse_remote(folder)?;
    let path = folder.join("lock");
    let begun = Instant::now();
    let mut named = String::new();
    loop {
        let holder = match try_once(&path)? {
            Tried::Ours(held) => return Ok(held),
            Tried::Theirs(holder) => holder,
        };
        if begun.elapsed() >= patience.most {
            let waited = match patience.most.is_zero() {
                true => {
                    "Wait until it is done (--wait \"10 min\" has this command wait), or end it."
                }
                false => "It was waited for as long as --wait says. Wait longer, or end it.",
            };
            return Err(StoreError(format!(
                "{holder} and holds {}. {waited}",
                path.display()
            )));
        }
        if holder != named {
            (patience.told)(&format!("{holder}. Waiting for its end."));
            named = holder;
        }
        std::thread::sleep(AGAIN.min(patience.most));
    }
}

fn try_once(path: &Path) -> Result<Tried, StoreError> {
    let failed = |why: std::io::Error| trouble(path, "could not be locked", &reason(&why));
    let mut file = private_file(path).map_err(failed)?;
    let locked = file.try_lock();
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    let mut lines = text.lines();
    let (holder, since, fence) = (lines.next(), lines.next(), lines.next());
    match locked {
        Ok(()) => {
            let mut held = Held {
                before: fence.and_then(|fence| fence.parse().ok()).unwrap_or(0),
                place: place(&file),
                file,
            };
            // at once, so that nobody is told the name of the dead
            held.say(held.before).map_err(failed)?;
            Ok(Tried::Ours(held))
        }
        Err(TryLockError::WouldBlock) => {
            let holder = match holder {
                None | Some("") => "Another process".to_owned(),
                Some(pid) => format!("Process {pid}"),
            };
            let since = since
                .map(|since| format!(" (since {since})"))
                .unwrap_or_default();
            Ok(Tried::Theirs(format!(
                "{holder} is running this flowbook already{since}"
            )))
        }
        Err(TryLockError::Error(why)) => Err(failed(why)),
    }
}

impl Held {
    /// Says who holds it, for whoever comes second: written over what stood there, so that no kill leaves it without a fencing number.
    pub(super) fn say(&mut self, fence: u64) -> std::io::Result<()> {
        let since = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        let text = format!("{}\n{since}\n{fence}\n", std::process::id());
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)?;
        self.file.sync_data()
    }
}

/// The machine and the file: a copy of a folder has another one.
fn place(file: &File) -> String {
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    #[cfg(unix)]
    let inode = {
        use std::os::unix::fs::MetadataExt;
        file.metadata()
            .map(|of| format!("{}:{}", of.dev(), of.ino()))
            .unwrap_or_default()
    };
    #[cfg(not(unix))]
    let inode = {
        let _ = file;
        ""
    };
    format!("{} {inode}", machine.trim())
}

/// The kind of file system that a folder lies on, where the system tells.
fn refuse_remote(folder: &Path) -> Result<(), StoreError> {
    let (Ok(folder), Ok(mounts)) = (
        folder.canonicalize(),
        std::fs::read_to_string("/proc/self/mounts"),
    ) else {
        return Ok(());
    };
    match remote_kind(&folder, &mounts) {
        Some(kind) => Err(StoreError(format!(
            "The folder {} lies on a network file system ({kind}), where two machines could write at once. Put the state on a local disk with --state DIR.",
            folder.display()
        ))),
        None => Ok(()),
    }
}

fn remote_kind<'m>(folder: &Path, mounts: &'m str) -> Option<&'m str> {
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (_, at, kind) = (words.next()?, words.next()?, words.next()?);
        folder.starts_with(at).then_some((at.len(), kind))
    });
    let (_, kind) = mounted.max_by_key(|(length, _)| *length)?;
    REMOTE.contains(&kind).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_told_by_the_nearest_mount() {
        let mounts = "/dev/sda1 / ext4 rw 0 0\nnas:/home /home nfs4 rw 0 0\n/dev/sdb1 /home/anna/local ext4 rw 0 0\n";
        let kind = |path: &str| remote_kind(Path::new(path), mounts);
        assert_eq!(kind("/var/flow"), None);
        assert_eq!(kind("/home/anna/flow"), Some("nfs4"));
        assert_eq!(kind("/home/anna/local/flow"), None);
    }
}
