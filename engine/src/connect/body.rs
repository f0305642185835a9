//! What goes out: paths filled from records and arguments, leaves as a JSON object.

use std::sync::Arc;

use flowbook_stdlib::display::in_text;
use flowbook_stdlib::types::{Enumerator, Kind, Type};
use flowbook_stdlib::value::Value;
use flowbook_stdlib::wire;

use super::line::Line;
use super::template;
use crate::plan::connector::{Resource, Template};

/// What the holes of a path are filled from: arguments first, then the key, the parent's fields, the params of the account.
#[derive(Clone, Copy, Default)]
pub(super) struct Holes<'a> {
    pub(super) args: &'a [(&'a str, &'a Value)],
    pub(super) id: Option<(&'a Resource, &'a Value)>,
    pub(super) parent: Option<(&'a Resource, &'a Value)>,
}

impl Holes<'_> {
    /// The path, filled and encoded.
    pub(super) fn fill(&self, line: &Line, path: &Template) -> Result<String, String> {
        template::path(path, &|hole| {
            let (name, of_parent) = match hole {
                [parent, name] if parent == "parent" => (name, true),
                [name] => (name, false),
                _ => return None,
            };
            let arg = || self.args.iter().find(|(known, _)| known == name);
            let id = || {
                let (resource, id) = self.id?;
                let key = resource.shape.fields.get(usize::from(resource.key?))?;
                (*key.name == **name).then_some(id)
            };
            let parent = || {
                let (resource, record) = self.parent?;
                let (at, _) = resource.shape.field(name)?;
                match record {
                    Value::Record(fields) => fields.get(at),
                    _ => None,
                }
            };
            let value = if of_parent {
                parent()
            } else {
                arg().map(|(_, value)| *value).or_else(id).or_else(parent)
            };
            match value {
                Some(value) => plain(value).map(Into::into),
                None => {
                    let params = &line.connector.params;
                    let param = params.iter().find(|param| param.name == *name)?;
                    if param.secret {
                        return None;
                    }
                    line.access.value(name).map(Into::into)
                }
            }
        })
    }
}

/// A value in an address; none for what cannot stand there.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::None
        | Value::Clear
        | Value::Late
        | Value::Bad(_)
        | Value::List(_)
        | Value::Record(_) => None,
        other => Some(in_text(other)).filter(|text| !text.is_empty()),
    }
}

/// A value of a query parameter: closed sets by their wire value.
pub(super) fn parameter(value: &Value, ty: Option<&Type>) -> Option<String> {
    if let (Value::Text(name), Some(Kind::OneOf(names))) = (value, ty.map(|ty| &ty.kind))
        && let Some(Enumerator {
            wire: Some(wire), ..
        }) = names.iter().find(|known| known.name == *name)
    {
        return plain(wire);
    }
    plain(value)
}

/// The object of a payload.
///
/// # Errors
/// A clause: two leaves contradict each other.
pub(super) fn object(leaves: &[(Vec<Arc<str>>, String)]) -> Result<String, String> {
    wire::object(pairs(leaves)).map_err(|name| format!("“{name}” is written twice"))
}

/// A record as the system has it, with the payload's leaves in place of its own.
///
/// # Errors
/// A clause: it is no record, or two leaves contradict each other.
pub(super) fn overlaid(
    old: &str,
    leaves: &[(Vec<Arc<str>>, String)],
    any_case: bool,
) -> Result<String, String> {
    wire::overlay(old, pairs(leaves), any_case).map_err(|error| error.to_string())
}

fn pairs(leaves: &[(Vec<Arc<str>>, String)]) -> impl Iterator<Item = (&[Arc<str>], &str)> {
    leaves
        .iter()
        .map(|(path, json)| (path.as_slice(), json.as_str()))
}
