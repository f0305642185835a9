//! Operators on values, as the standard library defines them, and how values read in messages.

use std::cmp::Ordering;

pub use flowbook_stdlib::display::{in_message, in_text};
use flowbook_stdlib::function::{Failure, Function};
use flowbook_stdlib::types::{Kind, Shape};
use flowbook_stdlib::value::{Bad, Value};
use flowbook_stdlib::wire::MISSING;
use flowbook_stdlib::{functions, operations, places};
use jiff::civil::Date;

use super::stop::Ended;
use crate::plan::{Comparison, Math};

/// All functions.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    functions::ALL.iter().copied()
}

/// Whether a target did not tell a field of its answer.
pub fn untold(value: &Value) -> bool {
    match value {
        Value::None | Value::Late => true,
        Value::Bad(bad) => bad.reason == MISSING,
        _ => false,
    }
}

/// The failure of whoever uses a wire value that does not fit its field.
pub fn bad(bad: &Bad) -> Ended {
    let shown = if bad.value.is_empty() {
        "its value".to_owned()
    } else {
        format!("“{}”", bad.value)
    };
    Ended {
        value: (!bad.value.is_empty()).then(|| bad.value.clone()),
        ..Ended::failure(
            "F0801",
            format!(
                "The field {} cannot be used: {shown} {}.",
                bad.field, bad.reason
            ),
        )
    }
    .help("Correct the value where it comes from; the record is tried again with the next run.")
}

/// The kind of a field by its path in a shape.
pub fn field_kind<'s>(shape: &'s Shape, path: &[u16]) -> Option<&'s Kind> {
    let (first, rest) = path.split_first()?;
    let kind = &shape.fields.get(usize::from(*first))?.ty.kind;
    if rest.is_empty() {
        return Some(kind);
    }
    match kind {
        Kind::Record(inner) => field_kind(inner, rest),
        _ => None,
    }
}

/// The names of a path in a shape: `Address.City`.
pub fn field_name(shape: &Shape, path: &[u16]) -> String {
    let mut names = Vec::new();
    let mut shape = Some(shape);
    for field in path {
        let Some(field) = shape.and_then(|shape| shape.fields.get(usize::from(*field))) else {
            break;
        };
        names.push(&*field.name);
        shape = match &field.ty.kind {
            Kind::Record(inner) => Some(inner),
            _ => None,
        };
    }
    names.join(".")
}

fn reason(failure: Failure) -> String {
    match failure {
        Failure::Reason(reason) => reason,
        Failure::Inner => "An inner expression failed.".to_owned(),
    }
}

/// `-a`
pub fn negate(value: &Value) -> Result<Value, String> {
    operations::neg(value).map_err(reason)
}

/// `+ - * /`
pub fn math(op: Math, a: &Value, b: &Value) -> Result<Value, String> {
    match op {
        Math::Add => operations::add(a, b),
        Math::Sub => operations::sub(a, b),
        Math::Mul => operations::mul(a, b),
        Math::Div => operations::div(a, b),
    }
    .map_err(reason)
}

/// `= != < <= > >= in`
pub fn compare(op: Comparison, a: &Value, b: &Value) -> Result<bool, String> {
    let order = || operations::compare(a, b);
    match op {
        Comparison::In => match b {
            Value::List(items) => operations::contains(items, a),
            other => operations::same(a, other),
        },
        Comparison::Eq => operations::same(a, b),
        Comparison::Ne => operations::same(a, b).map(|same| !same),
        Comparison::Lt => order().map(Ordering::is_lt),
        Comparison::Le => order().map(Ordering::is_le),
        Comparison::Gt => order().map(Ordering::is_gt),
        Comparison::Ge => order().map(Ordering::is_ge),
    }
    .map_err(reason)
}

/// Whether a country or territory lies in a set of them on that day.
pub fn within(set: &str, value: &Value, date: Option<Date>) -> bool {
    match value {
        Value::Country(place) | Value::Territory(place) => places::contains(set, *place, date),
        _ => false,
    }
}

/// As a diff shows it: bare, money with its currency and basis.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Money(_) => in_message(value),
        other => in_text(other),
    }
}
