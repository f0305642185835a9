//! CCV SalesPOS: signed requests over `/api/rest/v1`, collections with `start` and `size`, errors with a sub-code.

mod auth;
mod cashups;
mod catalogue;
mod fields;
mod orders;
mod people;
mod products;
mod returns;

use crate::json::{Json, object};
use crate::server::{Reply, Request, Shared, Side};
use crate::state::State;
use rust_decimal::Decimal;
use std::borrow::Borrow;

pub(crate) const ROOT: &str = "/api/rest/v1";
pub(crate) const WEBSHOP: &str = "1";
pub(crate) const PUBLIC_KEY: &str = "sandbox-public-key-0123456789abc";
pub(crate) const SECRET_KEY: &str = "sandbox-secret-key-of-the-till";

const DEFAULT_SIZE: usize = 25;
const MAX_SIZE: usize = 250;
const RESOURCES: [&str; 22] = [
    "orders",
    "orderrows",
    "ordernotes",
    "users",
    "usergroups",
    "labels",
    "paymethods",
    "webshops",
    "products",
    "invoices",
    "ordermessages",
    "ordernotifications",
    "categories",
    "categorytree",
    "producttocategories",
    "brands",
    "conditions",
    "suppliers",
    "packages",
    "cashups",
    "returns",
    "returnrows",
];

type Answer = Result<Reply, Reply>;

/// What a handler needs besides the state.
struct Call<'a> {
    request: &'a Request,
    root: String,
}

impl Call<'_> {
    fn href(&self, path: &str) -> String {
        format!("{}/{path}/", self.root)
    }

    fn link(&self, path: &str) -> Json {
        object! { "href" => self.href(path) }
    }

    fn body(&self) -> Result<Json, Reply> {
        match Json::parse(&self.request.body) {
            Ok(body @ Json::Object(_)) => Ok(body),
            Ok(_) => Err(invalid("The body is not an object.")),
            Err(reason) => Err(invalid(&format!("The body is no JSON: {reason}"))),
        }
    }

    fn created(&self, view: &Json) -> Reply {
        if self.request.twist.empty {
            Reply::empty(204)
        } else {
            Reply::json(201, view)
        }
    }
}

/// An error body of the till.
fn error(status: u16, code: &str, text: &str) -> Reply {
    let status_number = i64::from(status);
    Reply::json(
        status,
        &object! { "status" => status_number, "code" => code, "developermessage" => text },
    )
}

/// The refusal of a request over the limit per minute; no header says when to come back.
pub(crate) fn too_many() -> Reply {
    error(
        429,
        "429.10",
        "Each method in each resource has a limit of requests that can be made per minute. Please lower the frequency of your request rate.",
    )
}

/// The answer when something broke inside the till: what it wanted to say did not come out right.
pub(crate) fn internal_error() -> Reply {
    error(500, "500.20", "The output does not match the schema.")
}

/// The refusal of a body that is too big to be read.
pub(crate) fn too_big() -> Reply {
    error(500, "500.80", "The requested payload is too big.")
}

/// A resource of the vendor's that the sandbox does not play.
fn not_played(what: &str) -> Reply {
    let text = format!("Resource not implemented: {what}.");
    error(501, "501.20", &text)
}

fn invalid(text: &str) -> Reply {
    error(400, "400.10", text)
}

fn missing(what: &str, id: &str) -> Reply {
    error(404, "404.10", &format!("There is no {what} {id}."))
}

/// Answers one request of the till.
pub(crate) fn answer(state: &mut State, shared: &Shared, request: &Request) -> Reply {
    let call = Call {
        request,
        root: format!("{}{ROOT}", shared.place.till),
    };
    let mut reply = match admit(shared, request) {
        Ok(path) => route(state, &call, &path).unwrap_or_else(|refusal| refusal),
        Err(refusal) => refusal,
    };
    reply.body = reply.body.replace('/', "\\/");
    if reply.status < 300 {
        auth::sign(request, &mut reply);
    }
    reply
}

fn admit(shared: &Shared, request: &Request) -> Result<Vec<String>, Reply> {
    auth::check(request)?;
    let accept = request.header("accept");
    let known = [
        "application/json",
        "application/vnd.verto.webshop+json",
        "application/vnd.verto.salespos+json",
    ];
    if !known.iter().any(|kind| accept.contains(kind)) {
        return Err(error(
            406,
            "406.10",
            "The header Accept names no type this API answers with.",
        ));
    }
    let path = request
        .segments(ROOT)
        .ok_or_else(|| error(404, "404.20", "Invalid resource name."))?;
    if let Some(first) = path.first()
        && !RESOURCES.contains(&first.as_str())
    {
        return Err(error(404, "404.20", "Invalid resource name."));
    }
    if matches!(request.method.as_str(), "POST" | "PATCH" | "PUT") {
        let kind = request.header("content-type");
        if !kind.starts_with("application/json") && !kind.starts_with("text/json") {
            return Err(error(
                415,
                "415.10",
                "The header Content-Type must be application/json.",
            ));
        }
    }
    let resource: Vec<&str> = path
        .iter()
        .map(|s| if s.parse::<u64>().is_ok() { "{id}" } else { s })
        .collect();
    let limits = &shared.place.options.limits;
    let limit = if request.method == "GET" {
        limits.till_reads
    } else {
        limits.till_writes
    };
    match shared.limited(
        Side::Till,
        &format!("{} {}", request.method, resource.join("/")),
        limit,
    ) {
        None => Ok(path),
        Some(_) => Err(too_many()),
    }
}

/// Refuses query parameters of a request for one record, which knows only `expand`.
fn plain_query(call: &Call<'_>, parts: &[&str]) -> Result<(), Reply> {
    let single = parts.last().is_none_or(|last| last.parse::<u64>().is_ok());
    if call.request.method == "GET" && !single {
        return Ok(());
    }
    match call
        .request
        .parameters()
        .iter()
        .find(|(n, _)| n != "expand")
    {
        Some((name, _)) => Err(invalid(&format!(
            "The query parameter {name} is unknown here."
        ))),
        None => Ok(()),
    }
}

fn route(state: &mut State, call: &Call<'_>, path: &[String]) -> Answer {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let method = call.request.method.as_str();
    plain_query(call, &parts)?;
    match (method, parts.as_slice()) {
        ("GET", []) => {
            let item = |name: &&str| object! { "href" => call.href(name), "title" => *name, "description" => "", "uri" => format!("/{name}/") };
            Ok(Reply::json(
                200,
                &object! { "items" => RESOURCES.iter().map(item).collect::<Vec<_>>() },
            ))
        }
        (
            _,
            [
                resource @ ("orders" | "orderrows" | "ordernotes" | "ordermessages"
                | "ordernotifications"),
                rest @ ..,
            ],
        ) => orders::answer(state, call, resource, rest),
        (_, [resource @ ("users" | "usergroups" | "labels"), rest @ ..]) => {
            people::answer(state, call, resource, rest)
        }
        (_, ["products", rest @ ..]) => products::answer(state, call, rest),
        ("GET", ["webshops", id, "products"]) => match state.get("till/webshops", id) {
            Some(_) => products::list(state, call, |_| true),
            None => Err(missing("webshop", id)),
        },
        (_, ["categories", rest @ ..]) => catalogue::categories(state, call, rest),
        ("GET", ["categorytree"]) => catalogue::tree(state, call),
        (_, ["producttocategories", rest @ ..]) => catalogue::product_links(state, call, rest),
        (
            _,
            [
                resource @ ("brands" | "conditions" | "suppliers" | "packages"),
                rest @ ..,
            ],
        ) => catalogue::answer(state, call, resource, rest),
        (_, ["returns", rest @ ..]) => returns::answer(state, call, rest),
        ("GET", ["returnrows", id]) => returns::row(state, call, id),
        (_, ["cashups", rest @ ..]) => cashups::answer(state, call, rest),
        ("GET", [resource @ ("paymethods" | "webshops" | "invoices")]) => {
            let (filters, orders): (&[&str], &[&str]) = match *resource {
                "invoices" => (&["min_create_date", "status"], &["create_date", "id"]),
                _ => (&[], &["id"]),
            };
            let wanted = call.request.parameters();
            let kept = |record: &&Json| {
                wanted.iter().all(|(name, value)| match name.as_str() {
                    "min_create_date" => record.get("create_date").text() >= value.as_str(),
                    name if filters.contains(&name) => plain(record.get(name)) == *value,
                    _ => true,
                })
            };
            let items = state
                .all(&format!("till/{resource}"))
                .filter(kept)
                .map(|r| linked(call, resource, r))
                .collect();
            let paged = *resource == "invoices";
            page(call, items, filters, orders, paged)
        }
        ("GET", ["webshops", id, "settings"]) => match state.get("till/webshops", id) {
            Some(_) => {
                let href = call.href(&format!("webshops/{id}/settings"));
                Ok(Reply::json(
                    200,
                    &object! { "href" => href, "currency" => "SEK", "prices_include_vat" => true },
                ))
            }
            None => Err(missing("webshops", id)),
        },
        ("GET", [resource @ ("webshops" | "invoices"), id]) => {
            match state.get(&format!("till/{resource}"), id) {
                Some(record) => Ok(Reply::json(200, &linked(call, resource, record))),
                None => Err(missing(resource, id)),
            }
        }
        _ => Err(not_allowed()),
    }
}

fn not_allowed() -> Reply {
    error(405, "405.10", "Method not allowed.")
}

/// A value as a query says it.
fn plain(value: &Json) -> String {
    match value.text() {
        "" => value.to_string(),
        text => text.to_owned(),
    }
}

/// A record as the client sees it, with the link to itself.
fn linked(call: &Call<'_>, resource: &str, record: &Json) -> Json {
    let id = record.get("id").to_string();
    let mut view = object! { "href" => call.href(&format!("{resource}/{id}")) };
    for (name, value) in record.members().filter(|(name, _)| !name.starts_with('_')) {
        view.set(name, value.clone());
    }
    view
}

/// A collection of ready items.
fn page(
    call: &Call<'_>,
    items: Vec<Json>,
    filters: &[&str],
    orders: &[&str],
    paged: bool,
) -> Answer {
    page_of(call, items, |item| item, filters, orders, paged)
}

/// A collection: sorted, cut to its page, shown in the envelope. Unknown query parameters are refused.
fn page_of<R: Borrow<Json>>(
    call: &Call<'_>,
    mut items: Vec<R>,
    show: impl Fn(R) -> Json,
    filters: &[&str],
    orders: &[&str],
    paged: bool,
) -> Answer {
    let (mut start, mut size) = (0, DEFAULT_SIZE);
    let mut others = Vec::new();
    for (name, value) in call.request.parameters() {
        let number = || {
            value
                .parse::<usize>()
                .map_err(|_| invalid(&format!("{name} is no number: {value}")))
        };
        match name.as_str() {
            "start" if paged => start = number()?,
            "size" if paged => size = number()?,
            "orderby" => {
                let (field, down) = value
                    .strip_suffix("_desc")
                    .map_or((value.as_str(), false), |f| (f, true));
                if !orders.contains(&field) {
                    return Err(invalid(&format!("orderby does not know {value}")));
                }
                items.sort_by(|a, b| compare(sorted(a.borrow(), field), sorted(b.borrow(), field)));
                if down {
                    items.reverse();
                }
            }
            "expand" => {}
            name if filters.contains(&name) => {}
            _ => {
                return Err(invalid(&format!(
                    "The query parameter {name} is unknown here."
                )));
            }
        }
        if name != "start" {
            others.push(format!("{name}={}", encode(&value)));
        }
    }
    if !paged {
        let items: Vec<Json> = items.into_iter().map(show).collect();
        return Ok(Reply::json(
            200,
            &object! { "href" => format!("{}{}", call.host(), call.request.uri()), "items" => items },
        ));
    }
    if size == 0 || size > MAX_SIZE {
        return Err(invalid(&format!("size must be 1 to {MAX_SIZE}")));
    }
    if !others.iter().any(|p| p.starts_with("size=")) {
        others.push(format!("size={size}"));
    }
    let (offset, total) = call.request.twist.page(start, size, items.len());
    let at = |start: usize| {
        format!(
            "{}{}?start={start}&{}",
            call.host(),
            call.request.path,
            others.join("&")
        )
    };
    let some = |yes: bool, start: usize| yes.then(|| at(start));
    let shown = items.into_iter().skip(offset).take(size);
    let shown: Vec<Json> = shown.map(show).collect();
    let body = object! {
        "start" => start,
        "size" => size,
        "href" => at(start),
        "first" => some(start > 0, 0),
        "previous" => some(start > 0, start.saturating_sub(size)),
        "next" => some(start + size < total, start + size),
        "items" => shown,
    };
    Ok(Reply::json(200, &body))
}

impl Call<'_> {
    fn host(&self) -> &str {
        self.root.strip_suffix(ROOT).unwrap_or(&self.root)
    }
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn sorted<'a>(item: &'a Json, field: &str) -> &'a Json {
    match field {
        "first_name" | "last_name" => item.at("userinfo.billingaddress").get(field),
        _ => item.get(field),
    }
}

fn compare(a: &Json, b: &Json) -> std::cmp::Ordering {
    (a.number(), a.text()).cmp(&(b.number(), b.text()))
}

fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}

fn now() -> String {
    crate::clock::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
