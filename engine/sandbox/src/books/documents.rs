//! Drafts, orders and quotes: built from a body, their customer and articles.

use super::vat::{Sale, Totals, includes_vat, total};
use super::{Fault, fields, housework, now, settings, settle, today};
use crate::json::{Json, object};
use crate::state::State;
use rust_decimal::Decimal;

/// What a document is made from besides its body.
#[derive(Default)]
pub(super) struct Origin<'a> {
    /// The document it replaces or was converted from.
    pub(super) old: Option<&'a Json>,
    /// A private customer is treated as a company.
    pub(super) overridden: bool,
}

/// A document from its body: checked, addressed from its customer, summed up.
///
/// Whether its prices include VAT was settled when the document it replaces or comes from was made.
pub(super) fn build(
    state: &State,
    name: &str,
    body: &Json,
    id: &str,
    origin: &Origin<'_>,
) -> Result<Json, Fault> {
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
    let same = origin
        .old
        .filter(|old| old.get("CustomerId").text().to_lowercase() == customer_id);
    let private = match same.map(|old| old.get("CustomerIsPrivatePerson")) {
        Some(Json::Bool(private)) => *private,
        _ => customer.get("IsPrivatePerson").truth() && !origin.overridden,
    };
    let included = match origin.old.map(|old| old.get("IncludesVat")) {
        Some(Json::Bool(included)) => *included,
        _ => includes_vat(&settings, private),
    };
    let sale = Sale {
        settings: &settings,
        customer,
        third_party: document.get("EuThirdParty").truth(),
        private,
        included,
        credit: document.get("IsCreditInvoice").truth(),
    };
    terms(state, name, &mut document, customer)?;
    if name == "orders" && document.get("CurrencyCode").text() != sale.currency() {
        return Err(Fault::new(
            "CurrencyCode",
            "CurrencyCode must be the currency of the customer.",
        ));
    }
    if document.get("EuThirdParty").truth() && private {
        return Err(Fault::new(
            "EuThirdParty",
            "EuThirdParty is not possible for private persons.",
        ));
    }
    let mut rows = document.get("Rows").items().to_vec();
    if name == "orders" {
        check_status(&document, origin.old)?;
    }
    if private && !document.get("ElectronicReference").text().is_empty() {
        return Err(Fault::new(
            "ElectronicReference",
            "ElectronicReference is not possible for private persons.",
        ));
    }
    check_rows(state, name, &rows, &sale)?;
    housework::check(&document, private)?;
    let totals = total(
        state,
        &sale,
        &mut rows,
        document.get("ReplaceUnitPriceWhenZero").truth(),
    )?;
    document.set("Rows", rows);
    addresses(&mut document, customer, name);
    document.set("CustomerIsPrivatePerson", private);
    document.set("IncludesVat", included);
    document.set("CustomerNumber", customer.get("CustomerNumber").clone());
    document.set("CustomerName", customer.get("Name").clone());
    document.set(
        "ReverseChargeOnConstructionServices",
        customer.get("ReverseChargeOnConstructionServices").clone(),
    );
    results(name, &mut document, &totals, sale.currency());
    if name == "orders" {
        delivered(state, &mut document, &sale)?;
    }
    let mut whole = object! { "Id" => id };
    let schema = super::schema(name).unwrap_or_default();
    for (field, value) in own(schema, &document).members() {
        whole.set(field, value.clone());
    }
    let inner = fields::kind(schema, "Rows").and_then(|kind| kind.strip_prefix("list:"));
    let rows: Vec<Json> = document
        .get("Rows")
        .items()
        .iter()
        .map(|row| {
            let inner = inner.unwrap_or_default();
            fields::complete(inner, &own(inner, row))
        })
        .collect();
    whole.set("Rows", rows);
    Ok(fields::complete(schema, &whole))
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

/// What of a record its resource has: what is read can be put back.
fn own(schema: &str, record: &Json) -> Json {
    let mut kept = object! {};
    for (name, value) in record.members() {
        if fields::property(schema, name).is_some() {
            kept.set(name, value.clone());
        }
    }
    kept
}

/// A client makes orders in status 1 to 3; an invoiced one stays as it is, a shipped one names what was delivered.
fn check_status(order: &Json, old: Option<&Json>) -> Result<(), Fault> {
    let four = Decimal::from(4);
    let invoiced = old.is_some_and(|old| old.get("Status").number() == four);
    if invoiced || order.get("Status").number() == four {
        return Err(Fault::coded(
            400,
            4002,
            "Status",
            "CanNotBeCreatedOrUpdated - An order is invoiced by its conversion, and stays as it is then.",
        ));
    }
    let lacks = |row: &&Json| {
        !row.get("ArticleId").is_null()
            && !row.get("Quantity").number().is_zero()
            && row.get("DeliveredQuantity").number().is_zero()
    };
    let shipped = order.get("Status").number() == Decimal::from(3);
    match order.get("Rows").items().iter().find(lacks) {
        Some(row) if shipped => Err(Fault::new(
            &format!("Rows[{}].DeliveredQuantity", row.get("LineNumber")),
            "DeliveredQuantity must be set on a shipped order.",
        )),
        _ => Ok(()),
    }
}

/// The amounts of what has been delivered.
fn delivered(state: &State, order: &mut Json, sale: &Sale<'_>) -> Result<(), Fault> {
    let mut rows = order.get("Rows").items().to_vec();
    for row in &mut rows {
        row.set("Quantity", row.get("DeliveredQuantity").clone());
    }
    let totals = total(state, sale, &mut rows, false)?;
    order.set("DeliveredAmount", totals.amount);
    order.set("DeliveredVatAmount", totals.vat);
    order.set("DeliveredRoundingsAmount", totals.rounding);
    Ok(())
}

fn check_rows(state: &State, name: &str, rows: &[Json], sale: &Sale<'_>) -> Result<(), Fault> {
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
        for (field, collection) in [
            ("ProjectId", "books/projects"),
            ("CostCenterItemId1", "books/costcenteritems"),
            ("CostCenterItemId2", "books/costcenteritems"),
            ("CostCenterItemId3", "books/costcenteritems"),
        ] {
            super::records::known(state, collection, row, field, &at(field))?;
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
