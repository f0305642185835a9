//! One linear look at the text before the grammar: comments, nesting, and brackets that never meet their partner.
//!
//! The same input gives the same answer on every thread: nesting is bounded here, not by the stack that happens to be left.

use crate::ast::Comment;
use crate::span::{FileId, Span};

/// Deepest nesting of brackets, texts and `if`s that is read.
pub const DEEPEST: usize = 64;

/// What the look found.
pub(crate) struct Scan {
    pub comments: Vec<Comment>,
    /// Where nesting gets too deep.
    pub too_deep: Option<u32>,
    /// Lines that begin inside brackets, by where they begin; empty unless every bracket of the file has its partner.
    pub inside: Vec<usize>,
    /// Texts that do not end on their line: where they begin.
    pub open_texts: Vec<u32>,
}

pub(crate) fn scan(file: FileId, text: &str) -> Scan {
    let bytes = text.as_bytes();
    let mut out = Scan {
        comments: Vec::new(),
        too_deep: None,
        inside: Vec::new(),
        open_texts: Vec::new(),
    };
    let mut balanced = true;
    let mut text_from = 0;
    // what we are inside of, innermost last: a bracket, or b'"' for a text
    let mut stack: Vec<u8> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if stack.last() == Some(&b'"') {
            match byte {
                b'\\' => at += 1,
                b'"' => {
                    stack.pop();
                }
                b'{' => stack.push(b'h'),
                b'\n' => {
                    out.open_texts.push(text_from);
                    stack.retain(|open| *open != b'"' && *open != b'h');
                    if !stack.is_empty() {
                        out.inside.push(at + 1);
                    }
                }
                _ => {}
            }
        } else {
            match byte {
                b'"' | b'(' | b'[' | b'{' => {
                    if byte == b'"' && !stack.contains(&b'"') {
                        text_from = at as u32;
                    }
                    stack.push(byte);
                }
                b')' | b']' | b'}' => {
                    let partner = match byte {
                        b')' => b'(',
                        b']' => b'[',
                        _ => b'{',
                    };
                    let open = stack.pop();
                    balanced &= open == Some(partner) || byte == b'}' && open == Some(b'h');
                }
                b'\n' => {
                    if stack.contains(&b'"') {
                        out.open_texts.push(text_from);
                        stack.retain(|open| *open != b'"' && *open != b'h');
                    }
                    if !stack.is_empty() {
                        out.inside.push(at + 1);
                    }
                }
                b'/' if bytes.get(at + 1) == Some(&b'/') => {
                    let end = text[at..]
                        .find('\n')
                        .map_or(text.len(), |length| at + length);
                    if !matches!(bytes.get(at + 2), Some(b'/' | b'!')) {
                        let comment = text[at..end].trim_end();
                        let span = Span {
                            file,
                            start: at as u32,
                            end: (at + comment.len()) as u32,
                        };
                        out.comments.push(Comment {
                            text: comment.to_owned(),
                            span,
                        });
                    }
                    at = end;
                    continue;
                }
                _ => {}
            }
        }
        if stack.len() > DEEPEST {
            out.too_deep = Some(at as u32);
            return out;
        }
        at += 1;
    }
    if !balanced || !stack.is_empty() || !out.open_texts.is_empty() {
        out.inside.clear();
    }
    out
}
