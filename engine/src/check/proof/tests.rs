//! The proof's verdict equals counting: every value of small domains on every day is asked of every row.

use flowbook_stdlib::types::{Enumerator, Kind, Type};
use flowbook_stdlib::value::{Code, Value};
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::super::domain::Places;
use super::*;
use crate::plan::Comparison;

/// Four countries; AA leaves the union on day 5, DD joins it on day 7.
struct Four;

const CODES: [&str; 4] = ["AA", "BB", "CC", "DD"];

impl Places for Four {
    fn all(&self, _: bool) -> Vec<Code<2>> {
        CODES.iter().filter_map(|code| Code::new(code)).collect()
    }

    fn within(&self, set: &str, code: Code<2>, _: bool, on: Option<Date>) -> bool {
        let on = on.unwrap_or(date(2026, 1, 31));
        match (set, code.as_str()) {
            ("world", _) => true,
            ("union", "AA") => on < date(2026, 1, 5),
            ("union", "DD") => on >= date(2026, 1, 7),
            ("union", code) => code == "BB",
            _ => false,
        }
    }
}

fn changes() -> Vec<Date> {
    vec![date(2026, 1, 5), date(2026, 1, 7)]
}

fn types() -> Vec<Type> {
    let names = ["x", "y", "z"].map(|name| Enumerator {
        name: name.into(),
        wire: None,
    });
    vec![
        Type::new(Kind::Bool),
        Type::new(Kind::OneOf(names.into())).optional(),
        Type::new(Kind::Int),
        Type::new(Kind::Text(None)),
        Type::new(Kind::Country),
    ]
}

/// Every value of a column that tests can tell apart.
fn values(ty: &Type) -> Vec<Value> {
    let text = |names: &[&str]| {
        names
            .iter()
            .map(|name| Value::Text((*name).into()))
            .collect::<Vec<_>>()
    };
    let mut values = match ty.kind {
        Kind::Bool => vec![Value::Bool(true), Value::Bool(false)],
        Kind::OneOf(_) => text(&["x", "y", "z"]),
        Kind::Int => (-2..=6).map(Value::Int).collect(),
        Kind::Text(_) => text(&["a", "b", "something else"]),
        _ => CODES
            .iter()
            .filter_map(|code| Code::new(code).map(Value::Country))
            .collect(),
    };
    if ty.optional {
        values.push(Value::None);
    }
    values
}

fn takes(cell: &Cell, value: &Value, on: Option<Date>) -> bool {
    let Cell::OneOf(tests) = cell else {
        return true;
    };
    tests.iter().any(|test| match (test, value) {
        (Test::Is(wanted), value) => wanted == value,
        (Test::Compare(Comparison::Ge, Value::Int(bound)), Value::Int(value)) => value >= bound,
        (Test::Compare(Comparison::Lt, Value::Int(bound)), Value::Int(value)) => value < bound,
        (Test::Range(Value::Int(low), Value::Int(high)), Value::Int(value)) => {
            low <= value && value <= high
        }
        (
            Test::Within {
                set,
                less_sets,
                less,
            },
            Value::Country(code),
        ) => {
            Four.within(set, *code, false, on)
                && !less_sets
                    .iter()
                    .any(|set| Four.within(set, *code, false, on))
                && !less.contains(value)
        }
        _ => false,
    })
}

fn in_force(case: &Case, on: Option<Date>) -> bool {
    on.is_none_or(|on| {
        case.from.is_none_or(|from| from <= on) && case.until.is_none_or(|until| on <= until)
    })
}

/// Every combination of values.
fn combinations(types: &[Type]) -> Vec<Vec<Value>> {
    types.iter().fold(vec![Vec::new()], |before, ty| {
        before
            .iter()
            .flat_map(|row| {
                values(ty).into_iter().map(move |value| {
                    let mut row = row.clone();
                    row.push(value);
                    row
                })
            })
            .collect()
    })
}

fn a_cell(ty: &Type) -> BoxedStrategy<Cell> {
    let is = {
        let mut known = values(ty);
        known.retain(|value| {
            *value != Value::Text("something else".into()) && !matches!(value, Value::Int(-2 | 6))
        });
        prop::collection::vec(prop::sample::select(known), 1..3)
            .prop_map(|values| Cell::OneOf(values.into_iter().map(Test::Is).collect()))
    };
    let special = match ty.kind {
        Kind::Int => (0..5i64, 0..5i64, 0..3)
            .prop_map(|(a, b, form)| {
                Cell::OneOf(vec![match form {
                    0 => Test::Compare(Comparison::Ge, Value::Int(a)),
                    1 => Test::Compare(Comparison::Lt, Value::Int(a)),
                    _ => Test::Range(Value::Int(a), Value::Int(b)),
                }])
            })
            .boxed(),
        Kind::Country => (
            any::<bool>(),
            any::<bool>(),
            prop::sample::select(&CODES[..]),
            any::<bool>(),
        )
            .prop_map(|(union, lessened, less, one)| {
                Cell::OneOf(vec![Test::Within {
                    set: if union { "union" } else { "world" }.to_owned(),
                    less_sets: if lessened && !union {
                        vec!["union".to_owned()]
                    } else {
                        Vec::new()
                    },
                    less: Code::new(less)
                        .filter(|_| one)
                        .map(Value::Country)
                        .into_iter()
                        .collect(),
                }])
            })
            .boxed(),
        _ => Just(Cell::Any).boxed(),
    };
    prop_oneof![1 => Just(Cell::Any), 2 => is, 3 => special].boxed()
}

fn a_day() -> impl Strategy<Value = Option<Date>> {
    prop::option::weighted(0.3, (2..9i8).prop_map(|day| date(2026, 1, day)))
}

fn a_table() -> impl Strategy<Value = (Vec<Type>, Vec<Case>, bool)> {
    (
        prop::collection::vec(prop::sample::select(types()), 1..4),
        any::<bool>(),
    )
        .prop_flat_map(|(types, dated)| {
            let cells: Vec<_> = types.iter().map(a_cell).collect();
            let case = (cells, a_day(), a_day()).prop_map(move |(cells, from, until)| Case {
                cells,
                from: from.filter(|_| dated),
                until: until.filter(|_| dated),
            });
            (Just(types), prop::collection::vec(case, 0..6), Just(dated))
        })
}

fn days(dated: bool) -> Vec<Option<Date>> {
    if dated {
        (1..12).map(|day| Some(date(2026, 1, day))).collect()
    } else {
        vec![None]
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_verdict_equals_counting((types, cases, dated) in a_table()) {
        let proof = Proof::new(&types, &cases, dated, &Four, &changes());
        let overlaps: Vec<(usize, usize)> =
            proof.overlaps().iter().map(|one| (one.first, one.second)).collect();
        let dead = proof.dead();
        let whole = proof.coverage() == Coverage::Whole;

        let mut counted_overlaps = std::collections::BTreeSet::new();
        let mut counted_dead: Vec<usize> = (0..cases.len()).collect();
        let mut counted_whole = true;
        for values in combinations(&types) {
            for on in days(dated) {
                let takers: Vec<usize> = (0..cases.len())
                    .filter(|row| {
                        in_force(&cases[*row], on)
                            && cases[*row].cells.iter().zip(&values).all(|(cell, value)| takes(cell, value, on))
                    })
                    .collect();
                counted_whole &= !takers.is_empty();
                counted_dead.retain(|row| !takers.contains(row));
                for (index, a) in takers.iter().enumerate() {
                    counted_overlaps.extend(takers[index + 1..].iter().map(|b| (*a, *b)));
                }
            }
        }
        prop_assert_eq!(overlaps, counted_overlaps.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(dead, counted_dead);
        prop_assert_eq!(whole, counted_whole);
    }

    #[test]
    fn a_row_is_hidden_when_later_rows_take_all_of_it((types, cases, dated) in a_table()) {
        let proof = Proof::new(&types, &cases, dated, &Four, &changes());
        let Some(last) = cases.len().checked_sub(1) else { return Ok(()); };
        let others: Vec<usize> = (0..last).collect();
        let takes_all = |row: usize, values: &[Value], on: Option<Date>| {
            in_force(&cases[row], on) && cases[row].cells.iter().zip(values).all(|(cell, value)| takes(cell, value, on))
        };
        let counted = combinations(&types).iter().all(|values| {
            days(dated).into_iter().all(|on| {
                !takes_all(last, values, on) || others.iter().any(|other| takes_all(*other, values, on))
            })
        });
        prop_assert_eq!(proof.hidden(last, &others), counted);
    }

    #[test]
    fn a_gap_is_told_by_values_that_no_row_takes((types, cases, dated) in a_table()) {
        let proof = Proof::new(&types, &cases, dated, &Four, &changes());
        if let Coverage::Gaps(gaps) = proof.coverage() {
            for gap in gaps {
                prop_assert_eq!(gap.cells.len(), types.len());
                prop_assert!(gap.from.is_none() || gap.until.is_none() || gap.from <= gap.until);
            }
        }
    }
}
