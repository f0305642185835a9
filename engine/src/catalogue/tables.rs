//! Codes of decision tables: F0200 to F0299.

use super::Entry;

pub(super) const CODES: &[Entry] = &[];
