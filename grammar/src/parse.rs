//! Text → tree: cut into items, each read by the grammar, each error told once, nothing hidden by another.
//!
//! An item begins with an item's word in the first column (the formatter sees to it), so a broken item ends where the next one begins. Inside an
//! item the parser reports the first error, blanks the line it stands on, and reads on: so every file tells all its errors in one go. An item
//! with an error becomes [`ItemKind::Bad`]: its name is known, its meaning is not.

use pest::Parser;

use crate::ast::{Doc, File, Item, ItemKind, Word};
use crate::build::{self, At, Grammar, Rule};
use crate::error::SyntaxError;
use crate::recover::recover;
use crate::scan;
use crate::span::{FileId, Span};
use crate::trouble;

/// Largest file that is read, bytes.
pub const LARGEST: usize = 1_000_000;

/// Errors told for one item before the rest of it is passed by.
const ERRORS_PER_ITEM: usize = 20;

/// Words that begin an item.
pub(crate) const ITEM_WORDS: &[&str] = &[
    "connector",
    "extend",
    "flow",
    "map",
    "retention",
    "set",
    "setting",
    "system",
    "table",
    "test",
    "type",
    "use",
    "zone",
];

/// A file's tree and everything in it that could not be read.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The tree. Items with errors are [`ItemKind::Bad`].
    pub file: File,
    /// In text order.
    pub errors: Vec<SyntaxError>,
}

/// Reads the text of one file.
///
/// ```
/// let parsed = flowbook_grammar::parse(flowbook_grammar::FileId(0), "zone \"Europe/Stockholm\"\n");
/// assert!(parsed.errors.is_empty());
/// assert_eq!(parsed.file.items.len(), 1);
/// ```
pub fn parse(file: FileId, text: &str) -> Parsed {
    let mut out = Parsed::default();
    if text.len() > LARGEST {
        out.errors.push(trouble::too_large(file, text.len()));
        return out;
    }
    let sign = |(_, c): &(usize, char)| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some((at, sign)) = text.char_indices().find(sign) {
        out.errors.push(trouble::no_text(file, at, sign));
        return out;
    }
    let scan = scan::scan(file, text);
    if let Some(at) = scan.too_deep {
        out.errors.push(trouble::too_deep(file, at));
        return out;
    }
    for piece in pieces(text, &scan) {
        read_piece(file, text, piece, &mut out);
    }
    for start in &scan.open_texts {
        out.open_text(file, text, *start);
    }
    out.file.comments = scan.comments;
    out
}

impl Parsed {
    /// A text that goes on over the end of its line, where the grammar alone would have let a hole do so.
    fn open_text(&mut self, file: FileId, text: &str, start: u32) {
        let end = text[start as usize..]
            .find('\n')
            .map_or(text.len(), |length| start as usize + length) as u32;
        let told = self
            .errors
            .iter()
            .any(|error| error.span.start <= end && error.span.end >= start);
        if told {
            return;
        }
        self.errors
            .push(trouble::open_text(Span { file, start, end }));
        self.errors.sort_by_key(|error| error.span.start);
        for item in &mut self.file.items {
            if item.span.start <= start && start < item.span.end {
                item.kind = ItemKind::Bad { name: None };
            }
        }
    }
}

/// A run of lines: the docs above an item and the item.
pub(crate) struct Piece {
    pub start: usize,
    /// Where the item's first line begins.
    pub item: usize,
    pub end: usize,
}

/// Cuts at lines that begin an item; docs directly above belong to it.
///
/// Where every bracket of the file has its partner, a line inside brackets begins no item, wherever it stands; where one is missing, the first
/// column tells where the next item begins.
pub(crate) fn pieces(text: &str, scan: &scan::Scan) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut at = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let mut start = at;
    let mut item = None;
    let mut docs_from = None;
    for line in text[at..].split_inclusive('\n') {
        let first = line
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default();
        if ITEM_WORDS.contains(&first) && scan.inside.binary_search(&at).is_err() {
            let begin = docs_from.unwrap_or(at);
            if let Some(item) = item {
                out.push(Piece {
                    start,
                    item,
                    end: begin,
                });
                start = begin;
            } else if begin > start && !text[start..begin].trim().is_empty() {
                out.push(Piece {
                    start,
                    item: start,
                    end: begin,
                });
                start = begin;
            }
            item = Some(at);
            docs_from = None;
        } else if line.trim_start().starts_with("///") {
            docs_from = docs_from.or(Some(at));
        } else if !line.trim_start().starts_with("//") || line.trim_start().starts_with("//!") {
            docs_from = None; // a plain comment between docs and their item parts nothing
        }
        at += line.len();
    }
    if start < text.len() {
        out.push(Piece {
            start,
            item: item.unwrap_or(start),
            end: text.len(),
        });
    }
    out
}

fn read_piece(file: FileId, text: &str, piece: Piece, out: &mut Parsed) {
    let mut body = text[piece.start..piece.end].to_owned();
    let at = At {
        file,
        offset: piece.start as u32,
    };
    if read_head(at, &mut body, out) {
        return;
    }
    let mut errors: Vec<SyntaxError> = Vec::new();
    let mut last = None;
    // counted by tries: a line that closes what the one at fault opened can be blanked again and again without anything new to tell
    for _ in 0..ERRORS_PER_ITEM {
        match Grammar::parse(Rule::one_item, &body) {
            Ok(mut pairs) => {
                if errors.is_empty()
                    && let Some(pair) = pairs.next()
                {
                    out.errors.extend(doc_behind(at, &pair));
                    if let Some(item) = build::item(at, pair) {
                        out.file.items.push(item);
                        return;
                    }
                }
                break;
            }
            Err(error) => {
                let position = match error.location {
                    pest::error::InputLocation::Pos(at)
                    | pest::error::InputLocation::Span((at, _)) => at,
                };
                // behind a stand-in that did not help there is nothing new to tell
                if last.is_some_and(|last| position <= last) {
                    break;
                }
                let error = trouble::explain(at, &body, position, &error.variant);
                let unclosed = error.code == "F0017";
                let told = (error.span.start - at.offset) as usize;
                if errors.last().is_none_or(|last| last.span != error.span) {
                    errors.push(error);
                }
                match recover(&mut body, told) {
                    Some(until) if !unclosed && !body.trim().is_empty() => last = Some(until),
                    _ => break,
                }
            }
        }
    }
    let span = Span {
        file,
        start: piece.item as u32,
        end: piece.end as u32,
    };
    let name = name_of(at, &text[piece.item..piece.end], piece.item);
    out.file.items.push(Item {
        docs: Vec::new(),
        kind: ItemKind::Bad { name },
        span,
    });
    out.errors.append(&mut errors);
}

/// A doc behind an item: it tells about nothing, and on a line of its own it would tell about the item below.
fn doc_behind(at: At, one_item: &build::P<'_>) -> Option<SyntaxError> {
    // those in front are gathered in `fdocs`
    let mut parts = one_item.clone().into_inner();
    let doc = parts.find(|part| part.as_rule() == Rule::doc)?;
    Some(trouble::doc_behind(at.span(&doc)))
}

/// Docs and blank lines in front of the first item. True if the piece holds nothing else.
fn read_head(at: At, body: &mut String, out: &mut Parsed) -> bool {
    let mut offset = 0;
    let mut blanked = body.clone().into_bytes();
    let mut only = true;
    let mut head = true;
    for line in body.split_inclusive('\n') {
        let text = line.trim();
        if head && text.starts_with("//!") {
            let start = at.offset + offset as u32 + (line.len() - line.trim_start().len()) as u32;
            let span = Span {
                file: at.file,
                start,
                end: start + text.len() as u32,
            };
            let doc = text[3..].strip_prefix(' ').unwrap_or(&text[3..]);
            out.file.docs.push(Doc {
                text: doc.to_owned(),
                span,
            });
            blanked[offset..offset + line.len()]
                .iter_mut()
                .filter(|b| **b != b'\n')
                .for_each(|b| *b = b' ');
        } else if !text.is_empty() && (!text.starts_with("//") || text.starts_with("///")) {
            only = false;
            head = false;
        }
        offset += line.len();
    }
    *body = String::from_utf8(blanked).unwrap_or_default(); // whole lines were blanked, so it is still UTF-8
    only
}

fn name_of(at: At, text: &str, start: usize) -> Option<Word> {
    let mut words = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty());
    let first = words.next()?;
    if first == "extend" || !ITEM_WORDS.contains(&first) {
        return None;
    }
    let name = words.next()?;
    let offset = name.as_ptr() as usize - text.as_ptr() as usize + start;
    let span = Span {
        file: at.file,
        start: offset as u32,
        end: (offset + name.len()) as u32,
    };
    Some(Word {
        text: name.to_owned(),
        span,
    })
}
