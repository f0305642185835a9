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
            places::territories().to_vec()
        } else {
            places::countries().to_vec()
        }
    }

    fn within(&self, set: &str, code: Code<2>, _territories: bool, on: Option<Date>) -> bool {
        places::contains(set, code, on) // a country counts by its main territory, which has its code
    }
}

/// Days on which a set changes.
pub(crate) fn changes(sets: &[String]) -> Vec<Date> {
    let mut days: Vec<Date> = sets.iter().flat_map(|set| places::changes(set)).collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// Whether there is a set of this name.
pub(crate) fn is_set(name: &str) -> bool {
    places::is_set(name)
}

/// Names of the sets.
pub(crate) fn sets() -> impl Iterator<Item = &'static str> {
    places::sets().into_iter()
}
