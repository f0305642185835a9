//! Numbers: signs, bounds, whole numbers, percents, and numbers out of texts.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::kit::{self, Given, Rule, default, fail, gives, gives_type, value, wrong, wrong_but};
use crate::decimals;
use crate::display::in_message;
use crate::function::{Args, Failure, Function, Group, Typing};
use crate::operations;
use crate::rules;
use crate::types::{Kind, Type};
use crate::value::{Money, Value};

fn is_number(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Int | Kind::Decimal(_) | Kind::Percent | Kind::Money(..)
    )
}

/// `abs`
pub(super) static ABS: Function = Function {
    name: "abs",
    group: Group::Number,
    params: &[value("number", "int, decimal, percent or money")],
    gives: "what it was given",
    doc: "Without its sign.",
    examples: &[("-2.50 | abs", "2.50"), ("-10.00 incl | abs", "10.00 incl")],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.one_of(0, "a number or money", is_number)?;
            gives(t.kind(0).clone())
        })
    },
    eval: |args| {
        let negative = match args.value(0) {
            Value::Int(number) => *number < 0,
            Value::Decimal(number) | Value::Percent(number) => number.is_sign_negative(),
            Value::Money(money) => money.amount.is_sign_negative(),
            _ => false,
        };
        if negative {
            operations::neg(args.value(0))
        } else {
            Ok(args.value(0).clone())
        }
    },
};

/// `ceil`
pub(super) static CEIL: Function = Function {
    name: "ceil",
    group: Group::Number,
    params: &[value("number", "int or decimal")],
    gives: "int",
    doc: "The next whole number that is not smaller. For amounts say `round(0, mode: \"ceiling\")`.",
    examples: &[("2.1 | ceil", "3"), ("-2.1 | ceil", "-2")],
    check: |t| kit::unless_reported(t, whole_type),
    eval: |args| whole(args, "ceiling"),
};

/// `floor`
pub(super) static FLOOR: Function = Function {
    name: "floor",
    group: Group::Number,
    params: &[value("number", "int or decimal")],
    gives: "int",
    doc: "The next whole number that is not larger. For amounts say `round(0, mode: \"floor\")`.",
    examples: &[("2.9 | floor", "2"), ("-2.1 | floor", "-3")],
    check: |t| kit::unless_reported(t, whole_type),
    eval: |args| whole(args, "floor"),
};

fn whole_type(t: &Typing<'_>) -> Rule {
    if matches!(t.kind(0), Kind::Money(..)) {
        return Err(wrong_but(
            0,
            "gives whole numbers, and an amount is none",
            "say `round(0, mode: \"ceiling\")` or `round(0, mode: \"floor\")`",
        ));
    }
    t.one_of(0, "a number", |kind| {
        matches!(kind, Kind::Int | Kind::Decimal(_))
    })?;
    gives(Kind::Int)
}

fn whole(args: &mut Args<'_>, mode: &str) -> Given {
    match args.value(0) {
        Value::Decimal(number) => {
            let mode = decimals::mode(mode).ok_or_else(|| fail("no way of rounding"))?;
            as_int(args.value(0), decimals::round(*number, 0, mode))
        }
        other => Ok(other.clone()),
    }
}

fn as_int(shown: &Value, number: Decimal) -> Given {
    if !number.fract().is_zero() {
        return Err(fail(format!(
            "{} is no whole number; say `round(0)`, `ceil` or `floor` before, if its decimals may go",
            in_message(shown)
        )));
    }
    i64::try_from(number).map(Value::Int).map_err(|_| {
        fail(format!(
            "{} is too large for a whole number",
            in_message(shown)
        ))
    })
}

/// `int`
pub(super) static INT: Function = Function {
    name: "int",
    group: Group::Number,
    params: &[value("value", "decimal or text")],
    gives: "int",
    doc: "A whole number out of a number or a text. Fails where it is none: nothing is rounded.",
    examples: &[
        ("3.00 | int", "3"),
        ("\"42\" | int", "42"),
        ("3.5 | int", "fails \"no whole number\""),
        ("\"4 pcs\" | int", "fails \"is no number\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            if !matches!(t.kind(0), Kind::Int | Kind::Decimal(_)) {
                t.text(0)?;
            }
            gives(Kind::Int)
        })
    },
    eval: |args| match args.value(0) {
        Value::Int(number) => Ok(Value::Int(*number)),
        Value::Decimal(number) => as_int(args.value(0), *number),
        other => as_int(other, read(&args.text(0)?, ".", other)?),
    },
};

/// `decimal`
pub(super) static DECIMAL: Function = Function {
    name: "decimal",
    group: Group::Number,
    params: &[
        value("value", "text, int, percent or money"),
        default(
            "point",
            "\".\" | \",\"; the sign before the decimals of a text",
        ),
    ],
    gives: "decimal",
    doc: "A number out of a text, exactly; blanks between its digits go. Of money it is the bare amount, of a percent its fraction (25% is 0.25). Fails where the text is no number.",
    examples: &[
        ("\"12.50\" | decimal", "12.50"),
        ("\"1 234,50\" | decimal(\",\")", "1234.50"),
        ("\"1,234.50\" | decimal", "fails \"is no number\""),
        ("25% | decimal", "0.25"),
        ("12.50 incl | decimal", "12.50"),
    ],
    check: |t| kit::unless_reported(t, decimal_type),
    eval: |args| {
        let point = args.text_or(1, ".")?;
        Ok(Value::Decimal(match args.value(0) {
            Value::Int(number) => (*number).into(),
            Value::Decimal(number) => *number,
            Value::Money(money) => money.amount,
            Value::Percent(points) => points
                .checked_div(Decimal::ONE_HUNDRED)
                .ok_or_else(|| kit::too_large(args.value(0)))?,
            other => read(&args.text(0)?, &point, other)?,
        }))
    },
};

fn decimal_type(t: &Typing<'_>) -> Rule {
    t.text(1)?;
    if matches!(t.constant(1), Some(Value::Text(point)) if !matches!(&**point, "." | ",")) {
        return Err(wrong(1, "knows the decimal points \".\" and \",\""));
    }
    let scale = match t.kind(0) {
        Kind::Decimal(scale) | Kind::Money(_, scale) => *scale,
        Kind::Int => Some(0),
        Kind::Percent => None,
        _ => {
            t.text(0)?;
            None
        }
    };
    gives(Kind::Decimal(scale))
}

/// A number out of a text that a person wrote: blanks and a leading `+` are no part of it.
fn read(text: &str, point: &str, shown: &Value) -> Result<Decimal, Failure> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let unsigned = compact.strip_prefix('+').unwrap_or(&compact);
    let plain = match point {
        "." => unsigned.to_owned(),
        "," if !unsigned.contains('.') => unsigned.replace(',', "."),
        _ => String::new(),
    };
    let negative = plain.starts_with(['-', '−']);
    let digits = plain.trim_start_matches(['-', '−']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let stripped = whole.trim_start_matches('0');
    let number = format!(
        "{}{}{}",
        if negative { "-" } else { "" },
        if stripped.is_empty() && !whole.is_empty() {
            "0"
        } else {
            stripped
        },
        if digits.contains('.') {
            format!(".{fraction}")
        } else {
            String::new()
        }
    );
    if plain.chars().filter(|c| matches!(c, '-' | '−')).count() > 1 || number.contains(['e', 'E'])
    {
        return Err(no_number(shown));
    }
    decimals::parse(&number).ok_or_else(|| no_number(shown))
}

fn no_number(shown: &Value) -> Failure {
    fail(format!("{} is no number", in_message(shown)))
}

/// `percent`
pub(super) static PERCENT: Function = Function {
    name: "percent",
    group: Group::Number,
    params: &[value("points", "int, decimal or text")],
    gives: "percent",
    doc: "A percent out of points: 25 and `\"25%\"` are 25%. A fraction is multiplied before: `(r.rate * 100) | percent`.",
    examples: &[
        ("25 | percent", "25%"),
        ("\"12.5 %\" | percent", "12.5%"),
        ("\"high\" | percent", "fails \"is no number\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            if !matches!(t.kind(0), Kind::Int | Kind::Decimal(_)) {
                t.text(0)?;
            }
            gives(Kind::Percent)
        })
    },
    eval: |args| {
        Ok(Value::Percent(match args.value(0) {
            Value::Int(number) => (*number).into(),
            Value::Decimal(number) => *number,
            other => {
                let text = args.text(0)?;
                read(text.trim().trim_end_matches('%'), ".", other)?
            }
        }))
    },
};

/// `points`
pub(super) static POINTS: Function = Function {
    name: "points",
    group: Group::Number,
    params: &[value("rate", "percent")],
    gives: "decimal",
    doc: "The points of a percent, without needless zeros: of 25% it is 25.",
    examples: &[
        ("25% | points", "25"),
        ("\"FRAKT{12.50% | points}\"", "\"FRAKT12.5\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.percent(0)?;
            gives(Kind::Decimal(None))
        })
    },
    eval: |args| match args.value(0) {
        Value::Percent(points) => Ok(Value::Decimal(points.normalize())),
        other => Err(fail(format!("{} is no percent", in_message(other)))),
    },
};

/// `add`
pub(super) static ADD: Function = Function {
    name: "add",
    group: Group::Number,
    params: &[
        value("to", "what `+` takes"),
        value("value", "what `+` takes"),
    ],
    gives: "what `+` gives",
    doc: "`+`, for the middle of a pipe. A date takes days: `| date | add(30 days)`.",
    examples: &[
        ("2026-01-31 | add(30 days)", "2026-03-02"),
        ("1 | add(2)", "3"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            let none = Type::new(Kind::Never);
            let (left, right) = (t.ty(0).unwrap_or(&none), t.ty(1).unwrap_or(&none));
            match rules::type_of_add(left, right) {
                Ok(ty) => gives_type(ty),
                Err(why) => Err(wrong(1, format!("cannot add these: {why}"))),
            }
        })
    },
    eval: |args| operations::add(args.value(0), args.value(1)),
};

/// `min`
pub(super) static MIN: Function = Function {
    name: "min",
    group: Group::Number,
    params: &[
        value(
            "value",
            "a number, percent, money, date, datetime or time; or a list of them",
        ),
        default("other", "another of the same kind"),
    ],
    gives: "the smaller; of a list its smallest item, none of an empty one",
    doc: "The smaller of two values, or the smallest of a list.",
    examples: &[
        ("3 | min(0)", "0"),
        ("[2.5, 1.5] | min", "1.5"),
        ("min(0, -4.00)", "-4.00"),
    ],
    check: |t| kit::unless_reported(t, extreme_type),
    eval: |args| extreme(args, Ordering::Less),
};

/// `max`
pub(super) static MAX: Function = Function {
    name: "max",
    group: Group::Number,
    params: &[
        value(
            "value",
            "a number, percent, money, date, datetime or time; or a list of them",
        ),
        default("other", "another of the same kind"),
    ],
    gives: "the larger; of a list its largest item, none of an empty one",
    doc: "The larger of two values, or the largest of a list. `| max(0)` keeps what is below zero out.",
    examples: &[
        ("-3 | max(0)", "0"),
        ("[2026-01-01, 2026-02-01] | max", "2026-02-01"),
    ],
    check: |t| kit::unless_reported(t, extreme_type),
    eval: |args| extreme(args, Ordering::Greater),
};

fn has_order(kind: &Kind) -> bool {
    is_number(kind)
        || matches!(
            kind,
            Kind::Date | Kind::DateTime | Kind::Time | Kind::Never | Kind::Nothing
        )
}

fn extreme_type(t: &Typing<'_>) -> Rule {
    const WORDS: &str = "compares numbers, percents, money, dates and times";
    if !t.given(1) {
        let item = t.list(0).map_err(|_| {
            wrong_but(
                0,
                "of one value alone is nothing: it takes a list, or two values",
                "say `max(0)` or `min(0)`",
            )
        })?;
        if !has_order(&item.kind) {
            return Err(wrong(0, format!("{WORDS}, not {}", item.kind)));
        }
        return gives_type(if t.is_filled(0) {
            item
        } else {
            item.optional()
        });
    }
    let (left, right) = (t.kind(0), t.kind(1));
    for (arg, kind) in [(0, left), (1, right)] {
        if !has_order(kind) {
            return Err(wrong(arg, format!("{WORDS}, not {kind}")));
        }
    }
    match rules::joined(&Type::new(left.clone()), &Type::new(right.clone())) {
        Some(ty) => gives_type(ty.present()),
        None => Err(wrong(1, format!("cannot compare {left} with {right}"))),
    }
}

fn extreme(args: &mut Args<'_>, side: Ordering) -> Given {
    let candidates = if args.has(1) {
        vec![args.value(0).clone(), args.value(1).clone()]
    } else {
        args.list(0)?.to_vec()
    };
    let mut best: Option<Value> = None;
    for value in candidates {
        best = Some(match best {
            None => value,
            Some(best) if operations::compare(&value, &best)? == side => like(value, &best),
            Some(best) => like(best, &value),
        });
    }
    Ok(best.unwrap_or(Value::None))
}

/// A bare number that won over money is money too: `order.discount | max(0)`.
fn like(value: Value, other: &Value) -> Value {
    match (&value, other) {
        (Value::Int(_) | Value::Decimal(_), Value::Money(money)) => Value::Money(Money {
            amount: operations::number(&value).unwrap_or_default(),
            ..*money
        }),
        _ => value,
    }
}
