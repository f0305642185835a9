//! Two flows over the same pair of resources, one each way: what one wrote is no news to the other, and a record that one made is linked to the
//! record that it was made for, so that the other makes no second one.

use flowbook_stdlib::types::Shape;
use flowbook_stdlib::value::Value;
use rustc_hash::FxHashMap;

use super::cache;
use super::page::{ADOPTED, Engine};
use super::payload::{Leaf, hash_of};
use super::step::with;
use crate::connect::{Systems, Trouble};
use crate::plan::connector::ResourceIx;
use crate::plan::{ActKind, Flow, Step, To};
use crate::store::{End, Ending, Link, State};

impl<'a, S: Systems> Engine<'a, S> {
    /// Flows that read what a step writes, and write what this flow reads.
    fn mirrors(&self, written: ResourceIx) -> impl Iterator<Item = &'a Flow> {
        let source = self.flow.read.resource;
        self.plan.flows.iter().filter(move |other| {
            other.read.resource == written
                && other.steps.iter().any(|step| step.resource == source)
                && written != source
        })
    }

    /// A record that a flow of the other direction made is linked to the one that it was made for: no second one is made of it here.
    pub fn link_back(
        &self,
        record: &Value,
        links: &mut FxHashMap<String, Link>,
    ) -> Result<(), Trouble> {
        let source = self.flow.read.resource;
        for act in &self.flow.acts {
            let ActKind::Step(ix) = act.kind else {
                continue;
            };
            let step = &self.flow.steps[ix as usize];
            let name = self.step_name(ix);
            if !act.loops.is_empty()
                || !matches!(step.to, To::Resource)
                || links.contains_key(&name)
                || self.mirrors(step.resource).next().is_none()
            {
                continue;
            }
            let resource = self.resource_name(step.resource);
            let key = self
                .stored(|store| store.made_from(&self.resource_name(source), record, &resource))?;
            if let Some(target) = key.and_then(|key| self.asker.key_of(step.resource, &key)) {
                let link = Link {
                    step: name.clone(),
                    resource,
                    target,
                    hash: ADOPTED,
                };
                links.insert(name, link);
            }
        }
        Ok(())
    }

    /// An update by this flow is no change to a flow of the other direction: what it knew of the record goes on to hold, with what was written in it.
    /// Where the target changed more than that, it is news all the same; so is a record that the other flow has not seen yet.
    pub fn no_echo(&self, step: &Step, before: &Value, leaves: &[Leaf<'a>]) -> Result<(), Trouble> {
        let resource = self.resource(step.resource);
        let Some(key) = resource.key else {
            return Ok(());
        };
        let written = leaves
            .iter()
            .fold(before.clone(), |record, (put, value)| match value {
                Value::None => record,
                Value::Clear => with(record, &put.at, Value::None),
                value => with(record, &put.at, value.clone()),
            });
        let name = cache::key_text(&resource.shape, before, key);
        for other in self.mirrors(step.resource) {
            let hash = |record: &Value| hash_of(&read_by(other, &resource.shape, record));
            let known = self
                .stored(|store| store.states(&other.name, std::slice::from_ref(&name)))?
                .pop()
                .flatten();
            let Some(state) = known.filter(|state| {
                matches!(state.end, End::Done | End::Skipped | End::Dismissed)
                    && state.hash == hash(before)
            }) else {
                continue;
            };
            let state = State {
                hash: hash(&written),
                ..state
            };
            let ending = Ending {
                key: name.clone(),
                state,
                source: None,
            };
            self.stored(|store| store.end(&other.name, &[ending]))?;
        }
        Ok(())
    }
}

/// What counts as a change to a flow: the fields that it reads. Sub-records that cost a request do not.
pub(super) fn read_by<'v>(flow: &Flow, shape: &Shape, record: &'v Value) -> Vec<&'v Value> {
    let own = |field: &&u16| {
        let field = shape.fields.get(usize::from(**field));
        field.is_some_and(|field| !field.sub)
    };
    let fields = flow.read.needs.iter().filter(own);
    fields
        .map(|field| cache::at(record, std::slice::from_ref(field)))
        .collect()
}
