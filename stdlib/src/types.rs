//! Types: what the checker proves with and what reading and writing records goes by.
//!
//! A [`Type`] is a [`Kind`] and whether the value may be absent. Records are structural: a [`Shape`] names its fields, their wire names and
//! forms, and what may be written.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// A kind of value, and whether it may be absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Type {
    /// What a present value is.
    pub kind: Kind,
    /// `T?`: it may be `none`.
    pub optional: bool,
}

impl Type {
    /// A type whose value is present.
    pub fn new(kind: Kind) -> Type {
        Type {
            kind,
            optional: false,
        }
    }

    /// The same kind, possibly absent.
    pub fn optional(self) -> Type {
        Type {
            optional: true,
            ..self
        }
    }

    /// The same kind, present.
    pub fn present(self) -> Type {
        Type {
            optional: false,
            ..self
        }
    }
}

/// What a present value is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `decimal`, `decimal(2)`: at most so many decimals.
    Decimal(Option<u8>),
    /// `text`, `text(50)`: at most so many characters (Unicode scalar values).
    Text(Option<u32>),
    /// `money`, `money(incl, 2)`
    Money(Basis, Option<u8>),
    /// `percent`
    Percent,
    /// `date`
    Date,
    /// `datetime`: an instant.
    DateTime,
    /// `time`: a time of day.
    Time,
    /// A span of time: `30 days`.
    Span,
    /// `country`: ISO 3166-1 alpha-2.
    Country,
    /// `currency`: ISO 4217.
    Currency,
    /// `territory`: a VAT territory: a country, or XI, IC, AX and the like.
    Territory,
    /// `uuid`
    Uuid,
    /// `email`, `email(255)`
    Email(Option<u32>),
    /// `account`: a ledger account's number.
    Account,
    /// A closed set of texts. Sets are equal when their names are; wire values belong to the field.
    OneOf(Arc<[Enumerator]>),
    /// A record.
    Record(Arc<Shape>),
    /// `[T]`
    List(Box<Type>),
    /// What `fail`, `skip` and `wait` give: fits everything.
    Never,
    /// The literal `none` alone (always optional), or the element of `[]`: fits every optional, every list.
    Nothing,
    /// Something that was reported already; fits everything and is never reported again.
    Unknown,
}

/// Whether VAT is in an amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// Including VAT.
    Incl,
    /// Excluding VAT.
    Excl,
    /// VAT itself.
    Vat,
    /// Neither: payments and ledger rows.
    Plain,
    /// What a flag says: true means including VAT. Holds the flag's text, for messages.
    By(Arc<str>),
    /// `money` in a flowbook: some basis, carried by the value.
    Carried,
    /// `money(unknown)` in a connector: nobody knows; takes part in nothing until asserted.
    Unknown,
}

/// One name of a closed set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Enumerator {
    /// Its name in flow text.
    pub name: Arc<str>,
    /// What stands on the wire; the name where absent.
    pub wire: Option<Value>,
}

impl PartialEq for Enumerator {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The fields of a record.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Shape {
    /// `till.Order`, `Line`, or empty for a record without a name.
    pub name: Arc<str>,
    /// In declared order; a record value holds its fields in this order.
    pub fields: Vec<Field>,
    /// `money in …`: where the currency of its money stands.
    pub money_in: Option<Place>,
}

impl Shape {
    /// Position and declaration of a field.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields
            .iter()
            .enumerate()
            .find(|(_, field)| &*field.name == name)
    }

    /// A shape without a name, as list functions and record literals make.
    pub fn anonymous(fields: impl IntoIterator<Item = (&'static str, Type)>) -> Arc<Shape> {
        Arc::new(Shape {
            name: "".into(),
            fields: fields
                .into_iter()
                .map(|(name, ty)| Field::plain(name, ty))
                .collect(),
            money_in: None,
        })
    }
}

/// Where a flag or a currency is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A path in the record itself: `currency`.
    Own(Vec<Arc<str>>),
    /// A path in the record that holds it: `parent.currency`.
    Parent(Vec<Arc<str>>),
    /// A path in the system's resource of one record: `settings.currency`.
    One(Arc<str>, Vec<Arc<str>>),
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name in flow text.
    pub name: Arc<str>,
    /// Its type when read.
    pub ty: Type,
    /// The path under which it is read; its name where empty.
    pub reads: Vec<Arc<str>>,
    /// The path under which it is written, where it differs from how it is read.
    pub writes: Option<Vec<Arc<str>>>,
    /// How the value looks on the wire.
    pub form: Form,
    /// Where the flag of a `money(by …)` stands.
    pub flag: Option<Place>,
    /// Must be given when a record is created.
    pub required: bool,
    /// Never written.
    pub readonly: bool,
    /// Never read back.
    pub writeonly: bool,
    /// Says something about a person; redacted in logs.
    pub personal: bool,
    /// Never shown.
    pub secret: bool,
    /// `= v`: a missing one reads as this, and becomes it when left out on create.
    pub default: Option<Value>,
    /// A sub-resource of the record's resource: costs a request per record unless the list's own content has it.
    pub sub: bool,
    /// Its doc lines.
    pub doc: Arc<str>,
}

impl Field {
    /// A field of a record that never meets a wire.
    pub fn plain(name: &str, ty: Type) -> Field {
        Field {
            name: name.into(),
            ty,
            reads: Vec::new(),
            writes: None,
            form: Form::Plain,
            flag: None,
            required: false,
            readonly: false,
            writeonly: false,
            personal: false,
            secret: false,
            default: None,
            sub: false,
            doc: "".into(),
        }
    }
}

/// How a value looks on the wire, where its type leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Form {
    /// As JSON has it: numbers as numbers, dates as `2026-03-01`, accounts and closed sets as their wire value says.
    #[default]
    Plain,
    /// `percent as points`: `21`.
    Points,
    /// `percent as fraction`: `0.21`.
    Fraction,
    /// `as text`: a percent as `"21%"`, a number as `"21"`.
    Text,
    /// `account as number`: `3001` rather than `"3001"`.
    Number,
}
