//! Tokens → lines: how far each is indented, what is aligned, where its comment stands.

use super::columns::{Cut, align};
use super::token::{Kind, Token};
use crate::build::Rule;

/// Blanks per level.
const STEP: usize = 2;
/// Column of comments behind code, where the code leaves room.
const COMMENTS: usize = 58;

/// A line of the formatted text.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Its tokens, the comment behind them left out.
    pub from: usize,
    pub to: usize,
    /// The indented line without its comment.
    pub text: String,
    comment: Option<String>,
    /// A blank line stands above it.
    blank: bool,
}

/// Brackets that are open.
struct Open {
    rule: Rule,
    /// Indentation of the line that opens them.
    line: usize,
    /// Indentation of what they hold.
    inside: usize,
    /// Column of the value of the field that is being written.
    value: Option<usize>,
}

/// The whole text.
pub(super) fn text(lines: &[Line]) -> String {
    let mut out = String::new();
    for line in lines {
        if line.blank && !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&line.text);
        if let Some(comment) = &line.comment {
            let width = line.text.chars().count();
            let column = COMMENTS.max(width + 2);
            out.extend(std::iter::repeat_n(' ', column - width));
            out.push_str(comment);
        }
        out.push('\n');
    }
    out
}

/// The lines of all tokens.
pub(super) fn lines(tokens: &[Token]) -> Vec<Line> {
    let spans = spans(tokens);
    let cuts = cuts(tokens, &spans);
    let mut open = vec![Open {
        rule: Rule::one_item,
        line: 0,
        inside: 0,
        value: None,
    }];
    let mut out = Vec::with_capacity(spans.len());
    for ((from, to, comment), cut) in spans.iter().zip(&cuts) {
        let (from, to) = (*from, *to);
        let next = tokens[from..].iter().position(|token| !token.is_note());
        let place = next.map_or(Place::Start, |next| {
            place(tokens, from + next, open.last().map(|open| open.rule))
        });
        let note = tokens[from].is_note();
        let top = open.last();
        let inside = top.map_or(0, |open| open.inside);
        let indent = match place {
            Place::Start => inside,
            Place::Close if note => inside,
            Place::Close => top.map_or(0, |open| open.line),
            Place::Goes => top.and_then(|open| open.value).unwrap_or(inside + STEP),
        };
        if !note
            && place == Place::Start
            && tokens[from].starts
            && let Some(open) = open.last_mut()
        {
            open.value = cut
                .like
                .filter(|like| like.hangs())
                .and_then(|_| cut.value_at(tokens, from))
                .map(|column| indent + column);
        }
        let mut text = " ".repeat(indent);
        text.push_str(&cut.text(tokens, from, to));
        let follows = !opens(&tokens[..from]);
        let blank = tokens[from].breaks > 1 && follows && (note || tokens[from].starts);
        out.push(Line {
            from,
            to,
            text,
            comment: comment.map(|at| tokens[at].text.clone()),
            blank,
        });
        for token in &tokens[from..to] {
            match token.kind {
                Kind::Open => open.push(Open {
                    rule: token.rule,
                    line: indent,
                    inside: indent + STEP,
                    value: None,
                }),
                Kind::Close if open.len() > 1 => {
                    open.pop();
                }
                _ => {}
            }
        }
    }
    out
}

/// Whether the line above opens a bracket at its end, a comment behind it or not.
fn opens(before: &[Token]) -> bool {
    let code = match before {
        [code @ .., comment] if comment.kind == Kind::Comment && comment.breaks == 0 => code,
        all => all,
    };
    code.last().is_none_or(|last| last.kind == Kind::Open)
}

/// How a line's first token stands to what is in front of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// An element begins.
    Start,
    /// An element goes on.
    Goes,
    /// A bracket closes.
    Close,
}

fn place(tokens: &[Token], at: usize, inside: Option<Rule>) -> Place {
    let token = &tokens[at];
    let before = tokens[..at].iter().rev().find(|token| !token.is_note());
    let starts = match token.kind {
        Kind::Close => return Place::Close,
        _ if before.is_none_or(|before| before.kind == Kind::Open) => true,
        // a block below its head stands under the head
        Kind::Open if token.text == "{" && !token.starts => {
            before.is_some_and(|before| !awaits(before))
        }
        _ => {
            token.starts
                || token.piece == Some(Rule::keyfield) && inside == Some(Rule::lookup)
                // the parts of `for … if … => …` stand under each other
                || token.rule == Rule::arrow && token.parent == Rule::comprehension
                || token.piece == Some(Rule::filter) && inside == Some(Rule::list)
        }
    };
    if starts { Place::Start } else { Place::Goes }
}

/// Whether a value must follow.
fn awaits(token: &Token) -> bool {
    matches!(token.kind, Kind::Colon | Kind::Prefix | Kind::Comma)
        || matches!(
            token.rule,
            Rule::arrow | Rule::k_else | Rule::plus | Rule::minus | Rule::times | Rule::over
        )
        || matches!(
            token.rule,
            Rule::cmp | Rule::k_in | Rule::k_and | Rule::k_or | Rule::k_not
        )
        || matches!(token.text.as_str(), "=" | "|")
}

/// First token, one past the last, and the comment behind them, of each line.
fn spans(tokens: &[Token]) -> Vec<(usize, usize, Option<usize>)> {
    let mut out = Vec::new();
    let mut from = 0;
    for at in 1..=tokens.len() {
        if at < tokens.len() && tokens[at].breaks == 0 {
            continue;
        }
        let comment = (at - from > 1 && tokens[at - 1].kind == Kind::Comment).then_some(at - 1);
        out.push((from, comment.unwrap_or(at), comment));
        from = at;
    }
    out
}

/// Each line's columns, aligned in runs of neighbours.
fn cuts(tokens: &[Token], spans: &[(usize, usize, Option<usize>)]) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = spans
        .iter()
        .map(|(from, to, _)| {
            if tokens.get(*from).is_some_and(Token::is_note) {
                Cut::default()
            } else {
                Cut::of(tokens, *from, *to)
            }
        })
        .collect();
    let mut at = 0;
    while at < spans.len() {
        let Some(like) = cuts[at].like else {
            at += 1;
            continue;
        };
        let mut next = at + 1;
        while let Some((from, to, _)) = spans.get(next) {
            if tokens[*from].is_note() || tokens[*from].starts && tokens[*from].breaks > 1 {
                break;
            }
            if cuts[next].like != Some(like)
                && (tokens[*from].starts
                    || tokens[*from].kind == Kind::Close
                    || !balanced(&tokens[*from..*to]))
            {
                break;
            }
            next += 1;
        }
        let mut run: Vec<(&mut Cut, usize)> = cuts[at..next]
            .iter_mut()
            .zip(&spans[at..next])
            .filter(|(cut, _)| cut.like == Some(like))
            .map(|(cut, (from, ..))| (cut, *from))
            .collect();
        align(tokens, &mut run);
        at = next;
    }
    cuts
}

fn balanced(line: &[Token]) -> bool {
    let mut depth = 0i32;
    for token in line {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}
