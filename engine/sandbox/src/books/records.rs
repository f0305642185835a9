//! Customers, articles and labels: what is created, replaced and deleted whole.

use super::vat::in_eu;
use super::{Answer, Fault, body, fields, now, settings, settle};
use crate::json::Json;
use crate::server::{Reply, Request};
use crate::state::State;
use rust_decimal::Decimal;

pub(super) fn answer(state: &mut State, request: &Request, method: &str, parts: &[&str]) -> Answer {
    let (name, id) = match parts {
        [name] => (*name, None),
        [name, id] => (*name, Some(id.to_lowercase())),
        _ => return Ok(Reply::empty(404)),
    };
    let collection = format!("books/{name}");
    let old = id
        .as_deref()
        .and_then(|id| state.get(&collection, id))
        .cloned();
    match (method, id) {
        ("POST", None) => {
            let id = uuid::Uuid::new_v4().to_string();
            let record = build(state, name, &body(request)?, &id, None)?;
            state.put(&collection, &id, record.clone());
            Ok(Reply::json(201, &record))
        }
        ("PUT", Some(id)) => {
            let old = old.ok_or_else(Fault::missing)?;
            let record = build(state, name, &body(request)?, &id, Some(&old))?;
            state.put(&collection, &id, record.clone());
            Ok(Reply::json(200, &record))
        }
        ("DELETE", Some(id)) if name != "articles" => {
            old.ok_or_else(Fault::missing)?;
            let documents = [
                "books/customerinvoicedrafts",
                "books/customerinvoices",
                "books/orders",
                "books/quotes",
            ];
            if documents
                .iter()
                .any(|d| state.find(d, "CustomerId", &id).is_some())
            {
                return Err(Fault::coded(
                    400,
                    4001,
                    "",
                    "CanNotBeDeleted - The customer has transactions.",
                ));
            }
            state.remove(&collection, &id);
            Ok(Reply::empty(200))
        }
        _ => Ok(Reply::empty(405)),
    }
}

fn build(
    state: &mut State,
    name: &str,
    body: &Json,
    id: &str,
    old: Option<&Json>,
) -> Result<Json, Fault> {
    let mut faults = Vec::new();
    let schema = super::schema(name).unwrap_or_default();
    let mut record = fields::clean(schema, body, "", &mut faults);
    settle(faults)?;
    match name {
        "customers" => customer(state, &mut record, old)?,
        "articles" => article(state, &mut record)?,
        _ => {}
    }
    let number = match name {
        "customers" => "CustomerNumber",
        "articles" => "Number",
        _ => "Name",
    };
    let taken = state.find(&format!("books/{name}"), number, record.get(number).text());
    if taken.is_some_and(|other| other.get("Id").text() != id) {
        let text = format!(
            "ConflictException - {number} {} already exists.",
            record.get(number).text()
        );
        return Err(Fault::coded(409, 4000, number, &text));
    }
    let mut whole = crate::json::object! { "Id" => id };
    for (field, value) in record.members() {
        whole.set(field, value.clone());
    }
    if name == "customers" || name == "articles" {
        whole.set("ChangedUtc", now());
    }
    if name == "articles" {
        whole.set(
            "CreatedUtc",
            old.map_or_else(|| now().into(), |o| o.get("CreatedUtc").clone()),
        );
    }
    Ok(fields::complete(schema, &whole))
}

/// Refuses a reference that is given and leads nowhere.
pub(super) fn known(
    state: &State,
    collection: &str,
    record: &Json,
    field: &str,
    at: &str,
) -> Result<(), Fault> {
    let id = record.get(field).text().to_lowercase();
    if id.is_empty() || state.get(collection, &id).is_some() {
        return Ok(());
    }
    let text = format!("The {field} {id} does not exist.");
    Err(Fault::coded(404, 3000, at, &text))
}

fn reference(state: &State, collection: &str, record: &Json, field: &str) -> Result<Json, Fault> {
    let id = record.get(field).text().to_lowercase();
    let lost = || {
        Fault::coded(
            404,
            3000,
            field,
            &format!("The {field} {id} does not exist."),
        )
    };
    state.get(collection, &id).cloned().ok_or_else(lost)
}

fn customer(state: &mut State, record: &mut Json, old: Option<&Json>) -> Result<(), Fault> {
    let terms = reference(state, "books/termsofpayments", record, "TermsOfPaymentId")?;
    if !terms.get("AvailableForSales").truth() {
        return Err(Fault::new(
            "TermsOfPaymentId",
            "The terms of payment are not available for sales.",
        ));
    }
    record.set("TermsOfPayment", terms);
    for (field, collection) in [
        ("DeliveryMethodId", "books/deliverymethods"),
        ("DeliveryTermId", "books/deliveryterms"),
        ("SalesPriceListId", "books/salespricelists"),
        ("DiscountAgreementId", "books/discountagreements"),
    ] {
        known(state, collection, record, field, field)?;
    }
    if record.get("IsPrivatePerson").truth() && !record.get("ElectronicReference").text().is_empty()
    {
        return Err(Fault::new(
            "ElectronicReference",
            "ElectronicReference is not possible for private persons.",
        ));
    }
    let country = record.get("InvoiceCountryCode").text().to_owned();
    for field in ["InvoiceCountryCode", "DeliveryCountryCode"] {
        let code = record.get(field).text();
        if !code.is_empty() && state.get("books/countries", code).is_none() {
            return Err(Fault::new(field, &format!("{code} is no country code.")));
        }
    }
    let settings = settings(state);
    if record.get("CurrencyCode").text().is_empty() {
        record.set("CurrencyCode", settings.get("CurrencyCode").clone());
    }
    let currency = record.get("CurrencyCode").text();
    if state.get("books/currencies", currency).is_none() {
        return Err(Fault::new(
            "CurrencyCode",
            &format!("{currency} is no currency code."),
        ));
    }
    let vat = record.get("VatNumber").text();
    if !vat.is_empty() {
        let rest = vat.get(2..).unwrap_or_default();
        let prefix = vat.get(..2).unwrap_or_default().replace("EL", "GR");
        if country.is_empty() {
            return Err(Fault::new(
                "InvoiceCountryCode",
                "InvoiceCountryCode must be set with VatNumber.",
            ));
        }
        let shaped =
            (8..=12).contains(&rest.len()) && rest.chars().all(|c| c.is_ascii_alphanumeric());
        let north = country == "GB" && record.get("IsNorthernIreland").truth();
        let wanted = if north { "XI" } else { country.as_str() };
        if !shaped || ((north || in_eu(&country)) && prefix != wanted) {
            return Err(Fault::coded(
                400,
                4025,
                "VatNumber",
                &format!("InvalidVatNumber - {vat} is not valid."),
            ));
        }
    } else if record.get("ReverseChargeOnConstructionServices").truth() {
        let text =
            "VatNumber can not be null or empty when using ReverseChargeOnConstructionServices";
        return Err(Fault::new("VatNumber", text));
    }
    if record.get("ReverseChargeOnConstructionServices").truth()
        && !settings.get("UsesReverseConstructionVat").truth()
    {
        return Err(Fault::new(
            "ReverseChargeOnConstructionServices",
            "The company does not use reverse charge on construction services.",
        ));
    }
    if record.get("ForceBookkeepVat").truth() && in_eu(&country) {
        return Err(Fault::coded(
            400,
            4035,
            "ForceBookkeepVat",
            "InvalidForceBookkeepVat - The customer is inside the EU.",
        ));
    }
    let delivery = ["DeliveryCity", "DeliveryCountryCode", "DeliveryPostalCode"];
    if let Some(field) = delivery
        .iter()
        .find(|f| record.get("DeliveryBasedVat").truth() && record.get(f).text().is_empty())
    {
        return Err(Fault::new(
            field,
            &format!("{field} must be set with DeliveryBasedVat."),
        ));
    }
    let copies = record.get("EmailAddresses").items().len();
    if copies > 5 || (copies > 0 && record.get("EmailAddress").text().is_empty()) {
        return Err(Fault::new(
            "EmailAddresses",
            "At most 5 addresses, and only together with EmailAddress.",
        ));
    }
    for label in record.get("CustomerLabels").items() {
        reference(state, "books/customerlabels", label, "Id")?;
    }
    if record.get("CustomerNumber").text().is_empty() {
        let kept = old
            .map(|o| o.get("CustomerNumber").clone())
            .filter(|n| !n.is_null());
        let number = match kept {
            Some(number) => number,
            None => Json::Text(free_number(state)),
        };
        record.set("CustomerNumber", number);
    }
    Ok(())
}

fn free_number(state: &mut State) -> String {
    let number = next_number(state);
    state.put(
        "meta/series",
        "books/customers",
        crate::json::object! { "next" => number + 1 },
    );
    number.to_string()
}

/// The number the next customer without one gets.
pub(super) fn next_number(state: &State) -> i64 {
    let next = state
        .get("meta/series", "books/customers")
        .and_then(|series| i64::try_from(series.get("next").number()).ok());
    let taken = |number: &i64| {
        let number = number.to_string();
        state
            .find("books/customers", "CustomerNumber", &number)
            .is_some()
    };
    let first = next.unwrap_or(1001);
    (first..).find(|number| !taken(number)).unwrap_or(first)
}

fn article(state: &State, record: &mut Json) -> Result<(), Fault> {
    let coding = reference(state, "books/articleaccountcodings", record, "CodingId")?;
    let unit = reference(state, "books/units", record, "UnitId")?;
    if record.get("UsesMoss").truth() && !settings(state).get("UsesMoss").truth() {
        return Err(Fault::new(
            "UsesMoss",
            "UsesMoss needs the setting of the company.",
        ));
    }
    let rate = Decimal::ONE + coding.get("VatRatePercent").number();
    let (net, gross) = (
        record.get("NetPrice").number(),
        record.get("GrossPrice").number(),
    );
    match (net.is_zero(), gross.is_zero()) {
        (false, true) => record.set("GrossPrice", super::odata::round(net * rate, 2)),
        (true, false) => record.set("NetPrice", super::odata::round(gross / rate, 2)),
        (false, false) if (net * rate - gross).abs() > Decimal::new(1, 2) => {
            return Err(Fault::new(
                "GrossPrice",
                "GrossPrice and NetPrice do not agree with the rate of the coding.",
            ));
        }
        _ => {}
    }
    record.set("CodingName", coding.get("Name").clone());
    record.set("IsServiceArticle", coding.get("Type").text() == "Services");
    record.set("UnitName", unit.get("Name").clone());
    record.set("UnitAbbreviation", unit.get("Abbreviation").clone());
    Ok(())
}
