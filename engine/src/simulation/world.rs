//! The two systems and the people in them, as state that changes with time: what was sent takes effect when its time has come, whatever became of
//! whoever sent it. Shares no code with the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::figures::Figures;
use super::flows::Flows;
use crate::dice::Dice;

/// A request, as the systems see it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub method: String,
    pub host: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Option<String>,
}

/// A status and a body.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub status: u16,
    pub body: String,
    /// When it was said, however late it is heard.
    pub at: Option<Duration>,
}

impl Told {
    /// A status and nothing more.
    pub fn bare(status: u16) -> Told {
        Told {
            status,
            body: String::new(),
            at: None,
        }
    }
}

pub(super) fn told(status: u16, body: &Json) -> Told {
    Told {
        status,
        body: body.to_string(),
        at: None,
    }
}

/// A record, and when reads show it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub json: Json,
    shown: Duration,
}

/// An order of the shop, with what the checker must know of it.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub id: u64,
    /// `N7`; two orders can have one by mistake.
    pub number: String,
    pub created: Duration,
    /// It shows up late.
    pub shown: Duration,
    pub paid: bool,
    pub email: String,
    /// Their number with the shop and in the books: each e-mail address has one.
    pub customer: String,
    pub name: String,
    pub club: Option<String>,
    pub total: i64,
    /// Deleted in the shop.
    pub away: bool,
    /// How often it was changed in the shop.
    pub changes: usize,
    /// Whose it was before it turned out to be another customer's: e-mail address and number.
    pub before: Vec<(String, String)>,
}

impl Order {
    /// Whose it is and was: e-mail addresses and numbers.
    pub fn customers(&self) -> impl Iterator<Item = (&str, &str)> {
        let before = self.before.iter();
        let before = before.map(|(email, customer)| (email.as_str(), customer.as_str()));
        std::iter::once((self.email.as_str(), self.customer.as_str())).chain(before)
    }
}

/// A member of the shop: what of them changes is to change in the books.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub id: u64,
    pub email: String,
    pub customer: String,
    pub level: String,
    pub modified: Duration,
}

/// What takes effect later.
struct Coming {
    at: Duration,
    /// By the order of sending.
    number: u64,
    asked: Asked,
    lag: Duration,
    /// Whether whoever sent it still waits for the answer.
    answers: bool,
}

/// How it goes in this world.
#[derive(Debug, Clone, Default)]
pub(super) struct Weather {
    /// Requests that go wrong, of a hundred.
    pub faults: u64,
    /// How long reads may not show what was written, in seconds.
    pub lag: u64,
    /// What comes after it was given up may come later than promised.
    pub beyond: bool,
    /// Then a person books what was sent more than once.
    pub twins: bool,
    /// Nothing that is written to one resource arrives.
    pub deaf: Option<&'static str>,
}

#[derive(Default)]
pub(super) struct State {
    pub orders: Vec<Order>,
    pub members: Vec<Member>,
    pub notes: BTreeMap<u64, Vec<Row>>,
    pub tables: BTreeMap<&'static str, Vec<Row>>,
    made: u64,
    coming: Vec<Coming>,
    answers: BTreeMap<u64, Told>,
    /// References of documents that the engine had made, each time; a draft that it booked is the same one.
    pub documents: Vec<String>,
    /// Invoices that the engine had booked: reference, total.
    pub booked: Vec<(String, i64)>,
    /// Payments that arrived: of which reference, how much.
    pub payments: Vec<(String, i64)>,
    /// Customers whose last change was overtaken by an older one.
    pub overtaken: Vec<String>,
    /// By customer: number of the last request that changed it.
    last_change: BTreeMap<String, u64>,
    /// An older copy of the store was put in its place once: what it forgot was deleted in the meantime is made again.
    pub restored: bool,
    /// Orders of which that copy did not know what had been sent.
    pub forgotten: Vec<String>,
    /// Keys of customers that were to be made, and those of which that copy did not know it.
    pub customers_sent: BTreeSet<String>,
    pub customers_forgotten: BTreeSet<String>,
    /// What people made or deleted by hand.
    pub by_hand: Vec<String>,
    pub trace: Vec<String>,
    pub figures: Figures,
    /// What each write carried, time by time.
    pub attempts: Attempts,
    /// What the checker saw go wrong at once.
    pub wrong: Vec<String>,
    /// Sends of one write that may have taken effect: by path and mark.
    pub sends: BTreeMap<String, u64>,
    pub weather: Weather,
    /// How far the wall clock of the engine's machine is from the truth, which the systems know.
    pub skew: SignedDuration,
    /// Tokens that the books gave, and until when each holds.
    pub tokens: Vec<(String, Duration)>,
}

/// The world, shared by all that live in it.
#[derive(Clone)]
pub(super) struct World {
    /// The flowbook that all its processes carry out.
    pub flows: Flows,
    pub dice: Arc<Mutex<Dice>>,
    state: Arc<Mutex<State>>,
    began: Instant,
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("World")
    }
}

impl World {
    pub fn new(seed: u64) -> World {
        // seeds in a row are to begin far apart
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635;
        World {
            flows: Flows::of(seed),
            dice: Arc::new(Mutex::new(Dice::from_state(state))),
            state: Arc::default(),
            began: Instant::now(),
        }
    }

    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub fn dice(&self) -> MutexGuard<'_, Dice> {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as it is now.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.catch_up(self.now());
        state
    }

    pub fn say(&self, line: String) {
        let now = self.now().as_millis();
        self.state().trace.push(format!("{now} {line}"));
    }

    /// Has a request take effect then. Its number.
    pub fn send(&self, number: u64, asked: Asked, at: Duration, lag: Duration, answers: bool) {
        self.state().coming.push(Coming {
            at,
            number,
            asked,
            lag,
            answers,
        });
    }

    pub fn next_number(&self) -> u64 {
        let mut state = self.state();
        state.made += 1;
        state.made
    }

    pub fn answer(&self, number: u64) -> Option<Told> {
        self.state().answers.remove(&number)
    }
}

impl State {
    /// Whether several orders have this number.
    pub fn is_shared(&self, number: &str) -> bool {
        let of = |order: &&Order| order.number == number;
        self.orders.iter().filter(of).count() > 1
    }

    /// A field of all records of a table.
    pub fn texts(&self, table: &str, field: &str) -> Vec<String> {
        let rows = self.tables.get(table).map(Vec::as_slice);
        let text = |row: &Row| row.json[field].as_str().unwrap_or_default().to_owned();
        rows.unwrap_or_default().iter().map(text).collect()
    }

    fn catch_up(&mut self, now: Duration) {
        loop {
            let next = (0..self.coming.len())
                .filter(|at| self.coming[*at].at <= now)
                .min_by_key(|at| (self.coming[*at].at, self.coming[*at].number));
            let Some(next) = next else { return };
            let coming = self.coming.remove(next);
            let mut told = self.serve(&coming.asked, coming.at, coming.lag, coming.number);
            told.at = Some(coming.at);
            let at = coming.at.as_millis();
            self.trace.push(format!(
                "{at} #{} takes effect: {}",
                coming.number, told.status
            ));
            if coming.answers {
                self.answers.insert(coming.number, told);
            }
        }
    }

    fn serve(&mut self, asked: &Asked, now: Duration, lag: Duration, number: u64) -> Told {
        let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
        let body: Json = asked
            .body
            .as_deref()
            .and_then(|body| serde_json::from_str(body).ok())
            .unwrap_or(Json::Null);
        let gone = told(404, &json!({}));
        match (asked.host.as_str(), asked.method.as_str(), parts.as_slice()) {
            ("till.test", "GET", ["api", "orders"]) => self.list_orders(asked, now),
            ("till.test", "GET", ["api", "orders", id]) => {
                let mut orders = self.orders.iter();
                let found = orders.find(|one| one.id.to_string() == *id && !one.away);
                found.map_or(gone, |order| told(200, &order_json(order)))
            }
            ("till.test", "GET", ["api", "members"]) => self.list_members(asked),
            ("till.test", "GET", ["api", "members", id]) => {
                let found = self.members.iter().find(|one| one.id.to_string() == *id);
                found.map_or(gone, |member| told(200, &member_json(member)))
            }
            ("till.test", "GET", ["api", "orders", id, "notes"]) => {
                let id: u64 = id.parse().unwrap_or_default();
                let rows = self.notes.get(&id).map(Vec::as_slice).unwrap_or_default();
                let items: Vec<&Json> = shown(rows, now).collect();
                told(200, &json!({ "items": items }))
            }
            ("till.test", "POST", ["api", "orders", id, "notes"]) => {
                let id: u64 = id.parse().unwrap_or_default();
                let made = self.key();
                let json = json!({ "id": made, "text": body["text"] });
                self.notes.entry(id).or_default().push(Row {
                    json: json.clone(),
                    shown: now + lag,
                });
                told(201, &json)
            }
            ("books.test", "GET", ["v1", table]) => {
                let rows = self
                    .tables
                    .get(table)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let fits = |row: &&Json| {
                    asked.query.iter().all(|(name, wanted)| {
                        let mut field = name.clone();
                        if let Some(first) = field.get_mut(..1) {
                            first.make_ascii_uppercase();
                        }
                        // As many a search does: what holds the value is found.
                        row[&field]
                            .as_str()
                            .is_some_and(|have| have.contains(wanted))
                    })
                };
                let items: Vec<&Json> = shown(rows, now).filter(fits).collect();
                told(200, &json!(items))
            }
            ("books.test", "GET", ["v1", table, id]) => {
                let rows = self
                    .tables
                    .get(table)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let found = shown(rows, now).find(|row| row["Id"] == *id);
                found.map_or(gone, |row| told(200, row))
            }
            ("books.test", "PUT", ["v1", "customers", id]) => {
                let last = self.last_change.get(*id).copied().unwrap_or_default();
                if number < last {
                    self.overtaken.push((*id).to_owned());
                }
                self.last_change.insert((*id).to_owned(), number.max(last));
                let rows = self.tables.entry("customers").or_default();
                let Some(row) = rows.iter_mut().find(|row| row.json["Id"] == **id) else {
                    return gone;
                };
                row.json = body;
                row.json["Id"] = json!(id);
                told(200, &row.json)
            }
            ("books.test", "POST", ["v1", "customers"]) => self.make("customers", body, now + lag),
            ("books.test", "POST", ["v1", table @ ("drafts" | "invoices")]) => {
                let mark = body["Reference"].as_str().unwrap_or_default().to_owned();
                self.documents.push(mark);
                let mut body = body;
                if self.weather.faults > 0 && number.is_multiple_of(31) {
                    // The books come to another total.
                    body["Total"] = json!(body["Total"].as_i64().unwrap_or_default() + 1);
                }
                let table = if *table == "drafts" {
                    "drafts"
                } else {
                    "invoices"
                };
                self.make(table, body, now + lag)
            }
            ("books.test", "POST", ["v1", "drafts", id, "book"]) => {
                match self.book(id, now + lag) {
                    Some(json) => {
                        let mark = json["Reference"].as_str().unwrap_or_default().to_owned();
                        self.booked
                            .push((mark, json["Total"].as_i64().unwrap_or_default()));
                        told(201, &json)
                    }
                    None => gone,
                }
            }
            ("books.test", "POST", ["v1", "invoices", id, "payments"]) => {
                let rows = self.tables.entry("invoices").or_default();
                let Some(row) = rows.iter_mut().find(|row| row.json["Id"] == **id) else {
                    return gone;
                };
                row.json["Status"] = json!("paid");
                let mark = row.json["Reference"].as_str().unwrap_or_default();
                let amount = body["Amount"].as_i64().unwrap_or_default();
                self.payments.push((mark.to_owned(), amount));
                told(201, &body)
            }
            _ => told(404, &json!({ "message": "no such place" })),
        }
    }

    fn key(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub fn make(&mut self, table: &'static str, mut json: Json, shown: Duration) -> Told {
        json["Id"] = json!(format!("{table}-{:05}", self.key()));
        self.tables.entry(table).or_default().push(Row {
            json: json.clone(),
            shown,
        });
        told(201, &json)
    }

    /// A draft becomes an invoice.
    pub fn book(&mut self, id: &str, shown: Duration) -> Option<Json> {
        let drafts = self.tables.entry("drafts").or_default();
        let at = drafts.iter().position(|row| row.json["Id"] == *id)?;
        let draft = drafts.remove(at);
        let told = self.make("invoices", draft.json, shown);
        serde_json::from_str(&told.body).ok()
    }

    fn list_orders(&mut self, asked: &Asked, now: Duration) -> Told {
        let since = asked.of("since").unwrap_or_default();
        let shown = self
            .orders
            .iter()
            .filter(|order| !order.away && order.shown <= now)
            .filter(|order| stamp(order.created).as_str() >= since);
        page(asked, shown.map(order_json).collect())
    }

    fn list_members(&mut self, asked: &Asked) -> Told {
        let mut members: Vec<&Member> = self.members.iter().collect();
        if asked.of("orderby") == Some("modified_desc") {
            members.sort_by_key(|member| std::cmp::Reverse((member.modified, member.id)));
        }
        page(asked, members.into_iter().map(member_json).collect())
    }
}

impl Asked {
    fn of(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The page of all that was asked for.
fn page(asked: &Asked, all: Vec<Json>) -> Told {
    let number = |name: &str| asked.of(name).and_then(|text| text.parse::<usize>().ok());
    let start = number("start").unwrap_or(0);
    let size = number("size").unwrap_or(4);
    let items: Vec<&Json> = all.iter().skip(start).take(size).collect();
    let more = all.len() > start + size;
    told(
        200,
        &json!({ "items": items, "next": if more { json!("more") } else { Json::Null } }),
    )
}

fn shown(rows: &[Row], now: Duration) -> impl Iterator<Item = &Json> {
    rows.iter()
        .filter(move |row| row.shown <= now)
        .map(|row| &row.json)
}

fn order_json(order: &Order) -> Json {
    json!({
        "id": order.id, "number": order.number, "created": stamp(order.created), "paid": order.paid,
        "email": order.email, "customer": order.customer, "name": order.name, "club": order.club, "terms": order.name, "total": order.total,
    })
}

fn member_json(member: &Member) -> Json {
    json!({
        "id": member.id, "modified": stamp(member.modified), "email": member.email, "customer": member.customer, "level": member.level,
    })
}

/// A moment of this world, by its clocks: whole seconds since a morning in March.
pub(super) fn stamp(at: Duration) -> String {
    let at = super::clock::wall(at);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
