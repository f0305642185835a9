//! Proves of a decision table that its rows never overlap and leave nothing out.
//!
//! In: types of the columns, cells and dates of the rows. Out: pairs that overlap, rows that take nothing, cases that no row takes. Sets of
//! places change with time, so time is first cut into eras in which they do not; within an era every column is cut into atoms.

use std::collections::BTreeMap;

use flowbook_stdlib::types::Type;
use indexmap::IndexMap;
use jiff::civil::Date;
use rustc_hash::FxHashSet;

use super::domain::{Column, Places, Taken, day};
use crate::plan::{Cell, Test};

/// Cells and dates of a row.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// A cell for each column.
    pub(crate) cells: Vec<Cell>,
    /// First day, inclusive.
    pub(crate) from: Option<Date>,
    /// Last day, inclusive.
    pub(crate) until: Option<Date>,
}

/// Two rows that take the same values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overlap {
    /// The earlier row.
    pub(crate) first: usize,
    /// The later row.
    pub(crate) second: usize,
    /// Values that both take, one a column.
    pub(crate) both: Vec<String>,
    /// A day on which they do, where dates matter.
    pub(crate) on: Option<Date>,
}

/// Values that no row takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    /// A cell's text for each column.
    pub(crate) cells: Vec<String>,
    /// The texts are cells of flow text; otherwise prose.
    pub(crate) exact: bool,
    /// First day of the gap.
    pub(crate) from: Option<Date>,
    /// Its last day.
    pub(crate) until: Option<Date>,
}

/// What is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// Nothing.
    Whole,
    /// These, the first of them.
    Gaps(Vec<Gap>),
    /// Too many combinations to go through.
    Unproved,
}

/// Gaps that are told at most.
const TOLD: usize = 8;
/// Combinations that are gone through at most.
const BUDGET: usize = 400_000;

/// A time in which sets of places do not change, and everything cut for it.
struct Era {
    from: Option<Date>,
    until: Option<Date>,
    on: Option<Date>,
    columns: Vec<Column>,
    rows: Vec<Vec<Taken>>,
}

/// The proof of one table, or of one of its layers.
pub(crate) struct Proof<'t> {
    cases: &'t [Case],
    places: &'t dyn Places,
    eras: Vec<Era>,
    dated: bool,
}

impl<'t> Proof<'t> {
    /// Cuts time and columns. `changes` are the days on which a set that the cells name changes.
    pub(crate) fn new(
        columns: &[Type],
        cases: &'t [Case],
        dated: bool,
        places: &'t dyn Places,
        changes: &[Date],
    ) -> Proof<'t> {
        let spans = if dated {
            spans(changes)
        } else {
            vec![(None, None)]
        };
        let eras = spans
            .into_iter()
            .map(|(from, until)| {
                let on = from.or(until);
                let cut: Vec<Column> = columns
                    .iter()
                    .enumerate()
                    .map(|(number, ty)| {
                        let cells: Vec<&Cell> = cases
                            .iter()
                            .filter_map(|case| case.cells.get(number))
                            .collect();
                        Column::new(ty, &cells, places, on)
                    })
                    .collect();
                let rows = cases
                    .iter()
                    .map(|case| {
                        case.cells
                            .iter()
                            .zip(&cut)
                            .map(|(cell, column)| column.taken(cell, places, on))
                            .collect()
                    })
                    .collect();
                Era {
                    from,
                    until,
                    on,
                    columns: cut,
                    rows,
                }
            })
            .collect();
        Proof {
            cases,
            places,
            eras,
            dated,
        }
    }

    /// Rows that take no value at all.
    pub(crate) fn dead(&self) -> Vec<usize> {
        (0..self.cases.len())
            .filter(|row| {
                self.eras.iter().all(|era| {
                    self.days(*row, era).is_none() || era.rows[*row].iter().any(Taken::is_empty)
                })
            })
            .collect()
    }

    /// The days of a row in an era; none where there are none.
    fn days(&self, row: usize, era: &Era) -> Option<(Option<Date>, Option<Date>)> {
        let case = &self.cases[row];
        meet((case.from, case.until), (era.from, era.until))
    }

    /// Every pair of rows with a value in common, by the earlier row.
    pub(crate) fn overlaps(&self) -> Vec<Overlap> {
        let mut found: BTreeMap<(usize, usize), Overlap> = BTreeMap::new();
        for era in &self.eras {
            // Only rows that share an atom of the finest column are compared.
            let finest = era
                .columns
                .iter()
                .enumerate()
                .max_by_key(|(_, column)| column.atoms.len())
                .map(|(number, _)| number);
            let mut whole: Vec<usize> = Vec::new();
            let mut by_atom: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
            for (row, taken) in era.rows.iter().enumerate() {
                match finest.and_then(|column| taken.get(column)) {
                    Some(Taken::These(atoms)) => {
                        for atom in atoms {
                            by_atom.entry(*atom).or_default().push(row);
                        }
                    }
                    _ => whole.push(row),
                }
            }
            let mut compare = |a: usize, b: usize| {
                let pair = (a.min(b), a.max(b));
                if a != b
                    && !found.contains_key(&pair)
                    && let Some(overlap) = self.overlap(era, pair.0, pair.1)
                {
                    found.insert(pair, overlap);
                }
            };
            for rows in by_atom.values() {
                for (index, a) in rows.iter().enumerate() {
                    for b in &rows[index + 1..] {
                        compare(*a, *b);
                    }
                }
            }
            for (index, a) in whole.iter().enumerate() {
                for b in &whole[index + 1..] {
                    compare(*a, *b);
                }
                for b in 0..era.rows.len() {
                    compare(*a, b);
                }
            }
        }
        found.into_values().collect()
    }

    fn overlap(&self, era: &Era, first: usize, second: usize) -> Option<Overlap> {
        let days = meet(self.days(first, era)?, self.days(second, era)?)?;
        let mut both = Vec::with_capacity(era.columns.len());
        for ((a, b), column) in era.rows[first]
            .iter()
            .zip(&era.rows[second])
            .zip(&era.columns)
        {
            both.push(column.example(a.first_common(b)?));
        }
        let on = if self.dated { days.0.or(days.1) } else { None };
        Some(Overlap {
            first,
            second,
            both,
            on,
        })
    }

    /// What no row takes.
    pub(crate) fn coverage(&self) -> Coverage {
        let mut gaps: Vec<Gap> = Vec::new();
        let mut budget = BUDGET;
        for era in &self.eras {
            for (from, until) in self.stretches(era) {
                let active: Vec<usize> = (0..self.cases.len())
                    .filter(|row| {
                        self.days(*row, era)
                            .and_then(|days| meet(days, (from, until)))
                            .is_some()
                            && !era.rows[*row].iter().any(Taken::is_empty)
                    })
                    .collect();
                let mut search = Search {
                    era,
                    covered: FxHashSet::default(),
                    found: Vec::new(),
                    budget: &mut budget,
                };
                if search.go(active, &mut Vec::new()).is_err() {
                    return Coverage::Unproved;
                }
                for boxed in std::mem::take(&mut search.found) {
                    self.gap(era, &boxed, (from, until), &mut gaps);
                }
            }
        }
        gaps.truncate(TOLD);
        if gaps.is_empty() {
            Coverage::Whole
        } else {
            Coverage::Gaps(gaps)
        }
    }

    /// Stretches of an era in which the same rows are in force.
    fn stretches(&self, era: &Era) -> Vec<(Option<Date>, Option<Date>)> {
        if !self.dated {
            return vec![(None, None)];
        }
        let mut cuts: Vec<Date> = Vec::new();
        for case in self.cases {
            cuts.extend(case.from);
            cuts.extend(case.until.and_then(|until| day(until, 1)));
        }
        spans(&cuts)
            .into_iter()
            .filter_map(|span| meet(span, (era.from, era.until)))
            .collect()
    }

    fn gap(
        &self,
        era: &Era,
        boxed: &[Taken],
        (from, until): (Option<Date>, Option<Date>),
        gaps: &mut Vec<Gap>,
    ) {
        let mut exact = true;
        let cells: Vec<String> = era
            .columns
            .iter()
            .enumerate()
            .map(|(number, column)| {
                let taken = boxed.get(number).unwrap_or(&Taken::All);
                let (text, sayable) = column.text(taken, self.places, era.on);
                exact &= sayable;
                text
            })
            .collect();
        // The same case in the stretch right before is the same gap, going on.
        if let Some(before) = gaps.iter_mut().find(|gap| {
            gap.cells == cells
                && gap.until.is_some()
                && gap.until.and_then(|until| day(until, 1)) == from
        }) {
            before.until = until;
            return;
        }
        gaps.push(Gap {
            cells,
            exact,
            from,
            until,
        });
    }

    /// Whether rows `by` take everything that `row` takes.
    pub(crate) fn hidden(&self, row: usize, by: &[usize]) -> bool {
        let mut budget = BUDGET;
        self.eras.iter().all(|era| {
            let Some(days) = self.days(row, era) else {
                return true;
            };
            if era.rows[row].iter().any(Taken::is_empty) {
                return true;
            }
            self.stretches(era).into_iter().all(|stretch| {
                let Some(days) = meet(days, stretch) else {
                    return true;
                };
                let rows: Vec<Vec<&Taken>> = by
                    .iter()
                    .filter(|other| {
                        self.days(**other, era)
                            .and_then(|other| meet(other, days))
                            .is_some()
                    })
                    .map(|other| era.rows[*other].iter().collect())
                    .collect();
                inside(&era.columns, &era.rows[row], &rows, 0, &mut budget)
            })
        })
    }
}

/// Whether the rows take every combination of the atoms of `of`, from a column on.
fn inside(
    columns: &[Column],
    of: &[Taken],
    rows: &[Vec<&Taken>],
    column: usize,
    budget: &mut usize,
) -> bool {
    let Some(left) = budget.checked_sub(1) else {
        return false;
    };
    *budget = left;
    if rows.is_empty() {
        return false;
    }
    let (Some(cut), Some(taken)) = (columns.get(column), of.get(column)) else {
        return true;
    };
    let atoms: Vec<u32> = match taken {
        Taken::All => (0..cut.atoms.len() as u32).collect(),
        Taken::These(atoms) => atoms.clone(),
    };
    let mut known: FxHashSet<Vec<usize>> = FxHashSet::default();
    atoms.into_iter().all(|atom| {
        let kept: Vec<usize> = (0..rows.len())
            .filter(|row| match rows[*row][column] {
                Taken::All => true,
                Taken::These(atoms) => atoms.binary_search(&atom).is_ok(),
            })
            .collect();
        if known.contains(&kept) {
            return true;
        }
        let rest: Vec<Vec<&Taken>> = kept.iter().map(|row| rows[*row].clone()).collect();
        let whole = inside(columns, of, &rest, column + 1, budget);
        known.insert(kept);
        whole
    })
}

/// The search for combinations that no row takes.
struct Search<'e, 'b> {
    era: &'e Era,
    covered: FxHashSet<(usize, Vec<usize>)>,
    found: Vec<Vec<Taken>>,
    budget: &'b mut usize,
}

/// The budget is spent.
struct Spent;

impl Search<'_, '_> {
    /// Goes through the atoms of the next column with the rows that took those before; a group of atoms that the same rows take is one.
    fn go(&mut self, rows: Vec<usize>, before: &mut Vec<Taken>) -> Result<(), Spent> {
        *self.budget = self.budget.checked_sub(1).ok_or(Spent)?;
        if self.found.len() >= TOLD {
            return Ok(());
        }
        if rows.is_empty() {
            self.found.push(before.clone());
            return Ok(());
        }
        let column = before.len();
        let Some(cut) = self.era.columns.get(column) else {
            return Ok(());
        };
        if self.covered.contains(&(column, rows.clone())) {
            return Ok(());
        }
        let known = self.found.len();
        let whole = rows
            .iter()
            .all(|row| self.era.rows[*row][column] == Taken::All);
        if whole {
            before.push(Taken::All);
            self.go(rows.clone(), before)?;
            before.pop();
        } else {
            let mut takers: Vec<Vec<usize>> = vec![Vec::new(); cut.atoms.len()];
            for row in &rows {
                match &self.era.rows[*row][column] {
                    Taken::All => takers.iter_mut().for_each(|rows| rows.push(*row)),
                    Taken::These(atoms) => {
                        for atom in atoms {
                            takers[*atom as usize].push(*row);
                        }
                    }
                }
            }
            let mut groups: IndexMap<Vec<usize>, Vec<u32>> = IndexMap::new();
            for (rows, atom) in takers.into_iter().zip(0..) {
                groups.entry(rows).or_default().push(atom);
            }
            for (rows, atoms) in groups {
                before.push(Taken::These(atoms));
                self.go(rows, before)?;
                before.pop();
            }
        }
        if self.found.len() == known {
            self.covered.insert((column, rows));
        }
        Ok(())
    }
}

/// The time that days cut, as stretches; each day begins one.
fn spans(cuts: &[Date]) -> Vec<(Option<Date>, Option<Date>)> {
    let mut cuts = cuts.to_vec();
    cuts.sort_unstable();
    cuts.dedup();
    let mut spans = Vec::with_capacity(cuts.len() + 1);
    let mut from = None;
    for cut in cuts {
        spans.push((from, day(cut, -1)));
        from = Some(cut);
    }
    spans.push((from, None));
    spans
}

/// The days that two stretches have in common.
fn meet(
    a: (Option<Date>, Option<Date>),
    b: (Option<Date>, Option<Date>),
) -> Option<(Option<Date>, Option<Date>)> {
    let from = a.0.max(b.0); // none is the earliest
    let until = match (a.1, b.1) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    match (from, until) {
        (Some(from), Some(until)) if from > until => None,
        _ => Some((from, until)),
    }
}

/// The sets of places that cells name.
pub(crate) fn sets(cases: &[Case]) -> Vec<String> {
    let mut sets: Vec<String> = Vec::new();
    for cell in cases.iter().flat_map(|case| &case.cells) {
        let Cell::OneOf(tests) = cell else { continue };
        for test in tests {
            if let Test::Within { set, less_sets, .. } = test {
                for set in std::iter::once(set).chain(less_sets) {
                    if !sets.contains(set) {
                        sets.push(set.clone());
                    }
                }
            }
        }
    }
    sets
}

#[cfg(test)]
mod tests;
