//! The bodies of the books' resources, read from `fields.txt`: what is required, how long, how exact.
//!
//! In comes a body in any letter case, out goes one in PascalCase with every writable field, or the list of faults.

use super::Fault;
use crate::json::{Json, decimal};
use indexmap::IndexMap;
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::sync::LazyLock;

struct Field {
    name: String,
    kind: String,
    nullable: bool,
    required: bool,
    readonly: bool,
    longest: Option<usize>,
    scale: Option<u32>,
    range: Option<(Decimal, Decimal)>,
    set: Vec<Decimal>,
}

static SCHEMAS: LazyLock<HashMap<String, Vec<Field>>> = LazyLock::new(|| {
    let mut schemas: HashMap<String, Vec<Field>> = HashMap::new();
    let mut current = String::new();
    for line in include_str!("fields.txt")
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        if let Some(name) = line.strip_prefix('[') {
            current = name.trim_end_matches(']').to_owned();
        } else if let Some(field) = field(line) {
            schemas.entry(current.clone()).or_default().push(field);
        }
    }
    schemas
});

fn field(line: &str) -> Option<Field> {
    let mut words = line.split(' ');
    let (name, kind) = (words.next()?, words.next()?);
    let rest: Vec<&str> = words.collect();
    let value = |name: &str| rest.iter().find_map(|word| word.strip_prefix(name));
    let range = value("range=")
        .and_then(|r| r.split_once(".."))
        .and_then(|(a, b)| Some((decimal(a)?, decimal(b)?)));
    Some(Field {
        name: name.to_owned(),
        kind: kind.trim_end_matches('?').to_owned(),
        nullable: kind.ends_with('?'),
        required: rest.contains(&"required"),
        readonly: rest.contains(&"readonly"),
        longest: value("max=").and_then(|n| n.parse().ok()),
        scale: value("scale=").and_then(|n| n.parse().ok()),
        range,
        set: value("set=")
            .map(|set| set.split(',').filter_map(decimal).collect())
            .unwrap_or_default(),
    })
}

/// Whether a resource has a property of that name, in any letter case; its name as the API writes it.
pub(super) fn property(schema: &str, name: &str) -> Option<&'static str> {
    let fields = SCHEMAS.get(schema)?;
    fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(name))
        .map(|field| field.name.as_str())
}

/// The kind of a resource's property, by its name as the API writes it.
pub(super) fn kind(schema: &str, name: &str) -> Option<&'static str> {
    let fields = SCHEMAS.get(schema)?;
    let field = fields.iter().find(|field| field.name == name)?;
    Some(field.kind.as_str())
}

/// How many characters a resource's property holds at most.
pub(super) fn longest(schema: &str, name: &str) -> Option<usize> {
    let fields = SCHEMAS.get(schema)?;
    fields.iter().find(|field| field.name == name)?.longest
}

/// Checks a body and gives it back in the API's spelling; fields left out become null, read-only ones are dropped.
pub(super) fn clean(schema: &str, body: &Json, path: &str, faults: &mut Vec<Fault>) -> Json {
    let mut given: IndexMap<&str, &Json> = IndexMap::new();
    for (name, value) in body.members() {
        match property(schema, name) {
            Some(known) => {
                given.insert(known, value);
            }
            None => faults.push(Fault::new(
                &format!("{path}{name}"),
                "Could not find member on the object.",
            )),
        }
    }
    let mut out = IndexMap::new();
    for field in SCHEMAS.get(schema).map(Vec::as_slice).unwrap_or_default() {
        if field.readonly {
            continue;
        }
        let at = format!("{path}{}", field.name);
        let value = given
            .get(field.name.as_str())
            .copied()
            .unwrap_or(&Json::Null);
        let empty = value.is_null()
            || (field.kind == "text" && value.text().trim().is_empty() && field.required);
        if empty {
            if field.required {
                faults.push(Fault::new(
                    &at,
                    &format!("The {} field is required.", field.name),
                ));
            }
            out.insert(field.name.clone(), blank(field));
            continue;
        }
        if let Some(reason) = wrong(field, value) {
            faults.push(Fault::new(&at, &reason));
        }
        let value = match field.kind.strip_prefix("list:") {
            Some(inner) => {
                let item =
                    |(i, item): (usize, &Json)| clean(inner, item, &format!("{at}[{i}]."), faults);
                Json::List(value.items().iter().enumerate().map(item).collect())
            }
            None => value.clone(),
        };
        out.insert(field.name.clone(), value);
    }
    Json::Object(out)
}

/// What a field holds that nobody has set.
fn blank(field: &Field) -> Json {
    match field.kind.as_str() {
        "bool" if !field.nullable => Json::Bool(false),
        "int" | "number" if !field.nullable => Json::Number(Decimal::ZERO),
        _ => Json::Null,
    }
}

/// A record with every property its resource has.
pub(super) fn complete(schema: &str, record: &Json) -> Json {
    let mut whole = record.clone();
    for field in SCHEMAS.get(schema).map(Vec::as_slice).unwrap_or_default() {
        if !matches!(record, Json::Object(members) if members.contains_key(&field.name)) {
            whole.set(&field.name, blank(field));
        }
    }
    whole
}

fn wrong(field: &Field, value: &Json) -> Option<String> {
    let name = &field.name;
    let fits = match (field.kind.as_str(), value) {
        ("bool", Json::Bool(_)) | ("object", Json::Object(_)) | ("number", Json::Number(_)) => true,
        ("int", Json::Number(number)) => number.fract().is_zero(),
        ("id", Json::Text(text)) => uuid::Uuid::try_parse(text).is_ok(),
        ("date", Json::Text(text)) => day(text).is_some(),
        ("text", Json::Text(_)) => true,
        (kind, Json::List(_)) => kind.starts_with("list"),
        _ => false,
    };
    if !fits {
        return Some(format!("The value {value} is not valid for {name}."));
    }
    if let (Json::Text(text), Some(longest)) = (value, field.longest)
        && text.chars().count() > longest
    {
        return Some(format!(
            "The field {name} must be a string with a maximum length of {longest}."
        ));
    }
    if let Json::Number(number) = value {
        if let Some(scale) = field.scale
            && number.normalize().scale() > scale
        {
            return Some(format!(
                "The field {name} may have at most {scale} decimals."
            ));
        }
        if !field.set.is_empty() && !field.set.contains(number) {
            return Some(format!("The value {number} is not valid for {name}."));
        }
        if let Some((low, high)) = field.range
            && (*number < low || *number > high)
        {
            return Some(format!(
                "The field {name} must be between {low} and {high}."
            ));
        }
    }
    None
}

/// The day of a date or of a date-time.
pub(super) fn day(text: &str) -> Option<jiff::civil::Date> {
    let date = text.get(..10)?.parse().ok()?;
    let rest = text.get(10..)?;
    (rest.is_empty() || rest.starts_with('T')).then_some(date)
}
