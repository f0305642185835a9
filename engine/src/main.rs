//! The `flowbook` command.
fn main() {}
