//! What the commands about records begin with: a flowbook's folder, the store that remembers its records, and the zone in which people read times.
//!
//! They work on what is remembered alone: nothing here opens a connection, and a flowbook that is broken at the moment hinders none of them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::wait::Wait;
use super::{Exit, book, output, sandbox};
use crate::check;
use crate::checked::Book;
use crate::run::THERE;
use crate::run::report::{self, MADE_BY};
use crate::sources::{Loaded, Sources};
use crate::store::kept::{Filter, Kept};
use crate::store::sqlite::SqliteStore;
use crate::store::{End, Records, State, StoreError};

/// Which state is meant.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The records of runs with --sandbox.
    #[arg(long)]
    pub sandbox: bool,
    /// The state is in this folder instead of the flowbook's `.flowbook`.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// A flowbook, for whoever deals with its records.
pub struct Desk {
    /// Its text, where it has no error.
    pub book: Option<(Book, Sources)>,
    folder: PathBuf,
    /// The folder was named by --state.
    named: bool,
    zone: TimeZone,
    /// What is typed behind a command's name to mean this flowbook.
    words: (String, String),
}

impl Desk {
    pub fn open(dir: &Path, place: &Place) -> Result<Desk, Exit> {
        let state = book::state_folder(dir, place.state.as_deref());
        let folder = match place.sandbox {
            true => sandbox::folder(&state),
            false => state,
        };
        if !folder.exists() && !book::is_flowbook(dir) {
            let place = match dir == Path::new(".") {
                true => "this folder".to_owned(),
                false => dir.display().to_string(),
            };
            output::error(&format!("There is no flowbook in {place}."));
            output::help(
                "Name the folder of its .flow files first, then the record: flowbook why flows/ccv-eaccounting 1062, flowbook records flows/ccv-eaccounting --key 1062",
            );
            return Err(Exit::Broken);
        }
        let loaded = Loaded::read(dir);
        let checked = check::check(&loaded);
        let book = checked.book.map(|book| (book, loaded.sources));
        let zone = book.as_ref().map(|(book, _)| TimeZone::get(&book.zone));
        let before = match dir == Path::new(".") {
            true => String::new(),
            false => format!(" {}", dir.display()),
        };
        let mut behind = String::new();
        if place.sandbox {
            behind.push_str(" --sandbox");
        }
        if let Some(state) = &place.state {
            behind.push_str(&format!(" --state {}", state.display()));
        }
        Ok(Desk {
            book,
            folder,
            named: place.state.is_some(),
            zone: zone.and_then(Result::ok).unwrap_or(TimeZone::UTC),
            words: (before, behind),
        })
    }

    /// Where the state is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The store, read while a run may be writing to it; none where no run was made yet. A folder that was named must have one.
    pub fn read(&self) -> Result<Option<SqliteStore>, Exit> {
        let store = SqliteStore::open_to_read(&self.folder).map_err(failed)?;
        if store.is_none() && self.named {
            output::error(&format!(
                "There is no state of a flowbook in {}.",
                self.folder.display()
            ));
            output::help(&format!(
                "Name the folder that was given to `flowbook run --state`; without --state it is `.flowbook`. `{}` makes one there.",
                self.call("run", "")
            ));
            return Err(Exit::Broken);
        }
        Ok(store)
    }

    /// The store, to be told something; none where no run was made yet.
    pub fn write(&self, wait: Wait) -> Result<Option<SqliteStore>, Exit> {
        match self.read()? {
            None => Ok(None),
            Some(_) => SqliteStore::open_patiently(&self.folder, &wait.patience())
                .map(Some)
                .map_err(failed),
        }
    }

    /// Says that nothing is known yet.
    pub fn nothing_yet(&self) {
        let sandboxed = sandbox::folder(&self.folder);
        let why = match SqliteStore::open_to_read(&sandboxed) {
            Ok(Some(_)) => "only runs with --sandbox were made, and --sandbox tells of them",
            _ => "no run was made",
        };
        output::note(&format!(
            "Nothing is remembered in {} yet: {why}. `{}` makes one.",
            self.folder.display(),
            self.call("run", "")
        ));
    }

    /// A flow of that name must be known: to the flowbook, or to what it remembers.
    pub fn knows(&self, flow: &str, store: &SqliteStore) -> Result<(), Exit> {
        let filter = Filter {
            flow: Some(flow.to_owned()),
            ..Filter::default()
        };
        match &self.book {
            Some((book, _)) if store.records(&filter, None, 1).map_err(failed)?.is_empty() => {
                book::has_flow(book.flows.iter().map(|flow| flow.name.as_str()), flow)
            }
            _ => Ok(()),
        }
    }

    /// What a flow reads: `till.orders`. Nothing where the flowbook does not say.
    pub fn source_of(&self, flow: &str) -> String {
        let named = || {
            let (book, _) = self.book.as_ref()?;
            let flow = book.flows.iter().find(|known| known.name == flow)?;
            let resource = book.resources.get(flow.resource as usize)?;
            let system = book.systems.get(resource.system as usize)?;
            Some(format!("{}.{}", system.name, resource.name))
        };
        named().unwrap_or_default()
    }

    /// A command for this flowbook, as it is typed: `flowbook retry flows/ccv-eaccounting 1062 --sandbox`
    pub fn call(&self, command: &str, rest: &str) -> String {
        let (before, behind) = &self.words;
        let rest = match rest {
            "" => String::new(),
            rest => format!(" {rest}"),
        };
        format!("flowbook {command}{before}{rest}{behind}")
    }

    /// `2026-03-01 14:05`, in the flowbook's zone.
    pub fn time(&self, at: Timestamp) -> String {
        let there = self.zone.to_datetime(at);
        there.strftime("%Y-%m-%d %H:%M").to_string()
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What comes next for a record: a sentence that names the command.
    pub fn next_step(&self, kept: &Kept) -> String {
        let name = name(kept);
        let state = &kept.state;
        let retry = self.call("retry", name);
        match state.end {
            End::Failed => {
                let when = match (state.fixed, state.next_try) {
                    (true, _) => "It would fail the same way until the record or the flowbook changes, so it is not tried before.".to_owned(),
                    (false, Some(next)) if next > Timestamp::now() => {
                        format!("It is not tried again by itself before {}.", self.time(next))
                    }
                    _ => "The next run tries it again.".to_owned(),
                };
                format!(
                    "Correct the cause. {when} `{retry}` has the next run try it, however often it failed; `{}` takes it off the list.",
                    self.call("dismiss", &format!("{name} --reason “…”"))
                )
            }
            End::Waiting => "Each run looks at it again; nothing is to be done.".to_owned(),
            End::Dismissed => {
                format!("It stays so, whatever changes in it. `{retry}` takes it up again.")
            }
            End::Skipped => {
                let there = match is_there(state) {
                    true => format!(
                        "The target has a record under the key, and this store does not know who made it. {MADE_BY} `{}` finds it again. ",
                        self.call("relink", "")
                    ),
                    false => String::new(),
                };
                format!(
                    "{there}It is looked at again when it changes in its source, or after `{retry}`."
                )
            }
            End::Done => format!(
                "Nothing is to be done. A change in its source is carried over by itself; `{}` looks at it now.",
                self.call(
                    "run",
                    &format!("{} --only {}", kept.record.flow, kept.record.key)
                )
            ),
        }
    }
}

/// Skipped, since something is there under its key that this store does not know of.
fn is_there(state: &State) -> bool {
    let code = state.reason.as_ref().and_then(|why| why.code.as_deref());
    code == Some(THERE)
}

/// What people type for a record.
pub fn name(kept: &Kept) -> &str {
    kept.state.title.as_deref().unwrap_or(&kept.record.key)
}

/// `1062 (339323561)`: what people call a record, and its key.
pub fn called(kept: &Kept) -> String {
    report::called(&kept.record.key, kept.state.title.as_deref())
}

/// The folder and the keys of `[DIR] KEY…`: the first word is a folder when there is one of that name, when it reads as a path, or when the current
/// folder is no flowbook. A key may hold a point: an e-mail address is none.
pub fn folder_and_keys(words: &[String]) -> (PathBuf, Vec<String>) {
    let here = PathBuf::from(".");
    let is_folder =
        |word: &str| word == "." || word.contains(['/', '\\']) || Path::new(word).exists();
    match words.split_first() {
        Some((first, rest)) if is_folder(first) || !book::is_flowbook(&here) => {
            (PathBuf::from(first), rest.to_vec())
        }
        _ => (here, words.to_vec()),
    }
}

/// The records of this key or number that a filter takes. Of several flows that know it, those speak that have something to do.
pub fn meant(
    store: &SqliteStore,
    key: &str,
    filter: &Filter,
    has_something_to_do: impl Fn(&Kept) -> bool,
) -> Result<Vec<Kept>, Exit> {
    let mut found = store.named(key).map_err(failed)?;
    found.retain(|kept| filter.takes(kept));
    if found.iter().any(&has_something_to_do) {
        found.retain(has_something_to_do);
    }
    Ok(found)
}

/// Says why the store gave no answer.
pub fn failed(why: StoreError) -> Exit {
    output::error(&why.to_string());
    Exit::Broken
}
