//! Reads folders, the folders they use, and the built-in connectors they name.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use flowbook_grammar::ast::{self, ItemKind};
use flowbook_grammar::{FileId, LARGEST, Span, parse};
use flowbook_stdlib::connectors;

use super::disk::{Disk, Found, Refusal, normal, shown};
use super::{Loaded, Source};
use crate::diagnostic::Diagnostic;

/// Most files of one flowbook.
const MOST_FILES: usize = 1_000;

pub(super) fn load(path: &Path, disk: Disk) -> Loaded {
    let mut loader = Loader {
        out: Loaded::default(),
        done: HashSet::new(),
        chain: Vec::new(),
        layers: 0,
    };
    loader.out.sources.disk = disk;
    loader.root(&normal(&shorter(path)));
    loader.connectors();
    loader.tables();
    loader.out
}

/// Names of files are shown from the working folder where they lie in it.
fn shorter(path: &Path) -> PathBuf {
    match std::env::current_dir() {
        Ok(here) if path.is_absolute() => path.strip_prefix(&here).unwrap_or(path).to_owned(),
        _ => path.to_owned(),
    }
}

struct Loader {
    out: Loaded,
    /// Folders that were read.
    done: HashSet<PathBuf>,
    /// The folders being read, each using the next: identity and name.
    chain: Vec<(PathBuf, String)>,
    /// Layers that are complete.
    layers: u16,
}

impl Loader {
    fn root(&mut self, path: &Path) {
        match self.out.sources.disk.look(path) {
            Found::Folder => {
                if let Disk::Real = self.out.sources.disk {
                    self.out.sources.folder = Some(path.to_owned());
                }
                self.folder(path, true);
            }
            Found::File if path.extension().is_some_and(|end| end == "flow") => {
                let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                self.out.sources.folder = Some(folder.clone());
                self.files(&folder, vec![path.to_owned()], true);
            }
            Found::File => self.nowhere(
                path,
                Refusal {
                    code: "F0602",
                    message: format!(
                        "{} is no flowbook: its name does not end in “.flow”.",
                        shown(path)
                    ),
                    help: Some("Name a folder with `.flow` files, or one such file.".to_owned()),
                },
            ),
            Found::Nothing => self.nowhere(
                path,
                Refusal {
                    code: "F0601",
                    message: format!("There is no folder or file {}.", shown(path)),
                    help: Some(
                        "Name the folder that holds a flowbook's `.flow` files, or one such file."
                            .to_owned(),
                    ),
                },
            ),
        }
    }

    /// A finding about something that has no text: the path itself takes the place of a file.
    fn nowhere(&mut self, path: &Path, refusal: Refusal) {
        let name = if path.as_os_str().is_empty() {
            ".".to_owned()
        } else {
            shown(path)
        };
        let span = Span {
            file: self.push(name, Some(path.to_owned()), String::new(), true),
            start: 0,
            end: 0,
        };
        self.refuse(span, refusal);
    }

    fn refuse(&mut self, span: Span, refusal: Refusal) {
        let label = match refusal.code {
            "F0601" => "no such folder",
            "F0602" => "no flow text in it",
            "F0606" => "cannot be read",
            "F0607" => "closes the circle",
            "F0608" => "not a way from this folder",
            _ => "",
        };
        self.out.diagnostics.push(
            Diagnostic::error(refusal.code, span, refusal.message)
                .label(label)
                .maybe_help(refusal.help),
        );
    }

    fn push(&mut self, name: String, path: Option<PathBuf>, text: String, own: bool) -> FileId {
        let files = &mut self.out.sources.files;
        let id = FileId(u16::try_from(files.len()).unwrap_or(u16::MAX));
        files.push(Source {
            name,
            path,
            text,
            own,
            layer: 0,
        });
        self.out.files.push(ast::File::default());
        id
    }

    fn folder(&mut self, folder: &Path, own: bool) {
        match self.out.sources.disk.flow_files(folder) {
            Err(refusal) => self.nowhere(folder, refusal),
            Ok(files) if files.is_empty() => self.nowhere(
                folder,
                Refusal {
                    code: "F0602",
                    message: format!(
                        "The folder {} holds no `.flow` file.",
                        shown(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
                    ),
                    help: Some(
                        "Name the folder that the `.flow` files stand in; folders inside it are not looked into."
                            .to_owned(),
                    ),
                },
            ),
            Ok(files) => self.files(folder, files, own),
        }
    }

    /// Reads the files of one folder, then the folders they use.
    fn files(&mut self, folder: &Path, files: Vec<PathBuf>, own: bool) {
        let identity = self.out.sources.disk.identity(folder);
        self.done.insert(identity.clone());
        self.out.sources.folders.push(folder.to_owned());
        self.chain.push((identity, shown(folder)));
        let first = self.out.sources.files.len();
        for path in files {
            self.file(path, own);
        }
        let last = self.out.sources.files.len();
        let uses: Vec<ast::Str> = self.out.files[first..last]
            .iter()
            .flat_map(|file| &file.items)
            .filter_map(|item| match &item.kind {
                ItemKind::Use(path) => Some(path.clone()),
                _ => None,
            })
            .collect();
        for path in uses {
            self.used(folder, &path);
        }
        self.layers = self.layers.saturating_add(1);
        for source in &mut self.out.sources.files[first..last] {
            source.layer = self.layers;
        }
        self.chain.pop();
    }

    /// Reads the CSV files that tables name; what cannot be read is told where the table is checked.
    fn tables(&mut self) {
        let named: Vec<ast::Str> = self
            .out
            .files
            .iter()
            .flat_map(|file| &file.items)
            .filter_map(|item| match &item.kind {
                ItemKind::Table(table) => Some(table),
                _ => None,
            })
            .flat_map(|table| table.layers.iter().map(|layer| layer.path.clone()))
            .collect();
        for path in named {
            let by = path.span.file;
            let found = self.out.sources.beside(by, &path.text).map(|source| {
                source.map(|source| {
                    let known = self
                        .out
                        .sources
                        .files
                        .iter()
                        .position(|file| file.path.is_some() && file.path == source.path);
                    if let Some(known) = known {
                        return FileId(u16::try_from(known).unwrap_or(u16::MAX));
                    }
                    let id = self.push(source.name, source.path, source.text, source.own);
                    self.out.sources.files[usize::from(id.0)].layer = source.layer;
                    id
                })
            });
            self.out.sources.tables.push((by, path.text, found));
        }
    }

    fn file(&mut self, path: PathBuf, own: bool) {
        if self.out.sources.files.len() >= MOST_FILES {
            if self.out.sources.files.len() == MOST_FILES {
                self.nowhere(
                    &path,
                    Refusal {
                        code: "F0609",
                        message: format!(
                            "The flowbook has more than {MOST_FILES} files; the rest is not read."
                        ),
                        help: Some("Check that `use` names the folder of a flowbook.".to_owned()),
                    },
                );
            }
            return;
        }
        match self.out.sources.disk.text(&path, LARGEST as u64) {
            Err(refusal) => self.nowhere(&path, refusal),
            Ok(text) => self.read(shown(&path), Some(path), text, own),
        }
    }

    fn read(&mut self, name: String, path: Option<PathBuf>, text: String, own: bool) {
        let id = self.push(name, path, text, own);
        let parsed = parse(id, &self.out.sources.file(id).text);
        self.out.files[usize::from(id.0)] = parsed.file;
        self.out
            .diagnostics
            .extend(parsed.errors.into_iter().map(Diagnostic::from));
    }

    fn used(&mut self, by: &Path, path: &ast::Str) {
        if Path::new(&path.text).is_absolute() || path.text.contains('\\') || path.text.is_empty() {
            self.refuse(
                path.span,
                Refusal {
                    code: "F0608",
                    message: format!("`use \"{}\"` names no folder beside this one.", path.text),
                    help: Some(
                        "Write the way from this file's folder, with “/” between its parts: `use \"../ccv-eaccounting\"`."
                            .to_owned(),
                    ),
                },
            );
            return;
        }
        let folder = normal(&by.join(&path.text));
        match self.out.sources.disk.look(&folder) {
            Found::Folder => {}
            found => {
                let what = match found {
                    Found::File => "is a file, not a folder",
                    _ => "does not exist",
                };
                self.refuse(
                    path.span,
                    Refusal {
                        code: "F0601",
                        message: format!("The folder “{}” that is used here {what}.", path.text),
                        help: Some(format!(
                            "It was looked for at {}; the way begins at this file's folder.",
                            shown(&folder)
                        )),
                    },
                );
                return;
            }
        }
        let identity = self.out.sources.disk.identity(&folder);
        if let Some(first) = self.chain.iter().position(|(one, _)| *one == identity) {
            let mut names: Vec<String> = self.chain[first..]
                .iter()
                .map(|(_, name)| match name.as_str() {
                    "" => "this folder".to_owned(),
                    name => name.to_owned(),
                })
                .collect();
            names.push(names[0].clone());
            let message = if names.len() == 2 {
                "This folder uses itself.".to_owned()
            } else {
                format!(
                    "These folders use each other in a circle: {}.",
                    names.join(" → ")
                )
            };
            self.refuse(
                path.span,
                Refusal {
                    code: "F0607",
                    message,
                    help: Some(
                        "Take out one `use` of the circle; what both need goes into a third folder that both use."
                            .to_owned(),
                    ),
                },
            );
            return;
        }
        if self.done.contains(&identity) {
            return;
        }
        match self.out.sources.disk.flow_files(&folder) {
            Err(refusal) => self.refuse(path.span, refusal),
            Ok(files) if files.is_empty() => self.refuse(
                path.span,
                Refusal {
                    code: "F0602",
                    message: format!(
                        "The folder “{}” that is used here holds no `.flow` file.",
                        path.text
                    ),
                    help: Some("Folders inside it are not looked into.".to_owned()),
                },
            ),
            Ok(files) => self.files(&folder, files, false),
        }
    }

    /// Built-in connectors that a system names and no file defines.
    fn connectors(&mut self) {
        let items = || self.out.files.iter().flat_map(|file| &file.items);
        let written: HashSet<String> = items()
            .filter_map(|item| match &item.kind {
                ItemKind::Connector(connector) => Some(connector.name.text.clone()),
                ItemKind::Bad { name } => name.as_ref().map(|name| name.text.clone()),
                _ => None,
            })
            .collect();
        let mut wanted: Vec<String> = Vec::new();
        for item in items() {
            if let ItemKind::System(system) = &item.kind
                && !written.contains(&system.connector.text)
                && !wanted.contains(&system.connector.text)
            {
                wanted.push(system.connector.text.clone());
            }
        }
        for name in wanted {
            if let Some(text) = connectors::find(&name) {
                self.read(
                    format!("stdlib/connectors/{name}.flow"),
                    None,
                    text.to_owned(),
                    false,
                );
            }
        }
    }
}
