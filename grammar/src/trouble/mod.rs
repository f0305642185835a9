//! Why a piece could not be read, in the user's words: what stands there decides first, then what the grammar would have taken.

mod expected;
mod here;
mod shape;
mod spelled;

use pest::error::ErrorVariant;

use crate::build::{At, Rule};
use crate::error::SyntaxError;
use crate::parse::LARGEST;
use crate::scan::DEEPEST;
use crate::span::{FileId, Span};

use here::Here;
pub(crate) use here::{code, uncommented, walk};

/// What is said of a mistake: its code, one sentence, what stands under the underlined piece, a fix.
struct Said {
    code: &'static str,
    message: String,
    label: String,
    help: Option<String>,
}

impl Said {
    fn new(
        code: &'static str,
        message: impl Into<String>,
        label: &str,
        help: impl Into<String>,
    ) -> Said {
        Said {
            code,
            message: message.into(),
            label: label.to_owned(),
            help: Some(help.into()),
        }
    }
}

pub(crate) fn too_large(file: FileId, bytes: usize) -> SyntaxError {
    SyntaxError {
        code: "F0001",
        message: format!("The file has {bytes} bytes; a .flow file has at most {LARGEST}."),
        span: Span {
            file,
            start: 0,
            end: 0,
        },
        label: "too large to be a flow file".to_owned(),
        help: Some(
            "Is it the right file? Long tables belong in a CSV (`from \"tables/….csv\"`)."
                .to_owned(),
        ),
        related: Vec::new(),
    }
}

pub(crate) fn too_deep(file: FileId, at: u32) -> SyntaxError {
    SyntaxError {
        code: "F0002",
        message: format!("Brackets are nested deeper than {DEEPEST} levels."),
        span: Span {
            file,
            start: at,
            end: at + 1,
        },
        label: "one level too many opens here".to_owned(),
        help: Some("Give inner parts a name with `let`, or move them to a map.".to_owned()),
        related: Vec::new(),
    }
}

pub(crate) fn no_text(file: FileId, at: usize, sign: char) -> SyntaxError {
    SyntaxError {
        code: "F0031",
        message: "The file holds bytes that stand in no text.".to_owned(),
        span: Span {
            file,
            start: at as u32,
            end: (at + sign.len_utf8()) as u32,
        },
        label: "a control character".to_owned(),
        help: Some("Is it the right file? A .flow file is plain text in UTF-8.".to_owned()),
        related: Vec::new(),
    }
}

pub(crate) fn doc_behind(span: Span) -> SyntaxError {
    SyntaxError {
        code: "F0035",
        message: "A text behind `///` tells about the item below it; here it stands behind one."
            .to_owned(),
        span,
        label: "it tells about nothing".to_owned(),
        help: Some(
            "Move it to a line of its own above the item, or write `//` for a plain comment."
                .to_owned(),
        ),
        related: Vec::new(),
    }
}

pub(crate) fn open_text(span: Span) -> SyntaxError {
    SyntaxError {
        code: "F0009",
        message: "A text has no closing quote on its line.".to_owned(),
        span,
        label: "the text that begins here does not end on this line".to_owned(),
        help: Some("Close it with \", or name the long part with `let` first.".to_owned()),
        related: Vec::new(),
    }
}

/// What is wrong at `position` of `body`.
pub(crate) fn explain(
    at: At,
    body: &str,
    position: usize,
    variant: &ErrorVariant<Rule>,
) -> SyntaxError {
    let here = Here::new(body, position).at_sign();
    let said = spelled::say(&here)
        .or_else(|| shape::say(&here))
        .unwrap_or_else(|| expected::say(&here, variant));
    let end = here.end.max(here.start).min(body.len());
    let related = if said.code == "F0017" {
        here.opened()
            .last()
            .map(|(offset, sign)| (*offset, format!("this `{sign}` is open")))
    } else {
        None
    };
    let place = |start: usize, end: usize| Span {
        file: at.file,
        start: at.offset + start as u32,
        end: at.offset + end as u32,
    };
    SyntaxError {
        code: said.code,
        message: said.message,
        span: place(here.start, end),
        label: said.label,
        help: said.help,
        related: related
            .into_iter()
            .map(|(offset, text)| (place(offset, offset + 1), text))
            .collect(),
    }
}
