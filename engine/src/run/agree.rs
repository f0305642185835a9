//! Amounts of a payload against what the payload itself says: its currency, and whether its prices include VAT.
//!
//! In: the leaves of a write. Out: the first amount that says otherwise; nothing converts it by itself, so the record fails.

use std::sync::Arc;

use flowbook_stdlib::types::{Field, Kind, Place, Shape};
use flowbook_stdlib::value::{Money, MoneyBasis, Value};

use super::ops;
use super::payload::Leaf;
use super::stop::Ended;

/// A record that is written, as far as its fields are known.
struct Around<'a> {
    shape: &'a Shape,
    fields: Fields<'a>,
    outer: Option<&'a Around<'a>>,
}

enum Fields<'a> {
    /// Leaves of the whole payload, below a path.
    Leaves(&'a Shape, &'a [Leaf<'a>], &'a [u16]),
    /// Values in the order of the shape.
    Values(&'a [Value]),
}

/// The end of a record whose payload has an amount that its own currency or flag contradicts.
pub(super) fn contradiction(shape: &Shape, leaves: &[Leaf<'_>]) -> Option<Ended> {
    leaves
        .iter()
        .find_map(|(put, value)| below(shape, leaves, None, shape, 0, &put.at, value))
}

/// Goes down to the record that a leaf is a field of.
fn below(
    top: &Shape,
    leaves: &[Leaf<'_>],
    outer: Option<&Around<'_>>,
    shape: &Shape,
    depth: usize,
    at: &[u16],
    value: &Value,
) -> Option<Ended> {
    let around = Around {
        shape,
        fields: Fields::Leaves(top, leaves, &at[..depth]),
        outer,
    };
    let field = shape.fields.get(usize::from(*at.get(depth)?))?;
    match &field.ty.kind {
        Kind::Record(inner) if depth + 1 < at.len() => {
            below(top, leaves, Some(&around), inner, depth + 1, at, value)
        }
        kind => told(kind, field, value, &around, &ops::field_name(top, at)),
    }
}

fn told(
    kind: &Kind,
    field: &Field,
    value: &Value,
    around: &Around<'_>,
    path: &str,
) -> Option<Ended> {
    match (kind, value) {
        (Kind::Money(..), Value::Money(money)) => around.against(field, money, path),
        (Kind::List(item), Value::List(items)) => {
            items.iter().enumerate().find_map(|(number, value)| {
                let path = format!("{path}[{}]", number + 1);
                told(&item.kind, field, value, around, &path)
            })
        }
        (Kind::Record(shape), Value::Record(values)) => {
            let inner = Around {
                shape,
                fields: Fields::Values(values),
                outer: Some(around),
            };
            shape
                .fields
                .iter()
                .zip(values.iter())
                .find_map(|(field, value)| {
                    let path = format!("{path}.{}", field.name);
                    told(&field.ty.kind, field, value, &inner, &path)
                })
        }
        _ => None,
    }
}

impl<'a> Around<'a> {
    fn against(&self, field: &Field, money: &Money, path: &str) -> Option<Ended> {
        let amount = ops::in_message(&Value::Money(*money));
        let failure = |code, message: String, help: &str| {
            Some(Ended {
                field: Some(path.to_owned()),
                value: Some(amount.clone()),
                ..Ended::failure(code, message).help(help)
            })
        };
        if let (Some((Value::Currency(written), name)), Some(own)) =
            (self.currency(), money.currency)
            && *written != own
        {
            return failure(
                "F0817",
                format!("{path} is {amount}, and {name} says that this record is in {written}."),
                "An amount is never converted by itself: write the currency that the amounts have.",
            );
        }
        let flag = field.flag.as_ref().and_then(|place| self.at(place));
        let (is, says) = match (money.basis, flag) {
            (MoneyBasis::Excl, Some((Value::Bool(true), name))) => ("without VAT", name),
            (MoneyBasis::Incl, Some((Value::Bool(false), name))) => ("with VAT", name),
            _ => return None,
        };
        failure(
            "F0818",
            format!("{path} is {amount}, {is}, and {says} says otherwise of this record."),
            "Convert it to what the flag says: `price | in_basis(flag, rate)`.",
        )
    }

    /// The currency of the record's money, and the field that says it.
    fn currency(&self) -> Option<(&Value, String)> {
        match &self.shape.money_in {
            Some(place) => self.at(place),
            None => self.outer?.currency(),
        }
    }

    fn at(&self, place: &Place) -> Option<(&Value, String)> {
        match place {
            Place::Own(path) => Some((self.get(path)?, path.join("."))),
            Place::Parent(path) => Some((self.outer?.get(path)?, path.join("."))),
            Place::One(..) => None, // told by the system, and compared with its answer
        }
    }

    fn get(&self, path: &[Arc<str>]) -> Option<&Value> {
        match &self.fields {
            Fields::Values(values) => {
                let (position, field) = self.shape.field(path.first()?)?;
                inside(&field.ty.kind, values.get(position)?, &path[1..])
            }
            Fields::Leaves(top, leaves, prefix) => leaves.iter().find_map(|(put, value)| {
                let at = put.at.strip_prefix(*prefix)?;
                let name = ops::field_name(self.shape, at);
                let whole = path.join(".");
                if name == whole {
                    return Some(value);
                }
                let rest = whole.strip_prefix(&name)?.strip_prefix('.')?;
                let rest: Vec<Arc<str>> = rest.split('.').map(Arc::from).collect();
                inside(ops::field_kind(top, &put.at)?, value, &rest)
            }),
        }
    }
}

fn inside<'v>(kind: &Kind, value: &'v Value, path: &[Arc<str>]) -> Option<&'v Value> {
    let Some((first, rest)) = path.split_first() else {
        return Some(value);
    };
    match (kind, value) {
        (Kind::Record(shape), Value::Record(values)) => {
            let (position, field) = shape.field(first)?;
            inside(&field.ty.kind, values.get(position)?, rest)
        }
        _ => None,
    }
}
