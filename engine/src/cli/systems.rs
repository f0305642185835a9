//! Where a run's systems are: the embedded sandbox, or the environment's addresses and keys.

use std::path::Path;

use flowbook_sandbox::{Fault, Sandbox};

use super::{Exit, output, sandbox};
use crate::plan::connector::System;

/// What a run's tasks run on.
pub fn runtime() -> Result<tokio::runtime::Runtime, Exit> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| {
            output::error(&format!("The system gave no threads to work on: {why}."));
            Exit::Broken
        })
}

/// Starts the sandbox of a flowbook.
pub async fn start_sandbox(state: &Path, faults: &[Fault]) -> Result<Sandbox, Exit> {
    Sandbox::start(flowbook_sandbox::Options {
        state: Some(sandbox::folder(state)),
        faults: faults.to_vec(),
        ..flowbook_sandbox::Options::default()
    })
    .await
    .map_err(|why| {
        output::error(&why.to_string());
        Exit::Broken
    })
}

/// The environment of a flowbook's systems in the sandbox: which emulator a system is follows from its connector.
pub fn sandbox_environment(
    sandbox: &Sandbox,
    systems: &[System],
) -> Result<Vec<(String, String)>, Exit> {
    let mut environment = Vec::new();
    for system in systems {
        let values = match system.connector.name.as_str() {
            "ccv_salespos" => sandbox.till_env(),
            "eaccounting" => sandbox.books_env(),
            other => {
                output::error(&format!(
                    "The sandbox has no “{other}”, which the system “{}” is.",
                    system.name
                ));
                output::help(
                    "Run without --sandbox, or only flows of systems that it has: ccv_salespos, eaccounting.",
                );
                return Err(Exit::Broken);
            }
        };
        let prefix = system.name.to_uppercase();
        environment.extend(
            values
                .into_iter()
                .map(|(name, value)| (format!("FLOWBOOK_{prefix}_{name}"), value)),
        );
    }
    Ok(environment)
}
