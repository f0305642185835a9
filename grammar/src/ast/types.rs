//! Types as written.

use super::{Directive, Doc, Literal, Path, Str, Word};
use crate::span::Span;

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
