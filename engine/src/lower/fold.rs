//! Operations that fold what is constant, and look through records that are written down where their fields are read.

use flowbook_stdlib::value::Value;

use super::builder::Builder;
use crate::plan::{Comparison, Element, Math, NodeIx, Op, PlaceIx};
use crate::run::ops;

impl Builder<'_, '_> {
    /// `of.f`
    pub(super) fn get(&mut self, of: NodeIx, field: u16, place: PlaceIx) -> NodeIx {
        let resolved = self.resolve(of);
        match self.op(resolved).clone() {
            Op::Const(Value::None) => self.constant(Value::None, place),
            Op::Const(Value::Record(fields)) => {
                let value = fields.get(usize::from(field)).cloned();
                self.constant(value.unwrap_or(Value::None), place)
            }
            Op::Record(_, fields) => match fields.iter().find(|(named, _)| *named == field) {
                Some((_, node)) => *node,
                None => self.constant(Value::None, place),
            },
            Op::If(condition, then) if self.is_record(then) => {
                let inner = self.get(then, field, place);
                self.if_(condition, inner, place)
            }
            Op::Else(first, second) => match self.op(self.resolve(first)).clone() {
                Op::If(condition, then) if self.is_record(then) && self.is_record(second) => {
                    let condition = self.kept("", condition);
                    let yes = self.get(then, field, place);
                    let yes = self.if_(condition, yes, place);
                    let otherwise = self.not(condition, place);
                    let no = self.get(second, field, place);
                    let no = self.if_(otherwise, no, place);
                    self.else_(yes, no, place)
                }
                _ => self.push(Op::Get(of, field), place),
            },
            _ => self.push(Op::Get(of, field), place),
        }
    }

    fn is_record(&self, node: NodeIx) -> bool {
        matches!(
            self.op(self.resolve(node)),
            Op::Record(..) | Op::Const(Value::Record(_))
        )
    }

    /// `if c => x`
    pub(super) fn if_(&mut self, condition: NodeIx, then: NodeIx, place: PlaceIx) -> NodeIx {
        match self.value(condition) {
            Some(Value::Bool(true)) => then,
            Some(_) => self.constant(Value::None, place),
            None if self.is_none(then) => then,
            None => self.push(Op::If(condition, then), place),
        }
    }

    /// `x else y`
    pub(super) fn else_(&mut self, first: NodeIx, second: NodeIx, place: PlaceIx) -> NodeIx {
        if self.is_none(first) {
            second
        } else if self.present(first) || self.is_none(second) {
            first
        } else {
            self.push(Op::Else(first, second), place)
        }
    }

    /// `a and b`
    pub(super) fn and(&mut self, a: NodeIx, b: NodeIx, place: PlaceIx) -> NodeIx {
        match (self.value(a), self.value(b)) {
            (Some(Value::Bool(true)), _) => b,
            (Some(_), _) | (_, Some(Value::Bool(false) | Value::None)) => {
                self.constant(Value::Bool(false), place)
            }
            (None, Some(_)) => a,
            (None, None) => self.push(Op::And(a, b), place),
        }
    }

    /// `a or b`
    pub(super) fn or(&mut self, a: NodeIx, b: NodeIx, place: PlaceIx) -> NodeIx {
        match (self.value(a), self.value(b)) {
            (Some(Value::Bool(true)), _) | (_, Some(Value::Bool(true))) => {
                self.constant(Value::Bool(true), place)
            }
            (Some(_), _) => b,
            (None, Some(_)) => a,
            (None, None) => self.push(Op::Or(a, b), place),
        }
    }

    /// `not a`
    pub(super) fn not(&mut self, a: NodeIx, place: PlaceIx) -> NodeIx {
        if let Some(value) = self.value(a) {
            let holds = *value == Value::Bool(true);
            return self.constant(Value::Bool(!holds), place);
        }
        match self.op(a) {
            Op::Not(inner) => *inner,
            _ => self.push(Op::Not(a), place),
        }
    }

    /// `x exists`
    pub(super) fn exists(&mut self, a: NodeIx, place: PlaceIx) -> NodeIx {
        if let Some(value) = self.value(a) {
            let there = *value != Value::None;
            return self.constant(Value::Bool(there), place);
        }
        if self.present(a) {
            return self.constant(Value::Bool(true), place);
        }
        match self.op(self.resolve(a)) {
            Op::If(condition, then) if self.present(*then) => *condition,
            Op::Bound(step) => match self.step_when[*step as usize] {
                Some(when) => when,
                None => self.constant(Value::Bool(true), place),
            },
            _ => self.push(Op::Exists(a), place),
        }
    }

    /// Certainly there, as far as its form tells.
    fn present(&self, node: NodeIx) -> bool {
        match self.op(self.resolve(node)) {
            Op::Const(value) => *value != Value::None,
            Op::Record(..) | Op::List(_) | Op::Text(_) => true,
            Op::And(..) | Op::Or(..) | Op::Not(_) | Op::Exists(_) | Op::InSet(..) => true,
            Op::Compare(..) => true,
            Op::Else(_, second) => self.present(*second),
            Op::Bound(step) => self.step_when[*step as usize].is_none(),
            _ => false,
        }
    }

    /// `-a`
    pub(super) fn neg(&mut self, a: NodeIx, place: PlaceIx) -> NodeIx {
        match self.value(a).map(ops::negate) {
            Some(Ok(value)) => self.constant(value, place),
            _ => self.push(Op::Neg(a), place),
        }
    }

    /// `+ - * /`
    pub(super) fn math(&mut self, math: Math, a: NodeIx, b: NodeIx, place: PlaceIx) -> NodeIx {
        if let (Some(left), Some(right)) = (self.value(a), self.value(b))
            && let Ok(value) = ops::math(math, left, right)
        {
            return self.constant(value, place);
        }
        self.push(Op::Math(math, a, b), place)
    }

    /// `= != < <= > >= in`
    pub(super) fn compare(
        &mut self,
        comparison: Comparison,
        a: NodeIx,
        b: NodeIx,
        place: PlaceIx,
    ) -> NodeIx {
        if let (Some(left), Some(right)) = (self.value(a), self.value(b))
            && let Ok(holds) = ops::compare(comparison, left, right)
        {
            return self.constant(Value::Bool(holds), place);
        }
        self.push(Op::Compare(comparison, a, b), place)
    }

    /// `x in eu`
    pub(super) fn in_set(&mut self, a: NodeIx, set: String, place: PlaceIx) -> NodeIx {
        match self.value(a) {
            Some(value) => {
                let holds = *value != Value::None && ops::within(&set, value, None);
                self.constant(Value::Bool(holds), place)
            }
            None => self.push(Op::InSet(a, set), place),
        }
    }

    /// A text with holes.
    pub(super) fn text(&mut self, parts: Vec<NodeIx>, place: PlaceIx) -> NodeIx {
        let mut text = String::new();
        for part in &parts {
            match self.value(*part) {
                Some(value) => text.push_str(&ops::in_text(value)),
                None => return self.push(Op::Text(parts), place),
            }
        }
        self.constant(Value::Text(text.into()), place)
    }

    /// A list.
    pub(super) fn list(&mut self, elements: Vec<Element>, place: PlaceIx) -> NodeIx {
        let mut items = Vec::new();
        for element in &elements {
            match element {
                Element::One(node) => match self.value(*node) {
                    Some(value) => items.push(value.clone()),
                    None => return self.push(Op::List(elements), place),
                },
                Element::Spread(node) => match self.value(*node) {
                    Some(Value::List(more)) => items.extend(more.iter().cloned()),
                    Some(Value::None) => {}
                    _ => return self.push(Op::List(elements), place),
                },
                Element::For(..) => return self.push(Op::List(elements), place),
            }
        }
        items.retain(|item| *item != Value::None);
        self.constant(Value::List(items.into()), place)
    }
}
