//! Line ends and commas put in order: brackets over several lines open and close alike, a line end needs no comma.

use super::token::{Kind, Token};
use crate::build::Rule;

/// Puts the line ends of all tokens in order. Doing it twice is doing it once.
pub(super) fn tidy(tokens: &mut Vec<Token>) {
    for token in &mut *tokens {
        // a doc stands on a line of its own
        if token.kind == Kind::Doc {
            token.breaks = token.breaks.max(1);
        }
    }
    for at in 1..tokens.len() {
        if tokens[at - 1].is_note() {
            tokens[at].breaks = tokens[at].breaks.max(1);
        }
    }
    commas(tokens);
    operators(tokens);
    brackets(tokens);
}

/// An operator begins the line that goes on, where the language lets it.
fn operators(tokens: &mut [Token]) {
    for at in 1..tokens.len() {
        let (left, right) = tokens.split_at_mut(at);
        let (Some(operator), Some(next)) = (left.last_mut(), right.first_mut()) else {
            continue;
        };
        if leads(operator) && next.breaks > 0 && !next.is_note() {
            operator.breaks = operator.breaks.max(1);
            next.breaks = 0;
        }
    }
}

/// Operators that may begin a line.
fn leads(token: &Token) -> bool {
    match token.rule {
        Rule::pipe | Rule::type_ => token.text == "|",
        Rule::k_else | Rule::k_and | Rule::k_or | Rule::plus | Rule::times | Rule::over => {
            matches!(token.parent, Rule::expr | Rule::chain | Rule::sum)
        }
        Rule::arrow => matches!(token.parent, Rule::cond | Rule::comprehension),
        _ => false,
    }
}

/// Whether a comma separates elements that a line end would separate as well.
fn separates(comma: &Token) -> bool {
    matches!(
        comma.rule,
        Rule::record
            | Rule::list
            | Rule::recordtype
            | Rule::rows
            | Rule::arows
            | Rule::dblock
            | Rule::fdocs
            | Rule::fielddef
            | Rule::ditem
    )
}

fn commas(tokens: &mut Vec<Token>) {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut carried = 0;
    for at in 0..tokens.len() {
        let mut token = tokens[at].clone();
        token.breaks = token.breaks.max(std::mem::take(&mut carried));
        if token.kind == Kind::Comma {
            let next = tokens[at + 1..].iter().find(|next| !next.is_note());
            let ends = next.is_none_or(|next| next.kind == Kind::Close);
            let line_ends = tokens
                .get(at + 1)
                .is_none_or(|next| next.breaks > 0 || next.is_note());
            let opens = out
                .iter()
                .rev()
                .find(|token| !token.is_note())
                .is_none_or(|last| matches!(last.kind, Kind::Open | Kind::Comma));
            if ends || separates(&token) && (line_ends || opens || token.breaks > 0) {
                carried = token.breaks;
                continue;
            }
            if token.breaks > 0 && out.last().is_some_and(|last| !last.is_note()) {
                carried = std::mem::take(&mut token.breaks);
            }
        }
        out.push(token);
    }
    *tokens = out;
}

fn brackets(tokens: &mut [Token]) {
    let mut open: Vec<(usize, bool)> = Vec::new();
    for at in 0..tokens.len() {
        if tokens[at].breaks > 0
            && let Some((_, broken)) = open.last_mut()
        {
            *broken = true;
        }
        match tokens[at].kind {
            Kind::Open => open.push((at, false)),
            Kind::Close => {
                let Some((from, broken)) = open.pop() else {
                    continue;
                };
                if from + 1 == at {
                    tokens[at].breaks = 0;
                } else if broken {
                    let first = &mut tokens[from + 1];
                    if first.kind != Kind::Comment {
                        first.breaks = first.breaks.max(1);
                    }
                    tokens[at].breaks = tokens[at].breaks.max(1);
                }
            }
            _ => {}
        }
    }
}
