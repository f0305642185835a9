//! The plan: what checking hands to running. Plain data: it prints, it serialises, it is snapshot-tested. Nothing after it asks the checker, the
//! text or a name again.
//!
//! A flow's life is a line of *acts* in text order, cut into *rounds* at the gates (`where`, `skip`, `wait`): what may be asked once a record got
//! this far, and what is then decided. Lookups are *asks*: questions with key expressions, lifted out of the maps together with the loops and
//! conditions they stand in, answered by key value from a page's cache. Maps are inlined; lets and parameters are *slots* that are computed when
//! first read. Settings are constants by now.

use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{End, Verb};
use flowbook_stdlib::types::{Form, Shape, Type};
use flowbook_stdlib::value::Value;
use serde::{Deserialize, Serialize};

pub mod connector;
pub mod text;
mod walk;

use connector::{Resource, ResourceIx, System};

/// Number of a node in its program.
pub type NodeIx = u32;
/// Number of a slot in its program.
pub type SlotIx = u32;
/// Number of an ask in its program.
pub type AskIx = u32;
/// Number of a loop in its program.
pub type LoopIx = u32;
/// Number of a step in its flow.
pub type StepIx = u32;
/// Number of a place in [`Plan::places`].
pub type PlaceIx = u32;

/// A whole flowbook, specialised to its settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The folder's name.
    pub flowbook: String,
    /// `zone "…"`; UTC without one.
    pub zone: String,
    /// `retention 30 days`: how long payloads and what was read of failed records are kept, in seconds.
    pub retention_s: u64,
    /// Settings as folded in, in declared order; secrets among them are left out.
    pub settings: Vec<(String, Value)>,
    /// Systems in declared order.
    pub systems: Vec<System>,
    /// Resources of the systems.
    pub resources: Vec<Resource>,
    /// Decision tables.
    pub tables: Vec<Table>,
    /// Flows, in the order in which `run` without names runs them.
    pub flows: Vec<Flow>,
    /// Maps that can be run alone: those of one parameter.
    pub maps: Vec<MapEntry>,
    /// Where nodes come from.
    pub places: Vec<Place>,
    /// The files that spans name, by file number.
    pub files: Vec<File>,
}

/// A file of the flowbook: enough to say where a span stands, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// As shown to users.
    pub name: String,
    /// Offset of the first byte of each line, the first line's 0 included.
    pub lines: Vec<u32>,
}

impl File {
    /// A file by its name and text.
    pub fn new(name: &str, text: &str) -> File {
        let starts = text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n');
        File {
            name: name.to_owned(),
            lines: std::iter::once(0)
                .chain(starts.map(|(_, next)| next))
                .collect(),
        }
    }

    /// The line of a byte, from 1.
    pub fn line(&self, offset: u32) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }
}

impl Plan {
    /// The resources that these flows ask or write; those of all flows where none is named.
    pub fn resources_in_use(&self, flows: &[String]) -> Vec<Resource> {
        let chosen = self
            .flows
            .iter()
            .filter(|flow| flows.is_empty() || flows.contains(&flow.name));
        let mut used: Vec<ResourceIx> = chosen
            .flat_map(|flow| {
                let asks = flow.program.asks.iter().map(|ask| ask.resource);
                let steps = flow.steps.iter().map(|step| step.resource);
                asks.chain(steps).chain([flow.read.resource])
            })
            .collect();
        used.sort_unstable();
        used.dedup();
        used.iter()
            .filter_map(|ix| self.resources.get(*ix as usize).cloned())
            .collect()
    }

    /// `orders.flow:17`: where a span begins.
    pub fn at(&self, span: Span) -> String {
        match self.files.get(usize::from(span.file.0)) {
            Some(file) => format!("{}:{}", file.name, file.line(span.start)),
            None => String::new(),
        }
    }
}

/// Where a node comes from, and the call through which a map's line got here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The text.
    pub span: Span,
    /// The call.
    pub via: Option<PlaceIx>,
}

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
        /// Number in [`Plan::tables`].
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
    /// One more than the highest wave that its key, condition and loops depend on; 0 where they depend on none.
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
        /// Their values. An absent one is not asked, unless it is the literal `none` of a step's key (see [`StepKey::values`]).
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

/// A flow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// Its doc lines.
    pub doc: String,
    /// When `serve` runs it.
    pub starts: Vec<Start>,
    /// What it reads.
    pub read: Read,
    /// What it computes. Slot 0 is the record that was read.
    pub program: Program,
    /// Everything that happens to a record, in text order.
    pub acts: Vec<Act>,
    /// Cuts of `acts`.
    pub rounds: Vec<Round>,
    /// Its writing steps, in text order.
    pub steps: Vec<Step>,
    /// A record that is not ripe within so many seconds is skipped.
    pub ripe_within_s: u64,
    /// Flows that run before it.
    pub after: Vec<String>,
    /// Where it stands.
    pub place: PlaceIx,
}

/// When `serve` runs a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// Every so many seconds.
    Every(u64),
    /// Every day at this minute of the flowbook's zone.
    Daily(u16),
}

/// What a flow reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Read {
    /// The resource.
    pub resource: ResourceIx,
    /// Everything, every time; otherwise what is new or changed.
    pub all: bool,
    /// The first run starts here: a date or an instant.
    pub from: Option<Value>,
    /// Fields that anything below uses: a change in one of them is a change of the record. Indices in the shape.
    pub needs: Vec<u16>,
    /// Second looks at waiting records may be narrowed by these: (query parameter, value).
    pub relook: Vec<(String, Value)>,
}

/// A cut of a flow: acts `first..last`, and what must have been asked before them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Asks, in order of their waves.
    pub asks: Vec<AskIx>,
    /// First act.
    pub first: u32,
    /// One past the last act.
    pub last: u32,
}

/// One thing that happens to a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Act {
    /// Happens for every turn of these loops.
    pub loops: Vec<LoopIx>,
    /// And only where this holds.
    pub when: Option<NodeIx>,
    /// What happens.
    pub kind: ActKind,
    /// Where it stands.
    pub place: PlaceIx,
}

/// What happens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ActKind {
    /// Computes a slot.
    Let(SlotIx),
    /// Waits silently where false.
    Where(NodeIx),
    /// Ends the record with this text where the condition, which comes second, holds.
    End(End, NodeIx, NodeIx),
    /// Writes.
    Step(StepIx),
    /// Compares what the target says with what it must be.
    Confirm {
        /// The target's.
        left: NodeIx,
        /// What it must be.
        right: NodeIx,
        /// The largest difference, inclusive; none: equal.
        within: Option<NodeIx>,
        /// The step whose answer is compared.
        step: Option<StepIx>,
    },
}

/// A writing step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// The name of the written record, or what the step is called in messages.
    pub name: String,
    /// The verb.
    pub verb: Verb,
    /// The resource it writes.
    pub resource: ResourceIx,
    /// What of it.
    pub to: To,
    /// Number of the way to create in [`Resource::creates`], and its arguments.
    pub action: u16,
    /// Arguments of the action.
    pub args: Vec<NodeIx>,
    /// Its keys, in order; absent ones are passed over.
    pub keys: Vec<StepKey>,
    /// `done if`
    pub done_if: Option<NodeIx>,
    /// The fields, leaf by leaf, in text order; lists are one leaf. The keys' fields are among them.
    pub body: Vec<Put>,
    /// Computed by the target and compared with what it was written with: `IncludesVat`, a currency.
    pub flags: Vec<FlagCheck>,
    /// Earlier steps whose answers its fields may need, at worst.
    pub late: Vec<StepIx>,
    /// Fields of the bound record that the flow uses after the step.
    pub needs: Vec<u16>,
    /// Where it stands.
    pub place: PlaceIx,
}

/// What a step writes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum To {
    /// A record of the resource, found by its key.
    Resource,
    /// A record of a sub-resource of this record.
    Child(NodeIx),
    /// This record: the one that was read, or one that is bound.
    Record(NodeIx),
}

/// A key of a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepKey {
    /// Asks, in the step's own resource first, then in every form that a record of it can have taken. Of a sub-resource: the ask for the parent's
    /// records, among which this key is looked for. Of `by link x`: the link's ask, and no fields.
    pub asks: Vec<AskIx>,
    /// Its fields, paths of indices in the shape.
    pub fields: Vec<Vec<u16>>,
    /// Their values; none for the literal `none`.
    pub values: Vec<Option<NodeIx>>,
}

/// A leaf of a step's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Put {
    /// Its path in the record: indices in the shape (nested shapes below it).
    pub at: Vec<u16>,
    /// Its path on the wire.
    pub wire: Vec<Arc<str>>,
    /// The value; an absent one is left out.
    pub value: NodeIx,
    /// The field's type, which says how the value is encoded.
    pub ty: Type,
    /// The field's form on the wire.
    pub form: Form,
    /// When it is written.
    pub first: First,
    /// Part of a key.
    pub key: bool,
    /// Compared with a found record; writeonly fields are not, and go along with other changes.
    pub compared: bool,
}

/// When a leaf is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum First {
    /// Always.
    Always,
    /// When the record is created.
    OnCreate,
    /// When the record is created, and while this holds.
    OnCreateOr(NodeIx),
}

/// What the target computes is compared with what the payload took for granted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FlagCheck {
    /// The target's field, a path of indices in the shape.
    pub field: Vec<u16>,
    /// What it was taken to be.
    pub expected: NodeIx,
}

/// A decision table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// Its name; `match` for one without.
    pub name: String,
    /// Its columns: name and type.
    pub columns: Vec<(String, Type)>,
    /// It has dates.
    pub dated: bool,
    /// Rows, the last layer first; within a layer they never overlap.
    pub rows: Vec<Row>,
    /// What no row takes.
    pub otherwise: Option<Give>,
    /// Where it stands.
    pub span: Span,
}

/// A row of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// A test for each column.
    pub cells: Vec<Cell>,
    /// First day, inclusive.
    pub from: Option<jiff::civil::Date>,
    /// Last day, inclusive.
    pub until: Option<jiff::civil::Date>,
    /// What it gives.
    pub give: Give,
    /// The file and line it comes from, for `explain`: a flow file or a CSV.
    pub source: String,
}

/// What a row gives.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Give {
    /// A constant.
    Const(Value),
    /// Computed at each use: a number into [`Op::Table`]'s `gives`.
    Node(u16),
}

/// A test of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// `_`
    Any,
    /// One of these.
    OneOf(Vec<Test>),
}

/// One alternative of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Test {
    /// Equal; `Value::None` for `none`.
    Is(Value),
    /// `>= 10%`
    Compare(Comparison, Value),
    /// `0..100`, both inclusive.
    Range(Value, Value),
    /// `eu - SE`: a set of countries or territories by name, less sets and codes; membership on the table's date.
    Within {
        /// The set's name.
        set: String,
        /// Sets that are taken out.
        less_sets: Vec<String>,
        /// Codes that are taken out.
        less: Vec<Value>,
    },
}

/// A map that can be run alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MapEntry {
    /// Its name.
    pub name: String,
    /// The type of its parameter; slot 0 of the program.
    pub takes: Type,
    /// What it gives.
    pub gives: Type,
    /// What it computes.
    pub program: Program,
    /// The result.
    pub body: NodeIx,
}
