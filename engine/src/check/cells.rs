//! Cells of decision tables: flow text and fields of CSV files → tests of one column.
//!
//! A CSV field is read into the same tree as a cell of flow text, so both are judged in one place.

use flowbook_grammar::ast::{self, Alternative, BinaryOp, Constant, Literal};
use flowbook_grammar::{FileId, Span};
use flowbook_stdlib::rules::{Misfit, fits_into};
use flowbook_stdlib::types::{Kind, Type};
use flowbook_stdlib::value::Value;

use super::csv::Field;
use super::literal::literal;
use super::misfit::a;
use super::places;
use super::suggest;
use crate::diagnostic::Diagnostic;
use crate::plan::{Cell, Comparison, Test};

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Its name: a parameter's, or the text of what is matched.
    pub(crate) name: String,
    /// Its type.
    pub(crate) ty: Type,
}

/// A cell's tests, or what is wrong with it. `place` stands before messages: the file, line and column of a CSV, else nothing.
pub(crate) fn cell(
    cell: &ast::Cell,
    column: &Column,
    place: &str,
) -> Result<Cell, Box<Diagnostic>> {
    if column.ty.kind == Kind::Unknown {
        return Ok(Cell::Any);
    }
    let mut tests = Vec::with_capacity(cell.alternatives.len());
    for alternative in &cell.alternatives {
        match test(alternative, column, place)? {
            Some(test) => tests.push(test),
            None => return Ok(Cell::Any),
        }
    }
    Ok(Cell::OneOf(tests))
}

/// One alternative; none for `_`.
fn test(
    alternative: &Alternative,
    column: &Column,
    place: &str,
) -> Result<Option<Test>, Box<Diagnostic>> {
    let constant = |literal: &Literal, span: Span| value(literal, span, column, place);
    Ok(Some(match alternative {
        Alternative::Any => return Ok(None),
        Alternative::Compare(op, bound, span) => {
            ordered(column, *span, place)?;
            let comparison = match op {
                BinaryOp::Lt => Comparison::Lt,
                BinaryOp::Le => Comparison::Le,
                BinaryOp::Gt => Comparison::Gt,
                BinaryOp::Ge => Comparison::Ge,
                BinaryOp::Ne => Comparison::Ne,
                _ => Comparison::Eq,
            };
            Test::Compare(comparison, constant(bound, *span)?)
        }
        Alternative::Range(low, high, span) => {
            ordered(column, *span, place)?;
            Test::Range(constant(low, *span)?, constant(high, *span)?)
        }
        Alternative::Set(Constant::Literal(literal, span), less) => {
            if let Some(less) = less.first() {
                return Err(Box::new(Diagnostic::error(
                    "F0210",
                    constant_span(less),
                    format!("{place}Only a set of countries can be lessened by `-`, and this is one value."),
                )
                .label("cannot be taken from one value")
                .help("Write the value alone, or a set before the `-`: `eu - SE`.")));
            }
            Test::Is(constant(literal, *span)?)
        }
        Alternative::Set(Constant::Name(name), less) => {
            let territories = set(name, column, place)?;
            let mut less_sets = Vec::new();
            let mut codes = Vec::new();
            for one in less {
                match one {
                    Constant::Name(name) => {
                        set(name, column, place)?;
                        less_sets.push(name.text.clone());
                    }
                    Constant::Literal(literal, span) => {
                        let code = constant(literal, *span)?;
                        codes.push(match code {
                            Value::Country(code) if territories => Value::Territory(code),
                            code => code,
                        });
                    }
                }
            }
            Test::Within {
                set: name.text.clone(),
                less_sets,
                less: codes,
            }
        }
    }))
}

fn constant_span(constant: &Constant) -> Span {
    match constant {
        Constant::Literal(_, span) => *span,
        Constant::Name(name) => name.span,
    }
}

/// A constant of a column's type.
fn value(
    constant: &Literal,
    span: Span,
    column: &Column,
    place: &str,
) -> Result<Value, Box<Diagnostic>> {
    let Column { name, ty } = column;
    if *constant == Literal::None {
        return if ty.optional {
            Ok(Value::None)
        } else {
            Err(Box::new(
                Diagnostic::error(
                    "F0208",
                    span,
                    format!("{place}The column `{name}` is never none: it is {ty}, without a `?`."),
                )
                .label("never matches")
                .help(if name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                    format!("Take `none` out, or let the column be absent: `{name}: {ty}?`.")
                } else {
                    "Take `none` out.".to_owned() // a computed value of a `match`
                }),
            ))
        };
    }
    let present = ty.clone().present();
    if is_text(ty) && !matches!(constant, Literal::Text(_)) {
        return Err(Box::new(
            Diagnostic::error(
                "F0208",
                span,
                format!(
                    "{place}The column `{name}` is {present}, and only texts in quotes are texts."
                ),
            )
            .label("no text")
            .maybe_help(fix(constant, &present)),
        ));
    }
    let (found, narrow) = literal(constant, Some(&present)).map_err(|unfit| {
        Diagnostic::error("F0208", span, format!("{place}{}", unfit.message))
            .label(format!("the column `{name}` is {present}"))
            .maybe_help(unfit.help)
    })?;
    match fits_into(&narrow, &present) {
        Ok(()) | Err(Misfit::Decimals(..)) => Ok(territory(found, &present)),
        Err(misfit) => {
            let found = flowbook_stdlib::display::in_message(&found);
            let why = match misfit {
                Misfit::Long(Some(come), most) => {
                    format!("it has {come} characters, and the column at most {most}")
                }
                _ => format!("it is {}, and the column is {present}", a(&narrow)),
            };
            Err(Box::new(
                Diagnostic::error(
                    "F0208",
                    span,
                    format!("{place}The column `{name}` can never be {found}: {why}."),
                )
                .label(format!("the column `{name}` is {present}"))
                .maybe_help(fix(constant, &present)),
            ))
        }
    }
}

/// Every country is a territory.
fn territory(value: Value, ty: &Type) -> Value {
    match (value, &ty.kind) {
        (Value::Country(code), Kind::Territory) => Value::Territory(code),
        (value, _) => value,
    }
}

fn fix(constant: &Literal, ty: &Type) -> Option<String> {
    match (constant, &ty.kind) {
        (Literal::Number(digits), Kind::Percent) => {
            Some(format!("A percentage has its sign: `{digits}%`."))
        }
        (
            Literal::Number(text)
            | Literal::Country(text)
            | Literal::Currency(text)
            | Literal::Date(text),
            Kind::Text(_) | Kind::OneOf(_) | Kind::Email(_),
        ) => Some(format!("Text stands in quotes: `\"{text}\"`.")),
        (Literal::Percent(text), Kind::Text(_) | Kind::OneOf(_)) => {
            Some(format!("Text stands in quotes: `\"{text}%\"`."))
        }
        (Literal::Text(text), Kind::Int | Kind::Decimal(_) | Kind::Bool | Kind::Country) => {
            Some(format!("Without quotes: `{text}`."))
        }
        (Literal::Percent(digits), Kind::Int | Kind::Decimal(_)) => {
            Some(format!("A number has no sign: `{digits}`."))
        }
        _ => None,
    }
}

fn ordered(column: &Column, span: Span, place: &str) -> Result<(), Box<Diagnostic>> {
    if matches!(
        column.ty.kind,
        Kind::Int
            | Kind::Decimal(_)
            | Kind::Percent
            | Kind::Money(..)
            | Kind::Date
            | Kind::DateTime
            | Kind::Time
    ) {
        return Ok(());
    }
    Err(Box::new(Diagnostic::error(
        "F0210",
        span,
        format!(
            "{place}The column `{}` is {}, which has no order: ranges and comparisons do not fit it.",
            column.name, column.ty
        ),
    )
    .label("only numbers, percentages, money, dates and times have an order")
    .help("List the values one by one, joined by `|`.")))
}

/// Whether a named set fits the column; true: of territories.
fn set(name: &ast::Word, column: &Column, place: &str) -> Result<bool, Box<Diagnostic>> {
    let territories = match column.ty.kind {
        Kind::Country => false,
        Kind::Territory => true,
        _ => {
            let error = Diagnostic::error(
                "F0209",
                name.span,
                format!(
                    "{place}`{}` is no constant; the column `{}` is {}.",
                    name.text, column.name, column.ty
                ),
            )
            .label("names stand for sets of countries only");
            return Err(Box::new(match column.ty.kind {
                Kind::Text(_) | Kind::OneOf(_) | Kind::Email(_) => {
                    error.help(format!("Text stands in quotes: `\"{}\"`.", name.text))
                }
                _ => error.help("Write a constant, constants joined by `|`, or `_` for any value."),
            }));
        }
    };
    if places::is_set(&name.text) {
        return Ok(territories);
    }
    Err(Box::new(
        Diagnostic::error(
            "F0209",
            name.span,
            format!(
                "{place}There is no set of countries called `{}`.",
                name.text
            ),
        )
        .label("no such set")
        .maybe_help(
            if name.text.len() == 2 && name.text.chars().all(|letter| letter.is_ascii_lowercase()) {
                Some(format!(
                    "A country's code has two capitals: `{}`.",
                    name.text.to_uppercase()
                ))
            } else {
                suggest::help(&name.text, places::sets(), "Sets of countries")
            },
        ),
    ))
}

/// A field of a CSV as a cell: empty for any value, alternatives joined by `|`, texts with or without quotes.
pub(crate) fn of_field(field: &Field, ty: &Type) -> ast::Cell {
    let span = field.span;
    let alternatives = if field.text.is_empty() {
        vec![Alternative::Any]
    } else {
        split(&field.text)
            .into_iter()
            .map(|part| alternative(part, span, ty))
            .collect()
    };
    ast::Cell { alternatives, span }
}

/// Alternatives of a field: `|` inside quotes does not count.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '|' if !quoted => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

fn alternative(text: &str, span: Span, ty: &Type) -> Alternative {
    if text == "_" {
        return Alternative::Any;
    }
    if is_text(ty) {
        return Alternative::Set(Constant::Literal(of_text(text, ty), span), Vec::new());
    }
    for (sign, op) in [
        (">=", BinaryOp::Ge),
        ("<=", BinaryOp::Le),
        (">", BinaryOp::Gt),
        ("<", BinaryOp::Lt),
    ] {
        if let Some(bound) = text.strip_prefix(sign) {
            return Alternative::Compare(op, of_text(bound.trim(), ty), span);
        }
    }
    if let Some((low, high)) = text.split_once("..") {
        return Alternative::Range(of_text(low.trim(), ty), of_text(high.trim(), ty), span);
    }
    if matches!(ty.kind, Kind::Country | Kind::Territory) {
        let mut parts = text.split('-').map(|part| {
            let part = part.trim();
            match of_text(part, ty) {
                Literal::Text(name) => Constant::Name(ast::Word { text: name, span }),
                literal => Constant::Literal(literal, span),
            }
        });
        if let Some(first) = parts.next() {
            return Alternative::Set(first, parts.collect());
        }
    }
    Alternative::Set(Constant::Literal(of_text(text, ty), span), Vec::new())
}

fn is_text(ty: &Type) -> bool {
    matches!(
        ty.kind,
        Kind::Text(_) | Kind::OneOf(_) | Kind::Email(_) | Kind::Uuid
    )
}

/// A literal by its looks; texts need no quotes.
pub(crate) fn of_text(text: &str, ty: &Type) -> Literal {
    if let Some(inner) = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        return Literal::Text(inner.replace("\"\"", "\""));
    }
    if text == "none" {
        return Literal::None;
    }
    if is_text(ty) {
        return Literal::Text(text.to_owned());
    }
    let digits = |text: &str| {
        let body = text.strip_prefix('-').unwrap_or(text);
        let mut parts = body.splitn(2, '.');
        let whole = |part: Option<&str>| {
            part.is_some_and(|part| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        whole(parts.next()) && (!body.contains('.') || whole(parts.next()))
    };
    let capitals =
        |count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_uppercase());
    match text {
        "true" => return Literal::Bool(true),
        "false" => return Literal::Bool(false),
        _ => {}
    }
    if let Some(points) = text.strip_suffix('%').map(str::trim_end)
        && digits(points)
    {
        return Literal::Percent(points.to_owned());
    }
    if digits(text) {
        return Literal::Number(text.to_owned());
    }
    if let Some((amount, basis)) = text.split_once(' ')
        && digits(amount)
        && matches!(basis.trim(), "incl" | "excl" | "vat" | "plain")
    {
        return Literal::Money(amount.to_owned(), basis.trim().to_owned());
    }
    if text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10 {
        return Literal::Date(text.to_owned());
    }
    if text.parse::<jiff::Timestamp>().is_ok() {
        return Literal::DateTime(text.to_owned());
    }
    if text.len() == 5 && text.as_bytes()[2] == b':' {
        return Literal::Time(text.to_owned());
    }
    if capitals(2) {
        return Literal::Country(text.to_owned());
    }
    if capitals(3) {
        return Literal::Currency(text.to_owned());
    }
    Literal::Text(text.to_owned())
}

/// A field that a CSV leaves out: nothing stands there.
pub(crate) fn nowhere(file: FileId, at: u32) -> Field {
    Field {
        text: String::new(),
        span: Span {
            file,
            start: at,
            end: at,
        },
    }
}
