//! Items: what stands at the top of a file.

use super::{
    Block, Connector, Doc, Expr, Literal, Path, Record, RecordType, Rows, Str, TimeSpan, Type, Word,
};
use crate::span::Span;

/// One item of a file.
#[derive(Debug, Clone)]
pub struct Item {
    /// `///` lines above it.
    pub docs: Vec<Doc>,
    /// What it is.
    pub kind: ItemKind,
    /// Without its docs.
    pub span: Span,
}

/// What an item is.
#[derive(Debug, Clone)]
pub enum ItemKind {
    /// `use "DIR"`
    Use(Str),
    /// `zone "Europe/Stockholm"`
    Zone(Str),
    /// `retention 30 days`
    Retention(TimeSpan),
    /// `set NAME = value`
    Set(Set),
    /// `system till: ccv_salespos { … }`
    System(System),
    /// `setting NAME: type = default`
    Setting(Setting),
    /// `type Line { … }` or `type Status = "a" | "b"`
    Type(TypeDef),
    /// `extend type …`, `extend map …`, `extend flow …`
    Extend(Extend),
    /// `table NAME(params) -> type { rows }`
    Table(Table),
    /// `map NAME(params) -> type = expr` or `{ fields }`
    Map(Map),
    /// `flow NAME { … }`
    Flow(Flow),
    /// `test "…" { … }`
    Test(Test),
    /// `connector NAME { … }`
    Connector(Connector),
    /// Text that could not be read; its syntax error is reported. Its name, where one was seen, counts as known.
    Bad {
        /// The word the item began with and the name that followed it.
        name: Option<Word>,
    },
}

/// `set NAME = value`
#[derive(Debug, Clone)]
pub struct Set {
    /// The setting.
    pub name: Word,
    /// Its value.
    pub value: Expr,
}

/// `system NAME: CONNECTOR { param: value }`
#[derive(Debug, Clone)]
pub struct System {
    /// The system's name.
    pub name: Word,
    /// The connector's name.
    pub connector: Word,
    /// Params and settings of the system.
    pub options: Option<Record>,
}

/// `setting NAME: type = default`
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name.
    pub name: Word,
    /// Its type.
    pub ty: Type,
    /// Its default.
    pub default: Option<Expr>,
}

/// `type NAME …`
#[derive(Debug, Clone)]
pub struct TypeDef {
    /// Its name, upper-case first.
    pub name: Word,
    /// What it stands for: a [`super::TypeKind::Record`] where it was written with braces.
    pub ty: Type,
}

/// `extend …`
#[derive(Debug, Clone)]
pub enum Extend {
    /// `extend type till.Order { field: type }`
    Type {
        /// `till.Order`, or a flowbook's own type.
        path: Path,
        /// The added fields.
        fields: RecordType,
    },
    /// `extend map NAME(params) { fields }`
    Map {
        /// The map.
        name: Word,
        /// Its parameters' names, as used in the fields.
        params: Vec<Word>,
        /// Added or replaced fields.
        record: Record,
    },
    /// `extend flow NAME { where … }`
    Flow {
        /// The flow.
        name: Word,
        /// Statements; the checker takes `where` only.
        block: Block,
    },
}

/// A parameter of a map or table.
#[derive(Debug, Clone)]
pub struct Param {
    /// Its name.
    pub name: Word,
    /// Its type.
    pub ty: Type,
}

/// `table NAME(params) at date -> type from "a.csv" or "b.csv"? { rows }`
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: Word,
    /// Its columns.
    pub params: Vec<Param>,
    /// The word after `at`.
    pub at: Option<Word>,
    /// What a row gives.
    pub result: Type,
    /// CSV layers, in order.
    pub layers: Vec<Layer>,
    /// The rows in the text; absent where the table has CSV layers alone.
    pub rows: Option<Rows>,
}

/// `from "tables/payment.csv"` or `or "own.csv"?`
#[derive(Debug, Clone)]
pub struct Layer {
    /// The path, relative to the folder of the file that names it.
    pub path: Str,
    /// `?`: the file may be missing.
    pub optional: bool,
}

/// `map NAME(params) -> type …`
#[derive(Debug, Clone)]
pub struct Map {
    /// Its name.
    pub name: Word,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its result, where written.
    pub result: Option<Type>,
    /// Its body: a [`super::ExprKind::Record`] where written with braces and no `=`.
    pub body: Expr,
    /// Written `map f(x) -> T { … }` rather than `= …`.
    pub braces: bool,
}

/// `flow NAME { statements }`
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its name.
    pub name: Word,
    /// Its statements.
    pub block: Block,
}

/// `test "title" { statements }`
#[derive(Debug, Clone)]
pub struct Test {
    /// Its title.
    pub title: Str,
    /// Its statements, in order.
    pub statements: Vec<TestStatement>,
    /// The braces.
    pub span: Span,
}

/// A statement of a test.
#[derive(Debug, Clone)]
pub struct TestStatement {
    /// What it is.
    pub kind: TestKind,
    /// The whole statement.
    pub span: Span,
}

/// What a test statement is.
#[derive(Debug, Clone)]
pub enum TestKind {
    /// `set NAME = value`
    Set(Set),
    /// `given now 2026-03-02T09:00:00Z`
    Now(Literal, Span),
    /// `given till.orders from "file.json"`
    GivenFrom(Path, Str),
    /// `given till.orders = [ … ]`
    GivenValue(Path, Expr),
    /// `given R answers lost`
    Answers(Path, Word),
    /// `expect FLOW matches "file"`
    Matches(Path, Str),
    /// `expect FLOW done|waiting|skipped|failed N "text"`
    Count {
        /// The flow.
        flow: Word,
        /// done, waiting, skipped or failed.
        end: Word,
        /// How many records.
        count: u64,
        /// A text that each reason holds.
        reason: Option<Str>,
    },
    /// `expect R has N`
    Has(Path, u64),
    /// `expect R has nothing new`
    NothingNew(Path),
    /// `expect EXPR`
    Holds(Expr),
    /// Text that could not be read.
    Bad,
}
