//! How faults are set: by door, header and flag, whom they strike, and how a mistake in one is told.

use std::time::{Duration, Instant};

use flowbook_sandbox::{Fault, KINDS, Options, Sandbox};
use serde_json::{Value, json};

use super::super::support::{company, door, draft, start, truth};
use super::Client;

/// What came of a request: a status and a text, or nothing.
async fn whole(request: reqwest::RequestBuilder) -> Option<(u16, String)> {
    let answer = request.send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.text().await.ok()?))
}

#[tokio::test]
async fn a_header_strikes_its_own_request() {
    let client = Client::start().await;
    let ask = |fault: &str| {
        client
            .request("GET", "/units", None)
            .header("X-Sandbox-Fault", fault.to_owned())
    };
    let begun = Instant::now();
    let (status, _) = whole(ask("500, latency; millis=200")).await.unwrap();
    assert_eq!(status, 500);
    assert!(begun.elapsed() >= Duration::from_millis(200));
    assert_eq!(whole(ask("lose-after")).await, None);
    let (status, text) = whole(ask("hand-made-twin")).await.unwrap();
    assert_eq!(status, 400);
    assert!(
        text.contains("cannot strike GET /v2/units: it strikes a POST that makes a document"),
        "{text}"
    );
    let (_, text) = whole(ask("lose-befor")).await.unwrap();
    assert!(
        text.contains("“lose-befor” is no kind of fault; perhaps “lose-before” is meant."),
        "{text}"
    );
    assert_eq!(client.get("/units").await.0, 200);
    assert_eq!(client.struck("500").await, 1);
}

#[tokio::test]
async fn who_is_struck_follows_from_the_seed() {
    let client = Client::start().await;
    let mut patterns = Vec::new();
    for seed in [1, 1, 2] {
        let set = json!({"kind": "500", "path": "/v2/units", "share": 50, "times": 0, "skip": 2, "seed": seed});
        client.fault(set).await;
        let mut pattern = Vec::new();
        for _ in 0..20 {
            pattern.push(client.get("/units").await.0 == 500);
        }
        assert!(!pattern[0] && !pattern[1]);
        let count = pattern.iter().filter(|struck| **struck).count();
        assert!((3..=15).contains(&count), "{count}");
        let shown = client.clear_faults().await;
        assert_eq!(shown["struck"]["500"], json!(count));
        let set = json!([{"kind": "500", "method": "", "path": "/v2/units", "times": 0, "skip": 2, "share": 50, "millis": 300, "seed": seed}]);
        assert_eq!(shown["set"], set);
        patterns.push(pattern);
    }
    assert_eq!(patterns[0], patterns[1]);
    assert_ne!(patterns[0], patterns[2]);
    assert_eq!(
        door(&client.sandbox, "GET", "faults", None).await,
        json!({"struck": {}, "set": []})
    );
}

#[tokio::test]
async fn a_fault_that_cannot_be_read_is_refused_in_a_sentence() {
    let sandbox = start().await;
    let host = sandbox
        .till_url()
        .replace("/api/rest/v1", "/_sandbox/faults");
    for (given, said) in [
        ("{", "The faults are no JSON: "),
        (
            "[3]",
            "A fault is an object such as {\"kind\":\"latency\",\"millis\":300}, not 3.",
        ),
        (
            "{}",
            "A fault needs its kind. There are: latency, lose-before, ",
        ),
        (
            r#"{"kind":429}"#,
            "The kind 429 is a text: write “kind”: “429”.",
        ),
        (
            r#"{"kind":"flood"}"#,
            "“flood” is no kind of fault. There are: latency, ",
        ),
        (
            r#"{"kind":"token"}"#,
            "“token” is no kind of fault; perhaps “expired-token” or “used-refresh-token” is meant.",
        ),
        (
            r#"{"kind":"late","tiems":2}"#,
            "A fault has no member “tiems”; perhaps “times” is meant.",
        ),
        (
            r#"{"kind":"late","times":-1}"#,
            "“times” of a fault is a whole number, not -1.",
        ),
        (
            r#"{"kind":"late","share":101}"#,
            "“share” of a fault is at most 100, not 101.",
        ),
        (
            r#"{"kind":"late","share":0}"#,
            "A share of 0 percent strikes nobody: it is 1 to 100.",
        ),
        (
            r#"{"kind":"late","millis":700000}"#,
            "“millis” of a fault of kind “late” is a whole number from 0 to 600000, not 700000.",
        ),
        (
            r#"{"kind":"late","path":"v2"}"#,
            "The path “v2” does not begin with “/”",
        ),
        (
            r#"{"kind":"late","done":true}"#,
            "“done” belongs to “500”; a fault of kind “late” has no such member.",
        ),
        (
            r#"{"kind":"late","now":true}"#,
            "“now” is for people in the books; a fault of kind “late” waits for a request.",
        ),
        (r#"{"kind":"draft-booked","now":true}"#, "“now” needs “of”"),
        (
            r#"{"kind":"draft-booked","now":true,"of":"9-9"}"#,
            "No document of the books has the Id or the reference “9-9”.",
        ),
    ] {
        let answer = reqwest::Client::new()
            .post(&host)
            .body(given)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 400, "{given}");
        let text = answer.json::<Value>().await.unwrap()["sandbox"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(text.starts_with(said), "{given}: {text}");
    }
    let flag = |text: &str| text.parse::<Fault>().map(|fault| fault.kind()).unwrap_err();
    assert_eq!(
        flag("late,soon"),
        "“soon” is no member of a fault: it is written “name=value”, such as “millis=300”."
    );
    assert_eq!(
        flag("draft-booked,of=1-7"),
        "“of” is only taken by POST /_sandbox/faults, not here."
    );
}

#[tokio::test]
async fn faults_of_a_flag_strike_from_the_start_until_they_are_cleared() {
    let faults = vec!["500,path=/v2/units".parse().unwrap()];
    let options = Options {
        faults,
        ..Options::default()
    };
    let client = Client::of(Sandbox::start(options).await.unwrap()).await;
    for _ in 0..3 {
        assert_eq!(client.get("/units").await.0, 500);
    }
    client.clear_faults().await;
    assert_eq!(client.get("/units").await.0, 200);
}

#[tokio::test]
async fn the_whole_state_is_there_for_checkers() {
    let client = Client::start().await;
    draft(&client.sandbox, &client.token).await;
    company(&client.sandbox, json!({"_CamelCase": true})).await;
    let state = door(&client.sandbox, "GET", "state", None).await;
    assert_eq!(
        state["books"]["customerinvoicedrafts"][0]["BuyersOrderReference"],
        "1-7"
    );
    assert!(state["till"]["orders"].as_array().unwrap().len() > 50);
    assert_eq!(
        state.as_object().unwrap().len(),
        2,
        "tokens and series are nobody's business"
    );
}

#[test]
fn every_kind_can_be_set_by_a_flag_and_stands_in_the_readme() {
    let readme = include_str!("../../../README.md");
    for (kind, what) in KINDS {
        assert_eq!(kind.parse::<Fault>().unwrap().kind(), kind);
        assert!(what.len() < 76, "fits a line of the help: {what}");
        assert!(readme.contains(&format!("\n| `{kind}` | ")), "{kind}");
    }
}

#[tokio::test]
async fn the_faults_that_the_readme_shows_can_be_set() {
    let client = Client::start().await;
    let mut made = draft(&client.sandbox, &client.token).await;
    made["BuyersOrderReference"] = json!("1-1001");
    made["CreatedUtc"] = json!("2099-01-01T00:00:00Z");
    let id = made["Id"].clone();
    let seed = json!({"books": {"customerinvoicedrafts": [made]}});
    door(&client.sandbox, "POST", "seed", Some(seed)).await;
    let blocks = include_str!("../../../README.md")
        .split("```json\n")
        .skip(1);
    let shown: Vec<Value> = blocks
        .map(|block| serde_json::from_str(block.split("```").next().unwrap()).unwrap())
        .collect();
    assert_eq!(shown.len(), 2);
    for one in shown {
        client.fault(one).await;
    }
    let left = truth(&client.sandbox, "books/customerinvoicedrafts").await;
    assert!(left.iter().all(|draft| draft["Id"] != id), "it was booked");
    let sent = client
        .request("POST", "/customerinvoicedrafts", Some(&json!({})))
        .send()
        .await;
    assert!(sent.is_err(), "lost as set");
}
