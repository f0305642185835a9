//! Flags and currencies that the target computes itself: what the payload took them to be, for the comparison with the answer.

use std::sync::Arc;

use flowbook_stdlib::types::{Basis, Field, Kind, Place, Shape, Type};

use super::flow::Scope;
use super::payload::Payload;
use crate::checked::{Arg, Expr, ExprKind, FlagCheck};

impl Scope<'_, '_> {
    /// Flags and currencies that the target computes are compared with what the amounts were written with.
    pub(super) fn flags(&mut self, shape: &Shape, out: &mut Payload) {
        let mut told: Vec<u16> = Vec::new();
        for number in 0..out.body.len() {
            let put = &out.body[number];
            let mut found: Vec<(u16, bool, Vec<u16>)> = Vec::new();
            amounts(shape, &put.at, &put.ty, &mut found);
            found.retain(|(field, ..)| !told.contains(field));
            found.dedup_by_key(|(field, ..)| *field);
            if found.is_empty() {
                continue;
            }
            // What is read twice is computed once.
            let (ty, span) = (put.value.ty.clone(), put.value.span);
            let local = self.body.hidden(ty.clone(), span);
            let shared = self.body.local(local, span);
            let value = std::mem::replace(&mut out.body[number].value, shared.clone());
            out.lets.push((local, value));
            for (field, currency, path) in found {
                told.push(field);
                let amount = reach(shared.clone(), &path);
                let (function, kind) = if currency {
                    ("currency_of", Kind::Currency)
                } else {
                    ("includes_vat", Kind::Bool)
                };
                out.flags.push(FlagCheck {
                    field: vec![field],
                    expected: Expr {
                        span,
                        ty: Type::new(kind).optional(),
                        kind: ExprKind::Call {
                            function,
                            args: vec![Arg::Value(amount)],
                            hands_on: true,
                        },
                    },
                });
            }
        }
    }
}

/// Amounts of a leaf whose flag or currency is a read-only field of the record itself: (that field, whether it is the currency, the way to the amount).
/// The way goes through the first item of a list.
fn amounts(shape: &Shape, at: &[u16], ty: &Type, found: &mut Vec<(u16, bool, Vec<u16>)>) {
    let computed = |name: &[Arc<str>]| -> Option<u16> {
        let [name] = name else { return None };
        let (at, field) = shape.field(name)?;
        field.readonly.then_some(at as u16)
    };
    let currency = match &shape.money_in {
        Some(Place::Own(path)) => computed(path),
        _ => None,
    };
    let mut see = |field: &Field, way: Vec<u16>, nested: bool| {
        let Kind::Money(basis, _) = &field.ty.kind else {
            return;
        };
        let flag = match (&field.flag, nested) {
            (Some(Place::Own(path)), false) | (Some(Place::Parent(path)), true) => computed(path),
            _ => None,
        };
        if let (Basis::By(_), Some(flag)) = (basis, flag) {
            found.push((flag, false, way.clone()));
        }
        if let Some(currency) = currency {
            found.push((currency, true, way));
        }
    };
    match (at, &ty.kind) {
        ([at], Kind::Money(..)) => {
            if let Some(field) = shape.fields.get(usize::from(*at)) {
                see(field, Vec::new(), false);
            }
        }
        ([_], Kind::List(item)) => {
            if let Kind::Record(inner) = &item.kind {
                let own_currency = inner.money_in.is_some();
                for (field, at) in inner.fields.iter().zip(0u16..) {
                    if !own_currency && !field.readonly {
                        see(field, vec![at], true);
                    }
                }
            }
        }
        _ => {}
    }
}

/// The amount at the end of a way, through the first item of a list.
fn reach(value: Expr, path: &[u16]) -> Expr {
    let span = value.span;
    let mut value = value;
    if let Kind::List(item) = &value.ty.kind {
        let ty = (**item).clone().optional();
        value = Expr {
            kind: ExprKind::Call {
                function: "first",
                args: vec![Arg::Value(value)],
                hands_on: true,
            },
            ty,
            span,
        };
    }
    for at in path {
        let ty = match &value.ty.kind {
            Kind::Record(shape) => shape
                .fields
                .get(usize::from(*at))
                .map_or_else(super::unknown, |field| field.ty.clone()),
            _ => super::unknown(),
        };
        value = Expr {
            kind: ExprKind::Field(Box::new(value), *at),
            ty: ty.optional(),
            span,
        };
    }
    value
}
