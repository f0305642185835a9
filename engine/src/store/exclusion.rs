//! Exclusion: who writes holds an operating-system lock from before its first store write until its death. A paused holder keeps it, a killed one
//! frees it at once; nobody overtakes. Each acquisition takes the next fencing number, which is checked with every write of the store.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use jiff::Timestamp;

use super::StoreError;
use super::durable::{private_file, trouble};

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

/// Takes the lock of a state folder.
///
/// # Errors
/// When another process holds it, named with its number; when the folder lies on another machine.
pub(super) fn take(folder: &Path) -> Result<Held, StoreError> {
    refuse_remote(folder)?;
    let path = folder.join("lock");
    let failed = |why: std::io::Error| trouble(&path, "could not be locked", &why.to_string());
    let mut file = private_file(&path).map_err(failed)?;
    let locked = file.try_lock();
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    let mut lines = text.lines();
    let (holder, since, fence) = (lines.next(), lines.next(), lines.next());
    match locked {
        Ok(()) => Ok(Held {
            before: fence.and_then(|fence| fence.parse().ok()).unwrap_or(0),
            place: place(&file),
            file,
        }),
        Err(TryLockError::WouldBlock) => {
            let holder = match holder {
                None | Some("") => "Another process".to_owned(),
                Some(pid) => format!("Process {pid}"),
            };
            let since = since
                .map(|since| format!(" (since {since})"))
                .unwrap_or_default();
            Err(StoreError(format!(
                "{holder} is running this flowbook already{since} and holds {}. Wait until it is done, or end it.",
                path.display()
            )))
        }
        Err(TryLockError::Error(why)) => Err(failed(why)),
    }
}

impl Held {
    /// Says who holds it, for whoever comes second.
    pub(super) fn say(&mut self, fence: u64) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        let since = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        writeln!(self.file, "{}\n{since}\n{fence}", std::process::id())?;
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
