//! The expressions of one item (a map, a flow, a test, a table): its names, what is known to be there, and every expression's type.
//!
//! In: the tree of an expression and the type that its place expects, where known. Out: a checked expression. A misfit is reported once and
//! becomes [`Kind::Unknown`].

use std::sync::Arc;

use flowbook_grammar::{Span, ast};
use flowbook_stdlib::types::{Kind, Shape, Type};
use flowbook_stdlib::value::Value;
use rustc_hash::FxHashSet;

use super::Checker;
use crate::checked::{Expr, ExprKind, First, Local, LocalIx};
use crate::plan::connector::ResourceIx;

/// An item's scope.
pub(crate) struct Body<'c, 'a> {
    /// What the item is checked against.
    pub checker: &'c Checker<'a>,
    /// All names of the item, and those that the checker made.
    pub locals: Vec<Local>,
    /// Names in scope, innermost last.
    names: Vec<(String, LocalIx)>,
    /// Paths that are known to be there, innermost last.
    facts: Vec<Fact>,
    /// Locals bound in an `if` block that is over.
    optional: FxHashSet<LocalIx>,
}

/// A path that is known to be there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    /// Where it begins.
    pub root: Root,
    /// Fields behind it.
    pub fields: Vec<String>,
}

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    /// A local.
    Local(LocalIx),
    /// A setting.
    Setting(u32),
    /// A resource of one record.
    One(ResourceIx),
}

/// How far names and narrowing went when a block was entered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    names: usize,
    facts: usize,
}

/// A key of a resource.
#[derive(Debug, Clone)]
pub(crate) struct KeyOf {
    /// Number of the resource's find; none: the resource's key.
    pub find: Option<u16>,
    /// The key's fields.
    pub fields: Vec<Vec<u16>>,
    /// Their values; none for the literal `none`.
    pub values: Vec<Option<Expr>>,
}

/// What a record is given.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// Lets and spread records, in order.
    pub lets: Vec<(LocalIx, Expr)>,
    /// Fields, in text order.
    pub fields: Vec<GivenField>,
    /// What the fields' numbers count in: `of`, where it was given; else the fields themselves.
    pub shape: Arc<Shape>,
}

/// A field that a record is given.
#[derive(Debug, Clone)]
pub(crate) struct GivenField {
    /// Its position in the shape.
    pub field: u16,
    /// Its value, laid out as the field's type is.
    pub value: Expr,
    /// The value's type before that: a record's has the fields that were written down, no others. Requiredness goes by this.
    pub came: Type,
    /// When it is written.
    pub first: First,
    /// Where it is given: its name, or the spread.
    pub span: Span,
}

impl<'c, 'a> Body<'c, 'a> {
    /// An empty scope.
    pub fn new(checker: &'c Checker<'a>) -> Body<'c, 'a> {
        Body {
            checker,
            locals: Vec::new(),
            names: Vec::new(),
            facts: Vec::new(),
            optional: FxHashSet::default(),
        }
    }

    /// Something that was complained about.
    pub fn nothing(span: Span) -> Expr {
        Expr {
            kind: ExprKind::Const(Value::None),
            ty: super::unknown(),
            span,
        }
    }

    /// Names a value; a name that is taken is reported.
    pub fn bind(&mut self, word: &ast::Word, ty: Type) -> LocalIx {
        let local = self.locals.len() as LocalIx;
        self.locals.push(Local {
            name: word.text.clone(),
            ty,
            span: word.span,
        });
        self.names.push((word.text.clone(), local));
        local
    }

    /// A local without a name.
    pub fn hidden(&mut self, ty: Type, span: Span) -> LocalIx {
        let local = self.locals.len() as LocalIx;
        self.locals.push(Local {
            name: String::new(),
            ty,
            span,
        });
        local
    }

    /// A local's value.
    pub fn local(&self, local: LocalIx, span: Span) -> Expr {
        Expr {
            kind: ExprKind::Local(local),
            ty: self.locals[local as usize].ty.clone(),
            span,
        }
    }

    /// Begins a block.
    pub fn enter(&mut self) -> Mark {
        Mark {
            names: self.names.len(),
            facts: self.facts.len(),
        }
    }

    /// Ends a block: its names and what it took for granted are forgotten. Gives the locals whose names went out of scope.
    pub fn leave(&mut self, mark: Mark) -> Vec<LocalIx> {
        self.facts.truncate(mark.facts);
        self.names
            .split_off(mark.names.min(self.names.len()))
            .into_iter()
            .map(|(_, local)| local)
            .collect()
    }

    /// A name that was bound in an `if` block is still known after it, and may be absent.
    pub fn optional_from(&mut self, local: LocalIx) {
        self.optional.insert(local);
        if !self.names.iter().any(|(_, known)| *known == local) {
            let name = self.locals[local as usize].name.clone();
            self.names.push((name, local));
        }
    }

    /// An expression; `expected` is a hint for literals, `shorten`, `fits` and records, and no demand.
    pub fn expr(&mut self, expr: &ast::Expr, expected: Option<&Type>) -> Expr {
        let _ = expected;
        Self::nothing(expr.span)
    }

    /// An expression that must fit; `place` completes "… does not go into {place}": "`Name` of books.Customer".
    pub fn fitted(&mut self, expr: &ast::Expr, to: &Type, place: &str) -> Expr {
        let value = self.expr(expr, Some(to));
        self.fits(&value, to, place);
        value
    }

    /// Whether an expression fits, reported if not.
    pub fn fits(&mut self, value: &Expr, to: &Type, place: &str) -> bool {
        let _ = (value, to, place);
        true
    }

    /// A condition: a bool that is there.
    pub fn condition(&mut self, expr: &ast::Expr) -> Expr {
        self.fitted(expr, &Type::new(Kind::Bool), "a condition")
    }

    /// Takes for granted, until the block is left, that a condition holds or does not.
    pub fn assume(&mut self, expr: &ast::Expr, holds: bool) {
        let _ = (expr, holds);
    }

    /// `books.customers`
    pub fn resource(&mut self, path: &ast::Path) -> Option<ResourceIx> {
        let _ = path;
        None
    }

    /// `invoice.payments`: the parent record and the sub-resource.
    pub fn child(&mut self, path: &ast::Path) -> Option<(Expr, ResourceIx)> {
        let _ = path;
        None
    }

    /// The resource that a record was read from, where that is known.
    pub fn resource_of(&self, record: &Expr) -> Option<ResourceIx> {
        let _ = record;
        None
    }

    /// Says which resource a local's record belongs to.
    pub fn comes_from(&mut self, local: LocalIx, resource: ResourceIx) {
        let _ = (local, resource);
    }

    /// A key in brackets or after `by`; one that the resource cannot be found by is reported. In a step the values must fit, and may be `none`.
    pub fn key(
        &mut self,
        resource: ResourceIx,
        key: &[ast::KeyField],
        step: bool,
    ) -> Option<KeyOf> {
        let _ = (resource, key, step);
        None
    }

    /// The fields of a record; `of` is the shape that they belong to. In a step `on create` and `clear` are allowed.
    pub fn fields(&mut self, record: &ast::Record, of: Option<&Arc<Shape>>, step: bool) -> Given {
        let _ = (record, step);
        Given {
            lets: Vec::new(),
            fields: Vec::new(),
            shape: of.cloned().unwrap_or_default(),
        }
    }

    /// `let x = e`: the local, and its value.
    pub fn data(&mut self, let_: &ast::Let) -> (LocalIx, Expr) {
        let value = self.expr(&let_.value, None);
        let local = self.bind(&let_.name, value.ty.clone());
        (local, value)
    }

    /// Fields of a record by which another layout of it is made: `value` as `to` lays it out.
    pub fn shaped(&mut self, value: Expr, to: &Type) -> Expr {
        let _ = to;
        value
    }
}
