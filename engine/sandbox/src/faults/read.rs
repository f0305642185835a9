//! Faults as they are written: JSON of the control endpoint, a header's value, a flag's text → [`Fault`], or a sentence.

use super::{Fault, KINDS, Kind};
use crate::json::{Json, object};
use std::str::FromStr;

/// Ten minutes: longer than any deadline of a client, short enough to wait for.
const LONGEST: i64 = 600_000;
/// A clock may be off by a month.
const FARTHEST: i64 = 31 * 86_400_000;

const MEMBERS: [&str; 15] = [
    "kind", "method", "path", "times", "skip", "share", "millis", "seed", "done", "hang", "same",
    "field", "to", "now", "of",
];

/// A fault of the control endpoint: one to be set, or a person who acts at once upon a document.
pub(crate) enum Order {
    Set(Fault),
    Now(Fault, String),
}

/// Reads the body of `POST /_sandbox/faults`: one object or a list of them.
pub(crate) fn control(text: &str) -> Result<Vec<Order>, String> {
    let given = Json::parse(text).map_err(|why| format!("The faults are no JSON: {why}."))?;
    let list = match &given {
        Json::List(items) => items.clone(),
        one => vec![one.clone()],
    };
    list.iter().map(order).collect()
}

fn order(given: &Json) -> Result<Order, String> {
    let fault = fault(given, 1)?;
    let of = given.get("of").text().to_owned();
    match given.get("now").truth() {
        false if of.is_empty() => Ok(Order::Set(fault)),
        false => Err(
            "“of” names the document for a person who acts at once: it needs “now”: true.".into(),
        ),
        true if !fault.kind.is_person() => Err(format!(
            "“now” is for people in the books; a fault of kind “{}” waits for a request.",
            fault.kind()
        )),
        true if of.is_empty() => Err(
            "“now” needs “of”: the Id or a reference of the document upon which the person acts."
                .into(),
        ),
        true => Ok(Order::Now(fault, of)),
    }
}

/// Reads the value of a request's header: `KIND`, or `KIND; millis=300`; several stand in several headers or after commas.
pub(super) fn header(value: &str) -> Result<Vec<Fault>, String> {
    let parts = value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts.map(|part| fault(&members(part, ';')?, 1)).collect()
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        fault(&members(text, ',')?, 0)
    }
}

/// A kind with its members after it, as the object of the control endpoint.
fn members(text: &str, between: char) -> Result<Json, String> {
    let mut parts = text.split(between).map(str::trim);
    let mut given = object! { "kind" => parts.next().unwrap_or_default() };
    for part in parts {
        let (name, value) = part.split_once('=').ok_or_else(|| {
            format!(
                "“{part}” is no member of a fault: it is written “name=value”, such as “millis=300”."
            )
        })?;
        if ["now", "of", "kind"].contains(&name) {
            return Err(format!(
                "“{name}” is only taken by POST /_sandbox/faults, not here."
            ));
        }
        let value = match (name, value, value.parse::<i64>()) {
            ("times" | "skip" | "share" | "millis" | "seed", _, Ok(number)) => Json::from(number),
            (_, "true", _) => Json::Bool(true),
            (_, "false", _) => Json::Bool(false),
            _ => Json::from(value),
        };
        given.set(name, value);
    }
    Ok(given)
}

fn fault(given: &Json, times: u64) -> Result<Fault, String> {
    if !matches!(given, Json::Object(_)) {
        return Err(format!(
            "A fault is an object such as {{\"kind\":\"latency\",\"millis\":300}}, not {given}."
        ));
    }
    if let Some((name, _)) = given
        .members()
        .find(|(name, _)| !MEMBERS.contains(&name.as_str()))
    {
        let known = MEMBERS.iter().copied();
        return Err(format!(
            "A fault has no member “{name}”{}",
            nearest(name, known)
        ));
    }
    let kind = match given.get("kind") {
        Json::Text(name) if !name.is_empty() => Kind::named(name).ok_or_else(|| {
            let known = KINDS.iter().map(|(kind, _)| *kind);
            format!("“{name}” is no kind of fault{}", nearest(name, known))
        })?,
        Json::Number(number) => {
            return Err(format!(
                "The kind {number} is a text: write “kind”: “{number}”."
            ));
        }
        _ => return Err(format!("A fault needs its kind.{}", kinds())),
    };
    let fault = Fault {
        kind,
        method: text(given, "method")?.to_uppercase(),
        path: text(given, "path")?,
        times: whole(given, "times", times, u64::MAX)?,
        skip: whole(given, "skip", 0, u64::MAX)?,
        share: whole(given, "share", 100, 100)?,
        millis: millis(given, kind)?,
        seed: whole(given, "seed", 1, u64::MAX)?,
        done: truth(given, "done")?,
        hang: truth(given, "hang")?,
        same: truth(given, "same")?,
        field: text(given, "field")?,
        to: text(given, "to")?,
    };
    truth(given, "now")?;
    text(given, "of")?;
    if !fault.path.is_empty() && !fault.path.starts_with('/') {
        return Err(format!(
            "The path “{}” does not begin with “/”: a request's path does, such as “/v2/customerinvoicedrafts”.",
            fault.path
        ));
    }
    if fault.share == 0 {
        return Err("A share of 0 percent strikes nobody: it is 1 to 100.".into());
    }
    let only = [
        ("done", fault.done, &[Kind::Broken] as &[Kind]),
        ("hang", fault.hang, &[Kind::Late]),
        ("same", fault.same, &[Kind::HandMadeTwin]),
        (
            "field",
            !fault.field.is_empty(),
            &[Kind::ReferenceEdited, Kind::HandMadeTwin],
        ),
        ("to", !fault.to.is_empty(), &[Kind::ReferenceEdited]),
    ];
    match only
        .iter()
        .find(|(_, given, kinds)| *given && !kinds.contains(&kind))
    {
        Some((name, _, kinds)) => {
            let names: Vec<String> = kinds.iter().map(|k| format!("“{}”", k.name())).collect();
            Err(format!(
                "“{name}” belongs to {}; a fault of kind “{}” has no such member.",
                names.join(" and "),
                kind.name()
            ))
        }
        None => Ok(fault),
    }
}

fn text(given: &Json, name: &str) -> Result<String, String> {
    match given.get(name) {
        Json::Null => Ok(String::new()),
        Json::Text(text) => Ok(text.clone()),
        other => Err(format!("“{name}” of a fault is a text, not {other}.")),
    }
}

fn truth(given: &Json, name: &str) -> Result<bool, String> {
    match given.get(name) {
        Json::Null => Ok(false),
        Json::Bool(value) => Ok(*value),
        other => Err(format!(
            "“{name}” of a fault is true or false, not {other}."
        )),
    }
}

fn whole(given: &Json, name: &str, other: u64, most: u64) -> Result<u64, String> {
    let number = match given.get(name) {
        Json::Null => return Ok(other),
        Json::Number(number) if number.fract().is_zero() => u64::try_from(*number).ok(),
        _ => None,
    };
    let value = given.get(name);
    match number {
        Some(number) if number <= most => Ok(number),
        Some(number) => Err(format!(
            "“{name}” of a fault is at most {most}, not {number}."
        )),
        None => Err(format!(
            "“{name}” of a fault is a whole number, not {value}."
        )),
    }
}

fn millis(given: &Json, kind: Kind) -> Result<i64, String> {
    let number = match given.get("millis") {
        Json::Null => return Ok(kind.millis()),
        Json::Number(number) if number.fract().is_zero() => i64::try_from(*number).ok(),
        _ => None,
    };
    let allowed = match kind {
        Kind::ClockSkew => -FARTHEST..=FARTHEST,
        _ => 0..=LONGEST,
    };
    number.filter(|n| allowed.contains(n)).ok_or_else(|| {
        format!(
            "“millis” of a fault of kind “{}” is a whole number from {} to {}, not {}.",
            kind.name(),
            allowed.start(),
            allowed.end(),
            given.get("millis")
        )
    })
}

/// The end of a sentence about an unknown name: what is near it, or all there is.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let near = |word: &&&str| {
        strsim::damerau_levenshtein(word, name) <= 2
            || (name.len() >= 3 && (word.contains(name) || name.contains(**word)))
    };
    let close: Vec<String> = known
        .iter()
        .filter(near)
        .map(|word| format!("“{word}”"))
        .collect();
    match close.is_empty() {
        true => format!(". There are: {}.", known.join(", ")),
        false => format!("; perhaps {} is meant.", close.join(" or ")),
    }
}

fn kinds() -> String {
    let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    format!(" There are: {}.", names.join(", "))
}
