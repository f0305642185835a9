//! What a step writes: fields taken apart into leaves, each with its place on the wire; what is required, read-only, emptied, or computed by the target.

use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, Verb};
use flowbook_stdlib::types::{Field, Kind, Shape, Type};

use super::body::GivenField;
use super::flow::Scope;
use super::key;
use super::step::Clauses;
use crate::checked::{Expr, ExprKind, First, FlagCheck, LocalIx, Put};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::ResourceIx;

/// A step's payload.
#[derive(Default)]
pub(super) struct Payload {
    pub(super) lets: Vec<(LocalIx, Expr)>,
    pub(super) body: Vec<Put>,
    pub(super) flags: Vec<FlagCheck>,
}

/// A value on its way into leaves.
struct Leaf<'l> {
    at: Vec<u16>,
    wire: Vec<Arc<str>>,
    field: &'l Field,
    value: Expr,
    first: &'l First,
    compared: bool,
}

impl Scope<'_, '_> {
    pub(super) fn payload(
        &mut self,
        write: &ast::Write,
        resource: ResourceIx,
        action: Option<usize>,
        clauses: &Clauses,
        span: Span,
    ) -> Payload {
        let of = self.resource(resource);
        let way = action.and_then(|action| of.creates.get(action)).cloned();
        let own = way.as_ref().is_none_or(|way| way.body.is_none());
        let shape = way
            .as_ref()
            .and_then(|way| way.body.clone())
            .unwrap_or_else(|| of.shape.clone());
        let carries = way.map(|way| way.carries).unwrap_or_default();
        let creates = write.verb != Verb::Update;
        let mut out = Payload::default();
        let by_action = write
            .clauses
            .iter()
            .any(|clause| matches!(clause.kind, ast::ClauseKind::Via(_)));
        if by_action && action.is_none() {
            // What an unknown action takes is not known.
            if let Some(record) = &write.record {
                self.body.fields(record, None, true);
            }
            return out;
        }
        if own {
            self.key_fields(write, &shape, clauses, &mut out);
        }
        let given = match &write.record {
            Some(record) => {
                let given = self.body.fields(record, Some(&shape), true);
                out.lets.extend(given.lets);
                given.fields
            }
            None => Vec::new(),
        };
        if write.verb == Verb::Update {
            self.no_first_write(write);
            if given.is_empty()
                && write
                    .record
                    .as_ref()
                    .is_none_or(|record| record.fields.is_empty())
            {
                self.report(
                    Diagnostic::error(
                        "F0536",
                        span,
                        "The step writes no field, so there is nothing to update.",
                    )
                    .label("no fields")
                    .help("Name the fields that change: `{ status: \"completed\" }`."),
                );
            }
        }
        for field in &given {
            if let Some(declared) = shape.fields.get(usize::from(field.field)) {
                self.writable(declared, field, &shape, &carries, creates);
                self.key_again(field, clauses, own, &shape);
            }
        }
        if creates {
            let keys: Vec<&str> = if own { key_names(write) } else { Vec::new() };
            self.required(write, &shape, &given, &keys, span);
        }
        for field in given {
            let Some(declared) = shape.fields.get(usize::from(field.field)) else {
                continue;
            };
            if declared.readonly || declared.sub && !carried(declared, &carries, creates) {
                continue;
            }
            let sub_first = First::OnCreate;
            let leaf = Leaf {
                at: vec![field.field],
                wire: wire(declared),
                field: declared,
                first: if declared.sub {
                    &sub_first
                } else {
                    &field.first
                },
                compared: !declared.writeonly && !declared.sub,
                value: field.value,
            };
            self.leaves(leaf, &field.came, &mut out);
        }
        if own {
            self.flags(&shape, &mut out);
        }
        out
    }

    /// The keys' fields are part of the payload.
    fn key_fields(
        &self,
        write: &ast::Write,
        shape: &Arc<Shape>,
        clauses: &Clauses,
        out: &mut Payload,
    ) {
        for (key, span) in clauses.keys.iter().zip(&clauses.key_spans) {
            for (path, value) in key.fields.iter().zip(&key.values) {
                let Some((field, wire, readonly)) = walk(shape, path) else {
                    continue;
                };
                if readonly {
                    if write.verb != Verb::Update {
                        let name = key::names(shape, path).join(".");
                        self.report(
                            Diagnostic::error(
                                "F0512",
                                *span,
                                format!("`{name}` is given by the system itself, so a record that this step creates would not carry the key."),
                            )
                            .label("read-only")
                            .help("Choose a field that the step writes, or `update` a record that is there."),
                        );
                    }
                    continue;
                }
                let Some(value) = value else { continue };
                if out.body.iter().any(|put| put.at == *path) {
                    continue;
                }
                out.body.push(Put {
                    at: path.clone(),
                    wire,
                    value: value.clone(),
                    ty: field.ty.clone(),
                    form: field.form,
                    first: First::Always,
                    key: true,
                    compared: !field.writeonly,
                });
            }
        }
    }

    /// `on create` has no place in an `update`.
    fn no_first_write(&self, write: &ast::Write) {
        let Some(record) = &write.record else { return };
        for field in &record.fields {
            if let ast::FieldKind::OnCreate(..) = &field.kind {
                self.report(
                    Diagnostic::error(
                        "F0535",
                        field.span,
                        "`update` never creates, so `on create` is never written.",
                    )
                    .label("never written")
                    .help("Write the fields directly, or use `ensure`."),
                );
            }
        }
    }

    fn writable(
        &self,
        declared: &Field,
        given: &GivenField,
        shape: &Shape,
        carries: &[String],
        creates: bool,
    ) {
        let name = &declared.name;
        if declared.sub && !carried(declared, carries, creates) {
            self.report(
                Diagnostic::error(
                    "F0534",
                    given.span,
                    format!("`{name}` is a list of its own, written record by record, and does not go along here."),
                )
                .label("not part of this write")
                .help(format!("Bind the record, and write behind the step: `create in x.{name} by …`.")),
            );
            return;
        }
        if declared.readonly {
            self.report(
                Diagnostic::error(
                    "F0531",
                    given.span,
                    format!(
                        "`{name}` of {} is read-only: the system sets it itself.",
                        shown(shape)
                    ),
                )
                .label("cannot be written")
                .help("Take the field out."),
            );
        }
    }

    /// A key's field is part of the payload already.
    fn key_again(&self, given: &GivenField, clauses: &Clauses, own: bool, shape: &Shape) {
        if !own {
            return;
        }
        for (key, span) in clauses.keys.iter().zip(&clauses.key_spans) {
            for path in &key.fields {
                let same = path.first() == Some(&given.field)
                    && (path.len() == 1 || gives(&given.value, &path[1..]));
                if same {
                    let name = key::names(shape, path).join(".");
                    self.report(
                        Diagnostic::error(
                            "F0514",
                            given.span,
                            format!("`{name}` is the step's key, and is written by that already."),
                        )
                        .label("written twice")
                        .related(*span, "the key")
                        .help("Take it out of the record."),
                    );
                }
            }
        }
    }

    /// What a new record needs.
    fn required(
        &self,
        write: &ast::Write,
        shape: &Shape,
        given: &[GivenField],
        keys: &[&str],
        span: Span,
    ) {
        let mut missing: Vec<&Field> = Vec::new();
        for (field, at) in shape.fields.iter().zip(0u16..) {
            if !field.required || field.readonly || field.default.is_some() {
                continue;
            }
            match given.iter().find(|one| one.field == at) {
                None if keys.contains(&&*field.name) => {}
                None => missing.push(field),
                Some(given) if given.came.optional && !is_lost(&given.came) => self.report(
                    Diagnostic::error(
                        "F0532",
                        given.span,
                        format!("`{}` of {} is required, and this value may be absent.", field.name, shown(shape)),
                    )
                    .label("may be absent")
                    .help("Say what it is otherwise (`else …`), or end the record: `else fail \"…\"`."),
                ),
                Some(_) => {}
            }
        }
        if !missing.is_empty() {
            let names: Vec<String> = missing
                .iter()
                .map(|field| format!("`{}`", field.name))
                .collect();
            let lines: Vec<String> = missing
                .iter()
                .map(|field| format!("  {}: …    // {}", field.name, field.ty))
                .collect();
            let place = write
                .record
                .as_ref()
                .map_or(span, |record| ast_head(record, write));
            self.report(
                Diagnostic::error(
                    "F0530",
                    place,
                    format!(
                        "A new record of {} needs {}, and this step does not give {}.",
                        shown(shape),
                        listed(&names),
                        if names.len() == 1 { "it" } else { "them" }
                    ),
                )
                .label(if names.len() == 1 {
                    "a required field is missing"
                } else {
                    "required fields are missing"
                })
                .help(format!("Add to the record:\n{}", lines.join("\n"))),
            );
        }
        for field in given {
            if let Some(declared) = shape.fields.get(usize::from(field.field))
                && !declared.readonly
            {
                self.required_inside(&field.came, &declared.ty, &declared.name, field.span);
            }
        }
    }

    /// What records inside a field need: items of lists, nested records.
    fn required_inside(&self, came: &Type, wanted: &Type, path: &str, span: Span) {
        match (&came.kind, &wanted.kind) {
            (Kind::List(came), Kind::List(wanted)) => {
                self.required_inside(came, wanted, path, span)
            }
            (Kind::Record(came), Kind::Record(wanted)) if !Arc::ptr_eq(came, wanted) => {
                let mut missing: Vec<String> = Vec::new();
                for field in &wanted.fields {
                    let given = came.field(&field.name).map(|(_, field)| field);
                    if field.required && !field.readonly && field.default.is_none() {
                        match given {
                            None => missing.push(format!("`{}`", field.name)),
                            Some(given) if given.ty.optional && !is_lost(&given.ty) => self.report(
                                Diagnostic::error(
                                    "F0532",
                                    span,
                                    format!("`{}` is required in each record of `{path}`, and the value given may be absent.", field.name),
                                )
                                .label("may be absent")
                                .help("Say what it is otherwise (`else …`), or end the record: `else fail \"…\"`."),
                            ),
                            Some(_) => {}
                        }
                    }
                    if let Some(given) = given {
                        self.required_inside(
                            &given.ty,
                            &field.ty,
                            &format!("{path}.{}", field.name),
                            span,
                        );
                    }
                }
                if !missing.is_empty() {
                    self.report(
                        Diagnostic::error(
                            "F0530",
                            span,
                            format!(
                                "Each record of `{path}` needs {}, and does not give {}.",
                                listed(&missing),
                                if missing.len() == 1 { "it" } else { "them" }
                            ),
                        )
                        .label("required fields are missing inside")
                        .help(
                            "Add them where the record is written down; if a map gives it, there.",
                        ),
                    );
                }
            }
            _ => {}
        }
    }

    /// Takes a nested record apart; everything else is one leaf.
    fn leaves(&mut self, leaf: Leaf<'_>, came: &Type, out: &mut Payload) {
        let (Kind::Record(shape), Kind::Record(came)) = (&leaf.field.ty.kind, &came.kind) else {
            out.body.push(Put {
                at: leaf.at,
                wire: leaf.wire,
                ty: leaf.field.ty.clone(),
                form: leaf.field.form,
                value: leaf.value,
                first: leaf.first.clone(),
                key: false,
                compared: leaf.compared,
            });
            return;
        };
        let span = leaf.value.span;
        let shape = shape.clone();
        // A literal gives its values; of any other record the fields are read.
        let values: Vec<(u16, Expr)> = match leaf.value.kind {
            ExprKind::Record { lets, fields, .. } => {
                out.lets.extend(lets);
                fields
            }
            _ => {
                let optional = leaf.value.ty.optional;
                let local = self.body.hidden(leaf.value.ty.clone(), span);
                out.lets.push((local, leaf.value));
                let whole = self.body.local(local, span);
                shape
                    .fields
                    .iter()
                    .zip(0u16..)
                    .filter(|(field, _)| came.field(&field.name).is_some())
                    .map(|(field, at)| {
                        let mut ty = field.ty.clone();
                        ty.optional |= optional;
                        let value = Expr {
                            kind: ExprKind::Field(Box::new(whole.clone()), at),
                            ty,
                            span,
                        };
                        (at, value)
                    })
                    .collect()
            }
        };
        for (at, value) in values {
            let Some(field) = shape.fields.get(usize::from(at)) else {
                continue;
            };
            if field.readonly || field.sub {
                continue;
            }
            let came = came
                .field(&field.name)
                .map_or_else(|| value.ty.clone(), |(_, given)| given.ty.clone());
            let mut path = leaf.at.clone();
            path.push(at);
            let mut names = leaf.wire.clone();
            names.extend(wire(field));
            self.leaves(
                Leaf {
                    at: path,
                    wire: names,
                    field,
                    value,
                    first: leaf.first,
                    compared: leaf.compared && !field.writeonly,
                },
                &came,
                out,
            );
        }
    }
}

/// Where a field is written.
fn wire(field: &Field) -> Vec<Arc<str>> {
    match &field.writes {
        Some(path) => path.clone(),
        None if field.reads.is_empty() => vec![field.name.clone()],
        None => field.reads.clone(),
    }
}

/// The field at a path, where it is written, and whether it is read-only anywhere on the way.
fn walk<'s>(shape: &'s Shape, path: &[u16]) -> Option<(&'s Field, Vec<Arc<str>>, bool)> {
    let (first, rest) = path.split_first()?;
    let field = shape.fields.get(usize::from(*first))?;
    if rest.is_empty() {
        return Some((field, wire(field), field.readonly));
    }
    let Kind::Record(inner) = &field.ty.kind else {
        return None;
    };
    let (last, below, readonly) = walk(inner, rest)?;
    let mut names = wire(field);
    names.extend(below);
    Some((last, names, readonly || field.readonly))
}

/// Whether a list of its own goes along with this write.
fn carried(field: &Field, carries: &[String], creates: bool) -> bool {
    creates && carries.iter().any(|sub| **sub == *field.name)
}

/// The fields that the keys of a step name, understood or not.
fn key_names(write: &ast::Write) -> Vec<&str> {
    write
        .clauses
        .iter()
        .filter_map(|clause| match &clause.kind {
            ast::ClauseKind::By(ast::Key::Fields(fields)) => Some(fields),
            _ => None,
        })
        .flatten()
        .filter_map(|part| Some(part.field.words.first()?.text.as_str()))
        .collect()
}

/// Whether a record gives the field at a path.
fn gives(value: &Expr, path: &[u16]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return true;
    };
    match &value.kind {
        ExprKind::Record { fields, .. } => fields
            .iter()
            .any(|(at, value)| at == first && gives(value, rest)),
        _ => false,
    }
}

fn is_lost(ty: &Type) -> bool {
    matches!(ty.kind, Kind::Unknown | Kind::Never)
}

/// The brace that opens a step's record, so that a long record is not underlined whole.
fn ast_head(record: &ast::Record, write: &ast::Write) -> Span {
    if record.fields.is_empty() {
        return record.span;
    }
    let target = match &write.target {
        ast::Target::In { path, .. } => path.span,
        ast::Target::Bound(word) => word.span,
    };
    write.verb_span.to(target)
}

fn shown(shape: &Shape) -> String {
    if shape.name.is_empty() {
        "the record".to_owned()
    } else {
        format!("`{}`", shape.name)
    }
}

fn listed(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.join(""),
    }
}
