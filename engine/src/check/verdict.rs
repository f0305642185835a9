//! What the proof of a table comes to, in words: overlaps, rows without effect, rows that later layers replace, cases that are left out.

use flowbook_grammar::Span;
use flowbook_stdlib::types::{Kind, Type};

use super::proof::{self, Case, Coverage, Gap, Proof};
use super::table::{Asked, Known};
use super::{Checker, places};
use crate::diagnostic::Diagnostic;
use crate::plan;

/// Overlaps, rows without effect, hidden rows, gaps.
pub(super) fn prove(
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
