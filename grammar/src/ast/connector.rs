//! Parts of connectors.

use super::{Doc, Expr, FieldType, Param, Path, Record, Rows, TimeSpan, TypeDef, Word};
use crate::span::Span;

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
