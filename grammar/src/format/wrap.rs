//! Long lines: broken where the language lets a line end, at brackets or in front of an operator.

use super::WIDEST;
use super::layout::Line;
use super::space;
use super::token::{Kind, Token};
use crate::build::Rule;

/// Brackets at least this wide are opened before operators are looked at.
const WIDE_BRACKETS: usize = 60;
/// Room left on a filled line for its name's column.
const SLACK: usize = 20;

/// Ends lines inside those that are too wide. False if there is nothing to do.
pub(super) fn wrap(tokens: &mut [Token], lines: &[Line]) -> bool {
    let mut changed = false;
    for line in lines {
        if line.text.chars().count() > WIDEST {
            let indent = line.text.len() - line.text.trim_start().len();
            changed |= break_line(tokens, line.from, line.to, indent);
        }
    }
    changed
}

fn break_line(tokens: &mut [Token], from: usize, to: usize, indent: usize) -> bool {
    let groups = groups(&tokens[from..to]);
    let width = |(open, close): (usize, usize)| -> usize {
        tokens[from + open..=from + close]
            .iter()
            .map(|token| token.text.chars().count() + 1)
            .sum()
    };
    let widest = groups.iter().copied().max_by_key(|group| width(*group));
    let operators = operators(&tokens[from..to]);
    if let Some(group) = widest
        && (operators.is_empty() || width(group) >= WIDE_BRACKETS)
    {
        open(&mut tokens[from..to], group);
        return true;
    }
    if operators
        .iter()
        .any(|at| tokens[from + at].rule == Rule::type_)
    {
        // the names of a set fill their lines
        let fits = |at: &&usize| {
            indent + space::joined(&tokens[from..from + **at]).chars().count() < WIDEST - SLACK
        };
        let last = operators.iter().rev().find(fits).or(operators.first());
        if let Some(at) = last {
            tokens[from + at].breaks = 1;
        }
        return true;
    }
    for at in &operators {
        tokens[from + at].breaks = 1;
    }
    !operators.is_empty()
}

/// The outermost brackets that open and close on the line and may hold line ends.
fn groups(line: &[Token]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut stack = Vec::new();
    for (at, token) in line.iter().enumerate() {
        match token.kind {
            Kind::Open => stack.push(at),
            Kind::Close => {
                let Some(from) = stack.pop() else { continue };
                if from + 1 < at && breakable(line[from].rule) {
                    out.retain(|(inner, _)| *inner < from);
                    out.push((from, at));
                }
            }
            _ => {}
        }
    }
    out
}

fn breakable(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::record
            | Rule::list
            | Rule::recordtype
            | Rule::rows
            | Rule::arows
            | Rule::dblock
            | Rule::block
            | Rule::call
            | Rule::params
            | Rule::paren
            | Rule::tlist
            | Rule::tparen
            | Rule::lookup
    )
}

/// Ends the line behind the opening bracket, behind each comma of the brackets and in front of the closing one.
fn open(line: &mut [Token], (from, to): (usize, usize)) {
    let mut depth = 0usize;
    let mut ends = true;
    for token in &mut line[from + 1..to] {
        if ends {
            token.breaks = 1;
        }
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        ends = depth == 0
            && token.kind == Kind::Comma
            && !matches!(
                token.rule,
                Rule::row | Rule::after | Rule::comprehension | Rule::matching
            );
    }
    line[to].breaks = 1;
}

/// The loosest operators outside of brackets in front of which a line may end.
fn operators(line: &[Token]) -> Vec<usize> {
    let value = |token: &Token| matches!(token.parent, Rule::expr | Rule::chain | Rule::sum);
    let classes: [&dyn Fn(&Token) -> bool; 9] = [
        &|token| matches!(token.piece, Some(Rule::clause | Rule::layer)),
        &|token| token.rule == Rule::k_if && token.parent == Rule::stop,
        &|token| token.rule == Rule::k_or && value(token),
        &|token| token.rule == Rule::k_and && value(token),
        &|token| token.rule == Rule::k_else && value(token),
        &|token| token.text == "|" && token.rule == Rule::pipe,
        &|token| token.text == "|" && token.rule == Rule::type_,
        &|token| matches!(token.rule, Rule::plus | Rule::times | Rule::over) && value(token),
        &|token| {
            token.rule == Rule::arrow && matches!(token.parent, Rule::cond | Rule::comprehension)
        },
    ];
    let outside = outside(line);
    classes
        .iter()
        .map(|class| {
            outside
                .iter()
                .copied()
                .filter(|at| class(&line[*at]))
                .collect::<Vec<usize>>()
        })
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// Tokens outside of the line's brackets, the first one left out.
fn outside(line: &[Token]) -> Vec<usize> {
    let mut depth = 0usize;
    let mut out = Vec::new();
    for (at, token) in line.iter().enumerate() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ if depth == 0 && at > 0 => out.push(at),
            _ => {}
        }
    }
    out
}
