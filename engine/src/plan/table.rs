//! Decision tables: rows of tests, and what they give.

use flowbook_grammar::Span;
use flowbook_stdlib::types::Type;
use flowbook_stdlib::value::Value;
use serde::{Deserialize, Serialize};

use super::Comparison;

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
    /// Computed at each use: a number into [`super::Op::Table`]'s `gives`.
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
