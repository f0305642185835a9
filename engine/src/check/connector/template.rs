//! Texts with holes that are filled when a request is made.

use flowbook_grammar::Span;
use flowbook_grammar::ast::{Expr, ExprKind, Literal, TextPart};

use super::args::name_path;
use crate::check::suggest;
use crate::diagnostic::Diagnostic;
use crate::plan::connector::{Template, TemplatePart};

/// A text with holes.
pub(super) fn template(expr: &Expr, out: &mut Vec<Diagnostic>) -> Vec<(TemplatePart, Span)> {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => {
            vec![(TemplatePart::Text(text.clone()), expr.span)]
        }
        ExprKind::Text(parts) => parts
            .iter()
            .filter_map(|part| match part {
                TextPart::Text(text) => Some((TemplatePart::Text(text.clone()), expr.span)),
                TextPart::Hole(hole) => match name_path(hole) {
                    Some(path) => Some((
                        TemplatePart::Hole(path.words.into_iter().map(|word| word.text).collect()),
                        hole.span,
                    )),
                    None => {
                        out.push(
                            Diagnostic::error(
                                "F0156",
                                hole.span,
                                "Only a name can stand in `{…}` of a connector's text.",
                            )
                            .label("no name"),
                        );
                        None
                    }
                },
            })
            .collect(),
        _ => {
            out.push(
                Diagnostic::error("F0151", expr.span, "A text is expected here.").label("no text"),
            );
            Vec::new()
        }
    }
}

/// A text whose holes must be among `holes`.
pub(super) fn template_of(expr: &Expr, holes: &[&str], out: &mut Vec<Diagnostic>) -> Template {
    let mut parts = Vec::new();
    for (part, span) in template(expr, out) {
        if let TemplatePart::Hole(path) = &part {
            let name = path.join(".");
            if !holes.contains(&&*name) {
                out.push(
                    Diagnostic::error(
                        "F0156",
                        span,
                        format!("`{name}` is not known in this text."),
                    )
                    .label("not known here")
                    .maybe_help(suggest::help(
                        &name,
                        holes.iter().copied(),
                        "Known here",
                    )),
                );
            }
        }
        parts.push(part);
    }
    Template(parts)
}
