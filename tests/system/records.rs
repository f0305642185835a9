//! Dealing with what was not carried over: an order fails, is listed, explained, corrected, tried again, dismissed.

use flowbook_sandbox::Options;
use serde_json::{Value, json};

use super::support::{Servers, Workplace, count_by, flow};

const BOOK: &str = "flows/ccv-eaccounting";
const RUN: &str =
    "run flows/ccv-eaccounting orders --set orders_since=2026-01-01 --set default_customer=1000";

/// A flowbook whose orders ran once, and its systems.
fn ran() -> (Workplace, Servers) {
    let servers = Servers::start(Options::default());
    let place = Workplace::with_flows();
    again(&place, &servers);
    (place, servers)
}

fn again(place: &Workplace, servers: &Servers) -> Value {
    let report = place
        .flowbook(&format!("{RUN} --format json"))
        .at(servers.sandbox())
        .run()
        .json();
    flow(&report, "orders").clone()
}

/// What a command about the flowbook's records says, without the times.
fn said(place: &Workplace, command: &str, rest: &str, code: i32) -> String {
    let said = place
        .flowbook(&format!("{command} {BOOK} {rest}"))
        .run()
        .exits(code)
        .said();
    without_times(&said)
}

/// `2026-03-01 14:05` and `2026-03-01T14:05:00.000001Z` become `TIME`; so does what the records' own dates say.
pub fn without_times(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some(at) = rest.find("2026-") {
            let shape: String = rest[at..]
                .chars()
                .take(16)
                .map(|c| if c.is_ascii_digit() { '0' } else { c })
                .collect();
            if !["0000-00-00 00:00", "0000-00-00T00:00"].contains(&shape.as_str()) {
                out.push_str(&rest[..at + 5]);
                rest = &rest[at + 5..];
                continue;
            }
            out.push_str(&rest[..at]);
            out.push_str("TIME");
            rest = &rest[at + 16..];
            if rest.starts_with(':') && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
                let end = rest.find('Z').map_or(rest.len(), |end| end + 1);
                rest = &rest[end..];
            }
        }
        out.push_str(rest);
    }
    out
}

fn listed(place: &Workplace, rest: &str) -> Vec<Value> {
    let list = place
        .flowbook(&format!("records {BOOK} {rest} --format json"))
        .run()
        .exits(0)
        .json();
    list.as_array().expect("a list").clone()
}

fn states(records: &[Value]) -> Vec<String> {
    let state = |record: &Value| {
        let text = |name: &str| record[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", text("title"), text("state"), text("code"))
    };
    records.iter().map(state).collect()
}

/// The article that order 1062 needs comes into the books.
fn add_article(servers: &Servers) {
    let mut article = servers
        .records("books/articles")
        .into_iter()
        .find(|article| {
            article["Name"]
                .as_str()
                .is_some_and(|name| name.contains("Mugg"))
        })
        .expect("an article");
    article["Id"] = json!("0f6f2a52-7f0e-4bd0-9f53-0a4a6a1d9e11");
    article["Number"] = json!("OKAND-1");
    article["Name"] = json!("Okänd vara");
    servers.seed(json!({ "books": { "articles": [article] } }));
}

#[test]
fn what_was_not_carried_over_is_listed_by_cause_and_shown_whole() {
    let (place, _servers) = ran();
    insta::assert_snapshot!("records", said(&place, "records", "", 0));
    insta::assert_snapshot!(
        "record_of_a_failure",
        said(&place, "records", "--key 1062", 0)
    );
    insta::assert_snapshot!(
        "record_after_a_write",
        masked(&said(&place, "records", "--key 1063", 0))
    );
}

#[test]
fn records_are_filtered_by_state_flow_code_and_time() {
    let (place, _servers) = ran();
    let open = [
        "1062 failed F0800",
        "1063 failed F0813",
        "1058 waiting -",
        "1059 waiting -",
    ];
    let mut all = states(&listed(&place, ""));
    all.sort_unstable();
    let mut expected = open;
    expected.sort_unstable();
    assert_eq!(all, expected);
    assert_eq!(
        states(&listed(&place, "--state skipped")),
        ["1061 skipped F0823"]
    );
    assert_eq!(
        states(&listed(&place, "--code F0813")),
        ["1063 failed F0813"]
    );
    assert_eq!(listed(&place, "--state done --flow orders").len(), 66);
    assert!(listed(&place, "--since 2999-01-01").is_empty());
    assert_eq!(listed(&place, "--since 2020-01-01").len(), 4);
    let csv = place
        .flowbook(&format!("records {BOOK} --state failed --format csv"))
        .run()
        .exits(0)
        .stdout();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(
        csv.starts_with("flow,key,title,state,code,message,field,at,"),
        "{csv}"
    );
    let refused = place
        .flowbook(&format!("records {BOOK} --flow ordrs"))
        .run()
        .exits(2)
        .stderr();
    assert!(refused.contains("has no flow “ordrs”"), "{refused}");
}

#[test]
fn records_of_another_place_are_not_said_to_be_none() {
    let place = Workplace::with_flows();
    place
        .flowbook(&format!("{RUN} --sandbox --limit 1"))
        .run()
        .exits(0);
    insta::assert_snapshot!(said(&place, "records", "", 0), @r"
    exit 0
    --- stderr
    Nothing is remembered in flows/ccv-eaccounting/.flowbook yet: only runs with --sandbox were made, and --sandbox tells of them. `flowbook run flows/ccv-eaccounting` makes one.
    ");
    insta::assert_snapshot!(said(&place, "dismiss", "1062 --reason x --flow ordrs --sandbox", 2), @r"
    exit 2
    --- stderr
    error: The flowbook has no flow “ordrs”.
    help: Did you mean `orders`?
    ");
}

#[test]
fn why_tells_of_each_order_what_decided() {
    let (place, _servers) = ran();
    let why = |key: &str| said(&place, "why", key, 0);
    let all = [
        ("failed", "1062"),
        ("written, and another total", "1063"),
        ("not paid", "1058"),
        ("skipped", "1061"),
        ("carried over, by its key", "339323500"),
        ("never seen", "no-such-order"),
    ]
    .map(|(what, key)| format!("## {what}\n{}", why(key)))
    .join("\n");
    insta::assert_snapshot!("why", masked(&all));
    // the line is found from another working folder too
    let inside = place.flowbook("why 1061").inside(&place.path().join(BOOK));
    let inside = inside.run().exits(0).stdout();
    assert!(inside.contains("skip \"already invoiced"), "{inside}");
    let answers = place
        .flowbook(&format!("why {BOOK} 1061 --format json"))
        .run()
        .exits(0)
        .json();
    assert_eq!(answers[0]["record"]["state"], "skipped", "{answers}");
    assert_eq!(answers[0]["flow"], "orders", "{answers}");
    assert!(
        answers[0]["line"][1]
            .as_str()
            .is_some_and(|line| line.starts_with("skip \"already invoiced")),
        "{answers}"
    );
}

/// Ids that the systems give become `ID`.
fn masked(text: &str) -> String {
    let is_id = |word: &str| {
        let given = word.len() == 36 && word.matches('-').count() == 4;
        given || (word.len() == 6 && word.starts_with("7000"))
    };
    let line = |line: &str| {
        let words: Vec<&str> = line
            .split(' ')
            .map(|word| if is_id(word) { "ID" } else { word })
            .collect();
        words.join(" ")
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn a_failed_order_is_retried_once_its_article_is_in_the_books() {
    let (place, servers) = ran();
    let second = again(&place, &servers);
    assert_eq!(second["failed"], 2, "{second}");

    // Its pause is not over: nothing is asked for it, and it still counts.
    let third = place
        .flowbook(RUN)
        .at(servers.sandbox())
        .run()
        .exits(1)
        .said();
    insta::assert_snapshot!("summary_of_a_pause", without_times(&third));

    add_article(&servers);
    let resting = again(&place, &servers);
    assert_eq!(
        (&resting["failed"], &resting["created"]),
        (&json!(2), &json!(0)),
        "{resting}"
    );
    insta::assert_snapshot!(said(&place, "retry", "1062", 0), @r"
    exit 0
    --- stdout
      orders › 1062 (339323561)
    The next run tries it again: `flowbook run flows/ccv-eaccounting`.
    ");
    let report = again(&place, &servers);
    assert_eq!(
        (&report["failed"], &report["created"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    let of_it = listed(&place, "--key 1062");
    assert_eq!(of_it[0]["state"], "done");
    let writes = of_it[0]["writes"].as_array().expect("a list");
    let draft = writes
        .iter()
        .find(|write| write["step"] == "draft")
        .expect("written");
    assert_eq!(draft["resource"], "books.invoice_drafts");
    assert_eq!(draft["change"]["does"], "create", "{draft}");
    insta::assert_snapshot!(said(&place, "retry", "1062", 1), @r"
    exit 1
    --- stdout
      Not orders › 1062 (339323561): it is carried over already.
    Nothing is to be tried again.
    ");
    insta::assert_snapshot!(said(&place, "retry", "1062 --format json", 1), @r#"
    exit 1
    --- stdout
    {
      "marked": 0,
      "records": [],
      "left": [
        {
          "flow": "orders",
          "key": "339323561",
          "why": "it is carried over already"
        }
      ]
    }
    "#);
}

#[test]
fn a_dismissed_order_is_off_the_list_until_it_is_wanted_again() {
    let (place, servers) = ran();
    let refused = place
        .flowbook(&format!("dismiss {BOOK} 1062"))
        .run()
        .exits(2)
        .stderr();
    assert!(refused.contains("--reason"), "{refused}");
    said(&place, "dismiss", "1062 --reason ' '", 2);
    insta::assert_snapshot!(said(&place, "dismiss", "1062 --reason 'booked by hand, A-117'", 0), @r"
    exit 0
    --- stdout
    orders › 1062 (339323561) is dismissed.
    ");
    assert_eq!(again(&place, &servers)["failed"], 1);
    assert_eq!(
        states(&listed(&place, "--state dismissed")),
        ["1062 dismissed F0800"]
    );

    // It changes: it is noted, once, and not booked.
    let mut order = servers
        .records("till/orders")
        .into_iter()
        .find(|order| order["id"] == 339_323_561)
        .expect("the order");
    order["paymethod"] = json!("swish");
    servers.seed(json!({ "till": { "orders": [order] } }));
    add_article(&servers);
    let whole = || {
        let run = place.flowbook(&format!("{RUN} --since 2026-01-01"));
        run.at(servers.sandbox()).run().exits(1).stdout()
    };
    let told = whole();
    let note = "Note on 339323561: it was dismissed, and has changed since in till.orders";
    assert!(told.contains(note), "{told}");
    let told = whole();
    assert!(!told.contains("was dismissed"), "{told}");
    let why = said(&place, "why", "1062", 0);
    assert!(
        why.contains("A person dismissed it on TIME: booked by hand, A-117."),
        "{why}"
    );

    said(&place, "retry", "1062", 0);
    assert_eq!(again(&place, &servers)["created"], 1);
}

#[test]
fn records_are_read_while_a_run_goes_on_and_marked_after_it() {
    let (place, servers) = ran();
    let slow = servers.slow_books(std::time::Duration::from_millis(400));
    place
        .flowbook(&format!("retry {BOOK} --all"))
        .run()
        .exits(0);
    let mut running = place
        .flowbook(RUN)
        .at(servers.sandbox())
        .env("FLOWBOOK_BOOKS_BASE", &slow.base())
        .spawn();
    std::thread::sleep(std::time::Duration::from_millis(700));
    assert_eq!(listed(&place, "--state failed").len(), 2);
    let held = place
        .flowbook(&format!("retry {BOOK} 1062"))
        .run()
        .exits(2)
        .stderr();
    assert!(held.contains("is running this flowbook already"), "{held}");
    assert!(running.wait().expect("ended").code().is_some());
    place.flowbook(&format!("retry {BOOK} 1062")).run().exits(0);
}

#[test]
fn a_flow_stops_after_many_equal_failures_in_a_row_and_its_cursor_stays() {
    let servers = Servers::start(Options::default());
    let place = Workplace::with_flows();
    // All orders look for terms that the books do not have.
    place.edit(
        &format!("{BOOK}/documents.flow"),
        "Name = name].Id",
        "Name = \"{name} netto\"].Id",
    );
    let report = again(&place, &servers);
    assert_eq!(report["stopped"]["code"], "F0822", "{report}");
    assert_eq!(report["failed"], 25, "{report}");
    assert_eq!(servers.records("books/customerinvoicedrafts").len(), 0);

    // The cause is gone: what was not reached is read again.
    place.edit(
        &format!("{BOOK}/documents.flow"),
        "Name = \"{name} netto\"].Id",
        "Name = name].Id",
    );
    let report = again(&place, &servers);
    assert_eq!(report["stopped"], Value::Null, "{report}");
    assert!(report["created"].as_u64() >= Some(60), "{report}");
    let drafts = servers.records("books/customerinvoicedrafts");
    let doubles = count_by(&drafts, "BuyersOrderReference");
    assert!(doubles.values().all(|count| *count == 1), "{doubles:?}");
    assert_eq!(again(&place, &servers)["created"], 0);
}

#[test]
fn an_unchanged_order_costs_no_write_and_no_look_up() {
    let (place, servers) = ran();
    place
        .flowbook(&format!("retry {BOOK} --all"))
        .run()
        .exits(0);
    for key in ["1062", "1063"] {
        said(&place, "dismiss", &format!("{key} --reason 'by hand'"), 0);
    }
    let before = servers.requests();
    let report = again(&place, &servers);
    assert_eq!(report["failed"], 0, "{report}");
    let after = servers.requests();
    let new: Vec<String> = after
        .as_object()
        .expect("counts")
        .iter()
        .filter(|(request, count)| before[request.as_str()] != **count)
        .map(|(request, _)| request.clone())
        .filter(|request| !request.contains("token"))
        .collect();
    assert!(
        new.iter().all(|request| request.starts_with("till GET")),
        "{new:?}"
    );
}
