//! Codes of expressions and types: F0300 to F0449.

use super::Entry;

pub(super) const CODES: &[Entry] = &[];
