//! A store that is deleted, or put back from an older copy, after orders were carried over: what the runs that follow say, and how `relink` mends it.

use std::fs;

use flowbook_sandbox::Options;
use serde_json::{Value, json};

use super::records::without_times;
use super::support::{Servers, Workplace, count_by, steady};

const BOOK: &str = "flows/ccv-eaccounting";
const RUN: &str = "orders --set orders_since=2026-01-01 --set default_customer=1000";

/// Booked, but its note could not be made in the till: the order is begun.
const BEGUN: &str = "339323500";
/// Carried over.
const DONE: &str = "339323501";

fn said(place: &Workplace, servers: &Servers, words: &str) -> String {
    let call = place.flowbook(words).at(servers.sandbox());
    // an older copy settles once before its first write
    let call = call
        .env("FLOWBOOK_BOOKS_SETTLE", "1 second")
        .env("FLOWBOOK_TILL_SETTLE", "1 second");
    without_times(&steady(&call.run().said()))
}

fn run(place: &Workplace, servers: &Servers) -> String {
    said(place, servers, &format!("run {BOOK} {RUN}"))
}

fn state(place: &Workplace, key: &str) -> Value {
    let whole = place.flowbook(&format!("records {BOOK} --key {key} --format json"));
    whole.run().json()[0]["state"].clone()
}

fn drafts(servers: &Servers) -> usize {
    let drafts = servers.records("books/customerinvoicedrafts");
    let by_reference = count_by(&drafts, "BuyersOrderReference");
    let twice = by_reference
        .iter()
        .find(|(name, count)| **count > 1 && *name != "null");
    assert_eq!(twice, None);
    drafts.len()
}

fn notes(servers: &Servers, key: &str) -> usize {
    let orders = servers.records("till/orders");
    let order = orders
        .iter()
        .find(|order| order["id"].as_u64() == key.parse().ok());
    let notes = order.expect("the order")["_ordernotes"].as_array();
    notes.map_or(0, Vec::len)
}

/// Orders that were carried over, one of them but for its note, and what the store was before.
fn carried_over() -> (Workplace, Servers) {
    let servers = Servers::start(Options::default());
    let place = Workplace::without_quotas();
    said(
        &place,
        &servers,
        &format!("run {BOOK} {RUN} --only 339323561"),
    );
    let store = place.path().join(BOOK).join(".flowbook/store.sqlite");
    fs::copy(&store, place.path().join("old.sqlite")).expect("copied");
    servers.fault(json!({"kind": "500", "path": format!("/api/rest/v1/orders/{BEGUN}/ordernotes"), "method": "POST", "times": 100}));
    run(&place, &servers);
    servers.clear_faults();
    assert_eq!(state(&place, BEGUN), "failed");
    assert_eq!((notes(&servers, BEGUN), notes(&servers, DONE)), (0, 1));
    (place, servers)
}

/// Both orders are carried over, each with one note, and no draft was made besides.
fn is_whole(place: &Workplace, servers: &Servers, made: usize) {
    let states = (state(place, BEGUN), state(place, DONE));
    assert_eq!(states, (json!("done"), json!("done")));
    let notes = (notes(servers, BEGUN), notes(servers, DONE));
    assert_eq!((drafts(servers), notes), (made, (1, 1)));
}

#[test]
fn who_lost_the_store_is_told_of_relink_which_mends_it() {
    let (place, servers) = carried_over();
    let made = drafts(&servers);
    fs::remove_dir_all(place.path().join(BOOK).join(".flowbook")).expect("deleted");

    insta::assert_snapshot!("run_without_the_store", run(&place, &servers));
    insta::assert_snapshot!(
        "left_out_for_it",
        [
            said(&place, &servers, &format!("records {BOOK} --state skipped")),
            said(&place, &servers, &format!("records {BOOK} --key {BEGUN}")),
            said(&place, &servers, &format!("why {BOOK} {BEGUN}")),
        ]
        .join("\n")
    );

    insta::assert_snapshot!(
        "relink",
        said(&place, &servers, &format!("relink {BOOK} {RUN}"))
    );
    assert_eq!(
        (state(&place, BEGUN), state(&place, DONE)),
        (json!("waiting"), json!("done"))
    );
    // an invoice that was there before, made by hand: still not ours
    assert_eq!(state(&place, "339323560"), "skipped");
    assert_eq!(notes(&servers, BEGUN), 0);

    run(&place, &servers);
    is_whole(&place, &servers, made);
}

#[test]
fn an_older_copy_of_the_store_is_mended_the_same_way() {
    let (place, servers) = carried_over();
    let made = drafts(&servers);
    let state_of = place.path().join(BOOK).join(".flowbook");
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(state_of.join(format!("store.sqlite{end}"))); // a store that was closed has none
    }
    fs::copy(
        place.path().join("old.sqlite"),
        state_of.join("store.sqlite"),
    )
    .expect("put back");

    let text = run(&place, &servers);
    assert!(
        text.contains("already drafted in the books") && text.contains("flowbook relink"),
        "{text}"
    );
    said(&place, &servers, &format!("relink {BOOK} {RUN}"));
    run(&place, &servers);
    is_whole(&place, &servers, made);
}

#[test]
fn what_a_person_made_under_an_orders_number_is_not_gone_on_with() {
    let (place, servers) = carried_over();
    let mut draft = servers
        .records("books/customerinvoicedrafts")
        .into_iter()
        .find(|draft| {
            draft["BuyersOrderReference"]
                .as_str()
                .is_some_and(|number| number.ends_with("K2-1001"))
        })
        .expect("the draft");
    draft["Rows"][0]["Quantity"] = json!(7);
    servers.seed(json!({ "books": { "customerinvoicedrafts": [draft] } }));
    fs::remove_dir_all(place.path().join(BOOK).join(".flowbook")).expect("deleted");
    run(&place, &servers);
    said(&place, &servers, &format!("relink {BOOK} {RUN}"));
    run(&place, &servers);
    assert_eq!(state(&place, BEGUN), "skipped");
    assert_eq!(notes(&servers, BEGUN), 0);
}
