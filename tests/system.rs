//! The whole system from outside: the real binary, real sockets, files on disk.

mod system {
    mod bad_input;
    mod commands;
    mod documents;
    mod orders;
    pub mod support;
}
