//! Lists: items, spreads and comprehensions. Lists drop none.

use flowbook_grammar::Span;
use flowbook_grammar::ast;
use flowbook_stdlib::types::{Kind, Type};

use super::body::Body;
use super::misfit::{a, basis_fix, short};
use super::shape;
use crate::checked::{Element, Expr, ExprKind};
use crate::diagnostic::Diagnostic;

impl Body<'_, '_> {
    pub(super) fn list(
        &mut self,
        elements: &[ast::Element],
        span: Span,
        expected: Option<&Type>,
    ) -> Expr {
        let hint = match expected.map(|ty| &ty.kind) {
            Some(Kind::List(item)) if item.kind != Kind::Nothing => Some((**item).clone()),
            _ => None,
        };
        let mut given: Vec<(Element, Type, Span)> = Vec::with_capacity(elements.len());
        for element in elements {
            let (element, ty, at) = self.element(element, hint.as_ref());
            given.push((element, ty.present(), at));
        }
        let Some(item) = self.common(&given, hint.as_ref()) else {
            return Body::nothing(span);
        };
        let ty = Type::new(Kind::List(Box::new(item)));
        let loose = Expr {
            kind: ExprKind::List(Vec::new()),
            ty: ty.clone(),
            span,
        };
        let Kind::List(item) = &ty.kind else {
            return loose;
        };
        let elements = given
            .into_iter()
            .map(|(element, _, _)| self.laid(element, item))
            .collect();
        Expr {
            kind: ExprKind::List(elements),
            ..loose
        }
    }

    /// An element laid out as the list's items are.
    fn laid(&mut self, element: Element, item: &Type) -> Element {
        match element {
            Element::One(value) => Element::One(self.shaped(value, item)),
            Element::Spread(value) => {
                let to = Type::new(Kind::List(Box::new(item.clone())));
                Element::Spread(self.shaped(value, &to))
            }
            Element::For {
                item: local,
                counter,
                list,
                when,
                give,
            } => Element::For {
                item: local,
                counter,
                list,
                when,
                give: self.shaped(give, item),
            },
        }
    }

    /// The type that all items have.
    fn common(&mut self, given: &[(Element, Type, Span)], hint: Option<&Type>) -> Option<Type> {
        let Some((_, first, from)) = given.first() else {
            return Some(Type::new(Kind::Nothing));
        };
        let types = given.iter().map(|(_, ty, _)| ty);
        if let Some(hint) = hint
            && shape::has_record(&hint.kind)
            && let Some(all) = shape::agreed(types, Some(hint))
        {
            return Some(all.present());
        }
        let (mut all, mut from) = (first.clone(), *from);
        for (_, ty, span) in &given[1..] {
            let nameless =
                |ty: &Type| matches!(&ty.kind, Kind::Record(shape) if shape.name.is_empty());
            if hint.is_none() && nameless(&all) && nameless(ty) && !same_fields(&all, ty) {
                self.checker.report(
                    Diagnostic::error("F0341", *span, "The records of this list have different fields, and nothing says which fields they should have.")
                        .label("other fields than the one before")
                        .related(from, "the one before")
                        .help("Give the list a type: `let rows: [books.VoucherRow] = [ … ]`, or a `type` of your own."),
                );
                return None;
            }
            match shape::joined(&all, ty) {
                Some(both) => {
                    if matches!(all.kind, Kind::Never | Kind::Nothing) {
                        from = *span;
                    }
                    all = both.present();
                }
                None => {
                    self.checker.report(
                        Diagnostic::error(
                            "F0340",
                            *span,
                            format!(
                                "The items of a list are of one type: here is {}, before it {}.",
                                a(ty),
                                a(&all)
                            ),
                        )
                        .label(a(ty))
                        .maybe_help(match (&all.kind, &ty.kind) {
                            (Kind::Money(one, _), Kind::Money(other, _)) => {
                                let text = short(self.checker.text(*span));
                                basis_fix(other, one, &text)
                            }
                            _ => None,
                        })
                        .related(from, a(&all)),
                    );
                    return None;
                }
            }
        }
        Some(all)
    }

    fn element(&mut self, element: &ast::Element, hint: Option<&Type>) -> (Element, Type, Span) {
        match element {
            ast::Element::One(one) => {
                let value = self.expr(one, hint);
                let ty = value.ty.clone();
                (Element::One(value), ty, one.span)
            }
            ast::Element::Spread(list) => {
                let wanted = hint.map(|item| Type::new(Kind::List(Box::new(item.clone()))));
                let value = self.expr(list, wanted.as_ref());
                let ty = self.items_of(&value, "spread");
                (Element::Spread(value), ty, list.span)
            }
            ast::Element::For(comprehension) => self.comprehension(comprehension, hint),
        }
    }

    /// The type of a list's items; what is no list is reported.
    fn items_of(&mut self, value: &Expr, what: &str) -> Type {
        let text = short(self.checker.text(value.span));
        match &value.ty.kind {
            Kind::List(item) => (**item).clone(),
            Kind::Unknown | Kind::Never | Kind::Nothing => super::unknown(),
            _ => {
                let help = (what == "spread")
                    .then(|| format!("Without the dots it is one item: `[{text}]`."));
                self.checker.report(
                    Diagnostic::error(
                        "F0343",
                        value.span,
                        format!(
                            "`{text}` is {}, and only a list can be {what}.",
                            a(&value.ty)
                        ),
                    )
                    .label("no list")
                    .maybe_help(help),
                );
                super::unknown()
            }
        }
    }

    /// A list that a `for` goes through: it must be there. Gives its items' type.
    pub fn gone_through(&mut self, list: &ast::Expr) -> (Expr, Type) {
        let value = self.expr(list, None);
        if value.ty.optional && !matches!(value.ty.kind, Kind::Unknown) {
            let text = short(self.checker.text(list.span));
            self.checker.report(
                Diagnostic::error(
                    "F0342",
                    list.span,
                    format!("`{text}` may be absent, and `for` needs a list to go through."),
                )
                .label("may be absent")
                .help(format!("Say what counts then: `{text} else []`.")),
            );
        }
        let item = self.items_of(&value, "gone through");
        (value, item)
    }

    fn comprehension(
        &mut self,
        of: &ast::Comprehension,
        hint: Option<&Type>,
    ) -> (Element, Type, Span) {
        let (list, ty) = self.gone_through(&of.list);
        let mark = self.enter();
        let item = self.bind(&of.item, ty);
        let counter = of
            .counter
            .as_ref()
            .map(|word| self.bind(word, Type::new(Kind::Int)));
        let when = of.when.as_ref().map(|when| {
            let condition = self.condition(when);
            self.assume(when, true);
            condition
        });
        let give = self.expr(&of.give, hint);
        self.leave(mark);
        let ty = give.ty.clone();
        let element = Element::For {
            item,
            counter,
            list,
            when,
            give,
        };
        (element, ty, of.give.span)
    }
}

/// Whether two records have fields of the same names.
fn same_fields(one: &Type, other: &Type) -> bool {
    match (&one.kind, &other.kind) {
        (Kind::Record(a), Kind::Record(b)) => {
            a.fields.len() == b.fields.len()
                && a.fields.iter().all(|field| b.field(&field.name).is_some())
        }
        _ => true,
    }
}

/// Whether a list certainly has an item.
pub(super) fn filled(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::List(elements) => elements.iter().any(|element| match element {
            Element::One(value) => !value.ty.optional,
            Element::Spread(list) => !list.ty.optional && filled(list),
            Element::For {
                list, when, give, ..
            } => when.is_none() && !give.ty.optional && filled(list),
        }),
        _ => false,
    }
}
