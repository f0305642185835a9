//! Which VAT a sale bears, and the totals of a document: decided by customer and article coding, never by the client.

use super::Fault;
use super::odata::round;
use crate::json::{Json, object};
use crate::state::State;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

const EU: &str =
    "AT BE BG CY CZ DE DK EE ES FI FR GR EL HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";

pub(super) fn in_eu(country: &str) -> bool {
    EU.split(' ').any(|member| member == country)
}

/// What a document's VAT depends on besides its rows.
pub(super) struct Sale<'a> {
    pub(super) settings: &'a Json,
    pub(super) customer: &'a Json,
    pub(super) third_party: bool,
    /// Whether the document treats its customer as a private person.
    pub(super) private: bool,
    /// Whether unit prices include VAT: settled when the document is made.
    pub(super) included: bool,
    /// Whether the amounts are owed to the customer.
    pub(super) credit: bool,
}

/// Private persons buy at prices with VAT, unless the company shows them without.
pub(super) fn includes_vat(settings: &Json, private: bool) -> bool {
    // the vendor's newest text says the contrary: the switch lets a client be tested with both
    private
        && settings.get("ShowPricesExclVatPC").truth()
            == settings.get("_ContraryIncludesVat").truth()
}

impl Sale<'_> {
    fn text<'a>(&self, record: &'a Json, field: &str, other: &'a str) -> &'a str {
        Some(record.get(field).text())
            .filter(|t| !t.is_empty())
            .unwrap_or(other)
    }

    pub(super) fn currency(&self) -> &str {
        self.text(self.customer, "CurrencyCode", self.base())
    }

    fn base(&self) -> &str {
        self.text(self.settings, "CurrencyCode", "SEK")
    }

    pub(super) fn domestic(&self) -> bool {
        self.country() == self.home() && self.currency() == self.base()
    }

    fn home(&self) -> &str {
        self.text(self.settings, "CountryCode", "SE")
    }

    fn country(&self) -> &str {
        let invoice = self.text(self.customer, "InvoiceCountryCode", self.home());
        if self.customer.get("DeliveryBasedVat").truth() {
            return self.text(self.customer, "DeliveryCountryCode", invoice);
        }
        invoice
    }

    /// Whether the buyer's country is a member state, Northern Ireland counting as one.
    fn union(&self) -> bool {
        in_eu(self.country())
            || (self.country() == "GB" && self.customer.get("IsNorthernIreland").truth())
    }

    /// The rate as a fraction, with the coding's account that must be set for it.
    fn rate(
        &self,
        state: &State,
        article: &Json,
        coding: &Json,
        row: &Json,
    ) -> (Decimal, &'static str) {
        let seller = coding.get("VatRatePercent").number();
        let reverse = [
            "ReversedConstructionServicesVatFree",
            "EligibleForReverseChargeOnVat",
        ];
        if self.country() == self.home() {
            let flagged = reverse.iter().any(|flag| row.get(flag).truth());
            if flagged
                && self
                    .customer
                    .get("ReverseChargeOnConstructionServices")
                    .truth()
            {
                return (
                    Decimal::ZERO,
                    "DomesticSalesSubjectToReversedConstructionVatAccountNumber",
                );
            }
            if seller.is_zero() || row.get("IsVatFree").truth() {
                return (Decimal::ZERO, "DomesticSalesVatExemptAccountNumber");
            }
            return (seller, "DomesticSalesSubjectToVatAccountNumber");
        }
        if !self.union() {
            if self.customer.get("ForceBookkeepVat").truth() {
                return (seller, "DomesticSalesSubjectToVatAccountNumber");
            }
            return (Decimal::ZERO, "ForeignSalesVatExemptOutsideEuAccountNumber");
        }
        let company = !self.private;
        if company && self.third_party {
            return (
                Decimal::ZERO,
                "ForeignSalesSubjectToThirdPartySalesAccountNumber",
            );
        }
        if company && !self.customer.get("VatNumber").text().is_empty() {
            return (Decimal::ZERO, "ForeignSalesVatExemptWithinEuAccountNumber");
        }
        if self.settings.get("UsesMoss").truth() && article.get("UsesMoss").truth() {
            let country = state.get("books/countries", self.country());
            let rate = country.map(|c| c.get("_StandardVatRate").number());
            return (
                rate.unwrap_or(seller),
                "ForeignSalesSubjectToMossAccountNumber",
            );
        }
        (seller, "ForeignSalesSubjectToVatWithinEuAccountNumber")
    }
}

/// The results of a document, in its own currency.
pub(super) struct Totals {
    pub(super) amount: Decimal,
    pub(super) vat: Decimal,
    pub(super) rounding: Decimal,
    /// Company currency for one unit of the document's.
    pub(super) rate: Decimal,
    pub(super) by_rate: Json,
}

/// Fills in the rows' results and sums them up per rate.
pub(super) fn total(
    state: &State,
    sale: &Sale<'_>,
    rows: &mut [Json],
    replace_zero: bool,
) -> Result<Totals, Fault> {
    let included = sale.included;
    let mut sums: BTreeMap<Decimal, Decimal> = BTreeMap::new();
    for (number, row) in rows.iter_mut().enumerate() {
        row.set("Id", uuid::Uuid::new_v4().to_string());
        if row.get("LineNumber").is_null() || row.get("LineNumber").number().is_zero() {
            row.set("LineNumber", number);
        }
        if row.get("ArticleId").is_null() {
            row.set("IsTextRow", true);
            row.set("VatRate", Json::Null);
            row.set("Amount", 0_i64);
            continue;
        }
        let at = format!("Rows[{number}].ArticleId");
        let lost = || Fault::coded(404, 3000, &at, "The referenced article does not exist.");
        let article = state
            .get("books/articles", row.get("ArticleId").text())
            .ok_or_else(lost)?;
        let coding = state
            .get(
                "books/articleaccountcodings",
                article.get("CodingId").text(),
            )
            .ok_or_else(lost)?;
        let (rate, account) = sale.rate(state, article, coding, row);
        if coding.get(account).is_null() {
            let text = format!(
                "SalesAccountNumberMissing: {} has no {account}.",
                coding.get("Name").text()
            );
            return Err(Fault::coded(400, 4024, &at, &text));
        }
        let mut price = row.get("UnitPrice").number();
        if price.is_zero() && replace_zero {
            price = article
                .get(if included { "GrossPrice" } else { "NetPrice" })
                .number();
            row.set("UnitPrice", price);
        }
        let less = Decimal::ONE - row.get("DiscountPercentage").number();
        let amount = round(row.get("Quantity").number() * price * less, 2);
        let net = if included {
            amount - round(amount * rate / (Decimal::ONE + rate), 2)
        } else {
            amount
        };
        row.set("ArticleNumber", article.get("Number").clone());
        row.set("UnitId", article.get("UnitId").clone());
        row.set("UnitName", article.get("UnitName").clone());
        row.set("UnitAbbreviation", article.get("UnitAbbreviation").clone());
        if row.get("Text").text().is_empty() {
            row.set("Text", article.get("Name").clone());
        }
        row.set("IsServiceArticle", article.get("IsServiceArticle").clone());
        row.set("VatRate", rate);
        row.set("Amount", amount);
        row.set("AmountNoVat", net);
        *sums.entry(rate).or_default() += amount;
    }
    if sale.credit && sums.values().sum::<Decimal>() > Decimal::ZERO {
        sums.values_mut().for_each(|sum| *sum = -*sum);
        for row in rows.iter_mut() {
            for field in ["Amount", "AmountNoVat"] {
                let negated = -row.get(field).number();
                row.set(field, negated);
            }
        }
    }
    let (mut amount, mut vat, mut by_rate) = (Decimal::ZERO, Decimal::ZERO, Vec::new());
    for (rate, sum) in sums {
        let base = if included {
            Decimal::ONE + rate
        } else {
            Decimal::ONE
        };
        let part = round(sum * rate / base, 2);
        let net = if included { sum - part } else { sum };
        amount += net + part;
        vat += part;
        by_rate.push(object! { "AmountInvoiceCurrency" => net, "VatAmountInvoiceCurrency" => part, "VatPercent" => rate });
    }
    let whole = sale.settings.get("DomesticCurrencyRounding").number() == Decimal::ONE
        && sale.currency() == sale.base();
    let rounding = if whole {
        round(amount, 0) - amount
    } else {
        Decimal::ZERO
    };
    let currency = state.get("books/currencies", sale.currency());
    let rate = currency
        .map(|c| c.get("_Rate").number())
        .filter(|r| !r.is_zero())
        .unwrap_or(Decimal::ONE);
    Ok(Totals {
        amount: amount + rounding,
        vat,
        rounding,
        rate,
        by_rate: Json::List(by_rate),
    })
}
