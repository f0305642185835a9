//! Type rules that the checker and the functions share: what fits into what, what two branches have in common, what arithmetic gives.
//!
//! Conversions that happen by themselves, all of them without loss: int → decimal; int or decimal → money (a bare number); an int literal of digits →
//! account; a name of a closed set, an e-mail address (254 characters), a UUID (36), a country, a currency → text; a country → territory; a smaller closed
//! set → a larger one. Nothing else.

use std::sync::Arc;

use crate::types::{Basis, Enumerator, Kind, Type};

/// Why a value of one type does not go where another is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Another kind altogether.
    Kind,
    /// It may be absent.
    Optional,
    /// A text may be too long: the longest that can come (none: without bound) and the longest that fits.
    Long(Option<u32>, u32),
    /// A number may have too many decimals: those that can come (none: without bound) and those that fit.
    Decimals(Option<u8>, u8),
    /// The VAT basis differs.
    Basis(Basis, Basis),
    /// Names that the expected set has not.
    Names(Vec<Arc<str>>),
    /// A field of a record does not fit.
    Field(Arc<str>, Box<Misfit>),
    /// A field of a record is not there.
    Missing(Arc<str>),
}

/// Whether a value of type `from` goes where `to` is expected.
pub fn fits_into(from: &Type, to: &Type) -> Result<(), Misfit> {
    if matches!(from.kind, Kind::Unknown | Kind::Never) || matches!(to.kind, Kind::Unknown) {
        return Ok(());
    }
    if from.kind == Kind::Nothing {
        return if to.optional {
            Ok(())
        } else {
            Err(Misfit::Optional)
        };
    }
    kind_fits(&from.kind, &to.kind)?;
    if from.optional && !to.optional {
        Err(Misfit::Optional)
    } else {
        Ok(())
    }
}

/// As [`fits_into`], absence aside.
pub fn kind_fits(from: &Kind, to: &Kind) -> Result<(), Misfit> {
    let long = |come: Option<u32>, max: &Option<u32>| match (come, max) {
        (_, None) => Ok(()),
        (Some(come), Some(max)) if come <= *max => Ok(()),
        (come, Some(max)) => Err(Misfit::Long(come, *max)),
    };
    let decimals = |come: Option<u8>, max: &Option<u8>| match (come, max) {
        (_, None) => Ok(()),
        (Some(come), Some(max)) if come <= *max => Ok(()),
        (come, Some(max)) => Err(Misfit::Decimals(come, *max)),
    };
    match (from, to) {
        (Kind::Unknown | Kind::Never, _) | (_, Kind::Unknown) => Ok(()),
        (Kind::Text(come), Kind::Text(max)) => long(*come, max),
        (Kind::Email(come), Kind::Text(max)) => long(Some(come.unwrap_or(254).min(254)), max),
        (Kind::Email(come), Kind::Email(max)) => long(Some(come.unwrap_or(254).min(254)), max),
        (Kind::Uuid, Kind::Text(max)) => long(Some(36), max),
        (Kind::Country, Kind::Text(max)) => long(Some(2), max),
        (Kind::Currency, Kind::Text(max)) => long(Some(3), max),
        (Kind::OneOf(names), Kind::Text(max)) => long(
            names
                .iter()
                .map(|name| name.name.chars().count() as u32)
                .max(),
            max,
        ),
        (Kind::OneOf(names), Kind::OneOf(known)) => {
            let unknown: Vec<Arc<str>> = names
                .iter()
                .filter(|name| !known.contains(name))
                .map(|name| name.name.clone())
                .collect();
            if unknown.is_empty() {
                Ok(())
            } else {
                Err(Misfit::Names(unknown))
            }
        }
        (Kind::Country, Kind::Territory) => Ok(()),
        (Kind::Int, Kind::Decimal(_)) => Ok(()),
        (Kind::Decimal(come), Kind::Decimal(max)) => decimals(*come, max),
        (Kind::Int, Kind::Money(basis, _)) if *basis != Basis::Unknown => Ok(()),
        (Kind::Decimal(come), Kind::Money(basis, max)) if *basis != Basis::Unknown => {
            decimals(*come, max)
        }
        (Kind::Money(from, come), Kind::Money(to, max)) => {
            basis_fits(from, to)?;
            decimals(*come, max)
        }
        (Kind::List(from), Kind::List(to)) => {
            if from.kind == Kind::Nothing {
                Ok(())
            } else {
                fits_into(from, to)
            }
        }
        (Kind::Record(from), Kind::Record(to)) => {
            if Arc::ptr_eq(from, to) {
                return Ok(());
            }
            for field in &to.fields {
                match from.field(&field.name) {
                    Some((_, given)) => fits_into(&given.ty, &field.ty)
                        .map_err(|misfit| Misfit::Field(field.name.clone(), Box::new(misfit)))?,
                    None if field.ty.optional || field.sub => {}
                    None => return Err(Misfit::Missing(field.name.clone())),
                }
            }
            Ok(())
        }
        (from, to) if from == to => Ok(()),
        _ => Err(Misfit::Kind),
    }
}

/// Whether money of one basis goes where another is expected. Flagged and carried money carries its basis: it goes to each other, never to a known one.
pub fn basis_fits(from: &Basis, to: &Basis) -> Result<(), Misfit> {
    let ok = match (from, to) {
        (Basis::Unknown, _) | (_, Basis::Unknown) => false,
        (_, Basis::Carried) => true,
        (Basis::By(_), Basis::By(_)) | (Basis::Carried, Basis::By(_)) => true,
        (from, to) => from == to,
    };
    if ok {
        Ok(())
    } else {
        Err(Misfit::Basis(from.clone(), to.clone()))
    }
}

/// The narrowest type that holds both: the longer text, the wider scale, the union of closed sets; optional if one is. None if there is none.
pub fn joined(left: &Type, right: &Type) -> Option<Type> {
    let optional = left.optional || right.optional;
    let kind = match (&left.kind, &right.kind) {
        (Kind::Nothing, other) | (other, Kind::Nothing) => {
            return Some(Type {
                kind: other.clone(),
                optional: true,
            });
        }
        _ => joined_kind(&left.kind, &right.kind)?,
    };
    Some(Type { kind, optional })
}

fn joined_kind(left: &Kind, right: &Kind) -> Option<Kind> {
    Some(match (left, right) {
        (Kind::Unknown, _) | (_, Kind::Unknown) => Kind::Unknown,
        (Kind::Never, other) | (other, Kind::Never) => other.clone(),
        (Kind::OneOf(a), Kind::OneOf(b)) => {
            let mut names: Vec<Enumerator> = a.to_vec();
            names.extend(b.iter().filter(|name| !a.contains(name)).cloned());
            Kind::OneOf(names.into())
        }
        (Kind::Decimal(a), Kind::Decimal(b)) => Kind::Decimal(wider(*a, *b)),
        (Kind::Int, Kind::Decimal(scale)) | (Kind::Decimal(scale), Kind::Int) => {
            Kind::Decimal(*scale)
        }
        (Kind::Money(basis, scale), Kind::Int) | (Kind::Int, Kind::Money(basis, scale)) => {
            Kind::Money(basis.clone(), *scale)
        }
        (Kind::Money(basis, a), Kind::Decimal(b)) | (Kind::Decimal(b), Kind::Money(basis, a)) => {
            Kind::Money(basis.clone(), wider(*a, *b))
        }
        (Kind::Money(a, scale), Kind::Money(b, other)) => {
            let basis = match (a, b) {
                (a, b) if a == b => a.clone(),
                (Basis::Unknown, _) | (_, Basis::Unknown) => return None,
                (Basis::By(_) | Basis::Carried, Basis::By(_) | Basis::Carried) => Basis::Carried,
                _ => return None,
            };
            Kind::Money(basis, wider(*scale, *other))
        }
        (Kind::Email(a), Kind::Email(b)) => Kind::Email(longer(*a, *b)),
        (Kind::List(a), Kind::List(b)) => match (&a.kind, &b.kind) {
            (Kind::Nothing, _) => Kind::List(b.clone()),
            (_, Kind::Nothing) => Kind::List(a.clone()),
            _ => Kind::List(Box::new(joined(a, b)?)),
        },
        (Kind::Record(a), Kind::Record(b)) if Arc::ptr_eq(a, b) || a == b => left.clone(),
        (a, b) if a == b => a.clone(),
        (Kind::Country, Kind::Territory) | (Kind::Territory, Kind::Country) => Kind::Territory,
        (a, b) => match (text_length(a), text_length(b)) {
            (Some(a), Some(b)) => Kind::Text(longer(a, b)),
            _ => return None,
        },
    })
}

fn wider(a: Option<u8>, b: Option<u8>) -> Option<u8> {
    Some(a?.max(b?))
}

fn longer(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    Some(a?.max(b?))
}

/// The bound of what turns into text by itself.
fn text_length(kind: &Kind) -> Option<Option<u32>> {
    Some(match kind {
        Kind::Text(max) => *max,
        Kind::OneOf(names) => names
            .iter()
            .map(|name| name.name.chars().count() as u32)
            .max(),
        Kind::Email(max) => Some(max.unwrap_or(254).min(254)),
        _ => return None,
    })
}

/// What `+` gives; the message completes "… cannot be added".
pub fn type_of_add(left: &Type, right: &Type) -> Result<Type, String> {
    match (&left.kind, &right.kind) {
        (Kind::Date, Kind::Span) | (Kind::Span, Kind::Date) => Ok(Type::new(Kind::Date)),
        (Kind::DateTime, Kind::Span) | (Kind::Span, Kind::DateTime) => {
            Ok(Type::new(Kind::DateTime))
        }
        _ => type_of_sum(left, right, true),
    }
}

/// What `-` gives.
pub fn type_of_sub(left: &Type, right: &Type) -> Result<Type, String> {
    match (&left.kind, &right.kind) {
        (Kind::Date, Kind::Span) => Ok(Type::new(Kind::Date)),
        (Kind::DateTime, Kind::Span) => Ok(Type::new(Kind::DateTime)),
        (Kind::Date, Kind::Date) => Ok(Type::new(Kind::Int)),
        _ => type_of_sum(left, right, false),
    }
}

fn type_of_sum(left: &Type, right: &Type, plus: bool) -> Result<Type, String> {
    let kind = match (&left.kind, &right.kind) {
        (Kind::Unknown | Kind::Never, _) | (_, Kind::Unknown | Kind::Never) => Kind::Unknown,
        (Kind::Int, Kind::Int) => Kind::Int,
        (Kind::Percent, Kind::Percent) => Kind::Percent,
        (Kind::Int | Kind::Decimal(_), Kind::Int | Kind::Decimal(_)) => {
            joined_kind(&left.kind, &right.kind).unwrap_or(Kind::Decimal(None))
        }
        (Kind::Money(basis, scale), Kind::Int) | (Kind::Int, Kind::Money(basis, scale)) => {
            Kind::Money(known(basis)?, *scale)
        }
        (Kind::Money(basis, a), Kind::Decimal(b)) | (Kind::Decimal(b), Kind::Money(basis, a)) => {
            Kind::Money(known(basis)?, wider(*a, *b))
        }
        (Kind::Money(a, scale), Kind::Money(b, other)) => {
            let (a, b) = (known(a)?, known(b)?);
            let basis = match (&a, &b, plus) {
                (one, other, _) if one == other => one.clone(),
                (Basis::Excl, Basis::Vat, true) | (Basis::Vat, Basis::Excl, true) => Basis::Incl,
                (Basis::Incl, Basis::Vat, false) => Basis::Excl,
                (Basis::Incl, Basis::Excl, false) => Basis::Vat,
                (Basis::By(_) | Basis::Carried, Basis::By(_) | Basis::Carried, _) => Basis::Carried,
                _ => return Err(format!("one is money({a}), the other money({b})")),
            };
            Kind::Money(basis, wider(*scale, *other))
        }
        _ => return Err(format!("one is {left}, the other {right}")),
    };
    Ok(Type::new(kind))
}

fn known(basis: &Basis) -> Result<Basis, String> {
    if *basis == Basis::Unknown {
        return Err(
            "nobody knows whether VAT is in it; say it with `as_incl` or `as_excl`".to_owned(),
        );
    }
    Ok(basis.clone())
}

/// What `*` gives.
pub fn type_of_mul(left: &Type, right: &Type) -> Result<Type, String> {
    let kind = match (&left.kind, &right.kind) {
        (Kind::Unknown | Kind::Never, _) | (_, Kind::Unknown | Kind::Never) => Kind::Unknown,
        (Kind::Int, Kind::Int) => Kind::Int,
        (Kind::Money(basis, _), Kind::Int | Kind::Decimal(_) | Kind::Percent)
        | (Kind::Int | Kind::Decimal(_) | Kind::Percent, Kind::Money(basis, _)) => {
            Kind::Money(known(basis)?, None)
        }
        (
            Kind::Int | Kind::Decimal(_) | Kind::Percent,
            Kind::Int | Kind::Decimal(_) | Kind::Percent,
        ) => Kind::Decimal(None),
        _ => return Err(format!("one is {left}, the other {right}")),
    };
    Ok(Type::new(kind))
}

/// What `/` gives.
pub fn type_of_div(left: &Type, right: &Type) -> Result<Type, String> {
    let kind = match (&left.kind, &right.kind) {
        (Kind::Unknown | Kind::Never, _) | (_, Kind::Unknown | Kind::Never) => Kind::Unknown,
        (Kind::Money(a, _), Kind::Money(b, _)) => {
            let (a, b) = (known(a)?, known(b)?);
            let flagged = |basis: &Basis| matches!(basis, Basis::By(_) | Basis::Carried);
            if a != b && !(flagged(&a) && flagged(&b)) {
                return Err(format!("one is money({a}), the other money({b})"));
            }
            Kind::Decimal(None)
        }
        (Kind::Money(basis, _), Kind::Int | Kind::Decimal(_)) => Kind::Money(known(basis)?, None),
        (Kind::Percent, Kind::Int | Kind::Decimal(_)) => Kind::Percent,
        (Kind::Int | Kind::Decimal(_), Kind::Int | Kind::Decimal(_)) => Kind::Decimal(None),
        _ => return Err(format!("one is {left}, the other {right}")),
    };
    Ok(Type::new(kind))
}

/// Whether two types can be compared with `=`; closed sets need a name in common.
pub fn comparable(left: &Type, right: &Type) -> Result<(), String> {
    let text = |kind: &Kind| matches!(kind, Kind::Text(_) | Kind::Email(_) | Kind::OneOf(_));
    let number = |kind: &Kind| matches!(kind, Kind::Int | Kind::Decimal(_));
    match (&left.kind, &right.kind) {
        (Kind::Unknown | Kind::Never | Kind::Nothing, _)
        | (_, Kind::Unknown | Kind::Never | Kind::Nothing) => Ok(()),
        (Kind::OneOf(a), Kind::OneOf(b)) if !a.iter().any(|name| b.contains(name)) => {
            Err(format!("no name of {left} is one of {right}"))
        }
        (Kind::Money(a, _), Kind::Money(b, _)) => {
            let (a, b) = (known(a)?, known(b)?);
            let flagged = |basis: &Basis| matches!(basis, Basis::By(_) | Basis::Carried);
            if a == b || (flagged(&a) && flagged(&b)) {
                Ok(())
            } else {
                Err(format!("one is money({a}), the other money({b})"))
            }
        }
        (Kind::Money(..), b) if number(b) => Ok(()),
        (a, Kind::Money(..)) if number(a) => Ok(()),
        (a, b) if text(a) && text(b) => Ok(()),
        (a, b) if number(a) && number(b) => Ok(()),
        (Kind::Account, Kind::Int) | (Kind::Int, Kind::Account) => Ok(()),
        (Kind::Uuid, b) if text(b) => Ok(()),
        (a, Kind::Uuid) if text(a) => Ok(()),
        (Kind::Country | Kind::Territory, Kind::Country | Kind::Territory) => Ok(()),
        (Kind::List(a), Kind::List(b)) => comparable(a, b),
        (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => Ok(()),
        _ => Err(format!("one is {left}, the other {right}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> Type {
        Type::new(Kind::OneOf(
            names
                .iter()
                .map(|name| Enumerator {
                    name: (*name).into(),
                    wire: None,
                })
                .collect(),
        ))
    }

    #[test]
    fn longer_text_does_not_fit() {
        let short = Type::new(Kind::Text(Some(50)));
        assert_eq!(
            fits_into(&Type::new(Kind::Text(Some(80))), &short),
            Err(Misfit::Long(Some(80), 50))
        );
        assert_eq!(
            fits_into(&Type::new(Kind::Text(None)), &short),
            Err(Misfit::Long(None, 50))
        );
        assert_eq!(
            fits_into(&set(&["ab"]), &Type::new(Kind::Text(Some(2)))),
            Ok(())
        );
    }

    #[test]
    fn sets_join_and_shrink() {
        assert_eq!(joined(&set(&["a"]), &set(&["b"])), Some(set(&["a", "b"])));
        assert_eq!(
            fits_into(&set(&["a", "x"]), &set(&["a"])),
            Err(Misfit::Names(vec!["x".into()]))
        );
        assert_eq!(
            joined(&set(&["a"]), &Type::new(Kind::Text(Some(5)))),
            Some(Type::new(Kind::Text(Some(5))))
        );
    }

    #[test]
    fn a_known_basis_and_a_flagged_one_do_not_mix() {
        let incl = Type::new(Kind::Money(Basis::Incl, None));
        let by = Type::new(Kind::Money(Basis::By("o.taxes_included".into()), None));
        assert!(type_of_add(&incl, &by).is_err());
        assert!(fits_into(&by, &incl).is_err());
        assert!(fits_into(&incl, &by).is_err());
        assert_eq!(
            fits_into(&by, &Type::new(Kind::Money(Basis::Carried, None))),
            Ok(())
        );
    }

    #[test]
    fn absence_joins() {
        let nothing = Type::new(Kind::Nothing).optional();
        assert_eq!(
            joined(&Type::new(Kind::Int), &nothing),
            Some(Type::new(Kind::Int).optional())
        );
    }
}
