//! Functions called as the evaluator calls them, and typed as the checker types them. The examples of all functions are run as flow text by the engine.

mod harness;
mod money;
mod robust;
mod types;
mod values;
