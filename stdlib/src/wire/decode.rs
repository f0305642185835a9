//! Records from JSON, by their shape.
//!
//! A [`Reader`] is made once for a shape: it knows for every name on the wire which fields it feeds, so that a record is one pass over its text.
//! Fields that nobody asks for are passed over.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use super::scalar::{self, Token};
use crate::types::{Basis, Field, Kind, Place, Shape, Type};
use crate::value::{Bad, Code, Money, MoneyBasis, Value};

/// What a connector says about all of its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Habits {
    /// `""` is absent.
    pub empty_is_none: bool,
    /// Field names are read in any case.
    pub any_case: bool,
}

/// The record that holds the one being read: where `parent.currency` stands.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// Its shape.
    pub shape: &'a Shape,
    /// Its fields, in the shape's order.
    pub fields: &'a [Value],
}

impl<'a> Holder<'a> {
    /// A record value as holder; none for anything else.
    pub fn of(shape: &'a Shape, record: &'a Value) -> Option<Holder<'a>> {
        match record {
            Value::Record(fields) => Some(Holder { shape, fields }),
            _ => None,
        }
    }

    fn at(&self, path: &[Arc<str>]) -> Option<&'a Value> {
        let (first, rest) = path.split_first()?;
        let (index, field) = self.shape.field(first)?;
        let value = self.fields.get(index)?;
        match (rest.is_empty(), &field.ty.kind, value) {
            (true, _, _) => Some(value),
            (false, Kind::Record(shape), Value::Record(fields)) => {
                Holder { shape, fields }.at(rest)
            }
            _ => None,
        }
    }
}

/// The reason of a field that is not on the wire though its type says that it is.
pub const MISSING: &str = "is missing";

/// JSON that is no record at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Where in a record something stands; put into words only for messages.
#[derive(Clone, Copy)]
enum At<'a> {
    /// The record itself.
    Top,
    /// A field of it.
    Field(&'a At<'a>, &'a str),
    /// An item of a list, from 1.
    Item(&'a At<'a>, usize),
}

impl At<'_> {
    fn is_top(&self) -> bool {
        matches!(self, At::Top)
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Top => Ok(()),
            At::Field(At::Top, name) => f.write_str(name),
            At::Field(of, name) => write!(f, "{of}.{name}"),
            At::Item(of, number) => write!(f, "{of}[{number}]"),
        }
    }
}

/// Reads records of one shape.
#[derive(Debug)]
pub struct Reader {
    shape: Arc<Shape>,
    habits: Habits,
    /// Names on the wire.
    names: Names,
    /// By field: how the records in it are read; none for fields without records.
    inner: Vec<Option<Reader>>,
    /// By field: asked for.
    wanted: Vec<bool>,
}

#[derive(Debug, Default)]
struct Names(FxHashMap<Box<str>, Named>);

/// What a name on the wire feeds.
#[derive(Debug, Default)]
struct Named {
    fields: Vec<usize>,
    deeper: Names,
}

impl Reader {
    /// Reads every field that is not `writeonly`.
    pub fn new(shape: &Arc<Shape>, habits: Habits) -> Reader {
        Reader::build(shape, habits, |_| true)
    }

    /// Reads these fields, and those that their currency and basis stand in; the others stay absent.
    pub fn only(shape: &Arc<Shape>, habits: Habits, needs: &[u16]) -> Reader {
        let mut wanted = vec![false; shape.fields.len()];
        for &need in needs {
            let Some(field) = shape.fields.get(usize::from(need)) else {
                continue;
            };
            wanted[usize::from(need)] = true;
            let mut places: Vec<&Place> = shape.money_in.iter().collect();
            places.extend(field.flag.as_ref());
            parent_places(&field.ty.kind, &mut places);
            for place in places {
                let (Place::Own(path) | Place::Parent(path)) = place else {
                    continue;
                };
                if let Some(index) = path
                    .first()
                    .and_then(|name| shape.field(name))
                    .map(|(index, _)| index)
                {
                    wanted[index] = true;
                }
            }
        }
        Reader::build(shape, habits, |index| wanted[index])
    }

    fn build(shape: &Arc<Shape>, habits: Habits, wanted: impl Fn(usize) -> bool) -> Reader {
        let mut names = Names::default();
        let mut inner = Vec::with_capacity(shape.fields.len());
        let wanted: Vec<bool> = (0..shape.fields.len())
            .map(|index| wanted(index) && !shape.fields[index].writeonly)
            .collect();
        for (index, field) in shape.fields.iter().enumerate() {
            inner.push(record_in(&field.ty.kind).map(|shape| Reader::new(shape, habits)));
            if wanted[index] {
                names.add(read_path(field), index, habits);
            }
        }
        Reader {
            shape: shape.clone(),
            habits,
            names,
            inner,
            wanted,
        }
    }

    /// The record that `json` writes. `holder` is the record that it is a part or a sub-record of.
    ///
    /// # Errors
    /// It is no JSON object, or says a field twice. A single field that does not fit is [`Value::Bad`] instead.
    pub fn read(&self, json: &str, holder: Option<Holder<'_>>) -> Result<Value, Unreadable> {
        self.record(json, holder, None, &At::Top)
    }

    fn record(
        &self,
        json: &str,
        holder: Option<Holder<'_>>,
        currency: Option<Code<3>>,
        path: &At<'_>,
    ) -> Result<Value, Unreadable> {
        let mut raw = vec![None; self.shape.fields.len()];
        collect(&self.names, self.habits, json, path, &mut raw)?;

        let mut fields = vec![Value::None; raw.len()];
        let each = || self.shape.fields.iter().enumerate();
        for (index, field) in each().filter(|(index, _)| self.inner[*index].is_none()) {
            if self.wanted[index] {
                fields[index] = self.plain(field, raw[index], path);
            }
        }
        let currency = match &self.shape.money_in {
            None => currency,
            Some(place) => match look(place, &self.shape, &fields, holder) {
                Some(Value::Currency(code)) => Some(*code),
                _ => None,
            },
        };
        for (index, field) in each() {
            let flag = field
                .flag
                .as_ref()
                .map(|place| look(place, &self.shape, &fields, holder).cloned());
            complete(&mut fields[index], &field.ty.kind, currency, flag);
        }
        for (index, field) in each() {
            let Some(inner) = self.inner[index].as_ref().filter(|_| self.wanted[index]) else {
                continue;
            };
            let path = &At::Field(path, &field.name);
            let Some(json) = raw[index] else {
                fields[index] = present(field, Value::None, path);
                continue;
            };
            let here = Here {
                inner,
                holder: Holder {
                    shape: &self.shape,
                    fields: &fields,
                },
                currency,
            };
            let value = self.parts(field, json, &here, path)?;
            fields[index] = present(field, value, path);
        }
        Ok(Value::Record(fields.into()))
    }

    /// A field without records in it.
    fn plain(&self, field: &Field, json: Option<&str>, path: &At<'_>) -> Value {
        let path = &At::Field(path, &field.name);
        let value = match (json, &field.ty.kind) {
            (None, _) => Value::None,
            (Some(json), Kind::List(item)) => self.list(field, item, json, path),
            (Some(json), kind) => self.scalar(field, kind, json, path),
        };
        match (value, &field.default) {
            (Value::None, Some(default)) => adapt(default, &field.ty.kind),
            (value, _) => present(field, value, path),
        }
    }

    fn scalar(&self, field: &Field, kind: &Kind, json: &str, path: &At<'_>) -> Value {
        let token = Token::new(json);
        match &token {
            Token::Null => return Value::None,
            Token::Text(text) if text.is_empty() && self.habits.empty_is_none => {
                return Value::None;
            }
            _ => {}
        }
        scalar::read(&token, kind, field.form)
            .unwrap_or_else(|reason| bad(path, json, field.secret, reason))
    }

    /// A list of values that are no records.
    fn list(&self, field: &Field, item: &Type, json: &str, path: &At<'_>) -> Value {
        if matches!(Token::new(json), Token::Null) {
            return Value::None;
        }
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) else {
            return bad(path, json, field.secret, "is no list");
        };
        items
            .iter()
            .enumerate()
            .map(|(at, json)| {
                let path = At::Item(path, at + 1);
                self.scalar(field, &item.kind, json.get(), &path)
            })
            .filter(|item| *item != Value::None)
            .collect::<Vec<_>>()
            .into_list()
    }

    /// A field with a record or records in it.
    fn parts(
        &self,
        field: &Field,
        json: &str,
        here: &Here<'_>,
        path: &At<'_>,
    ) -> Result<Value, Unreadable> {
        let first = json.trim_start().as_bytes().first();
        let is_list = matches!(field.ty.kind, Kind::List(_));
        match (first, is_list) {
            (Some(b'{'), false) => here
                .inner
                .record(json, Some(here.holder), here.currency, path),
            (Some(b'['), true) => here.records(json, path),
            // A sub-resource stands in its parent as a link, with its records only where the request asked to expand it.
            (Some(b'{'), true) if field.sub => match collection(json) {
                Some(records) => here.records(records, path),
                None => Ok(Value::None),
            },
            _ if field.sub => Ok(Value::None),
            _ => Ok(match Token::new(json) {
                Token::Null => Value::None,
                Token::Text(text) if text.is_empty() && self.habits.empty_is_none => Value::None,
                _ => {
                    let reason = if is_list {
                        "is no list"
                    } else {
                        "is no record"
                    };
                    bad(path, json, field.secret, reason)
                }
            }),
        }
    }
}

/// What records inside a record are read with.
struct Here<'a> {
    inner: &'a Reader,
    holder: Holder<'a>,
    currency: Option<Code<3>>,
}

impl Here<'_> {
    fn records(&self, json: &str, path: &At<'_>) -> Result<Value, Unreadable> {
        let items: Vec<&RawValue> = serde_json::from_str(json)
            .map_err(|_| Unreadable(format!("{path} is no list that can be read")))?;
        let mut records = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            if matches!(Token::new(item.get()), Token::Null) {
                continue;
            }
            let path = &At::Item(path, at + 1);
            if !item.get().starts_with('{') {
                records.push(bad(path, item.get(), false, "is no record"));
                continue;
            }
            let holder = Some(self.holder);
            records.push(self.inner.record(item.get(), holder, self.currency, path)?);
        }
        Ok(records.into_list())
    }
}

trait IntoList {
    fn into_list(self) -> Value;
}

impl IntoList for Vec<Value> {
    fn into_list(self) -> Value {
        Value::List(self.into())
    }
}

/// The records in a link object: `{"href": …, "collection": […]}`.
fn collection(json: &str) -> Option<&str> {
    #[derive(serde::Deserialize)]
    struct Link<'a> {
        #[serde(borrow, default)]
        collection: Option<&'a RawValue>,
        #[serde(borrow, default)]
        items: Option<&'a RawValue>,
    }
    let link: Link<'_> = serde_json::from_str(json).ok()?;
    link.collection
        .or(link.items)
        .map(RawValue::get)
        .filter(|json| json.starts_with('['))
}

fn record_in(kind: &Kind) -> Option<&Arc<Shape>> {
    match kind {
        Kind::Record(shape) => Some(shape),
        Kind::List(item) => record_in(&item.kind),
        _ => None,
    }
}

fn read_path(field: &Field) -> &[Arc<str>] {
    if field.reads.is_empty() {
        std::slice::from_ref(&field.name)
    } else {
        &field.reads
    }
}

/// What parts of a field need of the record that holds it.
fn parent_places<'a>(kind: &'a Kind, places: &mut Vec<&'a Place>) {
    let Some(shape) = record_in(kind) else { return };
    let theirs = shape.fields.iter().filter_map(|field| field.flag.as_ref());
    places.extend(
        theirs
            .chain(&shape.money_in)
            .filter(|place| matches!(place, Place::Parent(_))),
    );
}

fn look<'a>(
    place: &Place,
    shape: &'a Shape,
    fields: &'a [Value],
    holder: Option<Holder<'a>>,
) -> Option<&'a Value> {
    match place {
        Place::Own(path) => Holder { shape, fields }.at(path),
        Place::Parent(path) => holder?.at(path),
        // Of another resource: the plan fills it in where the amount is used.
        Place::One(..) => None,
    }
}

/// Gives money its currency, and its basis where a flag says it.
fn complete(
    value: &mut Value,
    kind: &Kind,
    currency: Option<Code<3>>,
    flag: Option<Option<Value>>,
) {
    let Value::Money(money) = value else { return };
    money.currency = currency;
    if matches!(kind, Kind::Money(Basis::By(_), _)) {
        money.basis = match flag.flatten() {
            Some(Value::Bool(true)) => MoneyBasis::Incl,
            Some(Value::Bool(false)) => MoneyBasis::Excl,
            _ => MoneyBasis::Unknown,
        };
    }
}

/// A default as the field has it: `0` of a money field is an amount.
fn adapt(default: &Value, kind: &Kind) -> Value {
    let number = match default {
        Value::Int(number) => Decimal::from(*number),
        Value::Decimal(number) => *number,
        other => return other.clone(),
    };
    match kind {
        Kind::Decimal(_) => Value::Decimal(number),
        Kind::Percent => Value::Percent(number),
        Kind::Money(basis, _) => Value::Money(Money {
            amount: number,
            currency: None,
            basis: scalar::fixed(basis),
        }),
        _ => default.clone(),
    }
}

/// Reading is lenient: a field that should be there and is not concerns only whoever uses it.
fn present(field: &Field, value: Value, at: &At<'_>) -> Value {
    if value != Value::None || field.ty.optional || field.sub {
        return value;
    }
    Value::Bad(Arc::new(Bad {
        field: at.to_string(),
        value: String::new(),
        reason: MISSING.to_owned(),
    }))
}

fn bad(at: &At<'_>, json: &str, secret: bool, reason: &str) -> Value {
    const READABLE: usize = 60;
    let mut value = String::new();
    if !secret {
        value = match Token::new(json) {
            Token::Text(text) => text.into_owned(),
            _ => json.trim().to_owned(),
        };
        if value.chars().count() > READABLE {
            value = value.chars().take(READABLE).chain(['…']).collect();
        }
    }
    Value::Bad(Arc::new(Bad {
        field: at.to_string(),
        value,
        reason: reason.to_owned(),
    }))
}

impl Names {
    fn add(&mut self, path: &[Arc<str>], field: usize, habits: Habits) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let name = if habits.any_case {
            first.to_lowercase().into()
        } else {
            first.as_ref().into()
        };
        let named = self.0.entry(name).or_default();
        if rest.is_empty() {
            named.fields.push(field);
        } else {
            named.deeper.add(rest, field, habits);
        }
    }

    fn get(&self, name: &str, habits: Habits) -> Option<&Named> {
        match self.0.get(name) {
            None if habits.any_case => self.0.get(name.to_lowercase().as_str()),
            found => found,
        }
    }
}

/// Finds the JSON of each field that is asked for.
fn collect<'a>(
    names: &Names,
    habits: Habits,
    json: &'a str,
    path: &At<'_>,
    raw: &mut [Option<&'a str>],
) -> Result<(), Unreadable> {
    struct Fields<'n, 'r, 'a> {
        names: &'n Names,
        habits: Habits,
        path: &'n At<'n>,
        raw: &'r mut [Option<&'a str>],
        twice: Option<String>,
    }

    impl<'a> Visitor<'a> for &mut Fields<'_, '_, 'a> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a record")
        }

        fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(name) = map.next_key::<Cow<'a, str>>()? {
                let Some(named) = self.names.get(&name, self.habits) else {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                };
                let json = map.next_value::<&'a RawValue>()?.get();
                for &field in &named.fields {
                    if self.raw[field].replace(json).is_some() {
                        self.twice = Some(name.to_string());
                    }
                }
                if !named.deeper.0.is_empty() && json.starts_with('{') {
                    let below = At::Field(self.path, &name);
                    if let Err(Unreadable(why)) =
                        collect(&named.deeper, self.habits, json, &below, self.raw)
                    {
                        return Err(serde::de::Error::custom(why));
                    }
                }
            }
            Ok(())
        }
    }

    let mut fields = Fields {
        names,
        habits,
        path,
        raw,
        twice: None,
    };
    let mut reader = serde_json::Deserializer::from_str(json);
    let place = || {
        if path.is_top() {
            "the record".to_owned()
        } else {
            path.to_string()
        }
    };
    reader
        .deserialize_map(&mut fields)
        .and_then(|()| reader.end())
        .map_err(|error| Unreadable(format!("{} cannot be read: {error}", place())))?;
    match fields.twice {
        Some(name) => Err(Unreadable(format!("{} says “{name}” twice", place()))),
        None => Ok(()),
    }
}
