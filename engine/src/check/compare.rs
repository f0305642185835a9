//! Comparisons with absence, `=` to `>=`, and `in`.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, BinaryOp, ExprKind as Tree, Literal};
use flowbook_stdlib::rules;
use flowbook_stdlib::types::{Kind, Type};

use super::body::Body;
use super::misfit::{a, short};
use super::operate::{text, unclear};
use super::{places, suggest};
use crate::checked::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::plan::Comparison;

impl Body<'_, '_> {
    /// Both sides of a comparison, each with what the other's type says of a literal.
    fn sides(&mut self, left: &ast::Expr, right: &ast::Expr) -> (Expr, Expr) {
        if constant(left) && !constant(right) {
            let other = self.expr(right, None);
            let one = self.expr(left, Some(&other.ty));
            (one, other)
        } else {
            let one = self.expr(left, None);
            let other = self.expr(right, Some(&one.ty));
            (one, other)
        }
    }

    pub(super) fn compare(
        &mut self,
        op: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let (one, other) = self.sides(left, right);
        let comparison = match op {
            BinaryOp::Eq => Comparison::Eq,
            BinaryOp::Ne => Comparison::Ne,
            BinaryOp::Lt => Comparison::Lt,
            BinaryOp::Le => Comparison::Le,
            BinaryOp::Gt => Comparison::Gt,
            _ => Comparison::Ge,
        };
        let texts = (
            short(self.checker.text(left.span)),
            short(self.checker.text(right.span)),
        );
        let ordered = !matches!(op, BinaryOp::Eq | BinaryOp::Ne);
        let found = if unclear(&one) || unclear(&other) {
            None
        } else if one.ty.kind == Kind::Nothing || other.ty.kind == Kind::Nothing {
            let text = if one.ty.kind == Kind::Nothing {
                &texts.1
            } else {
                &texts.0
            };
            let word = if op == BinaryOp::Ne {
                "exists"
            } else {
                "missing"
            };
            Some(
                Diagnostic::error("F0326", span, "Nothing equals `none`, not even `none`.")
                    .label("never true")
                    .help(format!("Write `{text} {word}`.")),
            )
        } else if ordered && (one.ty.optional || other.ty.optional) {
            let (expr, text) = if one.ty.optional {
                (left, &texts.0)
            } else {
                (right, &texts.1)
            };
            Some(
                Diagnostic::error(
                    "F0327",
                    expr.span,
                    format!(
                        "`{text}` may be absent, and what is absent is neither smaller nor larger."
                    ),
                )
                .label("may be absent")
                .help(self.ask_first(expr, text)),
            )
        } else if one.ty.optional && other.ty.optional {
            Some(
                Diagnostic::error("F0326", span, format!("`{}` and `{}` may both be absent: whether two absent values are equal has to be said.", texts.0, texts.1))
                    .label("both may be absent")
                    .help(self.ask_first(left, &texts.0)),
            )
        } else {
            self.uncomparable((&one, &texts.0), (&other, &texts.1), ordered, span)
        };
        if let Some(found) = found {
            self.checker.report(found);
        }
        Expr {
            kind: ExprKind::Compare(comparison, Box::new(one), Box::new(other)),
            ty: Type::new(Kind::Bool),
            span,
        }
    }

    /// How a value that may be absent is compared: what is no path has a name first.
    fn ask_first(&self, expr: &ast::Expr, text: &str) -> String {
        if self.is_path(expr) {
            format!("Ask first: `{text} exists and …`; or say what counts then: `({text} else …)`.")
        } else {
            format!(
                "Say what counts then: `({text} else …)`; or name it first, `let x = {text}`, and ask: `x exists and …`."
            )
        }
    }

    fn uncomparable(
        &self,
        (one, left): (&Expr, &str),
        (other, right): (&Expr, &str),
        ordered: bool,
        span: Span,
    ) -> Option<Diagnostic> {
        match (&one.ty.kind, &other.ty.kind) {
            (Kind::List(a), Kind::List(b))
                if a.kind == Kind::Nothing || b.kind == Kind::Nothing =>
            {
                return None;
            }
            (Kind::List(_), _) | (_, Kind::List(_)) => {
                let help = match (&one.ty.kind, &other.ty.kind) {
                    (Kind::List(_), Kind::List(_)) => {
                        format!(
                            "To ask whether the one has what the other has, write `all` or `any`, as in `{left} | all(.code in codes)`."
                        )
                    }
                    (Kind::List(_), _) => {
                        format!("To ask for one item, write `{right} in {left}`.")
                    }
                    _ => format!("To ask for one item, write `{left} in {right}`."),
                };
                return Some(
                    Diagnostic::error("F0329", span, "A list is compared with `[]` only.")
                        .label("a list")
                        .help(help),
                );
            }
            (Kind::Record(_), _) | (_, Kind::Record(_)) => {
                return Some(
                    Diagnostic::error("F0325", span, format!("`{left}` and `{right}` cannot be compared: records are compared by their fields."))
                        .label("a record")
                        .help("Compare the field that tells them apart, `a.id = b.id` say."),
                );
            }
            (Kind::Money(from, _), Kind::Money(to, _))
                if rules::comparable(&one.ty, &other.ty).is_err() =>
            {
                self.bases(span, "compared", (from, left), (to, right));
                return None;
            }
            _ => {}
        }
        if let Err(reason) = rules::comparable(&one.ty, &other.ty) {
            let help = match (&one.ty.kind, &other.ty.kind) {
                (Kind::Date | Kind::Time | Kind::DateTime, Kind::OneOf(names))
                    if names.len() == 1 =>
                {
                    Some(format!("Write it without quotes: `{}`.", names[0].name))
                }
                (Kind::DateTime, Kind::Date) => Some(format!("Compare the day: `{left} | date`.")),
                (Kind::Date, Kind::DateTime) => Some(format!("Compare the day: `{right} | date`.")),
                (Kind::Country | Kind::Currency | Kind::Territory, Kind::OneOf(names)) => names
                    .first()
                    .map(|name| format!("Write it without quotes: {}.", name.name)),
                (kind, Kind::Int | Kind::Decimal(_)) if text(kind) => {
                    Some(format!("A text is compared with a text: \"{right}\"."))
                }
                (Kind::Percent, Kind::Int | Kind::Decimal(_)) => {
                    Some(format!("A percent has its sign: `{right}%`."))
                }
                _ => None,
            };
            return Some(
                Diagnostic::error(
                    "F0325",
                    span,
                    format!("`{left}` and `{right}` cannot be compared: {reason}."),
                )
                .label(format!("{} and {}", a(&one.ty), a(&other.ty)))
                .maybe_help(help),
            );
        }
        let order = |kind: &Kind| {
            matches!(
                kind,
                Kind::Int
                    | Kind::Decimal(_)
                    | Kind::Money(..)
                    | Kind::Percent
                    | Kind::Date
                    | Kind::DateTime
                    | Kind::Time
            )
        };
        if ordered && !(order(&one.ty.kind) && order(&other.ty.kind)) {
            return Some(
                Diagnostic::error("F0328", span, format!("`{left}` is {}, which has no smaller and larger.", a(&one.ty)))
                    .label("only `=` and `!=`")
                    .help("Numbers, money, percents, dates and times have an order. For a closed set, list the names: `x in [\"a\", \"b\"]`."),
            );
        }
        None
    }

    /// `x in [..]`, `x in eu`
    pub(super) fn inside(&mut self, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
        let ty = Type::new(Kind::Bool);
        let text = short(self.checker.text(left.span));
        if let Tree::Name(name) = &right.kind
            && self.named(name).is_none()
            && !self.checker.declared.settings.contains_key(name)
        {
            let one = self.expr(left, None);
            if !places::is_set(name) {
                if !self.is_bad(name) {
                    let settings = self.checker.declared.settings.keys();
                    let mut known: Vec<&str> = self
                        .in_scope()
                        .chain(settings.map(String::as_str))
                        .collect();
                    for set in places::sets() {
                        known.push(set);
                    }
                    self.checker.report(
                        Diagnostic::error(
                            "F0331",
                            right.span,
                            format!("There is no list and no set of places named `{name}`."),
                        )
                        .label("not known")
                        .maybe_help(suggest::help(
                            name,
                            known,
                            "Sets and values",
                        )),
                    );
                }
                return Expr {
                    ty,
                    ..Body::nothing(span)
                };
            }
            if !matches!(
                one.ty.kind,
                Kind::Country | Kind::Territory | Kind::Unknown | Kind::Never
            ) {
                self.checker.report(
                    Diagnostic::error(
                        "F0330",
                        left.span,
                        format!("`{name}` is a set of places; `{text}` is {}.", a(&one.ty)),
                    )
                    .label("neither country nor territory"),
                );
            }
            return Expr {
                kind: ExprKind::InSet(Box::new(one), name.clone()),
                ty,
                span,
            };
        }
        let (one, other) = if constant(left) && !constant(right) {
            let list = self.expr(right, None);
            let hint = match &list.ty.kind {
                Kind::List(item) => Some((**item).clone()),
                _ => None,
            };
            (self.expr(left, hint.as_ref()), list)
        } else {
            let one = self.expr(left, None);
            let hint = Type::new(Kind::List(Box::new(one.ty.clone().present())));
            let list = self.expr(right, Some(&hint));
            (one, list)
        };
        let shown = short(self.checker.text(right.span));
        match &other.ty.kind {
            Kind::Unknown | Kind::Never => {}
            Kind::List(_) if other.ty.optional => self.checker.report(
                Diagnostic::error("F0330", right.span, format!("`{shown}` may be absent."))
                    .label("may be absent")
                    .help(format!("Say what counts then: `({shown} else [])`.")),
            ),
            Kind::List(item) => {
                if !unclear(&one)
                    && let Err(reason) = rules::comparable(&one.ty, item)
                {
                    if let (Kind::Money(from, _), Kind::Money(to, _)) = (&one.ty.kind, &item.kind) {
                        self.bases(span, "compared", (to, &shown), (from, &text));
                    } else {
                        self.checker.report(
                            Diagnostic::error(
                                "F0325",
                                span,
                                format!(
                                    "`{text}` and the items of `{shown}` cannot be compared: {reason}."
                                ),
                            )
                            .label("never true"),
                        );
                    }
                }
            }
            _ => self.checker.report(
                Diagnostic::error(
                    "F0330",
                    right.span,
                    format!(
                        "`{shown}` is {}; behind `in` stands a list or a set of places.",
                        a(&other.ty)
                    ),
                )
                .label("no list")
                .help(format!("To compare two values, write `{text} = {shown}`.")),
            ),
        }
        Expr {
            kind: ExprKind::Compare(Comparison::In, Box::new(one), Box::new(other)),
            ty,
            span,
        }
    }
}

/// Whether an expression is a literal, or a list of them.
fn constant(expr: &ast::Expr) -> bool {
    match &expr.kind {
        Tree::Literal(Literal::None) => false,
        Tree::Literal(_) => true,
        Tree::Neg(inner) | Tree::Paren(inner) => constant(inner),
        Tree::List(elements) => elements
            .iter()
            .all(|one| matches!(one, ast::Element::One(one) if constant(one))),
        _ => false,
    }
}
