//! Constants of flow text → values of an expected type: defaults, settings, options of systems.

use std::sync::Arc;

use flowbook_grammar::Span as TextSpan;
use flowbook_grammar::ast::{self, BinaryOp, Element, Expr, ExprKind, Literal, TimeUnit};
use flowbook_stdlib::decimals;
use flowbook_stdlib::types::{Basis, Kind, Type};
use flowbook_stdlib::value::{Code, Money, MoneyBasis, Span, Value};

use super::suggest;

/// Why a constant is no value of a type.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfit {
    /// Where: the constant, or the item of a list.
    pub span: TextSpan,
    /// A whole sentence.
    pub message: String,
    /// The fix.
    pub help: Option<String>,
    /// It is no constant at all.
    pub computed: bool,
}

impl Unfit {
    fn new(span: TextSpan, message: String) -> Unfit {
        Unfit {
            span,
            message,
            help: None,
            computed: false,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Unfit {
        self.help = Some(help.into());
        self
    }
}

/// The value that an expression without names stands for.
pub fn of_expr(expr: &Expr, ty: &Type) -> Result<Value, Box<Unfit>> {
    match &expr.kind {
        ExprKind::Literal(literal) => of_literal(literal, expr.span, ty),
        ExprKind::Paren(inner) => of_expr(inner, ty),
        ExprKind::Neg(inner) => match &inner.kind {
            ExprKind::Literal(Literal::Number(digits)) => {
                of_literal(&Literal::Number(format!("-{digits}")), expr.span, ty)
            }
            ExprKind::Literal(Literal::Percent(digits)) => {
                of_literal(&Literal::Percent(format!("-{digits}")), expr.span, ty)
            }
            ExprKind::Literal(Literal::Money(digits, basis)) => of_literal(
                &Literal::Money(format!("-{digits}"), basis.clone()),
                expr.span,
                ty,
            ),
            _ => Err(computed(expr)),
        },
        ExprKind::List(elements) => {
            let item = match &ty.kind {
                Kind::List(item) => (**item).clone(),
                Kind::Unknown => ty.clone(),
                _ => {
                    return Err(Box::new(Unfit::new(
                        expr.span,
                        format!("A list stands where {} is expected.", a(ty)),
                    )));
                }
            };
            let mut values = Vec::with_capacity(elements.len());
            for element in elements {
                match element {
                    Element::One(one) => values.push(of_expr(one, &item.clone().present())?),
                    Element::Spread(one) => return Err(computed(one)),
                    Element::For(comprehension) => {
                        return Err(computed(&comprehension.list));
                    }
                }
            }
            Ok(Value::List(values.into()))
        }
        // `2 * 3` and `"a" | upper` are computed: a setting's value is written down.
        _ => Err(computed(expr)),
    }
}

fn computed(expr: &Expr) -> Box<Unfit> {
    let named = match &expr.kind {
        ExprKind::Name(name) => format!("`{name}` is a name"),
        ExprKind::Text(_) => "A text with `{…}` in it is computed".to_owned(),
        ExprKind::Record(_) => "A record is no constant".to_owned(),
        ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div, ..) => {
            "This is computed".to_owned()
        }
        _ => "This is an expression".to_owned(),
    };
    let quoted = match &expr.kind {
        ExprKind::Name(name) => Some(format!("Texts stand in quotes: \"{name}\".")),
        _ => None,
    };
    Box::new(Unfit {
        span: expr.span,
        message: format!("{named}; only a constant can stand here."),
        help: quoted.or_else(|| {
            Some(
                "Write the value itself: a text, a number, a date, `true`, a list of these."
                    .to_owned(),
            )
        }),
        computed: true,
    })
}

/// The value of a literal where `ty` is expected.
pub fn of_literal(literal: &Literal, span: TextSpan, ty: &Type) -> Result<Value, Box<Unfit>> {
    let unfit = |message: String| Box::new(Unfit::new(span, message));
    let other = || {
        Err(unfit(format!(
            "{} stands where {} is expected.",
            shown(literal),
            a(ty)
        )))
    };
    if let Literal::None = literal {
        return if ty.optional || ty.kind == Kind::Unknown {
            Ok(Value::None)
        } else {
            Err(Box::new(
                Unfit::new(span, format!("`none` stands where {} is expected.", a(ty))).help(
                    format!("Make the type optional: `{}`.", ty.clone().optional()),
                ),
            ))
        };
    }
    match (&ty.kind, literal) {
        (Kind::Unknown, _) => Ok(Value::None),
        (Kind::Bool, Literal::Bool(yes)) => Ok(Value::Bool(*yes)),
        (Kind::Text(max), Literal::Text(text)) => {
            bounded(text, *max, span)?;
            Ok(Value::Text(text.as_str().into()))
        }
        (Kind::OneOf(names), Literal::Text(text)) => {
            if names.iter().any(|name| &*name.name == text) {
                return Ok(Value::Text(text.as_str().into()));
            }
            let known = names.iter().map(|name| &*name.name);
            let mut unfit = Unfit::new(
                span,
                format!("“{text}” is none of the values that are allowed here."),
            );
            unfit.help = match suggest::nearest(text, known.clone()) {
                Some(near) => Some(format!("Did you mean \"{near}\"?")),
                None => Some(format!(
                    "It is one of {}.",
                    known
                        .map(|name| format!("\"{name}\""))
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            };
            Err(Box::new(unfit))
        }
        (Kind::Email(max), Literal::Text(text)) => {
            bounded(text, *max, span)?;
            // The wire checks the same way when it reads one.
            match text.split_once('@') {
                Some((name, host)) if !name.is_empty() && host.contains('.') => {
                    Ok(Value::Email(text.as_str().into()))
                }
                _ => Err(unfit(format!("“{text}” is no e-mail address."))),
            }
        }
        (Kind::Uuid, Literal::Text(text)) => match text.parse() {
            Ok(uuid) => Ok(Value::Uuid(uuid)),
            Err(_) => Err(Box::new(
                Unfit::new(span, format!("“{text}” is no UUID."))
                    .help("A UUID looks like \"2f1c6a52-9d0b-4c1e-8a57-0b3f6a1d9e44\"."),
            )),
        },
        (Kind::Account, Literal::Text(digits) | Literal::Number(digits)) => {
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                Ok(Value::Account(digits.as_str().into()))
            } else {
                Err(unfit(format!(
                    "“{digits}” is no account: an account's number has digits only."
                )))
            }
        }
        (Kind::Int, Literal::Number(digits)) => match digits.parse() {
            Ok(number) => Ok(Value::Int(number)),
            Err(_) => Err(unfit(format!(
                "{digits} is no whole number, or too large for one."
            ))),
        },
        (Kind::Decimal(scale), Literal::Number(digits)) => {
            Ok(Value::Decimal(number(digits, *scale, span)?))
        }
        (Kind::Money(basis, scale), Literal::Number(digits)) => {
            let basis = fixed(basis).ok_or_else(|| {
                Box::new(
                    Unfit::new(span, format!("{digits} does not say whether VAT is in it.")).help(
                        format!("Write `{digits} incl`, `{digits} excl` or `{digits} plain`."),
                    ),
                )
            })?;
            Ok(money(number(digits, *scale, span)?, basis))
        }
        (Kind::Money(expected, scale), Literal::Money(digits, word)) => {
            let basis = match word.as_str() {
                "incl" => MoneyBasis::Incl,
                "excl" => MoneyBasis::Excl,
                "vat" => MoneyBasis::Vat,
                _ => MoneyBasis::Plain,
            };
            match fixed(expected) {
                Some(fixed) if fixed != basis => Err(unfit(format!(
                    "{digits} {word} stands where {} is expected.",
                    a(ty)
                ))),
                _ => Ok(money(number(digits, *scale, span)?, basis)),
            }
        }
        (Kind::Percent, Literal::Percent(digits)) => {
            Ok(Value::Percent(number(digits, None, span)?))
        }
        (Kind::Percent, Literal::Number(digits)) => Err(Box::new(
            Unfit::new(
                span,
                format!("{digits} is a number; a percent has its sign."),
            )
            .help(format!("Write `{digits}%`.")),
        )),
        (Kind::Date, Literal::Date(text)) => match text.parse() {
            Ok(date) => Ok(Value::Date(date)),
            Err(_) => Err(unfit(format!("There is no day {text}."))),
        },
        (Kind::DateTime, Literal::DateTime(text)) => match text.parse() {
            Ok(instant) => Ok(Value::DateTime(instant)),
            Err(_) => Err(unfit(format!("There is no instant {text}."))),
        },
        (Kind::Time, Literal::Time(text)) => match text.parse() {
            Ok(time) => Ok(Value::Time(time)),
            Err(_) => Err(unfit(format!("There is no time of day {text}."))),
        },
        (Kind::Span, Literal::Span(span)) => Ok(Value::Span(time_span(span))),
        (Kind::Country, Literal::Country(text)) => match Code::new(text) {
            Some(code) => Ok(Value::Country(code)),
            None => other(),
        },
        (Kind::Territory, Literal::Country(text)) => match Code::new(text) {
            Some(code) => Ok(Value::Territory(code)),
            None => other(),
        },
        (Kind::Currency, Literal::Currency(text)) => match Code::new(text) {
            Some(code) => Ok(Value::Currency(code)),
            None => other(),
        },
        (Kind::Country | Kind::Currency | Kind::Territory, Literal::Text(text)) => Err(Box::new(
            Unfit::new(span, format!("“{text}” is a text, not {}.", a(ty)))
                .help(format!("Write it without quotes: {}.", text.to_uppercase())),
        )),
        (Kind::Date, Literal::Text(text)) => Err(Box::new(
            Unfit::new(span, format!("“{text}” is a text, not a date."))
                .help("Write a date without quotes: 2026-03-01."),
        )),
        (Kind::Text(_) | Kind::OneOf(_), Literal::Country(text) | Literal::Number(text)) => {
            Err(Box::new(
                Unfit::new(
                    span,
                    format!("{} stands where {} is expected.", shown(literal), a(ty)),
                )
                .help(format!("Write it in quotes: \"{text}\".")),
            ))
        }
        _ => other(),
    }
}

/// A span of time in flow text.
pub fn time_span(span: &ast::TimeSpan) -> Span {
    let count = i64::try_from(span.count).unwrap_or(i64::MAX);
    match span.unit {
        TimeUnit::Second => Span::Seconds(count),
        TimeUnit::Minute => Span::Seconds(count.saturating_mul(60)),
        TimeUnit::Hour => Span::Seconds(count.saturating_mul(3_600)),
        TimeUnit::Day => Span::Days(count),
    }
}

fn bounded(text: &str, max: Option<u32>, span: TextSpan) -> Result<(), Box<Unfit>> {
    let length = text.chars().count();
    match max {
        Some(max) if length > max as usize => Err(Box::new(
            Unfit::new(
                span,
                format!("“{text}” has {length} characters; at most {max} fit here."),
            )
            .help("Shorten it."),
        )),
        _ => Ok(()),
    }
}

fn number(
    digits: &str,
    scale: Option<u8>,
    span: TextSpan,
) -> Result<rust_decimal::Decimal, Box<Unfit>> {
    let number = decimals::parse(digits)
        .ok_or_else(|| Box::new(Unfit::new(span, format!("{digits} has too many digits."))))?;
    match scale {
        Some(scale) if decimals::needed_decimals(number) > u32::from(scale) => Err(Box::new(
            Unfit::new(span, format!("{digits} has more than {scale} decimals.")),
        )),
        _ => Ok(number),
    }
}

fn fixed(basis: &Basis) -> Option<MoneyBasis> {
    match basis {
        Basis::Incl => Some(MoneyBasis::Incl),
        Basis::Excl => Some(MoneyBasis::Excl),
        Basis::Vat => Some(MoneyBasis::Vat),
        Basis::Plain => Some(MoneyBasis::Plain),
        Basis::By(_) | Basis::Carried | Basis::Unknown => None,
    }
}

fn money(amount: rust_decimal::Decimal, basis: MoneyBasis) -> Value {
    Value::Money(Money {
        amount,
        currency: None,
        basis,
    })
}

/// A literal in words.
fn shown(literal: &Literal) -> String {
    match literal {
        Literal::Date(text) | Literal::DateTime(text) | Literal::Time(text) => {
            format!("The time {text}")
        }
        Literal::Span(_) => "A span of time".to_owned(),
        Literal::Percent(digits) => format!("The percentage {digits}%"),
        Literal::Number(digits) => format!("The number {digits}"),
        Literal::Money(digits, basis) => format!("The amount {digits} {basis}"),
        Literal::Text(text) => format!("The text “{text}”"),
        Literal::Bool(yes) => format!("`{yes}`"),
        Literal::None => "`none`".to_owned(),
        Literal::Clear => "`clear`".to_owned(),
        Literal::Country(code) => format!("The country {code}"),
        Literal::Currency(code) => format!("The currency {code}"),
    }
}

/// A type in words.
pub fn a(ty: &Type) -> String {
    match &ty.kind {
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::OneOf(names) if names.len() <= 4 => {
            let names: Vec<String> = names
                .iter()
                .map(|name| format!("\"{}\"", name.name))
                .collect();
            format!("one of {}", names.join(", "))
        }
        Kind::OneOf(_) => "a text of a closed set".to_owned(),
        Kind::Record(_) => "a record".to_owned(),
        Kind::List(_) => "a list".to_owned(),
        Kind::Int => "a whole number".to_owned(),
        kind => format!("`{kind}`"),
    }
}

/// An expression that is one text without holes.
pub(super) fn text(expr: &Expr) -> Option<Arc<str>> {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => Some(text.as_str().into()),
        ExprKind::Paren(inner) => text(inner),
        _ => None,
    }
}
