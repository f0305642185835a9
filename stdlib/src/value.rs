//! Values: what a flow computes with. Exact: amounts are decimals, never floats.

use std::sync::Arc;

use jiff::{Timestamp, civil};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Absent.
    None,
    /// `clear`: empties the field it is written to.
    Clear,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A decimal number, its scale kept.
    Decimal(Decimal),
    /// In points: `25%` is 25.
    Percent(Decimal),
    /// A text, or a name of a closed set.
    Text(Arc<str>),
    /// An amount.
    Money(Money),
    /// A calendar day.
    Date(civil::Date),
    /// An instant.
    DateTime(Timestamp),
    /// A time of day.
    Time(civil::Time),
    /// A span of time.
    Span(Span),
    /// ISO 3166-1 alpha-2, upper case.
    Country(Code<2>),
    /// ISO 4217, upper case.
    Currency(Code<3>),
    /// A VAT territory: a country's code, or XI, IC, AX …
    Territory(Code<2>),
    /// A UUID.
    Uuid(Uuid),
    /// As written; compares trimmed and without case.
    Email(Arc<str>),
    /// A ledger account's number, digits only.
    Account(Arc<str>),
    /// Items; none of them is absent.
    List(Arc<[Value]>),
    /// Fields in the order of the record's shape; absent ones are `None`.
    Record(Arc<[Value]>),
    /// A field of a record that one of the flow's own steps writes, before that write: only the target will tell.
    Late,
    /// What was on the wire does not fit its field: an error for whoever uses it, and for nobody else.
    Bad(Arc<Bad>),
}

/// A wire value that does not fit its field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bad {
    /// The field's path in its record: `customer.email`.
    pub field: String,
    /// The value as it came, cut to a readable length; empty for secret fields.
    pub value: String,
    /// What is wrong with it, a clause: `is no date`.
    pub reason: String,
}

/// An amount, its currency and whether VAT is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// In the currency's main unit: 12.50 means twelve and a half.
    pub amount: Decimal,
    /// Unknown for amounts written in flow text.
    pub currency: Option<Code<3>>,
    /// Whether VAT is in it.
    pub basis: MoneyBasis,
}

/// Whether VAT is in an amount, known when it is computed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MoneyBasis {
    /// Including VAT.
    Incl,
    /// Excluding VAT.
    Excl,
    /// VAT itself.
    Vat,
    /// Neither.
    Plain,
    /// Nobody knows; must be asserted before use.
    Unknown,
}

/// A code of N upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code<const N: usize>([u8; N]);

impl<const N: usize> Code<N> {
    /// The code, if `text` is N letters of either case.
    pub fn new(text: &str) -> Option<Code<N>> {
        let bytes: [u8; N] = text.as_bytes().try_into().ok()?;
        bytes
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Code(bytes.map(|b| b.to_ascii_uppercase())))
    }

    /// Its letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default() // ASCII by construction
    }
}

impl<const N: usize> TryFrom<String> for Code<N> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Code::new(&text).ok_or_else(|| format!("“{text}” is no code of {N} letters"))
    }
}

impl<const N: usize> From<Code<N>> for String {
    fn from(code: Code<N>) -> String {
        code.as_str().to_owned()
    }
}

impl<const N: usize> std::fmt::Display for Code<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A span of time as flow text says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Span {
    /// Seconds, minutes and hours.
    Seconds(i64),
    /// Calendar days.
    Days(i64),
}
