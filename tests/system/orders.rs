//! The order flow from the till to the books, over sockets.

use flowbook_sandbox::Options;
use serde_json::{Value, json};

use super::support::{Servers, Workplace, count_by, flow};

const BOOK: &str = "flows/ccv-eaccounting";

fn drafts(place: &Workplace) -> Vec<Value> {
    place.sandbox_records(BOOK, "books/customerinvoicedrafts")
}

#[test]
fn paid_orders_become_drafts_and_a_second_run_makes_nothing() {
    let place = Workplace::with_flows();
    let first = place
        .flowbook("run flows/ccv-eaccounting orders --sandbox --format json")
        .run()
        .exits(1)
        .json();
    let orders = flow(&first, "orders");
    let created = orders["created"].as_u64().unwrap_or(0);
    assert!(created >= 40, "{orders}");
    assert!(orders["read"].as_u64() >= Some(60), "{orders}");
    assert!(orders["waiting"].as_u64() >= Some(1), "{orders}");
    assert!(orders["skipped"].as_u64() >= Some(1), "{orders}");
    for failure in orders["failures"].as_array().expect("a list") {
        assert!(
            failure["code"]
                .as_str()
                .is_some_and(|code| code.starts_with('F')),
            "{failure}"
        );
        assert!(
            failure["message"]
                .as_str()
                .is_some_and(|text| text.len() > 20),
            "{failure}"
        );
    }
    let made = drafts(&place);

    let second = place
        .flowbook("run flows/ccv-eaccounting orders --sandbox --format json")
        .run()
        .exits(1)
        .json();
    let again = flow(&second, "orders");
    assert_eq!(again["created"], 0, "{again}");
    assert_eq!(again["updated"], 0, "{again}");
    assert_eq!(drafts(&place).len(), made.len());
    let doubles: Vec<_> = count_by(&made, "BuyersOrderReference")
        .into_iter()
        .filter(|(reference, count)| *count > 1 && reference != "null")
        .collect();
    assert!(doubles.is_empty(), "{doubles:?}");
}

#[test]
fn the_summary_is_for_a_bookkeeper() {
    let place = Workplace::with_flows();
    let done = place
        .flowbook("run flows/ccv-eaccounting --sandbox")
        .run()
        .exits(1);
    insta::assert_snapshot!("summary", done.said());
}

/// Records that failed after their document was drafted: its total is not the order's.
fn drafted(orders: &Value) -> usize {
    let failures = orders["failures"].as_array().expect("a list");
    failures
        .iter()
        .filter(|failure| failure["code"] == "F0813")
        .count()
}

#[test]
fn every_kind_of_document_is_made() {
    for (document, collection) in [
        ("quote", "books/quotes"),
        ("order", "books/orders"),
        ("draft", "books/customerinvoicedrafts"),
        ("invoice", "books/customerinvoices"),
    ] {
        let place = Workplace::with_flows();
        let before = Servers::start(Options::default()).records(collection).len();
        let report = place
            .flowbook(&format!(
                "run flows/ccv-eaccounting orders --sandbox --set document={document} --format json"
            ))
            .run()
            .json();
        let orders = flow(&report, "orders");
        let created = orders["created"].as_u64().unwrap_or(0) as usize;
        assert!(created >= 40, "{document}: {orders}");
        // an invoice is booked only once its draft's total was found right
        let drafted = if document == "invoice" {
            0
        } else {
            drafted(orders)
        };
        let after = place.sandbox_records(BOOK, collection).len();
        assert_eq!(after - before, created + drafted, "{document}: {orders}");
    }
}

#[test]
fn a_booked_invoice_is_paid_and_the_till_is_told() {
    let place = Workplace::with_flows();
    place
        .flowbook("run flows/ccv-eaccounting orders --sandbox --set document=invoice --set status_after=completed")
        .run()
        .exits(1);
    let invoices = place.sandbox_records(BOOK, "books/customerinvoices");
    let ours = invoices.iter().filter(|invoice| {
        invoice["BuyersOrderReference"]
            .as_str()
            .is_some_and(|text| text.starts_with("1-"))
    });
    let mut count = 0;
    for invoice in ours {
        count += 1;
        let rest = &invoice["RemainingAmount"];
        assert!(rest.as_f64() == Some(0.0), "{invoice}");
    }
    assert!(count >= 40);
    let orders = place.sandbox_records(BOOK, "till/orders");
    let noted = orders
        .iter()
        .filter(|order| order["_ordernotes"].to_string().contains("Booked as 1-"))
        .count();
    assert!(noted >= 40, "{noted}");
}

#[test]
fn a_dry_run_reads_both_systems_and_writes_nothing() {
    let servers = Servers::start(Options::default());
    let place = Workplace::with_flows();
    let done = place
        .flowbook("run flows/ccv-eaccounting orders --dry-run --only 339323500 --set orders_since=2026-01-01 --set default_customer=1000")
        .at(servers.sandbox())
        .run()
        .exits(0);
    insta::assert_snapshot!("dry_run_of_one_order", done.said());
    place
        .flowbook("run flows/ccv-eaccounting --dry-run --set orders_since=2026-01-01 --set default_customer=1000")
        .at(servers.sandbox())
        .run()
        .exits(1);
    let counted = servers.requests();
    let wrote: Vec<String> = counted
        .as_object()
        .expect("counts")
        .keys()
        .filter(|request| !request.contains(" GET ") && !request.contains("token"))
        .cloned()
        .collect();
    assert!(wrote.is_empty(), "{wrote:?}");
    assert!(counted.to_string().contains("till GET"), "{counted}");
    assert!(counted.to_string().contains("books GET"), "{counted}");
    // nor does the store know more than before: the first run carries all over
    let report = place
        .flowbook("run flows/ccv-eaccounting orders --set orders_since=2026-01-01 --set default_customer=1000 --format json")
        .at(servers.sandbox())
        .run()
        .exits(1)
        .json();
    assert!(flow(&report, "orders")["created"].as_u64() >= Some(40));
}

#[test]
fn systems_are_reached_through_the_environment() {
    let servers = Servers::start(Options::default());
    let place = Workplace::with_flows();
    let before = servers.records("books/customerinvoicedrafts").len();
    let report = place
        .flowbook("run flows/ccv-eaccounting orders --set orders_since=2026-01-01 --set default_customer=1000 --format json --state state")
        .at(servers.sandbox())
        .run()
        .exits(1)
        .json();
    let created = flow(&report, "orders")["created"].as_u64().unwrap_or(0) as usize;
    assert_eq!(
        servers.records("books/customerinvoicedrafts").len() - before,
        created + drafted(flow(&report, "orders"))
    );
    assert!(created >= 40);
    assert!(place.path().join("state/store.sqlite").exists());
    assert!(
        !place
            .path()
            .join("flows/ccv-eaccounting/.flowbook")
            .exists()
    );
}

#[test]
fn a_base_takes_the_place_of_what_only_addresses_need() {
    let servers = Servers::start(Options::default());
    let place = Workplace::with_flows();
    place
        .flowbook("run flows/ccv-eaccounting orders --limit 1 --set orders_since=2026-01-01 --set default_customer=1000")
        .at(servers.sandbox())
        .env("FLOWBOOK_TILL_HOST", "")
        .env("FLOWBOOK_TILL_WEBSHOP", "")
        .run()
        .exits(0);
}

#[test]
fn what_a_person_mends_goes_on_with_the_next_run() {
    let servers = Servers::start(Options::default());
    let place = Workplace::with_flows();
    let words = "run flows/ccv-eaccounting orders --set orders_since=2026-01-01 --set default_customer=1000 --format json";
    let first = place
        .flowbook(words)
        .at(servers.sandbox())
        .run()
        .exits(1)
        .json();
    let unknown = flow(&first, "orders")["failures"]
        .as_array()
        .expect("failures")
        .iter()
        .find(|failure| {
            failure["message"]
                .as_str()
                .is_some_and(|text| text.contains("is not in the books"))
        })
        .expect("the order with the unknown article")
        .clone();
    let message = unknown["message"].as_str().expect("text");
    let sku = message
        .split("article ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .expect("the article's number");
    let mut article = servers
        .records("books/articles")
        .into_iter()
        .find(|article| article["Number"] == "MUGG-BLA")
        .expect("an article of 25 %");
    article["Id"] = json!("11111111-2222-4333-8444-555555555555");
    article["Number"] = json!(sku);
    servers.seed(json!({"books": {"articles": [article]}}));
    let second = place.flowbook(words).at(servers.sandbox()).run().json();
    let orders = flow(&second, "orders");
    assert_eq!(orders["created"], 1, "{orders}");
    let still = orders["failures"].to_string();
    assert!(!still.contains(sku), "{still}");
}

#[test]
fn a_shop_s_layer_changes_what_is_written() {
    let place = Workplace::with_flows();
    let report = place
        .flowbook("run flows/example-shop orders --sandbox --format json")
        .run()
        .json();
    let orders = flow(&report, "orders");
    assert!(orders["created"].as_u64() >= Some(5), "{orders}");
    let invoices = place.sandbox_records("flows/example-shop", "books/customerinvoices");
    let ours = invoices
        .iter()
        .filter(|invoice| {
            invoice["BuyersOrderReference"]
                .as_str()
                .is_some_and(|text| text.starts_with("AMS-"))
        })
        .count() as u64;
    assert_eq!(Some(ours), orders["created"].as_u64());
}

#[test]
fn a_reset_sandbox_starts_anew() {
    let place = Workplace::with_flows();
    let run = || {
        let report = place
            .flowbook("run flows/ccv-eaccounting orders --sandbox --format json")
            .run()
            .json();
        flow(&report, "orders")["created"].as_u64().unwrap_or(0)
    };
    let first = run();
    assert!(first >= 40);
    assert_eq!(run(), 0);
    place.flowbook("sandbox --reset").run().exits(0);
    assert_eq!(run(), first);
    place
        .flowbook("sandbox flows/ccv-eaccounting --reset")
        .run()
        .exits(0);
    assert_eq!(run(), first);
}

#[test]
fn registered_customers_reach_the_books() {
    let place = Workplace::with_flows();
    let before = Servers::start(Options::default())
        .records("books/customers")
        .len();
    let report = place
        .flowbook("run flows/ccv-eaccounting customers_to_books --sandbox --format json")
        .run()
        .json();
    let customers = flow(&report, "customers_to_books");
    assert!(customers["created"].as_u64() >= Some(10), "{customers}");
    let after = place.sandbox_records(BOOK, "books/customers");
    assert!(after.len() > before);
    let companies = after
        .iter()
        .filter(|one| one["IsPrivatePerson"] == false)
        .count();
    assert!(companies >= 5);
}

#[test]
fn an_order_that_has_the_number_of_another_one_is_not_taken_for_it() {
    let servers = Servers::start(Options::default());
    let place = Workplace::without_quotas();
    let run = || {
        let words = "run flows/ccv-eaccounting orders --set orders_since=2026-01-01 --set default_customer=1000 --format json";
        let report = place.flowbook(words).at(servers.sandbox()).run().json();
        flow(&report, "orders").clone()
    };
    run();
    let drafts = || servers.records("books/customerinvoicedrafts").len();
    let made = drafts();
    let orders = servers.records("till/orders");
    let order = orders.iter().find(|order| order["id"] == 339_323_501_u64);
    let mut order = order.expect("an order that is done").clone();
    order["id"] = json!(339_999_999_u64);
    order["create_date"] = json!(jiff::Timestamp::now().to_string());
    servers.seed(json!({ "till": { "orders": [order] } }));
    for _ in 0..2 {
        let orders = run();
        let failures = orders["failures"].as_array().expect("a list");
        let told = failures
            .iter()
            .find(|failure| failure["key"] == "339999999");
        let told = told.expect("it is told of");
        let message = told["message"].as_str().unwrap_or_default();
        assert_eq!(told["code"], "F0824", "{message}");
        assert!(
            message.ends_with("under this BuyersOrderReference already, and it is the draft of another record of till.orders: K2-1002 (339323501)."),
            "{message}"
        );
        assert_eq!(drafts(), made);
    }
}
