//! Visma eAccounting: bearer tokens over `/v2`, lists in an envelope of `Meta` and `Data`, errors with an `ErrorCode`.

mod documents;
mod fields;
mod invoices;
mod oauth;
mod odata;
mod records;
mod vat;

use crate::json::{Json, object};
use crate::server::{Reply, Request, Shared, Side};
use crate::state::State;
pub(crate) use oauth::{issue, refresh_token};

pub(crate) const ROOT: &str = "/v2";
pub(crate) const TOKEN_PATH: &str = "/connect/token";
pub(crate) const CLIENT_ID: &str = "sandbox-client";
pub(crate) const CLIENT_SECRET: &str = "sandbox-client-secret";

const SETTINGS: &str = "books/companysettings";

type Answer = Result<Reply, Fault>;

/// One or more faults of a request, as the error body tells them.
#[derive(Debug)]
struct Fault {
    status: u16,
    code: i64,
    field: String,
    text: String,
    others: Vec<Fault>,
}

impl Fault {
    /// A broken rule of the data model.
    fn new(field: &str, text: &str) -> Fault {
        Fault::coded(400, 2000, field, text)
    }

    fn coded(status: u16, code: i64, field: &str, text: &str) -> Fault {
        Fault {
            status,
            code,
            field: field.to_owned(),
            text: text.to_owned(),
            others: Vec::new(),
        }
    }

    fn missing() -> Fault {
        Fault::coded(
            404,
            3000,
            "",
            "ResourceNotFoundException - The requested resource was not found.",
        )
    }

    fn reply(&self) -> Reply {
        let entry = |fault: &Fault| {
            let field = Some(fault.field.clone()).filter(|f| !f.is_empty());
            object! {
                "Field" => field.clone(), "ErrorCode" => fault.code.to_string(), "Message" => fault.text.clone(), "Key" => field,
            }
        };
        let errors: Vec<Json> = std::iter::once(self)
            .chain(&self.others)
            .filter(|f| !f.field.is_empty())
            .map(entry)
            .collect();
        Reply::json(
            self.status,
            &object! {
                "ErrorCode" => self.code,
                "DeveloperErrorMessage" => self.text.clone(),
                "ErrorId" => uuid::Uuid::new_v4().to_string(),
                "Errors" => errors,
            },
        )
    }
}

/// All faults of a body as one, or none.
fn settle(mut faults: Vec<Fault>) -> Result<(), Fault> {
    if faults.is_empty() {
        return Ok(());
    }
    let mut first = faults.remove(0);
    first.others = faults;
    Err(first)
}

/// Answers one request of the books.
pub(crate) fn answer(state: &mut State, shared: &Shared, request: &Request) -> Reply {
    if request.path == TOKEN_PATH {
        return oauth::token(state, request, shared.place.options.token_seconds);
    }
    // an unknown path has no body in the vendor's shape
    let Some(path) = request.segments(ROOT) else {
        return Reply::empty(404);
    };
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    admit(state, shared, request, &parts)
        .and_then(|()| route(state, request, &parts))
        .unwrap_or_else(|f| f.reply())
}

fn admit(state: &State, shared: &Shared, request: &Request, parts: &[&str]) -> Result<(), Fault> {
    if !oauth::admitted(state, request) {
        let text = "AuthorizationException - Authorization has been denied for this request.";
        return Err(Fault::coded(401, 4005, "", text));
    }
    let limit = shared.place.options.limits.books;
    if let Some(seconds) = shared.limited(Side::Books, parts.first().unwrap_or(&""), limit) {
        let text = format!(
            "API calls quota exceeded! maximum admitted {limit} per Minute. Try again in {seconds} seconds."
        );
        return Err(Fault::coded(429, 4010, "", &text));
    }
    Ok(())
}

fn route(state: &mut State, request: &Request, parts: &[&str]) -> Answer {
    let method = request.method.as_str();
    match (method, parts) {
        ("GET", ["companysettings"]) => Ok(Reply::json(200, &settings(state))),
        ("GET", [name, rest @ ..]) if rest.len() <= 1 => match schema(name) {
            Some(schema) => read(state, request, name, schema, rest.first().copied()),
            None => Ok(Reply::empty(404)),
        },
        (
            _,
            [
                "customers" | "articles" | "customerlabels" | "articlelabels",
                ..,
            ],
        ) => records::answer(state, request, method, parts),
        (
            _,
            [
                "customerinvoicedrafts" | "orders" | "quotes" | "quotedrafts",
                ..,
            ],
        ) => documents::answer(state, request, method, parts),
        (_, ["customerinvoices", ..]) => invoices::answer(state, request, method, parts),
        _ if parts.first().is_some_and(|name| schema(name).is_some()) => Ok(Reply::empty(405)),
        _ => Ok(Reply::empty(404)),
    }
}

/// The schema of a collection; collections without one are read-only reference data.
fn schema(name: &str) -> Option<&'static str> {
    Some(match name {
        "customers" => "Customer",
        "customerlabels" => "CustomerLabel",
        "articles" => "Article",
        "articlelabels" => "ArticleLabel",
        "orders" => "Order",
        "quotes" | "quotedrafts" => "Quote",
        "customerinvoicedrafts" => "CustomerInvoiceDraft",
        "customerinvoices" => "CustomerInvoice",
        "termsofpayments"
        | "units"
        | "articleaccountcodings"
        | "bankaccounts"
        | "fiscalyears"
        | "vouchers"
        | "currencies"
        | "countries"
        | "deliverymethods"
        | "deliveryterms" => "",
        _ => return None,
    })
}

fn settings(state: &State) -> Json {
    let mut settings = state.all(SETTINGS).next().cloned().unwrap_or_default();
    for (name, series) in [
        ("NextCustomerNumber", "books/customers"),
        ("NextCustomerInvoiceNumber", "books/customerinvoices"),
        ("NextOrderNumber", "books/orders"),
        ("NextQuoteNumber", "books/quotes"),
    ] {
        if let Some(next) = state.get("meta/series", series) {
            settings.set(name, next.get("next").clone());
        }
    }
    settings
}

fn read(state: &State, request: &Request, name: &str, schema: &str, id: Option<&str>) -> Answer {
    let collection = format!("books/{name}");
    if let Some(id) = id {
        if uuid::Uuid::try_parse(id).is_err() {
            return Err(Fault::coded(
                400,
                6001,
                "id",
                &format!("The value '{id}' is not valid."),
            ));
        }
        let record = state
            .get(&collection, &id.to_lowercase())
            .ok_or_else(Fault::missing)?;
        return Ok(Reply::json(200, &public(record)));
    }
    let query = request.parameters();
    let since = query
        .iter()
        .find(|(n, _)| n == "modifiedSinceUtc")
        .map(|(_, v)| v.clone());
    let records = state.all(&collection).filter(|r| {
        since
            .as_deref()
            .is_none_or(|s| r.get("ModifiedUtc").text() >= s)
    });
    let list = odata::list(records, schema, &query).map_err(|text| {
        Fault::coded(400, 6000, "", &format!("QueryParameterException - {text}"))
    })?;
    let pages = list.total.div_ceil(list.size).max(1);
    let meta = object! {
        "CurrentPage" => list.page, "PageSize" => list.size, "TotalNumberOfPages" => pages,
        "TotalNumberOfResults" => list.total, "ServerTimeUtc" => now(),
    };
    let data: Vec<Json> = list.items.iter().map(public).collect();
    Ok(Reply::json(
        200,
        &object! { "Meta" => meta, "Data" => data },
    ))
}

/// A record without what only the sandbox keeps.
fn public(record: &Json) -> Json {
    Json::Object(
        record
            .members()
            .filter(|(n, _)| !n.starts_with('_'))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect(),
    )
}

/// The body of a writing request: an object, in any letter case.
fn body(request: &Request) -> Result<Json, Fault> {
    if !request
        .header("content-type")
        .starts_with("application/json")
    {
        return Err(Fault::coded(
            415,
            6001,
            "",
            "The content type must be application/json.",
        ));
    }
    match Json::parse(&request.body) {
        Ok(body @ Json::Object(_)) => Ok(body),
        Ok(_) => Err(Fault::coded(400, 6001, "", "The body must be an object.")),
        Err(reason) => Err(Fault::coded(
            400,
            6001,
            "",
            &format!("The body is no JSON: {reason}"),
        )),
    }
}

fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string()
}

fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC
        .to_datetime(jiff::Timestamp::now())
        .date()
}
