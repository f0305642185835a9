//! Origin: which resource a record, or the items of a list, belongs to, and so which link and sub-resources it has.

use flowbook_grammar::ast;
use flowbook_stdlib::types::{Kind, Shape};

use super::body::Body;
use super::misfit::{a, short};
use super::walk;
use crate::checked::{Arg, Element, Expr, ExprKind, LocalIx};
use crate::diagnostic::Diagnostic;
use crate::plan::connector::ResourceIx;

impl Body<'_, '_> {
    /// The resource that a record was read from, where that is known.
    pub fn resource_of(&self, record: &Expr) -> Option<ResourceIx> {
        let Kind::Record(shape) = &record.ty.kind else {
            return None;
        };
        match &record.kind {
            ExprKind::Local(local) if self.origins.contains_key(local) => {
                self.origins.get(local).copied()
            }
            ExprKind::Find { resource, .. }
            | ExprKind::Link { resource, .. }
            | ExprKind::One(resource) => Some(*resource),
            ExprKind::Else(left, right) => self
                .resource_of(left)
                .filter(|_| !shape.name.is_empty())
                .or_else(|| self.resource_of(right)),
            ExprKind::If(_, then) => self.resource_of(then),
            _ => self.only_of(shape),
        }
    }

    /// The resource whose records have a shape, if only one has.
    fn only_of(&self, shape: &Shape) -> Option<ResourceIx> {
        if shape.name.is_empty() {
            return None;
        }
        let mut all = self
            .checker
            .declared
            .resources
            .iter()
            .enumerate()
            .filter(|(_, one)| one.shape.name == shape.name);
        let (first, _) = all.next()?;
        all.next().is_none().then_some(first as ResourceIx)
    }

    /// Says which resource a local's record belongs to.
    pub fn comes_from(&mut self, local: LocalIx, resource: ResourceIx) {
        self.origins.insert(local, resource);
    }

    /// Where the items of a list come from: the rows of a sub-resource, or records of one resource.
    pub(super) fn items_come_from(&self, list: &Expr) -> Option<ResourceIx> {
        match &list.kind {
            ExprKind::Sub { resource, .. } => Some(*resource),
            ExprKind::Else(left, _) => self.items_come_from(left),
            ExprKind::List(elements) => {
                let mut from = elements.iter().map(|element| match element {
                    Element::One(one) => self.resource_of(one),
                    Element::Spread(inner) => self.items_come_from(inner),
                    Element::For { give, .. } => self.resource_of(give),
                });
                let first = from.next()??;
                from.all(|other| other == Some(first)).then_some(first)
            }
            // Filters, orders and the like hand on what they were given.
            ExprKind::Call { args, .. } => match (args.first(), &list.ty.kind) {
                (Some(Arg::Value(first)), Kind::List(item)) => match &first.ty.kind {
                    Kind::List(given) if given == item => self.items_come_from(first),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// A sub-resource of a record.
    pub(super) fn sub_of(&self, record: &Expr, name: &str) -> Option<ResourceIx> {
        let resources = &self.checker.declared.resources;
        let of = |parent: ResourceIx| {
            resources
                .iter()
                .position(|one| {
                    one.parent == Some(parent) && one.name.rsplit('.').next() == Some(name)
                })
                .map(|number| number as ResourceIx)
        };
        if let Some(sub) = self.resource_of(record).and_then(of) {
            return Some(sub);
        }
        let Kind::Record(shape) = &record.ty.kind else {
            return None;
        };
        resources
            .iter()
            .enumerate()
            .filter(|(_, one)| !shape.name.is_empty() && one.shape.name == shape.name)
            .find_map(|(number, _)| of(number as ResourceIx))
    }

    /// The resource of a record whose link into `to` is followed, reported if it is none.
    pub fn linked(&mut self, of: &Expr, to: ResourceIx) -> Option<ResourceIx> {
        if of.ty.kind == Kind::Unknown {
            return None;
        }
        let found = self.resource_of(of).or_else(|| self.carried_to(of, to));
        if found.is_none() {
            let text = short(self.checker.text(of.span));
            self.checker.report(
                Diagnostic::error("F0373", of.span, format!("`{text}` is {}, and only a record that was read or written has a link.", a(&of.ty)))
                    .label("not a record of one resource")
                    .help("Behind `link` stands the record that a flow reads, one that it writes, or one that was looked up."),
            );
        }
        found
    }

    /// Of several resources with records of one type, the one from which a flow carries records to `to`.
    fn carried_to(&self, of: &Expr, to: ResourceIx) -> Option<ResourceIx> {
        let Kind::Record(shape) = &of.ty.kind else {
            return None;
        };
        let declared = self.checker.declared;
        let named = |path: &ast::Path| {
            let words: Vec<&str> = path.words.iter().map(|word| word.text.as_str()).collect();
            words.join(".")
        };
        let target = walk::resource_name(declared, to);
        let carried = |from: &str| {
            declared.flows.values().any(|flow| {
                let statements = &flow.item.block.statements;
                statements.iter().any(
                    |one| matches!(&one.kind, ast::StatementKind::Read { from: read, .. } if named(read) == from),
                ) && writes_to(statements, &|path| named(path) == target)
            })
        };
        let mut all = (0..)
            .zip(&declared.resources)
            .filter(|(ix, one)| {
                !shape.name.is_empty()
                    && one.shape.name == shape.name
                    && carried(&walk::resource_name(declared, *ix))
            })
            .map(|(ix, _)| ix);
        let first = all.next()?;
        all.next().is_none().then_some(first)
    }
}

/// Whether a block has a step into such a resource.
fn writes_to(statements: &[ast::Statement], fits: &dyn Fn(&ast::Path) -> bool) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        ast::StatementKind::Write(write) => {
            matches!(&write.target, ast::Target::In { path, .. } if fits(path))
        }
        ast::StatementKind::If(_, block) | ast::StatementKind::For { block, .. } => {
            writes_to(&block.statements, fits)
        }
        _ => false,
    })
}
