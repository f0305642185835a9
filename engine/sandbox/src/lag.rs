//! Reads that lag behind writes: which changes are hidden from a read, and what stood there before.
//!
//! The state tells of each change; before a read it asks for what must be put back, and puts all in place after it.

use crate::json::Json;
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

pub(crate) type Collections = HashMap<String, IndexMap<String, Json>>;

/// No fault looks farther back.
const LONGEST: Duration = Duration::from_secs(600);

/// A record, and where in its collection it stood.
type Placed = (usize, Json);

struct Change {
    at: Instant,
    until: Instant,
    collection: String,
    key: String,
    old: Option<Placed>,
}

/// What was changed lately and may have to stay hidden.
#[derive(Default)]
pub(crate) struct Lag {
    changes: Vec<Change>,
    /// Every change is kept, for reads that look back.
    pub(crate) keeps: bool,
    /// What is written now stays hidden so long.
    pub(crate) hides: Option<Duration>,
}

/// What a read must not see, taken out; to be put back in place.
pub(crate) struct Hidden(Vec<(String, String, Option<Placed>)>);

impl Lag {
    pub(crate) fn wants(&self, collection: &str) -> bool {
        (self.keeps || self.hides.is_some()) && !collection.starts_with("meta/")
    }

    /// Remembers what stood in a place, and where in its collection, before it was changed.
    pub(crate) fn remember(&mut self, collection: &str, key: &str, old: Option<Placed>) {
        let at = Instant::now();
        self.changes.push(Change {
            at,
            until: at + self.hides.unwrap_or_default(),
            collection: collection.to_owned(),
            key: key.to_owned(),
            old,
        });
    }

    /// Takes out of the collections what a read must not see: what is still hidden, and what is younger than `back`.
    pub(crate) fn hide(
        &mut self,
        collections: &mut Collections,
        back: Option<Duration>,
    ) -> Option<Hidden> {
        if self.changes.is_empty() {
            return None;
        }
        let now = Instant::now();
        let keeps = self.keeps;
        self.changes.retain(|change| {
            change.until > now || (keeps && now.duration_since(change.at) < LONGEST)
        });
        let young = |change: &&Change| {
            change.until > now || back.is_some_and(|back| now.duration_since(change.at) < back)
        };
        // of several changes in one place the oldest hidden one tells what a late reader sees
        let mut places = HashSet::new();
        let mut oldest: Vec<&Change> = Vec::new();
        for change in self.changes.iter().filter(young) {
            if places.insert((&change.collection, &change.key)) {
                oldest.push(change);
            }
        }
        let mut hidden = Vec::new();
        // the newest first: places in a collection are those of the time before
        for change in oldest.into_iter().rev() {
            let records = collections.entry(change.collection.clone()).or_default();
            let seen = swap(records, &change.key, change.old.clone());
            hidden.push((change.collection.clone(), change.key.clone(), seen));
        }
        Some(Hidden(hidden))
    }
}

impl Hidden {
    /// Puts everything back in its place.
    pub(crate) fn show(self, collections: &mut Collections) {
        for (collection, key, seen) in self.0.into_iter().rev() {
            swap(collections.entry(collection).or_default(), &key, seen);
        }
    }
}

/// Puts a record, or none, in a place; what stood there, and where.
fn swap(records: &mut IndexMap<String, Json>, key: &str, record: Option<Placed>) -> Option<Placed> {
    let seen = records
        .shift_remove_full(key)
        .map(|(index, _, value)| (index, value));
    if let Some((index, value)) = record {
        records.shift_insert(index.min(records.len()), key.to_owned(), value);
    }
    seen
}
