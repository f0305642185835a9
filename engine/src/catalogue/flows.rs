//! Codes of flows, steps and keys: F0450 to F0599.

use super::Entry;

pub(super) const CODES: &[Entry] = &[];
