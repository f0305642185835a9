//! Records that wait or failed: a second look at those that were not among what a run read.
//!
//! In: the store's unfinished records, a page at a time in the order of their keys, however many there are. Out: each of them is read again, or told as
//! resting, not seen or gone. Of those that the run has seen it remembers a number, not the record: there may be hundreds of thousands.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;
use std::ops::Bound;

use super::flow::Reach;
use super::page::Engine;
use super::report::FlowReport;
use crate::connect::{PageQuery, Systems, Trouble};
use crate::store::{End, Ending, State};

/// Up to so many waiting records are read one by one rather than with a narrowed list.
const FEW: usize = 20;

/// Records of a second look that are in memory, and go through the flow, together.
const TOGETHER: usize = 100;

/// Which records are open, and which of them this run has dealt with.
#[derive(Default)]
pub(super) struct Open {
    /// Only these; all that the store knows as unfinished where none.
    these: Option<BTreeMap<String, State>>,
    /// Hashes of the keys that were seen. Where two keys had one hash, a record would be left to the next run, whose hashes differ.
    seen: HashSet<u64>,
    hasher: RandomState,
    /// A list that is read for open records is narrowed to those that wait.
    narrowed: bool,
    /// Open records that such a list did not show yet.
    missing: usize,
}

impl Open {
    /// Only these are open now.
    pub(super) fn are(&mut self, these: impl Iterator<Item = (String, State)>) {
        self.these = Some(these.collect());
    }

    /// This run deals with a record, or has dealt with it.
    pub(super) fn saw(&mut self, key: &str) {
        let hash = self.hasher.hash_one(key);
        self.seen.insert(hash);
    }

    fn has_seen(&self, key: &str) -> bool {
        self.seen.contains(&self.hasher.hash_one(key))
    }

    /// A list that is read for open records showed so many.
    pub(super) fn found(&mut self, records: usize) {
        self.missing = self.missing.saturating_sub(records);
    }

    /// Whether a list that is read for open records may show some more.
    pub(super) fn some_are_missing(&self) -> bool {
        self.missing > 0
    }

    /// Whether the list that is read for open records can show this one: failed and begun records are none that the source's filters can find.
    fn is_listed(&self, state: &State) -> bool {
        !self.narrowed || waits(state)
    }
}

fn waits(state: &State) -> bool {
    state.end == End::Waiting && !state.passed
}

impl<'a, S: Systems> Engine<'a, S> {
    /// Which of these records are open and were not dealt with.
    pub(super) fn open_among(
        &self,
        keys: Vec<String>,
        reach: &Reach<'_, 'a>,
    ) -> Result<HashSet<String>, Trouble> {
        let open = &reach.open;
        if let Some(these) = &open.these {
            let known = keys.into_iter().filter(|key| {
                let state = these.get(key);
                state.is_some_and(|state| open.is_listed(state))
            });
            return Ok(known.filter(|key| !open.has_seen(key)).collect());
        }
        if keys.is_empty() {
            return Ok(HashSet::new());
        }
        let states = self.stored(|store| store.states(&self.flow.name, &keys))?;
        let known = keys.into_iter().zip(states).filter(|(key, state)| {
            state
                .as_ref()
                .is_some_and(|state| state.end.is_unfinished() && open.is_listed(state))
                && !open.has_seen(key)
        });
        Ok(known.map(|(key, _)| key).collect())
    }

    /// The next open records behind a key, which moves on, without those that were dealt with; none when there are no more.
    fn next_open(
        &self,
        after: &mut Option<String>,
        reach: &Reach<'_, 'a>,
    ) -> Result<Option<Vec<(String, State)>>, Trouble> {
        let behind = after.as_deref();
        let mut page: Vec<(String, State)> = match &reach.open.these {
            Some(these) => {
                let from = behind.map_or(Bound::Unbounded, Bound::Excluded);
                let some = these.range::<str, _>((from, Bound::Unbounded));
                some.take(TOGETHER)
                    .map(|(key, state)| (key.clone(), state.clone()))
                    .collect()
            }
            None => self.stored(|store| store.unfinished(&self.flow.name, behind, TOGETHER))?,
        };
        let Some((last, _)) = page.last() else {
            return Ok(None);
        };
        *after = Some(last.clone());
        page.retain(|(key, _)| {
            !reach.open.has_seen(key) && !reach.held.contains(key) && !reach.going.contains(key)
        });
        Ok(Some(page))
    }

    /// Records that wait or failed and were not among what was read.
    pub(super) async fn look_at_waiting<'w>(
        &'w self,
        whole: bool,
        reach: &mut Reach<'w, 'a>,
        report: &mut FlowReport,
    ) -> Result<(), Trouble> {
        let (mut open, mut waiting) = (0, 0);
        let mut after = None;
        while let Some(page) = self.next_open(&mut after, reach)? {
            for (key, state) in page {
                if self.pauses(&state) {
                    report.read += 1;
                    self.still_failed(&key, &state, report);
                    reach.open.saw(&key);
                } else {
                    open += 1;
                    waiting += usize::from(waits(&state));
                }
            }
        }
        let by_key = self.resource(self.flow.read.resource).get.is_some();
        reach.open.narrowed = by_key && waiting > FEW && !self.flow.read.relook.is_empty();
        if reach.open.narrowed || !by_key {
            reach.open.missing = match reach.open.narrowed {
                true => waiting,
                false => open,
            };
            if !whole && reach.open.some_are_missing() {
                let query = PageQuery {
                    since: self.from(),
                    filters: match reach.open.narrowed {
                        true => self.flow.read.relook.clone(),
                        false => Vec::new(),
                    },
                    ..PageQuery::default()
                };
                reach.last.clear();
                self.pages(query, reach, report, true).await?;
                if self.ends_here(reach) {
                    return Ok(());
                }
            }
            self.tell_unseen(reach, report)?;
        }
        match by_key {
            true => self.look_by_key(reach, report).await,
            false => Ok(()),
        }
    }

    /// Those that the list did not show, though it can.
    fn tell_unseen(
        &self,
        reach: &mut Reach<'_, 'a>,
        report: &mut FlowReport,
    ) -> Result<(), Trouble> {
        let mut after = None;
        while let Some(mut page) = self.next_open(&mut after, reach)? {
            page.retain(|(_, state)| reach.open.is_listed(state));
            report.read += page.len() as u64;
            for (key, _) in &page {
                reach.open.saw(key);
            }
            let ends: Vec<Ending> = page
                .into_iter()
                .filter_map(|(key, state)| self.not_seen(key, state, report))
                .collect();
            self.keep(&ends)?;
        }
        Ok(())
    }

    /// The others, each by its key.
    async fn look_by_key<'w>(
        &'w self,
        reach: &mut Reach<'w, 'a>,
        report: &mut FlowReport,
    ) -> Result<(), Trouble> {
        let mut after = None;
        while let Some(page) = self.next_open(&mut after, reach)? {
            if self.ends_here(reach) {
                break;
            }
            // all of them were dealt with, or are on their way: no page begins
            if page.is_empty() {
                continue;
            }
            let mut records = Vec::with_capacity(page.len());
            let mut away = Vec::new();
            for (key, state) in page {
                match self.read_by_key(&key).await? {
                    Some(record) => records.push(record),
                    None => {
                        report.read += 1;
                        away.push(self.vanished(key, state, report));
                    }
                }
            }
            self.keep(&away)?;
            self.page(records, reach, report, false).await?;
        }
        Ok(())
    }
}
