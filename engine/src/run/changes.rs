//! What a step does to its target, field by field: the diff of a dry run, the effects in a test's snapshot.

use std::fmt::{self, Write};

use flowbook_stdlib::types::{Kind, Shape, Type};
use flowbook_stdlib::value::Value;

use super::cache::{at, canon};
use super::ops;
use crate::plan::Put;

/// What a step does to its target.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// What it does.
    pub does: Does,
    /// `books.customers`
    pub resource: String,
    /// The key that it is found by: field and value.
    pub by: Vec<(String, String)>,
    /// Fields that are new or differ.
    pub fields: Vec<FieldChange>,
    /// How many mapped fields are as they shall be already.
    pub unchanged: usize,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// Makes a record.
    Create,
    /// Changes one.
    Update,
    /// Finds it there already, and leaves it alone.
    Adopt,
}

/// A field that is new or differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldChange {
    /// `DeliveryAddress.City`
    pub field: String,
    /// What the target has; none for a new value.
    pub old: Option<String>,
    /// What is written: one line, or one for each row of a list.
    pub new: Vec<String>,
}

/// The change of one leaf; none when the target holds it already.
pub fn leaf(shape: &Shape, put: &Put, found: Option<&Value>, new: &Value) -> Option<FieldChange> {
    let field = ops::field_name(shape, &put.at);
    let hidden = secret(shape, &put.at);
    let old = found.map(|found| at(found, &put.at));
    if let Some(old) = old {
        if put.compared && same(&put.ty.kind, old, new) {
            return None;
        }
        if *new == Value::Clear && *old == Value::None {
            return None;
        }
    }
    let shown = |value: &Value| {
        if hidden {
            vec!["(hidden)".to_owned()]
        } else {
            lines(&put.ty, value)
        }
    };
    Some(FieldChange {
        field,
        old: old
            .filter(|old| put.compared && !matches!(old, Value::None | Value::Late))
            .map(|old| match (old, shown(old)) {
                (Value::List(items), _) => format!("{} rows", items.len()),
                (_, lines) => lines.join(" "),
            }),
        new: shown(new),
    })
}

fn secret(shape: &Shape, path: &[u16]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    let Some(field) = shape.fields.get(usize::from(*first)) else {
        return false;
    };
    field.secret
        || match &field.ty.kind {
            Kind::Record(inner) => secret(inner, rest),
            _ => false,
        }
}

/// Whether the target holds this value: by the type's own comparison; of records only what is written is compared.
pub fn same(kind: &Kind, old: &Value, new: &Value) -> bool {
    match (kind, old, new) {
        (_, _, Value::Late) | (_, Value::Late, _) => false,
        (_, Value::None, Value::Clear) => true,
        (Kind::List(_), Value::None, Value::List(new)) if new.is_empty() => true,
        (Kind::Record(shape), Value::Record(old), Value::Record(new)) => shape
            .fields
            .iter()
            .zip(old.iter().zip(new.iter()))
            .all(|(field, (old, new))| {
                *new == Value::None || field.writeonly || same(&field.ty.kind, old, new)
            }),
        (Kind::List(item), Value::List(old), Value::List(new)) => {
            old.len() == new.len()
                && old
                    .iter()
                    .zip(new.iter())
                    .all(|(old, new)| same(&item.kind, old, new))
        }
        (_, Value::Bad(_), _) => false,
        _ => canon(Some(kind), old) == canon(Some(kind), new),
    }
}

fn lines(ty: &Type, value: &Value) -> Vec<String> {
    match (&ty.kind, value) {
        (Kind::List(item), Value::List(items)) if items.is_empty() => {
            vec![format!("no {}", word(&item.kind))]
        }
        (Kind::List(item), Value::List(items)) => items
            .iter()
            .map(|value| lines(item, value).join(" "))
            .collect(),
        (Kind::Record(shape), Value::Record(fields)) => {
            let shown: Vec<String> = shape
                .fields
                .iter()
                .zip(fields.iter())
                .filter(|(_, value)| **value != Value::None)
                .map(|(field, value)| {
                    let value = if field.secret {
                        "(hidden)".to_owned()
                    } else {
                        lines(&field.ty, value).join(" ")
                    };
                    format!("{} {value}", field.name)
                })
                .collect();
            vec![shown.join(" · ")]
        }
        (_, Value::Late) => vec!["(known after an earlier step)".to_owned()],
        (_, Value::Clear) => vec!["(emptied)".to_owned()],
        (_, value) => vec![ops::shown(value)],
    }
}

fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Record(_) => "rows",
        _ => "items",
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.does {
            Does::Create => "create",
            Does::Update => "update",
            Does::Adopt => "exists",
        };
        write!(f, "  {verb} {}", self.resource)?;
        for (number, (field, value)) in self.by.iter().enumerate() {
            let word = if number == 0 { " by" } else { "," };
            write!(f, "{word} {field} = {value}")?;
        }
        f.write_char('\n')?;
        let width = self
            .fields
            .iter()
            .map(|change| change.field.chars().count())
            .max()
            .unwrap_or(0);
        for change in &self.fields {
            match (&change.old, change.new.as_slice()) {
                (None, [one]) => writeln!(f, "    + {:width$}  {one}", change.field)?,
                (Some(old), [one]) => {
                    writeln!(f, "    ~ {:width$}  {old} → {one}", change.field)?;
                }
                (old, rows) => {
                    match old {
                        None => writeln!(f, "    + {}", change.field)?,
                        Some(old) => {
                            writeln!(f, "    ~ {}  {old} → {} rows", change.field, rows.len())?
                        }
                    }
                    for (number, row) in rows.iter().enumerate() {
                        writeln!(f, "      {:>3}  {row}", number + 1)?;
                    }
                }
            }
        }
        if self.unchanged > 0 {
            writeln!(f, "    {} unchanged", self.unchanged)?;
        }
        Ok(())
    }
}
