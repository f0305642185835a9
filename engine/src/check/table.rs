//! Decision tables and `match`: rows and layers in, rows that are proved not to overlap and to leave nothing out.

use flowbook_grammar::{Span, ast};
use flowbook_stdlib::types::{Kind, Type};
use jiff::civil::Date;

use super::body::Body;
use super::cells::{self, Column};
use super::declared::TableDecl;
use super::layers::{self, Layer};
use super::misfit::a;
use super::places;
use super::proof::{self, Case, Coverage, Gap, Proof};
use super::shape;
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
struct Asked<'t> {
    /// Completes "… has no row for": "table `unit`", "this `match`".
    what: String,
    columns: Vec<Column>,
    dated: bool,
    gives: Gives<'t>,
    /// Where gaps are shown.
    anchor: Span,
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
struct Known<'l> {
    row: &'l ast::Row,
    case: Case,
    give: Expr,
    layer: usize,
    source: String,
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
            joined
        }
    };
    if matches!(ty.kind, Kind::Record(_) | Kind::List(_)) {
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
            Err(finding) => report(finding),
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

/// Overlaps, rows without effect, hidden rows, gaps.
fn prove(
    checker: &Checker<'_>,
    asked: &Asked<'_>,
    known: &[Known<'_>],
    otherwise: Option<Span>,
    sound: bool,
) {
    let types: Vec<Type> = asked
        .columns
        .iter()
        .map(|column| column.ty.clone())
        .collect();
    if types.iter().any(|ty| ty.kind == Kind::Unknown) {
        return;
    }
    let cases: Vec<Case> = known.iter().map(|known| known.case.clone()).collect();
    let changes = places::changes(&proof::sets(&cases));
    let proof = Proof::new(&types, &cases, asked.dated, &places::Known, &changes);
    let dead = proof.dead();
    for row in &dead {
        checker.report(
            Diagnostic::error(
                "F0204",
                known[*row].row.span,
                "No value ever gets to this row: its cells leave nothing over.",
            )
            .label("takes nothing")
            .help("Correct the cell that is empty, such as `SE - SE` or `100..0`, or take the row out."),
        );
    }
    let overlaps = proof.overlaps();
    let mut told: Option<usize> = None;
    let mut by_second: Vec<&proof::Overlap> = overlaps
        .iter()
        .filter(|one| known[one.first].layer == known[one.second].layer)
        .collect();
    by_second.sort_by_key(|one| (one.second, one.first));
    for overlap in by_second {
        // A row that meets many is told once.
        if told.replace(overlap.second) != Some(overlap.second) {
            told_overlap(checker, asked, known, overlap);
        }
    }
    hidden(checker, asked, known, &proof, &overlaps, &dead);
    if sound {
        coverage(checker, asked, &proof, otherwise, known.is_empty());
    }
}

fn told_overlap(
    checker: &Checker<'_>,
    asked: &Asked<'_>,
    known: &[Known<'_>],
    overlap: &proof::Overlap,
) {
    let (first, second) = (&known[overlap.first], &known[overlap.second]);
    let mut both = overlap.both.join(", ");
    if let Some(on) = overlap.on {
        both = format!("{both} on {on}");
    }
    let same = first.case.cells == second.case.cells;
    let wide = first
        .case
        .cells
        .iter()
        .zip(&second.case.cells)
        .zip(&asked.columns)
        .find(|((a, b), _)| (**a == plan::Cell::Any) != (**b == plan::Cell::Any));
    let help = if same && overlap.on.is_some() {
        "Both days of a row are inclusive: let the first row end the day before the second begins."
            .to_owned()
    } else if same {
        "Take one of the two out.".to_owned()
    } else if let Some((_, column)) = wide {
        format!(
            "`_` takes every value, those of other rows too: name the values of `{}` in both rows, or leave the rest to `otherwise`.",
            column.name
        )
    } else {
        narrower(checker, asked, first, second, &overlap.both)
    };
    checker.report(
        Diagnostic::error(
            "F0201",
            second.row.span,
            format!("Two rows of {} take the same values: {both}.", asked.what),
        )
        .label("this row takes them")
        .related(first.row.span, "this row takes them already")
        .help(help),
    );
}

/// How one of two rows gives way, by the first column in which they differ.
fn narrower(
    checker: &Checker<'_>,
    asked: &Asked<'_>,
    first: &Known<'_>,
    second: &Known<'_>,
    both: &[String],
) -> String {
    let differs =
        (0..asked.columns.len()).find(|at| first.case.cells.get(*at) != second.case.cells.get(*at));
    let Some(at) = differs else {
        return "Take one of the two out.".to_owned();
    };
    let common = both.get(at).map_or("", String::as_str);
    let is_set = |known: &Known<'_>| {
        matches!(
            known.case.cells.get(at),
            Some(plan::Cell::OneOf(tests)) if matches!(tests.first(), Some(plan::Test::Within { .. }))
        )
    };
    match asked.columns[at].ty.kind {
        Kind::Country | Kind::Territory => {
            match [first, second].into_iter().find(|one| is_set(one)) {
                Some(row) => {
                    let text = row
                        .row
                        .cells
                        .get(at)
                        .map_or("", |cell| checker.text(cell.span));
                    format!("Take {common} out of the set: `{text} - {common}`.")
                }
                None => format!("Take {common} out of one of the two rows."),
            }
        }
        Kind::Int
        | Kind::Decimal(_)
        | Kind::Percent
        | Kind::Money(..)
        | Kind::Date
        | Kind::DateTime
        | Kind::Time => {
            "Both ends of a range belong to it: let one row end before the other begins.".to_owned()
        }
        _ => format!("Take {common} out of one of the two rows."),
    }
}

/// Rows that later layers replace.
fn hidden(
    checker: &Checker<'_>,
    asked: &Asked<'_>,
    known: &[Known<'_>],
    proof: &Proof<'_>,
    overlaps: &[proof::Overlap],
    dead: &[usize],
) {
    let Some(last) = known.iter().map(|known| known.layer).max() else {
        return;
    };
    if known.iter().all(|known| known.layer == last) {
        return;
    }
    for (number, row) in known.iter().enumerate() {
        if dead.contains(&number) {
            continue;
        }
        let by: Vec<usize> = overlaps
            .iter()
            .filter(|overlap| overlap.first == number || overlap.second == number)
            .map(|overlap| overlap.first + overlap.second - number)
            .filter(|other| known[*other].layer > row.layer)
            .collect();
        let Some(first) = by.first() else { continue };
        let whole = proof.hidden(number, &by);
        checker.report(
            Diagnostic::note(
                "F0206",
                row.row.span,
                format!(
                    "This row of {} is {} by {}.",
                    asked.what,
                    if whole {
                        "replaced"
                    } else {
                        "replaced in part"
                    },
                    known[*first].source
                ),
            )
            .label(if whole {
                "never asked"
            } else {
                "not asked for what both rows take"
            })
            .related(known[*first].row.span, "a later layer is asked first"),
        );
    }
}

fn coverage(
    checker: &Checker<'_>,
    asked: &Asked<'_>,
    proof: &Proof<'_>,
    otherwise: Option<Span>,
    empty: bool,
) {
    let coverage = proof.coverage();
    let anchor = asked.anchor;
    match (coverage, otherwise) {
        (Coverage::Whole, Some(span)) => checker.report(
            Diagnostic::warning(
                "F0205",
                span,
                format!("The rows of {} take every value; `otherwise` is never asked.", asked.what),
            )
            .label("never asked")
            .help("Take it out: should a case be missing one day, it is told here."),
        ),
        (Coverage::Gaps(_), None) if empty => checker.report(
            Diagnostic::error("F0223", anchor, format!("There is no row in {}.", asked.what))
                .label("gives nothing")
                .help("Write rows in braces, name a CSV with `from \"tables/x.csv\"`, or write one row `otherwise => …`."),
        ),
        (Coverage::Gaps(gaps), None) => told_gaps(checker, asked, &gaps),
        (Coverage::Unproved, None) => checker.report(
            Diagnostic::error(
                "F0224",
                anchor,
                format!("Whether {} leaves a case out cannot be found out: it has too many combinations.", asked.what),
            )
            .label("needs `otherwise`")
            .help("Add a row `otherwise => fail \"…\"`."),
        ),
        _ => {}
    }
}

fn told_gaps(checker: &Checker<'_>, asked: &Asked<'_>, gaps: &[Gap]) {
    let said = |gap: &Gap| {
        let mut text = gap
            .cells
            .iter()
            .zip(&asked.columns)
            .map(|(cell, column)| match cell.as_str() {
                "_" if asked.columns.len() > 1 => format!("any `{}`", column.name),
                "_" => "any value".to_owned(),
                cell => cell.to_owned(),
            })
            .collect::<Vec<_>>()
            .join(", ");
        match (gap.from, gap.until) {
            (None, None) => {}
            (Some(from), None) => text = format!("{text} from {from}"),
            (None, Some(until)) => text = format!("{text} until {until}"),
            (Some(from), Some(until)) => text = format!("{text} from {from} until {until}"),
        }
        text
    };
    let (first, more) = (&gaps[0], gaps.len() - 1);
    let rest = match more {
        0 => String::new(),
        1 => ", nor for one more case".to_owned(),
        more => format!(", nor for {more} more cases"),
    };
    let help = if gaps.iter().all(|gap| gap.exact) {
        let rows: Vec<String> = gaps
            .iter()
            .map(|gap| format!("  {}", row_text(gap)))
            .collect();
        format!("Add what is missing:\n{}", rows.join("\n"))
    } else {
        "Add a row for everything else:\n  otherwise => fail \"no row for this case\"".to_owned()
    };
    checker.report(
        Diagnostic::error(
            "F0202",
            asked.anchor,
            format!(
                "{} has no row for {}{rest}.",
                capital(&asked.what),
                said(first)
            ),
        )
        .label("a case is left out")
        .help(help),
    );
}

fn row_text(gap: &Gap) -> String {
    let mut text = gap.cells.join(", ");
    if let Some(from) = gap.from {
        text = format!("{text} from {from}");
    }
    if let Some(until) = gap.until {
        text = format!("{text} until {until}");
    }
    format!("{text} => fail \"not decided yet\"")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
