//! A connector needs no Rust: two systems that nobody has heard of, declared in a flowbook's own files, with strict servers behind them.

use serde_json::{Value, json};

use super::made_up::{KEY, MadeUp, SECRET};
use super::support::{Call, Workplace, flow};

fn place() -> Workplace {
    let place = Workplace::empty();
    place.write("book/kiosk.flow", include_str!("made_up/kiosk.flow"));
    place.write("book/ledger.flow", include_str!("made_up/ledger.flow"));
    place.write("book/main.flow", include_str!("made_up/main.flow"));
    place
}

fn run(place: &Workplace, servers: &MadeUp, words: &str) -> Call {
    place
        .flowbook(&format!("run book {words} --format json"))
        .env("FLOWBOOK_SHOP_BASE", &servers.url("/kiosk/v2"))
        .env("FLOWBOOK_SHOP_KEY", KEY)
        .env("FLOWBOOK_LEDGER_REGION", "north")
        .env("FLOWBOOK_LEDGER_BASE", &servers.url("/ledger/north"))
        .env("FLOWBOOK_LEDGER_TOKEN_URL", &servers.url("/ledger/token"))
        .env("FLOWBOOK_LEDGER_CLIENT_ID", "flowbook")
        .env("FLOWBOOK_LEDGER_CLIENT_SECRET", SECRET)
}

#[test]
fn its_files_are_valid_and_formatted() {
    let place = place();
    let done = place.flowbook("validate book").run().exits(0);
    assert!(done.stderr().contains("is sound") || done.stdout().contains("is sound"));
    place.flowbook("fmt --check book").run().exits(0);
}

#[test]
fn orders_travel_and_the_shop_is_told_and_a_second_run_writes_nothing() {
    let (place, servers) = (place(), MadeUp::start());
    let report = run(&place, &servers, "").run().exits(0).json();
    let orders = flow(&report, "orders");
    assert_eq!(orders["created"], 3, "{report}");
    assert_eq!(orders["waiting"], 1, "{report}");

    servers.look(|state| {
        // records of one page are served side by side
        let sort = |list: &mut Vec<Value>, by: &str| list.sort_by_key(|one| one[by].to_string());
        sort(&mut state.entries, "ref");
        sort(&mut state.notes, "text");
        sort(&mut state.receipts, "number");
        assert_eq!(state.entries.len(), 3);
        assert_eq!(
            state.entries[0],
            json!({
                "id": state.entries[0]["id"], "ref": "K-1001", "party": 1, "currency": "EUR", "total": 12.5, "state": "open",
                "rows": [
                    { "text": "Tea", "amount": 4.5, "vat_rate": 9 },
                    { "text": "Pot", "amount": 6.0, "vat_rate": 21 },
                    { "text": "Cup", "amount": 2.0, "vat_rate": 21 },
                ],
            })
        );
        // the update replaces: what the connector does not know stays, what it knows is as the shop has it
        assert_eq!(
            state.parties[0],
            json!({ "id": 1, "email": "ann@example.com", "name": "Ann Appel", "vat_number": null, "credit_limit": 250 })
        );
        // a create that was answered by nothing was found by its key
        assert_eq!(state.parties[1]["email"], "bo@example.com");
        assert_eq!(state.parties.len(), 2);
        // told back: the state, a note below the order, a receipt by an action
        let states: Vec<&Value> = state.orders.iter().map(|order| &order["state"]).collect();
        assert_eq!(states, ["done", "new", "done", "done"]);
        let notes: Vec<&Value> = state.notes.iter().map(|note| &note["text"]).collect();
        assert_eq!(notes, ["Booked as K-1001", "Booked as K-1003", "Booked as K-1004"]);
        assert_eq!(state.receipts.len(), 3);
        assert_eq!(
            state.receipts[0],
            json!({ "id": state.receipts[0]["id"], "order_id": 1, "number": "K-1001", "copies": 1 })
        );
        assert_eq!(state.refused, Vec::<String>::new());
    });

    let writes = servers.look(|state| state.writes);
    let again = run(&place, &servers, "").run().exits(0).json();
    assert_eq!(flow(&again, "orders")["created"], 0, "{again}");
    assert_eq!(flow(&again, "orders")["updated"], 0, "{again}");
    assert_eq!(servers.look(|state| state.writes), writes, "{again}");
    assert_eq!(
        servers.look(|state| state.refused.clone()),
        Vec::<String>::new()
    );
}

#[test]
fn a_key_that_is_taken_by_the_body_of_an_answer_is_adopted() {
    let (place, servers) = (place(), MadeUp::start());
    servers.look(|state| state.racing = true);
    let report = run(&place, &servers, "").run().exits(0).json();
    assert_eq!(flow(&report, "orders")["created"], 3, "{report}");
    servers.look(|state| assert_eq!(state.entries.len(), 3));
}

#[test]
fn what_a_system_says_of_an_error_reaches_the_report() {
    let (place, servers) = (place(), MadeUp::start());
    servers.look(|state| state.closed = true);
    let report = run(&place, &servers, "").run().exits(1).json();
    let failures = flow(&report, "orders")["failures"].to_string();
    assert!(
        failures.contains("The year is closed (code year_closed)"),
        "{failures}"
    );
}

#[test]
fn a_wrong_key_is_told_with_the_variable_and_without_the_key() {
    let (place, servers) = (place(), MadeUp::start());
    let done = run(&place, &servers, "")
        .env("FLOWBOOK_SHOP_KEY", "wrong-key-of-friday")
        .run();
    let said = format!("{}{}", done.stdout(), done.stderr());
    assert!(said.contains("FLOWBOOK_SHOP_"), "{said}");
    assert!(!said.contains("wrong-key-of-friday"), "{said}");
    let done = run(&place, &servers, "")
        .env("FLOWBOOK_LEDGER_CLIENT_SECRET", "wrong-secret")
        .run();
    let said = format!("{}{}", done.stdout(), done.stderr());
    assert!(said.contains("FLOWBOOK_LEDGER_"), "{said}");
    assert!(!said.contains("wrong-secret"), "{said}");
}

#[test]
fn missing_variables_are_named_all_at_once() {
    let place = place();
    let done = place.flowbook("run book").run().exits(2);
    for name in [
        "SHOP_KEY",
        "LEDGER_CLIENT_ID",
        "LEDGER_CLIENT_SECRET",
        "LEDGER_REGION",
    ] {
        assert!(
            done.stderr().contains(&format!("FLOWBOOK_{name}")),
            "{}",
            done.stderr()
        );
    }
    assert!(
        !done.stderr().contains("REFRESH_TOKEN"),
        "{}",
        done.stderr()
    );
}
