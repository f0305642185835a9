//! What each command answers, and the formats that other tools rely on.

use serde_json::Value;

use super::support::Workplace;

const BOOK: &str = "flows/ccv-eaccounting";

#[test]
fn the_shipped_flowbooks_are_sound() {
    let place = Workplace::with_flows();
    let done = place
        .flowbook("validate flows/ccv-eaccounting flows/example-shop")
        .run()
        .exits(0);
    insta::assert_snapshot!("validate_shipped", done.said());
}

#[test]
fn each_mistake_is_told_at_once() {
    let place = Workplace::with_flows();
    place.edit(
        "flows/ccv-eaccounting/orders.flow",
        "by BuyersOrderReference = number {\n      ..draft_head(order)",
        "by BuyerOrderReference = number {\n      ..draft_head(order)",
    );
    place.edit(
        "flows/ccv-eaccounting/documents.flow",
        "| shorten\n  Quantity:  l.quantity | fits\n  UnitPrice: l.price | in_basis",
        "\n  Quantity:  l.quantity\n  UnitPrice: l.price | in_basis",
    );
    place.edit("flows/ccv-eaccounting/customers.flow", "p.btw", "p.btww");
    place.edit(
        "flows/ccv-eaccounting/tables.flow",
        "  0%  => \"Varor momsfritt\"\n",
        "  0%  => \"Varor momsfritt\"\n  6%  => \"Varor 6%\"\n",
    );
    let done = place
        .flowbook("validate flows/ccv-eaccounting")
        .run()
        .exits(1);
    insta::assert_snapshot!("validate_broken_copy", done.said());

    let found = place
        .flowbook("validate flows/ccv-eaccounting --format json")
        .run()
        .exits(1)
        .json();
    let found = found.as_array().expect("an array");
    assert!(found.len() >= 4, "{found:#?}");
    for one in found {
        for key in [
            "code",
            "severity",
            "message",
            "help",
            "file",
            "line",
            "column",
            "end_line",
            "end_column",
        ] {
            assert!(one.get(key).is_some(), "{key} is missing in {one}");
        }
        assert!(
            one["code"]
                .as_str()
                .is_some_and(|code| code.len() == 5 && code.starts_with('F'))
        );
        assert!(one["line"].as_u64() >= Some(1));
    }
    for format in ["sarif", "github"] {
        let text = place
            .flowbook(&format!("validate {BOOK} --format {format}"))
            .run()
            .exits(1)
            .stdout();
        assert!(text.contains("documents.flow"), "{format}: {text}");
    }
}

#[test]
fn the_formatter_leaves_shipped_files_alone() {
    let place = Workplace::with_flows();
    place.flowbook("fmt --check flows").run().exits(0);
    place.write(
        "a/main.flow",
        "zone   \"UTC\"\nmap  x( a:int )=a+1   // one more\n",
    );
    let check = place.flowbook("fmt --check a").run().exits(1);
    insta::assert_snapshot!("fmt_check", check.said());
    place.flowbook("fmt a").run().exits(0);
    let formatted = place.read("a/main.flow");
    assert!(
        formatted.starts_with("zone \"UTC\"\nmap x(a: int) = a + 1  "),
        "{formatted}"
    );
    assert!(formatted.ends_with(" // one more\n"), "{formatted}");
    place.flowbook("fmt --check a").run().exits(0);
    place.write("b/main.flow", "map x(a: int) = a +\n");
    place.flowbook("fmt b").run().exits(2);
    assert_eq!(place.read("b/main.flow"), "map x(a: int) = a +\n");
}

#[test]
fn explain_shows_what_a_flow_will_do() {
    let place = Workplace::with_flows();
    let done = place
        .flowbook("explain flows/ccv-eaccounting orders")
        .run()
        .exits(0);
    insta::assert_snapshot!("explain_orders", done.said());
    let page = place.flowbook("explain F0301").run().exits(0);
    assert!(page.stdout().starts_with("F0301: "), "{}", page.stdout());
}

#[test]
fn every_code_has_a_page() {
    let place = Workplace::empty();
    for entry in flowbook::catalogue::all() {
        let page = place
            .flowbook(&format!("explain {}", entry.code))
            .run()
            .exits(0);
        assert!(
            page.stdout().len() > 60,
            "{}: {}",
            entry.code,
            page.stdout()
        );
    }
}

#[test]
fn the_shipped_tests_pass() {
    let place = Workplace::with_flows();
    let done = place.flowbook("test flows/ccv-eaccounting").run().exits(0);
    insta::assert_snapshot!("test_shipped", done.said());
    place.edit(
        "flows/ccv-eaccounting/tests.flow",
        "expect orders failed 1 \"article A-17\"",
        "expect orders failed 2 \"article A-17\"",
    );
    let broken = place
        .flowbook("test flows/ccv-eaccounting --filter unknown")
        .run()
        .exits(1);
    insta::assert_snapshot!("test_that_fails", broken.said());
    let junit = place
        .flowbook("test flows/ccv-eaccounting --format junit")
        .run()
        .exits(1);
    assert!(junit.stdout().contains("<testsuite"), "{}", junit.stdout());
    let json = place
        .flowbook("test flows/ccv-eaccounting --format json")
        .run()
        .exits(1)
        .json();
    assert!(json.to_string().contains("\"failed\""), "{json}");
}

#[test]
fn map_takes_and_gives_json_lines() {
    let place = Workplace::with_flows();
    let order: Value =
        serde_json::from_str(&place.read("flows/ccv-eaccounting/fixtures/order-1042.json"))
            .expect("JSON");
    let order = order.as_array().map_or(&order, |orders| &orders[0]);
    let person = &order["customer"];
    let line = person.to_string();
    let input =
        format!("{line}\n{{\"billingaddress\": {{\"city\": \"Lund\"}}}}\nnot json\n{line}\n");
    let done = place
        .flowbook("map flows/ccv-eaccounting --map customer")
        .input(input)
        .run()
        .exits(1);
    let lines: Vec<Value> = done
        .stdout()
        .lines()
        .map(|line| serde_json::from_str(line).expect("one record a line"))
        .collect();
    assert_eq!(lines.len(), 2, "{}", done.said());
    assert_eq!(lines[0], lines[1]);
    assert_eq!(done.stderr().lines().count(), 2, "{}", done.stderr());
    insta::assert_snapshot!("map_customer", done.said());
}

#[test]
fn the_reference_and_completions_are_printed() {
    let place = Workplace::empty();
    let reference = place.flowbook("doc std").run().exits(0).stdout();
    for name in ["allocate", "excl_vat", "html_to_text", "vat_number"] {
        assert!(reference.contains(name), "{name}");
    }
    let entries = place
        .flowbook("doc std --format json")
        .run()
        .exits(0)
        .json();
    assert!(entries.as_array().is_some_and(|all| all.len() >= 60));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place
            .flowbook(&format!("completions {shell}"))
            .run()
            .exits(0)
            .stdout();
        assert!(script.contains("flowbook"), "{shell}");
    }
}

#[test]
fn nothing_is_coloured_in_a_pipe() {
    let place = Workplace::with_flows();
    place.write("a/main.flow", "map x(a: int) = b\n");
    for words in [
        "validate a",
        "run a",
        "explain F0301",
        "--help",
        "test a",
        "fmt --check a",
    ] {
        let done = place.flowbook(words).env("NO_COLOR", "").run();
        assert!(!done.said().contains('\u{1b}'), "{words}");
    }
}
