//! What stands in the books is what was sold: every document is compared with its order by an arithmetic of its own.

use std::collections::BTreeMap;
use std::str::FromStr;

use flowbook_sandbox::Options;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::support::{Servers, Workplace, flow};

const BOOK: &str = "flows/ccv-eaccounting";

pub fn decimal(value: &Value) -> Decimal {
    let text = value.to_string();
    Decimal::from_str(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .unwrap_or_else(|why| panic!("{text}: {why}"))
}

pub fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// What runs left in the sandbox.
pub struct Shop {
    pub orders: Vec<Value>,
    pub documents: Vec<Value>,
    customers: BTreeMap<String, Value>,
    articles: BTreeMap<String, String>,
    terms: BTreeMap<String, String>,
    report: Value,
}

fn by_id(records: Vec<Value>) -> BTreeMap<String, Value> {
    let id = |record: &Value| text(record, "Id").to_owned();
    records.into_iter().map(|one| (id(&one), one)).collect()
}

fn names(records: Vec<Value>, field: &str) -> BTreeMap<String, String> {
    let named = |(id, record): (String, Value)| (id, text(&record, field).to_owned());
    by_id(records).into_iter().map(named).collect()
}

fn shop(collection: &str, settings: &str) -> Shop {
    let place = Workplace::with_flows();
    let report = place
        .flowbook(&format!(
            "run {BOOK} orders --sandbox --format json {settings}"
        ))
        .run()
        .json();
    Shop::read(
        |collection| place.sandbox_records(BOOK, collection),
        collection,
        &report,
    )
}

/// A document's total and its VAT, in its own currency, before whole kronor are made of it.
fn totals(document: &Value) -> (Decimal, Decimal) {
    let or = |names: [&str; 3]| {
        let found = names.iter().map(|name| &document[*name]);
        found.filter(|value| !value.is_null()).map(decimal).next()
    };
    let total = or(["TotalAmountInvoiceCurrency", "TotalAmount", "Amount"]);
    let vat = or([
        "TotalVatAmountInvoiceCurrency",
        "TotalVatAmount",
        "VatAmount",
    ]);
    let rounded = or(["TotalRoundings", "RoundingsAmount", "_"]).unwrap_or_default();
    let total = total.unwrap_or_else(|| panic!("no total: {document}")) - rounded;
    (total, vat.expect("VAT"))
}

impl Shop {
    /// What the collections hold, and what the last run said.
    pub fn read(read: impl Fn(&str) -> Vec<Value>, documents: &str, report: &Value) -> Shop {
        Shop {
            orders: read("till/orders"),
            documents: read(documents),
            customers: by_id(read("books/customers")),
            articles: names(read("books/articles"), "Number"),
            terms: names(read("books/termsofpayments"), "Name"),
            report: flow(report, "orders").clone(),
        }
    }

    pub fn of(&self, order: &Value) -> Vec<&Value> {
        let number = format!("1-{}", text(order, "ordernumber_full"));
        let same = |one: &&Value| text(one, "BuyersOrderReference") == number;
        self.documents.iter().filter(same).collect()
    }

    /// The orders whose note in the till says that they are booked.
    pub fn booked(&self) -> Vec<&Value> {
        let noted = |order: &&Value| {
            let note = format!("Booked as 1-{}", text(order, "ordernumber_full"));
            let notes = order["_ordernotes"].as_array().expect("notes");
            let count = notes.iter().filter(|one| text(one, "note") == note).count();
            assert!(count < 2, "{note} {count} times");
            count == 1
        };
        self.orders.iter().filter(noted).collect()
    }

    fn failed(&self, order: &Value) -> bool {
        let id = order["id"].to_string();
        let failures = self.report["failures"].as_array().expect("failures");
        failures.iter().any(|one| {
            let key = &one["key"];
            key.to_string().contains(&id) || text(one, "key").contains(&id)
        })
    }

    /// Totals, VAT, currency, buyer, terms, rows; of every booked order.
    pub fn is_true(&self, at_least: usize) {
        let booked = self.booked();
        assert!(booked.len() >= at_least, "{} booked", booked.len());
        for order in booked {
            let documents = self.of(order);
            assert_eq!(documents.len(), 1, "{order}");
            // one that the books had before the first run
            if text(order, "ordernumber_full") == "1061" {
                continue;
            }
            self.compare(order, documents[0]);
        }
        for order in &self.orders {
            let documents = self.of(order);
            assert!(documents.len() < 2, "{order}");
            let known = documents.is_empty() || text(order, "ordernumber_full") == "1061";
            assert!(
                known || self.failed(order) || self.booked().contains(&order),
                "silently left half way: {order}"
            );
        }
    }

    fn compare(&self, order: &Value, document: &Value) {
        let number = text(order, "ordernumber_full");
        let (total, vat) = totals(document);
        let sold = decimal(&order["total_price"]);
        let tax = decimal(&order["total_tax"]);
        let due = if order["taxes_included"] == true {
            sold
        } else {
            sold + tax
        };
        assert_eq!(total, due, "total of {number}: {document}");
        assert_eq!(vat, tax, "VAT of {number}: {document}");

        let customer = &self.customers[text(document, "CustomerId")];
        assert_eq!(
            text(customer, "CurrencyCode"),
            text(order, "currency"),
            "{number}"
        );
        let buyer = &order["customer"];
        let email = text(buyer, "email").trim().to_lowercase();
        if email.is_empty() {
            assert_eq!(text(customer, "CustomerNumber"), "1000", "{number}");
        } else if text(customer, "CustomerNumber") != "1000" {
            assert_eq!(
                text(customer, "EmailAddress").to_lowercase(),
                email,
                "{number}"
            );
        }
        if document
            .get("TermsOfPaymentId")
            .is_some_and(Value::is_string)
        {
            let terms = match text(order, "paymethod") {
                "cash" | "giftcard" => "Kontant",
                "pin" | "visa" | "mastercard" => "Kort",
                "ideal" | "bancontact" | "swish" => "Betald",
                "BankTransfer" => "10 dagar",
                "invoice" => "30 dagar",
                other => panic!("{number}: {other}"),
            };
            assert_eq!(
                self.terms[text(document, "TermsOfPaymentId")],
                terms,
                "{number}"
            );
            let other = &buyer["deliveryaddress"];
            let to = if text(other, "city").is_empty() {
                &buyer["billingaddress"]
            } else {
                other
            };
            for (theirs, ours) in [
                ("DeliveryPostalCode", "zipcode"),
                ("DeliveryCity", "city"),
                ("DeliveryCountryCode", "country_code"),
                ("DeliveryAddress1", "address_line_1"),
            ] {
                assert_eq!(text(document, theirs), text(to, ours), "{number} {theirs}");
            }
            let company = text(to, "company");
            let name = if company.is_empty() {
                text(to, "full_name")
            } else {
                company
            };
            assert_eq!(text(document, "DeliveryCustomerName"), name, "{number}");
        }
        self.compare_rows(order, document);
    }

    /// Goods one row each; freight, fees and own rows of discounts one per VAT rate, in proportion, without losing a cent.
    fn compare_rows(&self, order: &Value, document: &Value) {
        let number = text(order, "ordernumber_full");
        let goods = order["_orderrows"].as_array().expect("rows");
        let mut by_rate: BTreeMap<Decimal, Decimal> = BTreeMap::new();
        for row in goods {
            *by_rate.entry(decimal(&row["tax"])).or_default() +=
                decimal(&row["total_price_with_attributes"]);
        }
        let weight: Decimal = by_rate.values().sum();
        let rows = document["Rows"].as_array().expect("rows");
        let kind = |row: &Value, word: &str| {
            let article = self
                .articles
                .get(text(row, "ArticleId"))
                .map_or("", String::as_str);
            article.strip_prefix(word).map(str::to_owned)
        };
        let costs = |word: &str| -> Vec<(String, Decimal)> {
            let found = rows.iter().filter_map(|row| {
                let price = decimal(&row["UnitPrice"]) * decimal(&row["Quantity"]);
                kind(row, word).map(|rate| (rate, price))
            });
            found.collect()
        };
        let plain = rows.iter().filter(|row| {
            ["FRAKT", "AVGIFT", "RABATT"]
                .iter()
                .all(|word| kind(row, word).is_none())
        });
        let plain: Vec<&Value> = plain.collect();
        assert_eq!(plain.len(), goods.len(), "{number}: {document}");
        for (row, sold) in plain.iter().zip(goods) {
            assert_eq!(
                decimal(&row["Quantity"]),
                decimal(&sold["count"]),
                "{number}"
            );
            let sku = match text(sold, "sub_sku_number") {
                "" => text(sold, "product_number"),
                sku => sku,
            };
            assert_eq!(self.articles[text(row, "ArticleId")], sku, "{number}");
        }
        // comparable only where both sides mean the same: with VAT, or without
        let gross = document["IncludesVat"] == true;
        let extra = decimal(&order["extra_costs"]);
        let fees = decimal(&order["paymethod_costs"]) + extra.max(Decimal::ZERO);
        let discount = decimal(&order["total_discounts"])
            + decimal(&order["credit_point_discount"])
            - extra.min(Decimal::ZERO);
        let own_rows = !costs("RABATT").is_empty();
        for (word, amount, basis) in [
            (
                "FRAKT",
                decimal(&order["total_shipping"]),
                "shipping_taxes_included",
            ),
            ("AVGIFT", fees, "order_row_taxes_included"),
            ("RABATT", -discount, "order_row_taxes_included"),
        ] {
            let found = costs(word);
            if amount.is_zero() || (word == "RABATT" && !own_rows) {
                assert!(found.is_empty(), "{number} {word}: {document}");
                continue;
            }
            assert!(!found.is_empty(), "{number} {word}: {document}");
            if order[basis] != gross {
                continue;
            }
            let sum: Decimal = found.iter().map(|(_, price)| price).sum();
            assert_eq!(sum, amount, "{number} {word}: {document}");
            for (rate, price) in &found {
                let rate = Decimal::from_str(rate).expect("a rate");
                let fair = amount * by_rate[&rate] / weight;
                // several fees may meet on one rate: a cent each
                assert!(
                    (price - fair).abs() <= Decimal::new(1, 2),
                    "{number} {word} {rate}: {price} instead of {fair}"
                );
            }
        }
    }
}

#[test]
fn drafts_are_what_was_sold() {
    shop("books/customerinvoicedrafts", "").is_true(66);
}

#[test]
fn an_order_whose_total_leaves_vat_out_is_booked_with_it() {
    for document in ["draft", "order", "quote", "invoice"] {
        let servers = Servers::start(Options::default());
        let place = Workplace::with_flows();
        let orders = servers.records("till/orders");
        let company = |one: &&Value| text(one, "ordernumber_full") == "1049";
        let mut order = orders.iter().find(company).expect("1049").clone();
        let without = decimal(&order["total_price"]) - decimal(&order["total_tax"]);
        order["id"] = json!(339_400_000);
        order["ordernumber"] = json!(2049);
        order["ordernumber_full"] = json!("2049");
        order["taxes_included"] = json!(false);
        order["total_price"] = serde_json::from_str(&without.to_string()).expect("a number");
        servers.seed(json!({"till": {"orders": [order]}}));
        place
            .flowbook(&format!("run {BOOK} orders --only 339400000 --set document={document} --set orders_since=2026-01-01"))
            .at(servers.sandbox())
            .run()
            .exits(0);
    }
}

#[test]
fn drafts_with_discounts_in_prices_are_what_was_sold_or_are_reported() {
    let shop = shop("books/customerinvoicedrafts", "--set discounts=in_price");
    shop.is_true(60);
    for document in &shop.documents {
        let rows = document["Rows"].as_array().expect("rows");
        for row in rows {
            let article = shop.articles.get(text(row, "ArticleId"));
            assert!(article.is_none_or(|number| !number.starts_with("RABATT")));
        }
    }
}

#[test]
fn quotes_are_what_was_sold() {
    shop("books/quotes", "--set document=quote").is_true(66);
}

#[test]
fn orders_are_what_was_sold() {
    shop("books/orders", "--set document=order").is_true(66);
}

#[test]
fn invoices_are_what_was_sold_and_what_was_paid() {
    let shop = shop(
        "books/customerinvoices",
        "--set document=invoice --set status_after=completed",
    );
    shop.is_true(66);
    for order in shop.booked() {
        let invoice = shop.of(order)[0];
        assert_eq!(
            decimal(&invoice["RemainingAmountInvoiceCurrency"]),
            Decimal::ZERO,
            "{invoice}"
        );
        assert_eq!(order["status"], 7, "{order}");
    }
}

#[test]
fn an_unknown_article_is_made_and_its_order_goes_through() {
    let shop = shop(
        "books/customerinvoicedrafts",
        "--set missing_articles=create",
    );
    shop.is_true(67);
    let made: Vec<_> = shop.articles.values().filter(|n| *n == "OKAND-1").collect();
    assert_eq!(made.len(), 1);
}

#[test]
fn every_order_goes_to_the_forced_customer() {
    let shop = shop(
        "books/customerinvoicedrafts",
        "--set force_default_customer=true",
    );
    shop.is_true(20);
    for order in shop.booked() {
        let customer = text(shop.of(order)[0], "CustomerId");
        assert_eq!(shop.customers[customer]["CustomerNumber"], "1000");
    }
}

#[test]
fn only_orders_in_the_chosen_states_are_sent() {
    let shop = shop(
        "books/customerinvoicedrafts",
        "--set order_states=[\"completed\"] --set paid_only=false",
    );
    shop.is_true(10);
    let due = shop.orders.iter().filter(|order| order["status"] == 7);
    assert_eq!(shop.booked().len(), due.count());
    assert!(shop.booked().iter().all(|order| order["status"] == 7));
}

#[test]
fn what_a_connector_does_not_name_survives_an_update() {
    let servers = Servers::start(Options::default());
    let place = Workplace::with_flows();
    let words = format!(
        "run {BOOK} orders --set orders_since=2026-01-01 --set default_customer=1000 --format json"
    );
    place.flowbook(&words).at(servers.sandbox()).run();
    let mut customers = servers.records("books/customers");
    customers.retain(|one| one["EmailAddress"] == "anna.lind@example.com");
    let mut customer = customers.pop().expect("a buyer");
    let id = text(&customer, "Id").to_owned();
    customer["WwwAddress"] = json!("https://anna.example");
    customer["Telephone"] = json!("018-10 20 30");
    customer["InvoiceCity"] = json!("Elsewhere");
    servers.seed(json!({"books": {"customers": [customer]}}));

    let mut orders = servers.records("till/orders");
    orders.retain(|one| one["ordernumber_full"] == "1017");
    let mut order = orders.pop().expect("an order of hers");
    order["create_date"] = json!(jiff::Timestamp::now().to_string());
    assert_eq!(order["customer"]["email"], "anna.lind@example.com");
    order["id"] = json!(339_400_001);
    order["ordernumber"] = json!(2050);
    order["ordernumber_full"] = json!("2050");
    order["customer"]["billingaddress"]["telephone"] = json!("");
    servers.seed(json!({"till": {"orders": [order]}}));
    let report = place.flowbook(&words).at(servers.sandbox()).run().json();
    assert_eq!(flow(&report, "orders")["created"], 1, "{report}");

    let mut customers = by_id(servers.records("books/customers"));
    let now = customers.remove(&id).expect("still there");
    assert_eq!(now["InvoiceCity"], "Uppsala", "{now}");
    assert_eq!(now["WwwAddress"], "https://anna.example", "{now}");
    assert_eq!(now["Telephone"], "018-10 20 30", "{now}");
}
