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
    let mut words = Words::default();
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
                    words.close();
                }
                b'{' => {
                    stack.push(b'h');
                    words.open();
                }
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
                    words.open();
                }
                b')' | b']' | b'}' => {
                    let partner = match byte {
                        b')' => b'(',
                        b']' => b'[',
                        _ => b'{',
                    };
                    let open = stack.pop();
                    words.close();
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
                b'=' if bytes.get(at + 1) == Some(&b'>') => {
                    words.arrow();
                    at += 1;
                }
                _ => at += words.read(&bytes[at..], at > 0 && bytes[at - 1] == b'.'),
            }
            if byte == b'\n' {
                words.line();
            }
        }
        if stack.len() + words.depth() > DEEPEST {
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

/// Nesting by words: `if`s and `match`es that still wait for their `=>` or `{`, and runs of `not` and `-`.
#[derive(Default)]
struct Words {
    /// Of the brackets around, and the sum of them.
    outer: Vec<usize>,
    sum: usize,
    waiting: usize,
    run: usize,
    /// The line cannot end here.
    open_ended: bool,
}

impl Words {
    fn depth(&self) -> usize {
        self.sum + self.waiting + self.run
    }

    fn open(&mut self) {
        self.outer.push(self.waiting);
        self.sum += self.waiting;
        self.waiting = 0;
        self.run = 0;
        self.open_ended = false;
    }

    fn close(&mut self) {
        self.waiting = self.outer.pop().unwrap_or(0);
        self.sum -= self.waiting;
        self.run = 0;
        self.open_ended = false;
    }

    fn arrow(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
        self.run = 0;
        self.open_ended = true;
    }

    fn line(&mut self) {
        if !self.open_ended {
            self.waiting = 0;
            self.run = 0;
        }
    }

    /// Reads the word or sign at the start of `rest`; gives how many bytes more than one it has.
    fn read(&mut self, rest: &[u8], after_dot: bool) -> usize {
        let length = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count();
        let word = &rest[..length];
        match word {
            b"" => match rest.first() {
                Some(b' ' | b'\t' | b'\r' | b'\n') | None => {}
                Some(b'-') => {
                    self.run += 1;
                    self.open_ended = true;
                }
                Some(sign) => {
                    self.run = 0;
                    self.open_ended = b"=<>+*/|:.,".contains(sign);
                    if *sign == b',' {
                        self.waiting = 0;
                    }
                }
            },
            b"if" | b"match" if !after_dot => {
                self.waiting += 1;
                self.open_ended = true;
            }
            b"not" if !after_dot => {
                self.run += 1;
                self.open_ended = true;
            }
            _ => {
                self.run = 0;
                self.open_ended = matches!(word, b"and" | b"or" | b"else" | b"in") && !after_dot;
            }
        }
        length.saturating_sub(1)
    }
}
