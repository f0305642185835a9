//! JSON whose numbers are exact decimals: text comes in, a tree goes out, and back.
//!
//! Amounts never pass through a binary float, so a cent that differs is a real difference.

use indexmap::IndexMap;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::fmt;

/// A JSON value; an object keeps the order of its members.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Json {
    #[default]
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    List(Vec<Json>),
    Object(IndexMap<String, Json>),
}

static NULL: Json = Json::Null;

impl Json {
    /// Reads a whole JSON text; nesting is bounded by the reader.
    pub(crate) fn parse(text: &str) -> Result<Json, String> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|e| e.to_string())?;
        Self::from_raw(raw)
    }

    fn from_raw(raw: &RawValue) -> Result<Json, String> {
        let text = raw.get();
        let bad = |e: serde_json::Error| e.to_string();
        Ok(match text.as_bytes().first() {
            Some(b'n') => Json::Null,
            Some(b't') => Json::Bool(true),
            Some(b'f') => Json::Bool(false),
            Some(b'"') => Json::Text(serde_json::from_str(text).map_err(bad)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(bad)?;
                Json::List(
                    items
                        .into_iter()
                        .map(Self::from_raw)
                        .collect::<Result<_, _>>()?,
                )
            }
            Some(b'{') => {
                let members: IndexMap<String, &RawValue> =
                    serde_json::from_str(text).map_err(bad)?;
                let read = |(k, v): (String, &RawValue)| Ok::<_, String>((k, Self::from_raw(v)?));
                Json::Object(members.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            _ => Json::Number(
                decimal(text).ok_or_else(|| format!("the number {text} is out of range"))?,
            ),
        })
    }

    /// The member of that name, or null.
    pub(crate) fn get(&self, name: &str) -> &Json {
        match self {
            Json::Object(members) => members.get(name).unwrap_or(&NULL),
            _ => &NULL,
        }
    }

    /// A member by a path of names with dots.
    pub(crate) fn at(&self, path: &str) -> &Json {
        path.split('.').fold(self, |value, name| value.get(name))
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Json>) {
        if let Json::Object(members) = self {
            members.insert(name.to_owned(), value.into());
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Json::Text(text) => text,
            _ => "",
        }
    }

    pub(crate) fn number(&self) -> Decimal {
        match self {
            Json::Number(number) => *number,
            _ => Decimal::ZERO,
        }
    }

    pub(crate) fn truth(&self) -> bool {
        matches!(self, Json::Bool(true))
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    pub(crate) fn items(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (&String, &Json)> {
        let members = match self {
            Json::Object(members) => Some(members),
            _ => None,
        };
        members.into_iter().flatten()
    }
}

/// A number from its digits, with or without an exponent.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(value) => write!(f, "{}", value.normalize()),
            Json::Text(text) => f.write_str(&quoted(text)),
            Json::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Json::Object(members) => {
                f.write_str("{")?;
                for (i, (name, value)) in members.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    write!(f, "{}:{value}", quoted(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Json {
        Json::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

impl From<Decimal> for Json {
    fn from(value: Decimal) -> Json {
        Json::Number(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Json {
        Json::Number(value.into())
    }
}

impl From<usize> for Json {
    fn from(value: usize) -> Json {
        Json::Number(value.into())
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Json {
        Json::List(items)
    }
}

impl From<Option<String>> for Json {
    fn from(text: Option<String>) -> Json {
        text.map_or(Json::Null, Json::Text)
    }
}

/// An object written out: `object! { "name" => value, … }`.
macro_rules! object {
    ($($name:expr => $value:expr),* $(,)?) => {{
        #[allow(unused_mut)]
        let mut members = indexmap::IndexMap::new();
        $(members.insert(String::from($name), $crate::json::Json::from($value));)*
        $crate::json::Json::Object(members)
    }};
}
pub(crate) use object;
