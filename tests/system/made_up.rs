//! Servers of two made-up systems, strict about what they take: what no document of theirs allows is refused and remembered.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// The key of the kiosk.
pub const KEY: &str = "kiosk-key-4711";
/// The client secret of the ledger.
pub const SECRET: &str = "ledger-secret-0815";
/// What the ledger's token endpoint gives.
const TOKEN: &str = "ledger-token-1";

/// What both systems hold.
#[derive(Default)]
pub struct Held {
    /// Of the kiosk.
    pub orders: Vec<Value>,
    /// Of the kiosk, with the `order` that each belongs to.
    pub notes: Vec<Value>,
    /// Of the kiosk.
    pub receipts: Vec<Value>,
    /// Of the ledger.
    pub parties: Vec<Value>,
    /// Of the ledger.
    pub entries: Vec<Value>,
    /// Requests that changed something.
    pub writes: usize,
    /// Requests that no document allows.
    pub refused: Vec<String>,
    /// The first entry is made by somebody else a moment earlier.
    pub racing: bool,
    /// The ledger takes no entries.
    pub closed: bool,
}

/// The servers, running.
pub struct MadeUp {
    address: std::net::SocketAddr,
    held: Arc<Mutex<Held>>,
    _runtime: tokio::runtime::Runtime,
}

impl MadeUp {
    /// Starts them with four orders and one party.
    pub fn start() -> MadeUp {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let held = Arc::new(Mutex::new(sample()));
        let app = axum::Router::new().fallback(serve).with_state(held.clone());
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move { axum::serve(listener, app).await });
        MadeUp {
            address,
            held,
            _runtime: runtime,
        }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Looks at what they hold, or changes it.
    pub fn look<T>(&self, with: impl FnOnce(&mut Held) -> T) -> T {
        with(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn sample() -> Held {
    let order = |id: u64, state: &str, name: &str, email: &str, total: f64| {
        json!({
            "id": id, "number": format!("K-{}", 1000 + id), "created_at": format!("2026-02-0{id}T10:00:00Z"),
            "state": state, "currency": "EUR", "total": total,
            "buyer": { "name": name, "contact": { "email": email } },
        })
    };
    Held {
        orders: vec![
            order(1, "paid", "Ann Appel", "ann@example.com", 12.5),
            order(2, "new", "Bo Berg", "bo@example.com", 6.0),
            order(3, "paid", "Bo Berg", "bo@example.com", 6.0),
            order(4, "paid", "Ann Appel", "Ann@Example.com", 4.5),
        ],
        parties: vec![
            json!({ "id": 1, "email": "ann@example.com", "name": "Ann", "vat_number": null, "credit_limit": 250 }),
        ],
        ..Held::default()
    }
}

fn lines(order: u64) -> Vec<Value> {
    let line =
        |title: &str, price: f64, vat: f64| json!({ "title": title, "price": price, "vat": vat });
    let (tea, pot, cup) = (
        line("Tea", 4.5, 0.09),
        line("Pot", 6.0, 0.21),
        line("Cup", 2.0, 0.21),
    );
    match order {
        1 => vec![tea, pot, cup],
        4 => vec![tea],
        _ => vec![pot],
    }
}

/// An answer: a status, and a body unless it is null.
type Answer = (u16, Value);

async fn serve(
    State(held): State<Arc<Mutex<Held>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let held = &mut *held.lock().unwrap_or_else(PoisonError::into_inner);
    let request = Request {
        method: method.as_str(),
        path: uri.path().trim_matches('/').split('/').collect(),
        query: url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
        form: String::from_utf8_lossy(&body).into_owned(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        headers: &headers,
    };
    let (status, answer) = match request.path.split_first() {
        Some((&"kiosk", _)) => kiosk(&request, held),
        Some((&"ledger", _)) => ledger(&request, held),
        _ => no(404, "no such system"),
    };
    if matches!(status, 400 | 405 | 415) || status == 422 && !held.racing && !held.closed {
        held.refused.push(format!(
            "{method} {uri} {}: {status} {answer}",
            request.form
        ));
    }
    if method != Method::GET && status < 300 && request.path.last() != Some(&"token") {
        held.writes += 1;
    }
    let text = if answer.is_null() {
        String::new()
    } else {
        answer.to_string()
    };
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(header::CONTENT_TYPE, "application/json")], text)
}

struct Request<'r> {
    method: &'r str,
    path: Vec<&'r str>,
    query: Vec<(String, String)>,
    form: String,
    body: Value,
    headers: &'r HeaderMap,
}

impl Request<'_> {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    fn asked(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The query has these parameters and no others.
    fn only(&self, allowed: &[&str]) -> Result<(), Answer> {
        match self
            .query
            .iter()
            .find(|(name, _)| !allowed.contains(&name.as_str()))
        {
            Some((name, _)) => Err(no(400, &format!("no parameter {name}"))),
            None => Ok(()),
        }
    }

    /// The body is an object of exactly these fields.
    fn exactly(&self, fields: &[&str]) -> Result<(), Answer> {
        if self.header("content-type") != "application/json" {
            return Err(no(415, "application/json is asked for"));
        }
        let mut given: Vec<&str> = self
            .body
            .as_object()
            .map(|body| body.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let mut wanted = fields.to_vec();
        given.sort_unstable();
        wanted.sort_unstable();
        if given == wanted {
            Ok(())
        } else {
            Err(no(422, &format!("{given:?} is not {wanted:?}")))
        }
    }
}

fn no(status: u16, why: &str) -> Answer {
    (
        status,
        json!({ "error": "invalid", "detail": why, "fault": "invalid", "says": why }),
    )
}

fn kiosk(request: &Request<'_>, held: &mut Held) -> Answer {
    if request.header("authorization") != format!("Bearer {KEY}")
        || request.header("x-client") != "flowbook"
    {
        return (
            401,
            json!({ "error": "key", "detail": "the key is not known" }),
        );
    }
    match kiosk_told(request, held) {
        Ok(answer) | Err(answer) => answer,
    }
}

/// A page of a list: numbered from 1, two records at most.
fn page(request: &Request<'_>, all: &[Value]) -> Result<Answer, Answer> {
    let number = |name: &str| {
        request
            .asked(name)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let (Some(page @ 1..), Some(size @ 1..=2)) = (number("page"), number("per_page")) else {
        return Err(no(400, "page and per_page are asked for"));
    };
    let data: Vec<&Value> = all.iter().skip((page - 1) * size).take(size).collect();
    Ok((
        200,
        json!({ "data": data, "meta": { "last_page": all.len().div_ceil(size).max(1) } }),
    ))
}

fn kiosk_told(request: &Request<'_>, held: &mut Held) -> Result<Answer, Answer> {
    let order = |text: &str, held: &Held| {
        let id: u64 = text.parse().map_err(|_| no(404, "no order"))?;
        let at = held.orders.iter().position(|order| order["id"] == id);
        at.map(|at| (id, at)).ok_or_else(|| no(404, "no order"))
    };
    let path = request.path[1..].to_vec();
    match (request.method, path.as_slice()) {
        ("GET", ["v2", "orders"]) => {
            request.only(&[
                "page",
                "per_page",
                "sort",
                "created_from",
                "archived",
                "state",
            ])?;
            if request.asked("archived") != Some("false") || request.asked("sort") != Some("id") {
                return Err(no(400, "archived and sort are asked for"));
            }
            let from = request.asked("created_from").unwrap_or_default().to_owned();
            let state = request.asked("state").map(str::to_owned);
            let wanted = |order: &&Value| {
                order["created_at"].as_str() >= Some(from.as_str())
                    && state.as_deref().is_none_or(|state| order["state"] == state)
            };
            let all: Vec<Value> = held.orders.iter().filter(wanted).cloned().collect();
            page(request, &all)
        }
        ("GET", ["v2", "orders", id]) => {
            request.only(&[])?;
            let (_, at) = order(id, held)?;
            Ok((200, held.orders[at].clone()))
        }
        ("PATCH", ["v2", "orders", id]) => {
            request.exactly(&["state"])?;
            let (_, at) = order(id, held)?;
            if request.body["state"] != "done" {
                return Err(no(422, "no such state"));
            }
            // `booked` on the flow's side
            held.orders[at]["state"] = json!("done");
            Ok((204, Value::Null))
        }
        ("GET", ["v2", "orders", id, "lines"]) => {
            request.only(&["page", "per_page"])?;
            let (id, _) = order(id, held)?;
            page(request, &lines(id))
        }
        ("GET", ["v2", "orders", id, "notes"]) => {
            request.only(&[])?;
            let (id, _) = order(id, held)?;
            let notes: Vec<&Value> = held
                .notes
                .iter()
                .filter(|note| note["order"] == id)
                .collect();
            Ok((200, json!({ "data": notes, "meta": {} })))
        }
        ("POST", ["v2", "orders", id, "notes"]) => {
            request.exactly(&["text"])?;
            let (id, _) = order(id, held)?;
            let number = held.notes.len() + 1;
            held.notes
                .push(json!({ "id": number, "order": id, "text": request.body["text"] }));
            Ok((201, Value::Null))
        }
        ("POST", ["v2", "orders", id, "receipt"]) => {
            request.exactly(&["number", "copies"])?;
            let (id, _) = order(id, held)?;
            let number = held.receipts.len() + 1;
            let receipt = json!({
                "id": number, "order_id": id, "number": request.body["number"], "copies": request.body["copies"],
            });
            held.receipts.push(receipt.clone());
            Ok((200, receipt))
        }
        ("GET", ["v2", "receipts"]) => {
            request.only(&["page", "per_page", "number"])?;
            let wanted = request.asked("number").map(str::to_owned);
            let all: Vec<Value> = held
                .receipts
                .iter()
                .filter(|receipt| {
                    wanted
                        .as_deref()
                        .is_none_or(|wanted| receipt["number"] == wanted)
                })
                .cloned()
                .collect();
            page(request, &all)
        }
        _ => Err(no(405, "no such endpoint")),
    }
}

fn ledger(request: &Request<'_>, held: &mut Held) -> Answer {
    if request.method == "POST" && request.path == ["ledger", "token"] {
        let mut form: Vec<(String, String)> = url::form_urlencoded::parse(request.form.as_bytes())
            .into_owned()
            .collect();
        form.sort();
        let wanted = [
            ("client_id", "flowbook"),
            ("client_secret", SECRET),
            ("grant_type", "client_credentials"),
            ("scope", "entries parties"),
        ];
        let same = form
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .eq(wanted);
        return match same && request.header("authorization").is_empty() {
            true => (
                200,
                json!({ "access_token": TOKEN, "token_type": "bearer" }),
            ),
            false => (401, json!({ "error": "invalid_client" })),
        };
    }
    if request.header("authorization") != format!("Bearer {TOKEN}") {
        return (401, json!({ "fault": "token", "says": "sign in" }));
    }
    match ledger_told(request, held) {
        Ok(answer) | Err(answer) => answer,
    }
}

fn ledger_told(request: &Request<'_>, held: &mut Held) -> Result<Answer, Answer> {
    let path = request.path[1..].to_vec();
    let party = |text: &str, held: &Held| {
        let at = held
            .parties
            .iter()
            .position(|party| party["id"].as_u64() == text.parse().ok());
        at.ok_or_else(|| no(404, "no party"))
    };
    match (request.method, path.as_slice()) {
        ("GET", ["north", "parties"]) => {
            request.only(&["email"])?;
            let wanted = request.asked("email").map(str::to_lowercase);
            let fits = |party: &&Value| {
                wanted
                    .as_deref()
                    .is_none_or(|wanted| party["email"].as_str() == Some(wanted))
            };
            let all: Vec<&Value> = held.parties.iter().filter(fits).collect();
            Ok((200, json!(all)))
        }
        ("GET", ["north", "parties", id]) => {
            request.only(&[])?;
            let at = party(id, held)?;
            Ok((200, held.parties[at].clone()))
        }
        ("POST", ["north", "parties"]) => {
            request.exactly(&["email", "name"])?;
            let id = held.parties.len() + 1;
            let (email, name) = (request.body["email"].clone(), request.body["name"].clone());
            held.parties
                .push(json!({ "id": id, "email": email, "name": name, "vat_number": null, "credit_limit": 0 }));
            Ok((201, Value::Null))
        }
        ("PUT", ["north", "parties", id]) => {
            request.exactly(&["id", "email", "name", "vat_number", "credit_limit"])?;
            let at = party(id, held)?;
            held.parties[at] = request.body.clone();
            Ok((200, request.body.clone()))
        }
        ("GET", ["north", "entries"]) => {
            request.only(&[])?;
            Ok((200, json!(held.entries)))
        }
        ("POST", ["north", "entries"]) => {
            request.exactly(&["ref", "party", "currency", "rows"])?;
            if held.closed {
                return Err((
                    409,
                    json!({ "fault": "year_closed", "says": "The year is closed." }),
                ));
            }
            let rows = request.body["rows"].as_array().cloned().unwrap_or_default();
            let total: f64 = rows.iter().filter_map(|row| row["amount"].as_f64()).sum();
            let entry = json!({
                "id": held.entries.len() + 1, "ref": request.body["ref"], "party": request.body["party"],
                "currency": request.body["currency"], "total": total, "state": "open", "rows": rows,
            });
            let known = held
                .entries
                .iter()
                .any(|known| known["ref"] == entry["ref"]);
            if !known {
                held.entries.push(entry.clone());
            }
            if known || held.racing && held.entries.len() == 1 {
                return Err((
                    422,
                    json!({ "fault": "duplicate", "says": "This ref is used." }),
                ));
            }
            Ok((201, entry))
        }
        _ => Err(no(405, "no such endpoint")),
    }
}
