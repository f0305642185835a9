//! The checked tree: everything is resolved, typed and proved; nothing is specialised to settings yet.
//!
//! In: `check` makes it from the tree. Out: `lower` turns it into the plan. A later stage never looks a name up again.

use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{End, Verb};
use flowbook_stdlib::types::{Form, Shape, Type};
use flowbook_stdlib::value::Value;

use crate::plan::connector::{Resource, ResourceIx, System};
use crate::plan::{Cell, Comparison, Math, Start};

/// Number of a value's name in its item: parameters, lets, loop items, bound records.
pub type LocalIx = u32;

/// A whole flowbook.
#[derive(Debug, Clone)]
pub struct Book {
    /// The folder's name.
    pub name: String,
    /// `zone "…"`; UTC without one.
    pub zone: String,
    /// `retention 30 days`: how long payloads and what was read of failed records are kept, in seconds; 30 days where nothing is said.
    pub retention_s: u64,
    /// In declared order.
    pub settings: Vec<Setting>,
    /// In declared order.
    pub systems: Vec<System>,
    /// Resources of the systems, subs behind their parents.
    pub resources: Vec<Resource>,
    /// Named tables.
    pub tables: Vec<Table>,
    /// Maps, none of them recursive.
    pub maps: Vec<Map>,
    /// Flows, in the order in which `run` without names runs them.
    pub flows: Vec<Flow>,
    /// Tests, in text order.
    pub tests: Vec<Test>,
}

/// A setting.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// From `set`, else the default; none: `run` refuses unless the type is optional or `--set` gives one.
    pub value: Option<Value>,
    /// Its doc lines.
    pub doc: String,
    /// Where it is declared.
    pub span: Span,
}

/// A name for a value.
#[derive(Debug, Clone)]
pub struct Local {
    /// The name in the text; empty for one that the checker made.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Where it is bound.
    pub span: Span,
}

/// An expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Type,
    /// Where it stands.
    pub span: Span,
}

/// What an expression computes.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// A constant.
    Const(Value),
    /// A setting, by number.
    Setting(u32),
    /// A local.
    Local(LocalIx),
    /// A field of a record, by position; absent of an absent record.
    Field(Box<Expr>, u16),
    /// Money whose currency or flag stands in a resource of one record.
    Money {
        /// The amount as read.
        amount: Box<Expr>,
        /// Its currency.
        currency: Option<Box<Expr>>,
        /// True: including VAT.
        flag: Option<Box<Expr>>,
    },
    /// `R[F = x]`: by number of the resource's find, or by its key where none.
    Find {
        /// The resource.
        resource: ResourceIx,
        /// Number of its find; none: the resource's key.
        find: Option<u16>,
        /// The key's fields.
        fields: Vec<Vec<u16>>,
        /// Their values.
        key: Vec<Expr>,
    },
    /// `R[link x]`
    Link {
        /// The resource.
        resource: ResourceIx,
        /// The record whose link is followed.
        of: Box<Expr>,
        /// Its resource.
        of_resource: ResourceIx,
    },
    /// A resource declared `one`.
    One(ResourceIx),
    /// The records of a sub-resource.
    Sub {
        /// The sub-resource.
        resource: ResourceIx,
        /// The record that has them.
        parent: Box<Expr>,
    },
    /// A library function.
    Call {
        /// Its name.
        function: &'static str,
        /// Arguments by parameter, supplied ones among them.
        args: Vec<Arg>,
        /// An absent first argument passes by.
        hands_on: bool,
    },
    /// A map.
    Map {
        /// Its number.
        map: u32,
        /// Arguments by parameter.
        args: Vec<Expr>,
        /// An absent first argument passes by.
        hands_on: bool,
    },
    /// A named table.
    Table {
        /// Its number.
        table: u32,
        /// The columns' values.
        on: Vec<Expr>,
        /// The date of an `at date` table.
        at: Option<Box<Expr>>,
    },
    /// `match a, b { rows }`: the rows' results see the locals around them.
    Match(Box<Table>, Vec<Expr>),
    /// `if c => x`
    If(Box<Expr>, Box<Expr>),
    /// `x else y`
    Else(Box<Expr>, Box<Expr>),
    /// `a and b`
    And(Box<Expr>, Box<Expr>),
    /// `a or b`
    Or(Box<Expr>, Box<Expr>),
    /// `not a`
    Not(Box<Expr>),
    /// `-a`
    Neg(Box<Expr>),
    /// `+ - * /`
    Math(Math, Box<Expr>, Box<Expr>),
    /// `= != < <= > >=`, and `in` a list
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `x in eu`: the set by name.
    InSet(Box<Expr>, String),
    /// `x exists`; `missing` is its negation.
    Exists(Box<Expr>),
    /// A text with holes.
    Text(Vec<Expr>),
    /// A record: lets in order, then fields by position; spreads are resolved.
    Record {
        /// Its shape.
        shape: Arc<Shape>,
        /// Lets, and spread records.
        lets: Vec<(LocalIx, Expr)>,
        /// Fields that are given.
        fields: Vec<(u16, Expr)>,
    },
    /// A list.
    List(Vec<Element>),
    /// `fail`, `skip`, `wait`
    End(End, Box<Expr>),
}

/// An argument of a library function.
#[derive(Debug, Clone)]
pub enum Arg {
    /// Left out.
    Left,
    /// A value.
    Value(Expr),
    /// Over the items of the list that another parameter gives.
    Each {
        /// That parameter.
        list: usize,
        /// The item.
        item: LocalIx,
        /// The expression.
        give: Expr,
    },
}

/// An element of a list.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // as many as the text has lists
pub enum Element {
    /// One item; dropped when absent.
    One(Expr),
    /// The items of a list; nothing for an absent one.
    Spread(Expr),
    /// `for x, n in xs if c => e`
    For {
        /// The item.
        item: LocalIx,
        /// Counts from 1.
        counter: Option<LocalIx>,
        /// The list.
        list: Expr,
        /// Which items.
        when: Option<Expr>,
        /// What each gives.
        give: Expr,
    },
}

/// A table: a named one, or a `match`.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name; `match` for one without.
    pub name: String,
    /// Its columns: name, type, and the local that rows' results see it by (none in a `match`).
    pub columns: Vec<(String, Type, Option<LocalIx>)>,
    /// The local of the date of an `at date` table.
    pub at: Option<LocalIx>,
    /// What a row gives.
    pub gives: Type,
    /// The last layer's rows first.
    pub rows: Vec<Row>,
    /// What no row takes.
    pub otherwise: Option<Expr>,
    /// Of a named table.
    pub locals: Vec<Local>,
    /// Where it stands.
    pub span: Span,
}

/// A row of a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// A test for each column.
    pub cells: Vec<Cell>,
    /// First day, inclusive.
    pub from: Option<jiff::civil::Date>,
    /// Last day, inclusive.
    pub until: Option<jiff::civil::Date>,
    /// What it gives.
    pub give: Expr,
    /// File and line, for `explain`.
    pub source: String,
}

/// A map.
#[derive(Debug, Clone)]
pub struct Map {
    /// Its name.
    pub name: String,
    /// Its doc lines.
    pub doc: String,
    /// Its parameters, the first locals.
    pub params: Vec<LocalIx>,
    /// Its body.
    pub body: Expr,
    /// All its locals.
    pub locals: Vec<Local>,
    /// Where it stands.
    pub span: Span,
}

/// A flow.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// Its doc lines.
    pub doc: String,
    /// When `serve` runs it.
    pub starts: Vec<Start>,
    /// Flows that run before it.
    pub after: Vec<String>,
    /// The resource it reads.
    pub resource: ResourceIx,
    /// The record that was read.
    pub record: LocalIx,
    /// `read … all`
    pub all: bool,
    /// `read … from`: a constant or a setting.
    pub from: Option<Expr>,
    /// `wait 90 days`, in seconds; 30 days unless said.
    pub ripe_within_s: u64,
    /// Statements in text order; `where`s of `extend flow` behind the flow's own.
    pub body: Vec<Statement>,
    /// All its locals.
    pub locals: Vec<Local>,
    /// Where it stands.
    pub span: Span,
}

/// A statement.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Where it stands.
    pub span: Span,
}

/// What a statement is.
#[derive(Debug, Clone)]
pub enum StatementKind {
    /// `where c`
    Where(Expr),
    /// `let x = e`
    Let(LocalIx, Expr),
    /// `skip "…" if c`: the text, then the condition.
    End(End, Expr, Expr),
    /// `if c { … }`
    If(Expr, Vec<Statement>),
    /// `for x, n in xs { … }`
    For {
        /// The item.
        item: LocalIx,
        /// Counts from 1.
        counter: Option<LocalIx>,
        /// The list.
        list: Expr,
        /// The statements.
        body: Vec<Statement>,
    },
    /// `confirm a = b within t`
    Confirm {
        /// The target's.
        left: Expr,
        /// What it must be.
        right: Expr,
        /// The largest difference.
        within: Option<Expr>,
        /// The bound record whose answer is compared.
        of: Option<LocalIx>,
    },
    /// A step.
    Write(Box<Write>),
}

/// A step.
#[derive(Debug, Clone)]
pub struct Write {
    /// The verb.
    pub verb: Verb,
    /// The bound record; the checker makes a nameless one where the text has none.
    pub bound: LocalIx,
    /// What the step is called in messages: the bound name, or the resource's last word.
    pub name: String,
    /// The resource.
    pub resource: ResourceIx,
    /// What of it.
    pub to: To,
    /// Number of the way to create in the resource's `creates`.
    pub action: u16,
    /// Arguments of `via`.
    pub args: Vec<Expr>,
    /// `by`, in text order.
    pub keys: Vec<StepKey>,
    /// `by link x`: the record whose link is followed, and its resource.
    pub link: Option<(Expr, ResourceIx)>,
    /// `done if`
    pub done_if: Option<Expr>,
    /// Lets and spread records of the payload, in order.
    pub lets: Vec<(LocalIx, Expr)>,
    /// Fields, in text order, the keys' among them; nested record literals are taken apart.
    pub body: Vec<Put>,
    /// Compared with the answer.
    pub flags: Vec<FlagCheck>,
}

/// What a step writes.
#[derive(Debug, Clone)]
pub enum To {
    /// A record of the resource, found by key or link.
    Resource,
    /// A record of a sub-resource of this record.
    Child(Expr),
    /// The record that was read, or a bound one.
    Record(Expr),
}

/// `by F = x, G = y`
#[derive(Debug, Clone)]
pub struct StepKey {
    /// Number of the resource's find; none: the resource's key.
    pub find: Option<u16>,
    /// The same key's find in each form that has one: (resource, find, fields).
    pub forms: Vec<(ResourceIx, Option<u16>, Vec<Vec<u16>>)>,
    /// Its fields.
    pub fields: Vec<Vec<u16>>,
    /// Their values; none for the literal `none`.
    pub values: Vec<Option<Expr>>,
}

/// A field of a payload.
#[derive(Debug, Clone)]
pub struct Put {
    /// Its path in the resource's (or the action's) shape.
    pub at: Vec<u16>,
    /// Its path on the wire.
    pub wire: Vec<Arc<str>>,
    /// The value.
    pub value: Expr,
    /// The field's type.
    pub ty: Type,
    /// The field's form.
    pub form: Form,
    /// When it is written.
    pub first: First,
    /// Part of a key.
    pub key: bool,
    /// Compared with a found record.
    pub compared: bool,
}

/// When a field is written.
#[derive(Debug, Clone)]
pub enum First {
    /// Always.
    Always,
    /// When the record is created.
    OnCreate,
    /// When the record is created, and while this holds.
    OnCreateOr(Expr),
}

/// What the target computes, compared with what the payload took for granted.
#[derive(Debug, Clone)]
pub struct FlagCheck {
    /// The target's field.
    pub field: Vec<u16>,
    /// What it was taken to be.
    pub expected: Expr,
}

/// A test.
#[derive(Debug, Clone)]
pub struct Test {
    /// Its title.
    pub title: String,
    /// `set`
    pub settings: Vec<(u32, Value)>,
    /// `given now`
    pub now: Option<jiff::Timestamp>,
    /// `given R from "file"`: (resource, path of the file as written, which is relative to the flow file's folder).
    pub given: Vec<(ResourceIx, std::path::PathBuf, Span)>,
    /// `given R = [ … ]`
    pub given_values: Vec<(ResourceIx, Expr)>,
    /// `given R answers lost`
    pub lost: Vec<ResourceIx>,
    /// Expectations, in order.
    pub expect: Vec<(Expectation, Span)>,
    /// Locals of its expressions.
    pub locals: Vec<Local>,
    /// Where it stands.
    pub span: Span,
}

/// What a test expects.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// `expect FLOW matches "file"`: runs the flow; its effects equal the file (path as written).
    Matches(u32, std::path::PathBuf),
    /// `expect FLOW done 1 "text"`: runs the flow.
    Count {
        /// Number of the flow.
        flow: u32,
        /// `done`, `waiting`, `skipped` or `failed`.
        end: RecordEnd,
        /// How many records.
        count: u64,
        /// A text that each reason holds.
        reason: Option<String>,
    },
    /// `expect R has N`
    Has(ResourceIx, u64),
    /// `expect SYSTEM has nothing new`
    NothingNew(u32),
    /// `expect EXPR`
    Holds(Expr),
}

/// How a record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordEnd {
    /// Carried over, or nothing to do.
    Done,
    /// Not ripe yet.
    Waiting,
    /// Never again unless it changes.
    Skipped,
    /// A person must look.
    Failed,
}
