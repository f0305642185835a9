//! `flowbook run [DIR] [FLOW…]`

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use flowbook_sandbox::{Fault, Sandbox};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;

use super::{
    Exit, book, folder_and_names, moment, output, relink, sandbox, settings, settle, signals,
    systems, wait::Wait,
};
use crate::checked::Book;
use crate::connect::{
    Bounds, HttpSystems, TokenKeeper, Trouble, environment, read_access, variable,
};
use crate::lower;
use crate::plan::Plan;
use crate::prove::ON_SANDBOX;
use crate::run::report::{FlowReport, RecordReport, Report};
use crate::run::stopping::StopToken;
use crate::run::{self, Progress};
use crate::sources::Sources;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError};

#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    flowbook run flows/ccv-eaccounting --sandbox\n  \
    flowbook run flows/ccv-eaccounting --sandbox --fault lose-after,share=10,method=POST\n  \
    flowbook run flows/ccv-eaccounting orders --dry-run --only 339323500\n  \
    flowbook run flows/ccv-eaccounting --set document=invoice\n\n\
    Without --sandbox the addresses and keys of the systems come from the environment:\n  \
    FLOWBOOK_<SYSTEM>_<NAME>, where NAME is a param or secret of its connector, BASE, TOKEN_URL, REFRESH_TOKEN or SETTLE.\n\n\
    A failed record is tried again by itself: with the next run, then after 1 minute, 5 and 30 minutes, 2 hours, 6 hours, and then once a day.\n\
    What follows from the record and the flowbook alone is not tried until one of them changes. `flowbook retry` has the next run try it at\n\
    once, `flowbook records` lists all of them. A flow stops after 25 records in a row that failed for one cause; others go on.\n\n\
    Ctrl-C lets what is in flight end and stops within seconds; a second one stops at once. The next run goes on.")]
pub struct Options {
    /// The flowbook's folder and the names of flows; all flows if none is named.
    #[arg(value_name = "DIR|FLOW")]
    words: Vec<String>,
    /// Reads both systems, writes nothing, and shows record by record what would be written.
    #[arg(long)]
    dry_run: bool,
    /// Ends each flow after so many records that something was to be done for.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Only the record with this key, whether it changed or not; may come several times.
    #[arg(long, value_name = "KEY")]
    only: Vec<String>,
    /// Reads from this day or instant on, instead of from where the last run came to.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// A setting's value for this run.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Runs against local servers that behave like the two systems, with sample data.
    #[arg(long)]
    sandbox: bool,
    /// With --sandbox, a fault in the way of requests: KIND[,share=10][,path=/v2/][,millis=300]…; may come several times.
    #[arg(long, value_name = "FAULT", requires = "sandbox", long_help = sandbox::faults_help())]
    fault: Vec<Fault>,
    /// Keeps the state in this folder instead of the flowbook's `.flowbook`.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    #[command(flatten)]
    wait: Wait,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
    /// Finds what was written, and writes nothing: `flowbook relink`.
    #[arg(skip)]
    relink: bool,
}

impl Options {
    /// Those of `flowbook relink`.
    pub fn relink(
        words: Vec<String>,
        set: Vec<String>,
        sandbox: bool,
        state: Option<PathBuf>,
        wait: Wait,
        format: output::Format,
    ) -> Options {
        Options {
            words,
            dry_run: true,
            limit: None,
            only: Vec::new(),
            since: None,
            set,
            sandbox,
            fault: Vec::new(),
            state,
            wait,
            format,
            relink: true,
        }
    }
}

pub fn command(options: &Options) -> Exit {
    let (dir, flows) = folder_and_names(&options.words);
    let (checked, sources) = match book::checked(&dir) {
        Ok(checked) => checked,
        Err(exit) => return exit,
    };
    let known = checked.flows.iter().map(|flow| flow.name.as_str());
    for flow in &flows {
        if let Err(exit) = book::has_flow(known.clone(), flow) {
            return exit;
        }
    }
    let runtime = match systems::runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let state = book::state_folder(&dir, options.state.as_deref());
    runtime
        .block_on(async {
            if !options.sandbox {
                return carry_out(options, &checked, &sources, flows, &state, None).await;
            }
            let sandbox = systems::start_sandbox(&state, &options.fault).await?;
            let state = sandbox::folder(&state);
            let done = carry_out(options, &checked, &sources, flows, &state, Some(&sandbox)).await;
            sandbox.shutdown().await;
            done
        })
        .unwrap_or_else(|exit| exit)
}

async fn carry_out(
    options: &Options,
    book: &Book,
    sources: &Sources,
    flows: Vec<String>,
    state: &std::path::Path,
    sandbox: Option<&Sandbox>,
) -> Result<Exit, Exit> {
    let sample = sandbox.map(Sandbox::settings).unwrap_or_default();
    let values = settings::given_or_sample(book, &options.set, &sample)?;
    let mut plan =
        lower::lower(book, sources, &values).map_err(|missing| output::missing(&missing))?;
    settle::apply(&mut plan, &environment, sandbox.is_some()).map_err(|trouble| told(&trouble))?;
    let zone = TimeZone::get(&plan.zone).unwrap_or(TimeZone::UTC);
    let since = moment::since(options.since.as_deref(), &zone)?;
    if options.relink
        && let Some(aside) = SqliteStore::move_aside_if_damaged(state, &options.wait.patience())
            .map_err(|why| refused(&why.to_string(), None))?
    {
        output::note(&format!(
            "The store was damaged and is now {}: delete it once all is well, for it may hold personal data.",
            aside.display()
        ));
    }
    let store = SqliteStore::open_patiently(state, &options.wait.patience())
        .map_err(|why| refused(&why.to_string(), None))?;
    let store = Arc::new(Mutex::new(store));
    let keeper = Arc::new(Keeper(store.clone()));
    let sandboxed = match sandbox {
        Some(sandbox) => systems::sandbox_environment(sandbox, &plan.systems)?,
        None => Vec::new(),
    };
    let look = |name: &str| match sandbox {
        Some(_) => sandboxed
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone()),
        None => environment(name),
    };
    let used = plan.resources_in_use(&flows);
    let connected = read_access(&plan.systems, &used, &look, &*keeper).and_then(|access| {
        HttpSystems::new(
            plan.systems.clone(),
            plan.resources.clone(),
            access,
            keeper.clone(),
            &Bounds {
                quota_factor: quota_factor(&plan, sandbox.is_some()),
                ..Bounds::default()
            },
        )
    });
    let http = connected.map_err(|trouble| told(&trouble))?;
    let watcher = Watcher::new(options);
    let stop = StopToken::default();
    signals::listen(stop.clone());
    let report = run::run(
        &plan,
        &http,
        store,
        &run::Options {
            flows,
            dry: options.dry_run,
            relink: options.relink,
            limit: options.limit,
            only: options.only.clone(),
            since,
            stop,
            ..run::Options::default()
        },
        &watcher,
    )
    .await;
    watcher.ends();
    for warning in http.warnings() {
        output::note(&format!("warning: {warning}"));
    }
    match options.format {
        format if options.relink => {
            relink::tell(&report, format);
            if let Some(stopped) = &report.stopped {
                told(stopped);
            }
        }
        output::Format::Json => {
            output::json(&report);
            if let Some(stopped) = &report.stopped {
                told(stopped);
            }
        }
        output::Format::Human => output::print(&report.summary()),
    }
    Ok(ended(&report))
}

fn ended(report: &Report) -> Exit {
    if report.stopped.is_some() || report.failed() > 0 || !report.findings.is_empty() {
        Exit::Findings
    } else {
        Exit::Done
    }
}

fn refused(message: &str, help: Option<String>) -> Exit {
    output::error(message);
    if let Some(help) = help {
        output::help(&help);
    }
    Exit::Broken
}

fn told(trouble: &Trouble) -> Exit {
    output::error(&format!("{} [{}]", trouble.message, trouble.code));
    if let Some(help) = &trouble.help {
        output::help(help);
    }
    Exit::Broken
}

/// Keeps refresh tokens in the store.
struct Keeper(Arc<Mutex<SqliteStore>>);

impl Keeper {
    fn stored<T>(
        &self,
        verb: impl FnOnce(&mut SqliteStore) -> Result<T, StoreError>,
    ) -> Result<T, String> {
        let mut store = self.0.lock().map_err(|_| LOST.to_owned())?;
        verb(&mut store).map_err(|why| why.to_string())
    }
}

impl TokenKeeper for Keeper {
    fn token(&self, system: &str) -> Result<Option<String>, String> {
        self.stored(|store| store.token(system))
    }

    fn keep(&self, system: &str, token: &str) -> Result<(), String> {
        self.stored(|store| store.keep_token(system, token))
    }

    fn note(&self, system: &str, hash: &str, unheard: bool) -> Result<(), String> {
        self.stored(|store| store.note_sign_in(system, hash, unheard))
    }

    fn is_unheard(&self, system: &str, hash: &str) -> Result<bool, String> {
        self.stored(|store| store.is_unheard(system, hash))
    }
}

/// The sandbox admits ten times the requests of the real systems (`Limits::WIDE`).
const SANDBOX_QUOTA: u32 = 10;

/// How much faster than the connectors say requests may leave: to the sandbox, our own or the one that `prove` starts its runs on.
fn quota_factor(plan: &Plan, sandbox: bool) -> u32 {
    let local = |name: &str| {
        environment(&variable(name, "BASE"))
            .is_some_and(|base| base.starts_with("http://127.0.0.1:"))
    };
    let proved =
        environment(ON_SANDBOX).is_some() && plan.systems.iter().all(|system| local(&system.name));
    if sandbox || proved { SANDBOX_QUOTA } else { 1 }
}

const LOST: &str = "The store cannot be used any more in this run; run again.";

/// Draws progress for whoever watches, and prints what a dry run finds as it finds it.
struct Watcher {
    bar: Option<ProgressBar>,
    diffs: bool,
}

impl Watcher {
    fn new(options: &Options) -> Watcher {
        let style = ProgressStyle::with_template("{spinner} {msg}");
        Watcher {
            bar: output::watched().then(|| match style {
                Ok(style) => ProgressBar::new_spinner().with_style(style),
                Err(_) => ProgressBar::new_spinner(),
            }),
            diffs: options.dry_run && !options.relink && options.format == output::Format::Human,
        }
    }

    fn ends(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Watcher {
    fn begins(&self, flow: &str) {
        if let Some(bar) = &self.bar {
            bar.enable_steady_tick(std::time::Duration::from_millis(120));
            bar.set_message(flow.to_owned());
        }
    }

    fn page(&self, report: &FlowReport) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!(
                "{}: {} read, {} created, {} updated, {} failed",
                report.flow, report.read, report.created, report.updated, report.failed
            ));
        }
    }

    fn record(&self, flow: &str, record: &RecordReport) {
        if !self.diffs {
            return;
        }
        let print = || output::print(&record.diff(flow));
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn wants_changes(&self) -> bool {
        self.diffs
    }
}
