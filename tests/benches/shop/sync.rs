//! A sync from the till to the books, both of them the sandbox in this process, over HTTP and without limits.

use std::sync::{Arc, Mutex};

use flowbook::connect::{Bounds, Forgetful, HttpSystems, read_access};
use flowbook::plan::Plan;
use flowbook::run::report::Report;
use flowbook::run::{self, Silent};
use flowbook::store::Store;
use flowbook_sandbox::{Limits, Options, Sandbox};

/// A first sync of so many orders from end to end; the time is that of the run alone.
pub async fn sync(plan: &Plan, orders: u32, store: Arc<Mutex<dyn Store>>) -> Report {
    let options = Options {
        orders: Some(orders),
        limits: Limits::NONE,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.expect("a sandbox");
    let environment = sandbox.env();
    let look = |variable: &str| {
        let name = variable.strip_prefix("FLOWBOOK_")?;
        let found = environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    let keeper = Arc::new(Forgetful::default());
    let access = read_access(&plan.systems, &plan.resources, &look, &*keeper).expect("access");
    let bounds = Bounds {
        quota_factor: 1_000_000, // the sandbox has no limits here
        ..Bounds::default()
    };
    let systems = HttpSystems::new(
        plan.systems.clone(),
        plan.resources.clone(),
        access,
        keeper,
        &bounds,
    );
    let systems = systems.expect("systems");
    let options = run::Options {
        flows: vec!["orders".to_owned()],
        ..run::Options::default()
    };
    let report = run::run(plan, &systems, store, &options, &Silent).await;
    sandbox.shutdown().await;
    assert!(report.stopped.is_none(), "{:?}", report.stopped);
    report
}
