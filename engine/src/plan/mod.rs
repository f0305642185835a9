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
use flowbook_stdlib::types::{Form, Type};
use flowbook_stdlib::value::Value;
use serde::{Deserialize, Serialize};

pub mod connector;
mod program;
mod table;
pub mod text;
mod walk;

pub use program::{Arg, Ask, Comparison, Element, Loop, Math, Node, Op, Program, Question, Slot};
pub use table::{Cell, Give, Row, Table, Test};

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
