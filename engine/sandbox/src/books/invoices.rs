//! Booked invoices: numbered, never changed again, paid through payments.

use super::documents::{Origin, build};
use super::odata::round;
use super::{Answer, Fault, body, fields, now, settings, settle, today};
use crate::json::{Json, object};
use crate::server::{Reply, Request};
use crate::state::State;
use rust_decimal::Decimal;

const INVOICES: &str = "books/customerinvoices";

pub(super) fn answer(state: &mut State, request: &Request, method: &str, parts: &[&str]) -> Answer {
    match (method, parts.get(1..).unwrap_or_default()) {
        ("POST", []) => {
            let invoice = create(state, &body(request)?, &Origin::default())?;
            Ok(Reply::json(201, &invoice))
        }
        ("POST", [id, "payments"]) => pay(state, &id.to_lowercase(), &body(request)?),
        _ => Ok(Reply::empty(405)),
    }
}

fn create(state: &mut State, body: &Json, origin: &Origin<'_>) -> Result<Json, Fault> {
    let id = uuid::Uuid::new_v4().to_string();
    let mut invoice = build(state, "customerinvoices", body, &id, origin)?;
    open_year(state, invoice.get("InvoiceDate").text())?;
    let customer = state.get(
        "books/customers",
        &invoice.get("CustomerId").text().to_lowercase(),
    );
    let barred =
        customer.is_some_and(|c| *c.get("IsFutureInvoiceDateAllowed") == Json::Bool(false));
    if barred && fields::day(invoice.get("InvoiceDate").text()) > Some(today()) {
        return Err(Fault::new(
            "InvoiceDate",
            "The customer does not allow invoice dates in the future.",
        ));
    }
    enter(state, &mut invoice);
    state.put(INVOICES, &id, invoice.clone());
    Ok(invoice)
}

/// Gives an invoice its number and its voucher; all of it remains to be paid.
pub(super) fn enter(state: &mut State, invoice: &mut Json) {
    invoice.set("InvoiceNumber", state.next(INVOICES, 1));
    invoice.set("CreatedUtc", now());
    invoice.set("ModifiedUtc", now());
    let series = state.next("books/vouchers", 1);
    invoice.set("VoucherNumber", format!("A{series}"));
    invoice.set("VoucherId", uuid::Uuid::new_v4().to_string());
    invoice.set("RemainingAmount", invoice.get("TotalAmount").clone());
    invoice.set(
        "RemainingAmountInvoiceCurrency",
        invoice.get("TotalAmountInvoiceCurrency").clone(),
    );
    invoice.set("PaymentStatus", 1_i64);
    invoice.set("PaymentDate", Json::Null);
}

fn open_year(state: &State, date: &str) -> Result<(), Fault> {
    let locked = settings(state);
    if fields::day(locked.get("AccountingLockedTo").text()) >= fields::day(date) {
        return Err(Fault::coded(
            400,
            4013,
            "InvoiceDate",
            "CannotBookkeepInvoice - The period is locked.",
        ));
    }
    let holds =
        |year: &&Json| year.get("StartDate").text() <= date && date <= year.get("EndDate").text();
    match state.all("books/fiscalyears").find(holds) {
        Some(year) if year.get("IsLockedForAccounting").truth() => Err(Fault::coded(
            400,
            4013,
            "InvoiceDate",
            "CannotBookkeepInvoice - The year is locked.",
        )),
        Some(_) => Ok(()),
        None => Err(Fault::coded(
            400,
            3001,
            "InvoiceDate",
            "FiscalYearDoesNotExist - No fiscal year holds the invoice date.",
        )),
    }
}

/// Books another document as an invoice: the fields both kinds know go along.
pub(super) fn book(state: &mut State, source: &Json, origin: &str) -> Result<Json, Fault> {
    let mut input = object! {};
    for (name, value) in source.members().filter(|(_, value)| !value.is_null()) {
        let renamed = match name.as_str() {
            "CompanyReference" => "OurReference",
            "CustomerReference" => "YourReference",
            other => other,
        };
        if renamed != "Rows" && fields::property("CustomerInvoice", renamed).is_some() {
            input.set(renamed, value.clone());
        }
    }
    let row = |row: &Json| {
        let known = |name: &str| fields::property("CustomerInvoiceRow", name).is_some();
        let members = row
            .members()
            .filter(|(name, value)| known(name) && !value.is_null());
        Json::Object(
            members
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    };
    input.set(
        "Rows",
        source
            .get("Rows")
            .items()
            .iter()
            .map(row)
            .collect::<Vec<_>>(),
    );
    if let Some(terms) = Some(source.at("TermsOfPayment.Id")).filter(|id| !id.is_null()) {
        input.set("TermsOfPaymentId", terms.clone());
    }
    let origin_of = Origin {
        old: Some(source),
        overridden: false,
    };
    let mut invoice = create(state, &input, &origin_of)?;
    invoice.set(origin, source.get("Id").clone());
    let id = invoice.get("Id").text().to_owned();
    state.put(INVOICES, &id, invoice.clone());
    Ok(invoice)
}

/// Turns a draft into an invoice when the totals are those the client expects; the draft is gone then.
pub(super) fn convert(state: &mut State, request: &Request, draft: &Json) -> Answer {
    let mut faults = Vec::new();
    let expected = if request.body.trim().is_empty() {
        object! {}
    } else {
        body(request)?
    };
    let expected = fields::clean("CustomerInvoiceDraftValidation", &expected, "", &mut faults);
    for (field, own) in [
        ("TotalAmountInvoiceCurrency", "TotalAmount"),
        ("TotalVatAmountInvoiceCurrency", "TotalVatAmount"),
        ("TotalRoundingsInvoiceCurrency", "TotalRoundings"),
    ] {
        differ(
            &mut faults,
            field,
            expected.get(field),
            draft.get(own).number(),
        );
    }
    for row in expected.get("Rows").items() {
        let at = format!("Rows[{}]", row.get("LineNumber"));
        let own = draft
            .get("Rows")
            .items()
            .iter()
            .find(|r| r.get("LineNumber").number() == row.get("LineNumber").number());
        let Some(own) = own else {
            faults.push(Fault::new(
                &at,
                "The draft has no row with this LineNumber.",
            ));
            continue;
        };
        let (amount, rate) = (own.get("Amount").number(), own.get("VatRate").number());
        let (net, gross) = match draft.get("IncludesVat").truth() {
            true => (
                amount - round(amount * rate / (Decimal::ONE + rate), 2),
                amount,
            ),
            false => (amount, round(amount * (Decimal::ONE + rate), 2)),
        };
        differ(
            &mut faults,
            &format!("{at}.TotalAmountNoVatInvoiceCurrency"),
            row.get("TotalAmountNoVatInvoiceCurrency"),
            net,
        );
        differ(
            &mut faults,
            &format!("{at}.TotalAmountIncVatInvoiceCurrency"),
            row.get("TotalAmountIncVatInvoiceCurrency"),
            gross,
        );
    }
    settle(faults)?;
    let mut source = draft.clone();
    let asked = |name: &str| request.asks(name);
    let keep = settings(state).get("KeepOriginalDraftDate").truth();
    let keep = if asked("overrideCompanyKeepOriginalDraftDate") {
        asked("keepOriginalDraftDate")
    } else {
        keep || asked("keepOriginalDraftDate")
    };
    let today = today().to_string();
    if !keep && draft.get("InvoiceDate").text() < today.as_str() {
        source.set("InvoiceDate", today);
        source.set("DueDate", Json::Null);
    }
    let invoice = book(state, &source, "CreatedFromDraftId")?;
    state.remove("books/customerinvoicedrafts", draft.get("Id").text());
    Ok(Reply::json(201, &invoice))
}

fn differ(faults: &mut Vec<Fault>, field: &str, expected: &Json, own: Decimal) {
    if let Json::Number(expected) = expected
        && *expected != own
    {
        faults.push(Fault::new(
            field,
            &format!("{field} is {own} on the draft, {expected} was expected."),
        ));
    }
}

fn pay(state: &mut State, id: &str, body: &Json) -> Answer {
    let mut invoice = state.get(INVOICES, id).ok_or_else(Fault::missing)?.clone();
    let mut faults = Vec::new();
    let payment = fields::clean("InvoicePayment", body, "", &mut faults);
    settle(faults)?;
    let bank = payment.get("CompanyBankAccountId").text().to_lowercase();
    if state.get("books/bankaccounts", &bank).is_none() {
        return Err(Fault::coded(
            404,
            3000,
            "CompanyBankAccountId",
            "The bank account does not exist.",
        ));
    }
    let day = fields::day(payment.get("PaymentDate").text()).unwrap_or_else(today);
    if day > today() {
        return Err(Fault::coded(
            400,
            4023,
            "PaymentDate",
            "FutureDateCannotBeSet - The payment lies in the future.",
        ));
    }
    if payment.get("PaymentCurrency").text() != invoice.get("CurrencyCode").text() {
        return Err(Fault::new(
            "PaymentCurrency",
            "PaymentCurrency must be the currency of the invoice.",
        ));
    }
    let domestic = invoice.get("CurrencyCode").text() == settings(state).get("CurrencyCode").text();
    if domestic && !payment.get("DomesticPaymentAmount").number().is_zero() {
        return Err(Fault::coded(
            400,
            4039,
            "DomesticPaymentAmount",
            "NoDomesticAmountAllowedOnDomesticInvoices - The invoice is in the company's currency.",
        ));
    }
    let open = invoice.get("RemainingAmountInvoiceCurrency").number();
    let paid = payment.get("PaymentAmount").number();
    let complete = payment.get("PaymentType").number() == Decimal::TWO;
    if paid.is_zero()
        || paid.abs() > open.abs()
        || paid.is_sign_negative() != open.is_sign_negative()
        || (complete && paid != open)
    {
        return Err(Fault::new(
            "PaymentAmount",
            &format!("{open} remains to be paid; {paid} does not fit."),
        ));
    }
    let left = open - paid;
    let rate = Some(invoice.get("CurrencyRate").number())
        .filter(|r| !r.is_zero())
        .unwrap_or(Decimal::ONE);
    invoice.set("RemainingAmountInvoiceCurrency", left);
    invoice.set("RemainingAmount", round(left * rate, 2));
    invoice.set("PaymentDate", format!("{day}T00:00:00Z"));
    invoice.set("PaymentStatus", if left.is_zero() { 0_i64 } else { 1_i64 });
    invoice.set("ModifiedUtc", now());
    state.put(INVOICES, id, invoice);
    Ok(Reply::json(201, &payment))
}
