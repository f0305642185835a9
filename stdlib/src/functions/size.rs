//! No silent loss: `shorten`, `fits` and `round` are the only ways by which a value gets smaller, and each is said in the flow.

use super::kit::{
    self, Given, Rule, default, fail, gives, supplied, text, value, wrong, wrong_but,
};
use crate::decimals;
use crate::display::in_message;
use crate::function::{Args, Function, Group, Typing};
use crate::types::{Kind, Type};
use crate::value::Value;

/// `shorten`
pub(super) static SHORTEN: Function = Function {
    name: "shorten",
    group: Group::Text,
    params: &[
        value("text", "text"),
        default("length", "int; what the place takes, where left out"),
    ],
    gives: "text(length)",
    doc: "Cuts a text to so many characters, at the end of a word where one is near, and ends it with `…` so that a reader sees it. \
          Without a length it takes the one of the field it goes into. For texts that people read; keys and numbers take `fits`.",
    examples: &[
        ("\"Blue cotton shirt\" | shorten(12)", "\"Blue cotton…\""),
        ("\"Shirt\" | shorten(12)", "\"Shirt\""),
        ("\"Incomprehensible\" | shorten(6)", "\"Incom…\""),
    ],
    check: |t| kit::unless_reported(t, shorten_type),
    eval: shorten,
};

fn shorten_type(t: &Typing<'_>) -> Rule {
    let bound = t.text(0)?;
    if t.given(1) {
        let length = t.count(1, 1)?;
        return gives(Kind::Text(match length {
            Some(length) => Some(u32::try_from(length).unwrap_or(u32::MAX)),
            None => bound,
        }));
    }
    let length = expected(t, |kind| match kind {
        Kind::Text(length) => Some(*length),
        _ => None,
    })?;
    match length {
        Some(length) => supplied(
            Kind::Text(Some(length)),
            vec![(1, Value::Int(i64::from(length)))],
        ),
        None => gives(Kind::Text(bound)),
    }
}

/// What the place of the call takes, or a message that asks for a number.
fn expected<T>(
    t: &Typing<'_>,
    pick: fn(&Kind) -> Option<T>,
) -> Result<T, crate::function::Mismatch> {
    match t.expected.map(|ty: &Type| &ty.kind) {
        Some(kind) => pick(kind).ok_or_else(|| {
            let number = match kind {
                Kind::Email(_) | Kind::Uuid | Kind::OneOf(_) => "such a field takes no cut text",
                _ => "what is asked for here says no length or decimals",
            };
            wrong(0, format!("without a number takes it from its place, and {number}: {kind}"))
        }),
        None => Err(crate::function::Mismatch {
            arg: None,
            message: "needs a number here: nothing says how much fits".to_owned(),
            help: Some(
                "give it one, as in `| shorten(50)`, `| fits(35)`, `| round(2)`, or give the `let` a type"
                    .to_owned(),
            ),
        }),
    }
}

fn shorten(args: &mut Args<'_>) -> Given {
    let whole = args.text(0)?;
    if !args.has(1) {
        return Ok(text(whole));
    }
    let most = args.count(1, 0)?;
    let count = whole.chars().count();
    if count <= most {
        return Ok(text(whole));
    }
    if most == 0 {
        return Err(fail("a text cannot be cut to no characters at all"));
    }
    let cut: String = whole.chars().take(most - 1).collect();
    // The end of a word, if that gives away less than a third.
    let at_word = whole.chars().nth(most - 1).is_some_and(char::is_whitespace);
    let kept = match cut.rfind(char::is_whitespace) {
        Some(end) if !at_word && cut[..end].chars().count() * 3 >= most * 2 => &cut[..end],
        _ => &cut[..],
    };
    Ok(text(format!(
        "{}…",
        kept.trim_end_matches(|c: char| c.is_whitespace() || c == ',')
    )))
}

/// `fits`
pub(super) static FITS: Function = Function {
    name: "fits",
    group: Group::Text,
    params: &[
        value("value", "text, decimal or money"),
        default("most", "int; what the place takes, where left out"),
    ],
    gives: "what it was given, of at most so many characters or decimals",
    doc: "Says that a text has at most so many characters, or a number so many decimals, and fails the record if not: a number that is cut is another number. \
          Without an argument it takes what fits into the field it goes into.",
    examples: &[
        ("\"1-1042\" | fits(35)", "\"1-1042\""),
        ("\"1-1042\" | fits(4)", "fails \"at most 4 characters\""),
        ("1.50 | fits(1)", "1.5"),
        ("1.25 | fits(1)", "fails \"at most 1 decimal\""),
    ],
    check: |t| kit::unless_reported(t, fits_type),
    eval: fits,
};

fn fits_type(t: &Typing<'_>) -> Rule {
    let from = t.kind(0).clone();
    let most: Option<u32> = if t.given(1) {
        match t.count(1, 0)? {
            Some(most) => Some(u32::try_from(most).unwrap_or(u32::MAX)),
            None => return gives(from),
        }
    } else {
        expected(t, |kind| match kind {
            Kind::Text(length) => Some(*length),
            Kind::Email(length) => Some(*length),
            Kind::Decimal(scale) | Kind::Money(_, scale) => Some(scale.map(u32::from)),
            Kind::Int => Some(Some(0)),
            Kind::Uuid | Kind::OneOf(_) | Kind::Account => Some(None),
            _ => None,
        })?
    };
    let decimals = most.map(|most| u8::try_from(most).unwrap_or(u8::MAX));
    let kind = match from {
        Kind::Text(_) => Kind::Text(most),
        Kind::Email(bound) => Kind::Email(most.or(bound)),
        Kind::Decimal(_) => Kind::Decimal(decimals),
        Kind::Money(basis, _) => Kind::Money(basis, decimals),
        other @ (Kind::Int | Kind::Never) => other,
        other if kit::text_bound(&other).is_some() => Kind::Text(most),
        other => {
            return Err(wrong(
                0,
                format!("takes a text, a number or money, not {other}"),
            ));
        }
    };
    match most {
        Some(most) if !t.given(1) => supplied(kind, vec![(1, Value::Int(i64::from(most)))]),
        _ => gives(kind),
    }
}

fn fits(args: &mut Args<'_>) -> Given {
    if !args.has(1) {
        return Ok(args.value(0).clone());
    }
    let most = args.count(1, 0)?;
    let given = args.value(0);
    let number = match given {
        Value::Decimal(number) => Some(*number),
        Value::Money(money) => Some(money.amount),
        Value::Int(_) => return Ok(given.clone()),
        _ => None,
    };
    if let Some(number) = number {
        let needed = decimals::needed_decimals(number) as usize;
        return if needed <= most {
            Ok(given.clone())
        } else {
            Err(fail(format!(
                "{} has {needed} decimals, and at most {most} decimal{} fit{} here; say `round` if it may be rounded",
                in_message(given),
                if most == 1 { "" } else { "s" },
                if most == 1 { "s" } else { "" },
            )))
        };
    }
    let whole = args.text(0)?;
    let count = whole.chars().count();
    if count <= most {
        Ok(given.clone())
    } else {
        Err(fail(format!(
            "{} has {count} characters, and at most {most} characters fit here; say `shorten` if it may be cut",
            in_message(given)
        )))
    }
}

/// `round`
pub(super) static ROUND: Function = Function {
    name: "round",
    group: Group::Number,
    params: &[
        value("number", "int, decimal, percent or money"),
        default(
            "decimals",
            "int; what the place takes, or the currency's smallest unit, where left out",
        ),
        default(
            "mode",
            "\"half_up\" | \"half_even\" | \"half_down\" | \"up\" | \"down\" | \"ceiling\" | \"floor\"",
        ),
    ],
    gives: "the number, with so many decimals; money keeps its currency and basis",
    doc: "Rounds, half away from zero as tax authorities ask (20.125 is 20.13 and its refund −20.13), or by the named mode. \
          Without a number it takes the decimals of the field it goes into, and else those of the money's currency. It never happens by itself.",
    examples: &[
        ("20.125 | round(2)", "20.13"),
        ("-20.125 | round(2)", "-20.13"),
        ("125.00 incl | excl_vat(25%) | round(2)", "100.00 excl"),
        ("2.5 | round(0, mode: \"half_even\")", "2"),
        ("1.001 | round(2, mode: \"up\")", "1.01"),
    ],
    check: |t| kit::unless_reported(t, round_type),
    eval: round,
};

fn round_type(t: &Typing<'_>) -> Rule {
    if t.given(2) && *t.kind(2) != Kind::Never {
        match t.constant(2) {
            Some(Value::Text(name)) if decimals::mode(name).is_some() => {}
            Some(Value::Text(name)) => {
                let names: Vec<&str> = decimals::MODES.iter().map(|(name, _)| *name).collect();
                return Err(wrong_but(
                    2,
                    format!("knows no mode “{name}”"),
                    format!("one of {}", names.join(", ")),
                ));
            }
            _ => {
                return Err(wrong(
                    2,
                    "takes the name of its mode as a text that is written down",
                ));
            }
        }
    }
    let shape = |scale: Option<u8>| match t.kind(0) {
        Kind::Int | Kind::Decimal(_) => Ok(Kind::Decimal(scale)),
        Kind::Percent => Ok(Kind::Percent),
        Kind::Never => Ok(Kind::Never),
        Kind::Money(basis, _) => Ok(Kind::Money(basis.clone(), scale)),
        other => Err(wrong(0, format!("takes a number or money, not {other}"))),
    };
    shape(None)?;
    if t.given(1) {
        let scale = t.count(1, 0)?;
        return gives(shape(scale.map(|scale| u8::try_from(scale).unwrap_or(28)))?);
    }
    let place = t.expected.map(|ty| &ty.kind);
    match (place, t.kind(0)) {
        (Some(Kind::Decimal(Some(scale)) | Kind::Money(_, Some(scale))), _) => supplied(
            shape(Some(*scale))?,
            vec![(1, Value::Int(i64::from(*scale)))],
        ),
        (_, Kind::Money(..)) => gives(shape(None)?), // the currency's smallest unit, known when it runs
        _ => {
            expected(t, |_| None::<()>)?;
            gives(shape(None)?)
        }
    }
}

fn round(args: &mut Args<'_>) -> Given {
    let mode = args.text_or(2, "half_up")?;
    let Some(mode) = decimals::mode(&mode) else {
        return Err(fail(format!("“{mode}” is no way of rounding")));
    };
    let places = |args: &Args<'_>, otherwise: u32| -> Result<u32, crate::function::Failure> {
        Ok(u32::try_from(args.count(1, otherwise as usize)?).unwrap_or(decimals::MOST_DECIMALS))
    };
    Ok(match args.value(0) {
        number @ Value::Int(_) if !args.has(1) => number.clone(),
        Value::Int(number) => {
            Value::Decimal(decimals::round((*number).into(), places(args, 0)?, mode))
        }
        Value::Decimal(number) => Value::Decimal(decimals::round(*number, places(args, 2)?, mode)),
        Value::Percent(points) => {
            Value::Percent(decimals::round(*points, places(args, 0)?, mode).normalize())
        }
        Value::Money(money) => {
            let unit = money
                .currency
                .and_then(|code| decimals::minor_units(code.as_str()))
                .unwrap_or(2);
            Value::Money(crate::value::Money {
                amount: decimals::round(money.amount, places(args, unit)?, mode),
                ..*money
            })
        }
        other => return Err(fail(format!("{} cannot be rounded", in_message(other)))),
    })
}
