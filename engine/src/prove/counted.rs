//! What is counted in the final state of the two systems: where a flowbook's steps write, by which key, and which fields. From the plan alone.

use flowbook_grammar::ast::Verb;
use flowbook_stdlib::types::{Kind, Shape};

use crate::plan::connector::{Endpoint, Resource, ResourceIx, TemplatePart};
use crate::plan::{Plan, Step, To};
use crate::run::resource_name;

/// Records that belong together: what one or more steps write under one key, in every form that they can have taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// As people read it: `books.invoice_drafts`.
    pub resource: String,
    /// Where the sandbox keeps them: the step's own place first, then its forms.
    pub places: Vec<Place>,
    /// Paths of the key's fields on the wire; none where a step has no key that can be read.
    pub key: Vec<Vec<String>>,
    /// Names of the fields that the steps write.
    pub written: Vec<String>,
}

/// A collection of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `books/customerinvoicedrafts`
    pub collection: String,
    /// The member of each record that holds the records: `_ordernotes`.
    pub within: Option<String>,
    /// The field that is a record's id.
    pub id: String,
}

/// What a plan's steps write, one entry for each key.
pub fn counted(plan: &Plan) -> Vec<Counted> {
    let mut all: Vec<Counted> = Vec::new();
    for step in plan.flows.iter().flat_map(|flow| &flow.steps) {
        let Some(one) = of_step(plan, step) else {
            continue;
        };
        let same = all.iter_mut().find(|known| {
            known.key == one.key
                && known
                    .places
                    .iter()
                    .any(|place| one.places.first() == Some(place))
        });
        match same {
            Some(known) => {
                let new = |names: &[String], name: &String| !names.contains(name);
                for name in one.written {
                    if new(&known.written, &name) {
                        known.written.push(name);
                    }
                }
                for place in one.places {
                    if !known.places.contains(&place) {
                        known.places.push(place);
                    }
                }
            }
            None => all.push(one),
        }
    }
    all
}

fn of_step(plan: &Plan, step: &Step) -> Option<Counted> {
    let resource = plan.resources.get(step.resource as usize)?;
    let own = place(plan, step.resource)?;
    let mut places = vec![own];
    let key = match (step.verb, &step.to) {
        (Verb::Update, _) | (_, To::Record(_)) => vec![vec![own_key(resource)?]],
        _ => {
            let forms = forms(plan, step.resource);
            places.extend(forms.into_iter().filter_map(|form| place(plan, form)));
            let fields = step.keys.iter().find(|key| !key.fields.is_empty());
            fields
                .map(|key| {
                    key.fields
                        .iter()
                        .map(|path| wire(&resource.shape, path))
                        .collect()
                })
                .unwrap_or_default()
        }
    };
    let mut written: Vec<String> = Vec::new();
    for put in &step.body {
        if let Some(first) = put.wire.first()
            && !written.iter().any(|name| **name == **first)
        {
            written.push(first.to_string());
        }
    }
    Some(Counted {
        resource: resource_name(plan, step.resource),
        places,
        key,
        written,
    })
}

/// What a record of the resource can turn into, and what that can turn into.
fn forms(plan: &Plan, of: ResourceIx) -> Vec<ResourceIx> {
    let mut found = Vec::new();
    let mut open = vec![of];
    while let Some(ix) = open.pop() {
        let forms = plan.resources.get(ix as usize).map(|one| &one.forms);
        for form in forms.into_iter().flatten() {
            if *form != of && !found.contains(form) {
                found.push(*form);
                open.push(*form);
            }
        }
    }
    found
}

pub fn place(plan: &Plan, ix: ResourceIx) -> Option<Place> {
    let resource = plan.resources.get(ix as usize)?;
    let system = plan.systems.get(resource.system as usize)?;
    let side = match system.connector.name.as_str() {
        "ccv_salespos" => "till",
        "eaccounting" => "books",
        _ => return None,
    };
    let creates = resource.creates.iter().filter(|way| way.name.is_none());
    let endpoint = resource
        .list
        .as_ref()
        .or(resource.one.as_ref())
        .or_else(|| creates.map(|way| &way.endpoint).next())
        .or(resource.get.as_ref())?;
    let path = segments(endpoint);
    let within = match resource.parent {
        Some(_) => Some(format!("_{}", path.last()?)),
        None => None,
    };
    Some(Place {
        collection: format!("{side}/{}", path.first()?),
        within,
        id: own_key(resource).unwrap_or_else(|| "id".to_owned()),
    })
}

/// The fixed parts of an endpoint's path.
fn segments(endpoint: &Endpoint) -> Vec<&str> {
    let texts = endpoint.path.0.iter().filter_map(|part| match part {
        TemplatePart::Text(text) => Some(text.as_str()),
        TemplatePart::Hole(_) => None,
    });
    texts
        .flat_map(|text| text.split('/'))
        .filter(|segment| !segment.is_empty())
        .collect()
}

fn own_key(resource: &Resource) -> Option<String> {
    Some(wire(&resource.shape, &[resource.key?]).join("."))
}

/// A path of positions in a shape, as the names on the wire.
fn wire(shape: &Shape, path: &[u16]) -> Vec<String> {
    let mut names = Vec::new();
    let mut shape = Some(shape);
    for position in path {
        let Some(field) = shape.and_then(|shape| shape.fields.get(usize::from(*position))) else {
            break;
        };
        if field.reads.is_empty() {
            names.push(field.name.to_string());
        } else {
            names.extend(field.reads.iter().map(ToString::to_string));
        }
        shape = match &field.ty.kind {
            Kind::Record(inner) => Some(inner),
            _ => None,
        };
    }
    names
}
