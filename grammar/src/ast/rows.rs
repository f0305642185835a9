//! Rows of tables, of `match` and of `answers`.

use super::{BinaryOp, Expr, Literal, Word};
use crate::span::Span;

/// `{ rows }` of a table, a `match` or `answers`.
#[derive(Debug, Clone)]
pub struct Rows {
    /// In text order, `otherwise` among them.
    pub rows: Vec<Row>,
    /// With the braces.
    pub span: Span,
}

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// The cells; empty for `otherwise`.
    pub cells: Vec<Cell>,
    /// `otherwise`
    pub otherwise: bool,
    /// First day, inclusive.
    pub from: Option<(Literal, Span)>,
    /// Last day, inclusive.
    pub until: Option<(Literal, Span)>,
    /// `if` of a row of `answers`.
    pub when: Option<Expr>,
    /// What it gives.
    pub give: Expr,
    /// The whole row.
    pub span: Span,
}

/// A cell: alternatives joined by `|`.
#[derive(Debug, Clone)]
pub struct Cell {
    /// At least one.
    pub alternatives: Vec<Alternative>,
    /// The whole cell.
    pub span: Span,
}

/// One alternative of a cell.
#[derive(Debug, Clone)]
pub enum Alternative {
    /// `_`
    Any,
    /// `>= 10%`
    Compare(BinaryOp, Literal, Span),
    /// `0..100`, both inclusive
    Range(Literal, Literal, Span),
    /// `eu - SE`: a constant or a set, less others
    Set(Constant, Vec<Constant>),
}

/// A constant in a cell.
#[derive(Debug, Clone)]
pub enum Constant {
    /// `25%`, `"cash"`, `SE`, `none`
    Literal(Literal, Span),
    /// `eu`, `world`; in `answers` an outcome
    Name(Word),
}
