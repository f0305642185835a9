//! `confirm a = b within t`: what the target answered, compared with what it must be.

use flowbook_grammar::Span;
use flowbook_grammar::ast;
use flowbook_stdlib::rules;
use flowbook_stdlib::types::{Basis, Kind, Type};

use super::flow::Scope;
use super::misfit::a;
use super::walk;
use crate::checked::{Expr, StatementKind};
use crate::diagnostic::Diagnostic;

impl Scope<'_, '_> {
    pub(super) fn confirm(
        &mut self,
        left: &ast::Expr,
        right: &ast::Expr,
        within: Option<&ast::Expr>,
        span: Span,
    ) -> StatementKind {
        let (left_tree, right_tree) = (left, right);
        let left = self.body.expr(left, None);
        let right = self.body.expr(right, Some(&left.ty.clone().present()));
        let within = within.map(|within| self.body.expr(within, None));
        let mut sound = true;
        for value in [&left, &right] {
            if value.ty.optional && !matches!(value.ty.kind, Kind::Unknown | Kind::Never) {
                sound = false;
                self.report(
                    Diagnostic::error(
                        "F0471",
                        value.span,
                        format!("`confirm` compares values that are there, and `{}` may be absent.", self.body.checker.text(value.span)),
                    )
                    .label("may be absent")
                    .help("Say what it is otherwise (`… else …`), or put `confirm` into the `if` of its step."),
                );
            }
        }
        if sound && let Err(why) = rules::comparable(&left.ty, &right.ty) {
            sound = false;
            let help = basis_help(&left.ty, &right.ty, self.body.checker.text(right_tree.span));
            self.report(
                Diagnostic::error(
                    "F0470",
                    span,
                    format!("The two sides of `confirm` cannot be compared: {why}."),
                )
                .label("not comparable")
                .maybe_help(help),
            );
        }
        if let Some(within) = &within {
            self.within(within, &left.ty);
        }
        let bound = self.bound.clone();
        let of = walk::first_local(&left, &bound).or_else(|| walk::first_local(&right, &bound));
        if of.is_none() && sound && left.ty.kind != Kind::Unknown && right.ty.kind != Kind::Unknown
        {
            self.report(
                Diagnostic::error(
                    "F0472",
                    left_tree.span,
                    "`confirm` compares what a step was answered, and nothing here comes from a step of this flow.",
                )
                .label("no step's record")
                .help("Name the step's record: `create draft in …`, then `confirm draft.Total = …`. To compare before writing, use `fail \"…\" if …`."),
            );
        }
        StatementKind::Confirm {
            left,
            right,
            within,
            of,
        }
    }

    /// The largest difference: a number that is there, for values that have differences.
    fn within(&self, within: &Expr, of: &Type) {
        let amount = matches!(
            of.kind,
            Kind::Int
                | Kind::Decimal(_)
                | Kind::Percent
                | Kind::Money(..)
                | Kind::Unknown
                | Kind::Never
        );
        if !amount {
            self.report(
                Diagnostic::error(
                    "F0473",
                    within.span,
                    format!("`within` fits amounts, and what is compared is {}.", a(of)),
                )
                .label("no difference can be taken")
                .help("Take `within` out: the two must then be equal."),
            );
            return;
        }
        let same = matches!(
            (&within.ty.kind, &of.kind),
            (Kind::Percent, Kind::Percent | Kind::Unknown)
                | (
                    Kind::Int | Kind::Decimal(_),
                    Kind::Int | Kind::Decimal(_) | Kind::Money(..) | Kind::Unknown
                )
                | (Kind::Unknown | Kind::Never, _)
        );
        if within.ty.optional || !same {
            self.report(
                Diagnostic::error(
                    "F0473",
                    within.span,
                    format!("`within` takes a number that is there, and this is {}.", a(&within.ty)),
                )
                .label("no plain number")
                .help("Write a bare number, such as `within 0.05`: it counts in the currency that is compared."),
            );
        }
    }
}

/// How two amounts of different bases are brought together.
fn basis_help(left: &Type, right: &Type, text: &str) -> Option<String> {
    match (&left.kind, &right.kind) {
        (
            Kind::Money(Basis::Incl, _),
            Kind::Money(Basis::By(_) | Basis::Carried | Basis::Unknown, _),
        ) => Some(format!("If it includes VAT, say so: `{text} | as_incl`.")),
        (
            Kind::Money(Basis::Excl, _),
            Kind::Money(Basis::By(_) | Basis::Carried | Basis::Unknown, _),
        ) => Some(format!("If it excludes VAT, say so: `{text} | as_excl`.")),
        _ => None,
    }
}
