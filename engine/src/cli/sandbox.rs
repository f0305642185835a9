//! `flowbook sandbox`: both systems on loopback, until Ctrl-C.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flowbook_sandbox::{Fault, KINDS, Limits, Sandbox};

use super::{Exit, book, output};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The flowbook whose sandbox it is; its state is that of `run --sandbox`.
    dir: Option<PathBuf>,
    /// Throws the sandbox's records and the links of its runs away, and ends: the next start brings the sample data.
    #[arg(long)]
    reset: bool,
    /// Keeps the state in this folder instead of the flowbook's `.flowbook`.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// The till's port; a free one if left out.
    #[arg(long, value_name = "PORT")]
    till_port: Option<u16>,
    /// The books' port; a free one if left out.
    #[arg(long, value_name = "PORT")]
    books_port: Option<u16>,
    /// A JSON file of records laid over the sample data: {"till": {"orders": […]}, "books": {…}}.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Adds so many paid orders to the sample data.
    #[arg(long, value_name = "N")]
    orders: Option<u32>,
    /// A fault in the way of requests: KIND[,share=10][,path=/v2/][,method=POST][,times=1][,skip=0][,millis=300][,seed=1]; may come several times.
    #[arg(long, value_name = "FAULT", long_help = faults_help())]
    fault: Vec<Fault>,
    /// Requests admitted per minute.
    #[arg(long, value_enum, default_value_t)]
    limits: Quota,
    /// How the address and keys are printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Quota {
    /// Those of the real systems.
    Real,
    /// Ten times as many.
    #[default]
    Wide,
    /// As many as come.
    None,
}

/// The help of `--fault`, with every kind.
pub fn faults_help() -> String {
    let width = KINDS.iter().map(|(kind, _)| kind.len()).max().unwrap_or(0);
    let kinds: String = KINDS
        .iter()
        .map(|(kind, what)| format!("\n  {kind:width$}  {what}"))
        .collect();
    format!(
        "A fault in the way of requests, until the sandbox ends: a bad day at will. May come several times.\n\n\
         KIND[,share=10][,path=/v2/][,method=POST][,times=1][,skip=0][,millis=300][,seed=1]\n\n\
         share: percent of the requests that it strikes, drawn from seed; path: how their path begins; \
         times: so often in all; skip: so many pass first.\n\nThe kinds:{kinds}"
    )
}

/// Where the sandbox of a flowbook keeps its records, beside the links of its runs.
pub fn folder(state: &Path) -> PathBuf {
    state.join("sandbox")
}

pub fn command(options: &Options) -> Exit {
    let dir = options.dir.clone().unwrap_or_else(|| PathBuf::from("."));
    let state = book::state_folder(&dir, options.state.as_deref());
    if options.reset {
        return reset(options, &state);
    }
    match super::systems::runtime() {
        Ok(runtime) => runtime.block_on(serve(options, &state)),
        Err(exit) => exit,
    }
}

fn reset(options: &Options, state: &Path) -> Exit {
    let named = options.dir.is_some() || options.state.is_some();
    let states = if named || folder(state).exists() || book::is_flowbook(Path::new(".")) {
        vec![state.to_owned()]
    } else {
        book::states_below(Path::new("."))
    };
    if states.is_empty() {
        output::note(
            "No sandbox was used below this folder yet; the first run starts with the sample data.",
        );
    }
    for state in states {
        let folder = folder(&state);
        if in_use(&folder) {
            output::error(&format!(
                "Another process uses the sandbox in {}. Let it end, or stop it, then reset again.",
                folder.display()
            ));
            return Exit::Broken;
        }
        match std::fs::remove_dir_all(&folder) {
            Ok(()) => output::print(&format!(
                "The sandbox in {} is empty now; its next start brings the sample data.\n",
                folder.display()
            )),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => output::print(&format!(
                "The sandbox in {} was never used; its first start brings the sample data.\n",
                folder.display()
            )),
            Err(why) => {
                output::error(&format!(
                    "The sandbox in {} cannot be emptied: {why}.",
                    folder.display()
                ));
                return Exit::Broken;
            }
        }
    }
    Exit::Done
}

/// Whether a running sandbox, or a run, holds one of the folder's locks.
fn in_use(folder: &Path) -> bool {
    ["sandbox.lock", "lock"].into_iter().any(|name| {
        std::fs::File::open(folder.join(name))
            .is_ok_and(|file| matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
    })
}

async fn serve(options: &Options, state: &Path) -> Exit {
    let started = Sandbox::start(flowbook_sandbox::Options {
        state: Some(folder(state)),
        till_port: options.till_port,
        books_port: options.books_port,
        seed: options.seed.clone(),
        orders: options.orders,
        faults: options.fault.clone(),
        limits: match options.limits {
            Quota::Real => Limits::REAL,
            Quota::Wide => Limits::WIDE,
            Quota::None => Limits::NONE,
        },
        ..flowbook_sandbox::Options::default()
    })
    .await;
    let sandbox = match started {
        Ok(sandbox) => sandbox,
        Err(why) => {
            output::error(&why.to_string());
            return Exit::Broken;
        }
    };
    let env = sandbox
        .env()
        .into_iter()
        .map(|(name, value)| (format!("FLOWBOOK_{name}"), value));
    match options.format {
        output::Format::Json => output::json(&env.collect::<BTreeMap<_, _>>()),
        output::Format::Human => {
            let lines: String = env
                .map(|(name, value)| format!("export {name}='{value}'\n"))
                .collect();
            output::print(&lines);
        }
    }
    output::note(
        "Both systems listen until Ctrl-C. The lines above are the environment that `flowbook run` needs to reach them.",
    );
    if let Err(why) = tokio::signal::ctrl_c().await {
        output::error(&format!("Ctrl-C cannot be waited for: {why}."));
    }
    sandbox.shutdown().await;
    Exit::Done
}
