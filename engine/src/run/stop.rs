//! Why an evaluation gave no value.

use flowbook_grammar::ast::End;

use super::cache::Fetch;
use crate::plan::PlaceIx;

/// Why an evaluation gave no value.
#[derive(Debug, Clone)]
pub enum Stop {
    /// It ended the record.
    End(Box<Ended>),
    /// It needs the answer of a write that was not made yet.
    Late,
    /// It needs a record that nobody asked for yet.
    Need(Box<Fetch>),
}

/// How an evaluation ended its record.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Which end.
    pub kind: Kind,
    /// Code of the catalogue.
    pub code: &'static str,
    /// One whole sentence.
    pub message: String,
    /// The next step.
    pub help: Option<String>,
    /// The field that was computed or written: `Rows[2].ArticleId`, counted from 1.
    pub field: Option<String>,
    /// The value at fault.
    pub value: Option<String>,
    /// Where in the text.
    pub place: Option<PlaceIx>,
    /// It follows from the record and the flowbook alone.
    pub fixed: bool,
}

/// Which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person must look.
    Fail,
    /// Never again unless it changes.
    Skip,
    /// Not ripe yet.
    Wait,
    /// Turned down by a `where`: waits without a word.
    Where,
}

impl From<End> for Kind {
    fn from(end: End) -> Kind {
        match end {
            End::Fail => Kind::Fail,
            End::Skip => Kind::Skip,
            End::Wait => Kind::Wait,
        }
    }
}

impl Ended {
    /// A failure.
    pub fn failure(code: &'static str, message: impl Into<String>) -> Ended {
        Ended {
            kind: Kind::Fail,
            code,
            message: message.into(),
            help: None,
            field: None,
            value: None,
            place: None,
            fixed: false,
        }
    }

    /// With a next step.
    pub fn help(self, help: impl Into<String>) -> Ended {
        Ended {
            help: Some(help.into()),
            ..self
        }
    }
}

impl From<Ended> for Stop {
    fn from(ended: Ended) -> Stop {
        Stop::End(Box::new(ended))
    }
}
