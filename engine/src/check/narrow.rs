//! Absence: what is known to be there. `P exists` narrows P and every prefix of P.

use flowbook_grammar::ast::{self, BinaryOp, ExprKind};

use super::body::Body;
use crate::checked::LocalIx;
use crate::plan::connector::ResourceIx;

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
    Setting(usize),
    /// A resource of one record.
    One(ResourceIx),
}

impl Body<'_, '_> {
    /// Takes for granted, until the block is left, that a condition holds or does not.
    pub fn assume(&mut self, expr: &ast::Expr, holds: bool) {
        match &expr.kind {
            ExprKind::Paren(inner) => self.assume(inner, holds),
            ExprKind::Not(inner) => self.assume(inner, !holds),
            ExprKind::Exists(path) if holds => self.there(path),
            ExprKind::Missing(path) if !holds => self.there(path),
            ExprKind::Binary(BinaryOp::And, left, right) if holds => {
                self.assume(left, true);
                self.assume(right, true);
            }
            ExprKind::Binary(BinaryOp::Or, left, right) if !holds => {
                self.assume(left, false);
                self.assume(right, false);
            }
            _ => {}
        }
    }

    fn there(&mut self, path: &ast::Expr) {
        let Some(mut fact) = self.path(path) else {
            return;
        };
        loop {
            self.facts.push(fact.clone());
            if fact.fields.pop().is_none() {
                return;
            }
        }
    }

    /// The path that an expression is, if it is one.
    fn path(&self, expr: &ast::Expr) -> Option<Fact> {
        let fields = Vec::new();
        match &expr.kind {
            ExprKind::Paren(inner) => self.path(inner),
            ExprKind::Name(name) => {
                let root = match self.named(name) {
                    Some(local) => Root::Local(local),
                    None => Root::Setting(self.checker.declared.settings.get_index_of(name)?),
                };
                Some(Fact { root, fields })
            }
            ExprKind::Item(path) => Some(Fact {
                root: Root::Local(*self.items.last()?),
                fields: path.words.iter().map(|word| word.text.clone()).collect(),
            }),
            ExprKind::Field(base, word) => {
                if let Some(resource) = self.one(base, word) {
                    let root = Root::One(resource);
                    return Some(Fact { root, fields });
                }
                let mut fact = self.path(base)?;
                fact.fields.push(word.text.clone());
                Some(fact)
            }
            _ => None,
        }
    }

    /// Whether an expression is a path, so that `exists` narrows it.
    pub(super) fn is_path(&self, expr: &ast::Expr) -> bool {
        self.path(expr).is_some()
    }

    /// Whether a path is known to be there.
    pub(super) fn known(&self, expr: &ast::Expr) -> bool {
        !self.facts.is_empty()
            && self
                .path(expr)
                .is_some_and(|path| self.facts.contains(&path))
    }

    /// As [`Body::known`], for fields of the item of a list function.
    pub(super) fn known_item(&self, item: LocalIx, words: &[ast::Word]) -> bool {
        let root = Root::Local(item);
        self.facts.iter().any(|fact| {
            fact.root == root
                && fact.fields.len() == words.len()
                && fact
                    .fields
                    .iter()
                    .zip(words)
                    .all(|(field, word)| *field == word.text)
        })
    }
}
