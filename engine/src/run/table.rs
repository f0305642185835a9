//! Decision tables: which row takes these values on this date.

use flowbook_stdlib::value::Value;
use jiff::civil::Date;

use super::ops;
use crate::plan::{Cell, Give, Row, Table, Test};

/// What the table gives: the last layer's row first, `otherwise` where no row takes the values, none where there is neither.
pub fn give<'t>(table: &'t Table, values: &[Value], date: Option<Date>) -> Option<&'t Give> {
    row(table, values, date)
        .map(|row| &row.give)
        .or(table.otherwise.as_ref())
}

/// The row that takes these values.
pub fn row<'t>(table: &'t Table, values: &[Value], date: Option<Date>) -> Option<&'t Row> {
    table.rows.iter().find(|row| {
        in_force(row, date)
            && row
                .cells
                .iter()
                .zip(values)
                .all(|(cell, value)| takes(cell, value, date))
    })
}

fn in_force(row: &Row, date: Option<Date>) -> bool {
    let Some(date) = date else {
        return true;
    };
    row.from.is_none_or(|from| from <= date) && row.until.is_none_or(|until| date <= until)
}

fn takes(cell: &Cell, value: &Value, date: Option<Date>) -> bool {
    match cell {
        Cell::Any => true,
        Cell::OneOf(tests) => tests.iter().any(|test| fits(test, value, date)),
    }
}

fn fits(test: &Test, value: &Value, date: Option<Date>) -> bool {
    use crate::plan::Comparison::{Eq, Ge, Le};
    if let Test::Is(Value::None) = test {
        return *value == Value::None;
    }
    if *value == Value::None {
        return false;
    }
    let holds = |comparison, right: &Value| ops::compare(comparison, value, right) == Ok(true);
    match test {
        Test::Is(wanted) => holds(Eq, wanted),
        Test::Compare(comparison, bound) => holds(*comparison, bound),
        Test::Range(low, high) => holds(Ge, low) && holds(Le, high),
        Test::Within {
            set,
            less_sets,
            less,
        } => {
            ops::within(set, value, date)
                && !less_sets.iter().any(|set| ops::within(set, value, date))
                && !less.iter().any(|code| holds(Eq, code))
        }
    }
}
