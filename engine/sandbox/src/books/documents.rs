//! Drafts, orders and quotes: built from a body, their customer and articles; then moved through their life.

use super::vat::{Sale, Totals, total};
use super::{Answer, Fault, body, fields, invoices, now, settings, settle, today};
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
            let mut document = build(state, name, &body(request)?, &id)?;
            document.set("CreatedUtc", now());
            number(state, name, &mut document);
            state.put(&collection, &id, document.clone());
            Ok(Reply::json(201, &document))
        }
        ("PUT", _, [_]) => {
            let old = old?;
            let mut document = build(state, name, &body(request)?, &id)?;
            for kept in ["CreatedUtc", "Number"] {
                document.set(kept, old.get(kept).clone());
            }
            if *name == "quotes" {
                document.set("Status", old.get("Status").clone());
            }
            state.put(&collection, &id, document.clone());
            Ok(Reply::json(200, &document))
        }
        ("DELETE", _, [_]) => {
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
        ("POST", "orders", [_, "convert"]) => {
            let mut order = old?;
            step(&order, &[1, 2, 3])?;
            if order
                .get("Rows")
                .items()
                .iter()
                .all(|row| row.get("ArticleId").is_null())
            {
                return Err(Fault::coded(
                    400,
                    4031,
                    "Rows",
                    "CustomerInvoiceMissingOrderArticles - The order has no article rows.",
                ));
            }
            let invoice = invoices::book(state, &order, "CreatedFromOrderId")?;
            moved(state, &collection, &mut order, 4);
            Ok(Reply::json(201, &invoice))
        }
        (
            "POST" | "PUT",
            "orders",
            [
                _,
                action @ ("converteddrafttoorder" | "completed" | "voided"),
            ],
        ) => {
            let mut order = old?;
            let (from, to) = match *action {
                "converteddrafttoorder" => (1, 2),
                "completed" => (2, 3),
                _ => (3, 2),
            };
            step(&order, &[from])?;
            if to == 3 {
                order.set("ShippedDateTime", today().to_string());
            }
            moved(state, &collection, &mut order, to);
            Ok(Reply::json(200, &order))
        }
        ("PUT" | "POST", "quotedrafts", [_, "convert"]) => {
            let mut quote = old?;
            state.remove(&collection, &id);
            number(state, "quotes", &mut quote);
            moved(state, "books/quotes", &mut quote, 1);
            Ok(Reply::json(200, &quote))
        }
        ("PUT" | "POST", "quotes", [_, "accept"]) => {
            let mut quote = old?;
            step(&quote, &[1])?;
            quote.set("ApprovedDate", today().to_string());
            moved(state, &collection, &mut quote, 2);
            Ok(Reply::json(200, &quote))
        }
        ("POST", "quotes", [_, "converttocustomerinvoice"]) => {
            let mut quote = old?;
            step(&quote, &[1, 2])?;
            let invoice = invoices::book(state, &quote, "CreatedFromQuoteId")?;
            moved(state, &collection, &mut quote, 3);
            Ok(Reply::json(201, &invoice))
        }
        _ => Ok(Reply::empty(405)),
    }
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

fn number(state: &mut State, name: &str, document: &mut Json) {
    match name {
        "orders" | "quotes" => document.set("Number", state.next(&format!("books/{name}"), 1)),
        "quotedrafts" => document.set("Number", Json::Null),
        _ => {}
    }
}

/// A document from its body: checked, addressed from its customer, summed up.
pub(super) fn build(state: &State, name: &str, body: &Json, id: &str) -> Result<Json, Fault> {
    let mut faults = Vec::new();
    let mut document = fields::clean(
        super::schema(name).unwrap_or_default(),
        body,
        "",
        &mut faults,
    );
    settle(faults)?;
    let settings = settings(state);
    let customer_id = document.get("CustomerId").text().to_lowercase();
    let lost = |field: &str| {
        Fault::coded(
            404,
            3000,
            field,
            &format!("The referenced {field} does not exist."),
        )
    };
    let customer = state
        .get("books/customers", &customer_id)
        .ok_or_else(|| lost("CustomerId"))?;
    if !customer.get("IsActive").truth() {
        return Err(Fault::coded(
            400,
            4002,
            "CustomerId",
            "CanNotBeCreatedOrUpdated - The customer is not active.",
        ));
    }
    let sale = Sale {
        settings: &settings,
        customer,
        third_party: document.get("EuThirdParty").truth(),
    };
    terms(state, name, &mut document, customer)?;
    if name == "orders" && document.get("CurrencyCode").text() != sale.currency() {
        return Err(Fault::new(
            "CurrencyCode",
            "CurrencyCode must be the currency of the customer.",
        ));
    }
    if document.get("EuThirdParty").truth() && customer.get("IsPrivatePerson").truth() {
        return Err(Fault::new(
            "EuThirdParty",
            "EuThirdParty is not possible for private persons.",
        ));
    }
    let mut rows = document.get("Rows").items().to_vec();
    check_rows(name, &rows, &sale)?;
    let totals = total(
        state,
        &sale,
        &mut rows,
        document.get("ReplaceUnitPriceWhenZero").truth(),
    )?;
    document.set("Rows", rows);
    addresses(&mut document, customer, name);
    document.set(
        "CustomerIsPrivatePerson",
        customer.get("IsPrivatePerson").clone(),
    );
    document.set("IncludesVat", sale.includes_vat());
    document.set("CustomerNumber", customer.get("CustomerNumber").clone());
    document.set("CustomerName", customer.get("Name").clone());
    document.set(
        "ReverseChargeOnConstructionServices",
        customer.get("ReverseChargeOnConstructionServices").clone(),
    );
    results(name, &mut document, &totals, sale.currency());
    let mut whole = object! { "Id" => id };
    for (field, value) in document.members() {
        whole.set(field, value.clone());
    }
    Ok(whole)
}

fn terms(state: &State, name: &str, document: &mut Json, customer: &Json) -> Result<(), Fault> {
    let quote = name.starts_with("quote");
    let field = if quote {
        "TermsOfPayment.Id"
    } else {
        "TermsOfPaymentId"
    };
    let own = document.at(field).text().to_lowercase();
    let id = if own.is_empty() {
        customer.get("TermsOfPaymentId").text().to_lowercase()
    } else {
        own
    };
    let lost = || {
        Fault::coded(
            404,
            3000,
            field,
            "The referenced terms of payment do not exist.",
        )
    };
    let terms = state.get("books/termsofpayments", &id).ok_or_else(lost)?;
    if quote {
        document.set("TermsOfPayment", terms.clone());
    } else {
        document.set("TermsOfPaymentId", id);
    }
    let date = if quote {
        "QuoteDate"
    } else if name == "orders" {
        "OrderDate"
    } else {
        "InvoiceDate"
    };
    let day = fields::day(document.get(date).text()).unwrap_or_else(today);
    document.set(date, day.to_string());
    if name != "orders" && document.get("DueDate").is_null() {
        let days = i64::try_from(terms.get("NumberOfDays").number()).unwrap_or_default();
        let due = day.checked_add(jiff::Span::new().days(days)).unwrap_or(day);
        document.set("DueDate", due.to_string());
    }
    Ok(())
}

fn check_rows(name: &str, rows: &[Json], sale: &Sale<'_>) -> Result<(), Fault> {
    let mut faults = Vec::new();
    let scale = if sale.domestic() { 2 } else { 4 };
    for (number, row) in rows.iter().enumerate() {
        let at = |field: &str| format!("Rows[{number}].{field}");
        let text_row = row.get("IsTextRow").truth()
            || (name != "customerinvoicedrafts"
                && name != "orders"
                && row.get("ArticleId").is_null());
        if text_row && row.get("Text").text().is_empty() {
            faults.push(Fault::new(&at("Text"), "A text row must have a text."));
        }
        if text_row && !row.get("ArticleId").is_null() {
            faults.push(Fault::new(&at("ArticleId"), "A text row has no article."));
        }
        if !text_row && row.get("ArticleId").is_null() {
            faults.push(Fault::new(
                &at("ArticleId"),
                "ArticleId is required if IsTextRow is false.",
            ));
        }
        if row.get("UnitPrice").number().normalize().scale() > scale {
            faults.push(Fault::new(
                &at("UnitPrice"),
                &format!("UnitPrice may have at most {scale} decimals."),
            ));
        }
        let flags = [
            "ReversedConstructionServicesVatFree",
            "EligibleForReverseChargeOnVat",
        ];
        if flags.iter().any(|f| row.get(f).truth())
            && !sale
                .customer
                .get("ReverseChargeOnConstructionServices")
                .truth()
        {
            faults.push(Fault::new(
                &at("ReversedConstructionServicesVatFree"),
                "The customer has no reverse charge.",
            ));
        }
    }
    settle(faults)
}

fn addresses(document: &mut Json, customer: &Json, name: &str) {
    let always = ["InvoicePostalCode", "InvoiceCity", "InvoiceCountryCode"];
    for field in always {
        if name == "customerinvoicedrafts" || document.get(field).is_null() {
            document.set(field, customer.get(field).clone());
        }
    }
    document.set("InvoiceCustomerName", customer.get("Name").clone());
    for field in [
        "InvoiceAddress1",
        "InvoiceAddress2",
        "DeliveryCustomerName",
        "DeliveryAddress1",
        "DeliveryAddress2",
        "DeliveryPostalCode",
        "DeliveryCity",
        "DeliveryCountryCode",
    ] {
        if document.get(field).is_null() {
            document.set(field, customer.get(field).clone());
        }
    }
}

/// Writes the totals under the names this kind of document has for them.
pub(super) fn results(name: &str, document: &mut Json, totals: &Totals, currency: &str) {
    let base = |amount: Decimal| super::odata::round(amount * totals.rate, 2);
    match name {
        "customerinvoicedrafts" => {
            document.set("InvoiceCurrencyCode", currency);
            document.set("TotalAmount", totals.amount);
            document.set("TotalVatAmount", totals.vat);
            document.set("TotalRoundings", totals.rounding);
            document.set("TotalAmountBaseCurrency", base(totals.amount));
            document.set("TotalVatAmountBaseCurrency", base(totals.vat));
        }
        "customerinvoices" => {
            document.set("CurrencyCode", currency);
            document.set("CurrencyRate", totals.rate);
            document.set("TotalAmount", base(totals.amount));
            document.set("TotalVatAmount", base(totals.vat));
            document.set("TotalRoundings", base(totals.rounding));
            document.set("TotalAmountInvoiceCurrency", totals.amount);
            document.set("TotalVatAmountInvoiceCurrency", totals.vat);
            document.set("VatSpecification", totals.by_rate.clone());
        }
        "orders" => {
            document.set("Amount", totals.amount);
            document.set("VatAmount", totals.vat);
            document.set("RoundingsAmount", totals.rounding);
            document.set("ModifiedUtc", now());
        }
        _ => {
            document.set("CurrencyCode", currency);
            document.set("CurrencyRate", totals.rate);
            document.set("TotalAmount", totals.amount);
            document.set("VatAmount", totals.vat);
            document.set("RoundingsAmount", totals.rounding);
            document.set("Status", if name == "quotedrafts" { 0_i64 } else { 1_i64 });
            document.set("ModifiedUtc", now());
        }
    }
}
