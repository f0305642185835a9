//! The life of drafts, orders and quotes: made, replaced, deleted, and moved from one status to the next.

use super::documents::{Origin, build};
use super::{Answer, Fault, body, fields, invoices, now, settle, today};
use crate::json::{Json, object};
use crate::server::{Reply, Request};
use crate::state::State;
use rust_decimal::Decimal;

pub(super) fn answer(state: &mut State, request: &Request, method: &str, parts: &[&str]) -> Answer {
    let (name, rest) = parts.split_first().ok_or_else(Fault::missing)?;
    let collection = format!("books/{name}");
    let id = rest.first().map(|id| id.to_lowercase()).unwrap_or_default();
    let old = state
        .get(&collection, &id)
        .cloned()
        .ok_or_else(Fault::missing);
    match (method, *name, rest) {
        ("POST", _, []) => {
            let id = uuid::Uuid::new_v4().to_string();
            let origin = Origin {
                old: None,
                overridden: *name == "customerinvoicedrafts"
                    && request.asks("overrideCustomerIsPrivatePerson"),
            };
            let mut document = build(state, name, &body(request)?, &id, &origin)?;
            document.set("CreatedUtc", now());
            number(state, name, &mut document);
            state.put(&collection, &id, document.clone());
            Ok(Reply::json(201, &document))
        }
        // a quote, once sent, is changed or deleted by nobody
        ("PUT", "customerinvoicedrafts" | "orders" | "quotedrafts", [_]) => {
            let old = old?;
            let origin = Origin {
                old: Some(&old),
                overridden: false,
            };
            let mut document = build(state, name, &body(request)?, &id, &origin)?;
            document.set("CreatedUtc", old.get("CreatedUtc").clone());
            match old.get("Number") {
                Json::Null => number(state, name, &mut document),
                kept => document.set("Number", kept.clone()),
            }
            state.put(&collection, &id, document.clone());
            Ok(Reply::json(200, &document))
        }
        ("DELETE", "customerinvoicedrafts" | "orders" | "quotedrafts", [_]) => {
            if *name == "orders" && old?.get("Status").number() > Decimal::TWO {
                return Err(Fault::coded(
                    400,
                    4001,
                    "",
                    "CanNotBeDeleted - The order is shipped or invoiced.",
                ));
            }
            state.get(&collection, &id).ok_or_else(Fault::missing)?;
            state.remove(&collection, &id);
            Ok(Reply::empty(200))
        }
        ("POST", "customerinvoicedrafts", [_, "convert"]) => {
            invoices::convert(state, request, &old?)
        }
        ("POST", "orders", [_, action]) => order(state, request, old?, action),
        ("PUT", "quotedrafts", [_, "convert"]) => {
            let mut quote = old?;
            state.remove(&collection, &id);
            number(state, "quotes", &mut quote);
            moved(state, "books/quotes", &mut quote, 1);
            Ok(Reply::json(200, &quote))
        }
        ("PUT", "quotes", [_, "accept"]) => {
            let mut quote = old?;
            step(&quote, &[1])?;
            quote.set("ApprovedDate", today().to_string());
            moved(state, &collection, &mut quote, 2);
            Ok(Reply::empty(200))
        }
        ("POST", "quotes", [_, "converttocustomerinvoice"]) => {
            let mut quote = old?;
            step(&quote, &[1, 2])?;
            conversion(request, "QuoteConversion")?;
            let invoice = invoices::book(state, &quote, "CreatedFromQuoteId")?;
            moved(state, &collection, &mut quote, 3);
            Ok(Reply::json(200, &invoice))
        }
        ("POST", "quotes", [_, "converttoorder"]) => {
            let mut quote = old?;
            step(&quote, &[1, 2])?;
            let draft = conversion(request, "QuoteConversion")?
                .get("Type")
                .number()
                .is_zero();
            let made = ordered(state, &quote, if draft { 1 } else { 2 })?;
            moved(state, &collection, &mut quote, 4);
            Ok(Reply::json(200, &made))
        }
        _ => Ok(Reply::empty(405)),
    }
}

/// The body of a conversion, which may be left out.
fn conversion(request: &Request, schema: &str) -> Result<Json, Fault> {
    let given = if request.body.trim().is_empty() {
        object! {}
    } else {
        body(request)?
    };
    let mut faults = Vec::new();
    let clean = fields::clean(schema, &given, "", &mut faults);
    settle(faults)?;
    Ok(clean)
}

fn order(state: &mut State, request: &Request, mut order: Json, action: &str) -> Answer {
    let (from, to): (&[i64], i64) = match action {
        "converteddrafttoorder" => (&[1], 2),
        "completed" => (&[2], 3),
        "voided" => (&[3], 2),
        "convert" => (&[1, 2, 3], 4),
        _ => return Ok(Reply::empty(405)),
    };
    step(&order, from)?;
    match to {
        2 if action != "voided" => {
            order.set("Status", to);
            number(state, "orders", &mut order);
        }
        3 => {
            order.set("ShippedDateTime", today().to_string());
            ship(&mut order);
        }
        4 => {
            conversion(request, "OrderConversion")?;
            let empty = |row: &Json| row.get("ArticleId").is_null();
            if order.get("Rows").items().iter().all(empty) {
                return Err(Fault::coded(
                    400,
                    4031,
                    "Rows",
                    "CustomerInvoiceMissingOrderArticles - The order has no article rows.",
                ));
            }
            let invoice = invoices::book(state, &billed(&order), "CreatedFromOrderId")?;
            moved(state, "books/orders", &mut order, 4);
            return Ok(Reply::json(200, &invoice));
        }
        _ => {}
    }
    moved(state, "books/orders", &mut order, to);
    Ok(Reply::json(200, &order))
}

/// Completing an order delivers what was not said to be delivered yet.
fn ship(order: &mut Json) {
    let mut rows = order.get("Rows").items().to_vec();
    for row in &mut rows {
        if row.get("DeliveredQuantity").number().is_zero() {
            row.set("DeliveredQuantity", row.get("Quantity").clone());
        }
    }
    order.set("Rows", rows);
}

/// What an order's invoice bills: the delivered quantities of a shipped order.
fn billed(order: &Json) -> Json {
    let mut order = order.clone();
    if order.get("Status").number() == Decimal::from(3) {
        let mut rows = order.get("Rows").items().to_vec();
        for row in &mut rows {
            row.set("Quantity", row.get("DeliveredQuantity").clone());
        }
        order.set("Rows", rows);
    }
    order
}

/// Makes an order of a quote.
fn ordered(state: &mut State, quote: &Json, status: i64) -> Result<Json, Fault> {
    let renamed = |name: &str| match name {
        "CompanyReference" => "OurReference".to_owned(),
        "CustomerReference" => "YourReference".to_owned(),
        other => other.to_owned(),
    };
    let taken = |record: &Json, schema: &str| {
        let mut input = object! {};
        for (name, value) in record.members().filter(|(_, value)| !value.is_null()) {
            if name != "Rows" && fields::property(schema, &renamed(name)).is_some() {
                input.set(&renamed(name), value.clone());
            }
        }
        input
    };
    let mut input = taken(quote, "Order");
    input.set("Status", status);
    input.set("OrderDate", today().to_string());
    input.set("ReverseChargeOnConstructionServices", false);
    input.set("TermsOfPaymentId", quote.at("TermsOfPayment.Id").clone());
    let row = |row: &Json| {
        let mut made = taken(row, "OrderRow");
        made.set("EligibleForReverseChargeOnVat", false);
        made.set("IsWorkCost", row.get("IsWorkCost").truth());
        made.set("IsTextRow", row.get("IsTextRow").truth());
        made
    };
    input.set(
        "Rows",
        quote
            .get("Rows")
            .items()
            .iter()
            .map(row)
            .collect::<Vec<_>>(),
    );
    let id = uuid::Uuid::new_v4().to_string();
    // a quote's status says nothing about the order's
    let mut from = quote.clone();
    from.set("Status", status);
    let origin = Origin {
        old: Some(&from),
        overridden: false,
    };
    let mut order = build(state, "orders", &input, &id, &origin)?;
    order.set("CreatedUtc", now());
    order.set("CreatedFromQuoteId", quote.get("Id").clone());
    number(state, "orders", &mut order);
    state.put("books/orders", &id, order.clone());
    Ok(order)
}

fn step(document: &Json, allowed: &[i64]) -> Result<(), Fault> {
    let status = document.get("Status").number();
    if allowed.iter().any(|a| Decimal::from(*a) == status) {
        return Ok(());
    }
    Err(Fault::coded(
        400,
        4002,
        "Status",
        &format!("CanNotBeCreatedOrUpdated - Not possible in status {status}."),
    ))
}

fn moved(state: &mut State, collection: &str, document: &mut Json, status: i64) {
    document.set("Status", status);
    document.set("ModifiedUtc", now());
    let id = document.get("Id").text().to_owned();
    state.put(collection, &id, document.clone());
}

/// Gives a document its number; drafts have none.
pub(super) fn number(state: &mut State, name: &str, document: &mut Json) {
    let draft = name == "quotedrafts"
        || (name == "orders" && document.get("Status").number() == Decimal::ONE);
    match name {
        "orders" | "quotes" | "quotedrafts" if draft => document.set("Number", Json::Null),
        "orders" | "quotes" => document.set("Number", state.next(&format!("books/{name}"), 1)),
        _ => {}
    }
}
