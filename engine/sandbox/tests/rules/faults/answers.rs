//! Answers that are lost, late, slow, broken or empty, and whether the work was done all the same.

use std::time::{Duration, Instant};

use flowbook_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use super::super::support::till_raw;
use super::{Client, customers, until};

#[tokio::test]
async fn a_lost_answer_tells_nothing_of_whether_the_work_was_done() {
    let client = Client::start().await;
    for (kind, done) in [("lose-before", false), ("lose-after", true)] {
        client.fault(customers(kind)).await;
        let body = client.customer(kind).await;
        let sent = client
            .request("POST", "/customers", Some(&body))
            .send()
            .await;
        assert!(sent.is_err(), "not even a status: {sent:?}");
        assert_eq!(client.has(kind).await, done, "{kind}");
        assert_eq!(client.struck(kind).await, 1);
    }
    // each struck once
    let body = client.customer("7001").await;
    assert_eq!(client.post("/customers", body).await.0, 201);
    client
        .fault(json!({"kind": "lose-after", "path": "/api/rest/v1/orders"}))
        .await;
    let note = ("/orders/339323500/ordernotes/", r#"{"note":"x"}"#);
    assert!(
        till_raw(&client.sandbox, "POST", note.0, note.1, 0)
            .await
            .is_err()
    );
    let (_, notes) = client.till("GET", note.0, "").await;
    assert_eq!(notes["items"][0]["note"], "x");
}

#[tokio::test]
async fn a_late_request_takes_effect_after_its_answer_was_given_up() {
    let client = Client::start().await;
    for hang in [false, true] {
        let number = format!("late-{hang}");
        let mut late = customers("late");
        late["millis"] = json!(2500);
        late["hang"] = json!(hang);
        client.fault(late).await;
        let body = client.customer(&number).await;
        let begun = Instant::now();
        let sent = client
            .request("POST", "/customers", Some(&body))
            .timeout(Duration::from_millis(1000))
            .send()
            .await;
        assert_eq!(sent.unwrap_err().is_timeout(), hang);
        assert!(!client.has(&number).await, "{number}");
        until(async || client.has(&number).await).await;
        assert!(begun.elapsed() >= Duration::from_millis(2500));
    }
}

#[tokio::test]
async fn a_sandbox_that_is_shut_down_carries_late_requests_out_first() {
    let folder = std::env::temp_dir().join(format!("flowbook-late-{}", std::process::id()));
    let options = || Options {
        state: Some(folder.clone()),
        ..Options::default()
    };
    let client = Client::of(Sandbox::start(options()).await.unwrap()).await;
    let mut late = customers("late");
    late["millis"] = json!(60_000);
    client.fault(late).await;
    let body = client.customer("7002").await;
    let sent = client.request("POST", "/customers", Some(&body)).send();
    assert!(sent.await.is_err());
    assert!(!client.has("7002").await);
    client.sandbox.shutdown().await;
    let client = Client::of(Sandbox::start(options()).await.unwrap()).await;
    assert!(client.has("7002").await);
    client.sandbox.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_slow_server_does_the_work_of_a_client_that_went_away() {
    let client = Client::start().await;
    let mut slow = customers("latency");
    slow["times"] = json!(2);
    slow["millis"] = json!(1500);
    client.fault(slow).await;
    let body = client.customer("7003").await;
    let sent = client
        .request("POST", "/customers", Some(&body))
        .timeout(Duration::from_millis(700))
        .send()
        .await;
    assert!(sent.unwrap_err().is_timeout());
    assert!(!client.has("7003").await);
    until(async || client.has("7003").await).await;
    let begun = Instant::now();
    assert_eq!(client.post("/customers", body).await.0, 409);
    assert!(begun.elapsed() >= Duration::from_millis(1500));
}

#[tokio::test]
async fn a_storm_is_told_in_the_vendors_words() {
    let client = Client::start().await;
    client
        .fault(json!({"kind": "429", "times": 3, "millis": 1500}))
        .await;
    for _ in 0..2 {
        let answer = client.request("GET", "/units", None).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (429, &"2".parse().unwrap())
        );
        let error: Value = answer.json().await.unwrap();
        assert_eq!(error["ErrorCode"], 4010);
        let text = error["DeveloperErrorMessage"].as_str().unwrap();
        assert!(text.starts_with("API calls quota exceeded! maximum admitted 6000 per Minute. Try again in 2 seconds."), "{text}");
    }
    let answer = till_raw(&client.sandbox, "GET", "/orders/", "", 0)
        .await
        .unwrap();
    assert_eq!(
        answer.headers().get("retry-after"),
        None,
        "the till names no time"
    );
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "429.10");
    assert_eq!(client.get("/units").await.0, 200);
    assert_eq!(client.struck("429").await, 3);
}

#[tokio::test]
async fn an_internal_error_may_come_after_the_work() {
    let client = Client::start().await;
    for done in [false, true] {
        let number = format!("500-{done}");
        let mut broken = customers("500");
        broken["done"] = json!(done);
        client.fault(broken).await;
        let body = client.customer(&number).await;
        let (status, error) = client.post("/customers", body).await;
        assert_eq!((status, &error["ErrorCode"]), (500, &json!(5000)));
        assert_eq!(client.has(&number).await, done);
    }
    client.fault(json!({"kind": "500"})).await;
    let (status, error) = client.till("GET", "/orders/", "").await;
    assert_eq!((status, &error["code"]), (500, &json!("500.20")));
}

#[tokio::test]
async fn a_body_trickles_in() {
    let client = Client::start().await;
    let (_, at_once) = client.get("/units").await;
    client
        .fault(json!({"kind": "slow-body", "path": "/v2/units", "millis": 400}))
        .await;
    let begun = Instant::now();
    let mut answer = client.request("GET", "/units", None).send().await.unwrap();
    let (mut pieces, mut bytes) = (0, Vec::new());
    while let Some(piece) = answer.chunk().await.unwrap() {
        pieces += 1;
        bytes.extend(piece);
    }
    assert!(
        pieces > 2 && begun.elapsed() >= Duration::from_millis(350),
        "{pieces}"
    );
    let mut whole: Value = serde_json::from_slice(&bytes).unwrap();
    whole["Meta"]["ServerTimeUtc"] = at_once["Meta"]["ServerTimeUtc"].clone();
    assert_eq!(whole, at_once);
}

#[tokio::test]
async fn an_answer_breaks_off_in_the_middle_after_the_work() {
    let client = Client::start().await;
    let mut truncated = customers("truncated");
    truncated["times"] = json!(3);
    client.fault(truncated).await;
    // the length promised more, a piece of unknown length broke off, the end looks well
    for (turn, length) in [true, false, true].into_iter().enumerate() {
        let number = format!("half-{turn}");
        let body = client.customer(&number).await;
        let answer = client
            .request("POST", "/customers", Some(&body))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.content_length().is_some(), length, "{turn}");
        match answer.text().await {
            Ok(text) => assert!(
                turn == 2 && serde_json::from_str::<Value>(&text).is_err(),
                "{turn}: {text}"
            ),
            Err(_) => assert!(turn < 2),
        }
        assert!(client.has(&number).await);
    }
}

#[tokio::test]
async fn a_good_post_is_answered_with_nothing() {
    let client = Client::start().await;
    client
        .fault(json!({"kind": "empty-204", "path": "/v2/"}))
        .await;
    let (status, _) = client.post("/customers", json!({})).await;
    assert_eq!(
        (status, client.struck("empty-204").await),
        (400, 0),
        "a refusal says so"
    );
    let body = client.customer("7007").await;
    let answer = client.post("/customers", body.clone()).await;
    assert_eq!(answer, (204, Value::Null));
    assert_eq!(client.struck("empty-204").await, 1);
    assert_eq!(client.post("/customers", body).await.0, 409);
}
