//! Rows: tables and `match`, and their cells.

use super::{At, P, Parts, Rule, expr::bad};
use crate::ast::*;

impl At {
    /// `{ rows }` of a table or a match.
    pub fn rows(self, pair: P<'_>) -> Rows {
        let span = self.span(&pair);
        let rows = pair
            .into_inner()
            .filter(|part| matches!(part.as_rule(), Rule::row | Rule::arow))
            .map(|row| self.row(row))
            .collect();
        Rows { rows, span }
    }

    fn row(self, pair: P<'_>) -> Row {
        let span = self.span(&pair);
        let mut row = Row {
            cells: Vec::new(),
            otherwise: false,
            from: None,
            until: None,
            when: None,
            give: bad(span),
            span,
        };
        let day = |part: P<'_>| {
            let date = Parts::of(part).find(Rule::date)?;
            let span = self.span(&date);
            Some((self.literal(date)?, span))
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::otherwise => row.otherwise = true,
                Rule::cell => row.cells.push(self.cell(part)),
                Rule::row_from => row.from = day(part),
                Rule::row_until => row.until = day(part),
                Rule::filter => row.when = Some(self.filter(part)),
                Rule::expr => row.give = self.expr(part),
                _ => {}
            }
        }
        row
    }

    /// `a | b`; also a CSV's cell.
    pub fn cell(self, pair: P<'_>) -> Cell {
        let span = self.span(&pair);
        let alternatives = pair
            .into_inner()
            .filter(|part| part.as_rule() == Rule::alt)
            .filter_map(|alt| self.alternative(Parts::of(alt).next()?))
            .collect();
        Cell { alternatives, span }
    }

    fn alternative(self, pair: P<'_>) -> Option<Alternative> {
        let span = self.span(&pair);
        Some(match pair.as_rule() {
            Rule::any => Alternative::Any,
            Rule::compare => {
                let mut parts = Parts::of(pair);
                let op = match parts.next()?.as_str().trim() {
                    ">=" => BinaryOp::Ge,
                    "<=" => BinaryOp::Le,
                    ">" => BinaryOp::Gt,
                    _ => BinaryOp::Lt,
                };
                Alternative::Compare(op, self.literal(parts.next()?)?, span)
            }
            Rule::range => {
                let percent = pair.as_str().trim_end().ends_with('%');
                let mut ends = pair.into_inner().map(|end| {
                    if end.as_rule() != Rule::rdigits {
                        return self.literal(end);
                    }
                    let digits = end.as_str().trim_end_matches('%').to_owned();
                    Some(if percent {
                        Literal::Percent(digits)
                    } else {
                        Literal::Number(digits)
                    })
                });
                Alternative::Range(ends.next()??, ends.next()??, span)
            }
            _ => {
                let mut constants = pair.into_inner().filter_map(|part| {
                    let inner = Parts::of(part).next()?;
                    let span = self.span(&inner);
                    Some(match inner.as_rule() {
                        Rule::name => Constant::Name(self.word(inner)),
                        _ => Constant::Literal(self.literal(inner)?, span),
                    })
                });
                Alternative::Set(constants.next()?, constants.collect())
            }
        })
    }
}
