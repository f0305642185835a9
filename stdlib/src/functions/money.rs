//! Amounts: dividing them without losing a cent, and their currency.

use rust_decimal::Decimal;

use super::basis::same_basis;
use super::kit::{self, Given, Rule, default, fail, gives, perhaps, value, wrong, wrong_but};
use crate::decimals;
use crate::display::in_message;
use crate::function::{Args, Failure, Function, Group, Mismatch, Param, ParamKind, Typing};
use crate::operations;
use crate::types::{Basis, Kind, Shape, Type};
use crate::value::{Money, Value};

/// `allocate`
pub(super) static ALLOCATE: Function = Function {
    name: "allocate",
    group: Group::Money,
    params: &[
        value("amount", "money"),
        value("items", "[T]"),
        Param {
            name: "weight",
            takes: "a number or money, of an item",
            kind: ParamKind::Each(1),
        },
        default(
            "decimals",
            "int; the smallest unit of the currency, where left out",
        ),
    ],
    gives: "[{ amount, of }], of the basis of the amount",
    doc: "Divides an amount over items by their weights, in whole smallest units, so that the parts sum to the amount exactly: each gets its share rounded down, and the units that are left \
          go to those that lost most, the first of equals first. A negative amount is the mirror of its positive one. `.of` is the item that the part is for. \
          Of the amount 0 there are no parts; weights that sum to 0 fail, and so does an amount with smaller units than the currency has.",
    examples: &[
        (
            "10.00 incl | allocate([{ w: 1 }, { w: 1 }, { w: 1 }], .w) | sum(.amount)",
            "10.00 incl",
        ),
        (
            "10.00 incl | allocate([{ w: 1 }, { w: 1 }, { w: 1 }], .w) | first | .amount",
            "3.34 incl",
        ),
        ("0.00 incl | allocate([{ w: 1 }], .w) | count", "0"),
        (
            "5.00 incl | allocate([{ w: 0 }], .w) | count",
            "fails \"sum to 0\"",
        ),
    ],
    check: |t| kit::unless_reported(t, allocate_type),
    eval: allocate,
};

fn allocate_type(t: &Typing<'_>) -> Rule {
    let (basis, _) = t.money(0)?;
    if basis == Basis::Unknown {
        return Err(wrong_but(
            0,
            "needs to know whether VAT is in the amount, and nobody knows that of this field",
            "say it with `as_incl`, `as_excl` or `plain` first",
        ));
    }
    let item = t.list(1)?;
    weight(t, 2)?;
    t.certain(2, "say `else 0` in the weight")?;
    let scale = t.count(3, 0)?.and_then(|scale| u8::try_from(scale).ok());
    let part = Shape::anonymous([
        ("amount", Type::new(Kind::Money(basis, scale))),
        ("of", item),
    ]);
    gives(Kind::List(Box::new(Type::new(Kind::Record(part)))))
}

fn weight(t: &Typing<'_>, arg: usize) -> Result<(), Mismatch> {
    t.one_of(arg, "a number or money", |kind| {
        matches!(kind, Kind::Int | Kind::Decimal(_) | Kind::Money(..))
    })
}

fn allocate(args: &mut Args<'_>) -> Given {
    let amount = args.money(0)?;
    let items = args.list(1)?;
    if amount.amount.is_zero() {
        return Ok(Value::List([].into()));
    }
    let unit = amount
        .currency
        .and_then(|code| decimals::minor_units(code.as_str()))
        .unwrap_or(2);
    let scale = u32::try_from(args.count(3, unit as usize)?).unwrap_or(decimals::MOST_DECIMALS);
    let units = in_units(amount.amount, scale).ok_or_else(|| {
        fail(format!(
            "{} cannot be divided: it has more than {scale} decimals; round it first",
            in_message(args.value(0))
        ))
    })?;
    let mut weights = Vec::with_capacity(items.len());
    let mut first: Option<Money> = None;
    for item in items.iter() {
        weights.push(match args.of_item(2, item)? {
            Value::Money(money) => {
                let known = *first.get_or_insert(money);
                same_basis(&known, &money)?;
                operations::currency(&known, &money)?;
                money.amount
            }
            other => plain_number(&other)?,
        });
    }
    let parts = by_largest_remainder(units, &weights).map_err(|why| match why {
        Refused::NoWeight => fail(format!(
            "{} cannot be divided: the weights of its {} items sum to 0",
            in_message(args.value(0)),
            items.len()
        )),
        Refused::TooLarge => kit::too_large(args.value(0)),
    })?;
    let mut given = Vec::with_capacity(parts.len());
    for (units, item) in parts.into_iter().zip(items.iter()) {
        let part = Decimal::try_from_i128_with_scale(units, scale)
            .map_err(|_| kit::too_large(args.value(0)))?;
        let part = Value::Money(Money {
            amount: part,
            ..amount
        });
        given.push(Value::Record([part, item.clone()].into()));
    }
    Ok(Value::List(given.into()))
}

fn plain_number(value: &Value) -> Result<Decimal, Failure> {
    match value {
        Value::Int(_) | Value::Decimal(_) => operations::number(value),
        _ => None,
    }
    .ok_or_else(|| fail(format!("{} is no weight", in_message(value))))
}

/// An amount in whole units; none if it has smaller ones.
fn in_units(amount: Decimal, scale: u32) -> Option<i128> {
    let amount = amount.normalize();
    let missing = scale.checked_sub(amount.scale())?;
    amount.mantissa().checked_mul(10i128.checked_pow(missing)?)
}

enum Refused {
    NoWeight,
    TooLarge,
}

/// Whole units by weights; the parts sum to `units`. Exact: weights are brought to whole numbers, nothing is divided before it is rounded down.
fn by_largest_remainder(units: i128, weights: &[Decimal]) -> Result<Vec<i128>, Refused> {
    let scale = weights
        .iter()
        .map(|weight| weight.normalize().scale())
        .max()
        .unwrap_or(0);
    let mut whole = Vec::with_capacity(weights.len());
    let mut total: i128 = 0;
    for weight in weights {
        let weight = in_units(*weight, scale).ok_or(Refused::TooLarge)?;
        total = total.checked_add(weight).ok_or(Refused::TooLarge)?;
        whole.push(weight);
    }
    if total == 0 {
        return Err(Refused::NoWeight);
    }
    let size = units.checked_abs().ok_or(Refused::TooLarge)?;
    let mut parts = Vec::with_capacity(whole.len());
    let mut lost = Vec::with_capacity(whole.len());
    let mut rest = size;
    for weight in &whole {
        let product = size
            .checked_mul(*weight)
            .and_then(|product| product.checked_mul(total.signum()))
            .ok_or(Refused::TooLarge)?;
        let part = product.div_euclid(total.abs());
        lost.push(product.rem_euclid(total.abs()));
        rest -= part;
        parts.push(part);
    }
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|item| std::cmp::Reverse(lost[*item])); // stable: of equals the first
    for item in order.into_iter().take(usize::try_from(rest).unwrap_or(0)) {
        parts[item] += 1;
    }
    Ok(parts
        .into_iter()
        .map(|part| part * units.signum())
        .collect())
}

/// `share`
pub(super) static SHARE: Function = Function {
    name: "share",
    group: Group::Money,
    params: &[
        value("amount", "money, int or decimal"),
        value("part", "a number or money"),
        value("whole", "a number or money, as the part"),
    ],
    gives: "what the amount is, of its basis, with all digits",
    doc: "The amount × part / whole: what one line bears of a discount on all of them. To divide an amount over all lines to the cent, say `allocate`. \
          Of the amount 0 it is 0; a whole of 0 fails.",
    examples: &[
        ("10.00 incl | share(30, 120)", "2.50 incl"),
        ("0.00 incl | share(0, 0)", "0.00 incl"),
        ("1.00 incl | share(1, 0)", "fails \"of 0\""),
    ],
    check: |t| kit::unless_reported(t, share_type),
    eval: share,
};

fn share_type(t: &Typing<'_>) -> Rule {
    let kind = match t.kind(0) {
        Kind::Int | Kind::Decimal(_) => Kind::Decimal(None),
        Kind::Never => Kind::Never,
        _ => match t.money(0)? {
            (Basis::Unknown, _) => {
                return Err(wrong_but(
                    0,
                    "needs to know whether VAT is in the amount, and nobody knows that of this field",
                    "say it with `as_incl`, `as_excl` or `plain` first",
                ));
            }
            (basis, _) => Kind::Money(basis, None),
        },
    };
    weight(t, 1)?;
    weight(t, 2)?;
    let (part, whole) = (Type::new(t.kind(1).clone()), Type::new(t.kind(2).clone()));
    let flagged = |ty: &Type| matches!(ty.kind, Kind::Money(Basis::By(_) | Basis::Carried, _));
    if !(flagged(&part) && flagged(&whole)) {
        crate::rules::comparable(&part, &whole)
            .map_err(|why| wrong(2, format!("takes a part and a whole of one kind: {why}")))?;
    }
    gives(kind)
}

fn share(args: &mut Args<'_>) -> Given {
    let zero = match args.value(0) {
        Value::Money(money) => money.amount.is_zero(),
        other => operations::number(other).is_some_and(|number| number.is_zero()),
    };
    if zero {
        return Ok(args.value(0).clone());
    }
    let bare = |value: &Value| match value {
        Value::Money(money) => Ok(money.amount),
        other => plain_number(other),
    };
    if let (Value::Money(part), Value::Money(whole)) = (args.value(1), args.value(2)) {
        same_basis(part, whole)?;
        operations::currency(part, whole)?;
    }
    let (part, whole) = (bare(args.value(1))?, bare(args.value(2))?);
    if whole.is_zero() {
        return Err(fail(format!(
            "{} has no share of 0",
            in_message(args.value(0))
        )));
    }
    // Multiply first: 10 × 1 / 3 keeps a digit more than 10 × (1 / 3).
    let product = operations::mul(args.value(0), &Value::Decimal(part))?;
    operations::div(&product, &Value::Decimal(whole))
}

/// `currency_of`
pub(super) static CURRENCY_OF: Function = Function {
    name: "currency_of",
    group: Group::Money,
    params: &[value("amount", "money")],
    gives: "currency?",
    doc: "The currency of an amount; none for one that was written in a flow.",
    examples: &[("1.00 incl | currency_of else SEK", "SEK")],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.money(0)?;
            perhaps(Kind::Currency)
        })
    },
    eval: |args| Ok(args.money(0)?.currency.map_or(Value::None, Value::Currency)),
};

/// `in_currency`
pub(super) static IN_CURRENCY: Function = Function {
    name: "in_currency",
    group: Group::Money,
    params: &[value("amount", "money"), value("currency", "currency")],
    gives: "money, of the basis of the amount",
    doc: "Says the currency of an amount that has none yet. Fails if it has another: nothing is exchanged.",
    examples: &[("1.00 incl | in_currency(EUR) | currency_of", "EUR")],
    check: |t| {
        kit::unless_reported(t, |t| {
            let (basis, scale) = t.money(0)?;
            t.one_of(1, "a currency", |kind| *kind == Kind::Currency)?;
            if basis == Basis::Unknown {
                return Err(wrong(
                    0,
                    "needs to know whether VAT is in the amount; say it with `as_incl` or `as_excl`",
                ));
            }
            gives(Kind::Money(basis, scale))
        })
    },
    eval: |args| {
        let money = args.money(0)?;
        match (args.value(1), money.currency) {
            (Value::Currency(code), None) => Ok(Value::Money(Money {
                currency: Some(*code),
                ..money
            })),
            (Value::Currency(code), Some(own)) if *code == own => Ok(Value::Money(money)),
            (other, _) => Err(fail(format!(
                "{} is not in {}, and nothing is exchanged",
                in_message(args.value(0)),
                in_message(other)
            ))),
        }
    },
};

/// `minor_unit`
pub(super) static MINOR_UNIT: Function = Function {
    name: "minor_unit",
    group: Group::Money,
    params: &[value("currency", "currency")],
    gives: "int",
    doc: "How many decimals the currency's smallest unit has (ISO 4217): 2 for SEK and EUR, 0 for JPY and ISK, 3 for KWD.",
    examples: &[
        ("SEK | minor_unit", "2"),
        ("JPY | minor_unit", "0"),
        ("KWD | minor_unit", "3"),
        ("ZZZ | minor_unit", "fails \"no currency\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.one_of(0, "a currency", |kind| *kind == Kind::Currency)?;
            gives(Kind::Int)
        })
    },
    eval: |args| {
        let code = match args.value(0) {
            Value::Currency(code) => *code,
            other => return Err(fail(format!("{} is no currency", in_message(other)))),
        };
        decimals::minor_units(code.as_str())
            .map(|unit| Value::Int(i64::from(unit)))
            .ok_or_else(|| fail(format!("{code} is no currency with a smallest unit")))
    },
};
