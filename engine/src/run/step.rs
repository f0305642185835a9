//! What is known of the record of a step: as found, overlaid with what is written, before the write; as answered after it.

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::types::{Kind, Shape};
use flowbook_stdlib::value::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use super::cache::{self, Fetch, Question};
use super::eval::Machine;
use super::ops;
use super::stop::Stop;
use crate::plan::connector::{Reading, ResourceIx};
use crate::plan::{self, AskIx, First, Put, Step, StepIx, StepKey, To};
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
                if let Some(found) = self.answer(fetch, step.place)?.first().cloned() {
                    // Where another record has its key by now, it is that one: no two have one key.
                    if step.verb != Verb::Create
                        && !wrong::is(Wrong::LinkOverKey)
                        && self.has_other_key(step, &found)?
                        && let other @ Found::Here(_) = self.look_by_keys(step)?
                    {
                        return Ok(other);
                    }
                    return Ok(Found::Here(found));
                }
                if step.verb != Verb::Ensure && !wrong::is(Wrong::GoneMadeAgain) {
                    return self.become_another(step);
                }
                self.bounds.links.remove(&turned);
            }
        }
        self.look_by_keys(step)
    }

    fn look_by_keys(&mut self, step: &'p Step) -> Result<Found, Stop> {
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

    /// Whether a record has none of the keys of a step's resource.
    pub(super) fn has_other_key(&mut self, step: &'p Step, record: &Value) -> Result<bool, Stop> {
        let shape = &self.code.plan.resources[step.resource as usize].shape;
        let mut asked = false;
        for key in step.keys.iter().filter(|key| !key.fields.is_empty()) {
            asked = true;
            let mut fits = true;
            for (path, node) in key.fields.iter().zip(&key.values) {
                let value = match node.map(|node| self.eval(node)) {
                    Some(Err(Stop::Late)) => return Ok(false),
                    Some(value) => value?,
                    None => Value::None,
                };
                let kind = ops::field_kind(shape, path);
                fits &= cache::canon(kind, cache::at(record, path)) == cache::canon(kind, &value);
            }
            if fits {
                return Ok(false);
            }
        }
        Ok(asked)
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
        let mut before = None;
        for ask in asks {
            // What turns into another form between two reads is missed by both, unless the form is read afterwards.
            if asks.len() > 1
                && let Some(fetch) = self.fetch_of(*ask)?
            {
                if let Some(before) = &before
                    && !self.cache.is_asked_after(&fetch.question, before)
                {
                    self.cache.forget(&fetch.question);
                }
                before = Some(fetch.question);
            }
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
