//! `answers { … }`: what an answer means for the journal, first fit.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{
    self, Alternative, BinaryOp, ConnectorPart, Constant, Expr, ExprKind, Literal, Row,
};

use super::args::name_path;
use crate::check::suggest;
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{Answer, BodyTest, Connector, Outcome};

pub(super) const OUTCOMES: &[(&str, Outcome)] = &[
    ("ok", Outcome::Ok),
    ("busy", Outcome::Busy),
    ("sign_in", Outcome::SignIn),
    ("taken", Outcome::Taken),
    ("gone", Outcome::Gone),
    ("refused", Outcome::Refused),
    ("unknown", Outcome::Unknown),
];

pub(super) fn read(item: &ast::Connector, made: &mut Connector, out: &mut Vec<Diagnostic>) {
    let mut all = item.parts.iter().filter_map(|part| match part {
        ConnectorPart::Answers(rows, span) => Some((rows, *span)),
        _ => None,
    });
    let Some((rows, span)) = all.next() else {
        out.push(
            Diagnostic::error("F0152", item.name.span, format!("The connector `{}` does not say what answers mean.", made.name))
                .label("no `answers`")
                .help("Add rows for the status codes, and at the end `otherwise => unknown`: answers { 401 => sign_in, 429 => busy, 400..499 => refused, otherwise => unknown }."),
        );
        return;
    };
    for (_, again) in all {
        out.push(
            Diagnostic::error("F0153", again, "`answers` is said twice.")
                .label("again")
                .related(span, "here first"),
        );
    }
    let mut end: Option<Span> = None;
    for row in &rows.rows {
        if let Some(end) = end {
            out.push(
                Diagnostic::error(
                    "F0157",
                    row.span,
                    "No answer gets to this row: `otherwise` takes them all.",
                )
                .label("never reached")
                .related(end, "takes everything"),
            );
            continue;
        }
        made.answers.extend(answer(row, out));
        if row.otherwise {
            end = Some(row.span);
        }
    }
    if end.is_none() {
        out.push(
            Diagnostic::error("F0157", rows.span, "`answers` does not say what the answers mean that no row names.")
                .label("no `otherwise`")
                .help("Add `otherwise => unknown`: what nobody knows is looked up before anything is sent again."),
        );
    }
}

fn answer(row: &Row, out: &mut Vec<Diagnostic>) -> Option<Answer> {
    let mut status = Vec::new();
    for alternative in row.cells.iter().flat_map(|cell| &cell.alternatives) {
        match codes(alternative) {
            Ok(range) => status.push(range),
            Err(span) => {
                out.push(
                    Diagnostic::error(
                        "F0157",
                        span.unwrap_or(row.span),
                        "A row of `answers` begins with status codes.",
                    )
                    .label("no status code from 100 to 599")
                    .help("Write `429`, `401 | 403` or `400..499`."),
                );
                return None;
            }
        }
    }
    let when = match &row.when {
        None => None,
        Some(test) => match body_test(test) {
            Some(test) => Some(test),
            None => {
                out.push(
                    Diagnostic::error(
                        "F0157",
                        test.span,
                        "A row of `answers` can ask two things of the body.",
                    )
                    .label("not understood")
                    .help("Write `if body.code exists` or `if body.code = \"404.20\"`."),
                );
                return None;
            }
        },
    };
    let name = match &row.give.kind {
        ExprKind::Name(name) => name.as_str(),
        _ => "",
    };
    match OUTCOMES.iter().find(|(known, _)| *known == name) {
        Some((_, outcome)) => Some(Answer {
            status,
            when,
            outcome: *outcome,
        }),
        None => {
            out.push(
                Diagnostic::error(
                    "F0157",
                    row.give.span,
                    "An answer means one of seven things.",
                )
                .label("none of them")
                .maybe_help(suggest::help(
                    name,
                    OUTCOMES.iter().map(|(known, _)| *known),
                    "What answers mean",
                )),
            );
            None
        }
    }
}

fn codes(alternative: &Alternative) -> Result<(u16, u16), Option<Span>> {
    let code = |literal: &Literal, span: Span| match literal {
        Literal::Number(digits) => digits
            .parse::<u16>()
            .ok()
            .filter(|code| (100..600).contains(code))
            .ok_or(Some(span)),
        _ => Err(Some(span)),
    };
    match alternative {
        Alternative::Set(Constant::Literal(literal, span), minus) if minus.is_empty() => {
            let code = code(literal, *span)?;
            Ok((code, code))
        }
        Alternative::Range(from, to, span) => {
            let (from, to) = (code(from, *span)?, code(to, *span)?);
            if from <= to {
                Ok((from, to))
            } else {
                Err(Some(*span))
            }
        }
        Alternative::Set(Constant::Name(word), _) => Err(Some(word.span)),
        Alternative::Set(Constant::Literal(_, span), _) | Alternative::Compare(_, _, span) => {
            Err(Some(*span))
        }
        Alternative::Any => Err(None),
    }
}

/// `body.code exists`, `body.ErrorCode = 4000`
fn body_test(test: &Expr) -> Option<BodyTest> {
    let body = |expr: &Expr| -> Option<Vec<String>> {
        let words: Vec<String> = name_path(expr)?
            .words
            .into_iter()
            .map(|word| word.text)
            .collect();
        match words.split_first() {
            Some((first, rest)) if first == "body" && !rest.is_empty() => Some(rest.to_vec()),
            _ => None,
        }
    };
    match &test.kind {
        ExprKind::Exists(path) => Some(BodyTest::Exists(body(path)?)),
        ExprKind::Binary(BinaryOp::Eq, left, right) => match &right.kind {
            ExprKind::Literal(Literal::Number(text) | Literal::Text(text)) => {
                Some(BodyTest::Equals(body(left)?, text.clone()))
            }
            _ => None,
        },
        ExprKind::Paren(inner) => body_test(inner),
        _ => None,
    }
}
