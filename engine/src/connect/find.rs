//! Records by their keys: by filter, by parameter, by id, in an index of the whole list.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, MutexGuard, PoisonError};

use flowbook_stdlib::display::in_text;
use flowbook_stdlib::operations::same;
use flowbook_stdlib::value::Value;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::body::parameter;
use super::http::HttpSystems;
use super::line::Unread;
use super::lists::Question;
use super::{Trouble, filter};
use crate::plan::connector::{How, Resource, ResourceIx};
use crate::wrong::{self, Wrong};

/// How far a scan goes back behind the newest record that it has seen: clocks, and records that show late.
const SCAN_OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Questions of one key each that are under way at a time.
const AT_ONCE: usize = 4;

/// Lists that were read whole.
#[derive(Default)]
pub(super) struct Indexes(std::sync::Mutex<BTreeMap<Which, Arc<Mutex<Option<Index>>>>>);

/// A resource, and the field that it is scanned by.
type Which = (ResourceIx, Option<u16>);

struct Index {
    records: Arc<Vec<Value>>,
}

impl Indexes {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Which, Arc<Mutex<Option<Index>>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, which: Which) -> Arc<Mutex<Option<Index>>> {
        self.all().entry(which).or_default().clone()
    }

    /// Drops the index of a resource; scans go on by themselves.
    pub(super) fn forget(&self, resource: ResourceIx) {
        self.all().remove(&(resource, None));
    }

    /// A record that was written takes its place.
    pub(super) async fn wrote(&self, ix: ResourceIx, resource: &Resource, record: &Value) {
        let mine: Vec<_> = {
            let all = self.all();
            let mine = all.iter().filter(|((of, _), _)| *of == ix);
            mine.map(|(_, index)| index.clone()).collect()
        };
        for index in mine {
            if let Some(index) = index.lock().await.as_mut() {
                merge(
                    resource,
                    Arc::make_mut(&mut index.records),
                    vec![record.clone()],
                );
            }
        }
    }
}

/// Puts records in the place of those with their keys, or behind.
fn merge(resource: &Resource, into: &mut Vec<Value>, fresh: Vec<Value>) {
    let places: HashMap<String, usize> = into
        .iter()
        .enumerate()
        .filter_map(|(at, known)| Some((format!("{:?}", resource.key_of(Some(known))?), at)))
        .collect();
    for record in fresh {
        let key = resource.key_of(Some(&record)).map(|key| format!("{key:?}"));
        match key.and_then(|key| places.get(&key)) {
            Some(at) => into[*at] = record,
            None => into.push(record),
        }
    }
}

impl HttpSystems {
    /// Hits for each key.
    pub(super) async fn find_all(
        &self,
        ix: ResourceIx,
        find: Option<u16>,
        keys: &[Vec<Value>],
    ) -> Result<Vec<Vec<Value>>, Trouble> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let resource = self.resource(ix)?;
        let line = self.line(resource)?;
        let (fields, ways) = match find.map(|at| resource.finds.get(usize::from(at))) {
            Some(Some(find)) => (find.fields.clone(), find.how.clone()),
            Some(None) => return Err(self.no_way(resource, "found by that key", "a `find by`")),
            None => {
                let key = resource
                    .key
                    .ok_or_else(|| self.no_way(resource, "found by its key", "a `key`"))?;
                let how = if resource.get.is_some() {
                    How::Get
                } else if line.connector.odata.is_some() {
                    How::Odata
                } else {
                    How::Index
                };
                let mut ways = vec![how];
                if ways[0] == How::Odata {
                    ways.push(How::Index);
                }
                (vec![vec![key]], ways)
            }
        };
        if ways.is_empty() {
            return Ok(vec![Vec::new(); keys.len()]); // unique: the answer to a create tells
        }
        let mut refused = None;
        for (at, how) in ways.iter().enumerate() {
            let last = at + 1 == ways.len();
            let mark = (ix, find, at);
            if !last && self.refused(&mark) {
                continue;
            }
            match self.find_by(ix, how, &fields, keys).await {
                Ok(hits) => return Ok(hits),
                Err(Unread::Refused(_)) if !last => self.refuse(mark),
                Err(unread) => refused = Some(unread.told()),
            }
            if refused.is_some() {
                break;
            }
        }
        Err(refused.unwrap_or_else(|| self.no_way(resource, "found by that key", "a `find by`")))
    }

    async fn find_by(
        &self,
        ix: ResourceIx,
        how: &How,
        fields: &[Vec<u16>],
        keys: &[Vec<Value>],
    ) -> Result<Vec<Vec<Value>>, Unread> {
        match how {
            How::Odata => self.find_by_filter(ix, fields, keys).await,
            How::Param(name) => self.find_by_parameter(ix, name, fields, keys).await,
            How::Get => {
                let one = |key: Vec<Value>| async move {
                    let id = key.first().cloned().unwrap_or(Value::None);
                    let record = self.get_one(ix, &id).await?;
                    Ok::<_, Unread>(record.into_iter().collect::<Vec<_>>())
                };
                stream::iter(keys.iter().cloned().map(one))
                    .buffered(AT_ONCE)
                    .try_collect()
                    .await
            }
            How::Index => Ok(hits(&self.index(ix).await?, fields, keys)),
            How::Scan(created) => Ok(hits(&self.scan(ix, *created).await?, fields, keys)),
            How::ParentList => {
                let resource = self.resource(ix).map_err(Unread::Trouble)?;
                Err(Unread::Trouble(self.no_way(
                    resource,
                    "found without the record that has it",
                    "a `find by` of its own",
                )))
            }
        }
    }

    async fn find_by_filter(
        &self,
        ix: ResourceIx,
        fields: &[Vec<u16>],
        keys: &[Vec<Value>],
    ) -> Result<Vec<Vec<Value>>, Unread> {
        let resource = self.resource(ix).map_err(Unread::Trouble)?;
        let line = self.line(resource).map_err(Unread::Trouble)?;
        let unsayable = || {
            Unread::Refused(self.no_way(
                resource,
                "asked for that key by a filter",
                "another way in `find by`",
            ))
        };
        let odata = line.connector.odata.as_ref().ok_or_else(unsayable)?;
        let filters =
            filter::filters(&resource.shape, fields, keys, odata.any_of).ok_or_else(unsayable)?;
        let one = |(filter, held): (String, Vec<usize>)| {
            let question = Question {
                query: vec![(odata.param.clone(), filter)],
                ..Question::default()
            };
            async move {
                let found = self.list_all(ix, &question, None).await?;
                Ok::<_, Unread>((held, found))
            }
        };
        let answers: Vec<(Vec<usize>, Vec<Value>)> = stream::iter(filters.into_iter().map(one))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut all = vec![Vec::new(); keys.len()];
        for (held, found) in answers {
            for at in held {
                all[at] = hits(&found, fields, &keys[at..=at]).remove(0);
            }
        }
        Ok(all)
    }

    async fn find_by_parameter(
        &self,
        ix: ResourceIx,
        name: &str,
        fields: &[Vec<u16>],
        keys: &[Vec<Value>],
    ) -> Result<Vec<Vec<Value>>, Unread> {
        let resource = self.resource(ix).map_err(Unread::Trouble)?;
        let ty = fields
            .first()
            .and_then(|path| filter::field(&resource.shape, path))
            .map(|field| &field.ty);
        let one = |key: Vec<Value>| {
            let value = key.first().and_then(|value| parameter(value, ty));
            async move {
                let Some(value) = value else {
                    return Err(Unread::Refused(self.no_way(
                        resource,
                        "asked for a key that no address can hold",
                        "another way in `find by`",
                    )));
                };
                let question = Question {
                    query: vec![(name.to_owned(), value)],
                    ..Question::default()
                };
                let found = self.list_all(ix, &question, None).await?;
                Ok(hits(&found, fields, &[key]).remove(0))
            }
        };
        stream::iter(keys.iter().cloned().map(one))
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    /// The whole list, read once.
    async fn index(&self, ix: ResourceIx) -> Result<Arc<Vec<Value>>, Unread> {
        let index = self.indexes.of((ix, None));
        let mut index = index.lock().await;
        if let Some(index) = index.as_ref() {
            return Ok(index.records.clone());
        }
        let question = Question {
            ordered: true,
            ..Question::default()
        };
        let records = Arc::new(self.list_all(ix, &question, None).await?);
        *index = Some(Index {
            records: records.clone(),
        });
        Ok(records)
    }

    /// The whole list, read once and gone on with from the newest record that was seen.
    async fn scan(&self, ix: ResourceIx, created: u16) -> Result<Arc<Vec<Value>>, Unread> {
        let resource = self.resource(ix).map_err(Unread::Trouble)?;
        let index = self.indexes.of((ix, Some(created)));
        let mut index = index.lock().await;
        let newest = index
            .as_ref()
            .and_then(|index| newest(&index.records, created))
            .and_then(|at| at.checked_sub(SCAN_OVERLAP).ok());
        let question = Question {
            since: newest.map(|from| (created, from)),
            ordered: true,
            ..Question::default()
        };
        let fresh = self.list_all(ix, &question, None).await?;
        let mut records = match (newest, index.take()) {
            (Some(_), Some(index)) => index.records,
            _ => Arc::default(),
        };
        merge(resource, Arc::make_mut(&mut records), fresh);
        *index = Some(Index {
            records: records.clone(),
        });
        Ok(records)
    }
}

fn newest(records: &[Value], created: u16) -> Option<Timestamp> {
    let stamp = |record: &Value| match record {
        Value::Record(fields) => match fields.get(usize::from(created)) {
            Some(Value::DateTime(at)) => Some(*at),
            _ => None,
        },
        _ => None,
    };
    records.iter().filter_map(stamp).max()
}

/// The value at a path of a record.
fn at<'a>(record: &'a Value, path: &[u16]) -> Option<&'a Value> {
    path.iter().try_fold(record, |record, index| match record {
        Value::Record(fields) => fields.get(usize::from(*index)),
        _ => None,
    })
}

/// The records that have a key, by our own comparison.
pub(super) fn hits(records: &[Value], fields: &[Vec<u16>], keys: &[Vec<Value>]) -> Vec<Vec<Value>> {
    let fits = |record: &Value, key: &[Value]| {
        fields.iter().zip(key).all(|(path, wanted)| {
            match (at(record, path).unwrap_or(&Value::None), wanted) {
                (Value::None, Value::None) => true,
                (found, wanted) if wrong::is(Wrong::ForeignMarkAdopted) => {
                    in_text(found).contains(&in_text(wanted))
                }
                (found, wanted) => same(found, wanted).unwrap_or(false), // of two kinds: not the same
            }
        })
    };
    keys.iter()
        .map(|key| {
            let mine = records.iter().filter(|record| fits(record, key));
            mine.cloned().collect()
        })
        .collect()
}
