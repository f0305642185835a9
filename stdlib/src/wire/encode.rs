//! Values to JSON, by type and form. Strict: what does not fit its field is refused, and nothing is rounded or cut.

use std::fmt::Display;
use std::io::Write;
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
    let mut out = Vec::new();
    encode_to(value, ty, form, &mut out)?;
    String::from_utf8(out).map_err(|_| Unwritable::new("is no text"))
}

/// As [`encode`], behind what `out` holds already. After an error, `out` holds a part of the value.
///
/// # Errors
/// As for [`encode`].
pub fn encode_to(
    value: &Value,
    ty: &Type,
    form: Form,
    out: &mut Vec<u8>,
) -> Result<(), Unwritable> {
    match (value, &ty.kind) {
        (Value::None | Value::Clear, _) => out.extend_from_slice(b"null"),
        (Value::Bad(bad), _) => {
            return Err(Unwritable::new(format!(
                "was read as “{}”, which {}",
                bad.value, bad.reason
            )));
        }
        (Value::Late, _) => return Err(Unwritable::new("is known only after an earlier write")),
        (Value::List(items), Kind::List(item)) => {
            out.push(b'[');
            for (at, value) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                encode_to(value, item, form, out)
                    .map_err(|error| error.below(&format!("[{}]", at + 1)))?;
            }
            out.push(b']');
        }
        (Value::Record(fields), Kind::Record(shape)) => {
            let start = out.len();
            if !flat(fields, shape, out)? {
                out.truncate(start);
                out.extend_from_slice(nested(fields, shape)?.as_bytes());
            }
        }
        (value, kind) => scalar(value, kind, form, out)?,
    }
    Ok(())
}

/// A record each of whose fields is written under a name of its own; false, with a part of it written, where one is not.
fn flat(fields: &[Value], shape: &Shape, out: &mut Vec<u8>) -> Result<bool, Unwritable> {
    let present = || {
        let fields = fields.iter().zip(&shape.fields);
        fields.filter(|(value, _)| **value != Value::None)
    };
    out.push(b'{');
    for (at, (value, field)) in present().enumerate() {
        let [name] = written(field) else {
            return Ok(false);
        };
        let same = |other: &Field| matches!(written(other), [known] if known == name);
        if present().take(at).any(|(_, other)| same(other)) {
            return Ok(false); // told with its name
        }
        if at > 0 {
            out.push(b',');
        }
        quoted(name, out);
        out.push(b':');
        encode_to(value, &field.ty, field.form, out).map_err(|error| error.below(&field.name))?;
    }
    out.push(b'}');
    Ok(true)
}

/// A record some of whose fields are written deeper.
fn nested(fields: &[Value], shape: &Shape) -> Result<String, Unwritable> {
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

fn scalar(value: &Value, kind: &Kind, form: Form, out: &mut Vec<u8>) -> Result<(), Unwritable> {
    match (value, kind) {
        (Value::Bool(flag), _) => print(flag, out),
        (Value::Int(number), Kind::Account) => account(&number.to_string(), form, out),
        (Value::Int(number), _) => digits(number, form, out),
        (Value::Decimal(number), Kind::Decimal(scale) | Kind::Money(_, scale)) => {
            digits(exact(*number, *scale)?, form, out);
        }
        (Value::Decimal(number), _) => digits(number, form, out),
        (Value::Money(money), Kind::Money(_, scale)) => {
            digits(exact(money.amount, *scale)?, form, out);
        }
        (Value::Money(money), _) => digits(money.amount, form, out),
        (Value::Percent(points), _) => match form {
            Form::Points | Form::Number => print(points, out),
            Form::Fraction => {
                let fraction = points
                    .checked_div(Decimal::ONE_HUNDRED)
                    .filter(|fraction| {
                        fraction.checked_mul(Decimal::ONE_HUNDRED).as_ref() == Some(points)
                    })
                    .ok_or_else(|| Unwritable::new("has more digits than a fraction can keep"))?;
                print(fraction.normalize(), out);
            }
            // The only form that is sure where the vendor leaves the unit open.
            Form::Plain | Form::Text => {
                between_quotes(format_args!("{}%", points.normalize()), out)
            }
        },
        (Value::Text(name), Kind::OneOf(names)) => {
            let known = names
                .iter()
                .find(|known| known.name == *name)
                .ok_or_else(|| {
                    Unwritable::new(format!("“{name}” is none of the field's values"))
                })?;
            match &known.wire {
                None => quoted(name, out),
                Some(Value::Text(wire)) => quoted(wire, out),
                Some(wire) => scalar(wire, &Kind::Unknown, form, out)?,
            }
        }
        (Value::Text(text), Kind::Text(Some(most))) => quoted(fitting(text, *most)?, out),
        (Value::Email(text), Kind::Email(Some(most)) | Kind::Text(Some(most))) => {
            quoted(fitting(text, *most)?, out);
        }
        (Value::Text(text), Kind::Account) => account(text, form, out),
        (Value::Text(text) | Value::Email(text), _) => quoted(text, out),
        (Value::Account(number), _) => account(number, form, out),
        (Value::Date(date), _) => between_quotes(date, out),
        (Value::DateTime(stamp), _) => between_quotes(stamp, out),
        (Value::Time(time), _) => between_quotes(time, out),
        (Value::Country(code) | Value::Territory(code), _) => between_quotes(code.as_str(), out),
        (Value::Currency(code), _) => between_quotes(code.as_str(), out),
        (Value::Uuid(uuid), _) => between_quotes(uuid.as_hyphenated(), out),
        (Value::Span(_), _) => {
            return Err(Unwritable::new("is a span of time, which no field takes"));
        }
        (Value::List(_), _) => {
            return Err(Unwritable::new("is a list where one value is expected"));
        }
        (Value::Record(_), _) => {
            return Err(Unwritable::new("is a record where one value is expected"));
        }
        (Value::None | Value::Clear | Value::Bad(_) | Value::Late, _) => {
            out.extend_from_slice(b"null");
        }
    }
    Ok(())
}

fn digits(number: impl Display, form: Form, out: &mut Vec<u8>) {
    if form == Form::Text {
        between_quotes(number, out);
    } else {
        print(number, out);
    }
}

/// The number with no more decimals than fit.
fn exact(number: Decimal, scale: Option<u8>) -> Result<Decimal, Unwritable> {
    let Some(most) = scale else {
        return Ok(number);
    };
    if number.scale() <= u32::from(most) {
        return Ok(number);
    }
    let shorter = number.normalize();
    if shorter.scale() <= u32::from(most) {
        return Ok(shorter);
    }
    Err(Unwritable::new(format!(
        "is {shorter}, with {} decimals where {most} fit",
        shorter.scale()
    )))
}

fn fitting(text: &str, most: u32) -> Result<&str, Unwritable> {
    if text.len() <= most as usize {
        return Ok(text); // no more characters than bytes
    }
    let length = text.chars().count();
    if length <= most as usize {
        return Ok(text);
    }
    Err(Unwritable::new(format!(
        "has {length} characters where {most} fit"
    )))
}

fn account(number: &str, form: Form, out: &mut Vec<u8>) {
    if form == Form::Number && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
        let plain = match number.trim_start_matches('0') {
            "" => "0",
            plain => plain,
        };
        out.extend_from_slice(plain.as_bytes());
    } else {
        quoted(number, out);
    }
}

/// A text, escaped.
fn quoted(text: &str, out: &mut Vec<u8>) {
    // A vector takes whatever is written to it.
    let _ = serde_json::to_writer(out, text);
}

/// What needs no escapes.
fn between_quotes(value: impl Display, out: &mut Vec<u8>) {
    out.push(b'"');
    print(value, out);
    out.push(b'"');
}

fn print(value: impl Display, out: &mut Vec<u8>) {
    // A vector takes whatever is written to it.
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape() -> Arc<Shape> {
        let kinds = [
            ("Text", Kind::Text(None)),
            ("Number", Kind::Int),
            ("Amount", Kind::Decimal(Some(4))),
            ("Texts", Kind::List(Box::new(Type::new(Kind::Text(None))))),
        ];
        Shape::anonymous(kinds.map(|(name, kind)| (name, Type::new(kind))))
    }

    fn values() -> impl Strategy<Value = Vec<Value>> {
        let text = || any::<String>().prop_map(|text| Value::Text(text.into()));
        let or_none = |value: BoxedStrategy<Value>| prop_oneof![Just(Value::None), value];
        (
            or_none(text().boxed()),
            or_none(any::<i64>().prop_map(Value::Int).boxed()),
            or_none(
                (any::<i64>(), 0..5_u32)
                    .prop_map(|(digits, scale)| Value::Decimal(Decimal::new(digits, scale)))
                    .boxed(),
            ),
            or_none(
                prop::collection::vec(text(), 0..4)
                    .prop_map(|texts| Value::List(texts.into()))
                    .boxed(),
            ),
        )
            .prop_map(|(a, b, c, d)| vec![a, b, c, d])
    }

    proptest! {
        #[test]
        fn both_ways_write_the_same_bytes(fields in values()) {
            let mut out = Vec::new();
            prop_assert!(flat(&fields, &shape(), &mut out).unwrap());
            prop_assert_eq!(String::from_utf8(out).unwrap(), nested(&fields, &shape()).unwrap());
        }

        #[test]
        fn what_is_written_is_json(fields in values()) {
            let record = Value::Record(fields.clone().into());
            let json = encode(&record, &Type::new(Kind::Record(shape())), Form::Plain).unwrap();
            let read: serde_json::Value = serde_json::from_str(&json).unwrap();
            let text = match &fields[0] {
                Value::Text(text) => Some(&**text),
                _ => None,
            };
            prop_assert_eq!(read["Text"].as_str(), text);
        }
    }
}
