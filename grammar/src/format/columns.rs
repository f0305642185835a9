//! Columns: which lines are aligned with their neighbours, and how wide each column is.

use super::space;
use super::token::{Kind, Token};
use crate::build::Rule;

/// Longest name that moves its neighbours' values to the right; a longer one stands out by itself.
const LONGEST_NAME: usize = 24;
/// Longest left side of rows, conditions and fixtures that its neighbours follow.
const LONGEST_SIDE: usize = 70;

/// A line cut into columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Cut {
    pub like: Option<Like>,
    /// Where columns end, as indices of tokens; the last column ends with the line.
    ends: Vec<usize>,
    /// Width of each column but the last.
    widths: Vec<usize>,
}

/// Lines of one likeness are aligned with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Like {
    Value,
    Field,
    Let,
    Set,
    System,
    Stop,
    Given,
    /// With its number of cells.
    Row(usize),
    Answer,
    Request,
    Directive,
    Resource,
    Type,
}

impl Like {
    /// Whether lines that go on stand under the value.
    pub fn hangs(self) -> bool {
        matches!(self, Like::Value | Like::Field)
    }

    fn longest(self) -> usize {
        match self {
            Like::Value | Like::Field | Like::Let | Like::Set => LONGEST_NAME,
            _ => LONGEST_SIDE,
        }
    }
}

impl Cut {
    /// The line `from..to`, one whole element, cut by what it is.
    pub fn of(tokens: &[Token], from: usize, to: usize) -> Cut {
        let line = &tokens[from..to];
        let Some(first) = line.first().filter(|first| first.starts) else {
            return Cut::default();
        };
        if !alone(line) {
            return Cut::default();
        }
        let whole = |like, ends: Vec<usize>| Cut {
            like: Some(like),
            ends: ends.into_iter().map(|end| from + end).collect(),
            widths: Vec::new(),
        };
        let sign = |text: &str, rule: Rule| {
            line.iter()
                .position(|token| token.text == text && token.rule == rule)
        };
        match first.piece {
            Some(Rule::value) => after(sign(":", Rule::value), line, |end| {
                whole(Like::Value, vec![end])
            }),
            Some(Rule::fieldtype) => after(sign(":", Rule::fieldtype), line, |end| {
                whole(Like::Field, vec![end])
            }),
            Some(Rule::let_) => before(sign("=", Rule::let_), |end| whole(Like::Let, vec![end])),
            Some(Rule::set) => before(sign("=", Rule::set), |end| whole(Like::Set, vec![end])),
            Some(Rule::system) => after(sign(":", Rule::system), line, |end| {
                whole(Like::System, vec![end])
            }),
            Some(Rule::stop) => before(
                line.iter()
                    .position(|token| token.rule == Rule::k_if && token.parent == Rule::stop),
                |end| whole(Like::Stop, vec![end]),
            ),
            Some(Rule::t_from) => before(
                line.iter().position(|token| token.rule == Rule::k_from),
                |end| whole(Like::Given, vec![end]),
            ),
            Some(Rule::arow) => before(
                line.iter()
                    .position(|token| token.rule == Rule::arrow && token.parent == Rule::arow),
                |end| whole(Like::Answer, vec![end]),
            ),
            Some(Rule::row) if first.rule != Rule::k_otherwise => {
                row(line).map_or_else(Cut::default, |(cells, ends)| whole(Like::Row(cells), ends))
            }
            Some(Rule::directive) => {
                let (like, ends) = directive(line);
                whole(like, ends)
            }
            Some(Rule::resource) => match (
                sign(":", Rule::resource),
                line.iter().position(|token| token.rule == Rule::dblock),
            ) {
                (Some(colon), Some(brace)) => whole(Like::Resource, vec![colon + 1, brace]),
                _ => Cut::default(),
            },
            Some(Rule::typedef) => match line.get(2) {
                Some(brace) if brace.kind == Kind::Open => whole(Like::Type, vec![2]),
                _ => Cut::default(),
            },
            _ => Cut::default(),
        }
    }

    /// The line with its columns padded.
    pub fn text(&self, tokens: &[Token], from: usize, to: usize) -> String {
        let mut out = String::new();
        let mut at = from;
        if tokens[from].rule == Rule::k_or && tokens[from].parent == Rule::layer {
            // the files of a table's layers stand under each other
            out.push_str("or  ");
            at = from + 1;
            if at < to {
                out.push(' ');
            }
        }
        for (column, end) in self.ends.iter().enumerate() {
            let piece = space::joined(&tokens[at..*end]);
            let width = self.widths.get(column).copied().unwrap_or_default();
            let length = piece.chars().count();
            out.push_str(&piece);
            if width > 0 || length > 0 {
                out.extend(std::iter::repeat_n(' ', width.saturating_sub(length) + 1));
            }
            at = *end;
        }
        out.push_str(&space::joined(&tokens[at..to]));
        out
    }

    /// Where the value begins: the width of the first column and a blank.
    pub fn value_at(&self, tokens: &[Token], from: usize) -> Option<usize> {
        let end = *self.ends.first()?;
        let length = space::joined(&tokens[from..end]).chars().count();
        Some(
            self.widths
                .first()
                .map_or(length, |width| length.max(*width))
                + 1,
        )
    }

    fn lengths(&self, tokens: &[Token], from: usize) -> Vec<usize> {
        let mut at = from;
        self.ends
            .iter()
            .map(|end| {
                let length = space::joined(&tokens[at..*end]).chars().count();
                at = *end;
                length
            })
            .collect()
    }
}

/// Gives the lines of a run their columns' widths; `run` holds the cut and first token of each line.
pub(super) fn align(tokens: &[Token], run: &mut [(&mut Cut, usize)]) {
    let Some(like) = run.first().and_then(|(cut, _)| cut.like) else {
        return;
    };
    let lengths: Vec<Vec<usize>> = run
        .iter()
        .map(|(cut, from)| cut.lengths(tokens, *from))
        .collect();
    let long = |at: usize| {
        let total: usize = lengths[at].iter().sum();
        lengths[at].len() == 1 && total > like.longest() + 1
    };
    let mut short: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < run.len() {
        if !long(at) {
            short.push(at);
            at += 1;
            continue;
        }
        // long ones that stand together are aligned with each other
        let from = at;
        while at < run.len() && long(at) {
            at += 1;
        }
        let group: Vec<usize> = (from..at).collect();
        widen(run, &lengths, &group);
    }
    widen(run, &lengths, &short);
}

fn widen(run: &mut [(&mut Cut, usize)], lengths: &[Vec<usize>], group: &[usize]) {
    let columns = group.iter().map(|at| lengths[*at].len()).max().unwrap_or(0);
    let mut widths = vec![0; columns];
    for at in group {
        for (column, length) in lengths[*at].iter().enumerate() {
            widths[column] = widths[column].max(*length);
        }
    }
    for at in group {
        let own = lengths[*at].len();
        run[*at].0.widths = widths[..own].to_vec();
    }
}

/// Whether nothing else stands beside the first element, and every bracket of the line is closed on it.
fn alone(line: &[Token]) -> bool {
    let mut depth = 0usize;
    for (at, token) in line.iter().enumerate() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            Kind::Comma if depth == 0 && line.get(at + 1).is_some_and(|next| next.starts) => {
                return false;
            }
            _ => {}
        }
    }
    depth == 0
}

fn before(end: Option<usize>, cut: impl FnOnce(usize) -> Cut) -> Cut {
    end.filter(|end| *end > 0).map_or_else(Cut::default, cut)
}

fn after(sign: Option<usize>, line: &[Token], cut: impl FnOnce(usize) -> Cut) -> Cut {
    sign.filter(|sign| sign + 1 < line.len())
        .map_or_else(Cut::default, |sign| cut(sign + 1))
}

/// Number of cells, and where each cell, the days and the left side end.
fn row(line: &[Token]) -> Option<(usize, Vec<usize>)> {
    let arrow = line
        .iter()
        .position(|token| token.rule == Rule::arrow && token.parent == Rule::row)?;
    let mut ends: Vec<usize> = (0..arrow)
        .filter(|at| line[*at].kind == Kind::Comma && line[*at].rule == Rule::row)
        .map(|at| at + 1)
        .collect();
    let days = (0..arrow)
        .find(|at| matches!(line[*at].piece, Some(Rule::row_from | Rule::row_until)))
        .unwrap_or(arrow);
    ends.push(days);
    let cells = ends.len();
    ends.push(arrow);
    Some((cells, ends))
}

fn directive(line: &[Token]) -> (Like, Vec<usize>) {
    let method = |token: &Token| {
        matches!(
            token.text.as_str(),
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
        )
    };
    if let Some(at) = line.iter().position(method) {
        let ends = if at == 1 && line.len() > 2 {
            vec![1, 2]
        } else {
            vec![1]
        };
        return (Like::Request, ends);
    }
    let first = match line {
        [find, by, _, ..] if find.text == "find" && by.text == "by" => 2,
        [_] => return (Like::Directive, Vec::new()),
        _ => 1,
    };
    match line
        .iter()
        .position(|token| token.kind == Kind::Colon && token.rule == Rule::fieldtype)
    {
        Some(colon) if line.first().is_some_and(|word| word.rule == Rule::word) => {
            (Like::Directive, vec![first, colon + 1])
        }
        _ => (Like::Directive, vec![first]),
    }
}
