//! What both servers remember: collections of records, kept in memory and in an append-only log.
//!
//! Every change is a line of the log and is written before the answer that reports it leaves, so a killed process
//! loses nothing a client has seen. What one request changes counts as a whole: `more` says that its last line is still to come. At start the log is replayed and rewritten in its shortest form, by rename.

use crate::Error;
use crate::json::{Json, object};
use crate::lag::{Collections, Hidden, Lag};
use indexmap::IndexMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

const LOG: &str = "sandbox.log";

/// The records of both systems, by collection (`books/customers`) and key.
#[derive(Default)]
pub(crate) struct State {
    collections: Collections,
    lag: Lag,
    log: Option<File>,
    pending: Vec<String>,
    // held for the life of the sandbox: two processes must not write one log
    _lock: Option<File>,
}

impl State {
    /// Opens the folder's state, or an empty one in memory.
    pub(crate) fn open(folder: Option<&Path>, reset: bool) -> Result<State, Error> {
        let Some(folder) = folder else {
            return Ok(State::default());
        };
        let io = |source| Error::State {
            folder: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(io)?;
        let lock = File::create(folder.join("sandbox.lock")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let path = folder.join(LOG);
        let mut state = State {
            _lock: Some(lock),
            ..State::default()
        };
        if !reset && path.exists() {
            let text = fs::read(&path).map_err(io)?;
            state.replay(&text, folder)?;
        }
        let temp = folder.join("sandbox.log.new");
        let mut file = File::create(&temp).map_err(io)?;
        file.write_all(state.whole().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(io)?;
        fs::rename(&temp, &path).map_err(io)?;
        state.log = Some(OpenOptions::new().append(true).open(&path).map_err(io)?);
        Ok(state)
    }

    fn replay(&mut self, bytes: &[u8], folder: &Path) -> Result<(), Error> {
        // a last line without its end was cut by a kill before its answer left: nobody saw it
        let end = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
        // nor has anybody seen a request whose last line is missing
        let mut request = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let broken = |reason: String| Error::Log {
                folder: folder.to_owned(),
                line: number + 1,
                reason,
            };
            let entry = Json::parse(line).map_err(broken)?;
            let more = entry.get("more").truth();
            request.push(entry);
            if !more {
                request.drain(..).for_each(|entry| self.apply(&entry));
            }
        }
        Ok(())
    }

    fn apply(&mut self, entry: &Json) {
        let (collection, key) = (entry.get("c").text(), entry.get("k").text());
        let records = self.collections.entry(collection.to_owned()).or_default();
        match entry.get("v") {
            Json::Null => {
                records.shift_remove(key);
            }
            value => {
                records.insert(key.to_owned(), value.clone());
            }
        }
    }

    fn whole(&self) -> String {
        let lines = self
            .collections
            .iter()
            .flat_map(|(c, records)| records.iter().map(move |(k, v)| line(c, k, v)));
        lines.collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.collections.values().all(IndexMap::is_empty)
    }

    pub(crate) fn get(&self, collection: &str, key: &str) -> Option<&Json> {
        self.collections.get(collection)?.get(key)
    }

    pub(crate) fn all(&self, collection: &str) -> impl DoubleEndedIterator<Item = &Json> {
        self.collections
            .get(collection)
            .into_iter()
            .flat_map(IndexMap::values)
    }

    pub(crate) fn find(&self, collection: &str, field: &str, value: &str) -> Option<&Json> {
        self.all(collection)
            .find(|record| record.get(field).text() == value)
    }

    pub(crate) fn put(&mut self, collection: &str, key: &str, value: Json) {
        if self.log.is_some() {
            self.pending.push(line(collection, key, &value));
        }
        let (index, old) = self
            .collections
            .entry(collection.to_owned())
            .or_default()
            .insert_full(key.to_owned(), value);
        if self.lag.wants(collection) {
            self.lag
                .remember(collection, key, old.map(|old| (index, old)));
        }
    }

    pub(crate) fn remove(&mut self, collection: &str, key: &str) {
        if self.log.is_some() {
            self.pending.push(line(collection, key, &Json::Null));
        }
        let gone = self
            .collections
            .get_mut(collection)
            .and_then(|records| records.shift_remove_full(key));
        if let Some((index, _, old)) = gone
            && self.lag.wants(collection)
        {
            self.lag.remember(collection, key, Some((index, old)));
        }
    }

    /// What is written from now on stays hidden from reads so long; none hides nothing.
    pub(crate) fn hide_writes(&mut self, span: Option<Duration>) {
        self.lag.hides = span;
    }

    /// Keeps what is written for reads that look back.
    pub(crate) fn keep_changes(&mut self, keeps: bool) {
        self.lag.keeps = keeps;
    }

    /// Takes out what a read that lags must not see.
    pub(crate) fn hide(&mut self, back: Option<Duration>) -> Option<Hidden> {
        self.lag.hide(&mut self.collections, back)
    }

    /// Puts back what was taken out.
    pub(crate) fn show(&mut self, hidden: Hidden) {
        hidden.show(&mut self.collections);
    }

    /// The records of both systems by system and resource, without what only the sandbox keeps for itself.
    pub(crate) fn both(&self) -> Json {
        let mut sides = object! { "books" => object! {}, "till" => object! {} };
        let mut names: Vec<&String> = self.collections.keys().collect();
        names.sort();
        for name in names {
            if let Some((side @ ("books" | "till"), resource)) = name.split_once('/') {
                let mut whole = sides.get(side).clone();
                whole.set(resource, self.all(name).cloned().collect::<Vec<_>>());
                sides.set(side, whole);
            }
        }
        sides
    }

    /// Forgets every record whose collection starts with the prefix.
    pub(crate) fn clear(&mut self, prefix: &str) {
        let keys: Vec<(String, String)> = self
            .collections
            .iter()
            .filter(|(name, _)| name.starts_with(prefix))
            .flat_map(|(name, records)| records.keys().map(move |key| (name.clone(), key.clone())))
            .collect();
        for (collection, key) in keys {
            if self.log.is_some() {
                self.pending.push(line(&collection, &key, &Json::Null));
            }
        }
        self.collections.retain(|name, _| !name.starts_with(prefix));
        self.lag = Lag::default();
    }

    /// The next number of a series, which persists.
    pub(crate) fn next(&mut self, series: &str, first: i64) -> i64 {
        let now = self
            .get("meta/series", series)
            .and_then(|v| i64::try_from(v.get("next").number()).ok());
        let number = now.unwrap_or(first);
        self.put("meta/series", series, object! { "next" => number + 1 });
        number
    }

    /// Writes what has changed since the last call to the log.
    pub(crate) fn flush(&mut self) -> std::io::Result<()> {
        if let Some(log) = self.log.as_mut()
            && !self.pending.is_empty()
        {
            let last = self.pending.len() - 1;
            let mut text = String::new();
            for (number, line) in self.pending.iter().enumerate() {
                match line.strip_suffix("}\n").filter(|_| number < last) {
                    Some(open) => text.push_str(&format!("{open},\"more\":true}}\n")),
                    None => text.push_str(line),
                }
            }
            log.write_all(text.as_bytes())?;
            self.pending.clear();
        }
        Ok(())
    }
}

fn line(collection: &str, key: &str, value: &Json) -> String {
    let entry = object! { "c" => collection, "k" => key, "v" => value.clone() };
    format!("{entry}\n")
}
