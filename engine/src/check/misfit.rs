//! What goes where: the one place that says why a value does not fit, and what to do about it.

use std::sync::Arc;

use flowbook_stdlib::rules::{self, Misfit};
use flowbook_stdlib::types::{Basis, Kind, Shape, Type};
use flowbook_stdlib::value::Value;

use super::body::Body;
use super::suggest;
use crate::checked::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;

/// A type in words: `text(50)`, a record of `till.Order`.
pub(super) fn a(ty: &Type) -> String {
    match &ty.kind {
        Kind::Record(shape) if shape.name.is_empty() => "a record".to_owned(),
        Kind::Record(shape) => format!("a record of `{}`", shape.name),
        Kind::List(item) => match &item.kind {
            Kind::Record(shape) if shape.name.is_empty() => "a list of records".to_owned(),
            Kind::Nothing => "an empty list".to_owned(),
            _ => format!("a list of `{item}`"),
        },
        Kind::OneOf(names) if names.len() == 1 => format!("the text “{}”", names[0].name),
        Kind::OneOf(names) if names.len() > 4 => "a text of a closed set".to_owned(),
        Kind::Nothing => "`none`".to_owned(),
        Kind::Money(Basis::Carried, None) => "money".to_owned(),
        kind => format!("`{kind}`"),
    }
}

/// Whether a shape is a vendor's: of such a record, a map may give some fields.
pub(super) fn vendor(shape: &Shape) -> bool {
    shape.name.contains('.')
}

/// Why a value does not go into what is written down; of vendors' records, fields may be missing.
pub(super) fn written(from: &Type, to: &Type) -> Result<(), Misfit> {
    match (&from.kind, &to.kind) {
        (Kind::Record(come), Kind::Record(go)) if vendor(go) && !Arc::ptr_eq(come, go) => {
            for field in &go.fields {
                if let Some((_, given)) = come.field(&field.name) {
                    // What need not be given may be absent: it is left out.
                    let mut go = field.ty.clone();
                    go.optional |= given.ty.optional && !field.required;
                    written(&given.ty, &go)
                        .map_err(|misfit| Misfit::Field(field.name.clone(), Box::new(misfit)))?;
                }
            }
            absence(from, to)
        }
        (Kind::Record(come), Kind::Record(go)) if !Arc::ptr_eq(come, go) => {
            for field in &go.fields {
                match come.field(&field.name) {
                    Some((_, given)) => written(&given.ty, &field.ty)
                        .map_err(|misfit| Misfit::Field(field.name.clone(), Box::new(misfit)))?,
                    None if field.ty.optional || field.sub => {}
                    None => return Err(Misfit::Missing(field.name.clone())),
                }
            }
            absence(from, to)
        }
        (Kind::List(come), Kind::List(go)) if come.kind != Kind::Nothing => {
            written(come, go)?;
            absence(from, to)
        }
        _ => rules::fits_into(from, to),
    }
}

fn absence(from: &Type, to: &Type) -> Result<(), Misfit> {
    if from.optional && !to.optional {
        Err(Misfit::Optional)
    } else {
        Ok(())
    }
}

impl Body<'_, '_> {
    /// Whether an expression fits, reported if not.
    pub fn fits(&mut self, value: &Expr, to: &Type, place: &str) -> bool {
        match written(&value.ty, to) {
            Ok(()) => true,
            Err(misfit) => {
                self.misfit(value, to, place, &misfit);
                false
            }
        }
    }

    /// As [`Body::fits`], every field of a record being there: what maps and functions take.
    pub(super) fn fits_whole(&mut self, value: &Expr, to: &Type, place: &str) -> bool {
        match rules::fits_into(&value.ty, to) {
            Ok(()) => true,
            Err(misfit) => {
                self.misfit(value, to, place, &misfit);
                false
            }
        }
    }

    fn misfit(&self, value: &Expr, to: &Type, place: &str, misfit: &Misfit) {
        let text = short(self.checker.text(value.span));
        let found = self.explained(value, &value.ty, to, &text, place, misfit, String::new());
        self.checker.report(found);
    }

    #[allow(clippy::too_many_arguments)] // one recursion over the fields of a record
    fn explained(
        &self,
        value: &Expr,
        from: &Type,
        to: &Type,
        text: &str,
        place: &str,
        misfit: &Misfit,
        field: String,
    ) -> Diagnostic {
        let span = value.span;
        let items = matches!((&from.kind, &to.kind), (Kind::List(_), Kind::List(_)))
            && !matches!(misfit, Misfit::Optional);
        let what = if items && field.is_empty() {
            format!("An item of `{text}`")
        } else if field.is_empty() {
            format!("`{text}`")
        } else {
            format!("The field `{field}` of `{text}`")
        };
        let fixed = |fix: &str| {
            if field.is_empty() {
                format!("Write `{}{fix}`.", bracketed(text))
            } else {
                format!("Write `{fix}` where the field is given.", fix = fix.trim())
            }
        };
        match misfit {
            Misfit::Field(name, inner) => {
                let (Kind::Record(come), Kind::Record(go)) = (item(&from.kind), item(&to.kind))
                else {
                    return self.explained(value, from, to, text, place, inner, field);
                };
                let (Some((_, come)), Some((_, go))) = (come.field(name), go.field(name)) else {
                    return self.explained(value, from, to, text, place, inner, field);
                };
                let path = if field.is_empty() {
                    name.to_string()
                } else {
                    format!("{field}.{name}")
                };
                self.explained(value, &come.ty, &go.ty, text, place, inner, path)
            }
            Misfit::Missing(name) => {
                let owner = match item(&to.kind) {
                    Kind::Record(shape) if !shape.name.is_empty() => {
                        format!(" of `{}`", shape.name)
                    }
                    _ => String::new(),
                };
                Diagnostic::error(
                    "F0316",
                    span,
                    format!("The field `{name}`{owner} is not given, and {place} needs it."),
                )
                .label(format!("without `{name}`"))
                .help(format!("Add `{name}: …`."))
            }
            Misfit::Optional if is_clear(value) => Diagnostic::error(
                "F0311",
                span,
                format!("`{text}` may empty it, and {place} must be there."),
            )
            .label(format!("must be {}", a(to))),
            Misfit::Optional => {
                let help = match &value.kind {
                    ExprKind::Const(_) => None,
                    ExprKind::If(..) => {
                        Some(format!("Say what stands there otherwise: `{text} else …`."))
                    }
                    _ if !field.is_empty() => Some(
                        "Say what stands there otherwise, with `else`, where the field is given."
                            .to_owned(),
                    ),
                    _ => Some(format!(
                        "Say what stands there otherwise: `{text} else …`, or end the record: `{text} else fail \"…\"`."
                    )),
                };
                Diagnostic::error(
                    "F0311",
                    span,
                    format!("{what} may be absent, and {place} must be there."),
                )
                .label("may be absent")
                .maybe_help(help)
            }
            Misfit::Long(come, most) => {
                let long = match (come, &value.kind) {
                    (Some(come), ExprKind::Const(_)) => {
                        format!("{what} is {come} characters long")
                    }
                    (Some(come), _) => format!("{what} can be {come} characters long"),
                    (None, _) => format!("{what} can be of any length"),
                };
                let help = match &value.kind {
                    ExprKind::Const(_) => "Shorten the text.".to_owned(),
                    _ => format!(
                        "`| shorten` cuts it after {}; `| fits` fails the record when it is longer.",
                        if *most == 1 {
                            "1 character".to_owned()
                        } else {
                            format!("{most} characters")
                        }
                    ),
                };
                Diagnostic::error(
                    "F0312",
                    span,
                    format!("{long}, and {place} takes {most} at most."),
                )
                .label(match come {
                    Some(come) => format!("up to {come} characters"),
                    None => "of any length".to_owned(),
                })
                .help(help)
            }
            Misfit::Decimals(come, most) => {
                let many = match come {
                    Some(come) => format!("{what} can have {come} decimals"),
                    None => format!("{what} can have any number of decimals"),
                };
                Diagnostic::error(
                    "F0313",
                    span,
                    format!("{many}, and {place} takes {most} at most."),
                )
                .label(match come {
                    Some(come) => format!("up to {come} decimals"),
                    None => "any number of decimals".to_owned(),
                })
                .help(format!(
                    "`| round({most})` rounds half away from zero; `| fits` fails the record when it would have to."
                ))
            }
            Misfit::Basis(come, go) => Diagnostic::error(
                "F0314",
                span,
                format!("{what} is {}, and {place} is {}.", basis(come), basis(go)),
            )
            .label(basis(come))
            .maybe_help(basis_fix(come, go, &bracketed(text))),
            Misfit::Names(names) => {
                let Kind::OneOf(known) = &to.kind else {
                    return self.other(span, from, to, &what, place, None);
                };
                let list: Vec<String> = names.iter().map(|name| format!("“{name}”")).collect();
                let known: Vec<&str> = known.iter().map(|name| &*name.name).collect();
                let help = names
                    .first()
                    .and_then(|name| suggest::nearest(name, known.iter().copied()))
                    .map(|near| format!("Did you mean \"{near}\"?"))
                    .unwrap_or_else(|| {
                        let all: Vec<String> =
                            known.iter().map(|name| format!("\"{name}\"")).collect();
                        format!("It is one of {}.", all.join(", "))
                    });
                Diagnostic::error(
                    "F0315",
                    span,
                    format!(
                        "{what} can be {}, which {place} does not know.",
                        list.join(", ")
                    ),
                )
                .label("no such value")
                .help(help)
            }
            Misfit::Kind => {
                let help = match &value.kind {
                    ExprKind::Const(constant) => rewritten(constant, &to.kind),
                    _ => None,
                };
                let help = help.or_else(|| conversion(&from.kind, &to.kind).map(|fix| fixed(&fix)));
                self.other(span, from, to, &what, place, help)
            }
        }
    }

    fn other(
        &self,
        span: flowbook_grammar::Span,
        from: &Type,
        to: &Type,
        what: &str,
        place: &str,
        help: Option<String>,
    ) -> Diagnostic {
        Diagnostic::error(
            "F0310",
            span,
            format!(
                "{what} is {} and does not go into {place}, which is {}.",
                a(from),
                a(to)
            ),
        )
        .label(a(from))
        .maybe_help(help)
    }
}

fn is_clear(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Const(value) => *value == Value::Clear,
        ExprKind::Else(_, last) | ExprKind::If(_, last) => is_clear(last),
        _ => false,
    }
}

fn item(kind: &Kind) -> &Kind {
    match kind {
        Kind::List(item) => item_of(item),
        kind => kind,
    }
}

fn item_of(ty: &Type) -> &Kind {
    item(&ty.kind)
}

/// An expression's text on one line, cut to a readable length.
pub(super) fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 60 {
        return line;
    }
    let mut cut: String = line.chars().take(57).collect();
    cut.push('…');
    cut
}

/// A text before a pipe: what binds looser than a pipe needs brackets.
pub(super) fn bracketed(text: &str) -> String {
    let loose = [" and ", " or ", " = ", " < ", " > ", " exists", " missing"];
    if loose.iter().any(|word| text.contains(word)) {
        format!("({text})")
    } else {
        text.to_owned()
    }
}

/// A basis in words.
pub(super) fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Incl => "money including VAT".to_owned(),
        Basis::Excl => "money excluding VAT".to_owned(),
        Basis::Vat => "VAT itself".to_owned(),
        Basis::Plain => "a plain amount, of which VAT is not asked".to_owned(),
        Basis::By(flag) => format!("money including or excluding VAT as `{flag}` says"),
        Basis::Carried => "money that itself knows whether VAT is in it".to_owned(),
        Basis::Unknown => "money of which nobody knows whether VAT is in it".to_owned(),
    }
}

/// How money of one basis becomes money of another.
pub(super) fn basis_fix(from: &Basis, to: &Basis, text: &str) -> Option<String> {
    Some(match (from, to) {
        (Basis::Unknown, Basis::Incl) => format!("Say that VAT is in it: `{text} | as_incl`."),
        (Basis::Unknown, Basis::Excl) => format!("Say that VAT is not in it: `{text} | as_excl`."),
        (Basis::Unknown, _) => {
            format!("Say it: `{text} | as_incl` or `{text} | as_excl`.")
        }
        (Basis::By(_) | Basis::Carried, Basis::Incl) => format!(
            "Convert it with its rate, `{text} | incl_vat(rate)`, or say that VAT is in it, `{text} | as_incl`: the record fails where that is not so."
        ),
        (Basis::By(_) | Basis::Carried, Basis::Excl) => format!(
            "Convert it with its rate, `{text} | excl_vat(rate)`, or say that VAT is not in it, `{text} | as_excl`: the record fails where that is not so."
        ),
        (Basis::Incl, Basis::Excl) => format!("Take VAT off: `{text} | excl_vat(rate)`."),
        (Basis::Excl, Basis::Incl) => format!("Add VAT: `{text} | incl_vat(rate)`."),
        (Basis::Incl | Basis::Excl | Basis::Carried, Basis::By(_)) => {
            format!("Convert it to what the flag says: `{text} | in_basis(flag, rate)`.")
        }
        (_, Basis::Plain) => format!("Drop what it says of VAT: `{text} | plain`."),
        _ => return None,
    })
}

/// A literal as the place would take it.
fn rewritten(constant: &Value, to: &Kind) -> Option<String> {
    Some(match (constant, to) {
        (Value::Int(number), Kind::Percent) => format!("A percent has its sign: `{number}%`."),
        (Value::Int(number), Kind::Text(_) | Kind::OneOf(_)) => {
            format!("A text stands in quotes: `\"{number}\"`.")
        }
        (Value::Text(text), Kind::Country | Kind::Currency | Kind::Territory | Kind::Date) => {
            format!("Write it without quotes: `{text}`.")
        }
        (Value::Country(code), Kind::Text(_) | Kind::OneOf(_)) => {
            format!("A text stands in quotes: `\"{code}\"`.")
        }
        (Value::Text(_), Kind::Account) => "An account's number has digits only.".to_owned(),
        _ => return None,
    })
}

/// The pipe stage that turns one kind into another.
fn conversion(from: &Kind, to: &Kind) -> Option<String> {
    Some(match (from, to) {
        (Kind::DateTime, Kind::Date) => " | date".to_owned(),
        (
            Kind::Int | Kind::Decimal(_) | Kind::Account | Kind::Date | Kind::Percent | Kind::Bool,
            Kind::Text(_),
        ) => " | text".to_owned(),
        (Kind::List(item), Kind::Text(_))
            if matches!(item.kind, Kind::Text(_) | Kind::OneOf(_)) =>
        {
            " | join(\", \")".to_owned()
        }
        (Kind::Decimal(Some(0)), Kind::Int) => " | int".to_owned(),
        (Kind::Decimal(_), Kind::Int) => " | round(0) | int".to_owned(),
        _ => return None,
    })
}
