//! Adding up over the items of a list.

use super::kit::{self, Rule, default, each, fail, value, wrong_but};
use crate::display::in_message;
use crate::function::{Function, Group, Mismatch, Typing};
use crate::operations;
use crate::types::{Basis, Kind, Type};
use crate::value::{Money, MoneyBasis, Value};

/// `sum`
pub(super) static SUM: Function = Function {
    name: "sum",
    group: Group::List,
    params: &[
        value("items", "[T]"),
        each(
            "of",
            "a number, percent or money of an item; may be left out",
        ),
        default(
            "from",
            "what the sum of nothing is; filled in by the checker",
        ),
    ],
    gives: "what is added up",
    doc: "All items added up, or what the expression gives for each; 0 of an empty list. Amounts of different currencies fail the record.",
    examples: &[
        ("[1, 2, 3] | sum", "6"),
        (
            "[{ p: 2.50 incl }, { p: 1.50 incl }] | sum(.p)",
            "4.00 incl",
        ),
    ],
    check: |t| kit::unless_reported(t, sum_type),
    eval: |args| {
        let parts = args.items_by(1)?;
        let start = if args.has(2) {
            args.value(2).clone()
        } else {
            Value::Int(0)
        };
        parts
            .iter()
            .try_fold(start, |sum, part| operations::add(&sum, part))
    },
};

/// What is added up over items, and what nothing of it is.
fn summed(t: &Typing<'_>) -> Result<(Kind, Value), Mismatch> {
    let item = t.list(0)?;
    t.certain(1, "say `else 0` in the expression")?;
    let (arg, kind) = match t.ty(1) {
        Some(of) => (1, of.kind.clone()),
        None => (0, item.kind),
    };
    let nothing = |basis| {
        Value::Money(Money {
            amount: rust_decimal::Decimal::ZERO,
            currency: None,
            basis,
        })
    };
    let start = match &kind {
        Kind::Int | Kind::Never => Value::Int(0),
        Kind::Nothing => return Ok((Kind::Int, Value::Int(0))),
        Kind::Decimal(_) => Value::Decimal(rust_decimal::Decimal::ZERO),
        Kind::Percent => Value::Percent(rust_decimal::Decimal::ZERO),
        Kind::Money(Basis::Incl, _) => nothing(MoneyBasis::Incl),
        Kind::Money(Basis::Excl, _) => nothing(MoneyBasis::Excl),
        Kind::Money(Basis::Vat, _) => nothing(MoneyBasis::Vat),
        Kind::Money(Basis::Plain, _) => nothing(MoneyBasis::Plain),
        Kind::Money(Basis::Unknown, _) => {
            return Err(wrong_but(
                arg,
                "adds up what is known, and nobody knows whether VAT is in these amounts",
                "say it with `as_incl`, `as_excl` or `plain` in the expression",
            ));
        }
        // A flag speaks in each record alone; a bare 0 takes the basis of what is added to it.
        Kind::Money(..) => Value::Int(0),
        other => {
            return Err(wrong_but(
                arg,
                format!("adds up numbers, percents and money, not {other}"),
                "say what of each item: `sum(.total)`",
            ));
        }
    };
    let kind = match kind {
        Kind::Money(Basis::By(_), scale) => Kind::Money(Basis::Carried, scale),
        other => other,
    };
    Ok((kind, start))
}

fn sum_type(t: &Typing<'_>) -> Rule {
    let (kind, start) = summed(t)?;
    let mut arguments = t.left_out(1);
    if !t.given(2) {
        arguments.push((2, start));
    }
    kit::supplied(kind, arguments)
}

/// `average`
pub(super) static AVERAGE: Function = Function {
    name: "average",
    group: Group::List,
    params: &[
        value("items", "[T]"),
        each(
            "of",
            "a number, percent or money of an item; may be left out",
        ),
    ],
    gives: "what is averaged, with all digits; none of an empty list",
    doc: "The sum divided by how many there are, not rounded.",
    examples: &[("[1, 2] | average", "1.5"), ("[] | average else 0", "0")],
    check: |t| {
        kit::unless_reported(t, |t| {
            let (kind, _) = summed(t)?;
            let ty = Type::new(match kind {
                Kind::Int | Kind::Decimal(_) => Kind::Decimal(None),
                Kind::Money(basis, _) => Kind::Money(basis, None),
                other => other,
            });
            Ok(crate::function::Typed {
                ty: if t.is_filled(0) { ty } else { ty.optional() },
                supplied: t.left_out(1),
            })
        })
    },
    eval: |args| {
        let parts = args.items_by(1)?;
        let Some((first, rest)) = parts.split_first() else {
            return Ok(Value::None);
        };
        let sum = rest
            .iter()
            .try_fold(first.clone(), |sum, part| operations::add(&sum, part))?;
        let count = i64::try_from(parts.len())
            .map_err(|_| fail(format!("{} has too many items", in_message(args.value(0)))))?;
        operations::div(&sum, &Value::Int(count))
    },
};
