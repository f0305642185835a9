//! Statements of flows.

use super::{Call, Expr, Key, Let, Literal, Path, Record, Str, TimeSpan, Word};
use crate::span::Span;

/// `{ statements }` of a flow.
#[derive(Debug, Clone)]
pub struct Block {
    /// In text order.
    pub statements: Vec<Statement>,
    /// With the braces.
    pub span: Span,
}

/// A statement of a flow.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// The whole statement.
    pub span: Span,
}

/// What a statement is.
#[derive(Debug, Clone)]
pub enum StatementKind {
    /// `every 5 min`
    Every(TimeSpan),
    /// `every day at 04:00`
    EveryDay(Option<Literal>),
    /// `on event "name"`
    OnEvent(Option<Str>),
    /// `after a, b`
    After(Vec<Word>),
    /// `prefer books`
    Prefer(Word),
    /// `wait 90 days`
    Wait(TimeSpan),
    /// `read order in till.orders from orders_since`
    Read {
        /// The record's name.
        name: Word,
        /// The resource.
        from: Path,
        /// What is read of it.
        mode: ReadMode,
    },
    /// `where expr`
    Where(Expr),
    /// `let x: type = expr`
    Let(Let),
    /// `skip "…" if expr`
    End {
        /// skip, fail or wait.
        end: End,
        /// The reason: a [`super::ExprKind::Text`].
        text: Expr,
        /// When.
        when: Expr,
    },
    /// `if expr { … }`
    If(Expr, Block),
    /// `for x, n in xs { … }`
    For {
        /// The item's name.
        item: Word,
        /// The counter's name, from 1.
        counter: Option<Word>,
        /// The list.
        list: Expr,
        /// The statements.
        block: Block,
    },
    /// `confirm a = b within t`
    Confirm {
        /// What the target says.
        left: Expr,
        /// What it must be.
        right: Expr,
        /// The largest difference allowed, inclusive.
        within: Option<Expr>,
    },
    /// `create`, `ensure`, `update`
    Write(Write),
    /// Text that could not be read; its syntax error is reported.
    Bad,
}

/// What a flow reads of its resource.
#[derive(Debug, Clone)]
pub enum ReadMode {
    /// What is new or changed, from a date on where one is given.
    New(Option<Expr>),
    /// Everything, every time.
    All,
    /// What was linked once and is away now.
    Gone,
}

/// The three ends that text can give a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum End {
    /// A person must look.
    Fail,
    /// Never again unless it changes.
    Skip,
    /// Not ripe yet.
    Wait,
}

/// The writing verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Verb {
    /// 0 hits → writes, 1 → adopts.
    Create,
    /// 0 → creates, 1 → updates what differs.
    Ensure,
    /// 0 → fails, 1 → updates what differs.
    Update,
}

/// A writing step.
#[derive(Debug, Clone)]
pub struct Write {
    /// The verb.
    pub verb: Verb,
    /// Where the verb stands.
    pub verb_span: Span,
    /// What is written.
    pub target: Target,
    /// `by`, `via`, `done if`, in text order.
    pub clauses: Vec<Clause>,
    /// The fields.
    pub record: Option<Record>,
}

/// What a step writes.
#[derive(Debug, Clone)]
pub enum Target {
    /// `create draft in books.invoice_drafts`, `create in invoice.payments`
    In {
        /// The name of the written record.
        name: Option<Word>,
        /// A resource, or a bound record's child collection.
        path: Path,
    },
    /// `update order { … }`
    Bound(Word),
}

/// A clause of a step.
#[derive(Debug, Clone)]
pub struct Clause {
    /// What it is.
    pub kind: ClauseKind,
    /// The whole clause.
    pub span: Span,
}

/// What a clause is.
#[derive(Debug, Clone)]
pub enum ClauseKind {
    /// `by F = x, G = y` or `by link x`
    By(Key),
    /// `via convert(draft.Id)`
    Via(Call),
    /// `done if expr`
    DoneIf(Expr),
}
