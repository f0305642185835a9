//! Every kind of fault at every step of an order's way, with the real binary: `tests/FAULTS.md` is what came of it.
//!
//! `UPDATE_FAULTS=1 cargo test -p flowbook --test system faults` writes the page anew. A cell in which anything is booked twice, lost, or not
//! reported fails the test, whatever the page says. `FLOWBOOK_FAULTS_ONLY=row/column` tries one cell and tells all that was said in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::support::{Workplace, repository};

mod cell;
mod ran;
mod store;

use cell::{Desk, Outcome};

/// Cells that are tried at once; most of their time they wait.
const AT_ONCE: usize = 10;

/// A request that an order makes on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Column of the table.
    name: &'static str,
    method: &'static str,
    /// Beginning of its path; `{order}` is the order's id.
    path: &'static str,
    /// So many requests of that kind come before it.
    skip: u64,
    /// What it needs to be reached.
    way: Way,
}

/// The way on which a step lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// The buyer is new to the books.
    New,
    /// The books know the buyer, with another telephone number.
    Known,
    /// The answer to the first draft is lost: it is looked up by its key.
    Lost,
}

const fn step(name: &'static str, method: &'static str, path: &'static str) -> Step {
    Step {
        name,
        method,
        path,
        skip: 0,
        way: Way::New,
    }
}

/// The requests of the flow `orders` with `document=invoice`, in their order.
const STEPS: [Step; 13] = [
    step("sign-in", "POST", "/connect/token"),
    step("orders page", "GET", "/api/rest/v1/orders/"),
    step("order rows", "GET", "/api/rest/v1/orders/{order}/orderrows"),
    step("article look-up", "GET", "/v2/articles"),
    step("customer look-up", "GET", "/v2/customers"),
    step("customer create", "POST", "/v2/customers"),
    Step {
        way: Way::Known,
        ..step("customer update", "PUT", "/v2/customers/")
    },
    step("draft", "POST", "/v2/customerinvoicedrafts"),
    Step {
        skip: 1,
        way: Way::Lost,
        ..step("draft looked up", "GET", "/v2/customerinvoicedrafts")
    },
    Step {
        skip: 1,
        ..step("booking", "POST", "/v2/customerinvoicedrafts")
    },
    step("payment", "POST", "/v2/customerinvoices/"),
    step("order status", "PATCH", "/api/rest/v1/orders/{order}"),
    step("note", "POST", "/api/rest/v1/orders/{order}/ordernotes"),
];

impl Step {
    fn at_books(&self) -> bool {
        self.path.starts_with("/v2")
    }

    fn reads(&self) -> bool {
        self.method == "GET"
    }
}

/// What happens at the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// A fault of the sandbox, with its `millis`.
    Fault(&'static str, u64),
    /// `kill -9` while the request is on its way: it takes effect after the death.
    KilledBefore,
    /// `kill -9` once the work is done, before the answer is read.
    KilledAfter,
    /// `kill -STOP` for longer than `settle`, then `kill -CONT`.
    Stopped,
    /// Something happens to the store.
    Store(store::Harm),
}

/// Rows of the table, with what a reader should know of them.
const ROWS: [(&str, Row, &str); 29] = [
    (
        "latency",
        Row::Fault("latency", 400),
        "the answer takes 0.4 s longer",
    ),
    (
        "lose-before",
        Row::Fault("lose-before", 0),
        "the connection is cut, nothing is done",
    ),
    (
        "lose-after",
        Row::Fault("lose-after", 0),
        "the work is done, then the connection is cut",
    ),
    (
        "late",
        Row::Fault("late", 600),
        "the connection is cut; the work is done 0.6 s later",
    ),
    (
        "lag",
        Row::Fault("lag", 600),
        "reads do not show for 0.6 s what was written; on a read: what was written 0.6 s before it is not shown",
    ),
    (
        "429",
        Row::Fault("429", 1_000),
        "the quota is used up, come back in a second",
    ),
    (
        "500",
        Row::Fault("500", 0),
        "an internal error in the vendor's words, nothing is done",
    ),
    (
        "slow-body",
        Row::Fault("slow-body", 400),
        "the body trickles in over 0.4 s",
    ),
    (
        "truncated",
        Row::Fault("truncated", 0),
        "the work is done, the body breaks off in the middle",
    ),
    (
        "double-page",
        Row::Fault("double-page", 0),
        "the second page shows the rows of the first again (pages of 2, 6 orders)",
    ),
    (
        "shifting-page",
        Row::Fault("shifting-page", 0),
        "a row vanishes before the second page (pages of 2, 6 orders)",
    ),
    (
        "expired-token",
        Row::Fault("expired-token", 0),
        "401 in mid-run, the token is dead",
    ),
    (
        "used-refresh-token",
        Row::Fault("used-refresh-token", 0),
        "somebody else has used it; calm runs get a new one",
    ),
    (
        "clock-skew",
        Row::Fault("clock-skew", 120_000),
        "the server's clock is two minutes fast",
    ),
    (
        "empty-204",
        Row::Fault("empty-204", 0),
        "the work is done, answered 204 without a body",
    ),
    (
        "draft-booked",
        Row::Fault("draft-booked", 0),
        "a person books the draft just made",
    ),
    (
        "document-deleted",
        Row::Fault("document-deleted", 0),
        "a person deletes the draft just made",
    ),
    (
        "reference-edited",
        Row::Fault("reference-edited", 0),
        "a person edits our order number on the document",
    ),
    (
        "hand-made-twin",
        Row::Fault("hand-made-twin", 0),
        "a person makes the same document by hand, its number typed differently: two documents, one of them ours",
    ),
    (
        "twin, same number",
        Row::Fault("hand-made-twin same", 0),
        "the twin carries our order number",
    ),
    (
        "kill -9, then the work",
        Row::KilledBefore,
        "the process dies while the request is on its way; it takes effect 0.6 s later",
    ),
    (
        "kill -9 after the work",
        Row::KilledAfter,
        "the process dies between the work and its answer",
    ),
    (
        "STOP, CONT",
        Row::Stopped,
        "the process stands still for 1.5 s (`settle` is 1 s); the long kill run stops it for longer than the deadline of 30 s",
    ),
    (
        "disk full",
        Row::Store(store::Harm::Full),
        "from this request on no file grows: `prlimit --fsize`, since a disk that is really full needs root; the write fails alike",
    ),
    (
        "store locked",
        Row::Store(store::Harm::Locked),
        "from this request on another program holds SQLite's write lock, as a backup does, until the run ends",
    ),
    (
        "read-only state",
        Row::Store(store::Harm::ReadOnly),
        "killed there; the next run may not write the state (as another user where the tests run as root, since rights do not bind root), the one after may",
    ),
    (
        "store deleted",
        Row::Store(store::Harm::Deleted),
        "killed there; `.flowbook/` is deleted",
    ),
    (
        "store restored",
        Row::Store(store::Harm::Restored),
        "killed there; a copy of the store from before the order is put back",
    ),
    (
        "store damaged",
        Row::Store(store::Harm::Damaged),
        "killed there; the store's file is overwritten in its middle, the next run refuses it, it is moved away",
    ),
];

impl Row {
    /// Whether it can happen at a step at all.
    fn can(self, step: &Step) -> bool {
        let sign_in = step.name == "sign-in";
        let post = step.method == "POST";
        let Row::Fault(kind, _) = self else {
            return true;
        };
        match kind {
            "double-page" | "shifting-page" => step.name == "orders page",
            "expired-token" => step.at_books(),
            "used-refresh-token" => sign_in,
            "lag" => !sign_in,
            "empty-204" => post,
            "draft-booked" | "document-deleted" => step.name == "draft",
            "reference-edited" => step.name == "draft",
            "hand-made-twin" | "hand-made-twin same" => matches!(step.name, "draft" | "booking"),
            "slow-body" | "truncated" => step.method != "PATCH",
            _ => true,
        }
    }
}

/// One cell to be tried.
struct Cell {
    row: usize,
    column: usize,
}

fn cells() -> Vec<Cell> {
    let all =
        (0..ROWS.len()).flat_map(|row| (0..STEPS.len()).map(move |column| Cell { row, column }));
    all.filter(|cell| ROWS[cell.row].1.can(&STEPS[cell.column]))
        .collect()
}

fn try_all(cells: &[Cell]) -> BTreeMap<(usize, usize), Outcome> {
    let desk = Desk::new();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = desk.try_one(ROWS[cell.row].1, &STEPS[cell.column]);
                    let mut found = found.lock().expect("no cell panics with it");
                    found.insert((cell.row, cell.column), outcome);
                }
            });
        }
    });
    found.into_inner().expect("no cell panicked")
}

fn page(found: &BTreeMap<(usize, usize), Outcome>) -> String {
    let mut out = String::from(HEAD);
    let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
    let _ = writeln!(out, "| fault | {} |", names.join(" | "));
    let _ = writeln!(out, "| --- |{}", " --- |".repeat(STEPS.len()));
    for (row, (name, ..)) in ROWS.iter().enumerate() {
        let cells = (0..STEPS.len()).map(|column| match found.get(&(row, column)) {
            Some(outcome) => outcome.text.as_str(),
            None => "–",
        });
        let cells: Vec<&str> = cells.collect();
        let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
    }
    let _ = writeln!(
        out,
        "\n## The faults\n\n| fault | what happens |\n| --- | --- |"
    );
    for (name, _, what) in ROWS {
        let _ = writeln!(out, "| {name} | {what} |");
    }
    let (documents, doubles, lost, unreported) = found.values().fold((0, 0, 0, 0), |sum, one| {
        (
            sum.0 + one.documents,
            sum.1 + one.doubles,
            sum.2 + one.lost,
            sum.3 + one.unreported,
        )
    });
    let _ = writeln!(
        out,
        "\nCells {}, documents {documents}, doubles {doubles}, lost {lost}, unreported {unreported}.",
        found.len()
    );
    out
}

const HEAD: &str = "# Every fault at every step of an order

Written by `UPDATE_FAULTS=1 cargo test -p flowbook --test system faults`; the test fails when a cell comes out otherwise, and when in any cell a document is there twice, is lost, or is
not reported. Each cell is an order of its own: the real binary, real sockets, both systems with nothing but the sample data; the fault strikes the request of that column once, then calm runs follow
until the order is an invoice that is paid, its status and its note are in the till, and its buyer is in the books once, all of it counted in the servers' own records.

- The number is how many documents the order has in the books at the end, whatever their form.
- **booked**: by the run that met the fault. **sent again**, **asked again**: that request was made more often than on a calm day.
- **next run books**: the run that met the fault ended without it, and said so: it stops with the code that is named, or the order failed with it.
- **told**: the order is left to a person, with the code that is named, in the list of failed records of every run.
- **skipped**: the document is there, but the store that knew of it is gone: as with one that was made by hand, the flow leaves it to a person, and the list of records says why and names `flowbook relink`. One that a person deleted is not made again.
- –: it cannot happen there. Lists of one page have no second one; the till has no tokens; only a POST is answered 204 by mistake, a PATCH is always and has no body to break; people work on drafts and make documents, booked ones stay as they are; a sign-in shows no records.
- *draft looked up*: the answer to the draft was lost before, and the fault strikes the question for it.

";

#[test]
fn no_fault_at_any_step_books_twice_loses_or_hides_an_order() {
    let only = std::env::var("FLOWBOOK_FAULTS_ONLY").ok();
    let mut cells = cells();
    cells.retain(|cell| {
        let name = format!("{}/{}", ROWS[cell.row].0, STEPS[cell.column].name);
        only.as_ref()
            .is_none_or(|only| name.contains(only.as_str()))
    });
    // those that wait longest first
    cells.sort_by_key(|cell| !matches!(ROWS[cell.row].1, Row::Store(_)));
    let found = try_all(&cells);
    let wrong: Vec<String> = found
        .iter()
        .filter(|(_, outcome)| !outcome.wrong.is_empty() || only.is_some())
        .map(|((row, column), outcome)| {
            format!(
                "{} at {}: {} {:?}\n{}",
                ROWS[*row].0, STEPS[*column].name, outcome.text, outcome.wrong, outcome.said
            )
        })
        .collect();
    if only.is_some() {
        println!("{}", wrong.join("\n\n"));
        return;
    }
    let page = page(&found);
    let file = repository().join("tests/FAULTS.md");
    if std::env::var_os("UPDATE_FAULTS").is_some() {
        std::fs::write(&file, &page).expect("written");
    }
    assert!(
        wrong.is_empty(),
        "{} cells\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    for (now, then) in page.lines().zip(written.lines()) {
        let row = now.split(" | ").next().unwrap_or_default();
        for (at, (now, then)) in now.split(" | ").zip(then.split(" | ")).enumerate() {
            assert_eq!(
                now, then,
                "cell {at} of the row “{row}” in tests/FAULTS.md; UPDATE_FAULTS=1 writes it anew"
            );
        }
    }
    assert_eq!(
        page, written,
        "tests/FAULTS.md; UPDATE_FAULTS=1 writes it anew"
    );
}

/// The shipped flowbook with the till's pages cut to two orders.
fn with_small_pages() -> Workplace {
    let place = Workplace::without_quotas();
    let file = "flows/ccv-eaccounting/ccv_salespos.flow";
    place.edit(file, "max:        250", "max:        2");
    place
}
