//! A store that lives as long as the process: for tests, for `map`, and for a dry run of a flowbook that never ran.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use flowbook_stdlib::value::Value;
use jiff::Timestamp;

use super::journal::{Batch, Entry, Intent, Overruled, Phase, Sought, Written};
use super::kept::{Cause, Filter, Kept};
use super::{Dropped, End, Ending, Link, RecordKey, Records, State, Store, StoreError};

/// Everything in maps.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    id: String,
    records: BTreeMap<RecordKey, State>,
    /// What was read, with the moment.
    sources: HashMap<RecordKey, (String, Option<Timestamp>)>,
    entries: BTreeMap<(RecordKey, String), Entry>,
    /// In the order of their release.
    released: Vec<(RecordKey, String)>,
    /// With the resource of the record.
    links: BTreeMap<RecordKey, Vec<(String, Link)>>,
    last: HashMap<(String, String, String), Value>,
    cursors: HashMap<String, Timestamp>,
    comparisons: HashMap<String, Timestamp>,
    tokens: HashMap<String, String>,
    /// Sign-ins whose answer was not heard: system, and hash of the token.
    unheard: BTreeSet<(String, String)>,
}

impl Default for MemoryStore {
    fn default() -> MemoryStore {
        MemoryStore {
            id: uuid::Uuid::new_v4().to_string(),
            records: BTreeMap::new(),
            sources: HashMap::new(),
            entries: BTreeMap::new(),
            released: Vec::new(),
            links: BTreeMap::new(),
            last: HashMap::new(),
            cursors: HashMap::new(),
            comparisons: HashMap::new(),
            tokens: HashMap::new(),
            unheard: BTreeSet::new(),
        }
    }
}

fn record(flow: &str, key: &str) -> RecordKey {
    RecordKey {
        flow: flow.to_owned(),
        key: key.to_owned(),
    }
}

impl MemoryStore {
    fn begun(&mut self, record: &RecordKey, at: Option<Timestamp>) {
        let new = || State {
            seen: at,
            ended: at,
            ..State::default()
        };
        let known = self.records.entry(record.clone());
        let state = known.or_insert_with(|| new().begun());
        state.passed = true;
        state.next_try = None;
        state.fixed = false;
        if matches!(state.end, End::Done | End::Skipped) {
            state.hash = 0; // it is looked at again
        }
    }

    /// Links to a record of `resource`: the source's resource, its record, the link.
    fn links_to(
        &self,
        resource: &str,
        target: &Value,
    ) -> impl Iterator<Item = (&str, &RecordKey, &Link)> {
        let leads = move |link: &Link| link.resource == resource && link.target == *target;
        self.links.iter().flat_map(move |(record, links)| {
            let links = links.iter().filter(move |(_, link)| leads(link));
            links.map(move |(source, link)| (source.as_str(), record, link))
        })
    }

    /// In the order in which records are told.
    fn all(&self, takes: impl Fn(&Kept) -> bool) -> Vec<Kept> {
        let mut found: Vec<Kept> = self
            .records
            .iter()
            .map(|(record, state)| Kept {
                record: record.clone(),
                state: state.clone(),
            })
            .filter(takes)
            .collect();
        found.sort_by(Kept::order);
        found
    }
}

impl Store for MemoryStore {
    fn id(&self) -> &str {
        &self.id
    }

    fn states(&self, flow: &str, keys: &[String]) -> Result<Vec<Option<State>>, StoreError> {
        Ok(keys
            .iter()
            .map(|key| self.records.get(&record(flow, key)).cloned())
            .collect())
    }

    fn unfinished(
        &self,
        flow: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<(String, State)>, StoreError> {
        Ok(self
            .records
            .iter()
            .filter(|(record, state)| {
                record.flow == flow
                    && after.is_none_or(|after| record.key.as_str() > after)
                    && state.end.is_unfinished()
            })
            .take(most)
            .map(|(record, state)| (record.key.clone(), state.clone()))
            .collect())
    }

    fn end(&mut self, flow: &str, ends: &[Ending]) -> Result<(), StoreError> {
        for ending in ends {
            let record = record(flow, &ending.key);
            self.entries
                .retain(|(of, _), entry| *of != record || entry.phase != Phase::Planned);
            match &ending.source {
                _ if ending.state.end.is_settled() => {
                    self.sources.remove(&record);
                }
                None => {}
                Some(source) => {
                    let read = (source.clone(), ending.state.ended);
                    self.sources.insert(record.clone(), read);
                }
            }
            self.records.insert(record, ending.state.clone());
        }
        Ok(())
    }

    fn links(&self, record: &RecordKey) -> Result<Vec<Link>, StoreError> {
        let links = self.links.get(record).into_iter().flatten();
        Ok(links.map(|(_, link)| link.clone()).collect())
    }

    fn linked(
        &self,
        source_resource: &str,
        key: &str,
        resource: &str,
    ) -> Result<Option<Value>, StoreError> {
        let pair = (
            source_resource.to_owned(),
            key.to_owned(),
            resource.to_owned(),
        );
        Ok(self.last.get(&pair).cloned())
    }

    fn made_from(
        &self,
        resource: &str,
        target: &Value,
        source_resource: &str,
    ) -> Result<Option<String>, StoreError> {
        let made = self.links_to(resource, target);
        let made = made.filter(|(source, _, link)| *source == source_resource && link.hash != 0);
        let mut keys: Vec<&String> = made.map(|(_, record, _)| &record.key).collect();
        keys.sort();
        keys.dedup();
        Ok(match keys.as_slice() {
            [one] => Some((*one).clone()),
            _ => None,
        })
    }

    fn linked_from(
        &self,
        resource: &str,
        target: &Value,
    ) -> Result<Vec<(String, RecordKey)>, StoreError> {
        let all = self.links_to(resource, target);
        Ok(all
            .map(|(source, record, _)| (source.to_owned(), record.clone()))
            .collect())
    }

    fn cautious(&self) -> bool {
        false
    }

    fn settled(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn plan(&mut self, intents: &[Intent]) -> Result<(), StoreError> {
        for intent in intents {
            let at = (intent.record.clone(), intent.step.clone());
            self.entries
                .entry(at)
                .or_insert_with(|| Entry::planned(intent.clone()));
        }
        Ok(())
    }

    fn commit(&mut self, batch: Batch) -> Result<Vec<Overruled>, StoreError> {
        for outcome in &batch.outcomes {
            if let Some((source, link)) = &outcome.link {
                let links = self.links.entry(outcome.record.clone()).or_default();
                links.retain(|(_, other)| other.step != link.step);
                links.push((source.clone(), link.clone()));
                let pair = (
                    source.clone(),
                    outcome.record.key.clone(),
                    link.resource.clone(),
                );
                self.last.insert(pair, link.target.clone());
                self.begun(&outcome.record, None);
            }
            let at = (outcome.record.clone(), outcome.step.clone());
            if let Some(entry) = self.entries.get_mut(&at) {
                entry.end(outcome);
            }
        }
        let mut overruled = Vec::new();
        for release in batch.releases {
            let (record, step) = (release.intent.record.clone(), release.intent.step.clone());
            let at = (record.clone(), step.clone());
            let left = release.at;
            let entry = self
                .entries
                .entry(at.clone())
                .or_insert_with(|| Entry::planned(release.intent.clone()));
            if let Some(chosen) = entry.release(release) {
                overruled.push(Overruled {
                    record,
                    step,
                    chosen,
                });
                continue;
            }
            self.released.retain(|other| *other != at);
            self.released.push(at);
            self.begun(&record, Some(left));
        }
        Ok(overruled)
    }

    fn open_entries(&self) -> Result<Vec<Entry>, StoreError> {
        Ok(self
            .released
            .iter()
            .filter_map(|at| self.entries.get(at))
            .filter(|entry| entry.phase.is_open())
            .cloned()
            .collect())
    }

    fn confirmed_last(&self, last: u32) -> Result<Vec<Written>, StoreError> {
        let skipped = self.released.len().saturating_sub(last as usize);
        let entries = self.released.iter().skip(skipped);
        Ok(entries
            .filter_map(|at| self.entries.get(at))
            .filter(|entry| !entry.written.is_empty())
            .map(|entry| Written {
                resource: entry.intent.resource.clone(),
                claims: entry.written.clone(),
            })
            .collect())
    }

    fn entries(&self, record: &RecordKey) -> Result<Vec<Entry>, StoreError> {
        Ok(self
            .entries
            .iter()
            .filter(|((of, _), _)| of == record)
            .map(|(_, entry)| entry.clone())
            .collect())
    }

    fn to_look_at(&self, now: Timestamp) -> Result<Vec<Entry>, StoreError> {
        let due = |entry: &&Entry| entry.look_at().is_some_and(|at| at <= now);
        let mut entries: Vec<Entry> = self.entries.values().filter(due).cloned().collect();
        entries.sort_by_key(Entry::look_at);
        Ok(entries)
    }

    fn looked_at(
        &mut self,
        record: &RecordKey,
        step: &str,
        sought: &[Sought],
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let at = (record.clone(), step.to_owned());
        if let Some(entry) = self.entries.get_mut(&at) {
            entry.looked_at(sought, next);
        }
        Ok(())
    }

    fn drop_payloads(&mut self, before: Timestamp) -> Result<Dropped, StoreError> {
        let mut dropped = Dropped::default();
        for entry in self.entries.values_mut() {
            if entry.phase.is_open() || entry.at.is_none_or(|at| at >= before) {
                continue;
            }
            let texts = [entry.payload.take(), entry.change.take()];
            let length = |text: &Option<String>| text.as_ref().map_or(0, |text| text.len() as u64);
            dropped += Dropped {
                payloads: u64::from(texts[0].is_some()),
                changes: u64::from(texts[1].is_some()),
                bytes: texts.iter().map(length).sum(),
                ..Dropped::default()
            };
            let has_keys = !entry.claims.is_empty() || !entry.written.is_empty();
            if entry.watches.is_empty() && has_keys {
                dropped.keys += 1;
                entry.claims.clear();
                entry.written.clear();
                entry.sought.clear();
            }
        }
        let before_all = self.sources.len();
        self.sources.retain(|_, (_, at)| *at >= Some(before));
        dropped.sources = (before_all - self.sources.len()) as u64;
        Ok(dropped)
    }

    fn cursor(&self, flow: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.cursors.get(flow).copied())
    }

    fn advance(&mut self, flow: &str, to: Timestamp) -> Result<(), StoreError> {
        self.cursors.insert(flow.to_owned(), to);
        Ok(())
    }

    fn compared(&self, flow: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.comparisons.get(flow).copied())
    }

    fn compare(&mut self, flow: &str, at: Timestamp) -> Result<(), StoreError> {
        self.comparisons.insert(flow.to_owned(), at);
        Ok(())
    }

    fn keep_token(&mut self, system: &str, token: &str) -> Result<(), StoreError> {
        self.unheard.retain(|(of, _)| of != system);
        self.tokens.insert(system.to_owned(), token.to_owned());
        Ok(())
    }

    fn token(&self, system: &str) -> Result<Option<String>, StoreError> {
        Ok(self.tokens.get(system).cloned())
    }

    fn note_sign_in(&mut self, system: &str, hash: &str, unheard: bool) -> Result<(), StoreError> {
        let one = (system.to_owned(), hash.to_owned());
        match unheard {
            true => self.unheard.insert(one),
            false => self.unheard.remove(&one),
        };
        Ok(())
    }

    fn is_unheard(&self, system: &str, hash: &str) -> Result<bool, StoreError> {
        let one = (system.to_owned(), hash.to_owned());
        Ok(self.unheard.contains(&one))
    }
}

impl Records for MemoryStore {
    fn records(
        &self,
        filter: &Filter,
        after: Option<&Kept>,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        let mut found = self
            .all(|kept| filter.takes(kept) && after.is_none_or(|last| kept.order(last).is_gt()));
        found.truncate(most);
        Ok(found)
    }

    fn causes(&self, filter: &Filter) -> Result<Vec<Cause>, StoreError> {
        let mut groups: BTreeMap<(End, String, String), Vec<Kept>> = BTreeMap::new();
        for kept in self.all(|kept| filter.takes(kept)) {
            if let (Some(reason), true) = (&kept.state.reason, kept.state.end != End::Done) {
                let cause = (kept.state.end, kept.record.flow.clone(), reason.cause());
                groups.entry(cause).or_default().push(kept);
            }
        }
        let mut causes: Vec<Cause> = groups
            .into_iter()
            .map(|((end, flow, _), mut records)| {
                let count = records.len() as u64;
                records.sort_by(|a, b| {
                    let by = b.state.ended.cmp(&a.state.ended);
                    by.then_with(|| a.record.key.cmp(&b.record.key))
                });
                records.truncate(Cause::EXAMPLES);
                Cause {
                    flow,
                    end,
                    count,
                    examples: records,
                }
            })
            .collect();
        causes.sort_by_key(|cause: &Cause| (cause.end, std::cmp::Reverse(cause.count)));
        Ok(causes)
    }

    fn named(&self, name: &str) -> Result<Vec<Kept>, StoreError> {
        let mut found =
            self.all(|kept| kept.record.key == name || kept.state.title.as_deref() == Some(name));
        found.sort_by_key(|kept| (kept.record.key != name, kept.record.clone()));
        Ok(found)
    }

    fn source(&self, record: &RecordKey) -> Result<Option<String>, StoreError> {
        Ok(self.sources.get(record).map(|(source, _)| source.clone()))
    }

    fn try_again(&mut self, records: &[RecordKey]) -> Result<(), StoreError> {
        for record in records {
            let Some(state) = self.records.get_mut(record) else {
                continue;
            };
            if !state.try_again() {
                continue;
            }
            let of_record = self.entries.iter_mut().filter(|((of, _), _)| of == record);
            of_record.for_each(|(_, entry)| entry.renew());
        }
        Ok(())
    }

    fn dismiss(
        &mut self,
        record: &RecordKey,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(state) = self.records.get_mut(record) {
            state.dismiss(reason, at);
        }
        Ok(())
    }
}
