//! Where files come from: the disk, or a test's memory. Tells in the user's words why one cannot be read.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Largest CSV file, bytes.
const LARGEST_TABLE: u64 = 10_000_000;

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `F0603`
    pub code: &'static str,
    /// One whole sentence.
    pub message: String,
    /// The fix.
    pub help: Option<String>,
}

impl Refusal {
    fn new(code: &'static str, message: String, help: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message,
            help: Some(help.into()),
        }
    }
}

/// Where files are read from.
#[derive(Debug, Clone, Default)]
pub(super) enum Disk {
    /// The file system.
    #[default]
    Real,
    /// Texts by path.
    Memory(BTreeMap<PathBuf, Vec<u8>>),
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Folder,
    File,
    Nothing,
}

impl Disk {
    /// What stands at a path.
    pub fn look(&self, path: &Path) -> Found {
        match self {
            Disk::Real if here(path).is_dir() => Found::Folder,
            Disk::Real if path.exists() => Found::File,
            Disk::Real => Found::Nothing,
            Disk::Memory(files) if files.contains_key(path) => Found::File,
            Disk::Memory(files) if files.keys().any(|file| file.starts_with(path)) => Found::Folder,
            Disk::Memory(_) => Found::Nothing,
        }
    }

    /// The one true path of a folder, to tell whether two names mean the same.
    pub fn identity(&self, path: &Path) -> PathBuf {
        match self {
            Disk::Real => here(path)
                .canonicalize()
                .unwrap_or_else(|_| path.to_owned()),
            Disk::Memory(_) => path.to_owned(),
        }
    }

    /// The `.flow` files directly in a folder, by name.
    pub fn flow_files(&self, folder: &Path) -> Result<Vec<PathBuf>, Refusal> {
        let mut files: Vec<PathBuf> = match self {
            Disk::Real => std::fs::read_dir(here(folder))
                .and_then(|entries| {
                    entries
                        .map(|entry| entry.map(|entry| folder.join(entry.file_name())))
                        .collect()
                })
                .map_err(|error| unreadable("folder", folder, &error))?,
            Disk::Memory(files) => files
                .keys()
                .filter(|path| path.parent() == Some(folder))
                .cloned()
                .collect(),
        };
        files.retain(|path| {
            let hidden = path
                .file_name()
                .is_none_or(|name| name.to_string_lossy().starts_with('.'));
            !hidden
                && path.extension().is_some_and(|end| end == "flow")
                && self.look(path) == Found::File
        });
        files.sort();
        Ok(files)
    }

    /// The text of a file of at most so many bytes.
    pub fn text(&self, path: &Path, largest: u64) -> Result<String, Refusal> {
        let too_large = |size: u64| {
            Refusal::new(
                "F0605",
                format!(
                    "The file {} is {size} bytes long; files of up to {largest} bytes are read.",
                    shown(path)
                ),
                "Split it, or take out what does not belong in it.",
            )
        };
        let bytes = match self {
            Disk::Real => {
                let size = std::fs::metadata(path)
                    .map_err(|error| unreadable("file", path, &error))?
                    .len();
                if size > largest {
                    return Err(too_large(size));
                }
                std::fs::read(path).map_err(|error| unreadable("file", path, &error))?
            }
            Disk::Memory(files) => files.get(path).cloned().unwrap_or_default(),
        };
        if bytes.len() as u64 > largest {
            return Err(too_large(bytes.len() as u64));
        }
        decode(path, bytes)
    }

    /// A file beside the files of `folder`, inside one of `folders`.
    pub fn beside(
        &self,
        folder: &Path,
        path: &str,
        folders: &[PathBuf],
    ) -> Result<Option<(PathBuf, String)>, Refusal> {
        let outside = || {
            Refusal::new(
                "F0610",
                format!(
                    "The file “{path}” lies outside the flowbook's folder and the folders it uses."
                ),
                "Put the file into the flowbook's folder, and name it from there: “tables/payment.csv”.",
            )
        };
        if Path::new(path).is_absolute() || path.contains('\\') {
            return Err(outside());
        }
        let full = normal(&folder.join(path));
        let inside = |path: &Path, folders: &[PathBuf]| {
            folders.iter().any(|folder| path.starts_with(folder))
        };
        let leaves = full.components().next() == Some(Component::ParentDir)
            && !folders.iter().any(|folder| {
                folder.components().next() == Some(Component::ParentDir) && full.starts_with(folder)
            });
        if leaves || !inside(&full, folders) {
            return Err(outside());
        }
        match self.look(&full) {
            Found::Nothing => return Ok(None),
            Found::Folder => {
                return Err(Refusal::new(
                    "F0606",
                    format!("“{path}” is a folder, not a file."),
                    "Name the file in it.",
                ));
            }
            Found::File => {}
        }
        if let Disk::Real = self {
            // A link in the folder may still lead out of it.
            let truly = self.identity(&full);
            let folders: Vec<PathBuf> = folders.iter().map(|one| self.identity(one)).collect();
            if !inside(&truly, &folders) {
                return Err(outside());
            }
        }
        let text = self.text(&full, LARGEST_TABLE)?;
        Ok(Some((full, text)))
    }
}

/// The empty path is the working folder.
fn here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    }
}

/// A path as users see it.
pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Without `.` and, where the text allows it, without `..`.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, Refusal> {
    let file = shown(path);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Refusal::new(
            "F0603",
            format!("The file {file} is saved as UTF-16."),
            "Save it as UTF-8: in the editor's “Save as”, choose the encoding UTF-8.",
        ));
    }
    if bytes.contains(&0) {
        return Err(Refusal::new(
            "F0604",
            format!("The file {file} is no text: it holds binary data."),
            "Put the text of the flowbook there, or take the file out of the folder.",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].split(|byte| *byte == b'\n').count();
        Refusal::new(
            "F0603",
            format!(
                "The file {file} is not UTF-8: line {line} holds a letter in another encoding."
            ),
            "Save it as UTF-8: in the editor's “Save as”, choose the encoding UTF-8.",
        )
    })
}

fn unreadable(what: &str, path: &Path, error: &io::Error) -> Refusal {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission is denied".to_owned(),
        _ => error.to_string(),
    };
    Refusal::new(
        "F0606",
        format!("The {what} {} cannot be read: {why}.", shown(path)),
        format!("Check that the {what} exists and that you may read it."),
    )
}
