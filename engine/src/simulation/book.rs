//! The flowbook that is simulated: paid orders of a shop become customers, drafts, invoices and notes. Read as any flowbook is.

use std::sync::OnceLock;

use crate::check;
use crate::lower;
use crate::plan::Plan;
use crate::sources::Loaded;

/// How long a write can still take effect after it was given up; how late an order may show up.
pub(super) const SETTLE_S: u64 = 120;

/// What the systems know the engine by: of the till, of the books.
pub(super) const SECRETS: [&str; 2] = ["k3y-of-the-till", "t0ken-of-the-books"];

const CONNECTORS: &str = include_str!("connectors.flow");
const FLOWS: &str = include_str!("orders.flow");

/// Its plan, made once.
pub(super) fn plan() -> &'static Plan {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    PLAN.get_or_init(|| {
        let loaded = Loaded::of_texts([("connectors.flow", CONNECTORS), ("main.flow", FLOWS)]);
        let checked = check::check(&loaded);
        let found = crate::diagnostic::render(
            &checked.found,
            &loaded.sources,
            crate::diagnostic::Look::Mono,
        );
        let book = checked.book.unwrap_or_else(|| panic!("{found}"));
        lower::lower(&book, &loaded.sources, &[]).unwrap_or_else(|missing| panic!("{missing:?}"))
    })
}
