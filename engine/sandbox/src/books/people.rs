//! People in the books: what they do by hand to a document that a program has made.

use super::{fields, invoices, life, now, schema};
use crate::faults::{Fault, draw};
use crate::json::Json;
use crate::server::Request;
use crate::state::State;
use rust_decimal::Decimal;

/// The documents, and where they are kept.
const DOCUMENTS: [&str; 5] = [
    "customerinvoicedrafts",
    "customerinvoices",
    "orders",
    "quotes",
    "quotedrafts",
];

/// The fields in which an order number may stand, the likeliest first.
const REFERENCES: [&str; 5] = [
    "BuyersOrderReference",
    "YourReference",
    "OurReference",
    "CustomerReference",
    "CompanyReference",
];

/// Whether a POST makes a document: upon it people can act.
pub(crate) fn makes_document(request: &Request) -> bool {
    let path = request.segments(super::ROOT).unwrap_or_default();
    let known = |name: &String| DOCUMENTS.contains(&name.as_str());
    let payment = path.last().is_some_and(|last| last == "payments");
    path.first().is_some_and(known) && !payment
}

/// The latest document with that Id, or with that text in one of its references.
pub(crate) fn find(state: &State, of: &str) -> Option<String> {
    let fits = |record: &&Json| {
        let named = REFERENCES
            .iter()
            .any(|field| record.get(field).text() == of);
        named || record.get("Id").text().eq_ignore_ascii_case(of)
    };
    let latest = DOCUMENTS
        .iter()
        .filter_map(|name| state.all(&format!("books/{name}")).rfind(fits))
        .max_by(|a, b| a.get("CreatedUtc").text().cmp(b.get("CreatedUtc").text()));
    latest.map(|record| record.get("Id").text().to_owned())
}

/// Does to a document what the fault says; whether there was anything to do.
pub(crate) fn act(state: &mut State, fault: &Fault, id: &str) -> bool {
    let held = |name: &&&str| state.get(&format!("books/{name}"), id).is_some();
    let Some(name) = DOCUMENTS.iter().find(held) else {
        return false;
    };
    let collection = format!("books/{name}");
    let Some(document) = state.get(&collection, id).cloned() else {
        return false;
    };
    match fault.kind() {
        "draft-booked" => {
            *name == "customerinvoicedrafts"
                && invoices::convert(state, &Request::by_hand("POST"), &document).is_ok()
        }
        "document-deleted" => {
            let shipped = document.get("Status").number() > Decimal::TWO;
            let can = match *name {
                "customerinvoicedrafts" | "quotedrafts" => true,
                "orders" => !shipped,
                _ => false,
            };
            if can {
                state.remove(&collection, id);
            }
            can
        }
        "reference-edited" => edit(state, name, document, fault),
        "hand-made-twin" => twin(state, name, &document, fault),
        _ => false,
    }
}

/// The field that holds the document's reference: the one asked for, or the first that is filled.
fn reference<'a>(document: &Json, fault: &'a Fault) -> Option<&'a str> {
    let filled = |field: &&str| !document.get(field).text().is_empty();
    match fault.field.as_str() {
        "" => REFERENCES.iter().copied().find(filled),
        field => Some(field).filter(filled),
    }
}

/// A booked invoice cannot be edited any more; of all others the reference can.
fn edit(state: &mut State, name: &str, mut document: Json, fault: &Fault) -> bool {
    let Some(field) = reference(&document, fault).filter(|_| name != "customerinvoices") else {
        return false;
    };
    let old = document.get(field).text().to_owned();
    let new = match fault.to.as_str() {
        "" => format!("{old} ändrad"),
        to => to.to_owned(),
    };
    let new = fitting(name, field, &new);
    if new == old {
        return false;
    }
    document.set(field, new);
    if !document.get("ModifiedUtc").is_null() {
        document.set("ModifiedUtc", now());
    }
    let id = document.get("Id").text().to_owned();
    state.put(&format!("books/{name}"), &id, document);
    true
}

/// A document over the same goods for the same customer; what a person does not type is not there.
fn twin(state: &mut State, name: &str, document: &Json, fault: &Fault) -> bool {
    let id = uuid::Uuid::new_v4().to_string();
    let mut twin = document.clone();
    twin.set("Id", id.as_str());
    for field in REFERENCES
        .iter()
        .filter(|field| !twin.get(field).is_null())
        .copied()
        .collect::<Vec<_>>()
    {
        twin.set(field, Json::Null);
    }
    if let Some(field) = reference(document, fault) {
        let typed = document.get(field).text();
        let typed = match fault.same {
            true => typed.to_owned(),
            false => fitting(name, field, &retyped(typed, fault.seed)),
        };
        twin.set(field, typed);
    }
    for field in ["CreatedUtc", "ModifiedUtc"] {
        if !twin.get(field).is_null() {
            twin.set(field, now());
        }
    }
    for field in [
        "CreatedFromDraftId",
        "CreatedFromOrderId",
        "CreatedFromQuoteId",
    ] {
        if !twin.get(field).is_null() {
            twin.set(field, Json::Null);
        }
    }
    match name {
        "customerinvoices" => invoices::enter(state, &mut twin),
        _ => life::number(state, name, &mut twin),
    }
    state.put(&format!("books/{name}"), &id, twin);
    true
}

/// An order number as another hand types it.
fn retyped(text: &str, seed: u64) -> String {
    let spaced = text.replace(|c: char| !c.is_alphanumeric(), " ");
    let bare: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let ways = [
        format!("Order {text}"),
        spaced,
        bare,
        format!("{text}."),
        text.to_lowercase(),
        format!("nr {text}"),
    ];
    let others: Vec<&String> = ways.iter().filter(|way| *way != text).collect();
    let turn = usize::try_from(draw(seed, 0) % others.len().max(1) as u64).unwrap_or_default();
    others
        .get(turn)
        .map_or_else(String::new, |way| (*way).clone())
}

/// A text cut to what its field holds.
fn fitting(name: &str, field: &str, text: &str) -> String {
    let longest = fields::longest(schema(name).unwrap_or_default(), field).unwrap_or(usize::MAX);
    let cut = text.chars().count().saturating_sub(longest);
    text.chars().skip(cut).collect()
}
