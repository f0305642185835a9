//! The flowbook that is simulated: paid orders of a shop become customers, documents and notes. Read as any flowbook is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::flows::Flows;
use crate::check;
use crate::lower;
use crate::plan::Plan;
use crate::sources::Loaded;

/// How long a write can still take effect after it was given up; how late an order may show up.
pub(super) const SETTLE_S: u64 = 120;

/// What the systems know the engine by: of the till, of the books.
pub(super) const SECRETS: [&str; 2] = ["k3y-of-the-till", "t0ken-of-the-books"];

/// Its plan, made once.
pub(super) fn plan(flows: Flows) -> Arc<Plan> {
    static PLANS: OnceLock<Mutex<HashMap<Flows, Arc<Plan>>>> = OnceLock::new();
    let plans = PLANS.get_or_init(Mutex::default).lock();
    let mut plans = plans.unwrap_or_else(PoisonError::into_inner);
    let plan = plans.entry(flows);
    plan.or_insert_with(|| Arc::new(compile(flows))).clone()
}

fn compile(flows: Flows) -> Plan {
    let (connectors, text) = (flows.connectors(), flows.text());
    let loaded = Loaded::of_texts([("connectors.flow", &*connectors), ("main.flow", &*text)]);
    let checked = check::check(&loaded);
    let found = crate::diagnostic::render(
        &checked.found,
        &loaded.sources,
        crate::diagnostic::Look::Mono,
    );
    let book = checked.book.unwrap_or_else(|| panic!("{found}"));
    lower::lower(&book, &loaded.sources, &[]).unwrap_or_else(|missing| panic!("{missing:?}"))
}
