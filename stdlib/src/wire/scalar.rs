//! One value that is neither a record nor a list: from the JSON that stands for it.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use jiff::{Timestamp, civil, tz::Offset};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::number::decimal;
use crate::types::{Basis, Enumerator, Form, Kind};
use crate::value::{Code, Money, MoneyBasis, Value};

/// A JSON value that is no object and no array.
pub(super) enum Token<'a> {
    Null,
    Bool(bool),
    /// Its digits.
    Number(&'a str),
    Text(Cow<'a, str>),
    /// An object or a list.
    Other,
}

impl<'a> Token<'a> {
    /// `json` is one valid JSON value.
    pub(super) fn new(json: &'a str) -> Token<'a> {
        let json = json.trim();
        match json.as_bytes().first() {
            Some(b'n') | None => Token::Null,
            Some(b't') => Token::Bool(true),
            Some(b'f') => Token::Bool(false),
            Some(b'"') if !json.contains('\\') => {
                Token::Text(Cow::Borrowed(json.trim_matches('"')))
            }
            Some(b'"') => match serde_json::from_str::<String>(json) {
                Ok(text) => Token::Text(Cow::Owned(text)),
                Err(_) => Token::Other,
            },
            Some(b'{' | b'[') => Token::Other,
            Some(_) => Token::Number(json),
        }
    }

    /// As people would write it, for messages and for comparison with wire values.
    fn plain(&self) -> Option<Cow<'_, str>> {
        match self {
            Token::Null | Token::Other => None,
            Token::Bool(true) => Some("true".into()),
            Token::Bool(false) => Some("false".into()),
            Token::Number(digits) => Some((*digits).into()),
            Token::Text(text) => Some(Cow::Borrowed(text)),
        }
    }
}

/// The value of a present token; the error is a clause: `is no date`.
pub(super) fn read(token: &Token<'_>, kind: &Kind, form: Form) -> Result<Value, &'static str> {
    Ok(match kind {
        Kind::Bool => Value::Bool(flag(token)?),
        Kind::Int => Value::Int(whole(number(token)?)?),
        Kind::Decimal(_) => Value::Decimal(number(token)?),
        Kind::Percent => Value::Percent(percent(token, form)?),
        Kind::Money(basis, _) => Value::Money(Money {
            amount: number(token)?,
            currency: None,
            basis: fixed(basis),
        }),
        Kind::Text(_) => Value::Text(text(token)?.into()),
        Kind::OneOf(names) => Value::Text(enumerator(token, names)?),
        Kind::Date => Value::Date(date(&text(token)?)?),
        Kind::DateTime => Value::DateTime(instant(&text(token)?)?),
        Kind::Time => Value::Time(
            text(token)?
                .trim()
                .parse()
                .map_err(|_| "is no time of day")?,
        ),
        Kind::Country => {
            Value::Country(Code::new(text(token)?.trim()).ok_or("is no country of two letters")?)
        }
        Kind::Territory => Value::Territory(
            Code::new(text(token)?.trim()).ok_or("is no territory of two letters")?,
        ),
        Kind::Currency => Value::Currency(
            Code::new(text(token)?.trim()).ok_or("is no currency of three letters")?,
        ),
        Kind::Uuid => Value::Uuid(Uuid::from_str(text(token)?.trim()).map_err(|_| "is no UUID")?),
        Kind::Email(_) => {
            let text = text(token)?;
            if !email_address::EmailAddress::is_valid(text.trim()) {
                return Err("is no e-mail address");
            }
            Value::Email(text.into())
        }
        Kind::Account => Value::Account(account(token)?.into()),
        Kind::Record(_)
        | Kind::List(_)
        | Kind::Span
        | Kind::Never
        | Kind::Nothing
        | Kind::Unknown => return Err("cannot be read as one value"),
    })
}

/// The basis that a type fixes.
pub(super) fn fixed(basis: &Basis) -> MoneyBasis {
    match basis {
        Basis::Incl => MoneyBasis::Incl,
        Basis::Excl => MoneyBasis::Excl,
        Basis::Vat => MoneyBasis::Vat,
        Basis::Plain => MoneyBasis::Plain,
        Basis::By(_) | Basis::Carried | Basis::Unknown => MoneyBasis::Unknown,
    }
}

fn flag(token: &Token<'_>) -> Result<bool, &'static str> {
    match token {
        Token::Bool(flag) => Ok(*flag),
        Token::Text(text) if text.trim() == "true" => Ok(true),
        Token::Text(text) if text.trim() == "false" => Ok(false),
        _ => Err("is neither true nor false"),
    }
}

fn number(token: &Token<'_>) -> Result<Decimal, &'static str> {
    match token {
        Token::Number(digits) => decimal(digits),
        Token::Text(text) => decimal(text.trim()),
        _ => Err("is no number"),
    }
}

fn whole(number: Decimal) -> Result<i64, &'static str> {
    if !number.fract().is_zero() {
        return Err("is no whole number");
    }
    i64::try_from(number.trunc()).map_err(|_| "is too large for a whole number")
}

/// Points. Without a form the vendor leaves the unit open, and the three that are seen are told apart: `"25%"`, 25 and 0.25 are one.
fn percent(token: &Token<'_>, form: Form) -> Result<Decimal, &'static str> {
    const NO_PERCENT: &str = "is no percentage";
    if let Token::Text(text) = token
        && let Some(points) = text.trim().strip_suffix('%')
    {
        return decimal(points.trim()).map_err(|_| NO_PERCENT);
    }
    let number = number(token).map_err(|_| NO_PERCENT)?;
    let fraction = match form {
        Form::Fraction => true,
        Form::Plain => number.abs() < Decimal::ONE,
        Form::Points | Form::Text | Form::Number => false,
    };
    if !fraction {
        return Ok(number);
    }
    number
        .checked_mul(Decimal::ONE_HUNDRED)
        .map(|points| points.normalize())
        .ok_or(NO_PERCENT)
}

fn text(token: &Token<'_>) -> Result<String, &'static str> {
    match token {
        Token::Text(text) => Ok(text.to_string()),
        Token::Number(digits) => Ok((*digits).to_owned()),
        _ => Err("is no text"),
    }
}

fn enumerator(token: &Token<'_>, names: &[Enumerator]) -> Result<Arc<str>, &'static str> {
    const UNKNOWN: &str = "is none of the values that the connector knows";
    let came = token.plain().ok_or(UNKNOWN)?;
    names
        .iter()
        .find(|name| match &name.wire {
            None => *name.name == *came,
            Some(Value::Text(wire)) => **wire == *came,
            Some(Value::Int(wire)) => came.parse() == Ok(*wire),
            Some(Value::Bool(wire)) => came == if *wire { "true" } else { "false" },
            Some(_) => false,
        })
        .map(|name| name.name.clone())
        .ok_or(UNKNOWN)
}

/// A day: `2026-03-01`, or the midnight of one as a stamp.
fn date(text: &str) -> Result<civil::Date, &'static str> {
    let text = text.trim();
    if text.len() <= 10 {
        return text.parse().map_err(|_| "is no date");
    }
    let stamp: civil::DateTime = text.parse().or_else(|_| {
        // The civil part of a stamp with an offset or Z.
        text.get(..19)
            .unwrap_or_default()
            .parse()
            .map_err(|_| "is no date")
            .and_then(|stamp| instant(text).map(|_| stamp))
    })?;
    if stamp.time().hour() == 0 && stamp.time().minute() == 0 && stamp.time().second() == 0 {
        Ok(stamp.date())
    } else {
        Err("is a time of day where a date is expected")
    }
}

/// An instant; a stamp without offset is UTC, and so is the midnight of a bare date.
fn instant(text: &str) -> Result<Timestamp, &'static str> {
    const NO_STAMP: &str = "is no date with a time";
    let text = text.trim();
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Ok(stamp);
    }
    let stamp: civil::DateTime = text.parse().map_err(|_| NO_STAMP)?;
    Offset::UTC.to_timestamp(stamp).map_err(|_| NO_STAMP)
}

fn account(token: &Token<'_>) -> Result<String, &'static str> {
    let text = text(token).map_err(|_| "is no account number")?;
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err("is no account number");
    }
    Ok(text.to_owned())
}
