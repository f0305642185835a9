//! OData filters: several keys in one question, values quoted.

use flowbook_stdlib::types::{Enumerator, Field, Form, Kind, Shape};
use flowbook_stdlib::value::Value;
use jiff::Timestamp;

use super::template::encoded;

/// The longest filter that is sent, as it stands in the query: servers cut queries off at 2,048 bytes.
const LONGEST: usize = 1_600;

/// A field along a path of indices.
pub(super) fn field<'a>(shape: &'a Shape, path: &[u16]) -> Option<&'a Field> {
    let (first, rest) = path.split_first()?;
    let found = shape.fields.get(usize::from(*first))?;
    match (rest.is_empty(), &found.ty.kind) {
        (true, _) => Some(found),
        (false, Kind::Record(inner)) => field(inner, rest),
        (false, _) => None,
    }
}

/// Its name in a query: the parts of its path on the wire, joined by `/`.
pub(super) fn wire_name(shape: &Shape, path: &[u16]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let found = shape.fields.get(usize::from(*first))?;
    let own = if found.reads.is_empty() {
        found.name.to_string()
    } else {
        found.reads.join("/")
    };
    match (rest.is_empty(), &found.ty.kind) {
        (true, _) => Some(own),
        (false, Kind::Record(inner)) => Some(format!("{own}/{}", wire_name(inner, rest)?)),
        (false, _) => None,
    }
}

/// `Number eq 'A1' and UnitId eq 0b…`; none for a key that no filter can say.
fn clause(shape: &Shape, fields: &[Vec<u16>], key: &[Value]) -> Option<String> {
    let mut parts = Vec::with_capacity(key.len());
    for (path, value) in fields.iter().zip(key) {
        let declared = field(shape, path)?;
        let value = literal(value, &declared.ty.kind, declared.form)?;
        parts.push(format!("{} eq {value}", wire_name(shape, path)?));
    }
    Some(parts.join(" and "))
}

/// Filters that together ask for these keys, each with the numbers of the keys that it asks for: at most `any_of`, and not too long.
/// None where a key cannot be said.
pub(super) fn filters(
    shape: &Shape,
    fields: &[Vec<u16>],
    keys: &[Vec<Value>],
    any_of: u32,
) -> Option<Vec<(String, Vec<usize>)>> {
    let most = any_of.max(1) as usize;
    let mut filters: Vec<(String, Vec<usize>)> = Vec::new();
    let mut length = 0;
    for (at, key) in keys.iter().enumerate() {
        let mut text = clause(shape, fields, key)?;
        if fields.len() > 1 {
            text = format!("({text})");
        }
        let long = encoded(&text).len() + encoded(" or ").len();
        match filters.last_mut() {
            Some((filter, held)) if held.len() < most && length + long <= LONGEST => {
                filter.push_str(" or ");
                filter.push_str(&text);
                held.push(at);
                length += long;
            }
            _ => {
                length = long;
                filters.push((text, vec![at]));
            }
        }
    }
    Some(filters)
}

/// `ChangedUtc ge 2026-03-01T00:00:00Z`
pub(super) fn since(shape: &Shape, path: u16, from: Timestamp) -> Option<String> {
    let name = wire_name(shape, &[path])?;
    let literal = match field(shape, &[path])?.ty.kind {
        Kind::Date => from.strftime("%Y-%m-%d").to_string(),
        _ => from.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    Some(format!("{name} ge {literal}"))
}

fn literal(value: &Value, kind: &Kind, form: Form) -> Option<String> {
    Some(match value {
        Value::None => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) if *kind == Kind::Account => account(&number.to_string(), form),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.normalize().to_string(),
        Value::Money(money) => money.amount.normalize().to_string(),
        Value::Text(name) => match kind {
            Kind::OneOf(names) => match names.iter().find(|known| known.name == *name) {
                Some(Enumerator {
                    wire: Some(wire), ..
                }) => literal(wire, &Kind::Unknown, form)?,
                _ => quoted(name),
            },
            Kind::Uuid => uuid::Uuid::parse_str(name.trim()).ok()?.to_string(),
            Kind::Account => account(name, form),
            _ => quoted(name),
        },
        Value::Email(text) => quoted(text.trim()),
        Value::Account(text) => account(text, form),
        Value::Date(date) => date.to_string(),
        Value::DateTime(instant) => instant.to_string(),
        Value::Country(code) | Value::Territory(code) => quoted(code.as_str()),
        Value::Currency(code) => quoted(code.as_str()),
        Value::Uuid(uuid) => uuid.to_string(),
        Value::Clear
        | Value::Percent(_)
        | Value::Time(_)
        | Value::Span(_)
        | Value::List(_)
        | Value::Record(_)
        | Value::Late
        | Value::Bad(_) => return None,
    })
}

fn account(digits: &str, form: Form) -> String {
    match form {
        Form::Number => digits.to_owned(),
        _ => quoted(digits),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use flowbook_stdlib::types::Type;

    use super::*;

    fn shape() -> Shape {
        Shape {
            name: "books.Customer".into(),
            fields: vec![
                Field::plain("EmailAddress", Type::new(Kind::Email(None))),
                Field::plain("UnitId", Type::new(Kind::Uuid)),
                Field::plain("ChangedUtc", Type::new(Kind::DateTime)),
            ],
            money_in: None,
        }
    }

    #[test]
    fn quotes_are_doubled_and_typed_values_stand_bare() {
        let keys = [
            vec![Value::Email(" o'neill@a.se".into())],
            vec![Value::Email("b@a.se".into())],
        ];
        let found = filters(&shape(), &[vec![0]], &keys, 20).unwrap();
        assert_eq!(
            found,
            [(
                "EmailAddress eq 'o''neill@a.se' or EmailAddress eq 'b@a.se'".to_owned(),
                vec![0, 1]
            )]
        );
        let unit = uuid::Uuid::nil();
        let keys = [vec![Value::Email("a@a.se".into()), Value::Uuid(unit)]];
        let found = filters(&shape(), &[vec![0], vec![1]], &keys, 20).unwrap();
        assert_eq!(
            found[0].0,
            format!("(EmailAddress eq 'a@a.se' and UnitId eq {unit})")
        );
        let at = "2026-03-01T12:30:00.5Z".parse().unwrap();
        assert_eq!(
            since(&shape(), 2, at).unwrap(),
            "ChangedUtc ge 2026-03-01T12:30:00Z"
        );
    }

    #[test]
    fn a_filter_holds_no_more_keys_than_allowed_and_is_never_too_long() {
        let keys: Vec<_> = (0..50)
            .map(|n| vec![Value::Email(format!("{}{n}@a.se", "x".repeat(60)).into())])
            .collect();
        let found = filters(&shape(), &[vec![0]], &keys, 20).unwrap();
        assert!(
            found
                .iter()
                .all(|(filter, held)| held.len() <= 20 && encoded(filter).len() <= LONGEST)
        );
        let asked: Vec<usize> = found.into_iter().flat_map(|(_, held)| held).collect();
        assert_eq!(asked, (0..50).collect::<Vec<_>>());
    }
}
