//! Reads that show what was a while ago, and pages that repeat and shift.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::support::truth;
use super::{CUSTOMERS, Client, customers, until};

#[tokio::test]
async fn what_was_just_written_may_be_read_only_later() {
    let client = Client::start().await;
    let mut lag = customers("lag");
    lag["millis"] = json!(3000);
    client.fault(lag).await;
    let body = client.customer("7004").await;
    let begun = Instant::now();
    let (status, made) = client.post("/customers", body.clone()).await;
    assert_eq!(status, 201);
    let one = format!("/customers/{}", made["Id"].as_str().unwrap());
    let query = "/customers?$filter=CustomerNumber%20eq%20%277004%27";
    let seen = async || {
        let (_, list) = client.get(query).await;
        let listed = list["Data"].as_array().unwrap().len();
        (listed, client.get(&one).await.0)
    };
    assert_eq!(seen().await, (0, 404));
    // only reads lag: the number is taken
    assert_eq!(client.post("/customers", body).await.0, 409);
    assert!(client.has("7004").await);
    until(async || seen().await == (1, 200)).await;
    assert!(begun.elapsed() >= Duration::from_millis(3000));
}

#[tokio::test]
async fn a_read_that_lags_shows_the_state_of_a_while_ago() {
    let client = Client::start().await;
    let lag = json!({"kind": "lag", "method": "GET", "path": "/api/rest/v1/orders", "millis": 60_000, "times": 0});
    client.fault(lag).await;
    let order = "/orders/339323500/";
    let before = client.till("GET", order, "").await.1["status"].clone();
    let (status, _) = client.till("PATCH", order, r#"{"status":5}"#).await;
    assert_eq!(status, 204);
    assert_ne!(before, json!(5));
    assert_eq!(client.till("GET", order, "").await.1["status"], before);
    client.clear_faults().await;
    assert_eq!(client.till("GET", order, "").await.1["status"], 5);
}

#[tokio::test]
async fn a_hidden_change_stands_in_its_old_place_and_then_in_its_own() {
    let client = Client::start().await;
    let all = truth(&client.sandbox, CUSTOMERS).await;
    let mut lag = json!({"kind": "lag", "path": "/v2/customers", "millis": 3000, "times": 0});
    client.fault(lag.take()).await;
    let listed = async || -> Vec<Value> {
        let (_, list) = client
            .get("/customers?$pagesize=1000&$select=Id,Name")
            .await;
        list["Data"].as_array().unwrap().clone()
    };
    let before = listed().await;
    let first = &all[0];
    let body = client
        .person(json!({"Name": "Omdöpt", "CustomerNumber": first["CustomerNumber"]}))
        .await;
    let url = format!("/customers/{}", first["Id"].as_str().unwrap());
    assert_eq!(
        client
            .request("PUT", &url, Some(&body))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let body = client.person(json!({"CustomerNumber": "7005"})).await;
    client.post("/customers", body).await;
    assert_eq!(listed().await, before);
    let now = truth(&client.sandbox, CUSTOMERS).await;
    assert_eq!(
        (now[0]["Name"].as_str(), now.len()),
        (Some("Omdöpt"), all.len() + 1)
    );
    until(async || listed().await.len() > before.len()).await;
    let after = listed().await;
    assert_eq!(
        (after[0]["Name"].as_str(), after.len()),
        (Some("Omdöpt"), before.len() + 1)
    );
}

#[tokio::test]
async fn pages_repeat_and_shift() {
    let client = Client::start().await;
    let ids = |page: &Value| -> Vec<i64> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["id"].as_i64().unwrap())
            .collect()
    };
    let page = async |start: u32| {
        let path = format!("/orders/?start={start}&size=10&orderby=id");
        client.till("GET", &path, "").await.1
    };
    let (first, second) = (page(0).await, page(10).await);
    let all = ids(&client
        .till("GET", "/orders/?size=250&orderby=id", "")
        .await
        .1);
    client
        .fault(json!({"kind": "double-page", "times": 0}))
        .await;
    assert_eq!(
        ids(&page(0).await),
        ids(&first),
        "the first page is never struck"
    );
    let double = page(10).await;
    assert_eq!(ids(&double), ids(&first));
    assert_eq!(
        (&double["start"], &double["next"]),
        (&second["start"], &second["next"])
    );
    client.clear_faults().await;
    client
        .fault(json!({"kind": "shifting-page", "times": 2}))
        .await;
    assert_eq!(
        ids(&page(10).await),
        all[11..21],
        "a row has vanished before it"
    );
    assert_eq!(ids(&page(10).await), all[9..19], "a row has come before it");
    assert_eq!(ids(&page(10).await), ids(&second));
    client
        .fault(json!([{"kind": "shifting-page"}, {"kind": "double-page", "skip": 1}]))
        .await;
    let path = "/customers?$pagesize=5&$orderby=CustomerNumber&$page=";
    let (_, first) = client.get(&format!("{path}1")).await;
    let (_, shifted) = client.get(&format!("{path}2")).await;
    let (_, double) = client.get(&format!("{path}2")).await;
    let (_, second) = client.get(&format!("{path}2")).await;
    assert_eq!(shifted["Data"][0], second["Data"][1]);
    let total = |list: &Value| list["Meta"]["TotalNumberOfResults"].as_i64().unwrap();
    assert_eq!(total(&shifted), total(&second) - 1);
    assert_eq!(double["Data"], first["Data"]);
}
