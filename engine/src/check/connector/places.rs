//! Money of a connector's records has a currency, and the flags and currencies that its types name in other records are there.

use std::collections::HashMap;
use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, ConnectorPart, TypeKind};
use flowbook_stdlib::types::{Kind, Place, Shape};

use crate::check::suggest;
use crate::check::types::{of, walk};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::Resource;

pub(super) fn check(
    item: &ast::Connector,
    resources: &[Resource],
    first: u32,
    out: &mut Vec<Diagnostic>,
) {
    let ones: HashMap<&str, &Shape> = resources
        .iter()
        .filter(|resource| resource.one.is_some())
        .map(|resource| (&*resource.name, &*resource.shape))
        .collect();
    let mut walker = Walker { item, ones, out };
    for resource in resources {
        let parents: Vec<&Shape> = resource
            .parent
            .and_then(|parent| resources.get((parent - first) as usize))
            .map(|parent| &*parent.shape)
            .into_iter()
            .collect();
        walker.record(&resource.shape, &parents, resource.span);
        for action in &resource.creates {
            if let Some(body) = &action.body {
                walker.record(body, &[&resource.shape], resource.span);
            }
        }
    }
}

struct Walker<'w> {
    item: &'w ast::Connector,
    /// Resources of one record.
    ones: HashMap<&'w str, &'w Shape>,
    out: &'w mut Vec<Diagnostic>,
}

impl Walker<'_> {
    /// A record below others, the nearest one last.
    fn record(&mut self, shape: &Shape, holders: &[&Shape], fallback: Span) {
        if let Some(place) = &shape.money_in {
            let span = self.span(shape, None, fallback);
            self.place(place, holders, &Kind::Currency, span);
        }
        let currency = shape.money_in.is_some()
            || holders
                .iter()
                .any(|holder| holder.money_in.is_some() || holder.fields.is_empty());
        for field in &shape.fields {
            if field.sub {
                continue; // a resource of its own
            }
            let mut kind = &field.ty.kind;
            while let Kind::List(item) = kind {
                kind = &item.kind;
            }
            if matches!(kind, Kind::Money(..)) && !currency {
                let span = self.span(shape, Some(&field.name), fallback);
                self.out.push(
                    Diagnostic::error("F0112", span, format!("`{}`{} is money, and nothing says in which currency.", field.name, of(&shape.name)))
                        .label("no currency")
                        .help("Add a line to the type: `money in currency`, `money in parent.currency` or `money in settings.currency`."),
                );
            }
            if let Some(place) = &field.flag {
                let span = self.span(shape, Some(&field.name), fallback);
                self.place(place, holders, &Kind::Bool, span);
            }
            if let Kind::Record(inner) = kind {
                let mut below = holders.to_vec();
                below.push(shape);
                self.record(inner, &below, fallback);
            }
        }
    }

    /// A place in the holder or in a resource of one record; places in the record itself were looked at when its type was read.
    fn place(&mut self, place: &Place, holders: &[&Shape], wanted: &Kind, span: Span) {
        let what = if *wanted == Kind::Bool {
            "a flag"
        } else {
            "a currency"
        };
        let (shape, path, where_) = match place {
            Place::Own(_) => return,
            Place::Parent(path) => match holders.last() {
                Some(holder) => (*holder, path, "parent"),
                None => {
                    self.out.push(
                        Diagnostic::error(
                            "F0111",
                            span,
                            format!(
                                "`parent.{}` names the record above, and there is none.",
                                path.join(".")
                            ),
                        )
                        .label("no parent"),
                    );
                    return;
                }
            },
            Place::One(name, path) => match self.ones.get(&**name) {
                Some(shape) => (*shape, path, &**name),
                None => return,
            },
        };
        if shape.fields.is_empty() {
            return; // its type was complained about
        }
        match walk(shape, path) {
            Ok(ty) if ty.kind == *wanted || ty.kind == Kind::Unknown => {}
            Ok(ty) => self.out.push(
                Diagnostic::error(
                    "F0111",
                    span,
                    format!("`{where_}.{}` is `{ty}`, not {what}.", path.join(".")),
                )
                .label(format!("not `{wanted}`")),
            ),
            Err((word, fields)) => self.out.push(
                Diagnostic::error(
                    "F0111",
                    span,
                    format!(
                        "There is no field `{word}`{} that could be {what}.",
                        of(&shape.name)
                    ),
                )
                .label("no such field")
                .maybe_help(suggest::help(
                    &word,
                    fields.iter().map(|name: &Arc<str>| &**name),
                    "Fields",
                )),
            ),
        }
    }

    /// Where a type's `money in` or field is written.
    fn span(&self, shape: &Shape, field: Option<&str>, fallback: Span) -> Span {
        let name = shape.name.rsplit('.').next().unwrap_or_default();
        let record = self.item.parts.iter().find_map(|part| match part {
            ConnectorPart::Type(def, _) if def.name.text == name => match &def.ty.kind {
                TypeKind::Record(record) => Some(record),
                _ => None,
            },
            _ => None,
        });
        let Some(record) = record else {
            return fallback;
        };
        match field {
            None => record
                .directives
                .first()
                .map_or(fallback, |directive| directive.span),
            Some(field) => record
                .fields
                .iter()
                .find(|one| one.name.text == field)
                .map_or(fallback, |field| field.ty.span),
        }
    }
}
