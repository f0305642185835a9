//! Tree → checked tree: names, types, tables, keys, and what must be known before the first write. Everything at once, nothing needs a network.

pub mod declare;
pub mod declared;
pub mod suggest;
