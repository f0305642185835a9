//! Arithmetic and comparison of values, exact and total: what cannot be computed is a [`Failure`] with the values in it, never a panic.
//!
//! Money follows the rules of its basis: a basis adds to itself; `excl + vat = incl`, `incl - vat = excl`, `incl - excl = vat`. Two currencies do not
//! mix; a bare number fits any money.

use std::cmp::Ordering;

use jiff::ToSpan;
use rust_decimal::Decimal;

use crate::display::in_message;
use crate::function::Failure;
use crate::value::{Code, Money, MoneyBasis, Span, Value};

type Computed = Result<Value, Failure>;

fn fails(reason: String) -> Failure {
    Failure::Reason(reason)
}

fn no_way(verb: &str, left: &Value, right: &Value) -> Failure {
    fails(format!(
        "{} and {} cannot be {verb}",
        in_message(left),
        in_message(right)
    ))
}

/// A number as a decimal: ints, decimals and percents (in points) have one.
pub fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) | Value::Percent(number) => Some(*number),
        _ => None,
    }
}

/// `a + b`: numbers, percents, money, a date or instant and a span of time.
pub fn add(left: &Value, right: &Value) -> Computed {
    match (left, right) {
        (Value::Date(_) | Value::DateTime(_), Value::Span(span)) => shift(left, *span, 1),
        (Value::Span(span), Value::Date(_) | Value::DateTime(_)) => shift(right, *span, 1),
        _ => sum(left, right, true),
    }
}

/// `a - b`: as [`add`]; two dates give whole days.
pub fn sub(left: &Value, right: &Value) -> Computed {
    match (left, right) {
        (Value::Date(_) | Value::DateTime(_), Value::Span(span)) => shift(left, *span, -1),
        (Value::Date(later), Value::Date(earlier)) => later
            .since(*earlier)
            .map(|span| Value::Int(i64::from(span.get_days())))
            .map_err(|_| no_way("subtracted", left, right)),
        _ => sum(left, right, false),
    }
}

fn sum(left: &Value, right: &Value, plus: bool) -> Computed {
    let verb = if plus { "added" } else { "subtracted" };
    let apply = |a: Decimal, b: Decimal| {
        if plus {
            a.checked_add(b)
        } else {
            a.checked_sub(b)
        }
        .ok_or_else(|| too_large(left, right))
    };
    Ok(match (left, right) {
        (Value::Int(a), Value::Int(b)) => Value::Int(
            if plus {
                a.checked_add(*b)
            } else {
                a.checked_sub(*b)
            }
            .ok_or_else(|| too_large(left, right))?,
        ),
        (Value::Percent(a), Value::Percent(b)) => Value::Percent(apply(*a, *b)?),
        (Value::Money(a), Value::Money(b)) => {
            let basis = match (a.basis, b.basis, plus) {
                (one, other, _) if one == other && one != MoneyBasis::Unknown => one,
                (MoneyBasis::Excl, MoneyBasis::Vat, true)
                | (MoneyBasis::Vat, MoneyBasis::Excl, true) => MoneyBasis::Incl,
                (MoneyBasis::Incl, MoneyBasis::Vat, false) => MoneyBasis::Excl,
                (MoneyBasis::Incl, MoneyBasis::Excl, false) => MoneyBasis::Vat,
                _ => {
                    return Err(no_way(
                        &format!("{verb}: one includes VAT, the other does not"),
                        left,
                        right,
                    ));
                }
            };
            let currency = currency(a, b)?;
            Value::Money(Money {
                amount: apply(a.amount, b.amount)?,
                currency,
                basis,
            })
        }
        (Value::Money(a), b) if plain_number(b).is_some() => {
            let b = plain_number(b).unwrap_or_default();
            Value::Money(Money {
                amount: apply(a.amount, b)?,
                ..*a
            })
        }
        (a, Value::Money(b)) if plain_number(a).is_some() => {
            let a = plain_number(a).unwrap_or_default();
            Value::Money(Money {
                amount: apply(a, b.amount)?,
                ..*b
            })
        }
        (a, b) => match (plain_number(a), plain_number(b)) {
            (Some(a), Some(b)) => Value::Decimal(apply(a, b)?),
            _ => return Err(no_way(verb, left, right)),
        },
    })
}

/// `a * b`: a number or percent scales a number or money; a percent counts as its fraction (`200 * 25%` is 50).
pub fn mul(left: &Value, right: &Value) -> Computed {
    let factor = |value: &Value| match value {
        Value::Percent(points) => points.checked_div(Decimal::ONE_HUNDRED),
        other => plain_number(other),
    };
    let product = |a: Decimal, b: Decimal| a.checked_mul(b).ok_or_else(|| too_large(left, right));
    Ok(match (left, right) {
        (Value::Int(a), Value::Int(b)) => {
            Value::Int(a.checked_mul(*b).ok_or_else(|| too_large(left, right))?)
        }
        (Value::Money(money), by) | (by, Value::Money(money)) if factor(by).is_some() => {
            Value::Money(Money {
                amount: product(money.amount, factor(by).unwrap_or_default())?,
                ..*money
            })
        }
        (a, b) => match (factor(a), factor(b)) {
            (Some(a), Some(b)) => Value::Decimal(product(a, b)?),
            _ => return Err(no_way("multiplied", left, right)),
        },
    })
}

/// `a / b`, to 28 digits: a number or money by a number; money by money of one basis and currency is a number. Zero below fails.
pub fn div(left: &Value, right: &Value) -> Computed {
    let quotient = |a: Decimal, b: Decimal| {
        if b.is_zero() {
            Err(fails(format!("{} is divided by zero", in_message(left))))
        } else {
            a.checked_div(b).ok_or_else(|| too_large(left, right))
        }
    };
    Ok(match (left, right) {
        (Value::Money(a), Value::Money(b)) => {
            currency(a, b)?;
            if a.basis != b.basis {
                return Err(no_way(
                    "divided: one includes VAT, the other does not",
                    left,
                    right,
                ));
            }
            Value::Decimal(quotient(a.amount, b.amount)?)
        }
        (Value::Money(a), b) if plain_number(b).is_some() => Value::Money(Money {
            amount: quotient(a.amount, plain_number(b).unwrap_or_default())?,
            ..*a
        }),
        (Value::Percent(a), b) if plain_number(b).is_some() => {
            Value::Percent(quotient(*a, plain_number(b).unwrap_or_default())?)
        }
        (a, b) => match (plain_number(a), plain_number(b)) {
            (Some(a), Some(b)) => Value::Decimal(quotient(a, b)?),
            _ => return Err(no_way("divided", left, right)),
        },
    })
}

/// `-a`
pub fn neg(value: &Value) -> Computed {
    Ok(match value {
        Value::Int(number) => Value::Int(
            number
                .checked_neg()
                .ok_or_else(|| too_large(value, value))?,
        ),
        Value::Decimal(number) => Value::Decimal(-*number),
        Value::Percent(number) => Value::Percent(-*number),
        Value::Money(money) => Value::Money(Money {
            amount: -money.amount,
            ..*money
        }),
        Value::Span(Span::Days(days)) => Value::Span(Span::Days(-days)),
        Value::Span(Span::Seconds(seconds)) => Value::Span(Span::Seconds(-seconds)),
        other => return Err(fails(format!("{} has no negative", in_message(other)))),
    })
}

/// `a = b`, by the own comparison of their types. Absent equals nothing.
///
/// Numbers compare by value whatever their scale; e-mail addresses trimmed and without case; accounts, codes and texts by their letters; money by
/// amount, where both currencies and bases are known and differ it fails.
pub fn same(left: &Value, right: &Value) -> Result<bool, Failure> {
    Ok(match (left, right) {
        (Value::None, _) | (_, Value::None) => false,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Uuid(a), Value::Uuid(b)) => a == b,
        (Value::Span(a), Value::Span(b)) => a == b,
        (Value::Country(a) | Value::Territory(a), Value::Country(b) | Value::Territory(b)) => {
            a == b
        }
        (Value::Currency(a), Value::Currency(b)) => a == b,
        (Value::Email(a), Value::Email(b) | Value::Text(b)) | (Value::Text(a), Value::Email(b)) => {
            a.trim().to_lowercase() == b.trim().to_lowercase()
        }
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Account(a), Value::Account(b) | Value::Text(b))
        | (Value::Text(a), Value::Account(b)) => a == b,
        (Value::Account(a), Value::Int(b)) | (Value::Int(b), Value::Account(a)) => {
            **a == *b.to_string()
        }
        (Value::Uuid(a), Value::Text(b)) | (Value::Text(b), Value::Uuid(a)) => {
            b.parse::<uuid::Uuid>().is_ok_and(|b| *a == b)
        }
        (Value::Country(a) | Value::Territory(a), Value::Text(b))
        | (Value::Text(b), Value::Country(a) | Value::Territory(a)) => a.as_str() == &**b,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).try_fold(true, |all, (a, b)| {
                    Ok::<_, Failure>(all && same_or_absent(a, b)?)
                })?
        }
        (Value::Record(a), Value::Record(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).try_fold(true, |all, (a, b)| {
                    Ok::<_, Failure>(all && same_or_absent(a, b)?)
                })?
        }
        _ => compare(left, right)? == Ordering::Equal,
    })
}

/// As [`same`], but two absent values are equal: whether a field that is written differs from what is there.
pub fn same_or_absent(left: &Value, right: &Value) -> Result<bool, Failure> {
    match (left, right) {
        (Value::None, Value::None) => Ok(true),
        _ => same(left, right),
    }
}

/// The order of two values of one kind: numbers, percents, money, dates, instants, times, texts.
pub fn compare(left: &Value, right: &Value) -> Result<Ordering, Failure> {
    Ok(match (left, right) {
        (Value::Money(a), Value::Money(b)) => {
            currency(a, b)?;
            if a.basis != b.basis {
                return Err(no_way(
                    "compared: one includes VAT, the other does not",
                    left,
                    right,
                ));
            }
            a.amount.cmp(&b.amount)
        }
        (Value::Money(a), b) if plain_number(b).is_some() => {
            a.amount.cmp(&plain_number(b).unwrap_or_default())
        }
        (a, Value::Money(b)) if plain_number(a).is_some() => {
            plain_number(a).unwrap_or_default().cmp(&b.amount)
        }
        (Value::Percent(a), Value::Percent(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::DateTime(a), Value::DateTime(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Account(a), Value::Account(b)) => (a.len(), a).cmp(&(b.len(), b)),
        (a, b) => match (plain_number(a), plain_number(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => return Err(no_way("compared", left, right)),
        },
    })
}

/// `x in [..]`: whether an item is the same. An absent x is in nothing.
pub fn contains(list: &[Value], value: &Value) -> Result<bool, Failure> {
    for item in list {
        if same(item, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The currency that two amounts share; one without takes the other's.
pub fn currency(left: &Money, right: &Money) -> Result<Option<Code<3>>, Failure> {
    match (left.currency, right.currency) {
        (Some(a), Some(b)) if a != b => Err(no_way(
            "put together: their currencies differ",
            &Value::Money(*left),
            &Value::Money(*right),
        )),
        (a, b) => Ok(a.or(b)),
    }
}

/// Ints and decimals; percents are no plain numbers.
fn plain_number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(*number),
        _ => None,
    }
}

fn shift(value: &Value, span: Span, sign: i64) -> Computed {
    let outside = || {
        fails(format!(
            "{} is moved out of the calendar",
            in_message(value)
        ))
    };
    Ok(match (value, span) {
        (Value::Date(date), Span::Days(days)) => {
            let days = days.checked_mul(sign).ok_or_else(outside)?;
            let span = 0.days().try_days(days).map_err(|_| outside())?;
            Value::Date(date.checked_add(span).map_err(|_| outside())?)
        }
        (Value::Date(_), Span::Seconds(_)) => {
            return Err(fails(format!(
                "{} is a day: only days can be added to it",
                in_message(value)
            )));
        }
        (Value::DateTime(instant), span) => {
            let seconds = match span {
                Span::Days(days) => days.checked_mul(86_400),
                Span::Seconds(seconds) => Some(seconds),
            };
            let seconds = seconds
                .and_then(|seconds| seconds.checked_mul(sign))
                .ok_or_else(outside)?;
            let at = instant
                .as_second()
                .checked_add(seconds)
                .ok_or_else(outside)?;
            let nanos = instant.subsec_nanosecond();
            Value::DateTime(jiff::Timestamp::new(at, nanos).map_err(|_| outside())?)
        }
        _ => {
            return Err(fails(format!(
                "no span of time can be added to {}",
                in_message(value)
            )));
        }
    })
}

fn too_large(left: &Value, right: &Value) -> Failure {
    fails(format!(
        "the result of {} and {} has more digits than an amount can hold",
        in_message(left),
        in_message(right)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimals::parse;

    fn money(text: &str, basis: MoneyBasis) -> Value {
        Value::Money(Money {
            amount: parse(text).expect("a number"),
            currency: Code::new("SEK"),
            basis,
        })
    }

    #[test]
    fn bases_add_up() {
        let (excl, vat, incl) = (
            money("100.00", MoneyBasis::Excl),
            money("25.00", MoneyBasis::Vat),
            money("125.00", MoneyBasis::Incl),
        );
        assert_eq!(add(&excl, &vat), Ok(incl.clone()));
        assert_eq!(sub(&incl, &vat), Ok(excl.clone()));
        assert_eq!(sub(&incl, &excl), Ok(vat));
        assert!(add(&incl, &excl).is_err());
        assert_eq!(add(&incl, &Value::Int(0)), Ok(incl));
    }

    #[test]
    fn currencies_do_not_mix() {
        let euro = Value::Money(Money {
            amount: Decimal::ONE,
            currency: Code::new("EUR"),
            basis: MoneyBasis::Incl,
        });
        let reason = add(&euro, &money("1", MoneyBasis::Incl)).expect_err("two currencies");
        assert!(
            matches!(reason, Failure::Reason(text) if text.contains("EUR") && text.contains("SEK"))
        );
    }

    #[test]
    fn dates_shift_by_days() {
        let date = Value::Date(jiff::civil::date(2026, 2, 27));
        assert_eq!(
            add(&date, &Value::Span(Span::Days(2))),
            Ok(Value::Date(jiff::civil::date(2026, 3, 1)))
        );
        assert_eq!(
            sub(&Value::Date(jiff::civil::date(2026, 3, 1)), &date),
            Ok(Value::Int(2))
        );
    }

    #[test]
    fn addresses_compare_without_case() {
        let (a, b) = (
            Value::Email(" Jan@Example.com".into()),
            Value::Email("jan@example.COM".into()),
        );
        assert_eq!(same(&a, &b), Ok(true));
        assert_eq!(same(&Value::None, &Value::None), Ok(false));
        assert_eq!(
            same(
                &Value::Int(2),
                &Value::Decimal(parse("2.00").expect("a number"))
            ),
            Ok(true)
        );
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert!(div(&Value::Int(1), &Value::Int(0)).is_err());
        assert!(mul(&Value::Int(i64::MAX), &Value::Int(2)).is_err());
    }
}
