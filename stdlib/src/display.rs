//! How values and types print: in texts (`{…}`), in messages to people, and as flow text that reads back as the same value.

use std::fmt;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::decimals;
use crate::types::{Basis, Kind, Type};
use crate::value::{Money, MoneyBasis, Span, Value};

/// A value as it stands in a text: `{order.total}`.
///
/// Money is its amount with at least the decimals of its currency, without the currency; a percent has its sign; an absent value is
/// "nothing", which only `fail`, `skip` and `wait` let through.
pub fn in_text(value: &Value) -> String {
    match value {
        Value::None | Value::Clear => "nothing".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Percent(points) => format!("{}%", points.normalize()),
        Value::Text(text) | Value::Email(text) | Value::Account(text) => text.to_string(),
        Value::Money(money) => amount(money),
        Value::Date(date) => date.to_string(),
        Value::DateTime(instant) => instant.to_string(),
        Value::Time(time) => clock(*time),
        Value::Span(span) => span_text(*span),
        Value::Country(code) | Value::Territory(code) => code.to_string(),
        Value::Currency(code) => code.to_string(),
        Value::Uuid(uuid) => uuid.to_string(),
        Value::List(items) => items.iter().map(in_text).collect::<Vec<_>>().join(", "),
        Value::Record(fields) => fields
            .iter()
            .filter(|field| !matches!(field, Value::None))
            .map(in_text)
            .collect::<Vec<_>>()
            .join(", "),
        Value::Bad(bad) => bad.value.clone(),
        Value::Late => "not known yet".to_owned(),
    }
}

/// A value as a message names it: texts in quotes, money with its currency and basis.
pub fn in_message(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Email(text) => format!("“{}”", readable(text)),
        Value::Account(text) => format!("account {text}"),
        Value::Money(money) => money_text(money),
        Value::List(items) if items.len() > 3 => format!("a list of {} items", items.len()),
        Value::List(items) => format!(
            "[{}]",
            items.iter().map(in_message).collect::<Vec<_>>().join(", ")
        ),
        Value::Record(_) => "a record".to_owned(),
        Value::Clear => "clear".to_owned(),
        other => in_text(other),
    }
}

/// A value as flow text that reads as the same value, if flow text can say it.
///
/// Codes of UUIDs, e-mail addresses, accounts and instants print as the texts or numbers that fit their types. Records have no names here
/// and do not print.
pub fn as_literal(value: &Value) -> Option<String> {
    Some(match value {
        Value::None => "none".to_owned(),
        Value::Clear => "clear".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Percent(points) => format!("{}%", points.normalize()),
        Value::Text(text) | Value::Email(text) => quoted(text),
        Value::Account(digits) => digits.to_string(),
        Value::Uuid(uuid) => quoted(&uuid.to_string()),
        Value::Money(money) => match money.basis {
            MoneyBasis::Unknown => return None,
            _ => format!("{} {}", amount(money), basis_word(money.basis)),
        },
        Value::Date(date) => date.to_string(),
        Value::DateTime(instant) => quoted(&instant.to_string()),
        Value::Time(time) => clock(*time),
        Value::Span(span) => span_text(*span),
        Value::Country(code) | Value::Territory(code) => code.to_string(),
        Value::Currency(code) => code.to_string(),
        Value::List(items) => format!(
            "[{}]",
            items
                .iter()
                .map(as_literal)
                .collect::<Option<Vec<_>>>()?
                .join(", ")
        ),
        Value::Record(_) | Value::Bad(_) | Value::Late => return None,
    })
}

/// A text as a flow literal: quoted, with `"`, `\`, `{`, `}` and line ends escaped.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The amount with at least the decimals that its currency has; two where the currency is not known.
fn amount(money: &Money) -> String {
    let decimals = money
        .currency
        .and_then(|currency| crate::decimals::minor_units(currency.as_str()))
        .unwrap_or(2);
    padded(money.amount, decimals)
}

fn padded(number: Decimal, decimals: u32) -> String {
    let mut shown = number.normalize();
    if shown.scale() < decimals {
        shown.rescale(decimals);
    }
    shown.to_string()
}

fn money_text(money: &Money) -> String {
    let mut text = amount(money);
    if let Some(currency) = money.currency {
        text.push(' ');
        text.push_str(currency.as_str());
    }
    match money.basis {
        MoneyBasis::Incl => text.push_str(" incl. VAT"),
        MoneyBasis::Excl => text.push_str(" excl. VAT"),
        MoneyBasis::Vat => text.push_str(" of VAT"),
        MoneyBasis::Plain | MoneyBasis::Unknown => {}
    }
    text
}

/// The word of a basis in flow text: `incl`.
pub fn basis_word(basis: MoneyBasis) -> &'static str {
    match basis {
        MoneyBasis::Incl => "incl",
        MoneyBasis::Excl => "excl",
        MoneyBasis::Vat => "vat",
        MoneyBasis::Plain => "plain",
        MoneyBasis::Unknown => "unknown",
    }
}

fn clock(time: jiff::civil::Time) -> String {
    if time.second() == 0 && time.subsec_nanosecond() == 0 {
        format!("{:02}:{:02}", time.hour(), time.minute())
    } else {
        time.to_string()
    }
}

fn span_text(span: Span) -> String {
    match span {
        Span::Days(1) => "1 day".to_owned(),
        Span::Days(days) => format!("{days} days"),
        Span::Seconds(seconds) if seconds != 0 && seconds % 3600 == 0 => match seconds / 3600 {
            1 => "1 hour".to_owned(),
            hours => format!("{hours} hours"),
        },
        Span::Seconds(seconds) if seconds != 0 && seconds % 60 == 0 => {
            format!("{} min", seconds / 60)
        }
        Span::Seconds(seconds) => format!("{seconds} s"),
    }
}

/// An instant as a person in that zone reads it: `2026-03-01 14:05`.
pub fn instant_in(instant: jiff::Timestamp, zone: &TimeZone) -> String {
    instant
        .to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

/// Outside text in a message: control characters replaced, cut after 80 characters.
pub fn readable(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(80)
        .map(|c| if c.is_control() { '␣' } else { c })
        .collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brackets = self.optional && matches!(&self.kind, Kind::OneOf(names) if names.len() > 1);
        if brackets {
            write!(f, "({})?", self.kind)
        } else {
            write!(
                f,
                "{}{}",
                self.kind,
                if self.optional && self.kind != Kind::Nothing {
                    "?"
                } else {
                    ""
                }
            )
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Bool => f.write_str("bool"),
            Kind::Int => f.write_str("int"),
            Kind::Decimal(None) => f.write_str("decimal"),
            Kind::Decimal(Some(scale)) => write!(f, "decimal({scale})"),
            Kind::Text(None) => f.write_str("text"),
            Kind::Text(Some(max)) => write!(f, "text({max})"),
            Kind::Money(Basis::Carried, None) => f.write_str("money"),
            Kind::Money(Basis::Carried, Some(scale)) => write!(f, "money({scale})"),
            Kind::Money(basis, None) => write!(f, "money({basis})"),
            Kind::Money(basis, Some(scale)) => write!(f, "money({basis}, {scale})"),
            Kind::Percent => f.write_str("percent"),
            Kind::Date => f.write_str("date"),
            Kind::DateTime => f.write_str("datetime"),
            Kind::Time => f.write_str("time"),
            Kind::Span => f.write_str("span"),
            Kind::Country => f.write_str("country"),
            Kind::Currency => f.write_str("currency"),
            Kind::Territory => f.write_str("territory"),
            Kind::Uuid => f.write_str("uuid"),
            Kind::Email(None) => f.write_str("email"),
            Kind::Email(Some(max)) => write!(f, "email({max})"),
            Kind::Account => f.write_str("account"),
            Kind::OneOf(names) => {
                let shown: Vec<String> = names.iter().take(8).map(|n| quoted(&n.name)).collect();
                f.write_str(&shown.join(" | "))?;
                if names.len() > shown.len() {
                    write!(f, " | … ({} names)", names.len())?;
                }
                Ok(())
            }
            Kind::Record(shape) if !shape.name.is_empty() => f.write_str(&shape.name),
            Kind::Record(shape) => {
                let fields: Vec<String> = shape
                    .fields
                    .iter()
                    .map(|field| format!("{}: {}", field.name, field.ty))
                    .collect();
                if fields.is_empty() {
                    f.write_str("{ }")
                } else {
                    write!(f, "{{ {} }}", fields.join(", "))
                }
            }
            Kind::List(item) if item.kind == Kind::Nothing => f.write_str("[]"),
            Kind::List(item) => write!(f, "[{item}]"),
            Kind::Never => f.write_str("never"),
            Kind::Nothing => f.write_str("none"),
            Kind::Unknown => f.write_str("unknown"),
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Basis::Incl => f.write_str("incl"),
            Basis::Excl => f.write_str("excl"),
            Basis::Vat => f.write_str("vat"),
            Basis::Plain => f.write_str("plain"),
            Basis::By(flag) => write!(f, "by {flag}"),
            Basis::Carried => f.write_str("carried"),
            Basis::Unknown => f.write_str("unknown"),
        }
    }
}

/// The most characters that a value of this type takes in a text; none if there is no bound.
///
/// An int counts 20, a decimal or an amount 31, an e-mail address 254 at most. The length of an interpolation is the sum of its parts.
pub fn longest_in_text(ty: &Type) -> Option<u32> {
    let absent = if ty.optional { 7 } else { 0 }; // "nothing"
    let present = match &ty.kind {
        Kind::Bool => 5,
        Kind::Int => 20,
        Kind::Decimal(_) | Kind::Money(..) => 31,
        Kind::Percent => 32,
        Kind::Text(max) => (*max)?,
        Kind::Email(max) => max.unwrap_or(254).min(254),
        Kind::OneOf(names) => names
            .iter()
            .map(|name| name.name.chars().count() as u32)
            .max()
            .unwrap_or(0),
        Kind::Date => 10,
        Kind::DateTime => 35,
        Kind::Time => 18,
        Kind::Span => 26,
        Kind::Country | Kind::Territory => 2,
        Kind::Currency => 3,
        Kind::Uuid => 36,
        Kind::Never | Kind::Nothing => 0,
        Kind::Account | Kind::Record(_) | Kind::List(_) | Kind::Unknown => return None,
    };
    Some(present.max(absent))
}

/// How many characters a text has, as limits count them: Unicode scalar values.
pub fn characters(text: &str) -> usize {
    text.chars().count()
}

/// A number as people write it: no zeros at the end that say nothing.
pub fn bare(number: Decimal) -> String {
    debug_assert!(decimals::needed_decimals(number) <= decimals::MOST_DECIMALS);
    number.normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Enumerator;
    use crate::value::Code;

    fn euros(text: &str, basis: MoneyBasis) -> Value {
        Value::Money(Money {
            amount: decimals::parse(text).expect("a number"),
            currency: Code::new("EUR"),
            basis,
        })
    }

    #[test]
    fn money_prints_bare_in_texts_and_whole_in_messages() {
        let price = euros("12.5", MoneyBasis::Incl);
        assert_eq!(in_text(&price), "12.50");
        assert_eq!(in_message(&price), "12.50 EUR incl. VAT");
        assert_eq!(as_literal(&price).as_deref(), Some("12.50 incl"));
        let yen = Value::Money(Money {
            amount: Decimal::new(12, 0),
            currency: Code::new("JPY"),
            basis: MoneyBasis::Plain,
        });
        assert_eq!(in_message(&yen), "12 JPY");
    }

    #[test]
    fn literals_read_back() {
        assert_eq!(
            as_literal(&Value::Text("a \"b\" {c}\n".into())).as_deref(),
            Some(r#""a \"b\" \{c\}\n""#)
        );
        assert_eq!(
            as_literal(&Value::Percent(Decimal::new(2500, 2))).as_deref(),
            Some("25%")
        );
        assert_eq!(
            as_literal(&Value::Time(jiff::civil::time(4, 0, 0, 0))).as_deref(),
            Some("04:00")
        );
    }

    #[test]
    fn types_print_as_they_are_written() {
        let set = Kind::OneOf(
            ["a", "b"]
                .map(|name| Enumerator {
                    name: name.into(),
                    wire: None,
                })
                .into(),
        );
        assert_eq!(Type::new(set.clone()).to_string(), r#""a" | "b""#);
        assert_eq!(Type::new(set).optional().to_string(), r#"("a" | "b")?"#);
        assert_eq!(
            Type::new(Kind::Text(Some(50))).optional().to_string(),
            "text(50)?"
        );
        assert_eq!(
            Type::new(Kind::Money(Basis::Incl, Some(2))).to_string(),
            "money(incl, 2)"
        );
        assert_eq!(
            Type::new(Kind::List(Box::new(Type::new(Kind::Int)))).to_string(),
            "[int]"
        );
    }

    #[test]
    fn outside_text_cannot_recolour_a_terminal() {
        assert_eq!(in_message(&Value::Text("a\u{1b}[31mb".into())), "“a␣[31mb”");
    }
}
