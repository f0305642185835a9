//! Systems in memory, for `flowbook test` and `map --given`: tables of the vendor's JSON, filtered and keyed, without any rule of business.
//!
//! What a flow writes is kept, so that later lookups see it, and told as effects. A created record is `customers#1` to people; its key on the wire
//! has the type that the connector says, so a uuid is made from that name, the same in every run.

mod asked;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flowbook_stdlib::display::in_text;
use flowbook_stdlib::operations::same;
use flowbook_stdlib::types::{Field, Kind};
use flowbook_stdlib::value::Value;
use flowbook_stdlib::wire::{Holder, Reader, encode, overlay, written};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Outgoing, OutgoingAct, Sent, Trouble, body, json};
use crate::plan::connector::{Action, Resource, ResourceIx, System};

/// What a flow wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// `books.customers`
    pub resource: String,
    /// `create`, `update`, or the name of the action that created it.
    pub verb: String,
    /// `customers#1`, or the key of a given record.
    pub record: String,
    /// The record that it is below.
    pub below: Option<String>,
    /// What the action was called with.
    pub with: Vec<String>,
    /// The payload as JSON, with created records by their names.
    pub body: String,
}

/// The systems of a flowbook, in memory.
pub struct MemorySystems {
    systems: Vec<System>,
    resources: Vec<Resource>,
    readers: Vec<Reader>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tables: HashMap<ResourceIx, Vec<Row>>,
    made: HashMap<ResourceIx, u32>,
    /// Keys of created records, as they are on the wire, and their names.
    names: BTreeMap<String, String>,
    effects: Vec<Effect>,
    /// Resources that lose the first answer to each payload.
    losing: HashSet<ResourceIx>,
    lost: HashSet<(ResourceIx, String)>,
    requests: BTreeMap<String, u64>,
}

#[derive(Clone)]
struct Row {
    json: String,
    /// The key of the record that it is below.
    below: Option<String>,
}

/// A path on the wire and the JSON at its end.
type Leaf = (Vec<Arc<str>>, String);

impl MemorySystems {
    /// Systems whose resources are all empty.
    pub fn new(systems: Vec<System>, resources: Vec<Resource>) -> MemorySystems {
        let readers = resources
            .iter()
            .map(|resource| {
                let system = systems.get(resource.system as usize);
                let habits = system.map(|system| system.connector.habits());
                Reader::new(&resource.shape, habits.unwrap_or_default())
            })
            .collect();
        MemorySystems {
            systems,
            resources,
            readers,
            state: Mutex::default(),
        }
    }

    /// Puts records into a resource: one object, a list, lines of objects, or a list as the vendor answers it. `source` is the file, for messages.
    ///
    /// # Errors
    /// The text is no JSON of records, or holds one that cannot be read.
    pub fn give(&self, ix: ResourceIx, text: &str, source: &str) -> Result<(), Trouble> {
        let resource = self.resource(ix)?;
        let bad = |why: String| {
            Trouble::new(
                "F0717",
                format!(
                    "The records of {} in {source} cannot be read: {why}.",
                    self.full_name(resource)
                ),
            )
            .help("Give one JSON object, a list of them, or one object a line, as the system answers them.")
        };
        let list = self
            .systems
            .get(resource.system as usize)
            .and_then(|system| system.connector.pages.as_ref())
            .map(|pages| pages.items.clone());
        let mut records: Vec<String> = Vec::new();
        let documents = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
        for document in documents.into_iter::<Box<RawValue>>() {
            let document = document.map_err(|error| bad(error.to_string()))?;
            let document = document.get();
            let inner = match &list {
                Some(path) if document.starts_with('{') => json::at(document, path, true)
                    .map_err(|error| bad(error.to_string()))?
                    .filter(|found| found.starts_with('[')),
                _ => None,
            };
            match inner.or(Some(document).filter(|document| document.starts_with('['))) {
                Some(items) => {
                    let items = json::items(items).map_err(|error| bad(error.to_string()))?;
                    records.extend(items.iter().map(|item| item.get().to_owned()));
                }
                None => records.push(document.to_owned()),
            }
        }
        if resource.one.is_some() && records.len() != 1 {
            return Err(bad(format!(
                "it is one record, and {} are given",
                records.len()
            )));
        }
        let mut state = self.state();
        for (at, record) in records.into_iter().enumerate() {
            let value = self
                .reader(ix)?
                .read(&record, None)
                .map_err(|error| bad(format!("in record {}, {error}", at + 1)))?;
            let mut json = record;
            if resource.key.is_some() && resource.key_of(Some(&value)).is_none() {
                let key = self.make_key(&mut state, ix, resource)?;
                json = self.laid_over(resource, &json, &[key])?;
            }
            let row = Row { json, below: None };
            state.tables.entry(ix).or_default().push(row);
        }
        Ok(())
    }

    /// From now on the first answer to each payload for this resource is lost: the write took effect, and nobody knows.
    pub fn lose_answers(&self, ix: ResourceIx) {
        self.state().losing.insert(ix);
    }

    /// What was written, in order.
    pub fn effects(&self) -> Vec<Effect> {
        self.state().effects.clone()
    }

    /// The records of a resource as they are now.
    ///
    /// # Errors
    /// A record that was given or written cannot be read.
    pub fn records(&self, ix: ResourceIx) -> Result<Vec<Value>, Trouble> {
        self.rows(&self.state(), ix, None)
    }

    /// The name of a record by its key: `customers#1` for one that was created, else the key itself.
    pub fn name(&self, key: &Value) -> String {
        name(&self.state(), key)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, one request later.
    fn asked(&self, resource: &Resource) -> MutexGuard<'_, State> {
        let mut state = self.state();
        if let Some(system) = self.systems.get(resource.system as usize) {
            *state.requests.entry(system.name.clone()).or_default() += 1;
        }
        state
    }

    fn resource(&self, ix: ResourceIx) -> Result<&Resource, Trouble> {
        self.resources.get(ix as usize).ok_or_else(|| {
            Trouble::new(
                "F0712",
                format!("The plan has no resource with number {ix}."),
            )
        })
    }

    fn reader(&self, ix: ResourceIx) -> Result<&Reader, Trouble> {
        self.readers.get(ix as usize).ok_or_else(|| {
            Trouble::new(
                "F0712",
                format!("The plan has no resource with number {ix}."),
            )
        })
    }

    fn full_name(&self, resource: &Resource) -> String {
        match self.systems.get(resource.system as usize) {
            Some(system) => format!("{}.{}", system.name, resource.name),
            None => resource.name.clone(),
        }
    }

    fn any_case(&self, resource: &Resource) -> bool {
        self.systems
            .get(resource.system as usize)
            .is_some_and(|system| system.connector.any_case)
    }

    /// The records of a resource; of a sub-resource, those below `parent`.
    fn rows(
        &self,
        state: &State,
        ix: ResourceIx,
        parent: Option<&Value>,
    ) -> Result<Vec<Value>, Trouble> {
        let resource = self.resource(ix)?;
        let reader = self.reader(ix)?;
        let above = resource.parent.and_then(|above| self.resource(above).ok());
        let holder = above
            .zip(parent)
            .and_then(|(above, record)| Holder::of(&above.shape, record));
        let key = above.and_then(|above| above.key_of(parent)).map(in_text);
        let rows = state.tables.get(&ix).map(Vec::as_slice).unwrap_or_default();
        rows.iter()
            .filter(|row| parent.is_none() || row.below.is_none() || row.below == key)
            .map(|row| self.read(resource, reader, &row.json, holder))
            .collect()
    }

    fn read(
        &self,
        resource: &Resource,
        reader: &Reader,
        json: &str,
        holder: Option<Holder<'_>>,
    ) -> Result<Value, Trouble> {
        reader.read(json, holder).map_err(|error| {
            Trouble::new(
                "F0704",
                format!(
                    "A record of {} cannot be read: {error}.",
                    self.full_name(resource)
                ),
            )
            .local()
        })
    }

    /// A key for a new record, as a leaf: `customers#1` in the type that the key has.
    fn make_key(
        &self,
        state: &mut State,
        ix: ResourceIx,
        resource: &Resource,
    ) -> Result<Leaf, Trouble> {
        let field = resource
            .key
            .and_then(|key| resource.shape.fields.get(usize::from(key)))
            .ok_or_else(|| {
                Trouble::new("F0712", format!("{} has no key.", self.full_name(resource)))
            })?;
        loop {
            let number = state.made.entry(ix).or_default();
            *number += 1;
            let number = *number;
            let name = format!("{}#{number}", resource.name);
            let key = match field.ty.kind {
                Kind::Uuid => Value::Uuid(Uuid::new_v5(
                    &Uuid::NAMESPACE_OID,
                    self.full_name_of(resource, number).as_bytes(),
                )),
                Kind::Int => Value::Int(i64::from(number)),
                _ => Value::Text(name.as_str().into()),
            };
            if self.place(state, ix, &key)?.is_some() {
                continue; // a given record has it
            }
            state.names.insert(in_text(&key), name);
            let json = encode(&key, &field.ty, field.form).map_err(|error| {
                Trouble::new(
                    "F0712",
                    format!("A key of {} {error}.", self.full_name(resource)),
                )
            })?;
            return Ok((read_path(field), json));
        }
    }

    fn full_name_of(&self, resource: &Resource, number: u32) -> String {
        format!("{}#{number}", self.full_name(resource))
    }

    /// Where a record with this key stands.
    fn place(&self, state: &State, ix: ResourceIx, key: &Value) -> Result<Option<usize>, Trouble> {
        let resource = self.resource(ix)?;
        let rows = self.rows(state, ix, None)?;
        Ok(rows.iter().position(|record| {
            let own = resource.key_of(Some(record));
            own.is_some_and(|own| same(own, key).unwrap_or(false)) // of two kinds: not the same
        }))
    }

    fn laid_over(
        &self,
        resource: &Resource,
        old: &str,
        leaves: &[Leaf],
    ) -> Result<String, Trouble> {
        let pairs = leaves
            .iter()
            .map(|(path, json)| (path.as_slice(), json.as_str()));
        overlay(old, pairs, self.any_case(resource)).map_err(|error| {
            Trouble::new(
                "F0704",
                format!(
                    "A record of {} cannot be changed: {error}.",
                    self.full_name(resource)
                ),
            )
            .local()
        })
    }

    fn write(&self, state: &mut State, write: &Outgoing) -> Result<Sent, Trouble> {
        let ix = write.resource;
        let resource = self.resource(ix)?;
        let payload = body::object(&write.body).map_err(|why| {
            Trouble::new(
                "F0712",
                format!("{} cannot be written: {why}.", self.full_name(resource)),
            )
            .local()
        })?;
        let leaves = as_read(resource, &write.body);
        let (verb, record, parent, with) = match &write.act {
            OutgoingAct::Create {
                action,
                args,
                parent,
            } => {
                let way = resource.creates.get(usize::from(*action));
                let mut json = self.copied(state, resource, way, args)?;
                json = self.laid_over(resource, &json, &leaves)?;
                let mut record = format!("a record of {}", resource.name);
                if resource.key.is_some() {
                    let key = self.make_key(state, ix, resource)?;
                    record = format!(
                        "{}#{}",
                        resource.name,
                        state.made.get(&ix).copied().unwrap_or_default()
                    );
                    json = self.laid_over(resource, &json, &[key])?;
                }
                let below = self.parent_key(resource, parent.as_ref());
                state
                    .tables
                    .entry(ix)
                    .or_default()
                    .push(Row { json, below });
                let verb = way
                    .and_then(|way| way.name.clone())
                    .unwrap_or_else(|| "create".to_owned());
                let with = args.iter().map(|arg| name(state, arg)).collect();
                (verb, record, parent, with)
            }
            OutgoingAct::Update { id, parent } => {
                let Some(at) = self.place(state, ix, id)? else {
                    return Ok(Sent::Gone(
                        Trouble::new(
                            "F0713",
                            format!(
                                "{} has no record {}.",
                                self.full_name(resource),
                                in_text(id)
                            ),
                        )
                        .local(),
                    ));
                };
                if let Some(row) = state.tables.get_mut(&ix).and_then(|rows| rows.get_mut(at)) {
                    row.json = self.laid_over(resource, &row.json, &leaves)?;
                }
                ("update".to_owned(), name(state, id), parent, Vec::new())
            }
        };
        let below = self
            .parent_key(resource, parent.as_ref())
            .map(|key| state.names.get(&key).cloned().unwrap_or(key));
        let effect = Effect {
            resource: self.full_name(resource),
            verb,
            record,
            below,
            with,
            body: named(state, payload.clone()),
        };
        state.effects.push(effect);
        if state.losing.contains(&ix) && state.lost.insert((ix, payload)) {
            return Ok(Sent::Unknown(
                Trouble::new(
                    "F0707",
                    format!(
                        "The answer of {} is lost, as the test says.",
                        self.full_name(resource)
                    ),
                )
                .local(),
            ));
        }
        let rows = state.tables.get(&ix).map(Vec::as_slice).unwrap_or_default();
        let row = match &write.act {
            OutgoingAct::Create { .. } => rows.last(),
            OutgoingAct::Update { id, .. } => {
                self.place(state, ix, id)?.and_then(|at| rows.get(at))
            }
        };
        let above = resource.parent.and_then(|above| self.resource(above).ok());
        let holder = above
            .zip(parent.as_ref())
            .and_then(|(above, record)| Holder::of(&above.shape, record));
        let reader = self.reader(ix)?;
        Ok(Sent::Ok(
            row.map(|row| self.read(resource, reader, &row.json, holder))
                .transpose()?,
        ))
    }

    fn parent_key(&self, resource: &Resource, parent: Option<&Value>) -> Option<String> {
        let above = self.resource(resource.parent?).ok()?;
        above.key_of(parent).map(in_text)
    }

    /// What an action starts from: the fields of the record that it is called with, where the new record has fields of these names.
    fn copied(
        &self,
        state: &State,
        resource: &Resource,
        way: Option<&Action>,
        args: &[Value],
    ) -> Result<String, Trouble> {
        let mut json = "{}".to_owned();
        if way.is_none_or(|way| way.name.is_none()) {
            return Ok(json);
        }
        for arg in args {
            for (other_ix, other) in (0..).zip(&self.resources) {
                if other.system != resource.system {
                    continue;
                }
                let Some(row) = self
                    .place(state, other_ix, arg)?
                    .and_then(|at| state.tables.get(&other_ix)?.get(at))
                else {
                    continue;
                };
                let members = json::members(&row.json).map_err(|error| {
                    Trouble::new(
                        "F0704",
                        format!(
                            "A record of {} cannot be read: {error}.",
                            self.full_name(other)
                        ),
                    )
                })?;
                let key = resource
                    .key
                    .and_then(|key| resource.shape.fields.get(usize::from(key)));
                let shared: Vec<Leaf> = members
                    .into_iter()
                    .filter(|(name, _)| {
                        let is_key = key.is_some_and(|key| *key.name == *name.as_str());
                        let has = |field: &Field| {
                            read_path(field)
                                .first()
                                .is_some_and(|first| **first == *name.as_str())
                        };
                        !is_key && resource.shape.fields.iter().any(has)
                    })
                    .map(|(name, json)| (vec![name.as_str().into()], json.get().to_owned()))
                    .collect();
                json = self.laid_over(resource, &json, &shared)?;
            }
        }
        Ok(json)
    }
}

fn name(state: &State, key: &Value) -> String {
    let key = in_text(key);
    state.names.get(&key).cloned().unwrap_or(key)
}

/// A payload with the names of created records in place of their keys, where a key is a text that nothing else can be.
fn named(state: &State, json: String) -> String {
    let uuids = state
        .names
        .iter()
        .filter(|(key, _)| key.parse::<Uuid>().is_ok());
    uuids.fold(json, |json, (key, name)| json.replace(key, name))
}

fn read_path(field: &Field) -> Vec<Arc<str>> {
    if field.reads.is_empty() {
        vec![field.name.clone()]
    } else {
        field.reads.clone()
    }
}

/// Leaves under the paths where a later read looks for them, besides those where they were written.
fn as_read(resource: &Resource, leaves: &[Leaf]) -> Vec<Leaf> {
    let mut all = leaves.to_vec();
    for field in &resource.shape.fields {
        let read = read_path(field);
        if written(field) == read.as_slice() || all.iter().any(|(path, _)| *path == read) {
            continue;
        }
        let found = leaves.iter().find(|(path, _)| path == written(field));
        if let Some((_, json)) = found {
            all.push((read, json.clone()));
        }
    }
    all
}
