//! Sets of places as the proofs of tables ask for them.

use flowbook_stdlib::places;
use flowbook_stdlib::value::Code;
use jiff::civil::Date;

use super::domain::Places;

/// The standard library's places.
pub(crate) struct Known;

impl Places for Known {
    fn all(&self, territories: bool) -> Vec<Code<2>> {
        if territories {
            places::territories()
        } else {
            places::countries()
        }
        .to_vec()
    }

    fn within(&self, set: &str, code: Code<2>, _territories: bool, on: Option<Date>) -> bool {
        places::contains(set, code, on)
    }
}

/// Changes before this day are not looked at: no record of a system with an API is as old, and `SE` and `world - eu` overlap before 1995.
const BEGIN: Date = jiff::civil::date(2000, 1, 1);

/// Days on which one of the sets changes.
pub(crate) fn changes(sets: &[String]) -> Vec<Date> {
    sets.iter()
        .flat_map(|set| places::changes(set))
        .filter(|day| *day > BEGIN)
        .collect()
}

/// Whether there is a set of this name.
pub(crate) fn is_set(name: &str) -> bool {
    places::is_set(name)
}

/// Names of the sets.
pub(crate) fn sets() -> impl Iterator<Item = &'static str> {
    places::sets().into_iter()
}
