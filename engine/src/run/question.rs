//! Questions of a record: what an ask asks with the keys in force, and the records that its answer hits.

use std::sync::Arc;

use flowbook_stdlib::types::Kind;
use flowbook_stdlib::value::Value;

use super::cache::{self, Answer, Fetch, Question};
use super::eval::Machine;
use super::ops;
use super::stop::{Ended, Stop};
use crate::plan::connector::ResourceIx;
use crate::plan::{self, AskIx, PlaceIx};

impl Machine<'_, '_> {
    /// The answer of a question, if it is in.
    pub(super) fn answer(&self, fetch: Fetch, place: PlaceIx) -> Result<Arc<[Value]>, Stop> {
        match self.cache.get(&fetch.question) {
            Some(Answer::Hits(hits)) => Ok(hits),
            Some(Answer::Trouble(trouble)) => {
                let ended = Ended::failure(trouble.code, trouble.message.clone());
                Err(self.end_at(
                    place,
                    Ended {
                        help: trouble.help.clone(),
                        ..ended
                    },
                ))
            }
            None => Err(Stop::Need(Box::new(fetch))),
        }
    }

    /// What an ask asks with the key in force here; none where an operand is absent or no record can have that key.
    pub(super) fn fetch_of(&mut self, ix: AskIx) -> Result<Option<Fetch>, Stop> {
        let ask = &self.code.program.asks[ix as usize];
        let resource = &self.code.plan.resources[ask.resource as usize];
        let fetch = |question, values| Fetch {
            question,
            values,
            key_only: false,
        };
        Ok(match &ask.what {
            plan::Question::Find { find, fields, key } => {
                let mut texts = Vec::with_capacity(key.len());
                let mut values = Vec::with_capacity(key.len());
                for (path, node) in fields.iter().zip(key) {
                    let constant = &self.code.program.nodes[*node as usize].op;
                    let absence = matches!(constant, plan::Op::Const(Value::None));
                    let value = self.eval(*node)?;
                    let kind = ops::field_kind(&resource.shape, path);
                    if (value == Value::None && !absence) || !fits(kind, &value) {
                        return Ok(None);
                    }
                    texts.push(cache::canon(kind, &value));
                    values.push(value);
                }
                let question = Question::Find(ask.resource, *find, texts.into());
                Some(fetch(question, values))
            }
            plan::Question::One => Some(fetch(Question::One(ask.resource), Vec::new())),
            plan::Question::Sub { parent } => {
                let parent_resource = resource.parent.unwrap_or(ask.resource);
                match self.eval(*parent)? {
                    Value::None => None,
                    parent => Some(self.sub_fetch(ask.resource, parent_resource, parent)),
                }
            }
            plan::Question::Link { of, of_resource } => {
                let of = match self.eval(*of)? {
                    Value::None => return Ok(None),
                    of => of,
                };
                let key = self.key_of(*of_resource, &of);
                let key_only = ask.needs.iter().all(|field| Some(*field) == resource.key);
                let question = Question::Link(ask.resource, *of_resource, key);
                Some(Fetch {
                    key_only,
                    ..fetch(question, Vec::new())
                })
            }
        })
    }

    pub(super) fn sub_fetch(
        &self,
        sub: ResourceIx,
        parent_resource: ResourceIx,
        parent: Value,
    ) -> Fetch {
        let key = self.key_of(parent_resource, &parent);
        Fetch {
            question: Question::Sub(sub, key),
            values: vec![parent],
            key_only: false,
        }
    }

    /// The text of a record's key.
    pub(super) fn key_of(&self, resource: ResourceIx, record: &Value) -> String {
        let resource = &self.code.plan.resources[resource as usize];
        resource
            .key
            .map(|key| cache::key_text(&resource.shape, record, key))
            .unwrap_or_default()
    }

    /// The list of a sub-resource, where the parent's own content carries it.
    pub(super) fn carried(&self, sub: ResourceIx, parent: &Value) -> Option<Arc<[Value]>> {
        if self.bounds.afresh {
            return None;
        }
        let resource = &self.code.plan.resources[sub as usize];
        let holder = &self.code.plan.resources[resource.parent? as usize];
        let name = resource.name.rsplit('.').next()?;
        let (field, _) = holder.shape.field(name)?;
        match cache::at(parent, &[field as u16]) {
            Value::List(items) => Some(items.clone()),
            _ => None,
        }
    }

    /// What an ask would have to ask now: none where nothing is to be asked or the answer is there.
    pub(super) fn open_question(&mut self, ix: AskIx) -> Result<Option<Fetch>, Stop> {
        if self.waits_for_a_write(ix) {
            return Ok(None);
        }
        let Some(fetch) = self.fetch_of(ix)? else {
            return Ok(None);
        };
        if let (Question::Sub(sub, _), Some(parent)) = (&fetch.question, fetch.values.first())
            && self.carried(*sub, parent).is_some()
        {
            return Ok(None);
        }
        Ok(self.cache.get(&fetch.question).is_none().then_some(fetch))
    }

    fn waits_for_a_write(&self, ix: AskIx) -> bool {
        let ask = &self.code.program.asks[ix as usize];
        ask.after
            .iter()
            .any(|step| self.bounds.pending.contains(step))
    }

    /// All records that an ask hits.
    pub(super) fn hits(&mut self, ix: AskIx, place: PlaceIx) -> Result<Arc<[Value]>, Stop> {
        if self.waits_for_a_write(ix) {
            return Err(Stop::Late);
        }
        let Some(fetch) = self.fetch_of(ix)? else {
            return Ok(Arc::new([]));
        };
        if let (Question::Sub(sub, _), Some(parent)) = (&fetch.question, fetch.values.first())
            && let Some(items) = self.carried(*sub, parent)
        {
            return Ok(items);
        }
        self.answer(fetch, place)
    }

    /// `R[…]`
    pub(super) fn hit(&mut self, ix: AskIx, place: PlaceIx) -> Result<Value, Stop> {
        let hits = self.hits(ix, place)?;
        let ask = &self.code.program.asks[ix as usize];
        if matches!(ask.what, plan::Question::Sub { .. }) {
            return Ok(Value::List(hits));
        }
        match &*hits {
            [] => Ok(Value::None),
            [one] => Ok(one.clone()),
            many => {
                let asked = self.asked(ix);
                Err(self.end_at(place, self.several(ask.resource, many, &asked)))
            }
        }
    }

    /// `EmailAddress = “a@b.se”`
    pub(super) fn asked(&mut self, ix: AskIx) -> String {
        let ask = &self.code.program.asks[ix as usize];
        let shape = &self.code.plan.resources[ask.resource as usize].shape;
        let plan::Question::Find { fields, key, .. } = &ask.what else {
            return String::new();
        };
        let shown: Vec<String> = fields
            .iter()
            .zip(key)
            .filter_map(|(path, node)| {
                let value = self.eval(*node).ok()?;
                Some(format!(
                    "{} = {}",
                    ops::field_name(shape, path),
                    ops::in_message(&value)
                ))
            })
            .collect();
        shown.join(", ")
    }

    pub(super) fn several(&self, ix: ResourceIx, many: &[Value], asked: &str) -> Ended {
        let resource = &self.code.plan.resources[ix as usize];
        let keys: Vec<String> = many
            .iter()
            .take(5)
            .filter_map(|hit| Some(ops::in_text(cache::at(hit, &[resource.key?]))))
            .collect();
        Ended::failure(
            "F0802",
            format!(
                "{} has {} records with {asked}: {}.",
                self.resource_name(ix),
                many.len(),
                keys.join(", ")
            ),
        )
        .help("Merge or rename them there, so that one is left; then run again.")
    }

    /// `books.customers`
    pub(super) fn resource_name(&self, ix: ResourceIx) -> String {
        super::resource_name(self.code.plan, ix)
    }
}

/// Whether a record can have this value in a field of that kind.
fn fits(kind: Option<&Kind>, value: &Value) -> bool {
    match (kind, value) {
        (
            Some(Kind::Text(Some(most)) | Kind::Email(Some(most))),
            Value::Text(text) | Value::Email(text),
        ) => text.chars().count() <= *most as usize,
        (Some(Kind::Uuid), Value::Text(text)) => uuid::Uuid::parse_str(text).is_ok(),
        _ => true,
    }
}
