//! What is known of the record of a step: as found, overlaid with what is written, before the write; as answered after it.

use std::sync::Arc;

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::types::{Kind, Shape};
use flowbook_stdlib::value::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use super::cache::{self, Answer, Fetch, Question};
use super::eval::Machine;
use super::ops;
use super::stop::{Ended, Stop};
use crate::plan::connector::{Reading, ResourceIx};
use crate::plan::{self, AskIx, First, PlaceIx, Put, Step, StepIx, StepKey, To};
use crate::wrong::{self, Wrong};

/// The step and the turn of the `for` statements that it stands in.
pub type Turned = (StepIx, Vec<u32>);

/// What a record's steps have come to, as far as its evaluation needs it.
#[derive(Debug, Clone, Default)]
pub struct Bounds {
    known: FxHashMap<Turned, Value>,
    /// What targets answered: written ones, adopted ones.
    pub answers: FxHashMap<Turned, Value>,
    /// Reads answers as they came, rather than what was written: for `confirm` and `done if`.
    pub as_answered: bool,
    /// While keys are collected, what fails or is not asked yet stays open.
    pub collecting: bool,
    /// While keys were collected, something was left open: what was computed meanwhile is not kept.
    pub opened: bool,
    /// Lists of sub-records are asked for, even where their parent's own content has them.
    pub afresh: bool,
    /// Target keys of remembered links, by step and turn.
    pub links: FxHashMap<Turned, Value>,
    /// Steps whose record has taken another form, as remembered: the form, and its key there.
    pub became: FxHashMap<Turned, (ResourceIx, Value)>,
    /// Questions that were asked again, since the remembered target of a step is away.
    pub away: FxHashSet<Question>,
    /// Steps that will write and did not yet: what they write is not asked for before.
    pub pending: FxHashSet<StepIx>,
}

impl Bounds {
    /// Forgets what was known of steps that did not answer yet.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// Forgets what was known of one step.
    pub fn forget_step(&mut self, turned: &Turned) {
        self.known.remove(turned);
    }
}

/// What is found under the keys of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Nothing.
    None,
    /// A record of the step's resource.
    Here(Value),
    /// A record in another form, read as one of the step's resource: what that form lacks is late.
    Elsewhere(Value, ResourceIx),
    /// The remembered target is away.
    Gone,
}

impl<'p> Machine<'p, '_> {
    fn steps(&self) -> &'p [Step] {
        self.code.flow.map_or(&[], |flow| &flow.steps)
    }

    pub(super) fn step(&self, ix: StepIx) -> &'p Step {
        &self.steps()[ix as usize]
    }

    /// The step at the turn in force.
    pub(super) fn turned(&self, ix: StepIx) -> Option<Turned> {
        let depth = self.step_act(ix).map_or(0, |act| act.loops.len());
        Some((ix, self.turn.get(..depth)?.to_vec()))
    }

    fn step_act(&self, ix: StepIx) -> Option<&'p plan::Act> {
        self.code.flow.and_then(|flow| {
            flow.acts
                .iter()
                .find(|act| matches!(act.kind, plan::ActKind::Step(step) if step == ix))
        })
    }

    /// The answer of a question, if it is in.
    fn answer(&self, fetch: Fetch, place: PlaceIx) -> Result<Arc<[Value]>, Stop> {
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

    fn sub_fetch(&self, sub: ResourceIx, parent_resource: ResourceIx, parent: Value) -> Fetch {
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
    fn carried(&self, sub: ResourceIx, parent: &Value) -> Option<Arc<[Value]>> {
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
    fn hits(&mut self, ix: AskIx, place: PlaceIx) -> Result<Arc<[Value]>, Stop> {
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
    fn asked(&mut self, ix: AskIx) -> String {
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

    fn several(&self, ix: ResourceIx, many: &[Value], asked: &str) -> Ended {
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

    /// The record of a step.
    pub(super) fn known(&mut self, ix: StepIx) -> Result<Value, Stop> {
        let Some(turned) = self.turned(ix) else {
            return Ok(Value::None);
        };
        if self.bounds.as_answered
            && let Some(answer) = self.bounds.answers.get(&turned)
        {
            return Ok(answer.clone());
        }
        if let Some(known) = self.bounds.known.get(&turned) {
            return match known {
                Value::Late => Err(Stop::Late),
                known => Ok(known.clone()),
            };
        }
        let known = match self.look_and_overlay(ix, &turned) {
            Err(Stop::Late) => Value::Late,
            other => other?,
        };
        if !self.bounds.collecting {
            self.bounds.known.insert(turned, known.clone());
        }
        match known {
            Value::Late => Err(Stop::Late),
            known => Ok(known),
        }
    }

    fn look_and_overlay(&mut self, ix: StepIx, turned: &Turned) -> Result<Value, Stop> {
        let Some(act) = self.step_act(ix) else {
            return Ok(Value::None);
        };
        if let Some(when) = act.when
            && !self.truth(when)?
        {
            return Ok(Value::None);
        }
        if let Some(answer) = self.bounds.answers.get(turned).cloned() {
            let written =
                self.step(ix).verb != Verb::Create || !self.bounds.links.contains_key(turned);
            return if written {
                self.overlaid(ix, answer, false)
            } else {
                Ok(answer)
            };
        }
        let step = self.step(ix);
        match (self.look(ix)?, step.verb) {
            (Found::Here(found), Verb::Create) => Ok(found),
            (Found::Elsewhere(found, _), _) => Ok(found),
            (Found::Here(found), Verb::Ensure | Verb::Update) => self.overlaid(ix, found, false),
            (Found::None | Found::Gone, _) => {
                let shape = self.code.plan.resources[step.resource as usize]
                    .shape
                    .clone();
                self.overlaid(ix, unknown(&shape), true)
            }
        }
    }

    /// A record with what a step writes in place of its own: its leaves, or its keys where an action takes another record than it makes.
    pub(super) fn overlaid(
        &mut self,
        ix: StepIx,
        record: Value,
        creates: bool,
    ) -> Result<Value, Stop> {
        let step = self.step(ix);
        let mut record = record;
        if self.takes_another(step) {
            for key in &step.keys {
                for (path, node) in key.fields.iter().zip(&key.values) {
                    let Some(node) = node else { continue };
                    let value = self.eval(*node);
                    record = with(record, path, self.or_late(value)?);
                }
            }
            return Ok(record);
        }
        for put in &step.body {
            let value = match self.leaf(put, creates) {
                Ok(None | Some(Value::None)) => continue,
                Ok(Some(Value::Clear)) => Value::None,
                Ok(Some(value)) => value,
                Err(stop) => self.or_late(Err(stop))?,
            };
            record = with(record, &put.at, value);
        }
        Ok(record)
    }

    /// What is not known stays open as a late value; while keys are collected, what fails does too.
    fn or_late(&mut self, got: Result<Value, Stop>) -> Result<Value, Stop> {
        match got {
            Err(Stop::Late) => Ok(Value::Late),
            Err(_) if self.bounds.collecting => {
                self.bounds.opened = true;
                Ok(Value::Late)
            }
            got => got,
        }
    }

    /// Whether a step is made by an action that takes a record of another shape.
    pub(super) fn takes_another(&self, step: &Step) -> bool {
        self.code.plan.resources[step.resource as usize]
            .creates
            .get(usize::from(step.action))
            .is_some_and(|action| action.body.is_some())
    }

    /// The value of a leaf; none when it is not written this time.
    pub(super) fn leaf(&mut self, put: &Put, creates: bool) -> Result<Option<Value>, Stop> {
        let written = match put.first {
            First::Always => true,
            First::OnCreate => creates,
            First::OnCreateOr(condition) => creates || self.truth(condition)?,
        };
        if !written {
            return Ok(None);
        }
        let name = put.wire.join(".");
        self.eval_as(name.into(), put.value).map(Some)
    }

    /// What is there under a step's keys, its remembered link first.
    pub(super) fn look(&mut self, ix: StepIx) -> Result<Found, Stop> {
        let step = self.step(ix);
        let resource = &self.code.plan.resources[step.resource as usize];
        if let To::Record(node) = step.to {
            return Ok(match self.eval(node)? {
                Value::None => Found::None,
                record => Found::Here(record),
            });
        }
        let turned = self.turned(ix);
        if let Some((form, id)) = turned
            .as_ref()
            .and_then(|turned| self.bounds.became.get(turned).cloned())
            && self.code.plan.resources[form as usize].get.is_some()
            && step.verb != Verb::Ensure
            && !wrong::is(Wrong::GoneMadeAgain)
        {
            let other = &self.code.plan.resources[form as usize];
            let kind = other
                .key
                .and_then(|key| ops::field_kind(&other.shape, &[key]));
            let fetch = Fetch {
                question: Question::Get(form, cache::canon(kind, &id)),
                values: vec![id],
                key_only: false,
            };
            return Ok(match self.answer(fetch, step.place)?.first() {
                Some(found) => {
                    Found::Elsewhere(reshaped(&resource.shape, &other.shape, found), form)
                }
                None => Found::Gone,
            });
        }
        if let Some((turned, target)) = turned.and_then(|turned| {
            let target = self.bounds.links.get(&turned)?.clone();
            Some((turned, target))
        }) {
            let only_key = step.needs.iter().all(|field| Some(*field) == resource.key);
            if step.verb == Verb::Create
                && only_key
                && let Some(key) = resource.key
            {
                return Ok(Found::Here(with(unknown(&resource.shape), &[key], target)));
            }
            // What cannot be read by its key is found in the list that is read anyway.
            let whole = resource.reading == Reading::Whole && resource.list.is_some();
            if resource.get.is_some() || whole {
                let text = cache::canon(
                    resource
                        .key
                        .and_then(|key| ops::field_kind(&resource.shape, &[key])),
                    &target,
                );
                let question = match resource.get {
                    Some(_) => Question::Get(step.resource, text),
                    None => Question::Find(step.resource, None, [text].into()),
                };
                let fetch = Fetch {
                    question,
                    values: vec![target],
                    key_only: false,
                };
                if let Some(found) = self.answer(fetch, step.place)?.first() {
                    return Ok(Found::Here(found.clone()));
                }
                if step.verb != Verb::Ensure && !wrong::is(Wrong::GoneMadeAgain) {
                    return self.become_another(step);
                }
                self.bounds.links.remove(&turned);
            }
        }
        let mut late = false;
        for key in &step.keys {
            match self.look_by(step, key, &key.asks) {
                Ok(Found::None) => {}
                Err(Stop::Late) => late = true,
                other => return other,
            }
        }
        if late {
            return Err(Stop::Late);
        }
        Ok(Found::None)
    }

    /// A remembered target that is away can have turned into another form.
    fn become_another(&mut self, step: &'p Step) -> Result<Found, Stop> {
        for key in &step.keys {
            // That its own resource has it was known, and is over.
            let own = |ask: &AskIx| self.code.program.asks[*ask as usize].resource == step.resource;
            let forms: Vec<AskIx> = key.asks.iter().copied().filter(|ask| !own(ask)).collect();
            if forms.is_empty() {
                continue;
            }
            // What was asked before it turned into another is asked once more.
            for ask in &forms {
                if let Some(fetch) = self.fetch_of(*ask)?
                    && self.bounds.away.insert(fetch.question.clone())
                {
                    self.cache.forget(&fetch.question);
                }
            }
            if let found @ Found::Elsewhere(..) = self.look_by(step, key, &forms)? {
                return Ok(found);
            }
        }
        Ok(Found::Gone)
    }

    fn look_by(&mut self, step: &'p Step, key: &'p StepKey, asks: &[AskIx]) -> Result<Found, Stop> {
        if let To::Child(parent) = step.to {
            return self.look_among(step, key, parent);
        }
        for ask in asks {
            let hits = self.hits(*ask, step.place)?;
            let of = self.code.program.asks[*ask as usize].resource;
            let found = match &*hits {
                _ if of != step.resource && wrong::is(Wrong::LooksForDraftsOnly) => continue,
                [] => continue,
                [one] => one.clone(),
                many => {
                    let asked = self.asked(*ask);
                    return Err(self.end_at(step.place, self.several(of, many, &asked)));
                }
            };
            if of == step.resource {
                return Ok(Found::Here(found));
            }
            let plan = self.code.plan;
            let (own, other) = (
                &plan.resources[step.resource as usize].shape,
                &plan.resources[of as usize].shape,
            );
            return Ok(Found::Elsewhere(reshaped(own, other, &found), of));
        }
        Ok(Found::None)
    }

    /// Sub-records are looked up in their parent's own list.
    fn look_among(
        &mut self,
        step: &'p Step,
        key: &'p StepKey,
        parent: plan::NodeIx,
    ) -> Result<Found, Stop> {
        let resource = &self.code.plan.resources[step.resource as usize];
        let parent = match self.eval(parent)? {
            Value::None => return Ok(Found::None),
            parent => parent,
        };
        let mut wanted = Vec::with_capacity(key.values.len());
        for (path, node) in key.fields.iter().zip(&key.values) {
            let value = match node {
                Some(node) => self.eval(*node)?,
                None => Value::None,
            };
            let kind = ops::field_kind(&resource.shape, path);
            wanted.push((path, kind, cache::canon(kind, &value)));
        }
        let parent_resource = resource.parent.unwrap_or(step.resource);
        let rows = match self.carried(step.resource, &parent) {
            Some(rows) => rows,
            None => {
                let fetch = self.sub_fetch(step.resource, parent_resource, parent);
                self.answer(fetch, step.place)?
            }
        };
        let found = rows.iter().find(|row| {
            wanted
                .iter()
                .all(|(path, kind, text)| cache::canon(*kind, cache::at(row, path)) == *text)
        });
        Ok(found.cloned().map_or(Found::None, Found::Here))
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

/// A record of which only its defaults are known.
pub fn unknown(shape: &Shape) -> Value {
    let fields = shape
        .fields
        .iter()
        .map(|field| match (&field.default, &field.ty.kind) {
            (Some(default), _) => default.clone(),
            (None, Kind::Record(inner)) => unknown(inner),
            _ => Value::Late,
        });
    Value::Record(fields.collect())
}

/// A record with another value at a path.
pub fn with(record: Value, path: &[u16], value: Value) -> Value {
    let Some((first, rest)) = path.split_first() else {
        return value;
    };
    let Value::Record(fields) = &record else {
        return record;
    };
    let mut fields = fields.to_vec();
    if let Some(field) = fields.get_mut(usize::from(*first)) {
        *field = with(std::mem::replace(field, Value::None), rest, value);
    }
    Value::Record(fields.into())
}

/// A record of one resource read as one of another: fields of the same name; what there is none of is late.
pub(super) fn reshaped(own: &Shape, other: &Shape, record: &Value) -> Value {
    let fields = own
        .fields
        .iter()
        .map(|field| match other.field(&field.name) {
            Some((position, _)) => cache::at(record, &[position as u16]).clone(),
            None => Value::Late,
        });
    Value::Record(fields.collect())
}
