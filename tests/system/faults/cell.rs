//! One cell: an order of its own, a fault at one request, calm runs, and what the servers then hold, counted by hand.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use flowbook_sandbox::{Limits, Options};
use serde_json::{Value, json};

use super::super::support::{Call, Servers, Workplace, flow, signal, until};
use super::super::truth::{decimal, text};
use super::ran::{Ran, Running, ran};
use super::{Row, Step, Way, store, with_small_pages};

const BOOK: &str = "flows/ccv-eaccounting";
const NEW: &str = "nils.ny@example.com";
const KNOWN: &str = "anna.lind@example.com";
/// No order of the sample is so young.
const SINCE: &str = "2026-11-10";
const SOLD: &str = "2026-11-12T10:00:00Z";
const FIRST: u64 = 339_400_001;
/// Longer than any run takes, settling included.
const PATIENCE: Duration = Duration::from_secs(60);
/// Calm runs that may pass before everything is done, or a person is told.
const CALM: usize = 4;

/// What came of a cell.
#[derive(Debug, Default)]
pub struct Outcome {
    /// As the table says it.
    pub text: String,
    pub documents: usize,
    pub doubles: usize,
    pub lost: usize,
    pub unreported: usize,
    /// What must not be.
    pub wrong: Vec<String>,
    /// What the runs said, for whoever looks for the reason.
    pub said: String,
}

/// What the cells share: flowbooks that nobody writes to, and one order as the till has it.
pub struct Desk {
    place: Workplace,
    small_pages: Workplace,
    order: Value,
    /// The other orders of the sample, cut down to what is needed to leave them out: they cost time in every cell.
    others: Vec<Value>,
    before: Before,
    /// Requests of a calm day, by way.
    calm: [Value; 3],
}

impl Desk {
    pub fn new() -> Desk {
        let servers = servers();
        let sample = servers.records("till/orders");
        let model = |one: &&Value| text(one, "ordernumber_full") == "1017";
        let order = sample.iter().find(model).expect("order 1017").clone();
        let other = |one: &Value| json!({"id": one["id"], "create_date": "2020-01-01T00:00:00Z"});
        let others = sample.iter().map(other).collect();
        let mut desk = Desk {
            place: Workplace::without_quotas(),
            small_pages: with_small_pages(),
            order,
            others,
            before: Before::of(&servers),
            calm: [Value::Null, Value::Null, Value::Null],
        };
        store::public(&desk.place);
        for way in [Way::New, Way::Known, Way::Lost] {
            let case = Case::new(&desk, way, 1, false);
            let done = case.run();
            assert!(case.look().complete, "a calm day: {}", done.said());
            desk.calm[way as usize] = case.servers.requests();
        }
        desk
    }

    /// Tries one cell.
    pub fn try_one(&self, row: Row, step: &Step) -> Outcome {
        let pages = matches!(row, Row::Fault("double-page" | "shifting-page", _));
        let case = Case::new(self, step.way, if pages { 6 } else { 1 }, pages);
        let first = case.faulty(row, step);
        // the servers count what they worked on, and when they do
        let uncounted = match row {
            Row::Fault("lose-before" | "429" | "500", _) => 1,
            _ => 0,
        };
        if let Row::Fault("late", millis) = row {
            std::thread::sleep(Duration::from_millis(millis));
        }
        let asked = case.count(step) + uncounted;
        case.servers.clear_faults();
        if step.path.starts_with("/connect") {
            // whether a lost sign-in used the token up is to be certain before the next one
            std::thread::sleep(Duration::from_millis(800));
        }
        let mut books = case.look();
        let soon = books.complete;
        let mut runs = Vec::new();
        while runs.is_empty() || (!books.complete && runs.len() < CALM) {
            runs.push(case.run());
            books = case.look();
        }
        let mut outcome = case.reckon(row, &books, &runs);
        for (number, ran) in std::iter::once(&first.ran).chain(&runs).enumerate() {
            outcome.wrong.extend(ran.faults_of_speech());
            let _ = writeln!(outcome.said, "-- run {number}: {}", ran.said());
        }
        outcome.wrong.extend(first.trouble);
        let mut words = Vec::new();
        match step.reads() {
            true if asked > self.calm(step) => words.push("asked again".to_owned()),
            false if case.count(step) + uncounted > self.calm(step) => {
                words.push("sent again".to_owned())
            }
            _ => {}
        }
        let ending = first.ran.ending(&case);
        let left = match (soon, books.complete, runs.len()) {
            (true, ..) => "booked".to_owned(),
            (_, true, 1) => "next run books".to_owned(),
            (_, true, calm) => format!("{calm} runs later booked"),
            (_, false, _) => case.left_as(),
        };
        // a failure that stays is told once
        words.extend(
            ending.filter(|ending| !left.ends_with(ending.rsplit(' ').next().unwrap_or("-"))),
        );
        words.push(left);
        outcome.text = format!("{} · {}", words.join(", "), outcome.documents);
        outcome
    }

    fn calm(&self, step: &Step) -> u64 {
        count(&self.calm[step.way as usize], step)
    }
}

fn servers() -> Servers {
    Servers::start(Options {
        limits: Limits::NONE,
        ..Options::default()
    })
}

fn count(requests: &Value, step: &Step) -> u64 {
    let path = step.path.replace("{order}", &FIRST.to_string());
    let wanted = |name: &str| {
        let mut words = name.split(' ');
        words.nth(1) == Some(step.method) && words.next().is_some_and(|p| p.starts_with(&path))
    };
    let all = requests.as_object().expect("counts").iter();
    all.filter(|(name, _)| wanted(name))
        .filter_map(|(_, count)| count.as_u64())
        .sum()
}

/// The run that meets the fault.
struct First {
    ran: Ran,
    /// What went otherwise than it was arranged.
    trouble: Option<String>,
}

/// One cell's systems and state.
pub struct Case<'d> {
    pub servers: Servers,
    place: &'d Workplace,
    folder: tempfile::TempDir,
    orders: Vec<u64>,
    way: Way,
    before: &'d Before,
}

/// What the books hold before anything runs.
struct Before {
    documents: usize,
    invoices: Vec<Value>,
    customers: Vec<Value>,
}

impl Before {
    fn of(servers: &Servers) -> Before {
        let invoices = servers.records("books/customerinvoices");
        let others = ["customerinvoicedrafts", "orders", "quotes"];
        let others = others
            .iter()
            .map(|name| servers.records(&format!("books/{name}")).len());
        Before {
            documents: others.sum::<usize>() + invoices.len(),
            invoices,
            customers: servers.records("books/customers"),
        }
    }
}

fn known_as(customers: &[Value], email: &str) -> usize {
    customers
        .iter()
        .filter(|one| text(one, "EmailAddress") == email)
        .count()
}

/// What the servers hold afterwards.
struct Look {
    documents: usize,
    /// Customers of the same address, one is no stranger.
    strangers: usize,
    complete: bool,
}

impl<'d> Case<'d> {
    pub fn place(&self) -> &'d Workplace {
        self.place
    }

    fn new(desk: &'d Desk, way: Way, orders: u64, small_pages: bool) -> Case<'d> {
        let servers = servers();
        let orders: Vec<u64> = (0..orders).map(|n| FIRST + n).collect();
        let case = Case {
            place: if small_pages {
                &desk.small_pages
            } else {
                &desk.place
            },
            folder: tempfile::tempdir().expect("a folder"),
            orders,
            way,
            before: &desk.before,
            servers,
        };
        let sold = case.orders.iter().map(|id| sold(&desk.order, *id, way));
        let orders: Vec<Value> = desk.others.iter().cloned().chain(sold).collect();
        case.servers.seed(json!({"till": {"orders": orders}}));
        case.lose();
        case
    }

    /// Loses the answer to the first draft, where that is the way.
    fn lose(&self) {
        if self.way == Way::Lost {
            self.servers.fault(json!({
                "kind": "lose-after", "method": "POST", "path": "/v2/customerinvoicedrafts"
            }));
        }
    }

    fn buyer(&self) -> &'static str {
        match self.way {
            Way::Known => KNOWN,
            _ => NEW,
        }
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A run on this cell's state.
    pub fn call(&self) -> Call {
        let state = self.state();
        let words = format!(
            "run {BOOK} orders --state {} --set orders_since={SINCE} --set document=invoice --set status_after=completed --format json",
            state.display()
        );
        self.place
            .flowbook(&words)
            .at(self.servers.sandbox())
            .env("FLOWBOOK_BOOKS_SETTLE", "1 second")
            .env("FLOWBOOK_TILL_SETTLE", "1 second")
    }

    pub fn run(&self) -> Ran {
        ran(self.call())
    }

    /// Starts a run and comes back when it has reached the step; what it says goes to files.
    pub fn reached(
        &self,
        call: Call,
        kind: &str,
        millis: u64,
        step: &Step,
    ) -> (Running, Option<String>) {
        self.set(kind, millis, step);
        let said = self.folder.path().join("said");
        let mut running = Running::new(call, said);
        until(PATIENCE, || {
            self.has_struck(kind) || !matches!(running.child.try_wait(), Ok(None))
        });
        let trouble =
            (!self.has_struck(kind)).then(|| "the run never came to that request".to_owned());
        (running, trouble)
    }

    /// Starts a run and comes back when the work of the step is done; it is never answered.
    pub fn reached_and_done(&self, step: &Step) -> (Running, Option<String>) {
        let reached = self.reached(self.call(), "late hang", 1, step);
        std::thread::sleep(Duration::from_millis(100));
        reached
    }

    /// The fault has struck, besides the one that loses the first draft.
    fn has_struck(&self, kind: &str) -> bool {
        let kind = kind.split(' ').next().unwrap_or(kind);
        let others = u64::from(self.way == Way::Lost && kind == "lose-after");
        self.servers.struck(kind) > others
    }

    fn set(&self, kind: &str, millis: u64, step: &Step) {
        let (kind, variant) = kind.split_once(' ').unwrap_or((kind, ""));
        let mut fault = json!({
            "kind": kind,
            "method": step.method,
            "path": step.path.replace("{order}", &FIRST.to_string()),
            "skip": step.skip,
        });
        if !variant.is_empty() {
            fault[variant] = json!(true);
        }
        if millis > 0 {
            fault["millis"] = json!(millis);
        }
        if matches!(kind, "double-page" | "shifting-page") {
            fault["path"] = json!("/api/rest/v1/orders/");
        }
        self.servers.fault(fault);
    }

    fn faulty(&self, row: Row, step: &Step) -> First {
        match row {
            Row::Fault(kind, millis) => {
                self.set(kind, millis, step);
                let ran = self.run();
                let trouble =
                    (!self.has_struck(kind)).then(|| "the fault struck nothing".to_owned());
                First { ran, trouble }
            }
            Row::KilledBefore => {
                let (running, trouble) = self.reached(self.call(), "latency", 600, step);
                First {
                    ran: running.killed(),
                    trouble,
                }
            }
            Row::KilledAfter => {
                let (running, trouble) = self.reached_and_done(step);
                First {
                    ran: running.killed(),
                    trouble,
                }
            }
            Row::Stopped => {
                let (mut running, trouble) = self.reached(self.call(), "latency", 1_000, step);
                if trouble.is_none() && matches!(running.child.try_wait(), Ok(None)) {
                    signal(&running.child, "STOP");
                    std::thread::sleep(Duration::from_millis(1_500));
                    signal(&running.child, "CONT");
                }
                First {
                    ran: running.ended(),
                    trouble,
                }
            }
            Row::Store(harm) => {
                let (ran, trouble) = store::harmed(self, harm, step);
                First { ran, trouble }
            }
        }
    }

    fn count(&self, step: &Step) -> u64 {
        count(&self.servers.requests(), step)
    }

    /// What the servers hold of this cell's orders.
    fn look(&self) -> Look {
        let now = Before::of(&self.servers);
        let customers = known_as(&now.customers, self.buyer());
        let ours: Vec<&Value> = now
            .invoices
            .iter()
            .filter(|one| {
                // by date and buyer, since a person may have edited its reference
                let date = text(one, "InvoiceDate").starts_with(&SOLD[..10]);
                let buyer = now
                    .customers
                    .iter()
                    .find(|buyer| buyer["Id"] == one["CustomerId"]);
                date && buyer.is_some_and(|buyer| text(buyer, "EmailAddress") == self.buyer())
            })
            .collect();
        // a twin made by hand is nobody's payment
        let paid = ours
            .iter()
            .filter(|one| decimal(&one["RemainingAmountInvoiceCurrency"]).is_zero());
        let paid = paid.count() == self.orders.len();
        Look {
            documents: now.documents - self.before.documents,
            strangers: customers
                .saturating_sub(known_as(&self.before.customers, self.buyer()).max(1)),
            complete: paid && self.is_told(),
        }
    }

    /// The till has the status and the note of every order, once.
    fn is_told(&self) -> bool {
        let orders = self.servers.records("till/orders");
        self.orders.iter().all(|id| {
            let order = orders
                .iter()
                .find(|one| one["id"] == *id)
                .expect("the order");
            let note = format!("Booked as 1-{}", text(order, "ordernumber_full"));
            let notes = order["_ordernotes"].as_array().expect("notes");
            notes.iter().filter(|one| text(one, "note") == note).count() == 1
                && order["status"] == 7
        })
    }

    pub fn failure(&self, report: &Value) -> Option<String> {
        let failures = flow(report, "orders")["failures"].as_array()?.clone();
        let ours = |one: &&Value| {
            self.orders
                .iter()
                .any(|id| text(one, "key") == id.to_string())
        };
        let failure = failures.iter().find(ours)?;
        Some(text(failure, "code").to_owned())
    }

    /// How `flowbook records` lists the orders that are not done: state and code, or state and reason.
    fn kept(&self) -> Vec<(String, String)> {
        let words = format!(
            "records {BOOK} --state {} --state failed --state skipped --state waiting --format json",
            self.state().display()
        );
        let listed: Vec<Value> =
            serde_json::from_str(&ran(self.place.flowbook(&words)).out).unwrap_or_default();
        let ours = |one: &&Value| {
            self.orders
                .iter()
                .any(|id| text(one, "key") == id.to_string())
        };
        let kept = listed.iter().filter(ours).map(|one| {
            let why = ["code", "message"].map(|field| text(one, field));
            let why = why.into_iter().find(|why| !why.is_empty());
            (
                text(one, "state").to_owned(),
                why.unwrap_or_default().to_owned(),
            )
        });
        kept.collect()
    }

    /// “told F0809”: in whose hands it is left.
    fn left_as(&self) -> String {
        let kept = self.kept();
        match kept.first() {
            Some((end, why)) if end == "failed" => format!("told {why}"),
            Some((end, why)) => format!("{end}: {why}"),
            None => "not reported".to_owned(),
        }
    }

    fn reckon(&self, row: Row, books: &Look, runs: &[Ran]) -> Outcome {
        let twins = usize::from(matches!(
            row,
            Row::Fault("hand-made-twin" | "hand-made-twin same", _)
        ));
        let due = self.orders.len() + twins;
        let documents = books.documents;
        let mut outcome = Outcome {
            documents,
            doubles: documents.saturating_sub(due) + books.strangers,
            ..Outcome::default()
        };
        if !books.complete {
            let kept = self.kept();
            let told = kept
                .iter()
                .any(|(end, _)| end == "failed" || end == "skipped")
                || runs.last().is_some_and(|ran| ran.code == Some(2));
            outcome.unreported = usize::from(!told);
            outcome.lost = usize::from(documents < due && !told);
        }
        if outcome.doubles > 0 {
            outcome.wrong.push(format!(
                "{documents} documents, {} customers too many",
                books.strangers
            ));
        }
        if outcome.unreported > 0 {
            outcome.wrong.push("it is neither done nor told".to_owned());
        }
        outcome
    }
}

/// The order as it is sold on the way.
fn sold(model: &Value, id: u64, way: Way) -> Value {
    let mut order = model.clone();
    let number = id - FIRST + 2_050;
    order["id"] = json!(id);
    order["ordernumber"] = json!(number);
    order["ordernumber_full"] = json!(number.to_string());
    order["create_date"] = json!(SOLD);
    order["status"] = json!(2);
    match way {
        Way::Known => order["customer"]["billingaddress"]["telephone"] = json!("018-999 99 99"),
        _ => order["customer"]["email"] = json!(NEW),
    }
    for (n, row) in order["_orderrows"]
        .as_array_mut()
        .expect("rows")
        .iter_mut()
        .enumerate()
    {
        row["id"] = json!(id * 10 + n as u64);
        row["order_id"] = json!(id);
    }
    order
}

#[test]
fn a_cell_sees_a_second_document_and_an_order_that_nobody_was_told_of() {
    let desk = Desk::new();
    let case = Case::new(&desk, Way::New, 1, false);
    let calm = Row::Fault("latency", 0);
    let untold = case.reckon(calm, &case.look(), &[]);
    assert_eq!((untold.lost, untold.unreported), (1, 1), "nothing has run");
    let runs = [case.run()];
    let once = case.reckon(calm, &case.look(), &runs);
    assert_eq!(
        (once.doubles, once.lost, once.unreported, once.documents),
        (0, 0, 0, 1)
    );
    let mut twin = case
        .servers
        .records("books/customerinvoices")
        .pop()
        .expect("ours");
    twin["Id"] = json!("7");
    case.servers
        .seed(json!({"books": {"customerinvoices": [twin]}}));
    let twice = case.reckon(calm, &case.look(), &runs);
    assert_eq!(twice.doubles, 1, "{:?}", twice.wrong);
}
