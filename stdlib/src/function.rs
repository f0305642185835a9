//! How a function of the standard library is declared: name, parameters, types, doc, examples and code in one home.
//!
//! A function file holds one [`Function`] value; `functions::ALL` lists them. The reference (`flowbook doc std`), the checker's
//! messages and the tests of the examples come from this declaration and from nowhere else.

use jiff::tz::TimeZone;

use crate::types::Type;
use crate::value::Value;

/// A function.
pub struct Function {
    /// As called.
    pub name: &'static str,
    /// The section of the reference it stands in.
    pub group: Group,
    /// Its parameters; a pipe fills the first.
    pub params: &'static [Param],
    /// What it gives, in words of types: `text?`, `money, of the basis of amount`.
    pub gives: &'static str,
    /// What it is for; units, rounding, failures, the source of a rule of tax.
    pub doc: &'static str,
    /// Examples that are run as tests: an expression and what it equals, both flow text. A right side `fails "…"` means that it fails with a message holding that text.
    pub examples: &'static [(&'static str, &'static str)],
    /// Its type rule.
    pub check: fn(&Typing<'_>) -> Result<Typed, Mismatch>,
    /// Its code.
    pub eval: fn(&mut Args<'_>) -> Result<Value, Failure>,
}

/// Sections of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Texts.
    Text,
    /// Numbers.
    Number,
    /// Money and VAT.
    Money,
    /// Lists.
    List,
    /// Dates, times, zones.
    Date,
    /// Countries, currencies, addresses, identifiers.
    Code,
}

/// A parameter.
pub struct Param {
    /// As in `mode: "half_even"`.
    pub name: &'static str,
    /// What it takes, in words of types, for the reference.
    pub takes: &'static str,
    /// What it is.
    pub kind: ParamKind,
}

/// What a parameter is.
pub enum ParamKind {
    /// A value that is present. In a pipe an absent one passes by the function.
    Value,
    /// A value that may be absent: the function deals with `none` itself.
    Optional,
    /// May be left out.
    Default,
    /// An expression over the items (`.f`) of the list that the parameter of that number gives. A rule that lets it be left out supplies `true`
    /// in its place; a given one has [`Value::None`] there.
    Each(usize),
}

/// What a call looks like to the type rule.
pub struct Typing<'a> {
    /// Types of the arguments by parameter; `None` for one left out. For [`ParamKind::Each`] the type of the expression for one item.
    pub args: &'a [Option<Type>],
    /// Constant arguments, where known: `round(2)`.
    pub constants: &'a [Option<Value>],
    /// Arguments that are lists in which an item is certainly there, `["a", b?]`: `join` and `first` of them give a value. Empty where nobody knows.
    pub filled: &'a [bool],
    /// Source text of the arguments, for messages and for the name of a flag.
    pub texts: &'a [&'a str],
    /// What the place of the call expects, where that is known: `shorten` and `fits` take their length from it.
    pub expected: Option<&'a Type>,
}

/// The result of a type rule.
pub struct Typed {
    /// What the call gives. An optional first argument of a pipe is the checker's business.
    pub ty: Type,
    /// Arguments that were left out and follow from the types: `(parameter, value)`.
    pub supplied: Vec<(usize, Value)>,
}

/// Why a call does not fit.
pub struct Mismatch {
    /// The argument at fault; the whole call without one.
    pub arg: Option<usize>,
    /// One clause, completing "`round` …": `takes a number or money, not text`.
    pub message: String,
    /// A concrete fix.
    pub help: Option<String>,
}

/// What code is called with.
pub struct Args<'a> {
    /// By parameter; `Value::None` for what was left out. Empty places stand for [`ParamKind::Each`].
    pub values: &'a [Value],
    /// Computes the expression of an [`ParamKind::Each`] parameter for one item.
    pub each: &'a mut dyn FnMut(usize, &Value) -> Result<Value, Failure>,
    /// What a flowbook sets for all its calls.
    pub context: &'a Context,
}

/// What a flowbook sets for all its calls.
#[derive(Debug, Clone)]
pub struct Context {
    /// `zone "…"`
    pub zone: TimeZone,
    /// The secret that `derive` derives from.
    pub secret: Option<std::sync::Arc<str>>,
}

/// Why a call gave nothing. Ends the record as failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A whole sentence with the offending value.
    Reason(String),
    /// An inner expression ended the record already; hand it on.
    Inner,
}
