//! Codes of declarations, names, settings, systems, uses, layers and connector files: F0100 to F0199.

use super::Entry;

pub(super) const CODES: &[Entry] = &[];
