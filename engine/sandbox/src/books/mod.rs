//! Visma eAccounting: bearer tokens over `/v2`, lists in an envelope of `Meta` and `Data`, errors with an `ErrorCode`.

mod documents;
mod fields;
mod housework;
mod invoices;
mod life;
mod oauth;
mod odata;
pub(crate) mod people;
mod records;
mod vat;
mod whims;

use crate::json::{Json, object};
use crate::server::{Reply, Request, Shared, Side};
use crate::state::State;
pub(crate) use oauth::{expire, issue, refresh_token, use_up};
use std::borrow::Cow;

pub(crate) const ROOT: &str = "/v2";
pub(crate) const TOKEN_PATH: &str = "/connect/token";
pub(crate) const CLIENT_ID: &str = "sandbox-client";
pub(crate) const CLIENT_SECRET: &str = "sandbox-client-secret";

pub(crate) const SCOPES: &str = "ea:api ea:sales ea:accounting ea:purchase offline_access";

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
        let mut body = object! {
            "ErrorCode" => self.code,
            "DeveloperErrorMessage" => self.text.clone(),
            "ErrorId" => uuid::Uuid::new_v4().to_string(),
        };
        // the two bodies known word for word have no list of errors
        if !matches!(self.status, 401 | 429) {
            body.set("Errors", errors);
        }
        Reply::json(self.status, &body)
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
        return oauth::token(state, request, &shared.place.options);
    }
    // an unknown path has no body in the vendor's shape
    let Some(path) = request.segments(ROOT) else {
        return Reply::empty(404);
    };
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut reply = admit(state, shared, request, &parts)
        .and_then(|()| route(state, request, &parts))
        .unwrap_or_else(|f| f.reply());
    if reply.status >= 300 {
        return reply;
    }
    let made = match request.twist.tells {
        true => Json::parse(&reply.body).unwrap_or_default(),
        false => Json::Null,
    };
    reply = whims::change(&settings(state), request, reply);
    if request.twist.empty {
        reply = Reply::empty(204);
    }
    reply.made = Some(made.get("Id").text().to_owned()).filter(|id| !id.is_empty());
    reply
}

/// The refusal of a request over the limit per minute.
pub(crate) fn too_many(limit: u32, seconds: u64) -> Reply {
    quota(limit, seconds).reply()
}

fn quota(limit: u32, seconds: u64) -> Fault {
    let text = format!(
        "API calls quota exceeded! maximum admitted {limit} per Minute. Try again in {seconds} seconds."
    );
    Fault::coded(429, 4010, "", &text)
}

/// The answer when something broke inside the books.
pub(crate) fn internal_error() -> Reply {
    let text = "InternalServerError - An unexpected error occurred.";
    Fault::coded(500, 5000, "", text).reply()
}

fn admit(state: &State, shared: &Shared, request: &Request, parts: &[&str]) -> Result<(), Fault> {
    let Some(scopes) = oauth::admitted(state, request) else {
        let text = "AuthorizationException - Authorization has been denied for this request.";
        return Err(Fault::coded(401, 4005, "", text));
    };
    let name = parts.first().copied().unwrap_or_default();
    oauth::permitted(&scopes, &request.method, name)?;
    modules(&settings(state), name)?;
    let limit = shared.place.options.limits.books;
    if let Some(seconds) = shared.limited(Side::Books, parts.first().unwrap_or(&""), limit) {
        return Err(quota(limit, seconds));
    }
    Ok(())
}

/// What the company has bought decides which resources it may use.
fn modules(settings: &Json, name: &str) -> Result<(), Fault> {
    let active = settings.get("ActivatedModules").items();
    if !active.iter().any(|module| module.text() == "api_standard") {
        let text = "ForbiddenRequestException - No access to module: api_standard";
        return Err(Fault::coded(403, 4002, "", text));
    }
    let variant = settings.get("ProductVariant").number();
    let lacks: &[i64] = match name {
        "orders" | "quotes" | "quotedrafts" | "customerlabels" | "articlelabels" => &[3, 4],
        "customers" | "articles" | "customerinvoices" | "customerinvoicedrafts" => &[3],
        _ => &[],
    };
    if lacks.iter().any(|v| variant == (*v).into()) {
        let text = "NoAccessDueToProductVariant - The product variant does not have this resource.";
        return Err(Fault::coded(403, 4009, "", text));
    }
    Ok(())
}

fn route(state: &mut State, request: &Request, parts: &[&str]) -> Answer {
    let method = request.method.as_str();
    match (method, parts) {
        ("GET", ["companysettings"]) => Ok(Reply::json(200, &public(&settings(state)))),
        ("GET", ["currencies", "exchangerate"]) => exchange(state, request),
        ("GET", ["currencies", _]) => Ok(Reply::empty(404)),
        ("GET", ["countries", code]) => {
            let country = state
                .get("books/countries", &code.to_uppercase())
                .ok_or_else(Fault::missing)?;
            Ok(Reply::json(200, &public(country)))
        }
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
        ) => life::answer(state, request, method, parts),
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
        ("NextCustomerInvoiceNumber", "books/customerinvoices"),
        ("NextOrderNumber", "books/orders"),
        ("NextQuoteNumber", "books/quotes"),
    ] {
        if let Some(next) = state.get("meta/series", series) {
            settings.set(name, next.get("next").clone());
        }
    }
    settings.set("NextCustomerNumber", records::next_number(state));
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
        return Ok(Reply::json(
            200,
            &public(&fields::complete(
                schema,
                &dated(&settings(state), name, record),
            )),
        ));
    }
    let query = request.parameters();
    let since = query
        .iter()
        .find(|(n, _)| n == "modifiedSinceUtc")
        .map(|(_, v)| v.clone());
    let settings = settings(state);
    let records: Vec<Cow<'_, Json>> = state
        .all(&collection)
        .map(|record| dated(&settings, name, record))
        .collect();
    let records = records.iter().map(AsRef::as_ref).filter(|r: &&Json| {
        since
            .as_deref()
            .is_none_or(|s| r.get("ModifiedUtc").text() >= s)
    });
    let list = odata::list(records, schema, &query, request.twist).map_err(|text| {
        Fault::coded(400, 6000, "", &format!("QueryParameterException - {text}"))
    })?;
    let pages = list.total.div_ceil(list.size).max(1);
    let meta = object! {
        "CurrentPage" => list.page, "PageSize" => list.size, "TotalNumberOfPages" => pages,
        "TotalNumberOfResults" => list.total, "ServerTimeUtc" => now(),
    };
    let whole = |record: &Json| match query.iter().any(|(n, _)| n == "$select") {
        true => public(record),
        false => public(&fields::complete(schema, record)),
    };
    let data: Vec<Json> = list.items.iter().map(whole).collect();
    Ok(Reply::json(
        200,
        &object! { "Meta" => meta, "Data" => data },
    ))
}

/// A record with what depends on the day it is read: overdue invoices, and drafts that take the day's date.
fn dated<'a>(settings: &Json, name: &str, record: &'a Json) -> Cow<'a, Json> {
    let past = |field: &str| fields::day(record.get(field).text()).is_some_and(|day| day < today());
    match name {
        "customerinvoices"
            if record.get("PaymentStatus").number() == 1.into() && past("DueDate") =>
        {
            let mut record = record.clone();
            record.set("PaymentStatus", 2_i64);
            Cow::Owned(record)
        }
        "customerinvoicedrafts"
            if !settings.get("KeepOriginalDraftDate").truth() && past("InvoiceDate") =>
        {
            let mut record = record.clone();
            record.set("InvoiceDate", today().to_string());
            Cow::Owned(record)
        }
        _ => Cow::Borrowed(record),
    }
}

/// The rate between two currencies: a bare object.
fn exchange(state: &State, request: &Request) -> Answer {
    let query = request.parameters();
    let asked = |name: &str| {
        query
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.to_uppercase())
            .unwrap_or_default()
    };
    let (source, target) = (asked("sourceCurrencyCode"), asked("targetCurrencyCode"));
    let rate = |code: &str, field: &str| {
        let known = state.get("books/currencies", code);
        let known = known.map(|currency| currency.get("_Rate").number());
        known
            .filter(|rate| !rate.is_zero())
            .ok_or_else(|| Fault::coded(400, 6001, field, &format!("{code} is no currency code.")))
    };
    let (from, to) = (
        rate(&source, "sourceCurrencyCode")?,
        rate(&target, "targetCurrencyCode")?,
    );
    let given = asked("date");
    let day = match fields::day(&given) {
        Some(day) => day,
        None if given.is_empty() => today(),
        None => return Err(Fault::coded(400, 6001, "date", "The date cannot be read.")),
    };
    Ok(Reply::json(
        200,
        &object! {
            "Date" => day.to_string(), "SourceCurrency" => source, "TargetCurrency" => target,
            "Rate" => odata::round(from / to, 6),
        },
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
    crate::clock::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string()
}

/// The day at the company's place.
fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::get("Europe/Stockholm")
        .unwrap_or(jiff::tz::TimeZone::UTC)
        .to_datetime(crate::clock::now())
        .date()
}
