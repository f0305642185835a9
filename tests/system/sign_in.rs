//! A sign-in whose answer is lost: what the next request with the same refresh token comes to, with the real binary.

use std::time::{Duration, Instant};

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

/// What is told of a refresh token that went with an answer that was lost, and of one that merely holds no more.
const UNHEARD: &str = "the refresh token was used by a request whose answer never came";
const PLAIN: &str = "the refresh token holds no more";

const REFRESH_TOKEN: &str = "FLOWBOOK_BOOKS_REFRESH_TOKEN";

/// The token of the sign-in that the books know now.
fn refresh_token(servers: &Servers) -> String {
    let variables = servers.sandbox().env();
    let mut tokens = variables
        .into_iter()
        .filter(|(name, _)| name == "BOOKS_REFRESH_TOKEN");
    tokens.next().expect("a token").1
}

#[test]
fn later_runs_know_that_a_sign_in_ended_without_an_answer_until_one_succeeds() {
    let servers = Servers::start(Options::default());
    let place = Workplace::without_quotas();
    let token = refresh_token(&servers);
    // an order that each run looks up in the books
    let one = format!("{RUN} --only 339323500");
    let run = || {
        let call = place.flowbook(&one).at(servers.sandbox());
        call.env(REFRESH_TOKEN, &token).run().said()
    };
    servers.fault(json!({"kind": "lose-after", "times": 3, "path": "/connect/token"}));
    let text = run();
    assert!(
        text.contains("the connection was cut before the answer came"),
        "{text}"
    );
    servers.clear_faults();
    for _ in 0..2 {
        let text = run();
        assert!(text.contains(UNHEARD) && !text.contains(PLAIN), "{text}");
        assert!(text.contains("Sign in to books anew"), "{text}");
    }
    let store = place
        .path()
        .join("flows/ccv-eaccounting/.flowbook/store.sqlite");
    for end in ["", "-wal"] {
        let bytes = std::fs::read(format!("{}{end}", store.display())).unwrap_or_default();
        let found = bytes
            .windows(token.len())
            .any(|part| part == token.as_bytes());
        assert!(
            !found,
            "the token that was given stands in store.sqlite{end}"
        );
    }

    let healed = || {
        let text = place.flowbook(&one).at(servers.sandbox()).run().said();
        assert!(!text.contains("Stopped"), "{text}");
    };
    healed();
    // now the token that is kept goes the same way; the one that was given holds no more either, but that is not what ails
    servers.fault(json!({"kind": "lose-after", "times": 3, "path": "/connect/token"}));
    run();
    servers.clear_faults();
    let text = run();
    assert!(text.contains(UNHEARD) && !text.contains(PLAIN), "{text}");

    healed();
    // that one was heard; whoever used the next one since, it was not this flowbook
    servers.fault(json!({"kind": "used-refresh-token", "times": 1, "path": "/connect/token"}));
    let text = run();
    assert!(text.contains(PLAIN) && !text.contains(UNHEARD), "{text}");
    let text = run();
    assert!(text.contains(PLAIN) && !text.contains(UNHEARD), "{text}");
}

#[test]
fn a_run_that_was_killed_while_it_signed_in_has_left_word_of_it() {
    let servers = Servers::start(Options::default());
    let place = Workplace::without_quotas();
    let token = refresh_token(&servers);
    let call = || {
        let call = place.flowbook(RUN).at(servers.sandbox());
        call.env(REFRESH_TOKEN, &token)
    };
    servers
        .fault(json!({"kind": "slow-body", "times": 1, "millis": 3000, "path": "/connect/token"}));
    let mut running = call().spawn();
    let begun = Instant::now();
    while servers.struck("slow-body") == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it never signed in"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    running.kill().expect("killed");
    running.wait().expect("ended");
    servers.clear_faults();
    let text = call().run().said();
    assert!(text.contains(UNHEARD) && !text.contains(PLAIN), "{text}");
}
