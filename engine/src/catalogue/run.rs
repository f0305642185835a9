//! Codes of records that fail while a flow runs: F0800 to F0899.

use super::Entry;

pub(super) const CODES: &[Entry] = &[];
