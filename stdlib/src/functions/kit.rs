//! What type rules and code of functions share: reading arguments, naming what does not fit.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::display::{in_message, in_text};
use crate::function::{Args, Failure, Mismatch, Param, ParamKind, Typed, Typing};
use crate::types::{Basis, Kind, Type};
use crate::value::{Code, Money, MoneyBasis, Value};

pub(super) type Rule = Result<Typed, Mismatch>;
pub(super) type Given = Result<Value, Failure>;

/// A present argument.
pub(super) const fn value(name: &'static str, takes: &'static str) -> Param {
    Param {
        name,
        takes,
        kind: ParamKind::Value,
    }
}

/// An argument that may be absent.
pub(super) const fn optional(name: &'static str, takes: &'static str) -> Param {
    Param {
        name,
        takes,
        kind: ParamKind::Optional,
    }
}

/// An argument that may be left out.
pub(super) const fn default(name: &'static str, takes: &'static str) -> Param {
    Param {
        name,
        takes,
        kind: ParamKind::Default,
    }
}

/// An expression over the items of the first argument.
pub(super) const fn each(name: &'static str, takes: &'static str) -> Param {
    Param {
        name,
        takes,
        kind: ParamKind::Each(0),
    }
}

/// A call that gives a present value of this kind.
pub(super) fn gives(kind: Kind) -> Rule {
    gives_type(Type::new(kind))
}

/// A call that gives this kind, or nothing.
pub(super) fn perhaps(kind: Kind) -> Rule {
    gives_type(Type::new(kind).optional())
}

/// A call that gives this type.
pub(super) fn gives_type(ty: Type) -> Rule {
    Ok(Typed {
        ty,
        supplied: Vec::new(),
    })
}

/// A call that gives this kind, with an argument that follows from the types.
pub(super) fn supplied(kind: Kind, arguments: Vec<(usize, Value)>) -> Rule {
    Ok(Typed {
        ty: Type::new(kind),
        supplied: arguments,
    })
}

/// Runs a rule, unless an argument was reported already: then nothing more is said of the call.
pub(super) fn unless_reported(typing: &Typing<'_>, rule: fn(&Typing<'_>) -> Rule) -> Rule {
    let reported = typing
        .args
        .iter()
        .flatten()
        .any(|ty| was_reported(&ty.kind));
    if reported {
        return gives(Kind::Unknown);
    }
    rule(typing)
}

fn was_reported(kind: &Kind) -> bool {
    match kind {
        Kind::Unknown => true,
        Kind::List(item) => was_reported(&item.kind),
        _ => false,
    }
}

/// An argument that does not fit.
pub(super) fn wrong(arg: usize, message: impl Into<String>) -> Mismatch {
    Mismatch {
        arg: Some(arg),
        message: message.into(),
        help: None,
    }
}

/// The same, with a way out.
pub(super) fn wrong_but(
    arg: usize,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Mismatch {
    Mismatch {
        help: Some(help.into()),
        ..wrong(arg, message)
    }
}

impl Typing<'_> {
    /// The type of an argument, if it was given.
    pub(super) fn ty(&self, arg: usize) -> Option<&Type> {
        self.args.get(arg).and_then(Option::as_ref)
    }

    /// The kind of an argument; one left out or ending the record fits everything.
    pub(super) fn kind(&self, arg: usize) -> &Kind {
        self.ty(arg).map_or(&Kind::Never, |ty| &ty.kind)
    }

    /// Whether an argument was given.
    pub(super) fn given(&self, arg: usize) -> bool {
        self.ty(arg).is_some()
    }

    /// A constant argument.
    pub(super) fn constant(&self, arg: usize) -> Option<&Value> {
        self.constants.get(arg).and_then(Option::as_ref)
    }

    /// Whether this list certainly has an item.
    pub(super) fn is_filled(&self, arg: usize) -> bool {
        self.filled.get(arg).copied().unwrap_or(false)
            || matches!(self.constant(arg), Some(Value::List(items)) if !items.is_empty())
    }

    /// A text, or what turns into one by itself; its longest length.
    pub(super) fn text(&self, arg: usize) -> Result<Option<u32>, Mismatch> {
        let kind = self.kind(arg);
        text_bound(kind).ok_or_else(|| {
            let message = format!("takes a text here, not {kind}");
            match kind {
                Kind::Int | Kind::Decimal(_) | Kind::Account | Kind::Money(..) => {
                    wrong_but(arg, message, "turn it into a text with `| text`")
                }
                _ => wrong(arg, message),
            }
        })
    }

    /// A text that may be the literal `none`.
    pub(super) fn text_or_nothing(&self, arg: usize) -> Result<(), Mismatch> {
        if *self.kind(arg) == Kind::Nothing {
            return Ok(());
        }
        self.text(arg).map(|_| ())
    }

    /// A whole number.
    pub(super) fn int(&self, arg: usize) -> Result<(), Mismatch> {
        self.one_of(arg, "a whole number", |kind| *kind == Kind::Int)
    }

    /// A constant whole number that is not below `least`.
    pub(super) fn count(&self, arg: usize, least: i64) -> Result<Option<i64>, Mismatch> {
        self.int(arg)?;
        match self.constant(arg) {
            Some(Value::Int(number)) if *number < least => Err(wrong(
                arg,
                format!("takes a number from {least} on, not {number}"),
            )),
            Some(Value::Int(number)) => Ok(Some(*number)),
            _ => Ok(None),
        }
    }

    /// `true` or `false`, always there.
    pub(super) fn condition(&self, arg: usize) -> Result<(), Mismatch> {
        self.one_of(arg, "a condition", |kind| *kind == Kind::Bool)?;
        self.certain(arg, "say `else false`")
    }

    /// A rate.
    pub(super) fn percent(&self, arg: usize) -> Result<(), Mismatch> {
        if matches!(self.kind(arg), Kind::Int | Kind::Decimal(_)) {
            return Err(wrong_but(
                arg,
                format!("takes a percent here, not {}", self.kind(arg)),
                "write `25%`, or turn points into a percent with `| percent`",
            ));
        }
        self.one_of(arg, "a percent", |kind| *kind == Kind::Percent)
    }

    /// A day.
    pub(super) fn date(&self, arg: usize) -> Result<(), Mismatch> {
        if matches!(self.kind(arg), Kind::DateTime) {
            return Err(wrong_but(
                arg,
                "takes a date here, not a datetime",
                "take its day with `| date`",
            ));
        }
        self.one_of(arg, "a date", |kind| *kind == Kind::Date)
    }

    /// A country, or a VAT territory.
    pub(super) fn country(&self, arg: usize) -> Result<(), Mismatch> {
        if matches!(self.kind(arg), Kind::Text(_) | Kind::OneOf(_)) {
            return Err(wrong_but(
                arg,
                format!("takes a country here, not {}", self.kind(arg)),
                "turn a name or code into a country with `| country`",
            ));
        }
        self.one_of(arg, "a country", |kind| {
            matches!(kind, Kind::Country | Kind::Territory)
        })
    }

    /// A list; the type of its items.
    pub(super) fn list(&self, arg: usize) -> Result<Type, Mismatch> {
        match self.kind(arg) {
            Kind::List(item) => Ok((**item).clone().present()),
            Kind::Never => Ok(Type::new(Kind::Never)),
            other => Err(wrong(arg, format!("takes a list here, not {other}"))),
        }
    }

    /// Money; its basis and decimals. Bare numbers are no money here.
    pub(super) fn money(&self, arg: usize) -> Result<(Basis, Option<u8>), Mismatch> {
        match self.kind(arg) {
            Kind::Money(basis, scale) => Ok((basis.clone(), *scale)),
            Kind::Never => Ok((Basis::Carried, None)),
            Kind::Int | Kind::Decimal(_) => Err(wrong_but(
                arg,
                format!("takes money here, not {}", self.kind(arg)),
                "say what it is: `| as_incl`, `| as_excl` or `| plain`",
            )),
            other => Err(wrong(arg, format!("takes money here, not {other}"))),
        }
    }

    /// An argument of one of some kinds, in words.
    pub(super) fn one_of(
        &self,
        arg: usize,
        words: &str,
        fits: fn(&Kind) -> bool,
    ) -> Result<(), Mismatch> {
        let kind = self.kind(arg);
        if *kind == Kind::Never || fits(kind) {
            Ok(())
        } else {
            Err(wrong(arg, format!("takes {words} here, not {kind}")))
        }
    }

    /// An argument, or expression over items, that is always there.
    pub(super) fn certain(&self, arg: usize, help: &str) -> Result<(), Mismatch> {
        match self.ty(arg) {
            Some(ty) if ty.optional => Err(wrong_but(
                arg,
                "takes what is always there, and this may be absent",
                help,
            )),
            _ => Ok(()),
        }
    }

    /// What an expression left out stands for: see [`ParamKind::Each`].
    pub(super) fn left_out(&self, arg: usize) -> Vec<(usize, Value)> {
        if self.given(arg) {
            Vec::new()
        } else {
            vec![(arg, Value::Bool(true))]
        }
    }
}

/// The longest text that a kind turns into by itself; none for kinds that do not.
pub(super) fn text_bound(kind: &Kind) -> Option<Option<u32>> {
    Some(match kind {
        Kind::Text(most) => *most,
        Kind::Email(most) => Some(most.unwrap_or(254).min(254)),
        Kind::OneOf(names) => Some(
            names
                .iter()
                .map(|name| name.name.chars().count() as u32)
                .max()
                .unwrap_or(0),
        ),
        Kind::Uuid => Some(36),
        Kind::Country | Kind::Territory => Some(2),
        Kind::Currency => Some(3),
        Kind::Never => Some(0),
        _ => return None,
    })
}

/// Whether an amount of this basis can become an amount including or excluding VAT.
pub(super) fn convertible(arg: usize, basis: &Basis) -> Result<(), Mismatch> {
    match basis {
        Basis::Incl | Basis::Excl | Basis::By(_) | Basis::Carried => Ok(()),
        Basis::Vat => Err(wrong(arg, "converts prices, and this is VAT itself")),
        Basis::Plain => Err(wrong_but(
            arg,
            "converts prices, and a plain amount (a payment, a ledger row) has no VAT in it",
            "say what it is with `as_incl` or `as_excl` first",
        )),
        Basis::Unknown => Err(wrong_but(
            arg,
            "needs to know whether VAT is in the amount, and nobody knows that of this field",
            "say it with `as_incl` or `as_excl` first",
        )),
    }
}

pub(super) fn fail(reason: impl Into<String>) -> Failure {
    Failure::Reason(reason.into())
}

/// What only a call that the checker never saw can meet.
fn misplaced(arg: &Value, words: &str) -> Failure {
    fail(format!("{} is no {words}", in_message(arg)))
}

impl Args<'_> {
    /// An argument; `none` for one left out.
    pub(super) fn value(&self, arg: usize) -> &Value {
        self.values.get(arg).unwrap_or(&Value::None)
    }

    /// Whether an argument is there.
    pub(super) fn has(&self, arg: usize) -> bool {
        *self.value(arg) != Value::None
    }

    /// A text, or what turns into one by itself.
    pub(super) fn text(&self, arg: usize) -> Result<Arc<str>, Failure> {
        match self.value(arg) {
            Value::Text(text) | Value::Email(text) | Value::Account(text) => Ok(text.clone()),
            code @ (Value::Uuid(_)
            | Value::Country(_)
            | Value::Territory(_)
            | Value::Currency(_)) => Ok(in_text(code).into()),
            other => Err(misplaced(other, "text")),
        }
    }

    /// A text, or this one when left out.
    pub(super) fn text_or(&self, arg: usize, otherwise: &str) -> Result<Arc<str>, Failure> {
        if self.has(arg) {
            self.text(arg)
        } else {
            Ok(otherwise.into())
        }
    }

    pub(super) fn int(&self, arg: usize) -> Result<i64, Failure> {
        match self.value(arg) {
            Value::Int(number) => Ok(*number),
            other => Err(misplaced(other, "whole number")),
        }
    }

    /// How many; never below zero.
    pub(super) fn count(&self, arg: usize, otherwise: usize) -> Result<usize, Failure> {
        if !self.has(arg) {
            return Ok(otherwise);
        }
        let number = self.int(arg)?;
        usize::try_from(number).map_err(|_| fail(format!("{number} is below zero")))
    }

    pub(super) fn truth(&self, arg: usize) -> Result<bool, Failure> {
        match self.value(arg) {
            Value::Bool(yes) => Ok(*yes),
            other => Err(misplaced(other, "true or false")),
        }
    }

    pub(super) fn date(&self, arg: usize) -> Result<jiff::civil::Date, Failure> {
        match self.value(arg) {
            Value::Date(date) => Ok(*date),
            other => Err(misplaced(other, "date")),
        }
    }

    pub(super) fn country(&self, arg: usize) -> Result<Code<2>, Failure> {
        match self.value(arg) {
            Value::Country(code) | Value::Territory(code) => Ok(*code),
            other => Err(misplaced(other, "country")),
        }
    }

    /// A rate as a fraction: 25% is 0.25.
    pub(super) fn rate(&self, arg: usize) -> Result<Decimal, Failure> {
        match self.value(arg) {
            Value::Percent(points) if *points <= -Decimal::ONE_HUNDRED => Err(fail(format!(
                "{} is no rate of VAT",
                in_message(self.value(arg))
            ))),
            Value::Percent(points) => points
                .checked_div(Decimal::ONE_HUNDRED)
                .ok_or_else(|| too_large(self.value(arg))),
            other => Err(misplaced(other, "percent")),
        }
    }

    pub(super) fn list(&self, arg: usize) -> Result<Arc<[Value]>, Failure> {
        match self.value(arg) {
            Value::List(items) => Ok(items.clone()),
            other => Err(misplaced(other, "list")),
        }
    }

    /// Money. A bare number may stand for it (the sum of no amounts is 0); nobody knows whether VAT is in it, and in 0 it does not matter.
    pub(super) fn money(&self, arg: usize) -> Result<Money, Failure> {
        let bare = |amount: Decimal| Money {
            amount,
            currency: None,
            basis: MoneyBasis::Unknown,
        };
        match self.value(arg) {
            Value::Money(money) => Ok(*money),
            Value::Int(number) => Ok(bare(Decimal::from(*number))),
            Value::Decimal(number) => Ok(bare(*number)),
            other => Err(misplaced(other, "amount")),
        }
    }

    /// What the expression of a parameter gives for an item.
    pub(super) fn of_item(&mut self, param: usize, item: &Value) -> Given {
        (self.each)(param, item)
    }

    /// Whether the condition of a parameter holds for an item.
    pub(super) fn holds(&mut self, param: usize, item: &Value) -> Result<bool, Failure> {
        match self.of_item(param, item)? {
            Value::Bool(yes) => Ok(yes),
            other => Err(misplaced(&other, "true or false")),
        }
    }

    /// The items of the first argument, or what the expression of a parameter gives for each of them.
    pub(super) fn items_by(&mut self, param: usize) -> Result<Vec<Value>, Failure> {
        let items = self.list(0)?;
        if self.has(param) {
            return Ok(items.to_vec()); // the rule put `true` where no expression was given
        }
        items.iter().map(|item| self.of_item(param, item)).collect()
    }
}

/// A result with more digits than a decimal holds.
pub(super) fn too_large(value: &Value) -> Failure {
    fail(format!(
        "the result of {} has more digits than an amount can hold",
        in_message(value)
    ))
}

/// A text value.
pub(super) fn text(text: impl Into<Arc<str>>) -> Value {
    Value::Text(text.into())
}

/// A text value, or none for an empty one.
pub(super) fn text_or_none(text: &str) -> Value {
    if text.is_empty() {
        Value::None
    } else {
        Value::Text(text.into())
    }
}
