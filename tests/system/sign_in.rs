//! A sign-in whose answer is lost: what the next request with the same refresh token comes to, with the real binary.

use flowbook_sandbox::Options;
use serde_json::json;

use super::support::{Servers, Workplace};

const RUN: &str = "run flows/ccv-eaccounting orders --set orders_since=2019-08-01";

#[test]
fn a_sign_in_that_never_arrived_or_was_refused_for_now_is_made_again() {
    for fault in [
        json!({"kind": "lose-before", "times": 2}),
        json!({"kind": "500", "times": 2}),
        json!({"kind": "429", "times": 1, "millis": 200}),
        // the first takes effect when the second was answered: that one's token holds
        json!({"kind": "late", "times": 1, "millis": 1500}),
    ] {
        let servers = Servers::start(Options::default());
        let place = Workplace::without_quotas();
        let mut at_token = fault.clone();
        at_token["path"] = json!("/connect/token");
        servers.fault(at_token);
        let done = place.flowbook(RUN).at(servers.sandbox()).run();
        let text = done.said();
        assert!(!text.contains("Stopped"), "{fault}: {text}");
        assert_eq!(
            servers.struck(fault["kind"].as_str().expect("a kind")),
            fault["times"].as_u64().expect("times")
        );
        assert!(!servers.records("books/customerinvoicedrafts").is_empty());
    }
}

#[test]
fn a_refresh_token_that_an_unheard_answer_used_up_is_told_as_such_and_a_new_sign_in_heals_it() {
    for fault in [
        json!({"kind": "lose-after", "times": 1}),
        json!({"kind": "late", "times": 1, "millis": 100}),
        json!({"kind": "500", "times": 1, "done": true}),
        json!({"kind": "truncated", "times": 1}),
        json!({"kind": "empty-204", "times": 1}),
    ] {
        let servers = Servers::start(Options::default());
        let place = Workplace::without_quotas();
        let mut at_token = fault.clone();
        at_token["path"] = json!("/connect/token");
        servers.fault(at_token);
        let done = place.flowbook(RUN).at(servers.sandbox()).run().exits(1);
        let text = done.said();
        for told in [
            "the refresh token was used by a request whose answer never came",
            "Sign in to books anew",
            "FLOWBOOK_BOOKS_REFRESH_TOKEN",
        ] {
            assert!(text.contains(told), "{fault}: {text}");
        }
        assert!(!text.contains("sandbox-refresh"), "{text}");
        servers.clear_faults();
        // the sandbox's variables hold a token of a new sign-in
        let done = place.flowbook(RUN).at(servers.sandbox()).run();
        assert!(!done.said().contains("Stopped"), "{}", done.said());
        assert!(!servers.records("books/customerinvoicedrafts").is_empty());
    }
}
