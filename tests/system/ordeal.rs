//! Orders that become paid invoices while runs are killed, paused or crowded; and what must be true afterwards, by a reckoning of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use flowbook_sandbox::{Limits, Options};
use rust_decimal::Decimal;
use serde_json::Value;

use super::support::{Call, Servers, Slow, Workplace, count_by, flow};
use super::truth::{Shop, decimal, text};

const RUN: &str = "run flows/ccv-eaccounting orders --set orders_since=2026-01-01 --set default_customer=1000 \
    --set document=invoice --set status_after=completed --set missing_articles=create --format json";
const INVOICES: &str = "books/customerinvoices";
const DRAFTS: &str = "books/customerinvoicedrafts";
/// The sandbox's own orders, which the generated ones are copies of, have lower ids.
const GENERATED: u64 = 500_000_000;

/// Both systems with so many orders more, the books behind a slow line, and a flowbook.
pub struct Ordeal {
    pub servers: Servers,
    pub slow: Slow,
    pub place: Workplace,
    orders: u32,
    /// How often each e-mail address stood in the books before.
    customers: BTreeMap<String, usize>,
}

impl Ordeal {
    /// Every answer of the books takes `delay`: what was written is done long before it is heard of.
    pub fn new(orders: u32, delay: Duration) -> Ordeal {
        let servers = Servers::start(Options {
            orders: Some(orders),
            limits: Limits::NONE,
            ..Options::default()
        });
        Ordeal {
            slow: servers.slow_books(delay),
            place: Workplace::without_quotas(),
            orders,
            customers: count_by(&servers.records("books/customers"), "EmailAddress"),
            servers,
        }
    }

    /// A run over the slow line.
    pub fn run(&self, more: &str) -> Call {
        self.call(more)
            .env("FLOWBOOK_BOOKS_BASE", &self.slow.base())
    }

    fn call(&self, more: &str) -> Call {
        self.command(&format!("{RUN} {more}"))
    }

    /// Any command, as the runs are called.
    pub fn command(&self, words: &str) -> Call {
        self.place
            .flowbook(words)
            .at(self.servers.sandbox())
            .env("FLOWBOOK_BOOKS_SETTLE", "1 second")
            .env("FLOWBOOK_TILL_SETTLE", "1 second")
    }

    /// How many invoices the books hold.
    pub fn booked(&self) -> usize {
        self.servers.records(INVOICES).len()
    }

    /// The process that the lock names.
    pub fn holder(&self) -> Option<u32> {
        let lock = self
            .place
            .path()
            .join("flows/ccv-eaccounting/.flowbook/lock");
        std::fs::read_to_string(lock)
            .ok()?
            .lines()
            .next()?
            .parse()
            .ok()
    }

    /// Lets calm runs finish, and reckons.
    ///
    /// # Panics
    /// When anything stands in the books twice, or not at all, or is not what was sold.
    pub fn reckon(&self) -> Reckoning {
        self.reckon_after(&self.finish())
    }

    /// Calm runs, until nothing is left to do; what the last one says.
    fn finish(&self) -> Value {
        let mut report = self.call("").run().json();
        for _ in 0..3 {
            report = self.call("").run().json();
            if flow(&report, "orders")["created"] == 0 {
                break;
            }
        }
        let orders = flow(&report, "orders");
        assert_eq!(orders["created"], 0, "still something to do: {orders}");
        report
    }

    fn reckon_after(&self, report: &Value) -> Reckoning {
        let orders = flow(report, "orders");
        let shop = Shop::read(|name| self.servers.records(name), INVOICES, report);
        let told = count_by(orders["failures"].as_array().expect("failures"), "code");
        let told = told.get("\"F0809\"").copied().unwrap_or(0);
        shop.is_true(self.orders as usize - told);
        self.nobody_is_known_twice();

        let generated = |order: &&Value| order["id"].as_u64() >= Some(GENERATED);
        let sold: Vec<&Value> = shop.orders.iter().filter(generated).collect();
        assert_eq!(sold.len(), self.orders as usize);
        let drafts = count_by(&self.servers.records(DRAFTS), "BuyersOrderReference");
        let mut found = Reckoning::default();
        for order in sold {
            let number = format!("1-{}", text(order, "ordernumber_full"));
            let left = drafts.get(&format!("\"{number}\"")).copied().unwrap_or(0);
            let invoices = shop.of(order);
            let told = failed(orders, order, "F0809");
            found.orders += 1;
            found.told += usize::from(told);
            found.completed += usize::from(order["status"] == 7);
            if told && invoices.is_empty() && left == 0 {
                found.unmade += 1;
                continue;
            }
            found.documents += invoices.len() + left;
            found.doubles += usize::from(invoices.len() + left > 1);
            if told && invoices.is_empty() {
                found.unbooked += 1;
                continue;
            }
            found.lost += usize::from(invoices.is_empty());
            found.sold += due(order);
            for invoice in invoices {
                found.invoiced += decimal(&invoice["TotalAmountInvoiceCurrency"])
                    - decimal(&invoice["TotalRoundings"]);
                let rest = decimal(&invoice["RemainingAmountInvoiceCurrency"]);
                found.paid += usize::from(rest.is_zero());
            }
            let notes = order["_ordernotes"].as_array().expect("notes");
            let ours = notes
                .iter()
                .filter(|note| text(note, "note") == format!("Booked as {number}"));
            found.notes += ours.count();
        }
        found
    }

    fn nobody_is_known_twice(&self) {
        let now = count_by(&self.servers.records("books/customers"), "EmailAddress");
        for (email, count) in now {
            let before = self.customers.get(&email).copied().unwrap_or(0);
            assert!(
                count <= before.max(1) || email == "null" || email == "\"\"",
                "{count} customers are {email}, {before} were before"
            );
        }
    }
}

/// Whether the last run said of an order that it failed so.
fn failed(report: &Value, order: &Value, code: &str) -> bool {
    let failures = report["failures"].as_array().expect("failures");
    let key = order["id"].to_string();
    failures
        .iter()
        .any(|one| one["code"] == code && text(one, "key") == key)
}

/// What a customer owes for an order of the till.
fn due(order: &Value) -> Decimal {
    let total = decimal(&order["total_price"]);
    match order["taxes_included"] == true {
        true => total,
        false => total + decimal(&order["total_tax"]),
    }
}

/// What the generated orders came to.
#[derive(Debug, Default, PartialEq)]
pub struct Reckoning {
    pub orders: usize,
    pub documents: usize,
    pub doubles: usize,
    pub lost: usize,
    pub paid: usize,
    /// Orders of whose draft, booking or payment nobody knows whether it was written: a person is told to look.
    pub told: usize,
    /// Of these, those whose draft's three attempts all died with their process: not in the books, and not sent a fourth time.
    pub unmade: usize,
    /// Of these, those whose booking's three attempts did: still a draft.
    pub unbooked: usize,
    pub notes: usize,
    pub completed: usize,
    pub sold: Decimal,
    pub invoiced: Decimal,
}

impl Reckoning {
    /// Each order is in the books once, comes to what was sold, is paid and told to the till once, or a person was told of it.
    #[track_caller]
    pub fn is_right(&self) {
        let all = self.orders;
        let right = Reckoning {
            orders: all,
            documents: all - self.unmade,
            doubles: 0,
            lost: 0,
            paid: all - self.told,
            told: self.told,
            unmade: self.unmade,
            unbooked: self.unbooked,
            notes: all - self.told,
            completed: self.completed,
            sold: self.sold,
            invoiced: self.sold,
        };
        assert_eq!(self, &right);
    }
}

impl fmt::Display for Reckoning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "orders {}, documents {}, doubles {}, lost {}, paid {}, told {}, given up {}, left as drafts {}, notes {}, completed {}, sold {}, invoiced {}",
            self.orders,
            self.documents,
            self.doubles,
            self.lost,
            self.paid,
            self.told,
            self.unmade,
            self.unbooked,
            self.notes,
            self.completed,
            self.sold.normalize(),
            self.invoiced.normalize()
        )
    }
}

/// It must be able to fail.
#[test]
fn a_reckoning_sees_what_stands_there_twice_or_is_missing() {
    let ordeal = Ordeal::new(3, Duration::ZERO);
    let report = ordeal.finish();
    ordeal.reckon_after(&report).is_right();
    let seed = |collection: &str, record: Value| {
        let (system, name) = collection.split_once('/').expect("a system");
        let records = serde_json::json!({ system: { name: [record] } });
        ordeal.servers.seed(records);
    };
    let sees = |collection: &str, change: &dyn Fn(&mut Value)| {
        let ours = |one: &Value| match collection {
            INVOICES => text(one, "BuyersOrderReference").starts_with("1-1000"),
            _ => one["id"].as_u64() >= Some(GENERATED),
        };
        let records = ordeal.servers.records(collection);
        let right = records.into_iter().find(ours).expect("one of ours");
        let mut wrong = right.clone();
        change(&mut wrong);
        seed(collection, wrong);
        let reckoned = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            ordeal.reckon_after(&report).is_right();
        }));
        seed(collection, right);
        reckoned.is_err()
    };
    let unpaid: &dyn Fn(&mut Value) = &|one| one["RemainingAmountInvoiceCurrency"] = 1.into();
    assert!(sees(INVOICES, unpaid));
    let away: &dyn Fn(&mut Value) = &|one| one["BuyersOrderReference"] = "".into();
    assert!(sees(INVOICES, away));
    let noted_twice: &dyn Fn(&mut Value) = &|one| {
        let notes = one["_ordernotes"].as_array_mut().expect("notes");
        let again = notes.last().expect("a note").clone();
        notes.push(again);
    };
    assert!(sees("till/orders", noted_twice));
    ordeal.reckon_after(&report).is_right();
    let twin: &dyn Fn(&mut Value) = &|one| one["Id"] = "7".into();
    assert!(sees(INVOICES, twin));
}
