//! Layouts of values. A record's fields lie in the order of its shape; where two shapes meet, one is laid out as the other is. A bare number
//! that meets money of a known basis becomes money of that basis.

use std::sync::Arc;

use flowbook_stdlib::rules;
use flowbook_stdlib::types::{Basis, Field, Kind, Shape, Type};
use flowbook_stdlib::value::{Money, MoneyBasis, Value};
use rust_decimal::Decimal;

use super::body::Body;
use crate::checked::{Arg, Element, Expr, ExprKind, Table};
use crate::plan::Math;

/// Whether two types lie alike.
pub(super) fn alike(one: &Type, other: &Type) -> bool {
    match (&one.kind, &other.kind) {
        (Kind::Record(a), Kind::Record(b)) => {
            Arc::ptr_eq(a, b)
                || a.fields.len() == b.fields.len()
                    && a.fields
                        .iter()
                        .zip(&b.fields)
                        .all(|(a, b)| a.name == b.name && alike(&a.ty, &b.ty))
        }
        (Kind::List(a), Kind::List(b)) => alike(a, b),
        (Kind::Int | Kind::Decimal(_), Kind::Money(basis, _)) => known(basis).is_none(),
        _ => true,
    }
}

/// The basis that is known of every amount of a type.
fn known(basis: &Basis) -> Option<MoneyBasis> {
    Some(match basis {
        Basis::Incl => MoneyBasis::Incl,
        Basis::Excl => MoneyBasis::Excl,
        Basis::Vat => MoneyBasis::Vat,
        Basis::Plain => MoneyBasis::Plain,
        Basis::By(_) | Basis::Carried | Basis::Unknown => return None,
    })
}

/// Whether a type has a record in it.
pub(super) fn has_record(kind: &Kind) -> bool {
    match kind {
        Kind::Record(_) => true,
        Kind::List(item) => has_record(&item.kind),
        _ => false,
    }
}

/// The narrowest type that holds both. Records have the fields that both have; those of one named type all that one has.
pub(super) fn joined(left: &Type, right: &Type) -> Option<Type> {
    let optional = left.optional || right.optional;
    let kind = match (&left.kind, &right.kind) {
        (Kind::Record(a), Kind::Record(b)) if Arc::ptr_eq(a, b) => left.kind.clone(),
        (Kind::Record(a), Kind::Record(b)) => Kind::Record(Arc::new(joined_shape(a, b)?)),
        (Kind::List(a), Kind::List(b)) if has_record(&a.kind) && has_record(&b.kind) => {
            Kind::List(Box::new(joined(a, b)?))
        }
        _ => return rules::joined(left, right),
    };
    Some(Type { kind, optional })
}

fn joined_shape(a: &Shape, b: &Shape) -> Option<Shape> {
    let whole = !a.name.is_empty() && a.name == b.name;
    let mut fields: Vec<Field> = Vec::new();
    for field in &a.fields {
        let mut both = field.clone();
        match b.field(&field.name) {
            Some((_, other)) => both.ty = joined(&field.ty, &other.ty)?,
            None if whole => both.ty.optional = true,
            None => continue,
        }
        fields.push(both);
    }
    if whole {
        for field in &b.fields {
            if a.field(&field.name).is_none() {
                let mut only = field.clone();
                only.ty.optional = true;
                fields.push(only);
            }
        }
    }
    (!fields.is_empty()).then(|| Shape {
        name: if a.name == b.name {
            a.name.clone()
        } else {
            "".into()
        },
        fields,
        money_in: if a.money_in == b.money_in {
            a.money_in.clone()
        } else {
            None
        },
    })
}

/// The type that branches take: what their place expects, where records in all of them fit it; else what they have in common.
pub(super) fn agreed<'t>(
    mut types: impl Iterator<Item = &'t Type> + Clone,
    expected: Option<&Type>,
) -> Option<Type> {
    let given = types.clone();
    if let Some(expected) = expected
        && has_record(&expected.kind)
        && given
            .clone()
            .all(|ty| rules::fits_into(&ty.clone().present(), expected).is_ok())
    {
        return Some(Type {
            kind: expected.kind.clone(),
            optional: given.clone().any(|ty| ty.optional),
        });
    }
    let first = types.next()?.clone();
    types.try_fold(first, |all, ty| joined(&all, ty))
}

impl Body<'_, '_> {
    /// A value that fits `to`, laid out as `to` is and of its kind; one that lacks fields of a vendor's record stays as it is.
    pub(super) fn settled(&mut self, value: Expr, to: &Type) -> Expr {
        if matches!(to.kind, Kind::Unknown)
            || matches!(value.ty.kind, Kind::Unknown | Kind::Never)
            || rules::fits_into(&value.ty, to).is_err()
        {
            return value;
        }
        let optional = value.ty.optional;
        let mut value = self.shaped(value, to);
        value.ty = Type {
            kind: to.kind.clone(),
            optional,
        };
        value
    }

    /// A value laid out as `to` is: records in it get the fields of `to`, absent where they lack one; bare numbers the basis of `to`.
    pub fn shaped(&mut self, value: Expr, to: &Type) -> Expr {
        if alike(&value.ty, to) {
            return value;
        }
        let span = value.span;
        let ty = Type {
            kind: to.kind.clone(),
            optional: value.ty.optional,
        };
        let kind = match (value.kind, &to.kind) {
            (ExprKind::If(when, then), _) => ExprKind::If(when, Box::new(self.shaped(*then, to))),
            (ExprKind::Else(left, right), _) => {
                let left = self.shaped(*left, to);
                ExprKind::Else(Box::new(left), Box::new(self.shaped(*right, to)))
            }
            (ExprKind::Match(table, on), _) => {
                let mut table: Table = *table;
                for row in &mut table.rows {
                    let give = std::mem::replace(&mut row.give, Body::nothing(span));
                    row.give = self.shaped(give, to);
                }
                table.otherwise = table.otherwise.map(|give| self.shaped(give, to));
                table.gives = ty.clone();
                ExprKind::Match(Box::new(table), on)
            }
            (ExprKind::List(elements), Kind::List(item)) => ExprKind::List(
                elements
                    .into_iter()
                    .map(|element| self.shaped_element(element, item))
                    .collect(),
            ),
            (
                ExprKind::Record {
                    shape,
                    lets,
                    fields,
                },
                Kind::Record(go),
            ) => {
                let mut laid = Vec::with_capacity(fields.len());
                for (at, value) in fields {
                    let name = &shape.fields[usize::from(at)].name;
                    if let Some((position, field)) = go.field(name) {
                        laid.push((position as u16, self.shaped(value, &field.ty)));
                    }
                }
                ExprKind::Record {
                    shape: go.clone(),
                    lets,
                    fields: laid,
                }
            }
            (kind, Kind::Record(go)) => {
                let value = Expr {
                    kind,
                    ty: value.ty,
                    span,
                };
                return self.rebuilt(value, go, ty);
            }
            (kind, Kind::List(go)) => {
                let value = Expr {
                    kind,
                    ty: value.ty,
                    span,
                };
                return self.relisted(value, go, ty);
            }
            (kind, Kind::Money(basis, _)) => {
                let value = Expr {
                    kind,
                    ty: value.ty,
                    span,
                };
                return self.based(value, basis);
            }
            (kind, _) => kind,
        };
        Expr { kind, ty, span }
    }

    /// A number, or an amount that may be a bare number, as an amount of a basis: `0 excl + number`.
    pub(super) fn based(&mut self, value: Expr, basis: &Basis) -> Expr {
        let Some(known) = known(basis) else {
            return value;
        };
        let scale = match value.ty.kind {
            Kind::Int => Some(0),
            Kind::Decimal(scale) | Kind::Money(_, scale) => scale,
            _ => return value,
        };
        let amount = |amount| {
            ExprKind::Const(Value::Money(Money {
                amount,
                currency: None,
                basis: known,
            }))
        };
        let bare = match &value.kind {
            ExprKind::Const(Value::Int(number)) => Some((*number).into()),
            ExprKind::Const(Value::Decimal(number)) => Some(*number),
            _ => None,
        };
        self.passed(value, |_, value| {
            let ty = Type::new(Kind::Money(basis.clone(), scale));
            let span = value.span;
            let kind = match bare {
                Some(number) => amount(number),
                None => {
                    let nothing = Expr {
                        kind: amount(Decimal::ZERO),
                        ty: ty.clone(),
                        span,
                    };
                    ExprKind::Math(Math::Add, Box::new(nothing), Box::new(value))
                }
            };
            Expr { kind, ty, span }
        })
    }

    fn shaped_element(&mut self, element: Element, to: &Type) -> Element {
        match element {
            Element::One(value) => Element::One(self.shaped(value, to)),
            Element::Spread(value) => {
                let list = Type {
                    kind: Kind::List(Box::new(to.clone())),
                    optional: value.ty.optional,
                };
                Element::Spread(self.shaped(value, &list))
            }
            Element::For {
                item,
                counter,
                list,
                when,
                give,
            } => Element::For {
                item,
                counter,
                list,
                when,
                give: self.shaped(give, to),
            },
        }
    }

    /// A record out of the fields of another.
    fn rebuilt(&mut self, value: Expr, go: &Arc<Shape>, ty: Type) -> Expr {
        let Kind::Record(come) = value.ty.kind.clone() else {
            return value;
        };
        self.passed(value, |body, value| {
            let span = value.span;
            let local = body.hidden(value.ty.clone(), span);
            let mut fields = Vec::new();
            for (position, field) in go.fields.iter().enumerate() {
                if let Some((at, given)) = come.field(&field.name)
                    && !given.sub
                {
                    let read = Expr {
                        kind: ExprKind::Field(Box::new(body.local(local, span)), at as u16),
                        ty: given.ty.clone(),
                        span,
                    };
                    fields.push((position as u16, body.shaped(read, &field.ty)));
                }
            }
            Expr {
                kind: ExprKind::Record {
                    shape: go.clone(),
                    lets: vec![(local, value)],
                    fields,
                },
                ty: ty.present(),
                span,
            }
        })
    }

    /// A list whose items are rebuilt.
    fn relisted(&mut self, value: Expr, go: &Type, ty: Type) -> Expr {
        let Kind::List(come) = value.ty.kind.clone() else {
            return value;
        };
        self.passed(value, |body, list| {
            let span = list.span;
            let item = body.hidden(*come, span);
            let give = body.local(item, span);
            let give = body.shaped(give, go);
            Expr {
                kind: ExprKind::List(vec![Element::For {
                    item,
                    counter: None,
                    list,
                    when: None,
                    give,
                }]),
                ty: ty.present(),
                span,
            }
        })
    }

    /// What is made of a value that is there; an absent one passes by. It is computed once: `[for x in [value] => made(x)] | first`, and lists
    /// drop none.
    pub(super) fn passed(
        &mut self,
        value: Expr,
        make: impl FnOnce(&mut Self, Expr) -> Expr,
    ) -> Expr {
        if !value.ty.optional {
            return make(self, value);
        }
        let span = value.span;
        let present = value.ty.clone().present();
        let one = Expr {
            kind: ExprKind::List(vec![Element::One(value)]),
            ty: Type::new(Kind::List(Box::new(present.clone()))),
            span,
        };
        let item = self.hidden(present, span);
        let there = self.local(item, span);
        let give = make(self, there);
        let ty = give.ty.clone().optional();
        let all = Expr {
            ty: Type::new(Kind::List(Box::new(give.ty.clone().present()))),
            kind: ExprKind::List(vec![Element::For {
                item,
                counter: None,
                list: one,
                when: None,
                give,
            }]),
            span,
        };
        Expr {
            kind: ExprKind::Call {
                function: "first",
                args: vec![Arg::Value(all)],
                hands_on: false,
            },
            ty,
            span,
        }
    }
}
