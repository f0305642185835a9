//! The whole system from outside: the real binary, real sockets, files on disk.

mod system {
    mod bad_input;
    mod commands;
    mod connectors;
    mod documents;
    mod kills;
    mod layers;
    pub mod made_up;
    mod orders;
    pub mod support;
    mod truth;
}
