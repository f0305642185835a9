//! Tokens that die or that somebody used, and clocks that are off.

use serde_json::{Value, json};

use super::super::support::{access, door, fault, get, start, struck, token};
use super::Client;

#[tokio::test]
async fn a_token_dies_and_a_refresh_heals_it() {
    let sandbox = start().await;
    let old = access(&sandbox).await;
    let other = access(&sandbox).await;
    fault(
        &sandbox,
        json!({"kind": "expired-token", "path": "/v2/units", "skip": 1}),
    )
    .await;
    assert_eq!(get(&sandbox, &old, "/units").await.0, 200);
    for _ in 0..2 {
        let (status, error) = get(&sandbox, &old, "/units").await;
        assert_eq!(
            (status, &error["ErrorCode"]),
            (401, &json!(4005)),
            "it stays dead"
        );
    }
    assert_eq!(get(&sandbox, &other, "/units").await.0, 200);
    let new = access(&sandbox).await;
    assert_eq!(get(&sandbox, &new, "/units").await.0, 200);
    assert_eq!(struck(&sandbox, "expired-token").await, 1);
}

#[tokio::test]
async fn a_refresh_token_that_somebody_used_is_lost_for_good() {
    let sandbox = start().await;
    fault(&sandbox, json!({"kind": "used-refresh-token"})).await;
    let mine = sandbox.refresh_token();
    for _ in 0..2 {
        assert_eq!(
            token(&sandbox, &mine).await,
            (400, json!({"error": "invalid_grant"}))
        );
    }
    let theirs = sandbox.refresh_token();
    assert_ne!(theirs, mine);
    assert_eq!(token(&sandbox, &theirs).await.0, 200);
}

#[tokio::test]
async fn tokens_are_spared_unless_their_path_is_named() {
    let sandbox = start().await;
    let options = json!([{"kind": "lose-after", "times": 0}, {"kind": "empty-204", "times": 0}]);
    fault(&sandbox, options).await;
    access(&sandbox).await;
    door(&sandbox, "DELETE", "faults", None).await;
    fault(&sandbox, json!({"kind": "500", "path": "/connect/token"})).await;
    assert_eq!(token(&sandbox, &sandbox.refresh_token()).await.0, 500);
}

#[tokio::test]
async fn a_clock_is_off_in_all_that_the_server_stamps() {
    let client = Client::start().await;
    let hours = |text: &str| {
        let time: jiff::Timestamp = text.parse().unwrap();
        (time.duration_since(jiff::Timestamp::now()).as_secs_f64() / 3600.0).round() as i64
    };
    let body = client.customer("7006").await;
    client
        .fault(json!({"kind": "clock-skew", "millis": -7_200_000, "times": 2}))
        .await;
    let answer = client
        .request("GET", "/customers", None)
        .send()
        .await
        .unwrap();
    let date = answer.headers()["date"].to_str().unwrap().to_owned();
    let date = jiff::fmt::rfc2822::parse(&date).unwrap().timestamp();
    assert_eq!(hours(&date.to_string()), -2);
    let list: Value = answer.json().await.unwrap();
    assert_eq!(hours(list["Meta"]["ServerTimeUtc"].as_str().unwrap()), -2);
    let (_, made) = client.post("/customers", body).await;
    assert_eq!(hours(made["ChangedUtc"].as_str().unwrap()), -2);
    let (_, list) = client.get("/customers").await;
    assert_eq!(hours(list["Meta"]["ServerTimeUtc"].as_str().unwrap()), 0);
    // the till refuses what is more than five minutes from its own clock
    client
        .fault(json!({"kind": "clock-skew", "times": 1}))
        .await;
    assert_eq!(client.till("GET", "/orders/", "").await.0, 200);
    client
        .fault(json!({"kind": "clock-skew", "millis": 400_000}))
        .await;
    let (status, error) = client.till("GET", "/orders/", "").await;
    assert_eq!((status, &error["code"]), (401, &json!("401.20")));
}
