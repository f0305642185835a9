//! Values to JSON, by type and form. Strict: what does not fit its field is refused, and nothing is rounded or cut.

use std::sync::Arc;

use rust_decimal::Decimal;
use thiserror::Error;

use super::overlay::object;
use crate::types::{Field, Form, Kind, Shape, Type};
use crate::value::Value;

/// Why a value cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct Unwritable {
    /// Where in the value: `Rows[2].UnitPrice`; empty for the value itself.
    pub field: String,
    /// A clause: `has 3 decimals where 2 fit`.
    pub reason: String,
}

impl Unwritable {
    fn new(reason: impl Into<String>) -> Unwritable {
        Unwritable {
            field: String::new(),
            reason: reason.into(),
        }
    }

    fn below(self, part: &str) -> Unwritable {
        let field = match self.field.as_str() {
            "" => part.to_owned(),
            rest if rest.starts_with('[') => format!("{part}{rest}"),
            rest => format!("{part}.{rest}"),
        };
        Unwritable { field, ..self }
    }
}

/// The path under which a field is written.
pub fn written(field: &Field) -> &[Arc<str>] {
    match &field.writes {
        Some(path) => path,
        None if field.reads.is_empty() => std::slice::from_ref(&field.name),
        None => &field.reads,
    }
}

/// The JSON of a value. An amount is written without its currency; `clear` and an absent value are `null`; fields of records that are absent are left out.
///
/// # Errors
/// The value does not fit its type: too many decimals or characters, a name outside its set, a value that never was readable.
pub fn encode(value: &Value, ty: &Type, form: Form) -> Result<String, Unwritable> {
    match (value, &ty.kind) {
        (Value::None | Value::Clear, _) => Ok("null".to_owned()),
        (Value::Bad(bad), _) => Err(Unwritable::new(format!(
            "was read as “{}”, which {}",
            bad.value, bad.reason
        ))),
        (Value::Late, _) => Err(Unwritable::new("is known only after an earlier write")),
        (Value::List(items), Kind::List(item)) => {
            let mut parts = Vec::with_capacity(items.len());
            for (at, value) in items.iter().enumerate() {
                let part = encode(value, item, form)
                    .map_err(|error| error.below(&format!("[{}]", at + 1)))?;
                parts.push(part);
            }
            Ok(format!("[{}]", parts.join(",")))
        }
        (Value::Record(fields), Kind::Record(shape)) => record(fields, shape),
        (value, kind) => scalar(value, kind, form),
    }
}

fn record(fields: &[Value], shape: &Shape) -> Result<String, Unwritable> {
    let mut leaves = Vec::new();
    for (value, field) in fields.iter().zip(&shape.fields) {
        if *value == Value::None {
            continue;
        }
        let json =
            encode(value, &field.ty, field.form).map_err(|error| error.below(&field.name))?;
        leaves.push((written(field), json));
    }
    object(leaves.iter().map(|(path, json)| (*path, json.as_str())))
        .map_err(|name| Unwritable::new(format!("is written twice at “{name}”")))
}

fn scalar(value: &Value, kind: &Kind, form: Form) -> Result<String, Unwritable> {
    Ok(match (value, kind) {
        (Value::Bool(flag), _) => flag.to_string(),
        (Value::Int(number), Kind::Account) => account(&number.to_string(), form),
        (Value::Int(number), _) => digits(number.to_string(), form),
        (Value::Decimal(number), Kind::Decimal(scale)) => digits(exact(*number, *scale)?, form),
        (Value::Decimal(number), Kind::Money(_, scale)) => digits(exact(*number, *scale)?, form),
        (Value::Decimal(number), _) => digits(exact(*number, None)?, form),
        (Value::Money(money), Kind::Money(_, scale)) => digits(exact(money.amount, *scale)?, form),
        (Value::Money(money), _) => digits(exact(money.amount, None)?, form),
        (Value::Percent(points), _) => match form {
            Form::Points | Form::Number => points.to_string(),
            Form::Fraction => points
                .checked_div(Decimal::ONE_HUNDRED)
                .filter(|fraction| {
                    fraction.checked_mul(Decimal::ONE_HUNDRED).as_ref() == Some(points)
                })
                .ok_or_else(|| Unwritable::new("has more digits than a fraction can keep"))?
                .normalize()
                .to_string(),
            // The only form that is sure where the vendor leaves the unit open.
            Form::Plain | Form::Text => quoted(&format!("{}%", points.normalize())),
        },
        (Value::Text(name), Kind::OneOf(names)) => {
            let known = names
                .iter()
                .find(|known| known.name == *name)
                .ok_or_else(|| {
                    Unwritable::new(format!("“{name}” is none of the field's values"))
                })?;
            match &known.wire {
                None => quoted(name),
                Some(Value::Text(wire)) => quoted(wire),
                Some(wire) => scalar(wire, &Kind::Unknown, form)?,
            }
        }
        (Value::Text(text), Kind::Text(Some(most))) => quoted(fitting(text, *most)?),
        (Value::Email(text), Kind::Email(Some(most)) | Kind::Text(Some(most))) => {
            quoted(fitting(text, *most)?)
        }
        (Value::Text(text), Kind::Account) => account(text, form),
        (Value::Text(text) | Value::Email(text), _) => quoted(text),
        (Value::Account(number), _) => account(number, form),
        (Value::Date(date), _) => quoted(&date.to_string()),
        (Value::DateTime(stamp), _) => quoted(&stamp.to_string()),
        (Value::Time(time), _) => quoted(&time.to_string()),
        (Value::Country(code) | Value::Territory(code), _) => quoted(code.as_str()),
        (Value::Currency(code), _) => quoted(code.as_str()),
        (Value::Uuid(uuid), _) => quoted(&uuid.to_string()),
        (Value::Span(_), _) => {
            return Err(Unwritable::new("is a span of time, which no field takes"));
        }
        (Value::List(_), _) => {
            return Err(Unwritable::new("is a list where one value is expected"));
        }
        (Value::Record(_), _) => {
            return Err(Unwritable::new("is a record where one value is expected"));
        }
        (Value::None | Value::Clear | Value::Bad(_) | Value::Late, _) => "null".to_owned(),
    })
}

fn digits(number: String, form: Form) -> String {
    if form == Form::Text {
        quoted(&number)
    } else {
        number
    }
}

fn exact(number: Decimal, scale: Option<u8>) -> Result<String, Unwritable> {
    let Some(most) = scale else {
        return Ok(number.to_string());
    };
    if number.scale() <= u32::from(most) {
        return Ok(number.to_string());
    }
    let shorter = number.normalize();
    if shorter.scale() <= u32::from(most) {
        return Ok(shorter.to_string());
    }
    Err(Unwritable::new(format!(
        "is {shorter}, with {} decimals where {most} fit",
        shorter.scale()
    )))
}

fn fitting(text: &str, most: u32) -> Result<&str, Unwritable> {
    let length = text.chars().count();
    if length <= most as usize {
        return Ok(text);
    }
    Err(Unwritable::new(format!(
        "has {length} characters where {most} fit"
    )))
}

fn account(number: &str, form: Form) -> String {
    if form == Form::Number && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
        match number.trim_start_matches('0') {
            "" => "0".to_owned(),
            plain => plain.to_owned(),
        }
    } else {
        quoted(number)
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
