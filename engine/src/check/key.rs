//! Keys of steps: the same key in every form that a record can have taken, and by which fields a resource is found.

use flowbook_stdlib::types::{Kind, Shape};

use super::body::KeyOf;
use super::flow::Scope;
use crate::checked::StepKey;
use crate::plan::connector::{Resource, ResourceIx};

impl Scope<'_, '_> {
    /// A key with its find in each form of the resource that has one.
    pub(super) fn in_forms(&self, resource: ResourceIx, key: KeyOf) -> StepKey {
        let own = self.resource(resource);
        let names: Vec<Vec<String>> = key
            .fields
            .iter()
            .map(|path| names(&own.shape, path))
            .collect();
        let forms = own
            .forms
            .iter()
            .filter_map(|form| {
                let of = self.body.checker.declared.resources.get(*form as usize)?;
                let fields: Vec<Vec<u16>> = names
                    .iter()
                    .map(|name| position(&of.shape, name))
                    .collect::<Option<_>>()?;
                find(of, &fields).map(|find| (*form, find, fields))
            })
            .collect();
        StepKey {
            find: key.find,
            forms,
            fields: key.fields,
            values: key.values,
        }
    }

    /// Keys by which records of a resource are found, as text: "`Number`", "`name` and `parentcategory_id`".
    pub(super) fn findable(&self, resource: ResourceIx) -> Vec<String> {
        let of = self.resource(resource);
        let mut keys: Vec<String> = of
            .finds
            .iter()
            .filter(|find| !find.how.is_empty())
            .map(|find| {
                find.fields
                    .iter()
                    .map(|path| names(&of.shape, path).join("."))
                    .collect::<Vec<_>>()
                    .join(", ")
            })
            .collect();
        if keys.is_empty()
            && let Some(key) = of.key
            && let Some(field) = of.shape.fields.get(usize::from(key))
            && !field.readonly
        {
            keys.push(field.name.to_string());
        }
        keys
    }
}

/// The find of these fields, in any order: none for the resource's key; nothing where there is none.
fn find(resource: &Resource, fields: &[Vec<u16>]) -> Option<Option<u16>> {
    let own_key =
        |path: &[u16]| matches!((path, resource.key), ([field], Some(key)) if *field == key);
    if let [path] = fields
        && own_key(path)
    {
        return Some(None);
    }
    resource
        .finds
        .iter()
        .position(|find| {
            find.fields.len() == fields.len()
                && fields.iter().all(|path| find.fields.contains(path))
        })
        .map(|at| Some(at as u16))
}

/// The names of a path in a shape.
pub(super) fn names(shape: &Shape, path: &[u16]) -> Vec<String> {
    let mut names = Vec::with_capacity(path.len());
    let mut shape = Some(shape);
    for at in path {
        let Some(field) = shape.and_then(|shape| shape.fields.get(usize::from(*at))) else {
            break;
        };
        names.push(field.name.to_string());
        shape = match &field.ty.kind {
            Kind::Record(inner) => Some(inner),
            _ => None,
        };
    }
    names
}

/// The path of names in a shape.
fn position(shape: &Shape, names: &[String]) -> Option<Vec<u16>> {
    let (first, rest) = names.split_first()?;
    let (at, field) = shape.field(first)?;
    let mut path = vec![at as u16];
    if !rest.is_empty() {
        let Kind::Record(inner) = &field.ty.kind else {
            return None;
        };
        path.extend(position(inner, rest)?);
    }
    Some(path)
}
