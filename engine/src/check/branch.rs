//! Branches: `if`, `else`, `match`, and the three ends.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, End, ExprKind as Tree};
use flowbook_stdlib::types::{Kind, Type};

use super::body::Body;
use super::misfit::{a, basis_fix, bracketed, short};
use super::operate::apart;
use super::{shape, table};
use crate::checked::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;

impl Body<'_, '_> {
    /// `if c => x`: x, or none.
    pub(super) fn conditional(
        &mut self,
        when: &ast::Expr,
        then: &ast::Expr,
        span: Span,
        expected: Option<&Type>,
        clear: bool,
    ) -> Expr {
        let condition = self.condition(when);
        let mark = self.enter();
        self.assume(when, true);
        self.clear = clear;
        let value = self.expr(then, expected);
        self.leave(mark);
        let ty = value.ty.clone().optional();
        Expr {
            kind: ExprKind::If(Box::new(condition), Box::new(value)),
            ty,
            span,
        }
    }

    /// `x else y`
    pub(super) fn otherwise(
        &mut self,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
        expected: Option<&Type>,
        clear: bool,
    ) -> Expr {
        self.clear = clear;
        let hint = expected.map(|ty| ty.clone().optional());
        let one = self.expr(left, hint.as_ref());
        let two_reasons = two_reasons(left, &one);
        if let Some(then) = two_reasons {
            let (text, all) = (
                short(self.checker.text(then)),
                short(self.checker.text(left.span)),
            );
            let other = short(self.checker.text(right.span));
            self.checker.report(
                Diagnostic::error(
                    "F0332",
                    then,
                    format!("`{text}` may be absent itself: then `{other}` would stand for two reasons, and only one of them is said."),
                )
                .label("may be absent")
                .help(format!("If both are meant, write `({all}) else {other}`; if not, end this absence first: `({text} else …)`.")),
            );
        } else if !one.ty.optional && !matches!(one.ty.kind, Kind::Unknown | Kind::Never) {
            let text = short(self.checker.text(left.span));
            self.checker.report(
                Diagnostic::warning("F0334", right.span, format!("`{text}` is always there, so what stands behind its `else` is never reached."))
                    .label("never reached")
                    .help("Take the `else` away."),
            );
        }
        let mark = self.enter();
        if let Tree::If(when, _) = &left.kind
            && two_reasons.is_none()
        {
            self.assume(when, false);
        }
        self.clear = clear;
        // Where the place says nothing, the left side does: an account, a record of a type.
        let hint = expected.cloned().or_else(|| match &one.ty.kind {
            Kind::Text(_) | Kind::Unknown | Kind::Never | Kind::Nothing | Kind::OneOf(_) => None,
            kind if nameless(kind) => None,
            _ => Some(one.ty.clone()),
        });
        let other = self.expr(right, hint.as_ref());
        self.leave(mark);
        let present = one.ty.clone().present();
        if one.ty.kind == Kind::Nothing {
            return Expr {
                ty: other.ty.clone(),
                kind: ExprKind::Else(Box::new(one), Box::new(other)),
                span,
            };
        }
        let Some(ty) = shape::agreed([&present, &other.ty].into_iter(), expected) else {
            self.apart(&one, &other, span);
            return Body::nothing(span);
        };
        let one = self.shaped(one, &ty);
        let other = self.shaped(other, &ty);
        Expr {
            kind: ExprKind::Else(Box::new(one), Box::new(other)),
            ty,
            span,
        }
    }

    /// Two values of no common type.
    pub(super) fn apart(&self, one: &Expr, other: &Expr, span: Span) {
        let texts = (
            short(self.checker.text(one.span)),
            short(self.checker.text(other.span)),
        );
        let help = match (&one.ty.kind, &other.ty.kind) {
            (Kind::Money(from, _), Kind::Money(to, _)) => basis_fix(from, to, &bracketed(&texts.0))
                .or_else(|| basis_fix(to, from, &bracketed(&texts.1))),
            (Kind::DateTime, Kind::Date) => Some(format!("Take the day: `{} | date`.", texts.0)),
            (Kind::Date, Kind::DateTime) => Some(format!("Take the day: `{} | date`.", texts.1)),
            _ => None,
        };
        let mut found = Diagnostic::error(
            "F0333",
            other.span,
            format!(
                "`{}` is {}, `{}` is {}: no type holds both.",
                texts.0,
                a(&one.ty),
                texts.1,
                a(&other.ty)
            ),
        )
        .label(match (&one.ty.kind, &other.ty.kind) {
            (Kind::Money(from, _), Kind::Money(to, _)) => apart(from, to).to_owned(),
            _ => a(&other.ty),
        })
        .maybe_help(help);
        if one.span.end <= other.span.start || other.span.end <= one.span.start {
            found = found.related(one.span, a(&one.ty));
        } else {
            found.span = span;
        }
        self.checker.report(found);
    }

    /// `fail "…"`, `skip "…"`, `wait "…"`
    pub(super) fn end(&mut self, end: End, text: &ast::Expr, span: Span) -> Expr {
        Expr {
            kind: ExprKind::End(end, Box::new(self.reason(text))),
            ty: Type::new(Kind::Never),
            span,
        }
    }

    /// The text of an end: what is absent prints "nothing".
    pub fn reason(&mut self, text: &ast::Expr) -> Expr {
        self.lenient = true;
        self.expr(text, None)
    }

    /// `match a, b { rows }`
    pub(super) fn matching(
        &mut self,
        on: &[ast::Expr],
        rows: &ast::Rows,
        span: Span,
        expected: Option<&Type>,
    ) -> Expr {
        let values: Vec<Expr> = on.iter().map(|one| self.expr(one, None)).collect();
        let columns: Vec<(String, Type)> = on
            .iter()
            .zip(&values)
            .map(|(one, value)| (short(self.checker.text(one.span)), value.ty.clone()))
            .collect();
        let anchor = match (on.first(), on.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => span,
        };
        let table = table::matched(self, &columns, rows, expected, anchor);
        Expr {
            ty: table.gives.clone(),
            kind: ExprKind::Match(Box::new(table), values),
            span,
        }
    }
}

/// The `x` of a last, unbracketed `if c => x` that may be absent itself.
fn two_reasons(tree: &ast::Expr, value: &Expr) -> Option<Span> {
    match (&tree.kind, &value.kind) {
        (Tree::If(_, then), ExprKind::If(_, given)) => {
            let unclear = matches!(given.ty.kind, Kind::Unknown | Kind::Never);
            (given.ty.optional && !unclear).then_some(then.span)
        }
        (Tree::Else(_, right), ExprKind::Else(_, given)) => two_reasons(right, given),
        _ => None,
    }
}

/// A record without a name, or a list of them: it demands no fields of others.
fn nameless(kind: &Kind) -> bool {
    match kind {
        Kind::Record(shape) => shape.name.is_empty(),
        Kind::List(item) => nameless(&item.kind),
        _ => false,
    }
}
