//! Operators: arithmetic with scales, bases and spans; `and`, `or`, `-`. Comparisons are in `compare`.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, BinaryOp};
use flowbook_stdlib::types::{Basis, Kind, Type};
use flowbook_stdlib::value::{Span as TimeSpan, Value};
use flowbook_stdlib::{operations, rules};

use super::body::Body;
use super::misfit::{a, basis, basis_fix, short};
use crate::checked::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::plan::Math;

/// What an operator gives for two types, or why it gives nothing.
type Rule = fn(&Type, &Type) -> Result<Type, String>;

/// `x exists`
pub(super) fn there(value: Expr) -> Expr {
    let span = value.span;
    Expr {
        kind: ExprKind::Exists(Box::new(value)),
        ty: Type::new(Kind::Bool),
        span,
    }
}

impl Body<'_, '_> {
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        match op {
            BinaryOp::Or | BinaryOp::And => self.logic(op, left, right, span),
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => {
                self.math(op, left, right, span)
            }
            BinaryOp::In => self.inside(left, right, span),
            _ => self.compare(op, left, right, span),
        }
    }

    fn logic(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
        let one = self.condition(left);
        let mark = self.enter();
        self.assume(left, op == BinaryOp::And);
        let other = self.condition(right);
        self.leave(mark);
        let (one, other) = (Box::new(one), Box::new(other));
        Expr {
            kind: if op == BinaryOp::And {
                ExprKind::And(one, other)
            } else {
                ExprKind::Or(one, other)
            },
            ty: Type::new(Kind::Bool),
            span,
        }
    }

    pub(super) fn negative(
        &mut self,
        inner: &ast::Expr,
        span: Span,
        expected: Option<&Type>,
    ) -> Expr {
        let value = self.operand(inner, "negated", expected);
        let ty = value.ty.clone();
        if let ExprKind::Const(constant) = &value.kind
            && let Ok(negative) = operations::neg(constant)
        {
            return Expr {
                kind: ExprKind::Const(negative),
                ty,
                span,
            };
        }
        match ty.kind {
            Kind::Int
            | Kind::Decimal(_)
            | Kind::Money(..)
            | Kind::Percent
            | Kind::Unknown
            | Kind::Never => Expr {
                kind: ExprKind::Neg(Box::new(value)),
                ty,
                span,
            },
            _ => {
                let text = short(self.checker.text(inner.span));
                self.checker.report(
                    Diagnostic::error(
                        "F0320",
                        span,
                        format!("`{text}` is {} and has no negative.", a(&ty)),
                    )
                    .label("no number"),
                );
                Body::nothing(span)
            }
        }
    }

    /// An operand of arithmetic: it must be there.
    fn operand(&mut self, expr: &ast::Expr, what: &str, expected: Option<&Type>) -> Expr {
        let mut value = self.expr(expr, expected);
        if value.ty.optional {
            let text = short(self.checker.text(expr.span));
            let nothing = match value.ty.kind {
                Kind::Int | Kind::Decimal(_) | Kind::Money(..) => "0",
                Kind::Percent => "0%",
                _ => "…",
            };
            self.checker.report(
                Diagnostic::error("F0322", expr.span, format!("`{text}` may be absent, and what is absent cannot be {what}."))
                    .label("may be absent")
                    .help(format!("Say what counts then: `({text} else {nothing})`; or end the record: `({text} else fail \"…\")`.")),
            );
            value.ty = match value.ty.kind {
                Kind::Nothing => super::unknown(),
                _ => value.ty.present(),
            };
        }
        value
    }

    fn math(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
        let (math, what, rule): (_, _, Rule) = match op {
            BinaryOp::Add => (Math::Add, "added", rules::type_of_add),
            BinaryOp::Sub => (Math::Sub, "subtracted", rules::type_of_sub),
            BinaryOp::Mul => (Math::Mul, "multiplied", rules::type_of_mul),
            _ => (Math::Div, "divided", rules::type_of_div),
        };
        let one = self.operand(left, what, None);
        let other = self.operand(right, what, None);
        if let Some((day, clock)) = clock_on_a_day((&one, left), (&other, right)) {
            let (day, clock) = (
                short(self.checker.text(day.span)),
                short(self.checker.text(clock.span)),
            );
            self.checker.report(
                Diagnostic::error("F0320", span, format!("`{day}` is a day, which has no hours: `{clock}` cannot be {what}."))
                    .label("a day and a time on the clock")
                    .help(format!("Say it in days: `{} 1 day`; or move the instant before its day is taken: `order.created {} {clock} | date`.", sign(op), sign(op))),
            );
            return Body::nothing(span);
        }
        match rule(&one.ty, &other.ty) {
            Ok(ty) => Expr {
                kind: ExprKind::Math(math, Box::new(one), Box::new(other)),
                ty,
                span,
            },
            Err(reason) => {
                self.no_math(op, what, (&one, left), (&other, right), span, reason);
                Body::nothing(span)
            }
        }
    }

    fn no_math(
        &self,
        op: BinaryOp,
        what: &str,
        (one, left): (&Expr, &ast::Expr),
        (other, right): (&Expr, &ast::Expr),
        span: Span,
        reason: String,
    ) {
        let texts = (
            short(self.checker.text(left.span)),
            short(self.checker.text(right.span)),
        );
        if let (Kind::Money(from, _), Kind::Money(to, _)) = (&one.ty.kind, &other.ty.kind)
            && !matches!(op, BinaryOp::Mul)
        {
            self.bases(span, what, (from, &texts.0), (to, &texts.1));
            return;
        }
        if let (Kind::Money(Basis::Unknown, _), text, _)
        | (_, text, Kind::Money(Basis::Unknown, _)) = (&one.ty.kind, &texts.0, &other.ty.kind)
        {
            let text = if matches!(one.ty.kind, Kind::Money(Basis::Unknown, _)) {
                text
            } else {
                &texts.1
            };
            self.bases(span, what, (&Basis::Unknown, text), (&Basis::Carried, text));
            return;
        }
        let plus_or_minus = matches!(op, BinaryOp::Add | BinaryOp::Sub);
        let help = match (op, text(&one.ty.kind) || text(&other.ty.kind)) {
            (BinaryOp::Add, true) => Some(
                "Texts are put together in quotes: \"{a} {b}\", or by `[a, b] | join(\" \")`."
                    .to_owned(),
            ),
            _ => match (&one.ty.kind, &other.ty.kind) {
                (Kind::Date | Kind::DateTime, Kind::Int) => {
                    Some(format!("Say of what: `{} {} days`.", sign(op), texts.1))
                }
                (Kind::Percent, Kind::Int | Kind::Decimal(_)) if plus_or_minus => {
                    Some(format!("A percent has its sign: `{}%`.", texts.1))
                }
                (Kind::Int | Kind::Decimal(_) | Kind::Money(..), Kind::Percent)
                    if plus_or_minus =>
                {
                    Some(format!(
                        "Say of what it is a part: `{0} {1} {0} * {2}`.",
                        texts.0,
                        sign(op),
                        texts.1
                    ))
                }
                (_, Kind::Percent) if op == BinaryOp::Div => Some(format!(
                    "A part of it is `{} * {}`; to take VAT off, write `| excl_vat({})`.",
                    texts.0, texts.1, texts.1
                )),
                (Kind::Money(..), Kind::Money(..)) => Some(
                    "An amount is multiplied by a number or a percent: by a count or a rate, say."
                        .to_owned(),
                ),
                _ => None,
            },
        };
        self.checker.report(
            Diagnostic::error(
                "F0320",
                span,
                format!(
                    "`{}` and `{}` cannot be {what}: {reason}.",
                    texts.0, texts.1
                ),
            )
            .label(format!("{} and {}", a(&one.ty), a(&other.ty)))
            .maybe_help(help),
        );
    }

    /// Two bases that do not mix.
    pub(super) fn bases(
        &self,
        span: Span,
        what: &str,
        (one, left): (&Basis, &str),
        (other, right): (&Basis, &str),
    ) {
        let message = match (one, other) {
            (Basis::Unknown, _) => {
                format!("Nobody knows whether VAT is in `{left}`, so it cannot be {what}.")
            }
            (_, Basis::Unknown) => {
                format!("Nobody knows whether VAT is in `{right}`, so it cannot be {what}.")
            }
            _ => format!(
                "`{left}` is {}, `{right}` is {}: they cannot be {what}.",
                basis(one),
                basis(other)
            ),
        };
        let help = match (one, other) {
            (Basis::Unknown, _) => basis_fix(one, &Basis::Carried, left),
            (_, Basis::Unknown) => basis_fix(other, &Basis::Carried, right),
            (Basis::By(_) | Basis::Carried, _) => basis_fix(one, other, left),
            _ => basis_fix(other, one, right),
        };
        self.checker.report(
            Diagnostic::error("F0321", span, message)
                .label(apart(one, other))
                .maybe_help(help),
        );
    }
}

/// Why two bases do not mix, in a few words.
pub(super) fn apart(one: &Basis, other: &Basis) -> &'static str {
    match (one, other) {
        (Basis::Unknown, _) | (_, Basis::Unknown) => "VAT may be in it or not",
        (Basis::By(_) | Basis::Carried, _) | (_, Basis::By(_) | Basis::Carried) => {
            "VAT may be in one and not in the other"
        }
        (Basis::Incl | Basis::Excl, Basis::Incl | Basis::Excl) => {
            "VAT is in one and not in the other"
        }
        (Basis::Vat, _) | (_, Basis::Vat) => "VAT and an amount",
        _ => "a price and a plain amount",
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        _ => "/",
    }
}

/// A day and a span on the clock, which cannot be added to it.
fn clock_on_a_day<'t>(
    (one, left): (&Expr, &'t ast::Expr),
    (other, right): (&Expr, &'t ast::Expr),
) -> Option<(&'t ast::Expr, &'t ast::Expr)> {
    let day = |value: &Expr| value.ty.kind == Kind::Date;
    let clock = |value: &Expr| {
        matches!(
            value.kind,
            ExprKind::Const(Value::Span(TimeSpan::Seconds(_)))
        )
    };
    if day(one) && clock(other) {
        Some((left, right))
    } else if day(other) && clock(one) {
        Some((right, left))
    } else {
        None
    }
}

pub(super) fn unclear(value: &Expr) -> bool {
    matches!(value.ty.kind, Kind::Unknown | Kind::Never)
}

pub(super) fn text(kind: &Kind) -> bool {
    matches!(kind, Kind::Text(_) | Kind::OneOf(_) | Kind::Email(_))
}
