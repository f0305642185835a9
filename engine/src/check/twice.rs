//! Two steps that write one record: the second would adopt what the first has made, and write nothing.

use flowbook_grammar::Span;

use super::Checker;
use crate::checked::{Statement, StatementKind, To, Write};
use crate::diagnostic::Diagnostic;

/// The first line of a step.
pub(super) fn head(checker: &Checker<'_>, span: Span) -> Span {
    let text = checker.text(span);
    let head = text.lines().next().unwrap_or_default();
    let head = head.split('{').next().unwrap_or(head).trim_end();
    Span {
        end: span.start + head.len() as u32,
        ..span
    }
}

/// Two steps of one block that write the same record by the same key: the second adopts what the first made.
pub(super) fn check(checker: &Checker<'_>, body: &[Statement]) {
    let mut seen: Vec<(&Write, Span)> = Vec::new();
    for statement in body {
        match &statement.kind {
            StatementKind::Write(write) => {
                let known = seen.iter().find(|(one, _)| {
                    one.resource == write.resource
                        && one.verb == write.verb
                        && same_keys(checker, one, write)
                });
                if let Some((first, span)) = known {
                    checker.report(
                        Diagnostic::warning(
                            "F0540",
                            head(checker, statement.span),
                            format!("This step writes the same record as `{}` does: it has the same key.", first.name),
                        )
                        .label("the same key again")
                        .related(head(checker, *span), "written here already")
                        .help("Put the fields into one step, or give this one another key."),
                    );
                }
                seen.push((write, statement.span));
            }
            StatementKind::If(_, inner) | StatementKind::For { body: inner, .. } => {
                check(checker, inner);
            }
            _ => {}
        }
    }
}

fn same_keys(checker: &Checker<'_>, one: &Write, other: &Write) -> bool {
    let texts = |write: &Write| -> Vec<(Vec<Vec<u16>>, Vec<String>)> {
        write
            .keys
            .iter()
            .map(|key| {
                let values = key
                    .values
                    .iter()
                    .map(|value| {
                        value
                            .as_ref()
                            .map_or("none", |value| checker.text(value.span))
                            .to_owned()
                    })
                    .collect();
                (key.fields.clone(), values)
            })
            .collect()
    };
    let parent = |write: &Write| match &write.to {
        To::Resource => String::new(),
        To::Child(of) | To::Record(of) => checker.text(of.span).to_owned(),
    };
    !one.keys.is_empty() && parent(one) == parent(other) && texts(one) == texts(other)
}
