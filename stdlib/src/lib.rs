//! What flows are made of: types, values, the standard functions, tables and connectors.

pub mod connectors;
pub mod decimals;
pub mod display;
pub mod function;
pub mod functions;
pub mod operations;
pub mod places;
pub mod rates;
pub mod reference;
pub mod rules;
pub mod types;
pub mod value;
pub mod wire;
