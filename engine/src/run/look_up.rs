//! Look-up: what a write left behind is asked for by its key, in every form that the document can have taken. Only our own mark counts: the key,
//! equal by our own comparison. None, one or several are found; of several the oldest is ours, and the others are reported.

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::value::Value;

use super::ask::Asker;
use super::cache;
use super::deliver::Going;
use super::ops;
use super::page::{ADOPTED, Engine, Life};
use super::payload::Leaf;
use super::report::Finding;
use super::step::{Found, reshaped, unknown, with};
use super::stop::Stop;
use super::turns::Turn;
use super::write::{Halt, of_trouble};
use crate::connect::{Systems, Trouble};
use crate::plan::connector::{Reading, ResourceIx};
use crate::plan::{NodeIx, Plan, Question, Step, To};
use crate::store::journal::{Release, Sought};
use crate::wrong::{self, Wrong};

/// A record that carries our mark.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub resource: ResourceIx,
    pub record: Value,
}

impl Hit {
    /// The record's own key.
    pub fn id(&self, plan: &Plan) -> Value {
        plan.resources[self.resource as usize]
            .key
            .map_or(Value::None, |key| cache::at(&self.record, &[key]).clone())
    }
}

/// The resource of that name: `books.invoice_drafts`.
pub(super) fn resource_of(plan: &Plan, name: &str) -> Option<ResourceIx> {
    let all = 0..plan.resources.len() as ResourceIx;
    all.into_iter()
        .find(|ix| super::resource_name(plan, *ix) == name)
}

impl<S: Systems> Asker<'_, S> {
    /// What carries the mark, asked afresh: in the write's own resource, or else in the first of its forms that has one; the oldest first.
    pub async fn look_up(&self, sought: &[Sought]) -> Result<Vec<Hit>, Trouble> {
        let mut resources: Vec<&str> = Vec::new();
        for one in sought {
            if !resources.contains(&one.resource.as_str()) {
                resources.push(&one.resource);
            }
        }
        if wrong::is(Wrong::LooksForDraftsOnly) {
            resources.truncate(1);
        }
        for name in resources {
            let Some(ix) = resource_of(self.plan, name) else {
                continue;
            };
            let mut hits: Vec<Hit> = Vec::new();
            for one in sought.iter().filter(|one| one.resource == name) {
                for record in self.marked(ix, one).await? {
                    let hit = Hit {
                        resource: ix,
                        record,
                    };
                    let id = hit.id(self.plan);
                    if id == Value::None || hits.iter().all(|known| known.id(self.plan) != id) {
                        hits.push(hit);
                    }
                }
            }
            if !hits.is_empty() {
                if let Reading::Growing { field, .. } = self.plan.resources[ix as usize].reading {
                    hits.sort_by_key(|hit| match cache::at(&hit.record, &[field]) {
                        Value::DateTime(at) => Some(*at),
                        _ => None,
                    });
                }
                return Ok(hits);
            }
        }
        Ok(Vec::new())
    }

    async fn marked(&self, ix: ResourceIx, sought: &Sought) -> Result<Vec<Value>, Trouble> {
        let resources = &self.plan.resources;
        let resource = &resources[ix as usize];
        self.cache.wrote(resources, ix, None, None);
        self.systems.forget(ix);
        let mut found = match (&sought.parent, resource.parent) {
            (Some(id), Some(above)) => {
                let above = &resources[above as usize];
                let parent = match above.key {
                    Some(key) => with(unknown(&above.shape), &[key], id.clone()),
                    None => unknown(&above.shape),
                };
                self.systems.sub(ix, &parent).await?
            }
            _ => {
                let find = resource
                    .finds
                    .iter()
                    .position(|find| find.fields == sought.fields);
                let key = std::slice::from_ref(&sought.values);
                let find = find.and_then(|find| u16::try_from(find).ok());
                let mut found = self.systems.find(ix, find, key).await?;
                found.pop().unwrap_or_default()
            }
        };
        found.retain(|record| {
            if wrong::is(Wrong::ForeignMarkAdopted) {
                return true;
            }
            sought
                .fields
                .iter()
                .zip(&sought.values)
                .all(|(path, value)| {
                    let kind = ops::field_kind(&resource.shape, path);
                    cache::canon(kind, cache::at(record, path)) == cache::canon(kind, value)
                })
        });
        Ok(found)
    }
}

impl<'a, S: Systems> Engine<'a, S> {
    /// The questions that find what a step creates; none where only the record's own way can tell.
    pub fn sought_of(&self, life: &mut Life<'a>, step: &'a Step) -> Result<Vec<Sought>, Stop> {
        let mut sought = Vec::new();
        for key in step.keys.iter().filter(|key| !key.fields.is_empty()) {
            match step.to {
                To::Record(_) => {}
                To::Child(node) => {
                    let of = self.resource(step.resource).parent.unwrap_or(step.resource);
                    let parent = life.machine.eval(node)?;
                    let Some(parent_key) = self.resource(of).key else {
                        continue;
                    };
                    let mut values = Vec::with_capacity(key.values.len());
                    for node in &key.values {
                        values.push(match node {
                            Some(node) => life.machine.eval(*node)?,
                            None => Value::None,
                        });
                    }
                    if values == [Value::None] {
                        continue;
                    }
                    sought.push(Sought {
                        resource: self.resource_name(step.resource),
                        fields: key.fields.clone(),
                        values,
                        parent: Some(cache::at(&parent, &[parent_key]).clone()),
                    });
                }
                To::Resource => {
                    for ask in &key.asks {
                        let ask_of = &self.flow.program.asks[*ask as usize];
                        let Question::Find { fields, .. } = &ask_of.what else {
                            continue;
                        };
                        if self.is_only_unique(ask_of.resource, fields) {
                            continue;
                        }
                        if let Some(fetch) = life.machine.fetch_of(*ask)? {
                            sought.push(Sought {
                                resource: self.resource_name(ask_of.resource),
                                fields: fields.clone(),
                                values: fetch.values,
                                parent: None,
                            });
                        }
                    }
                }
            }
        }
        Ok(sought)
    }

    /// Whether nothing finds a record of a resource by these fields, but the system keeps them unique.
    fn is_only_unique(&self, resource: ResourceIx, fields: &[Vec<u16>]) -> bool {
        let finds = &self.resource(resource).finds;
        finds
            .iter()
            .any(|find| find.fields == fields && find.how.is_empty())
    }

    /// Whether only the answer that its key is taken tells that a step's record is there.
    pub fn conflict_tells(&self, step: &Step) -> bool {
        matches!(step.to, To::Resource)
            && step.verb == Verb::Create
            && step
                .keys
                .iter()
                .all(|key| self.is_only_unique(step.resource, &key.fields))
    }

    /// What is noted of a record that is there, and that nothing shows.
    pub fn taken_for_there(&self, step: &Step) -> String {
        let resource = self.resource_name(step.resource);
        let keys = step.keys.iter().flat_map(|key| &key.fields);
        let shape = &self.resource(step.resource).shape;
        let names: Vec<String> = keys.map(|path| ops::field_name(shape, path)).collect();
        format!(
            "{} is in {resource} already: {} is used there; which record it is, nothing tells",
            step.name,
            names.join(", ")
        )
    }

    /// What a write left behind, if it can be seen: the record, and the hash of what it holds.
    pub async fn look_again(
        &self,
        life: &mut Life<'a>,
        going: &Going<'_, 'a>,
        release: &Release,
    ) -> Result<Option<(Value, u64)>, Halt> {
        let Going {
            step,
            turned,
            turn,
            leaves,
            ..
        } = *going;
        let (sought, hash) = (&release.sought, release.hash);
        if let (Some(done), true) = (step.done_if, sought.is_empty()) {
            self.refresh_parent(life, step).await?;
            if !self.is_done(life, step, turn, done).await? {
                return Ok(None);
            }
            let record = self.would_be(life, step, turned, turn, None).await?;
            return Ok(Some((record, hash)));
        }
        if let To::Record(node) = step.to {
            let read = self.read_record(life, step, turn, node, leaves).await?;
            return Ok(read.map(|record| (record, hash)));
        }
        if sought.is_empty() {
            return self.look_at_changed(life, going, hash).await;
        }
        let hits = match self.asker.look_up(sought).await {
            Ok(hits) => hits,
            Err(trouble) if trouble.local => return Err(of_trouble(trouble, step).into()),
            Err(trouble) => return Err(self.stop(trouble)),
        };
        let Some(first) = hits.first() else {
            return Ok(None);
        };
        if hits.len() > 1 {
            life.findings.push(duplicate(
                self.plan,
                &self.flow.name,
                &life.key,
                &step.name,
                &hits,
            ));
        }
        if first.resource == step.resource {
            let holds = !self.differs(step, &first.record, leaves);
            let name = self
                .now(life, |life| {
                    life.machine.at(turn)?;
                    self.turn_name(life, turned.0)
                })
                .await?;
            let attempts = life.attempts.get(&name);
            let other = attempts.and_then(|attempts| attempts.hashes.first().copied());
            let held = if holds { hash } else { other.unwrap_or(hash) };
            return Ok(Some((first.record.clone(), held)));
        }
        let (own, other) = (
            &self.resource(step.resource).shape,
            &self.resource(first.resource).shape,
        );
        let record = reshaped(own, other, &first.record);
        let found = Found::Elsewhere(record.clone(), first.resource);
        life.looked.insert(turned.clone(), found);
        Ok(Some((record, ADOPTED)))
    }

    /// A changed record is read again and compared: only when it holds what was sent, it was written.
    async fn look_at_changed(
        &self,
        life: &mut Life<'a>,
        going: &Going<'_, 'a>,
        hash: u64,
    ) -> Result<Option<(Value, u64)>, Halt> {
        let Going {
            step,
            turned,
            turn,
            leaves,
            ..
        } = *going;
        self.forget_written(life, step);
        life.machine.bounds.afresh = true;
        life.machine.bounds.forget_step(turned);
        let found = self.at(life, turn, |machine| machine.look(turned.0)).await;
        life.machine.bounds.afresh = false;
        let found = match found {
            Ok(Found::Here(found) | Found::Elsewhere(found, _)) => found,
            Ok(Found::None | Found::Gone) | Err(Halt::Late) => return Ok(None),
            Err(halt) => return Err(halt),
        };
        let written = step.verb == Verb::Create || !self.differs(step, &found, leaves);
        Ok(written.then_some((found, hash)))
    }

    /// An update of a record at hand: it is read by its key and compared.
    async fn read_record(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
        turn: &Turn,
        node: NodeIx,
        leaves: &[Leaf<'a>],
    ) -> Result<Option<Value>, Halt> {
        let resource = self.resource(step.resource);
        let record = self.at(life, turn, |machine| machine.eval(node)).await?;
        let (Some(key), Some(_)) = (resource.key, &resource.get) else {
            return Ok(None);
        };
        match self
            .asker
            .systems
            .get(step.resource, cache::at(&record, &[key]))
            .await
        {
            Ok(Some(now)) if !self.differs(step, &now, leaves) => Ok(Some(now)),
            Ok(_) => Ok(None),
            Err(trouble) if trouble.local => Err(of_trouble(trouble, step).into()),
            Err(trouble) => Err(self.stop(trouble)),
        }
    }

    /// What was known of the written resource and its forms is asked again.
    pub fn forget_written(&self, life: &mut Life<'a>, step: &Step) {
        let resources = &self.plan.resources;
        let below = self.parent_key(life, step);
        let cache = self.asker.cache;
        cache.wrote(resources, step.resource, None, below.as_deref());
        self.asker.systems.forget(step.resource);
        for form in &self.resource(step.resource).forms {
            cache.wrote(resources, *form, None, None);
            self.asker.systems.forget(*form);
        }
    }
}

/// Several records carry one mark.
pub(super) fn duplicate(plan: &Plan, flow: &str, key: &str, step: &str, hits: &[Hit]) -> Finding {
    let ids: Vec<String> = hits
        .iter()
        .take(5)
        .map(|hit| ops::in_text(&hit.id(plan)))
        .collect();
    let mut resources: Vec<String> = hits
        .iter()
        .map(|hit| super::resource_name(plan, hit.resource))
        .collect();
    resources.dedup();
    let have = if resources.len() > 1 { "have" } else { "has" };
    Finding {
        flow: flow.to_owned(),
        key: key.to_owned(),
        message: format!(
            "{} {have} {} records of this {step}: {}.",
            resources.join(" and "),
            hits.len(),
            ids.join(", ")
        ),
        help: "Keep the first one and delete or credit the others there; Flowbook goes on with the first.".to_owned(),
    }
}
