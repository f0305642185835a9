//! What flows are made of: types, values, the standard functions, tables and connectors.

pub mod function;
pub mod types;
pub mod value;
pub mod wire;
