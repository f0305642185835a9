//! Codes of systems and their answers: F0700 to F0799.

use super::Entry;

pub(super) const CODES: &[Entry] = &[];
