//! The whole system from outside: the real binary, real sockets, files on disk.

mod system {
    pub mod support;
}
