//! The tree: one to one what the text says, spans on every node, nothing resolved.
//!
//! In: nothing but text made it (`parse`). Out: the checker and the formatter read it. It keeps brackets and docs; comments that are
//! no docs stand beside it in [`File::comments`], in order, for the formatter.

use crate::span::Span;

/// One `.flow` file.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// `//!` lines at the head of the file.
    pub docs: Vec<Doc>,
    /// Items in text order. Items that could not be read are [`ItemKind::Bad`].
    pub items: Vec<Item>,
    /// `// …` comments, in text order.
    pub comments: Vec<Comment>,
}

/// A `///` or `//!` line: text without the marker and one leading blank.
#[derive(Debug, Clone)]
pub struct Doc {
    /// The text.
    pub text: String,
    /// Where the whole line stands.
    pub span: Span,
}

/// A `//` comment, from the slashes to the line's end.
#[derive(Debug, Clone)]
pub struct Comment {
    /// The comment with its slashes, trailing blanks cut.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A name, field or other single word as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Words joined by dots: `books.customers`, `brand.id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// At least one word.
    pub words: Vec<Word>,
    /// The whole path.
    pub span: Span,
}

/// A text in quotes without holes; the value has its escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Str {
    /// The value.
    pub text: String,
    /// With the quotes.
    pub span: Span,
}

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
    /// What it stands for: a [`TypeKind::Record`] where it was written with braces.
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
    /// Its body: a [`ExprKind::Record`] where written with braces and no `=`.
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
        /// The reason: a [`ExprKind::Text`].
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

/// A type as written.
#[derive(Debug, Clone)]
pub struct Type {
    /// What it is.
    pub kind: TypeKind,
    /// A `?` behind it: it may be absent.
    pub optional: bool,
    /// Where it stands.
    pub span: Span,
}

/// What a type is.
#[derive(Debug, Clone)]
pub enum TypeKind {
    /// `text(50)`, `money(by flag, 2)`, `till.Order`
    Named(Path, Vec<TypeArg>),
    /// `"quote" as 1`
    Text(Str, Option<Wire>),
    /// `a | b`
    Union(Vec<Type>),
    /// `[T]`
    List(Box<Type>),
    /// `(T)`
    Paren(Box<Type>),
    /// `{ f: T }`
    Record(RecordType),
}

/// The wire value behind `as`: `1` or `"1"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wire {
    /// Digits.
    Number(String),
    /// A text.
    Text(String),
}

/// An argument of a named type.
#[derive(Debug, Clone)]
pub enum TypeArg {
    /// `by parent.taxes_included`
    By(Path),
    /// `50`
    Number(String, Span),
    /// `incl`
    Word(Word),
}

/// `{ field: type flags, … }`
#[derive(Debug, Clone)]
pub struct RecordType {
    /// The fields.
    pub fields: Vec<FieldType>,
    /// `money in currency` and the like.
    pub directives: Vec<Directive>,
    /// With the braces.
    pub span: Span,
}

/// A field of a record type.
#[derive(Debug, Clone)]
pub struct FieldType {
    /// `///` lines above it.
    pub docs: Vec<Doc>,
    /// Its name.
    pub name: Word,
    /// Its type.
    pub ty: Type,
    /// `required`, `readonly`, `= v`, …
    pub flags: Vec<Flag>,
    /// The whole field.
    pub span: Span,
}

/// A flag of a field.
#[derive(Debug, Clone)]
pub struct Flag {
    /// What it is.
    pub kind: FlagKind,
    /// Where it stands.
    pub span: Span,
}

/// What a flag is.
#[derive(Debug, Clone)]
pub enum FlagKind {
    /// `required`, `readonly`, `writeonly`, `personal`, `secret`; the checker knows the words.
    Word(String),
    /// `= literal`
    Default(Literal),
    /// `from "customer.clubcomment"`
    From(Str),
    /// `as points`
    As(Word),
    /// `reads brand.id`
    Reads(Path),
    /// `writes active`
    Writes(Path),
}

/// `connector NAME { … }`
#[derive(Debug, Clone)]
pub struct Connector {
    /// Its name.
    pub name: Word,
    /// Its parts, in text order.
    pub parts: Vec<ConnectorPart>,
    /// With the braces.
    pub span: Span,
}

/// A part of a connector or of a resource.
#[derive(Debug, Clone)]
pub enum ConnectorPart {
    /// `type Order { … }`
    Type(TypeDef, Vec<Doc>),
    /// `answers { rows }`
    Answers(Rows, Span),
    /// `resource orders: Order { … }`, `sub orderrows: OrderRow { … }`
    Resource(Resource),
    /// `limit 600 per minute per path`
    Directive(Directive),
    /// Text that could not be read; its syntax error is reported.
    Bad,
}

/// `resource NAME: TYPE { … }`
#[derive(Debug, Clone)]
pub struct Resource {
    /// `///` lines above it.
    pub docs: Vec<Doc>,
    /// `sub` rather than `resource`.
    pub sub: bool,
    /// Its name.
    pub name: Word,
    /// The type of its records.
    pub ty: Word,
    /// Its parts.
    pub parts: Vec<ConnectorPart>,
    /// The whole.
    pub span: Span,
}

/// `word args { options }`: the one shape of everything that a connector declares.
#[derive(Debug, Clone)]
pub struct Directive {
    /// Its first word.
    pub word: Word,
    /// Its arguments.
    pub args: Vec<DirectiveArg>,
    /// A field type at its end: `param host: text`.
    pub field: Option<Box<FieldType>>,
    /// Options in braces.
    pub options: Option<Record>,
    /// The whole.
    pub span: Span,
}

/// An argument of a directive.
#[derive(Debug, Clone)]
pub enum DirectiveArg {
    /// `GET`, `per`, `brand.id`
    Path(Path),
    /// `"/orders/{id}/"`: text with holes allowed
    Text(Expr),
    /// `150`
    Number(String, Span),
    /// `2 days`
    Span(TimeSpan),
    /// `[name, parentcategory_id]`
    List(Vec<Expr>, Span),
    /// `(draft: uuid)`
    Params(Vec<Param>, Span),
}
