//! Records: fields, `let`s, spreads. A literal has exactly the fields that it writes down; a step's record is laid out as its resource is.

use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{self, FieldKind};
use flowbook_stdlib::rules;
use flowbook_stdlib::types::{Field, Kind, Place, Shape, Type};
use rustc_hash::FxHashMap;

use super::body::{Body, Given, GivenField};
use super::misfit::{a, short, written};
use super::shape::has_record;
use crate::checked::{Expr, ExprKind, First, LocalIx};
use crate::diagnostic::Diagnostic;

/// Fields while they are gathered.
struct Gathering<'s> {
    /// The shape they belong to.
    of: Option<&'s Arc<Shape>>,
    step: bool,
    lets: Vec<(LocalIx, Expr)>,
    fields: Vec<GivenField>,
    /// The fields themselves, where they belong to no shape.
    own: Vec<Field>,
    seen: FxHashMap<String, Span>,
}

impl Body<'_, '_> {
    /// The fields of a record; `of` is the shape that they belong to. In a step `on create` and `clear` are allowed.
    pub fn fields(&mut self, record: &ast::Record, of: Option<&Arc<Shape>>, step: bool) -> Given {
        let mut given = self.gathered(record, of, step);
        if let Some(shape) = of {
            for field in &mut given.fields {
                let value = std::mem::replace(&mut field.value, Body::nothing(field.span));
                let ty = &shape.fields[usize::from(field.field)].ty;
                field.value = self.shaped(value, ty);
            }
        }
        given
    }

    /// As [`Body::fields`], every value as it came.
    pub(super) fn gathered(
        &mut self,
        record: &ast::Record,
        of: Option<&Arc<Shape>>,
        step: bool,
    ) -> Given {
        let mut gathering = Gathering {
            of,
            step,
            lets: Vec::new(),
            fields: Vec::new(),
            own: Vec::new(),
            seen: FxHashMap::default(),
        };
        let mark = self.enter();
        self.gather(record, &First::Always, &mut gathering);
        self.leave(mark);
        let shape = match of {
            Some(shape) => shape.clone(),
            None => Arc::new(Shape {
                name: "".into(),
                fields: gathering.own,
                money_in: None,
            }),
        };
        Given {
            lets: gathering.lets,
            fields: gathering.fields,
            shape,
        }
    }

    fn gather(&mut self, record: &ast::Record, first: &First, into: &mut Gathering<'_>) {
        for field in &record.fields {
            match &field.kind {
                FieldKind::Bad => {}
                FieldKind::Let(let_) => {
                    let bound = self.data(let_);
                    into.lets.push(bound);
                }
                FieldKind::Value(word, value) => self.given(word, value, first, into),
                FieldKind::Spread(value) => self.spread(value, first, into),
                FieldKind::OnCreate(or, inner) => {
                    let nested = !matches!(first, First::Always);
                    if !into.step || nested {
                        self.checker.report(
                            Diagnostic::error("F0353", field.span, "`on create` stands directly in the record of a `create` or `ensure`.")
                                .label(if nested { "inside another one" } else { "no step writes this record itself" })
                                .help("Move it to the step: `ensure … { ..fields(x), on create { … } }`."),
                        );
                    }
                    let first = match or {
                        None => First::OnCreate,
                        Some(or) => First::OnCreateOr(self.condition(or)),
                    };
                    self.gather(inner, &first, into);
                }
            }
        }
    }

    /// `name: value`
    fn given(
        &mut self,
        word: &ast::Word,
        value: &ast::Expr,
        first: &First,
        into: &mut Gathering<'_>,
    ) {
        let declared = match into.of {
            None => None,
            Some(shape) => match shape.field(&word.text) {
                Some((position, field)) => Some((position as u16, field.ty.clone())),
                None => {
                    self.no_field(shape, word);
                    self.expr(value, None);
                    return;
                }
            },
        };
        self.clear = true;
        let mut given = self.expr(value, declared.as_ref().map(|(_, ty)| ty));
        if let (Some((_, ty)), Some(shape)) = (&declared, into.of)
            && !self.fits(&given, ty, &place(&word.text, shape))
        {
            given.ty = super::unknown();
        }
        let field = declared.map(|(field, _)| field);
        self.put(&word.text, field, given, first, word.span, into);
    }

    /// `..value`
    fn spread(&mut self, value: &ast::Expr, first: &First, into: &mut Gathering<'_>) {
        let wanted = into.of.map(|shape| Type::new(Kind::Record(shape.clone())));
        let record = self.expr(value, wanted.as_ref());
        let shape = match &record.ty.kind {
            Kind::Record(shape) => shape.clone(),
            Kind::Unknown | Kind::Never | Kind::Nothing => return,
            _ => {
                let text = short(self.checker.text(value.span));
                self.checker.report(
                    Diagnostic::error(
                        "F0343",
                        value.span,
                        format!(
                            "`{text}` is {}; in a record only records can be spread.",
                            a(&record.ty)
                        ),
                    )
                    .label("no record")
                    .help("Give it a field: `name: …`."),
                );
                return;
            }
        };
        let absent = record.ty.optional;
        let local = self.hidden(record.ty.clone(), value.span);
        into.lets.push((local, record));
        let mut foreign: Vec<&str> = Vec::new();
        for (position, field) in shape.fields.iter().enumerate() {
            if field.sub || field.writeonly && into.of.is_none() {
                continue;
            }
            let mut ty = field.ty.clone();
            ty.optional |= absent;
            let read = Expr {
                kind: ExprKind::Field(Box::new(self.local(local, value.span)), position as u16),
                ty,
                span: value.span,
            };
            let mut at = None;
            if let Some(of) = into.of {
                let Some((position, declared)) = of.field(&field.name) else {
                    foreign.push(&field.name);
                    continue;
                };
                at = Some(position as u16);
                // A spread of none adds nothing: that it may be absent as a whole is no misfit.
                let present = Expr {
                    ty: field.ty.clone(),
                    ..read.clone()
                };
                if written(&present.ty, &declared.ty).is_err() {
                    self.fits(&present, &declared.ty, &place(&field.name, of));
                }
            }
            self.put(&field.name, at, read, first, value.span, into);
        }
        if let (Some(first), Some(of)) = (foreign.first(), into.of) {
            let text = short(self.checker.text(value.span));
            let names: Vec<String> = foreign
                .iter()
                .take(6)
                .map(|name| format!("`{name}`"))
                .collect();
            let more = if foreign.len() > 6 { " and more" } else { "" };
            let fields = if foreign.len() == 1 {
                "field"
            } else {
                "fields"
            };
            self.checker.report(
                Diagnostic::error(
                    "F0303",
                    value.span,
                    format!(
                        "`{text}` has the {fields} {}{more}, which {} does not have.",
                        names.join(", "),
                        named(of)
                    ),
                )
                .label("brings other fields")
                .maybe_help(
                    super::suggest::nearest(first, of.fields.iter().map(|field| &*field.name))
                        .map(|near| format!("Did you mean `{near}`?")),
                ),
            );
        }
    }

    fn put(
        &mut self,
        name: &str,
        at: Option<u16>,
        value: Expr,
        first: &First,
        span: Span,
        into: &mut Gathering<'_>,
    ) {
        if let Some(before) = into.seen.insert(name.to_owned(), span) {
            self.checker.report(
                Diagnostic::error("F0350", span, format!("The field `{name}` is given twice in this record."))
                    .label("here again")
                    .related(before, "given here first")
                    .help("Keep one of the two. To replace a field of a map that is used by others, write `extend map`."),
            );
            return;
        }
        let field = at.unwrap_or_else(|| {
            into.own.push(Field::plain(name, value.ty.clone()));
            (into.own.len() - 1) as u16
        });
        into.fields.push(GivenField {
            field,
            came: value.ty.clone(),
            value,
            first: first.clone(),
            span,
        });
    }

    /// `{ … }` as a value.
    pub(super) fn record(
        &mut self,
        record: &ast::Record,
        span: Span,
        expected: Option<&Type>,
    ) -> Expr {
        let of = match expected.map(|ty| &ty.kind) {
            Some(Kind::Record(shape)) => Some(shape.clone()),
            _ => None,
        };
        let given = self.gathered(record, of.as_ref(), false);
        self.built(given, of.is_some(), span)
    }

    /// A record out of gathered fields: it has these and no others.
    pub(super) fn built(&mut self, given: Given, declared: bool, span: Span) -> Expr {
        let mut own = Vec::with_capacity(given.fields.len());
        let mut fields = Vec::with_capacity(given.fields.len());
        for (number, field) in given.fields.into_iter().enumerate() {
            let mut ours = given.shape.fields[usize::from(field.field)].clone();
            let value = if !declared || has_record(&field.value.ty.kind) {
                ours.ty = field.value.ty.clone();
                field.value
            } else {
                let fits = rules::fits_into(&field.value.ty, &ours.ty).is_ok();
                ours.ty.optional = field.value.ty.optional;
                if !fits && field.value.ty.kind == Kind::Unknown {
                    ours.ty = super::unknown();
                }
                field.value
            };
            ours.sub = false;
            if matches!(ours.flag, Some(Place::One(..))) {
                ours.flag = None;
            }
            own.push(ours);
            fields.push((number as u16, value));
        }
        let shape = Arc::new(Shape {
            name: given.shape.name.clone(),
            fields: own,
            money_in: match &given.shape.money_in {
                Some(Place::One(..)) => None,
                place => place.clone(),
            },
        });
        Expr {
            ty: Type::new(Kind::Record(shape.clone())),
            kind: ExprKind::Record {
                shape,
                lets: given.lets,
                fields,
            },
            span,
        }
    }
}

/// `Name` of books.Customer
fn place(field: &str, of: &Shape) -> String {
    if of.name.is_empty() {
        format!("`{field}`")
    } else {
        format!("`{field}` of {}", of.name)
    }
}

fn named(shape: &Shape) -> String {
    if shape.name.is_empty() {
        "the record".to_owned()
    } else {
        format!("`{}`", shape.name)
    }
}
