//! Whether VAT is in an amount: converting, asserting, choosing. The rules are those of the language, section 8: a value that carries its basis is
//! converted only if it needs it, and no cent is lost on the way, since nothing here rounds.

use rust_decimal::Decimal;

use super::kit::{
    self, Given, Rule, convertible, fail, gives, gives_type, optional, too_large, value, wrong,
    wrong_but,
};
use crate::display::in_message;
use crate::function::{Args, Failure, Function, Group, Typing};
use crate::types::{Basis, Kind, Type};
use crate::value::{Money, MoneyBasis, Value};

/// `excl_vat`
pub(super) static EXCL_VAT: Function = Function {
    name: "excl_vat",
    group: Group::Money,
    params: &[value("price", "money"), value("rate", "percent")],
    gives: "money(excl)",
    doc: "The price without VAT: divided by 1 + rate, to 28 digits. A price that carries its basis is converted only if VAT is in it; one that is known to be without VAT is an error.",
    examples: &[
        ("125.00 incl | excl_vat(25%) | round(2)", "100.00 excl"),
        ("59.99 incl | excl_vat(19%) | round(2)", "50.41 excl"),
    ],
    check: |t| kit::unless_reported(t, |t| conversion(t, Basis::Excl)),
    eval: |args| {
        let rate = args.rate(1)?;
        converted(args.money(0)?, MoneyBasis::Excl, rate)
    },
};

/// `incl_vat`
pub(super) static INCL_VAT: Function = Function {
    name: "incl_vat",
    group: Group::Money,
    params: &[value("price", "money"), value("rate", "percent")],
    gives: "money(incl)",
    doc: "The price with VAT: multiplied by 1 + rate. A price that carries its basis is converted only if VAT is not in it; one that is known to include VAT is an error.",
    examples: &[
        ("79.20 excl | incl_vat(25%)", "99.00 incl"),
        ("0.00 excl | incl_vat(25%)", "0.00 incl"),
    ],
    check: |t| kit::unless_reported(t, |t| conversion(t, Basis::Incl)),
    eval: |args| {
        let rate = args.rate(1)?;
        converted(args.money(0)?, MoneyBasis::Incl, rate)
    },
};

fn conversion(t: &Typing<'_>, to: Basis) -> Rule {
    let (basis, _) = t.money(0)?;
    t.percent(1)?;
    convertible(0, &basis)?;
    if basis == to {
        let already = if to == Basis::Excl {
            "excluding"
        } else {
            "including"
        };
        return Err(wrong_but(
            0,
            format!("converts what needs it, and this amount is {already} VAT already"),
            "leave it out",
        ));
    }
    gives(Kind::Money(to, None))
}

/// A price in another basis, to all digits.
fn converted(price: Money, to: MoneyBasis, rate: Decimal) -> Given {
    let shown = Value::Money(price);
    let factor = Decimal::ONE
        .checked_add(rate)
        .ok_or_else(|| too_large(&shown))?;
    let amount = match (price.basis, to) {
        (from, to) if from == to => Some(price.amount),
        _ if price.amount.is_zero() && price.basis == MoneyBasis::Unknown => Some(price.amount),
        (MoneyBasis::Incl, MoneyBasis::Excl) => price.amount.checked_div(factor),
        (MoneyBasis::Excl, MoneyBasis::Incl) => price.amount.checked_mul(factor),
        _ => {
            return Err(fail(format!(
                "{} cannot be converted: nobody says whether VAT is in it",
                in_message(&shown)
            )));
        }
    };
    Ok(Value::Money(Money {
        amount: amount.ok_or_else(|| too_large(&shown))?,
        currency: price.currency,
        basis: to,
    }))
}

/// `in_basis`
pub(super) static IN_BASIS: Function = Function {
    name: "in_basis",
    group: Group::Money,
    params: &[
        value("price", "money"),
        value("including", "bool"),
        value("rate", "percent"),
    ],
    gives: "money(by including)",
    doc: "The price including VAT where the flag is true, excluding VAT where it is false, as a document wants it that says by a flag which it shows. \
          What is in that basis already is left alone: the gross price of a till stays gross, and no cent is lost.",
    examples: &[
        ("125.00 incl | in_basis(true, 25%) | as_incl", "125.00 incl"),
        (
            "125.00 incl | in_basis(false, 25%) | round(2) | as_excl",
            "100.00 excl",
        ),
    ],
    check: |t| kit::unless_reported(t, in_basis_type),
    eval: |args| {
        let (including, rate) = (args.truth(1)?, args.rate(2)?);
        converted(args.money(0)?, flagged(including), rate)
    },
};

fn in_basis_type(t: &Typing<'_>) -> Rule {
    let (basis, _) = t.money(0)?;
    t.condition(1)?;
    t.percent(2)?;
    convertible(0, &basis)?;
    gives(Kind::Money(flag_of(t, 1), None))
}

fn flagged(including: bool) -> MoneyBasis {
    if including {
        MoneyBasis::Incl
    } else {
        MoneyBasis::Excl
    }
}

/// The basis that an argument says, by its text.
fn flag_of(t: &Typing<'_>, arg: usize) -> Basis {
    Basis::By(t.texts.get(arg).copied().unwrap_or_default().into())
}

/// `either`
pub(super) static EITHER: Function = Function {
    name: "either",
    group: Group::Money,
    params: &[
        value("including", "bool"),
        optional("incl", "money(incl)?"),
        optional("excl", "money(excl)?"),
    ],
    gives: "money(by including), absent if the chosen one may be",
    doc: "Of two prices that both exist, the one including VAT where the flag is true, the one excluding VAT where it is false. Nothing is computed, so nothing is lost.",
    examples: &[
        (
            "either(true, 125.00 incl, 100.00 excl) | as_incl",
            "125.00 incl",
        ),
        (
            "either(false, 125.00 incl, 100.00 excl) | as_excl",
            "100.00 excl",
        ),
    ],
    check: |t| kit::unless_reported(t, either_type),
    eval: |args| Ok(args.value(if args.truth(0)? { 1 } else { 2 }).clone()),
};

fn either_type(t: &Typing<'_>) -> Rule {
    t.condition(0)?;
    let mut scale = Some(0);
    for (arg, wanted, words) in [(1, Basis::Incl, "including"), (2, Basis::Excl, "excluding")] {
        match t.kind(arg) {
            Kind::Never | Kind::Nothing => {}
            Kind::Money(basis, decimals) if *basis == wanted => {
                scale = scale.zip(*decimals).map(|(a, b): (u8, u8)| a.max(b));
            }
            other => {
                return Err(wrong(
                    arg,
                    format!("takes the price {words} VAT here, not {other}"),
                ));
            }
        }
    }
    let optional = [1, 2]
        .iter()
        .any(|arg| t.ty(*arg).is_some_and(|ty| ty.optional));
    gives_type(Type {
        kind: Kind::Money(flag_of(t, 0), scale),
        optional,
    })
}

/// `as_incl`
pub(super) static AS_INCL: Function = Function {
    name: "as_incl",
    group: Group::Money,
    params: &[value("amount", "money, int or decimal")],
    gives: "money(incl)",
    doc: "Says that VAT is in an amount of which nobody knows; computes nothing. Fails the record if the amount's own flag says otherwise.",
    examples: &[("12.50 | as_incl", "12.50 incl")],
    check: |t| kit::unless_reported(t, |t| assertion(t, Basis::Incl)),
    eval: |args| asserted(args, MoneyBasis::Incl),
};

/// `as_excl`
pub(super) static AS_EXCL: Function = Function {
    name: "as_excl",
    group: Group::Money,
    params: &[value("amount", "money, int or decimal")],
    gives: "money(excl)",
    doc: "Says that no VAT is in an amount of which nobody knows; computes nothing. Fails the record if the amount's own flag says otherwise.",
    examples: &[
        ("12.50 | as_excl", "12.50 excl"),
        (
            "either(true, 12.50 incl, 10.00 excl) | as_excl",
            "fails \"includes VAT\"",
        ),
    ],
    check: |t| kit::unless_reported(t, |t| assertion(t, Basis::Excl)),
    eval: |args| asserted(args, MoneyBasis::Excl),
};

fn assertion(t: &Typing<'_>, to: Basis) -> Rule {
    let (known, other, way) = if to == Basis::Incl {
        (
            Basis::Excl,
            "excluding VAT",
            "convert it with `| incl_vat(rate)`",
        )
    } else {
        (
            Basis::Incl,
            "including VAT",
            "convert it with `| excl_vat(rate)`",
        )
    };
    match t.kind(0) {
        Kind::Int => gives(Kind::Money(to, Some(0))),
        Kind::Decimal(scale) => gives(Kind::Money(to, *scale)),
        Kind::Money(basis, _) if *basis == known => Err(wrong_but(
            0,
            format!("says what nobody knows, and this amount is known to be {other}"),
            way,
        )),
        Kind::Money(Basis::Vat, _) => Err(wrong(
            0,
            "says whether VAT is in an amount, and this is VAT itself",
        )),
        Kind::Money(_, scale) => gives(Kind::Money(to, *scale)),
        Kind::Never => gives(Kind::Money(to, None)),
        other => Err(wrong(0, format!("takes an amount here, not {other}"))),
    }
}

fn asserted(args: &mut Args<'_>, to: MoneyBasis) -> Given {
    let money = args.money(0)?;
    if money.basis == to || matches!(money.basis, MoneyBasis::Unknown | MoneyBasis::Plain) {
        return Ok(Value::Money(Money { basis: to, ..money }));
    }
    let (is, not) = match money.basis {
        MoneyBasis::Incl => ("includes VAT", "does not"),
        MoneyBasis::Excl => ("does not include VAT", "does"),
        _ => ("is VAT itself", "is a price"),
    };
    Err(fail(format!(
        "{} {is} by its own flag, and the flow says that it {not}",
        in_message(args.value(0))
    )))
}

/// `plain`
pub(super) static PLAIN: Function = Function {
    name: "plain",
    group: Group::Money,
    params: &[value("amount", "money, int or decimal")],
    gives: "money(plain)",
    doc: "The amount as payments and ledger rows take it: the same figure, and the question whether VAT is in it dropped.",
    examples: &[("125.00 incl | plain", "125.00 plain")],
    check: |t| {
        kit::unless_reported(t, |t| match t.kind(0) {
            Kind::Int => gives(Kind::Money(Basis::Plain, Some(0))),
            Kind::Decimal(scale) | Kind::Money(_, scale) => {
                gives(Kind::Money(Basis::Plain, *scale))
            }
            Kind::Never => gives(Kind::Money(Basis::Plain, None)),
            other => Err(wrong(0, format!("takes an amount here, not {other}"))),
        })
    },
    eval: |args| {
        Ok(Value::Money(Money {
            basis: MoneyBasis::Plain,
            ..args.money(0)?
        }))
    },
};

/// `includes_vat`
pub(super) static INCLUDES_VAT: Function = Function {
    name: "includes_vat",
    group: Group::Money,
    params: &[value("amount", "money")],
    gives: "bool?",
    doc: "Whether VAT is in an amount, as the value itself carries it; none for VAT, payments and amounts of which nobody knows.",
    examples: &[
        ("125.00 incl | includes_vat", "true"),
        ("100.00 excl | includes_vat", "false"),
        ("25.00 vat | includes_vat", "none"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.money(0)?;
            gives_type(Type::new(Kind::Bool).optional())
        })
    },
    eval: |args| {
        Ok(match args.money(0)?.basis {
            MoneyBasis::Incl => Value::Bool(true),
            MoneyBasis::Excl => Value::Bool(false),
            MoneyBasis::Vat | MoneyBasis::Plain | MoneyBasis::Unknown => Value::None,
        })
    },
};

/// `vat_of`
pub(super) static VAT_OF: Function = Function {
    name: "vat_of",
    group: Group::Money,
    params: &[value("price", "money"), value("rate", "percent")],
    gives: "money(vat)",
    doc: "The VAT that is in a price including VAT, or comes on top of one excluding VAT, to all digits. Round it once, and take the rest as the difference.",
    examples: &[
        ("125.00 incl | vat_of(25%) | round(2)", "25.00 vat"),
        ("4467.75 excl | vat_of(25%) | round(2)", "1116.94 vat"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            let (basis, _) = t.money(0)?;
            t.percent(1)?;
            convertible(0, &basis)?;
            gives(Kind::Money(Basis::Vat, None))
        })
    },
    eval: vat_of,
};

fn vat_of(args: &mut Args<'_>) -> Given {
    let (price, rate) = (args.money(0)?, args.rate(1)?);
    let shown = args.value(0);
    let tax = price.amount.checked_mul(rate);
    let amount = match price.basis {
        MoneyBasis::Excl => tax,
        MoneyBasis::Incl => Decimal::ONE
            .checked_add(rate)
            .and_then(|factor| tax.and_then(|tax| tax.checked_div(factor))),
        MoneyBasis::Unknown if price.amount.is_zero() => Some(price.amount),
        _ => {
            return Err(fail(format!(
                "nobody says whether VAT is in {}",
                in_message(shown)
            )));
        }
    };
    Ok(Value::Money(Money {
        amount: amount.ok_or_else(|| too_large(shown))?,
        currency: price.currency,
        basis: MoneyBasis::Vat,
    }))
}

/// The failure of an amount in a place where its basis must be another.
pub(super) fn same_basis(left: &Money, right: &Money) -> Result<(), Failure> {
    let either_bare = left.basis == MoneyBasis::Unknown || right.basis == MoneyBasis::Unknown;
    if left.basis == right.basis || either_bare {
        return Ok(());
    }
    Err(fail(format!(
        "{} and {} cannot be compared: whether VAT is in them differs",
        in_message(&Value::Money(*left)),
        in_message(&Value::Money(*right))
    )))
}
