//! Expressions of a plan, as flow text would say them.

use flowbook_stdlib::display;
use flowbook_stdlib::types::{Kind, Shape};
use flowbook_stdlib::value::Value;

use super::words::{cell, comparison_sign, end_word, literal, path_name};
use crate::plan::connector::ResourceIx;
use crate::plan::{
    Arg, AskIx, Comparison, Element, Flow, Give, LoopIx, Math, NodeIx, Op, Plan, Program, Question,
    SlotIx, Step, StepIx,
};

/// Longer lines are broken where they can be.
const WIDE: usize = 120;

/// Prints the expressions of one program.
pub struct Printer<'p> {
    pub(super) plan: &'p Plan,
    pub(super) program: &'p Program,
    pub(super) flow: Option<&'p Flow>,
    /// The record in slot 0.
    pub(super) takes: Option<&'p Shape>,
    /// Questions as `A3`, rather than written out.
    pub(super) numbered: bool,
}

/// What stands without brackets beside an operator.
fn tight(text: &str, op: &Op) -> String {
    match op {
        Op::If(..)
        | Op::Else(..)
        | Op::And(..)
        | Op::Or(..)
        | Op::Not(_)
        | Op::Math(..)
        | Op::Compare(..)
        | Op::InSet(..)
        | Op::Exists(_)
        | Op::End(..) => format!("({text})"),
        _ => text.to_owned(),
    }
}

impl<'p> Printer<'p> {
    /// For the expressions of a flow, with questions as numbers.
    pub fn of_flow(plan: &'p Plan, flow: &'p Flow) -> Printer<'p> {
        let resource = plan.resources.get(flow.read.resource as usize);
        Printer {
            plan,
            program: &flow.program,
            flow: Some(flow),
            takes: resource.map(|resource| &*resource.shape),
            numbered: true,
        }
    }

    /// With questions written out.
    pub fn in_full(self) -> Printer<'p> {
        Printer {
            numbered: false,
            ..self
        }
    }

    fn op(&self, node: NodeIx) -> &'p Op {
        &self.program.nodes[node as usize].op
    }

    /// `books.customers`
    pub fn resource(&self, ix: ResourceIx) -> String {
        crate::run::resource_name(self.plan, ix)
    }

    pub(super) fn shape_of(&self, ix: ResourceIx) -> &'p Shape {
        &self.plan.resources[ix as usize].shape
    }

    fn step(&self, ix: StepIx) -> Option<&'p Step> {
        self.flow.and_then(|flow| flow.steps.get(ix as usize))
    }

    /// The kind of a node's value, as far as records need it for the names of their fields.
    fn kind(&self, node: NodeIx) -> Option<&'p Kind> {
        match self.op(node) {
            Op::Get(of, field) => {
                let shape = self.record(*of)?;
                Some(&shape.fields.get(usize::from(*field))?.ty.kind)
            }
            Op::Slot(slot) => match self.program.slots[*slot as usize].init {
                Some(init) => self.kind(init),
                None => match self.item_of(*slot).map(|over| self.kind(over)) {
                    Some(Some(Kind::List(item))) => Some(&item.kind),
                    _ => None,
                },
            },
            Op::If(_, then) => self.kind(*then),
            Op::Else(first, second) => self.kind(*first).or_else(|| self.kind(*second)),
            _ => None,
        }
    }

    fn item_of(&self, slot: SlotIx) -> Option<NodeIx> {
        let lp = self.program.loops.iter().find(|lp| lp.item == slot)?;
        Some(lp.over)
    }

    /// The shape of a record that a node gives.
    fn record(&self, node: NodeIx) -> Option<&'p Shape> {
        match self.op(node) {
            Op::Slot(0) => self.takes,
            Op::Slot(slot) => {
                let declared = &self.program.slots[*slot as usize];
                match (&declared.shape, declared.init) {
                    (Some(shape), _) => Some(shape),
                    (None, Some(init)) => self.record(init),
                    (None, None) => self.items(self.item_of(*slot)?),
                }
            }
            Op::Hit(ask) => Some(self.shape_of(self.program.asks[*ask as usize].resource)),
            Op::Bound(step) => Some(self.shape_of(self.step(*step)?.resource)),
            Op::Record(shape, _) => Some(shape),
            Op::Call { function, args, .. }
                if matches!(&**function, "first" | "last" | "nth" | "find") =>
            {
                match args.first() {
                    Some(Arg::Value(list)) => self.items(*list),
                    _ => None,
                }
            }
            Op::If(_, then) => self.record(*then),
            Op::Else(first, second) => self.record(*first).or_else(|| self.record(*second)),
            _ => match self.kind(node)? {
                Kind::Record(shape) => Some(shape),
                _ => None,
            },
        }
    }

    /// The shape of a list's items.
    fn items(&self, over: NodeIx) -> Option<&'p Shape> {
        match self.op(over) {
            Op::Hit(ask) => Some(self.shape_of(self.program.asks[*ask as usize].resource)),
            Op::Slot(slot) => self.items(self.program.slots[*slot as usize].init?),
            Op::List(elements) => elements.iter().find_map(|element| match element {
                Element::One(node) | Element::For(_, node) => self.record(*node),
                Element::Spread(node) => self.items(*node),
            }),
            _ => match self.kind(over)? {
                Kind::List(item) => match &item.kind {
                    Kind::Record(shape) => Some(shape),
                    _ => None,
                },
                _ => None,
            },
        }
    }

    /// The name of a slot.
    pub(super) fn slot(&self, ix: SlotIx) -> String {
        let name = match &*self.program.slots[ix as usize].name {
            "" => "it",
            name => name,
        };
        let same = self.program.slots.iter().filter(|slot| slot.name == name);
        if self.numbered && (name == "it" || same.count() > 1) {
            format!("{name}’{ix}")
        } else {
            name.to_owned()
        }
    }

    fn operand(&self, node: NodeIx) -> String {
        tight(&self.expr(node), self.op(self.shown(node)))
    }

    /// The node that is printed for a node: what a slot without a name of its own is computed from.
    fn shown(&self, node: NodeIx) -> NodeIx {
        let Op::Slot(slot) = self.op(node) else {
            return node;
        };
        let declared = &self.program.slots[*slot as usize];
        match declared.init {
            Some(init) if declared.name.is_empty() || self.unclear(*slot, init) => self.shown(init),
            _ => node,
        }
    }

    /// Without numbers, a name that stands for several short things is no help.
    fn unclear(&self, slot: SlotIx, init: NodeIx) -> bool {
        if self.numbered {
            return false;
        }
        let name = &self.program.slots[slot as usize].name;
        let mut same = self.program.slots.iter().filter(|slot| slot.name == *name);
        same.nth(1).is_some()
            && matches!(
                self.op(init),
                Op::Const(_)
                    | Op::Slot(_)
                    | Op::Get(..)
                    | Op::Neg(_)
                    | Op::Text(_)
                    | Op::Call { .. }
            )
    }

    /// An expression as flow text would say it.
    pub fn expr(&self, node: NodeIx) -> String {
        let two = |a: &NodeIx, sign: &str, b: &NodeIx| {
            format!("{} {sign} {}", self.operand(*a), self.operand(*b))
        };
        match self.op(node) {
            Op::Const(value) => literal(value),
            Op::Slot(slot) => match self.shown(node) {
                shown if shown == node => self.slot(*slot),
                shown => self.expr(shown),
            },
            Op::Get(of, field) => {
                let name = self
                    .record(*of)
                    .and_then(|shape| shape.fields.get(usize::from(*field)))
                    .map_or_else(|| field.to_string(), |field| field.name.to_string());
                format!("{}.{name}", self.operand(*of))
            }
            Op::Money { amount, .. } => self.expr(*amount),
            Op::Hit(ask) if self.numbered => format!("A{ask}"),
            Op::Hit(ask) => self.question(*ask),
            Op::Bound(step) => match self.step(*step) {
                Some(of) if self.numbered => format!("{}’{step}", of.name),
                Some(of) => of.name.clone(),
                None => "nothing".to_owned(),
            },
            Op::Call { function, args, .. } => self.call(function, args),
            Op::Table {
                table,
                on,
                at,
                gives,
            } => {
                if let (Some(rows), [on]) = (self.rows_taken(*table), &on[..]) {
                    return format!("{} {rows}", self.operand(*on));
                }
                let on: Vec<String> = on.iter().chain(at).map(|node| self.expr(*node)).collect();
                let name = match self.plan.tables.get(*table as usize) {
                    Some(of) if !self.numbered => of.name.clone(),
                    _ => format!("T{table}"),
                };
                if gives.is_empty() || !self.numbered {
                    return format!("{name}({})", on.join(", "));
                }
                let gives: Vec<String> = gives.iter().map(|node| self.expr(*node)).collect();
                format!("{name}({}; {})", on.join(", "), gives.join("; "))
            }
            Op::If(condition, then) => {
                format!("if {} => {}", self.expr(*condition), self.expr(*then))
            }
            Op::Else(a, b) => two(a, "else", b),
            Op::And(a, b) => two(a, "and", b),
            Op::Or(a, b) => two(a, "or", b),
            Op::Not(a) => match self.op(*a) {
                Op::Exists(of) => format!("{} missing", self.operand(*of)),
                Op::Compare(Comparison::Eq, a, b) => two(a, "!=", b),
                _ => format!("not {}", self.operand(*a)),
            },
            Op::Neg(a) => format!("-{}", self.operand(*a)),
            Op::Math(math, a, b) => {
                let sign = match math {
                    Math::Add => "+",
                    Math::Sub => "-",
                    Math::Mul => "*",
                    Math::Div => "/",
                };
                two(a, sign, b)
            }
            Op::Compare(comparison, a, b) => two(a, comparison_sign(*comparison), b),
            Op::InSet(a, set) => format!("{} in {set}", self.operand(*a)),
            Op::Exists(a) => format!("{} exists", self.operand(*a)),
            Op::Text(_) => format!("\"{}\"", self.words(node)),
            Op::Record(shape, fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(field, node)| {
                        format!("{}: {}", path_name(shape, &[*field]), self.expr(*node))
                    })
                    .collect();
                format!("{{ {} }}", fields.join(", "))
            }
            Op::List(elements) => {
                let elements: Vec<String> = elements
                    .iter()
                    .map(|element| match element {
                        Element::One(node) => self.expr(*node),
                        Element::Spread(node) => format!("..{}", self.operand(*node)),
                        Element::For(lp, node) => {
                            format!("{} => {}", self.turn(*lp), self.expr(*node))
                        }
                    })
                    .collect();
                format!("[{}]", elements.join(", "))
            }
            Op::End(end, text) => format!("{} {}", end_word(*end), self.expr(*text)),
        }
    }

    /// An expression on several lines where one would be too long; lines below the first are indented.
    pub(super) fn laid(&self, node: NodeIx, indent: usize) -> String {
        let one = self.expr(node);
        if one.chars().count() + indent <= WIDE {
            return one;
        }
        let inner = indent + 2;
        let line = |text: String| format!("\n{:inner$}{text}", "");
        match self.op(node) {
            Op::Record(shape, fields) => {
                let fields: String = fields
                    .iter()
                    .map(|(field, node)| {
                        let name = path_name(shape, &[*field]);
                        line(format!("{name}: {}", self.laid(*node, inner)))
                    })
                    .collect();
                format!("{{{fields}\n{:indent$}}}", "")
            }
            Op::List(elements) => {
                let elements: String = elements
                    .iter()
                    .map(|element| match element {
                        Element::One(node) => line(self.laid(*node, inner)),
                        Element::Spread(node) => line(format!("..{}", self.laid(*node, inner))),
                        Element::For(lp, node) => {
                            let turn = line(self.turn(*lp));
                            format!("{turn} => {}", self.laid(*node, inner))
                        }
                    })
                    .collect();
                format!("[{elements}\n{:indent$}]", "")
            }
            Op::If(condition, then) => {
                let then = line(format!("=> {}", self.laid(*then, inner)));
                format!("if {}{then}", self.expr(*condition))
            }
            Op::Else(a, b) => {
                let second = line(format!("else {}", self.laid(*b, inner)));
                format!("{}{second}", self.laid(*a, indent))
            }
            Op::Table {
                table,
                on,
                at,
                gives,
            } if !gives.is_empty() => {
                let on: Vec<String> = on.iter().chain(at).map(|node| self.expr(*node)).collect();
                let gives: String = gives
                    .iter()
                    .zip(0..)
                    .map(|(give, number)| line(format!("{number} => {}", self.laid(*give, inner))))
                    .collect();
                format!("T{table}({}){gives}", on.join(", "))
            }
            _ => one,
        }
    }

    /// `is "web" | "till"`: a table that only tells whether a value is among some.
    fn rows_taken(&self, table: u32) -> Option<String> {
        let table = self.plan.tables.get(table as usize)?;
        let holds = |give: &Give| match give {
            Give::Const(Value::Bool(holds)) => Some(*holds),
            _ => None,
        };
        let among = !holds(table.otherwise.as_ref()?)?;
        let mut cells = Vec::new();
        for row in &table.rows {
            if holds(&row.give)? == among {
                cells.extend(row.cells.iter().map(cell));
            }
        }
        let is = if among { "is" } else { "is not" };
        (table.name == "match" && !cells.is_empty()).then(|| format!("{is} {}", cells.join(" | ")))
    }

    /// A text without its quotation marks, with its holes.
    pub fn words(&self, node: NodeIx) -> String {
        match self.op(node) {
            Op::Const(value) => display::in_text(value),
            Op::Text(parts) => parts
                .iter()
                .map(|part| match self.op(*part) {
                    Op::Const(value) => display::in_text(value),
                    _ => format!("{{{}}}", self.expr(*part)),
                })
                .collect(),
            _ => format!("{{{}}}", self.expr(node)),
        }
    }

    fn call(&self, function: &str, args: &[Arg]) -> String {
        let args: Vec<String> = args
            .iter()
            .filter_map(|arg| match arg {
                Arg::Left => None,
                Arg::Value(node) => Some(self.expr(*node)),
                Arg::Each(lp, node) => {
                    let item = self.slot(self.program.loops[*lp as usize].item);
                    Some(format!("{item} => {}", self.expr(*node)))
                }
            })
            .collect();
        format!("{function}({})", args.join(", "))
    }

    /// `for row in order.rows if row.paid`
    pub fn turn(&self, lp: LoopIx) -> String {
        let lp = &self.program.loops[lp as usize];
        let mut text = format!("for {}", self.slot(lp.item));
        if let Some(counter) = lp.counter {
            text.push_str(&format!(", {}", self.slot(counter)));
        }
        text.push_str(&format!(" in {}", self.operand(lp.over)));
        if let Some(when) = lp.when {
            text.push_str(&format!(" if {}", self.expr(when)));
        }
        text
    }

    /// `books.customers[EmailAddress = order.email]`
    pub fn question(&self, ix: AskIx) -> String {
        let ask = &self.program.asks[ix as usize];
        let resource = self.resource(ask.resource);
        match &ask.what {
            Question::Find { fields, key, .. } => {
                let shape = self.shape_of(ask.resource);
                let key: Vec<String> = fields
                    .iter()
                    .zip(key)
                    .map(|(path, node)| {
                        format!("{} = {}", path_name(shape, path), self.expr(*node))
                    })
                    .collect();
                format!("{resource}[{}]", key.join(", "))
            }
            Question::Link { of, .. } => format!("{resource}[link {}]", self.expr(*of)),
            Question::One => resource,
            Question::Sub { parent } => {
                let name = &self.plan.resources[ask.resource as usize].name;
                let last = name.rsplit('.').next().unwrap_or(name);
                format!("{}.{last}", self.operand(*parent))
            }
        }
    }
}
