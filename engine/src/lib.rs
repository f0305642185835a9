//! Checks, plans and runs flowbooks.

pub mod catalogue;
pub mod check;
pub mod checked;
pub mod cli;
pub mod connect;
pub mod diagnostic;
pub mod dice;
pub mod explain;
pub mod lower;
pub mod plan;
pub mod prove;
pub mod run;
pub mod sources;
pub mod store;
pub mod time;

#[cfg(test)]
mod simulation;
mod wrong;
