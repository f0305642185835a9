//! Programs: what is computed, and what is asked for it.

use std::sync::Arc;

use flowbook_grammar::ast::End;
use flowbook_stdlib::types::Shape;
use flowbook_stdlib::value::Value;
use serde::{Deserialize, Serialize};

use super::connector::ResourceIx;
use super::{AskIx, LoopIx, NodeIx, PlaceIx, SlotIx, StepIx};

/// What is computed: nodes over slots, the loops they stand in, the questions they ask.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Program {
    /// A node's operands stand before it.
    pub nodes: Vec<Node>,
    /// Slots; a slot with an init is computed when first read.
    pub slots: Vec<Slot>,
    /// Loops of comprehensions, `for` statements and list functions.
    pub loops: Vec<Loop>,
    /// Questions. An ask's key may depend on asks of lower waves only.
    pub asks: Vec<Ask>,
}

/// A slot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Slot {
    /// The name in the text.
    pub name: String,
    /// What it is computed from; none for the record that was read, loop items and counters, and parameters of a map entry.
    pub init: Option<NodeIx>,
    /// The record that it holds, for the names of its fields where a plan is printed.
    pub shape: Option<Arc<Shape>>,
}

/// A turn of a loop sets `item` and `counter`, and forgets the slots from `first` up to `last`, which stand in its body.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Loop {
    /// The list; an absent one has no turns.
    pub over: NodeIx,
    /// The item.
    pub item: SlotIx,
    /// Counts from 1.
    pub counter: Option<SlotIx>,
    /// Which items.
    pub when: Option<NodeIx>,
    /// Slots of the body: first.
    pub first: SlotIx,
    /// Slots of the body: one past the last.
    pub last: SlotIx,
}

/// A node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Node {
    /// What it computes.
    pub op: Op,
    /// Where it comes from.
    pub place: PlaceIx,
}

/// What a node computes. An absent operand gives an absent result in `Get`, in the first argument of a piped call and in `Hit`'s key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Op {
    /// A constant.
    Const(Value),
    /// A slot.
    Slot(SlotIx),
    /// A field of a record, by position.
    Get(NodeIx, u16),
    /// A money value whose currency, or whose basis (a flag), stands elsewhere (`money in settings.currency`).
    Money {
        /// The amount as read.
        amount: NodeIx,
        /// Its currency.
        currency: Option<NodeIx>,
        /// True: including VAT.
        flag: Option<NodeIx>,
    },
    /// What an ask found for the key in force here: a record, none, or a failure when several.
    Hit(AskIx),
    /// The record of a step: as known before the write, as answered after it; none where the step did not run.
    Bound(StepIx),
    /// A library function, by name.
    Call {
        /// Its name.
        function: String,
        /// Arguments by parameter.
        args: Vec<Arg>,
        /// An absent first argument passes by.
        hands_on: bool,
    },
    /// A decision table or `match`.
    Table {
        /// Number in [`super::Plan::tables`].
        table: u32,
        /// The columns' values.
        on: Vec<NodeIx>,
        /// The date of an `at date` table.
        at: Option<NodeIx>,
        /// Results that are computed, by their number in the table.
        gives: Vec<NodeIx>,
    },
    /// `if c => x`; none where c is false.
    If(NodeIx, NodeIx),
    /// `x else y`
    Else(NodeIx, NodeIx),
    /// `a and b`
    And(NodeIx, NodeIx),
    /// `a or b`
    Or(NodeIx, NodeIx),
    /// `not a`
    Not(NodeIx),
    /// `-a`
    Neg(NodeIx),
    /// `+ - * /`
    Math(Math, NodeIx, NodeIx),
    /// `= != < <= > >= in`
    Compare(Comparison, NodeIx, NodeIx),
    /// `x in eu`: a set of countries or territories, by name; false for an absent x.
    InSet(NodeIx, String),
    /// `x exists`
    Exists(NodeIx),
    /// A text with holes.
    Text(Vec<NodeIx>),
    /// A record; fields that are not named are absent.
    Record(Arc<Shape>, Vec<(u16, NodeIx)>),
    /// A list; absent elements are dropped.
    List(Vec<Element>),
    /// `fail`, `skip`, `wait`
    End(End, NodeIx),
}

/// Arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Math {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

/// Comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`: a list.
    In,
}

/// An argument of a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Arg {
    /// Left out.
    Left,
    /// A value.
    Value(NodeIx),
    /// An expression over the items of another argument's list; the loop's `over` is that argument.
    Each(LoopIx, NodeIx),
}

/// An element of a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Element {
    /// One item.
    One(NodeIx),
    /// The items of a list; nothing for an absent one.
    Spread(NodeIx),
    /// One item for each turn.
    For(LoopIx, NodeIx),
}

/// A question to a system.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ask {
    /// What is asked.
    pub what: Question,
    /// The resource.
    pub resource: ResourceIx,
    /// Asked once for every turn of these loops, outermost first.
    pub loops: Vec<LoopIx>,
    /// And only where this holds.
    pub when: Option<NodeIx>,
    /// Earlier steps of the flow that write the same resource: asked after them, where they run for the record.
    pub after: Vec<StepIx>,
    /// One more than the highest wave that its key, condition and loops depend on, and than that of the form it has before; 0 where there are none.
    pub wave: u16,
    /// Which fields of the answer are used: indices in the shape.
    pub needs: Vec<u16>,
    /// Where it stands.
    pub place: PlaceIx,
}

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Question {
    /// The record with this key.
    Find {
        /// Number of the resource's `find`; none: its key.
        find: Option<u16>,
        /// The key's fields, paths of indices in the shape.
        fields: Vec<Vec<u16>>,
        /// Their values. An absent one is not asked, unless it is the literal `none` of a step's key (see [`super::StepKey::values`]).
        key: Vec<NodeIx>,
    },
    /// The record last written for another one.
    Link {
        /// That record.
        of: NodeIx,
        /// Its resource.
        of_resource: ResourceIx,
    },
    /// The one record of the resource.
    One,
    /// The records of a sub-resource.
    Sub {
        /// The record that has them.
        parent: NodeIx,
    },
}
