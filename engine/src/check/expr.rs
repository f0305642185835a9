//! Expressions: one case per form of the tree; names, fields, literals and texts here, the others in files of their own.

use std::sync::Arc;

use flowbook_grammar::ast::{self, Literal};
use flowbook_grammar::{Span, ast::ExprKind as Tree};
use flowbook_stdlib::display;
use flowbook_stdlib::types::{Kind, Place, Shape, Type};
use flowbook_stdlib::value::Value;

use super::body::Body;
use super::misfit::{a, short};
use super::{Name, literal, places, suggest};
use crate::checked::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::ResourceIx;

impl Body<'_, '_> {
    /// An expression; `expected` is a hint for literals, `shorten`, `fits` and records, and no demand.
    pub fn expr(&mut self, expr: &ast::Expr, expected: Option<&Type>) -> Expr {
        let clear = std::mem::take(&mut self.clear);
        let lenient = std::mem::take(&mut self.lenient);
        let span = expr.span;
        match &expr.kind {
            Tree::Literal(literal) => self.literal(literal, span, expected, clear),
            Tree::Text(parts) => self.text(parts, span, lenient),
            Tree::Name(name) => self.name(name, expr),
            Tree::Item(path) => self.item(path, span),
            Tree::Field(base, word) => self.field(base, word, expr),
            Tree::Lookup(base, key) => self.lookup(base, key, span),
            Tree::Call(call) => self.call(call, None, span, expected),
            Tree::Pipe(left, stage) => self.pipe(left, stage, span, expected),
            Tree::Else(left, right) => self.otherwise(left, right, span, expected, clear),
            Tree::If(when, then) => self.conditional(when, then, span, expected, clear),
            Tree::End(end, text) => self.end(*end, text, span),
            Tree::Match(on, rows) => self.matching(on, rows, span, expected),
            Tree::Neg(inner) => self.negative(inner, span, expected),
            Tree::Not(inner) => {
                let inner = self.condition(inner);
                Expr {
                    kind: ExprKind::Not(Box::new(inner)),
                    ty: Type::new(Kind::Bool),
                    span,
                }
            }
            Tree::Binary(op, left, right) => self.binary(*op, left, right, span),
            Tree::Exists(path) => self.exists(path, span, true),
            Tree::Missing(path) => self.exists(path, span, false),
            Tree::List(elements) => self.list(elements, span, expected),
            Tree::Record(record) => self.record(record, span, expected),
            Tree::Paren(inner) => {
                self.clear = clear;
                self.lenient = lenient;
                self.expr(inner, expected)
            }
            Tree::Bad => Body::nothing(span),
        }
    }

    fn literal(
        &mut self,
        literal: &Literal,
        span: Span,
        expected: Option<&Type>,
        clear: bool,
    ) -> Expr {
        if *literal == Literal::Clear && !clear {
            self.checker.report(
                Diagnostic::error(
                    "F0352",
                    span,
                    "`clear` empties the field that it is written to, so it can only stand where a field gets its value.",
                )
                .label("no field gets this")
                .help("Write it as the value of a field, or behind its last `else`: `Note: order.note else clear`."),
            );
            return Body::nothing(span);
        }
        match literal::literal(literal, expected) {
            Ok((value, ty)) => Expr {
                kind: ExprKind::Const(value),
                ty,
                span,
            },
            Err(unfit) => {
                let code = if unfit.unknown_name { "F0315" } else { "F0390" };
                self.checker.report(
                    Diagnostic::error(code, span, unfit.message)
                        .label(if unfit.unknown_name {
                            "no such value"
                        } else {
                            "cannot be read"
                        })
                        .maybe_help(unfit.help),
                );
                Body::nothing(span)
            }
        }
    }

    /// A text with holes: as long as its parts together.
    fn text(&mut self, parts: &[ast::TextPart], span: Span, lenient: bool) -> Expr {
        let mut length = Some(0u32);
        let mut given = Vec::with_capacity(parts.len());
        for part in parts {
            let part = match part {
                ast::TextPart::Text(text) => Expr {
                    kind: ExprKind::Const(Value::Text(text.as_str().into())),
                    ty: Type::new(Kind::Text(Some(display::characters(text) as u32))),
                    span,
                },
                ast::TextPart::Hole(hole) => self.hole(hole, lenient),
            };
            length = match (length, display::longest_in_text(&part.ty)) {
                (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
                _ => None,
            };
            given.push(part);
        }
        Expr {
            kind: ExprKind::Text(given),
            ty: Type::new(Kind::Text(length)),
            span,
        }
    }

    fn hole(&mut self, hole: &ast::Expr, lenient: bool) -> Expr {
        let value = self.expr(hole, None);
        let text = short(self.checker.text(hole.span));
        match &value.ty.kind {
            Kind::Record(_) => self.checker.report(
                Diagnostic::error("F0324", hole.span, format!("`{text}` is {}, which has no text.", a(&value.ty)))
                    .label("a record")
                    .help(format!("Name one of its fields: `{{{text}.…}}`.")),
            ),
            Kind::List(_) => self.checker.report(
                Diagnostic::error("F0324", hole.span, format!("`{text}` is {}, which has no text.", a(&value.ty)))
                    .label("a list")
                    .help(format!("Join its items: `{{{text} | join(\", \") else \"\"}}`.")),
            ),
            _ if value.ty.optional && !lenient => self.checker.report(
                Diagnostic::error("F0323", hole.span, format!("`{text}` may be absent, and a text cannot have nothing in it."))
                    .label("may be absent")
                    .help(if self.is_path(hole) {
                        format!("Say what stands there then: `{{{text} else \"\"}}`; or make the text only where it is there: `if {text} exists => …`.")
                    } else {
                        format!("Say what stands there then: `{{{text} else \"\"}}`.")
                    }),
            ),
            _ => {}
        }
        value
    }

    fn name(&mut self, name: &str, expr: &ast::Expr) -> Expr {
        let span = expr.span;
        let declared = self.checker.declared;
        if let Some(local) = self.named(name) {
            self.uses(local);
            let mut value = self.local(local, span);
            value.ty.optional &= !self.known(expr);
            return value;
        }
        if let Some((number, _, setting)) = declared.settings.get_full(name) {
            self.used_name(Name::Setting(name.to_owned()));
            let mut ty = setting.ty.clone();
            ty.optional &= !self.known(expr);
            return Expr {
                kind: ExprKind::Setting(number as u32),
                ty,
                span,
            };
        }
        if !self.is_bad(name) {
            self.unknown_name(name, span);
            self.missed(name);
        }
        Body::nothing(span)
    }

    /// Whether a name is one of an item that could not be read.
    pub(super) fn is_bad(&self, name: &str) -> bool {
        self.checker.declared.bad.iter().any(|bad| bad == name)
    }

    fn unknown_name(&self, name: &str, span: Span) {
        let declared = self.checker.declared;
        let found = if declared.systems.iter().any(|one| one.name == name) {
            Diagnostic::error(
                "F0307",
                span,
                format!("`{name}` is a system, and no value."),
            )
            .label("a system")
            .help(format!("Name one of its resources: `{name}.…`."))
        } else if places::is_set(name) {
            Diagnostic::error(
                "F0331",
                span,
                format!("`{name}` is a set of places: it stands behind `in`."),
            )
            .label("a set")
            .help(format!("Write `country in {name}`."))
        } else if declared.maps.contains_key(name)
            || declared.tables.contains_key(name)
            || super::call::function(name).is_some()
        {
            Diagnostic::error(
                "F0308",
                span,
                format!("`{name}` is called with brackets or behind `|`; alone it is no value."),
            )
            .label("not called")
            .help(format!("Write `{name}(…)`."))
        } else if declared.flows.contains_key(name) {
            Diagnostic::error("F0308", span, format!("`{name}` is a flow, and no value."))
                .label("a flow")
        } else {
            let known: Vec<&str> = self
                .in_scope()
                .chain(declared.settings.keys().map(String::as_str))
                .chain(declared.systems.iter().map(|one| one.name.as_str()))
                .collect();
            let help = suggest::nearest(name, known).map(|near| format!("Did you mean `{near}`?"));
            let help = help.or_else(|| {
                let word = name.chars().next().is_some_and(char::is_lowercase);
                word.then(|| format!("A text stands in quotes: \"{name}\". A value is named by `let`, a choice of the user's by `setting`."))
            });
            Diagnostic::error(
                "F0300",
                span,
                format!("There is no value named `{name}` here."),
            )
            .label("not known")
            .maybe_help(help)
        };
        self.checker.report(found);
    }

    /// `.f.g`: fields of the item of the innermost list function.
    fn item(&mut self, path: &ast::Path, span: Span) -> Expr {
        let Some(item) = self.items.last().copied() else {
            let text = self.checker.text(span);
            self.checker.report(
                Diagnostic::error(
                    "F0305",
                    span,
                    format!("`{text}` is a field of a list's item, and no list function is around it."),
                )
                .label("of what?")
                .help("Name the record before the dot. Without a record it stands in the brackets of a list function: `rows | sum(.price)`."),
            );
            return Body::nothing(span);
        };
        let mut value = self.local(item, span);
        for (number, word) in path.words.iter().enumerate() {
            value = self.field_of(value, word, span);
            value.ty.optional &= !self.known_item(item, &path.words[..=number]);
        }
        value
    }

    fn field(&mut self, base: &ast::Expr, word: &ast::Word, expr: &ast::Expr) -> Expr {
        if let Some(system) = self.system(base) {
            return match self.resource_named(system, std::slice::from_ref(word)) {
                None => Body::nothing(expr.span),
                Some(resource) => self.whole(resource, expr.span),
            };
        }
        let record = self.expr(base, None);
        let mut value = self.field_of(record, word, expr.span);
        value.ty.optional &= !self.known(expr);
        value
    }

    /// A resource without brackets: only one of a single record has a value.
    fn whole(&mut self, resource: ResourceIx, span: Span) -> Expr {
        let declared = &self.checker.declared.resources[resource as usize];
        if declared.one.is_some() {
            return Expr {
                kind: ExprKind::One(resource),
                ty: Type::new(Kind::Record(declared.shape.clone())),
                span,
            };
        }
        let text = self.checker.text(span).to_owned();
        let key = declared
            .key
            .map_or("F", |key| &declared.shape.fields[usize::from(key)].name);
        self.checker.report(
            Diagnostic::error(
                "F0307",
                span,
                format!("`{text}` is all records of that kind; an expression takes one."),
            )
            .label("which of them?")
            .help(format!("Look one up by its key: `{text}[{key} = …]`.")),
        );
        Body::nothing(span)
    }

    /// A field of a record that was checked.
    pub(super) fn field_of(&mut self, record: Expr, word: &ast::Word, span: Span) -> Expr {
        let shape = match &record.ty.kind {
            Kind::Record(shape) => shape.clone(),
            Kind::Never => return record, // it ends before
            Kind::Unknown => return Body::nothing(span),
            _ => {
                self.no_fields(&record, word);
                return Body::nothing(span);
            }
        };
        let Some((position, field)) = shape.field(&word.text) else {
            self.no_field(&shape, word);
            return Body::nothing(span);
        };
        if field.writeonly {
            self.checker.report(
                Diagnostic::error(
                    "F0375",
                    word.span,
                    format!(
                        "`{}` of `{}` can be written, and is never read back.",
                        word.text, shape.name
                    ),
                )
                .label("not readable"),
            );
            return Body::nothing(span);
        }
        let mut ty = field.ty.clone();
        ty.optional |= record.ty.optional;
        if field.sub
            && let Some(resource) = self.sub_of(&record, &word.text)
        {
            return Expr {
                kind: ExprKind::Sub {
                    resource,
                    parent: Box::new(record),
                },
                ty,
                span,
            };
        }
        let money = matches!(ty.kind, Kind::Money(..));
        let places = money.then(|| self.places(&shape, position, span));
        let read = Expr {
            kind: ExprKind::Field(Box::new(record), position as u16),
            ty: ty.clone(),
            span,
        };
        let value = match places {
            Some((currency, flag)) if currency.is_some() || flag.is_some() => Expr {
                kind: ExprKind::Money {
                    amount: Box::new(read),
                    currency: currency.map(Box::new),
                    flag: flag.map(Box::new),
                },
                ty,
                span,
            },
            _ => read,
        };
        self.by_default(value, &shape, word)
    }

    /// A record that was written down may lack a field that reads as something when it is missing.
    fn by_default(&self, value: Expr, shape: &Shape, word: &ast::Word) -> Expr {
        let declared = self.checker.declared.types.get(&*shape.name);
        let default = declared.and_then(|ty| match &ty.kind {
            Kind::Record(whole) => {
                let (_, field) = whole.field(&word.text)?;
                let (_, own) = shape.field(&word.text)?;
                let lacks = own.ty.optional && !field.ty.optional;
                field.default.clone().filter(|_| lacks)
            }
            _ => None,
        });
        let Some(default) = default else {
            return value;
        };
        let (span, ty) = (value.span, value.ty.clone().present());
        let default = Expr {
            kind: ExprKind::Const(default),
            ty: ty.clone(),
            span,
        };
        Expr {
            kind: ExprKind::Else(Box::new(value), Box::new(default)),
            ty,
            span,
        }
    }

    /// Currency and flag of a money field, where they stand in a resource of one record.
    fn places(&self, shape: &Shape, field: usize, span: Span) -> (Option<Expr>, Option<Expr>) {
        let place = |place: &Option<Place>| match place {
            Some(Place::One(name, path)) => self.one_place(shape, name, path, span),
            _ => None,
        };
        (place(&shape.money_in), place(&shape.fields[field].flag))
    }

    fn one_place(&self, shape: &Shape, name: &str, path: &[Arc<str>], span: Span) -> Option<Expr> {
        let declared = self.checker.declared;
        let system = shape.name.split('.').next()?;
        let system = declared.systems.iter().position(|one| one.name == system)?;
        let number = declared
            .resources
            .iter()
            .position(|one| one.system as usize == system && one.name == *name)?;
        let mut value = Expr {
            kind: ExprKind::One(number as ResourceIx),
            ty: Type::new(Kind::Record(declared.resources[number].shape.clone())),
            span,
        };
        for word in path {
            let Kind::Record(shape) = &value.ty.kind else {
                return None;
            };
            let (position, field) = shape.field(word)?;
            value = Expr {
                ty: field.ty.clone(),
                kind: ExprKind::Field(Box::new(value), position as u16),
                span,
            };
        }
        Some(value)
    }

    fn no_fields(&self, record: &Expr, word: &ast::Word) {
        let text = short(self.checker.text(record.span));
        let help = match &record.ty.kind {
            Kind::List(item) if matches!(item.kind, Kind::Record(_)) => Some(format!(
                "Its items have: `[for x in {text} => x.{word}]`, or in a list function `{text} | sum(.{word})`.",
                word = word.text
            )),
            _ => None,
        };
        self.checker.report(
            Diagnostic::error(
                "F0304",
                word.span,
                format!("`{text}` is {} and has no fields.", a(&record.ty)),
            )
            .label("no field here")
            .maybe_help(help),
        );
    }

    /// A name that a record does not have.
    pub(super) fn no_field(&self, shape: &Shape, word: &ast::Word) {
        let known = shape.fields.iter().map(|field| &*field.name);
        let owner = if shape.name.is_empty() {
            "The record".to_owned()
        } else {
            format!("`{}`", shape.name)
        };
        self.checker.report(
            Diagnostic::error(
                "F0303",
                word.span,
                format!("{owner} has no field `{}`.", word.text),
            )
            .label("no such field")
            .maybe_help(suggest::help(&word.text, known, "Its fields")),
        );
    }

    /// `exists`, `missing`
    fn exists(&mut self, path: &ast::Expr, span: Span, exists: bool) -> Expr {
        let value = self.expr(path, None);
        if !value.ty.optional && !matches!(value.ty.kind, Kind::Unknown | Kind::Never) {
            let text = short(self.checker.text(path.span));
            let always = if exists { "true" } else { "false" };
            self.checker.report(
                Diagnostic::warning("F0335", span, format!("`{text}` is always there, so this is always {always}."))
                    .label(format!("always {always}"))
                    .help("Take the test away. If the value can be empty rather than absent, compare it: `!= []`, `!= \"\"`."),
            );
        }
        let there = super::operate::there(value);
        Expr {
            kind: if exists {
                there.kind
            } else {
                ExprKind::Not(Box::new(there))
            },
            ty: Type::new(Kind::Bool),
            span,
        }
    }
}
