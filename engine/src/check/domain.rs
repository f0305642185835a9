//! Which values a column of a decision table can take, cut into pieces that no cell tells apart.
//!
//! In: a column's type and the cells that stand in it. Out: its [`Column`] of atoms, and each cell as the set of atoms it takes. Two cells
//! have a value in common exactly when their sets meet, and cells cover a column exactly when their sets do: so overlap and gaps are proved.

use std::cmp::Ordering;

use flowbook_stdlib::display::{as_literal, in_message};
use flowbook_stdlib::operations;
use flowbook_stdlib::types::{Kind, Type};
use flowbook_stdlib::value::{Code, Value};
use indexmap::IndexMap;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::plan::{Cell, Comparison, Test};

/// Sets of countries and territories, whose members change with time.
pub(crate) trait Places {
    /// Every code of a column: countries, or territories.
    fn all(&self, territories: bool) -> Vec<Code<2>>;
    /// Whether a code is in a set on a day; by the newest list without one.
    fn within(&self, set: &str, code: Code<2>, territories: bool, on: Option<Date>) -> bool;
}

/// Values of a column that every cell takes together or not at all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Atom {
    /// `none`
    Absent,
    /// One value.
    Value(Value),
    /// Everything between two values, both excluded; without a bound where absent.
    Between(Option<Value>, Option<Value>),
    /// Countries or territories.
    Codes(Vec<Code<2>>),
    /// Every value that no cell names.
    Other,
}

/// Atoms that a cell takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Every atom.
    All,
    /// These, ascending.
    These(Vec<u32>),
}

impl Taken {
    /// Takes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Taken::These(atoms) if atoms.is_empty())
    }

    /// The first atom that both take.
    pub(crate) fn first_common(&self, other: &Taken) -> Option<u32> {
        match (self, other) {
            (Taken::All, Taken::All) => Some(0),
            (Taken::All, Taken::These(atoms)) | (Taken::These(atoms), Taken::All) => {
                atoms.first().copied()
            }
            (Taken::These(a), Taken::These(b)) => {
                let (mut i, mut j) = (0, 0);
                while let (Some(left), Some(right)) = (a.get(i), b.get(j)) {
                    match left.cmp(right) {
                        Ordering::Equal => return Some(*left),
                        Ordering::Less => i += 1,
                        Ordering::Greater => j += 1,
                    }
                }
                None
            }
        }
    }
}

/// A column, cut into atoms.
#[derive(Debug)]
pub(crate) struct Column {
    /// Its atoms; never empty.
    pub(crate) atoms: Vec<Atom>,
    named: FxHashMap<String, u32>,
    territories: bool,
    sets: Vec<String>,
}

impl Column {
    /// Cuts a column by the cells that stand in it, on a day.
    pub(crate) fn new(ty: &Type, cells: &[&Cell], places: &dyn Places, on: Option<Date>) -> Column {
        let tests: Vec<&Test> = cells
            .iter()
            .flat_map(|cell| match cell {
                Cell::Any => [].iter(),
                Cell::OneOf(tests) => tests.iter(),
            })
            .collect();
        let territories = ty.kind == Kind::Territory;
        let mut atoms = match &ty.kind {
            Kind::Bool => vec![
                Atom::Value(Value::Bool(true)),
                Atom::Value(Value::Bool(false)),
            ],
            Kind::OneOf(names) => names
                .iter()
                .map(|name| Atom::Value(Value::Text(name.name.clone())))
                .collect(),
            Kind::Country | Kind::Territory => codes(&tests, territories, places, on),
            Kind::Int
            | Kind::Decimal(_)
            | Kind::Percent
            | Kind::Money(..)
            | Kind::Date
            | Kind::DateTime
            | Kind::Time => pieces(&ty.kind, &tests),
            _ => named(&tests),
        };
        if ty.optional {
            atoms.push(Atom::Absent);
        }
        let mut sets: Vec<String> = Vec::new();
        for test in &tests {
            if let Test::Within { set, less_sets, .. } = test {
                for set in std::iter::once(set).chain(less_sets) {
                    if !sets.contains(set) {
                        sets.push(set.clone());
                    }
                }
            }
        }
        let named = atoms
            .iter()
            .zip(0..)
            .filter_map(|(atom, number)| match atom {
                Atom::Value(value) => Some((key(value), number)),
                Atom::Absent => Some((key(&Value::None), number)),
                _ => None,
            })
            .collect();
        Column {
            atoms,
            named,
            territories,
            sets,
        }
    }

    /// The atoms that a cell takes.
    pub(crate) fn taken(&self, cell: &Cell, places: &dyn Places, on: Option<Date>) -> Taken {
        let Cell::OneOf(tests) = cell else {
            return Taken::All;
        };
        let mut taken: Vec<u32> = Vec::new();
        for test in tests {
            if let Test::Is(value) = test
                && !matches!(value, Value::Country(_) | Value::Territory(_))
            {
                taken.extend(self.named.get(&key(value)));
                continue;
            }
            taken.extend(
                self.atoms
                    .iter()
                    .zip(0..)
                    .filter(|(atom, _)| holds(test, atom, self.territories, places, on))
                    .map(|(_, number)| number),
            );
        }
        taken.sort_unstable();
        taken.dedup();
        if taken.len() == self.atoms.len() {
            Taken::All
        } else {
            Taken::These(taken)
        }
    }

    /// One value of an atom, for messages.
    pub(crate) fn example(&self, atom: u32) -> String {
        match self.atoms.get(atom as usize) {
            Some(Atom::Value(value)) => literal(value),
            Some(Atom::Codes(codes)) => codes
                .first()
                .map_or_else(|| "no country".to_owned(), ToString::to_string),
            Some(Atom::Absent) => "none".to_owned(),
            Some(Atom::Between(low, high)) => between(low.as_ref(), high.as_ref()),
            Some(Atom::Other) | None => "any other value".to_owned(),
        }
    }

    /// Atoms as the text of a cell, and whether a cell can say it (otherwise it is prose).
    pub(crate) fn text(
        &self,
        taken: &Taken,
        places: &dyn Places,
        on: Option<Date>,
    ) -> (String, bool) {
        let Taken::These(numbers) = taken else {
            return ("_".to_owned(), true);
        };
        if numbers.len() == self.atoms.len() {
            return ("_".to_owned(), true);
        }
        let mut parts: Vec<String> = Vec::new();
        let mut exact = true;
        let mut group: Vec<Code<2>> = Vec::new();
        let mut index = 0;
        while let Some(atom) = numbers.get(index).and_then(|n| self.atoms.get(*n as usize)) {
            match atom {
                Atom::Codes(codes) => group.extend(codes),
                Atom::Absent => parts.push("none".to_owned()),
                Atom::Other => {
                    parts.push("any other value".to_owned());
                    exact = false;
                }
                Atom::Value(value) if !ordered(value) => parts.push(literal(value)),
                Atom::Value(_) | Atom::Between(..) => {
                    // A run of neighbouring pieces is one range.
                    let mut last = index;
                    while numbers.get(last + 1).is_some_and(|next| {
                        *next == numbers[last] + 1
                            && matches!(
                                self.atoms.get(*next as usize),
                                Some(Atom::Value(_) | Atom::Between(..))
                            )
                    }) {
                        last += 1;
                    }
                    let end = self.atoms.get(numbers[last] as usize).unwrap_or(atom);
                    let (text, sayable) = range(atom, end);
                    parts.push(text);
                    exact &= sayable;
                    index = last;
                }
            }
            index += 1;
        }
        if !group.is_empty() {
            parts.insert(0, self.places_text(&group, places, on));
        }
        (parts.join(if exact { " | " } else { " or " }), exact)
    }

    fn places_text(&self, group: &[Code<2>], places: &dyn Places, on: Option<Date>) -> String {
        let list = |codes: &[Code<2>], between: &str| {
            codes
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(between)
        };
        if group.len() <= 3 {
            return list(group, " | ");
        }
        let all = places.all(self.territories);
        let members = |set: &str| -> Vec<Code<2>> {
            all.iter()
                .copied()
                .filter(|code| places.within(set, *code, self.territories, on))
                .collect()
        };
        let mut best: Option<(usize, String)> = None;
        let names: Vec<&str> = self
            .sets
            .iter()
            .map(String::as_str)
            .chain(["eu", "world"])
            .collect();
        for set in &names {
            let inside = members(set);
            if !group.iter().all(|code| inside.contains(code)) {
                continue;
            }
            for less in std::iter::once(None).chain(names.iter().map(Some)) {
                let out = less.map(|less| members(less)).unwrap_or_default();
                if group.iter().any(|code| out.contains(code)) {
                    continue;
                }
                let rest: Vec<Code<2>> = inside
                    .iter()
                    .copied()
                    .filter(|code| !out.contains(code) && !group.contains(code))
                    .collect();
                let mut text = (*set).to_owned();
                if let Some(less) = less {
                    text = format!("{text} - {less}");
                }
                if !rest.is_empty() {
                    text = format!("{text} - {}", list(&rest, " - "));
                }
                let cost = rest.len() * 2 + usize::from(less.is_some());
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, text));
                }
            }
        }
        match best {
            Some((cost, text)) if cost <= group.len() * 2 => text,
            _ => list(group, " | "),
        }
    }
}

/// A value as flow text says it.
fn literal(value: &Value) -> String {
    as_literal(value).unwrap_or_else(|| in_message(value))
}

fn ordered(value: &Value) -> bool {
    matches!(
        value,
        Value::Int(_)
            | Value::Decimal(_)
            | Value::Percent(_)
            | Value::Money(_)
            | Value::Date(_)
            | Value::DateTime(_)
            | Value::Time(_)
    )
}

fn between(low: Option<&Value>, high: Option<&Value>) -> String {
    match (low, high) {
        (None, None) => "_".to_owned(),
        (None, Some(high)) => format!("< {}", literal(high)),
        (Some(low), None) => format!("> {}", literal(low)),
        (Some(low), Some(high)) => {
            format!("a value between {} and {}", literal(low), literal(high))
        }
    }
}

/// A run of pieces from one to another as a cell, and whether a cell can say it.
fn range(first: &Atom, last: &Atom) -> (String, bool) {
    let (low, low_in) = match first {
        Atom::Value(value) => (Some(value), true),
        Atom::Between(low, _) => (low.as_ref(), false),
        _ => (None, false),
    };
    let (high, high_in) = match last {
        Atom::Value(value) => (Some(value), true),
        Atom::Between(_, high) => (high.as_ref(), false),
        _ => (None, false),
    };
    match (low, high) {
        (None, None) => ("_".to_owned(), true),
        (Some(low), None) => (
            format!("{} {}", if low_in { ">=" } else { ">" }, literal(low)),
            true,
        ),
        (None, Some(high)) => (
            format!("{} {}", if high_in { "<=" } else { "<" }, literal(high)),
            true,
        ),
        (Some(low), Some(high)) if low_in && high_in => {
            if low == high {
                (literal(low), true)
            } else {
                (format!("{}..{}", literal(low), literal(high)), true)
            }
        }
        (Some(low), Some(high)) => match (
            next(low, i64::from(!low_in)),
            next(high, -i64::from(!high_in)),
        ) {
            (Some(low), Some(high)) if literal(&low) == literal(&high) => (literal(&low), true),
            (Some(low), Some(high)) => (format!("{}..{}", literal(&low), literal(&high)), true),
            _ => {
                let mut text = between(Some(low), Some(high));
                if low_in {
                    text = format!("{}, or {text}", literal(low));
                }
                if high_in {
                    text = format!("{text}, or {}", literal(high));
                }
                (text, false)
            }
        },
    }
}

/// The neighbour of a value, where values have neighbours.
fn next(value: &Value, step: i64) -> Option<Value> {
    match value {
        _ if step == 0 => Some(value.clone()),
        Value::Int(number) => number.checked_add(step).map(Value::Int),
        Value::Date(date) => day(*date, step).map(Value::Date),
        _ => None,
    }
}

/// A day before or after another one.
pub(crate) fn day(date: Date, step: i64) -> Option<Date> {
    date.checked_add(jiff::Span::new().try_days(step).ok()?)
        .ok()
}

/// What makes two constants one.
pub(crate) fn key(value: &Value) -> String {
    match value {
        Value::Email(text) => text.trim().to_lowercase(),
        Value::Text(text) | Value::Account(text) => text.to_string(),
        Value::Money(money) => money.amount.normalize().to_string(),
        Value::None => "\u{0}none".to_owned(),
        other => match operations::number(other) {
            Some(number) => number.normalize().to_string(),
            None => in_message(other),
        },
    }
}

/// The constants that a column's cells name, and everything else.
fn named(tests: &[&Test]) -> Vec<Atom> {
    let mut values: IndexMap<String, Value> = IndexMap::new();
    for test in tests {
        if let Test::Is(value) = test
            && *value != Value::None
        {
            values.entry(key(value)).or_insert_with(|| value.clone());
        }
    }
    values
        .into_values()
        .map(Atom::Value)
        .chain([Atom::Other])
        .collect()
}

/// Values that the cells name, and what lies between them.
fn pieces(kind: &Kind, tests: &[&Test]) -> Vec<Atom> {
    let mut values: Vec<Value> = Vec::new();
    for test in tests {
        match test {
            Test::Is(Value::None) | Test::Within { .. } => {}
            Test::Is(value) | Test::Compare(_, value) => values.push(value.clone()),
            Test::Range(low, high) => values.extend([low.clone(), high.clone()]),
        }
    }
    values.sort_by(order);
    values.dedup_by(|a, b| order(a, b).is_eq());
    let mut atoms = Vec::with_capacity(values.len() * 2 + 1);
    let mut low: Option<Value> = None;
    for value in values {
        if low.as_ref().is_none_or(|low| room(kind, low, &value)) {
            atoms.push(Atom::Between(low, Some(value.clone())));
        }
        atoms.push(Atom::Value(value.clone()));
        low = Some(value);
    }
    atoms.push(Atom::Between(low, None));
    atoms
}

fn order(left: &Value, right: &Value) -> Ordering {
    operations::compare(left, right).unwrap_or(Ordering::Equal)
}

/// Whether a value of the kind lies between two others.
fn room(kind: &Kind, low: &Value, high: &Value) -> bool {
    let step = match kind {
        Kind::Int => Some(Decimal::ONE),
        Kind::Decimal(Some(scale)) | Kind::Money(_, Some(scale)) => {
            Some(Decimal::new(1, u32::from(*scale)))
        }
        _ => None,
    };
    let amount = |value: &Value| match value {
        Value::Money(money) => Some(money.amount),
        other => operations::number(other),
    };
    match (low, high, step) {
        (Value::Date(low), Value::Date(high), _) => day(*low, 1).is_some_and(|after| after < *high),
        (low, high, Some(step)) => match (amount(low), amount(high)) {
            (Some(low), Some(high)) => high - low > step,
            _ => true,
        },
        _ => true,
    }
}

/// Countries or territories, grouped by the tests that take them.
fn codes(tests: &[&Test], territories: bool, places: &dyn Places, on: Option<Date>) -> Vec<Atom> {
    let mut distinct: Vec<&Test> = Vec::new();
    for test in tests {
        if !distinct.contains(test) {
            distinct.push(test);
        }
    }
    let mut groups: IndexMap<Vec<bool>, Vec<Code<2>>> = IndexMap::new();
    for code in places.all(territories) {
        let signature = distinct
            .iter()
            .map(|test| takes_code(test, code, territories, places, on))
            .collect();
        groups.entry(signature).or_default().push(code);
    }
    groups.into_values().map(Atom::Codes).collect()
}

fn takes_code(
    test: &Test,
    code: Code<2>,
    territories: bool,
    places: &dyn Places,
    on: Option<Date>,
) -> bool {
    let is = |value: &Value| matches!(value, Value::Country(other) | Value::Territory(other) if *other == code);
    match test {
        Test::Is(value) => is(value),
        Test::Within {
            set,
            less_sets,
            less,
        } => {
            places.within(set, code, territories, on)
                && !less_sets
                    .iter()
                    .any(|set| places.within(set, code, territories, on))
                && !less.iter().any(is)
        }
        Test::Compare(..) | Test::Range(..) => false,
    }
}

fn holds(
    test: &Test,
    atom: &Atom,
    territories: bool,
    places: &dyn Places,
    on: Option<Date>,
) -> bool {
    match (test, atom) {
        (_, Atom::Codes(codes)) => codes
            .first()
            .is_some_and(|code| takes_code(test, *code, territories, places, on)),
        (Test::Is(value), Atom::Value(other)) => key(value) == key(other),
        (Test::Compare(comparison, bound), Atom::Value(value)) => {
            let order = order(value, bound);
            match comparison {
                Comparison::Ge => order.is_ge(),
                Comparison::Gt => order.is_gt(),
                Comparison::Le => order.is_le(),
                Comparison::Lt => order.is_lt(),
                Comparison::Eq => order.is_eq(),
                Comparison::Ne => order.is_ne(),
                Comparison::In => false,
            }
        }
        (Test::Range(low, high), Atom::Value(value)) => {
            order(low, value).is_le() && order(value, high).is_le()
        }
        (Test::Compare(comparison, bound), Atom::Between(low, high)) => match comparison {
            Comparison::Ge | Comparison::Gt => {
                low.as_ref().is_some_and(|low| order(low, bound).is_ge())
            }
            Comparison::Le | Comparison::Lt => {
                high.as_ref().is_some_and(|high| order(high, bound).is_le())
            }
            Comparison::Ne => true,
            Comparison::Eq | Comparison::In => false,
        },
        (Test::Range(from, to), Atom::Between(low, high)) => {
            low.as_ref().is_some_and(|low| order(low, from).is_ge())
                && high.as_ref().is_some_and(|high| order(high, to).is_le())
        }
        _ => false,
    }
}
