//! The whole system from outside: the real binary, real sockets, files on disk.

mod system {
    mod bad_input;
    mod commands;
    mod connectors;
    mod documents;
    #[cfg(unix)]
    mod faults;
    #[cfg(target_os = "linux")]
    mod history;
    #[cfg(unix)]
    mod kills;
    mod layers;
    mod lost_store;
    pub mod made_up;
    mod ordeal;
    mod orders;
    mod privacy;
    #[cfg(unix)]
    mod processes;
    mod prove;
    mod records;
    mod sandbox;
    mod sign_in;
    pub mod support;
    mod truth;
}
