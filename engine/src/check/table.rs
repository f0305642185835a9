//! Decision tables and `match`: rows and layers in, rows that are proved not to overlap and to leave nothing out.

use flowbook_grammar::{Span, ast};
use flowbook_stdlib::types::{Kind, Type};
use jiff::civil::Date;

use super::body::Body;
use super::cells::{self, Column};
use super::declared::TableDecl;
use super::layers::{self, Layer};
use super::misfit::a;
use super::proof::Case;
use super::shape;
use super::verdict::prove;
use super::{Checker, unknown};
use crate::checked::{Expr, Row, Table};
use crate::diagnostic::Diagnostic;
use crate::plan;

/// What a table is asked to give.
pub(crate) enum Gives<'t> {
    /// Exactly this: a misfit is reported.
    Declared(&'t Type),
    /// What its rows have in common; the type is a hint.
    Joined(Option<&'t Type>),
}

/// A table to be checked.
pub(super) struct Asked<'t> {
    /// Completes "… has no row for": "table `unit`", "this `match`".
    pub(super) what: String,
    pub(super) columns: Vec<Column>,
    pub(super) dated: bool,
    gives: Gives<'t>,
    /// Where gaps are shown.
    pub(super) anchor: Span,
}

/// Rows that are checked.
struct Answer {
    rows: Vec<Row>,
    otherwise: Option<Expr>,
    gives: Type,
}

/// A named table.
pub(crate) fn table(checker: &Checker<'_>, decl: &TableDecl<'_>) -> Table {
    let mut body = Body::new(checker);
    let columns = decl
        .item
        .params
        .iter()
        .zip(&decl.params)
        .map(|(param, (name, ty))| {
            (
                name.clone(),
                ty.clone(),
                Some(body.parameter(&param.name, ty.clone())),
            )
        })
        .collect();
    let at = decl
        .item
        .at
        .as_ref()
        .filter(|_| decl.dated)
        .map(|word| body.bind(word, Type::new(Kind::Date)));
    let asked = Asked {
        what: format!("table `{}`", decl.item.name.text),
        columns: decl
            .params
            .iter()
            .map(|(name, ty)| Column {
                name: name.clone(),
                ty: ty.clone(),
            })
            .collect(),
        dated: decl.dated,
        gives: Gives::Declared(&decl.result),
        anchor: decl.item.name.span,
    };
    let mut layers: Vec<Layer> = decl.item.rows.iter().map(Layer::of_text).collect();
    layers.extend(layers::of_files(checker, decl));
    let answer = check(&mut body, &asked, &layers);
    Table {
        name: decl.item.name.text.clone(),
        columns,
        at,
        gives: answer.gives,
        rows: answer.rows,
        otherwise: answer.otherwise,
        locals: body.locals,
        span: decl.span,
    }
}

/// `match a, b { rows }`; columns are named after the texts of what is matched. Its rows see the names around them.
pub(crate) fn matched(
    body: &mut Body<'_, '_>,
    columns: &[(String, Type)],
    rows: &ast::Rows,
    expected: Option<&Type>,
    anchor: Span,
) -> Table {
    let asked = Asked {
        what: "this `match`".to_owned(),
        columns: columns
            .iter()
            .map(|(name, ty)| Column {
                name: name.clone(),
                ty: ty.clone(),
            })
            .collect(),
        dated: false,
        gives: Gives::Joined(expected),
        anchor,
    };
    let answer = check(body, &asked, &[Layer::of_text(rows)]);
    Table {
        name: "match".to_owned(),
        columns: columns
            .iter()
            .map(|(name, ty)| (name.clone(), ty.clone(), None))
            .collect(),
        at: None,
        gives: answer.gives,
        rows: answer.rows,
        otherwise: answer.otherwise,
        locals: Vec::new(),
        span: anchor.to(rows.span),
    }
}

/// A row with its place.
pub(super) struct Known<'l> {
    pub(super) row: &'l ast::Row,
    pub(super) case: Case,
    give: Expr,
    pub(super) layer: usize,
    pub(super) source: String,
}

fn check(body: &mut Body<'_, '_>, asked: &Asked<'_>, layers: &[Layer]) -> Answer {
    let mut sound = asked
        .columns
        .iter()
        .all(|column| column.ty.kind != Kind::Unknown);
    let mut known: Vec<Known<'_>> = Vec::new();
    let mut otherwise: Option<(Expr, Span)> = None;
    for (number, layer) in layers.iter().enumerate() {
        let mut file: Option<plan::File> = None;
        sound &= layer.sound;
        for (row, place) in &layer.rows {
            let mark = body.enter();
            let give = give(body, asked, row, place);
            body.leave(mark);
            if row.otherwise {
                match &otherwise {
                    Some((_, first)) => body.checker.report(
                        Diagnostic::error(
                            "F0213",
                            row.span,
                            format!("There are two `otherwise` rows in {}.", asked.what),
                        )
                        .label("a second one")
                        .related(*first, "the first one")
                        .help("Keep one of them."),
                    ),
                    None => otherwise = Some((give, row.span)),
                }
                continue;
            }
            let Some(case) = case(body.checker, asked, row, place) else {
                sound = false;
                continue;
            };
            let source = body.checker.sources.file(row.span.file);
            let file = file.get_or_insert_with(|| plan::File::new(&source.name, &source.text));
            known.push(Known {
                row,
                case,
                give,
                layer: number,
                source: format!("{}:{}", source.name, file.line(row.span.start)),
            });
        }
    }
    prove(
        body.checker,
        asked,
        &known,
        otherwise.as_ref().map(|(_, span)| *span),
        sound,
    );
    let gives = result_type(
        body,
        asked,
        &mut known,
        otherwise.as_mut().map(|(give, _)| give),
    );
    known.sort_by_key(|row| std::cmp::Reverse(row.layer)); // stable: rows of a layer keep their order
    Answer {
        rows: known
            .into_iter()
            .map(|known| Row {
                cells: known.case.cells,
                from: known.case.from,
                until: known.case.until,
                give: known.give,
                source: known.source,
            })
            .collect(),
        otherwise: otherwise.map(|(give, _)| give),
        gives,
    }
}

fn give(body: &mut Body<'_, '_>, asked: &Asked<'_>, row: &ast::Row, place: &str) -> Expr {
    match &asked.gives {
        Gives::Declared(ty) => {
            let what = if place.is_empty() {
                format!("the result of {}", asked.what)
            } else {
                format!(
                    "the result of {} ({})",
                    asked.what,
                    place.trim_end_matches(": ")
                )
            };
            body.fitted(&row.give, ty, &what)
        }
        Gives::Joined(hint) => body.expr(&row.give, *hint),
    }
}

/// The type that all results have; results are laid out as it is.
fn result_type(
    body: &mut Body<'_, '_>,
    asked: &Asked<'_>,
    known: &mut [Known<'_>],
    otherwise: Option<&mut Expr>,
) -> Type {
    let declared = match &asked.gives {
        Gives::Declared(ty) => Some((*ty).clone()),
        Gives::Joined(_) => None,
    };
    let hint = match &asked.gives {
        Gives::Joined(hint) => *hint,
        Gives::Declared(_) => None,
    };
    let mut results: Vec<&mut Expr> = known
        .iter_mut()
        .map(|known| &mut known.give)
        .chain(otherwise)
        .collect();
    let Some(first) = results.first() else {
        return declared.unwrap_or_else(unknown);
    };
    let ty = match declared {
        Some(ty) => ty,
        None => {
            let types = results.iter().map(|result| &result.ty);
            let agreed = shape::agreed(types, hint);
            let mut joined = first.ty.clone();
            let mut from = first.span;
            for result in &results[1..] {
                match shape::joined(&joined, &result.ty) {
                    Some(both) => {
                        if joined.kind == Kind::Never {
                            from = result.span;
                        }
                        joined = both;
                    }
                    None => {
                        body.checker.report(
                            Diagnostic::error(
                                "F0214",
                                result.span,
                                format!(
                                    "The rows of {} give different things: {} here, {} there.",
                                    asked.what,
                                    a(&joined),
                                    a(&result.ty)
                                ),
                            )
                            .label(format!("this is {}", a(&result.ty)))
                            .related(from, format!("this is {}", a(&joined)))
                            .help("Let every row give the same type."),
                        );
                        return unknown();
                    }
                }
            }
            agreed.unwrap_or(joined)
        }
    };
    if matches!(ty.kind, Kind::Record(_) | Kind::List(_) | Kind::Money(..)) {
        for result in &mut results {
            let value = std::mem::replace(*result, Body::nothing(result.span));
            **result = body.shaped(value, &ty);
        }
    }
    ty
}

/// Cells and dates of a row; none where something is wrong with them.
fn case(checker: &Checker<'_>, asked: &Asked<'_>, row: &ast::Row, place: &str) -> Option<Case> {
    let mut sound = true;
    let mut report = |finding: Diagnostic| {
        checker.report(finding);
        sound = false;
    };
    if let Some(when) = &row.when {
        report(
            Diagnostic::error(
                "F0222",
                when.span,
                "A row of a table has no `if`: its cells say when it applies.",
            )
            .label("only rows of a connector's `answers` have conditions")
            .help("Make what the condition asks a column of the table."),
        );
    }
    if row.cells.len() != asked.columns.len() {
        let names: Vec<String> = asked
            .columns
            .iter()
            .map(|column| format!("`{}`", column.name))
            .collect();
        let span = match (row.cells.first(), row.cells.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => row.span,
        };
        report(
            Diagnostic::error(
                "F0207",
                span,
                format!(
                    "The row has {}, {} has {}: {}.",
                    count(row.cells.len(), "cell"),
                    asked.what,
                    count(names.len(), "column"),
                    names.join(", ")
                ),
            )
            .label(format!("{} expected", count(names.len(), "cell")))
            .help("Cells are separated by commas; `_` stands for any value."),
        );
        return None;
    }
    let mut tests = Vec::with_capacity(row.cells.len());
    for (cell, column) in row.cells.iter().zip(&asked.columns) {
        let place = if place.is_empty() {
            String::new()
        } else {
            format!(
                "{}, column `{}`: ",
                place.trim_end_matches(": "),
                column.name
            )
        };
        match cells::cell(cell, column, &place) {
            Ok(test) => tests.push(test),
            Err(finding) => report(*finding),
        }
    }
    let mut day = |written: &Option<(ast::Literal, Span)>| -> Option<Date> {
        let (literal, span) = written.as_ref()?;
        if !asked.dated {
            report(
                Diagnostic::error(
                    "F0211",
                    *span,
                    format!("Rows of {} have no dates: it does not take any.", asked.what),
                )
                .label("a date without `at date`")
                .help("Write `at date` behind the parameters; the date is then the last argument of every call."),
            );
            return None;
        }
        match literal {
            ast::Literal::Date(text) | ast::Literal::Text(text) => match text.parse() {
                Ok(date) => Some(date),
                Err(_) => {
                    report(no_date(*span, text, place));
                    None
                }
            },
            _ => {
                report(no_date(*span, checker.text(*span), place));
                None
            }
        }
    };
    let from = day(&row.from);
    let until = day(&row.until);
    if let (Some(first), Some(last), Some((_, span))) = (from, until, &row.until)
        && last < first
    {
        report(
            Diagnostic::error(
                "F0212",
                *span,
                format!("{place}The row ends on {last}, before it begins on {first}."),
            )
            .label("before the first day")
            .help("Both days are inclusive; exchange them or correct one."),
        );
    }
    sound.then_some(Case {
        cells: tests,
        from,
        until,
    })
}

fn no_date(span: Span, text: &str, place: &str) -> Diagnostic {
    Diagnostic::error("F0221", span, format!("{place}“{text}” is no date."))
        .label("year, month and day are needed")
        .help("Write dates as `2026-03-01`.")
}

fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
