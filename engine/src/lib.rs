//! Checks, plans and runs flowbooks.

pub mod plan;
