//! What systems in memory answer.

use std::collections::BTreeMap;

use flowbook_stdlib::value::Value;

use super::super::find::hits;
use super::super::lists::before_since;
use super::super::{Outgoing, Page, PageQuery, Sent, Systems, Trouble};
use super::MemorySystems;
use crate::plan::connector::{Reading, ResourceIx};

impl Systems for MemorySystems {
    async fn page(&self, ix: ResourceIx, query: &PageQuery) -> Result<Page, Trouble> {
        let resource = self.resource(ix)?;
        let state = self.asked(resource);
        let mut records = self.rows(&state, ix, None)?;
        let field = match &resource.reading {
            Reading::Changed { field, .. } | Reading::Growing { field, .. } => Some(*field),
            Reading::Whole | Reading::Unsaid => None,
        };
        if let Some((field, since)) = field.zip(query.since) {
            records.retain(|record| !before_since(record, field, since));
        }
        for (parameter, wanted) in &query.filters {
            let mine = resource
                .filters
                .iter()
                .find(|(_, known)| known == parameter);
            if let Some((field, _)) = mine {
                let keys = [vec![wanted.clone()]];
                records = hits(&records, &[vec![*field]], &keys).remove(0);
            }
        }
        Ok(Page {
            records,
            next: None,
            clock: None,
        })
    }

    async fn find(
        &self,
        ix: ResourceIx,
        find: Option<u16>,
        keys: &[Vec<Value>],
    ) -> Result<Vec<Vec<Value>>, Trouble> {
        let resource = self.resource(ix)?;
        let fields = match find {
            Some(at) => resource
                .finds
                .get(usize::from(at))
                .map(|find| find.fields.clone()),
            None => resource.key.map(|key| vec![vec![key]]),
        };
        let fields = fields.ok_or_else(|| {
            Trouble::new(
                "F0712",
                format!("{} cannot be found by that key.", self.full_name(resource)),
            )
            .local()
        })?;
        let state = self.asked(resource);
        Ok(hits(&self.rows(&state, ix, None)?, &fields, keys))
    }

    async fn one(&self, ix: ResourceIx) -> Result<Value, Trouble> {
        let resource = self.resource(ix)?;
        let state = self.asked(resource);
        let first = self.rows(&state, ix, None)?.into_iter().next();
        first.ok_or_else(|| {
            let name = self.full_name(resource);
            Trouble::new(
                "F0716",
                format!("{name} is asked for, and the test gives none."),
            )
            .help(format!(
                "Add `given {name} from \"fixtures/…json\"` to the test, or `--given {name}=FILE` to the command."
            ))
            .local()
        })
    }

    async fn sub(&self, ix: ResourceIx, parent: &Value) -> Result<Vec<Value>, Trouble> {
        let resource = self.resource(ix)?;
        let above = self.resource(resource.parent.unwrap_or(ix))?;
        let state = self.asked(resource);
        let own = resource.name.rsplit('.').next().unwrap_or_default();
        let mut records = Vec::new();
        if let (Value::Record(fields), Some((at, _))) = (parent, above.shape.field(own))
            && let Some(Value::List(given)) = fields.get(at)
        {
            records.extend(given.iter().cloned());
        }
        records.extend(self.rows(&state, ix, Some(parent))?);
        Ok(records)
    }

    async fn get(&self, ix: ResourceIx, id: &Value) -> Result<Option<Value>, Trouble> {
        let resource = self.resource(ix)?;
        let state = self.asked(resource);
        let at = self.place(&state, ix, id)?;
        Ok(at.and_then(|at| self.rows(&state, ix, None).ok()?.into_iter().nth(at)))
    }

    async fn send(&self, write: &Outgoing) -> Sent {
        let mut state = match self.resource(write.resource) {
            Ok(resource) => self.asked(resource),
            Err(trouble) => return Sent::Unsent(trouble),
        };
        match self.write(&mut state, write) {
            Ok(sent) => sent,
            Err(trouble) => Sent::Refused(trouble),
        }
    }

    fn requests(&self) -> BTreeMap<String, u64> {
        self.state().requests.clone()
    }
}
