//! Codes of files, folders, settings and environment: F0600 to F0699.

use super::Entry;

pub(super) const CODES: &[Entry] = &[];
