//! A store that lives as long as the process: for tests, for `map`, and for a dry run of a flowbook that never ran.

use std::collections::{BTreeMap, HashMap};

use flowbook_stdlib::value::Value;
use jiff::Timestamp;

use super::{BEGUN, Confirmed, End, Link, Reason, RecordKey, State, Store, StoreError};

/// Everything in maps.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    id: String,
    records: BTreeMap<RecordKey, State>,
    links: HashMap<RecordKey, Vec<Link>>,
    /// Records that were made, with the resource and the key of what they were made from.
    made: Vec<(String, Value, String, String)>,
    last: HashMap<(String, String, String), Value>,
    cursors: HashMap<String, Timestamp>,
    tokens: HashMap<String, String>,
}

impl Default for MemoryStore {
    fn default() -> MemoryStore {
        MemoryStore {
            id: uuid::Uuid::new_v4().to_string(),
            records: BTreeMap::new(),
            links: HashMap::new(),
            made: Vec::new(),
            last: HashMap::new(),
            cursors: HashMap::new(),
            tokens: HashMap::new(),
        }
    }
}

fn record(flow: &str, key: &str) -> RecordKey {
    RecordKey {
        flow: flow.to_owned(),
        key: key.to_owned(),
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

    fn unfinished(&self, flow: &str) -> Result<Vec<(String, State)>, StoreError> {
        Ok(self
            .records
            .iter()
            .filter(|(record, state)| {
                record.flow == flow && matches!(state.end, End::Waiting | End::Failed)
            })
            .map(|(record, state)| (record.key.clone(), state.clone()))
            .collect())
    }

    fn end(&mut self, flow: &str, ends: &[(String, State)]) -> Result<(), StoreError> {
        for (key, state) in ends {
            self.records.insert(record(flow, key), state.clone());
        }
        Ok(())
    }

    fn links(&self, record: &RecordKey) -> Result<Vec<Link>, StoreError> {
        Ok(self.links.get(record).cloned().unwrap_or_default())
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
        let mut keys: Vec<&String> = self
            .made
            .iter()
            .filter(|(of, made, source, _)| {
                of == resource && made == target && source == source_resource
            })
            .map(|(.., key)| key)
            .collect();
        keys.sort();
        keys.dedup();
        Ok(match keys.as_slice() {
            [one] => Some((*one).clone()),
            _ => None,
        })
    }

    fn confirm_all(&mut self, confirmed: &[Confirmed]) -> Result<(), StoreError> {
        for Confirmed {
            record,
            source,
            link,
        } in confirmed
        {
            let links = self.links.entry(record.clone()).or_default();
            links.retain(|other| other.step != link.step);
            links.push(link.clone());
            if link.hash != 0 {
                self.made.push((
                    link.resource.clone(),
                    link.target.clone(),
                    source.clone(),
                    record.key.clone(),
                ));
            }
            let pair = (source.clone(), record.key.clone(), link.resource.clone());
            self.last.insert(pair, link.target.clone());
            self.records
                .entry(record.clone())
                .or_insert_with(|| State {
                    end: End::Waiting,
                    hash: 0,
                    reason: Some(Reason {
                        message: BEGUN.to_owned(),
                        ..Reason::default()
                    }),
                    waiting_since: None,
                    passed: true,
                })
                .passed = true;
        }
        Ok(())
    }

    fn cursor(&self, flow: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.cursors.get(flow).copied())
    }

    fn advance(&mut self, flow: &str, to: Timestamp) -> Result<(), StoreError> {
        self.cursors.insert(flow.to_owned(), to);
        Ok(())
    }

    fn keep_token(&mut self, system: &str, token: &str) -> Result<(), StoreError> {
        self.tokens.insert(system.to_owned(), token.to_owned());
        Ok(())
    }

    fn token(&self, system: &str) -> Result<Option<String>, StoreError> {
        Ok(self.tokens.get(system).cloned())
    }
}
