//! Refresh: the records of steps are read again by their keys, where their answers do not tell what is needed.

use flowbook_stdlib::value::Value;

use super::cache;
use super::page::{Engine, Life};
use super::payload::is_late;
use super::step::Turned;
use super::write::{Halt, of_trouble};
use crate::connect::Systems;
use crate::plan::Step;

impl<'a, S: Systems> Engine<'a, S> {
    /// Reads the written records again, each once. True where one was read.
    pub async fn refresh_all(&self, life: &mut Life<'a>) -> Result<bool, Halt> {
        let mut read = false;
        let known: Vec<Turned> = life
            .machine
            .bounds
            .answers
            .keys()
            .chain(life.machine.bounds.links.keys())
            .cloned()
            .collect();
        for turned in known {
            if !life.refreshed.contains(&turned) {
                read |= self.refresh(life, &turned).await?;
            }
        }
        Ok(read)
    }

    /// Reads the record of a step again. False where it cannot be read by its key.
    pub async fn refresh(&self, life: &mut Life<'a>, turned: &Turned) -> Result<bool, Halt> {
        life.refreshed.insert(turned.clone());
        let step = &self.flow.steps[turned.0 as usize];
        let resource = self.resource(step.resource);
        let bounds = &life.machine.bounds;
        let id = match (bounds.answers.get(turned), resource.key) {
            (Some(answer), Some(key)) => Some(cache::at(answer, &[key]).clone()),
            _ => bounds.links.get(turned).cloned(),
        };
        let Some(id) = id.filter(|id| *id != Value::None && !is_late(id)) else {
            return Ok(false);
        };
        if resource.get.is_none() {
            return Ok(false);
        }
        match self.asker.systems.get(step.resource, &id).await {
            Ok(Some(record)) => {
                let below = self.parent_key(life, step);
                self.asker.cache.wrote(
                    &self.plan.resources,
                    step.resource,
                    Some(&record),
                    below.as_deref(),
                );
                life.machine.bounds.answers.insert(turned.clone(), record);
                life.machine.forget();
                life.machine.bounds.forget();
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(trouble) if trouble.local => Err(of_trouble(trouble, step).into()),
            Err(trouble) => Err(self.stop(trouble)),
        }
    }

    /// The parent of a write that only its parent tells of.
    pub(super) async fn refresh_parent(
        &self,
        life: &mut Life<'a>,
        step: &'a Step,
    ) -> Result<(), Halt> {
        for parent in step.late.iter().copied() {
            let turned: Vec<Turned> = life
                .machine
                .bounds
                .answers
                .keys()
                .filter(|(ix, _)| *ix == parent)
                .cloned()
                .collect();
            for turned in turned {
                self.refresh(life, &turned).await?;
            }
        }
        Ok(())
    }
}
