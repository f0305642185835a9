//! Literals in expressions: text → value and the narrowest type, as the type of its place expects it.

use flowbook_grammar::ast::{Literal, TimeSpan, TimeUnit};
use flowbook_stdlib::decimals;
use flowbook_stdlib::types::{Basis, Enumerator, Kind, Type};
use flowbook_stdlib::value::{Code, Money, MoneyBasis, Span, Value};

use super::suggest;

/// Why a literal is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// A whole sentence.
    pub message: String,
    /// A concrete fix.
    pub help: Option<String>,
    /// It is a value, but none of the closed set that is expected.
    pub unknown_name: bool,
}

impl Unfit {
    fn new(message: String) -> Unfit {
        Unfit {
            message,
            help: None,
            unknown_name: false,
        }
    }

    fn help(self, help: impl Into<String>) -> Unfit {
        Unfit {
            help: Some(help.into()),
            ..self
        }
    }
}

/// A literal where `expected` is expected: `3001` is an account where one is. Its own type is the narrowest; whether that fits is left to
/// who asks, except where the letters decide it (names of closed sets, e-mail addresses, UUIDs).
pub(crate) fn literal(literal: &Literal, expected: Option<&Type>) -> Result<(Value, Type), Unfit> {
    let wanted = expected.map(|ty| &ty.kind);
    let (value, kind) = match literal {
        Literal::Date(text) => match text.parse() {
            Ok(date) => (Value::Date(date), Kind::Date),
            Err(_) => return Err(Unfit::new(format!("There is no day {text}."))),
        },
        Literal::DateTime(text) => match text.parse() {
            Ok(instant) => (Value::DateTime(instant), Kind::DateTime),
            Err(_) => return Err(Unfit::new(format!("There is no instant {text}."))),
        },
        Literal::Time(text) => match text.parse() {
            Ok(time) => (Value::Time(time), Kind::Time),
            Err(_) => return Err(Unfit::new(format!("There is no time of day {text}."))),
        },
        Literal::Span(span) => (Value::Span(span_of(span)), Kind::Span),
        Literal::Percent(digits) => (Value::Percent(number(digits)?), Kind::Percent),
        Literal::Number(digits) => return whole_or_not(digits, wanted),
        Literal::Money(digits, word) => {
            let (basis, kind) = match word.as_str() {
                "incl" => (MoneyBasis::Incl, Basis::Incl),
                "excl" => (MoneyBasis::Excl, Basis::Excl),
                "vat" => (MoneyBasis::Vat, Basis::Vat),
                _ => (MoneyBasis::Plain, Basis::Plain),
            };
            let amount = number(digits)?;
            let scale = decimals::needed_decimals(amount) as u8;
            let money = Money {
                amount,
                currency: None,
                basis,
            };
            (Value::Money(money), Kind::Money(kind, Some(scale)))
        }
        Literal::Text(text) => return text_of(text, wanted),
        Literal::Bool(yes) => (Value::Bool(*yes), Kind::Bool),
        Literal::None => return Ok((Value::None, Type::new(Kind::Nothing).optional())),
        Literal::Clear => return Ok((Value::Clear, Type::new(Kind::Nothing).optional())),
        Literal::Country(text) => {
            let code = Code::new(text)
                .ok_or_else(|| Unfit::new(format!("There is no country {text}.")))?;
            match wanted {
                Some(Kind::Territory) => (Value::Territory(code), Kind::Territory),
                _ => (Value::Country(code), Kind::Country),
            }
        }
        Literal::Currency(text) => {
            let code = Code::new(text)
                .ok_or_else(|| Unfit::new(format!("There is no currency {text}.")))?;
            (Value::Currency(code), Kind::Currency)
        }
    };
    Ok((value, Type::new(kind)))
}

/// A span of time.
fn span_of(span: &TimeSpan) -> Span {
    let count = i64::try_from(span.count).unwrap_or(i64::MAX);
    match span.unit {
        TimeUnit::Second => Span::Seconds(count),
        TimeUnit::Minute => Span::Seconds(count.saturating_mul(60)),
        TimeUnit::Hour => Span::Seconds(count.saturating_mul(3600)),
        TimeUnit::Day => Span::Days(count),
    }
}

fn number(digits: &str) -> Result<rust_decimal::Decimal, Unfit> {
    decimals::parse(digits).ok_or_else(|| {
        Unfit::new(format!(
            "{digits} has more digits than can be computed with."
        ))
    })
}

fn whole_or_not(digits: &str, wanted: Option<&Kind>) -> Result<(Value, Type), Unfit> {
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    let (value, kind) = match (wanted, whole) {
        (Some(Kind::Account), true) => (Value::Account(digits.into()), Kind::Account),
        (_, true) => match digits.parse() {
            Ok(number) => (Value::Int(number), Kind::Int),
            Err(_) => {
                return Err(Unfit::new(format!(
                    "{digits} is larger than the largest whole number, 9223372036854775807."
                )));
            }
        },
        (_, false) => {
            let number = number(digits)?;
            let scale = decimals::needed_decimals(number) as u8;
            (Value::Decimal(number), Kind::Decimal(Some(scale)))
        }
    };
    Ok((value, Type::new(kind)))
}

/// The type of one text: a closed set of one.
pub(crate) fn set_of_one(text: &str) -> Type {
    let name = Enumerator {
        name: text.into(),
        wire: None,
    };
    Type::new(Kind::OneOf([name].into()))
}

fn text_of(text: &str, wanted: Option<&Kind>) -> Result<(Value, Type), Unfit> {
    let value = Value::Text(text.into());
    match wanted {
        Some(Kind::OneOf(names)) => {
            if names.iter().any(|name| &*name.name == text) {
                return Ok((value, set_of_one(text)));
            }
            let known: Vec<&str> = names.iter().map(|name| &*name.name).collect();
            let help = match suggest::nearest(text, known.iter().copied()) {
                Some(near) => format!("Did you mean \"{near}\"?"),
                None => {
                    let all: Vec<String> = known.iter().map(|name| format!("\"{name}\"")).collect();
                    format!("It is one of {}.", all.join(", "))
                }
            };
            Err(Unfit {
                unknown_name: true,
                ..Unfit::new(format!("“{text}” is none of the values that can be here.")).help(help)
            })
        }
        Some(Kind::Email(_)) => match text.split_once('@') {
            Some((name, host)) if !name.is_empty() && host.contains('.') => Ok((
                Value::Email(text.into()),
                Type::new(Kind::Email(Some(text.chars().count() as u32))),
            )),
            _ => Err(Unfit::new(format!("“{text}” is no e-mail address."))),
        },
        Some(Kind::Uuid) => match text.parse() {
            Ok(uuid) => Ok((Value::Uuid(uuid), Type::new(Kind::Uuid))),
            Err(_) => Err(Unfit::new(format!("“{text}” is no UUID."))
                .help("A UUID looks like \"2f1c6a52-9d0b-4c1e-8a57-0b3f6a1d9e44\".")),
        },
        Some(Kind::Account) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
            Ok((Value::Account(text.into()), Type::new(Kind::Account)))
        }
        _ => Ok((value, set_of_one(text))),
    }
}
