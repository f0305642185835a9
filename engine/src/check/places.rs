//! Sets of places as the proofs of tables ask for them.

use flowbook_stdlib::value::Code;
use jiff::civil::Date;

use super::domain::Places;

/// The standard library's places.
pub(crate) struct Known;

impl Places for Known {
    fn all(&self, _territories: bool) -> Vec<Code<2>> {
        Vec::new()
    }

    fn within(&self, _set: &str, _code: Code<2>, _territories: bool, _on: Option<Date>) -> bool {
        false
    }
}

/// Days on which a set changes.
pub(crate) fn changes(_sets: &[String]) -> Vec<Date> {
    Vec::new()
}

/// Whether there is a set of this name.
pub(crate) fn is_set(name: &str) -> bool {
    sets().any(|set| set == name)
}

/// Names of the sets.
pub(crate) fn sets() -> impl Iterator<Item = &'static str> {
    ["eu", "world"].into_iter()
}
