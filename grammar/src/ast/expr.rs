//! Expressions, and the keys that look records up.

use super::{End, Path, Rows, Type, Word};
use crate::span::Span;

/// A key in brackets or after `by`.
#[derive(Debug, Clone)]
pub enum Key {
    /// `link x`
    Link(Box<Expr>),
    /// `F = x, G = y`
    Fields(Vec<KeyField>),
}

/// `F = x` of a key.
#[derive(Debug, Clone)]
pub struct KeyField {
    /// The target's field.
    pub field: Path,
    /// Its value.
    pub value: Expr,
}

/// `let x: type = expr`
#[derive(Debug, Clone)]
pub struct Let {
    /// The name.
    pub name: Word,
    /// The type, where written.
    pub ty: Option<Type>,
    /// The value.
    pub value: Expr,
}

/// An expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// A literal without holes.
    Literal(Literal),
    /// A text with holes: at least one [`TextPart::Hole`].
    Text(Vec<TextPart>),
    /// A value's name.
    Name(String),
    /// `.f.g` inside the argument of a list function: a field of the item.
    Item(Path),
    /// `e.field`
    Field(Box<Expr>, Word),
    /// `e[key]`
    Lookup(Box<Expr>, Key),
    /// `f(args)`
    Call(Call),
    /// `e | f`, `e | f(args)`, `e | .path`
    Pipe(Box<Expr>, Stage),
    /// `e else f`
    Else(Box<Expr>, Box<Expr>),
    /// `if c => e` (its `else` is an [`ExprKind::Else`] around it)
    If(Box<Expr>, Box<Expr>),
    /// `fail "…"`, `skip "…"`, `wait "…"`; the text is a [`ExprKind::Text`] or a text literal.
    End(End, Box<Expr>),
    /// `match a, b { rows }`
    Match(Vec<Expr>, Rows),
    /// `-e`
    Neg(Box<Expr>),
    /// `not e`
    Not(Box<Expr>),
    /// `a + b`, `a and b`, `a <= b`, `a in b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `e exists`
    Exists(Box<Expr>),
    /// `e missing`
    Missing(Box<Expr>),
    /// `[ … ]`
    List(Vec<Element>),
    /// `{ … }`
    Record(Record),
    /// `( e )`
    Paren(Box<Expr>),
    /// Text that could not be read; its syntax error is reported.
    Bad,
}

/// Part of a text.
#[derive(Debug, Clone)]
pub enum TextPart {
    /// Letters, escapes resolved.
    Text(String),
    /// `{expr}`
    Hole(Expr),
}

/// A stage after `|`.
#[derive(Debug, Clone)]
pub enum Stage {
    /// `| f` or `| f(args)`: the left side becomes the first argument.
    Call(Call),
    /// `| .path`
    Item(Path),
}

/// A call of a function, map or table.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its name.
    pub name: Word,
    /// Arguments as written; in a pipe without the left side.
    pub args: Vec<Arg>,
    /// Written with brackets.
    pub brackets: bool,
    /// Name and brackets.
    pub span: Span,
}

/// An argument.
#[derive(Debug, Clone)]
pub struct Arg {
    /// `mode: "half_even"`
    pub name: Option<Word>,
    /// Its value.
    pub value: Expr,
}

/// Operators between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
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
    /// `in`
    In,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

/// An element of a list.
#[derive(Debug, Clone)]
pub enum Element {
    /// `e`
    One(Expr),
    /// `..e`
    Spread(Expr),
    /// `for x, n in xs if c => e`
    For(Box<Comprehension>),
}

/// `for x, n in xs if c => e`
#[derive(Debug, Clone)]
pub struct Comprehension {
    /// The item's name.
    pub item: Word,
    /// The counter's name, from 1.
    pub counter: Option<Word>,
    /// The list.
    pub list: Expr,
    /// Which items.
    pub when: Option<Expr>,
    /// What each gives.
    pub give: Expr,
    /// The whole.
    pub span: Span,
}

/// `{ fields }`
#[derive(Debug, Clone)]
pub struct Record {
    /// In text order.
    pub fields: Vec<Field>,
    /// With the braces.
    pub span: Span,
}

/// A field of a record.
#[derive(Debug, Clone)]
pub struct Field {
    /// What it is.
    pub kind: FieldKind,
    /// The whole field.
    pub span: Span,
}

/// What a field is.
#[derive(Debug, Clone)]
pub enum FieldKind {
    /// `name: expr` (a quoted name where the vendor's is no word)
    Value(Word, Expr),
    /// `..expr`
    Spread(Expr),
    /// `let x = expr`
    Let(Let),
    /// `on create { … }`, `on create or expr { … }`
    OnCreate(Option<Expr>, Record),
    /// Text that could not be read; its syntax error is reported.
    Bad,
}

/// A literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `2026-03-01`, as written.
    Date(String),
    /// `2026-03-01T09:00:00Z`, as written.
    DateTime(String),
    /// `04:00`, as written.
    Time(String),
    /// `30 days`
    Span(TimeSpan),
    /// `25%`: the digits, in points.
    Percent(String),
    /// `12` or `12.50`: the digits.
    Number(String),
    /// `125.00 incl`: the digits and the basis word.
    Money(String, String),
    /// A text without holes, escapes resolved.
    Text(String),
    /// `true`, `false`
    Bool(bool),
    /// `none`
    None,
    /// `clear`
    Clear,
    /// `SE`
    Country(String),
    /// `SEK`
    Currency(String),
}

/// `30 days`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSpan {
    /// How many.
    pub count: u64,
    /// Of what.
    pub unit: TimeUnit,
    /// Where it stands.
    pub span: Span,
}

/// Units of a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// `second`, `seconds`
    Second,
    /// `min`, `minute`, `minutes`
    Minute,
    /// `hour`, `hours`
    Hour,
    /// `day`, `days`: calendar days
    Day,
}
