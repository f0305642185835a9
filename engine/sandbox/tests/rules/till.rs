//! The till: signatures, pages, what a body may hold, and what a change does.

use super::support::{door, start, till, value};
use flowbook_sandbox::{Options, Sandbox};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

const ORDER: &str = "/orders/339323500/";

#[tokio::test]
async fn a_signature_covers_time_body_and_query() {
    let sandbox = start().await;
    let env = sandbox.till_env();
    let public = value(&env, "PUBLIC_KEY");
    let send = async |signed: &str, date: String, hash: fn(String) -> String, key: &str| {
        let uri = "/api/rest/v1/orders/?size=1";
        let mut mac =
            Hmac::<sha2::Sha512>::new_from_slice(value(&env, "SECRET_KEY").as_bytes()).unwrap();
        mac.update(format!("{public}|GET|{signed}||{date}").as_bytes());
        let request = reqwest::Client::new()
            .get(format!(
                "{}{}",
                value(&env, "BASE").trim_end_matches("/api/rest/v1"),
                uri
            ))
            .header("x-public", key)
            .header("x-date", date)
            .header("x-hash", hash(hex::encode(mac.finalize().into_bytes())))
            .header("accept", "application/vnd.verto.webshop+json");
        let answer = request.send().await.unwrap();
        let signed = answer.headers().contains_key("x-hash");
        (answer.status().as_u16(), signed)
    };
    let uri = "/api/rest/v1/orders/?size=1";
    let now = |spelling: &str| jiff::Timestamp::now().strftime(spelling).to_string();
    for spelling in [
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S+00:00",
        "%Y-%m-%dT%H:%M:%S+0000",
        "%Y-%m-%dT%H:%M:%S.123Z",
    ] {
        assert_eq!(
            send(uri, now(spelling), |h| h, &public).await,
            (200, true),
            "{spelling}"
        );
    }
    let z = "%Y-%m-%dT%H:%M:%SZ";
    assert_eq!(
        send(uri, now(z), |h| h.to_uppercase(), &public).await,
        (401, false)
    );
    assert_eq!(
        send("/api/rest/v1/orders/", now(z), |h| h, &public).await.0,
        401
    );
    assert_eq!(send(uri, now(z), |h| h, "another").await.0, 401);
    assert_eq!(
        send(uri, "yesterday".to_owned(), |h| h, &public).await.0,
        401
    );
    let ahead = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(6);
    assert_eq!(
        send(uri, ahead.strftime(z).to_string(), |h| h, &public)
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn pages_link_on_and_refuse_what_they_do_not_know() {
    let sandbox = start().await;
    let (_, page) = till(&sandbox, "GET", "/orders/", "", 0).await;
    assert_eq!(
        (&page["start"], &page["size"], &page["first"]),
        (&json!(0), &json!(25), &Value::Null)
    );
    let (_, last) = till(&sandbox, "GET", "/orders/?start=60&size=50", "", 0).await;
    assert_eq!(last["next"], Value::Null);
    assert!(last["previous"].as_str().unwrap().contains("start=10"));
    let refused = [
        "/orders/?size=0",
        "/orders/?size=251",
        "/orders/?start=-1",
        "/orders/?orderby=price",
        "/orders/?status=paid",
        "/orders/?is_paid=1",
        "/orders/?email=x",
        "/orders/?expand=everything",
        "/orders/339323500/?size=5",
        "/orders/?min_create_date=soon",
    ];
    for path in refused {
        let (status, error) = till(&sandbox, "GET", path, "", 0).await;
        assert_eq!((status, &error["code"]), (400, &json!("400.10")), "{path}");
    }
    let (_, down) = till(
        &sandbox,
        "GET",
        "/orders/?orderby=id_desc&size=2&expand=orderrows,ordernotes",
        "",
        0,
    )
    .await;
    assert!(down["items"][0]["id"].as_i64() > down["items"][1]["id"].as_i64());
    assert!(down["items"][0]["orderrows"]["collection"].is_array());
    assert_eq!(down["items"][0]["ordermessages"].get("collection"), None);
    // baskets are left out unless they are asked for
    let (_, baskets) = till(&sandbox, "GET", "/orders/?is_completed=false", "", 0).await;
    assert_eq!(
        (
            baskets["items"].as_array().unwrap().len(),
            &baskets["items"][0]["ordernumber"]
        ),
        (1, &Value::Null)
    );
}

#[tokio::test]
async fn errors_have_the_tills_codes() {
    let sandbox = start().await;
    let cases = [
        ("GET", "/offers/", "", 404, "404.20"),
        ("GET", "/orders/1/", "", 404, "404.10"),
        ("DELETE", ORDER, "", 405, "405.10"),
        ("PATCH", ORDER, "{", 400, "400.10"),
        ("PATCH", ORDER, "[]", 400, "400.10"),
        ("PATCH", ORDER, r#"{"id": 7}"#, 400, "400.10"),
        ("PATCH", ORDER, r#"{"paid": "yes"}"#, 400, "400.10"),
        ("PATCH", ORDER, r#"{"currency": "kr"}"#, 400, "400.10"),
        (
            "PATCH",
            ORDER,
            r#"{"deliver_method": "drone"}"#,
            400,
            "400.10",
        ),
        (
            "PATCH",
            ORDER,
            r#"{"customer": {"billingaddress": {"country_code": "Sverige"}}}"#,
            400,
            "400.10",
        ),
        (
            "PATCH",
            ORDER,
            r#"{"customer": {"customertype": "person"}}"#,
            400,
            "400.10",
        ),
        ("POST", "/orders/", r#"{"customer": {}}"#, 400, "400.10"),
        ("POST", "/users/", r#"{"username": "x"}"#, 400, "400.10"),
        ("POST", "/labels/", "{}", 400, "400.10"),
        ("GET", "/users/1/creditpoints/", "", 501, "501.20"),
    ];
    for (method, path, body, status, code) in cases {
        let (seen, error) = till(&sandbox, method, path, body, 0).await;
        assert_eq!(
            (seen, &error["code"]),
            (status, &json!(code)),
            "{method} {path} {body}"
        );
        assert_eq!(error["status"], status);
        assert!(error["developermessage"].is_string());
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let sandbox = start().await;
    let (_, before) = till(&sandbox, "GET", ORDER, "", 0).await;
    let patch = r#"{"paid": false, "customer": {"email": "a@example.com"}}"#;
    assert_eq!(
        till(&sandbox, "PATCH", ORDER, patch, 0).await,
        (204, Value::Null)
    );
    let (_, after) = till(&sandbox, "GET", ORDER, "", 0).await;
    assert_eq!(
        (&after["paid"], &after["customer"]["email"]),
        (&json!(false), &json!("a@example.com"))
    );
    assert_eq!(after["total_price"], before["total_price"]);
    assert_eq!(
        after["customer"]["billingaddress"],
        before["customer"]["billingaddress"]
    );
    assert_eq!(
        till(&sandbox, "PATCH", ORDER, r#"{"extra_costs": -9}"#, 0)
            .await
            .0,
        204
    );
    assert_eq!(
        till(&sandbox, "GET", ORDER, "", 0).await.1["total_price"],
        80
    );
    assert_eq!(
        till(&sandbox, "PATCH", ORDER, r#"{"is_platform_sale": true}"#, 0)
            .await
            .0,
        204
    );
    assert_eq!(till(&sandbox, "GET", ORDER, "", 0).await.1["total_tax"], 0);
    let row = "/orderrows/648228501/";
    assert_eq!(
        till(&sandbox, "PATCH", row, r#"{"count": 2}"#, 0).await.1["code"],
        "500.70"
    );
}

#[tokio::test]
async fn a_post_may_be_answered_without_a_body() {
    let sandbox = Sandbox::start(Options {
        faults: vec!["empty-204".parse().unwrap()],
        ..Options::default()
    })
    .await
    .unwrap();
    let notes = format!("{ORDER}ordernotes/");
    assert_eq!(
        till(&sandbox, "POST", &notes, r#"{"note": "x"}"#, 0).await,
        (204, Value::Null)
    );
    let (_, list) = till(&sandbox, "GET", &notes, "", 0).await;
    assert_eq!(
        (&list["items"][0]["note"], &list["items"][0]["type"]),
        (&json!("x"), &json!("internal"))
    );
    let id = list["items"][0]["id"].to_string();
    assert_eq!(
        till(&sandbox, "DELETE", &format!("/ordernotes/{id}/"), "", 0)
            .await
            .0,
        204
    );
    assert_eq!(
        till(&sandbox, "GET", &format!("/ordernotes/{id}/"), "", 0)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn users_are_unique_accepted_or_gone() {
    let sandbox = start().await;
    let body =
        r#"{"username": "sara", "password": "x", "userinfo": {"email": "sara@example.com"}}"#;
    let (status, user) = till(&sandbox, "POST", "/users/", body, 0).await;
    assert_eq!((status, user.get("password")), (201, None));
    assert_eq!(
        till(&sandbox, "POST", "/users/", body, 0).await.1["code"],
        "500.40"
    );
    let url = format!("/users/{}/", user["id"]);
    // only a pending user can be accepted or rejected
    assert_eq!(
        till(
            &sandbox,
            "PATCH",
            &url,
            r#"{"approval_status": "rejected"}"#,
            0
        )
        .await
        .0,
        400
    );
    assert_eq!(
        till(&sandbox, "PATCH", &url, r#"{"group_id": 1234567}"#, 0)
            .await
            .0,
        400
    );
    let pending = json!({"id": 77, "username": "x", "status": true, "approval_status": "pending", "userinfo": {}});
    door(
        &sandbox,
        "POST",
        "seed",
        Some(json!({"till": {"users": [pending]}})),
    )
    .await;
    assert_eq!(
        till(
            &sandbox,
            "PATCH",
            "/users/77/",
            r#"{"approval_status": "rejected"}"#,
            0
        )
        .await
        .0,
        204
    );
    assert_eq!(till(&sandbox, "GET", "/users/77/", "", 0).await.0, 404);
}

#[tokio::test]
async fn a_deleted_label_leaves_its_orders() {
    let sandbox = start().await;
    let body = r#"{"image_location": "http://x/l.png", "tooltip": "Bokförd"}"#;
    let (_, label) = till(&sandbox, "POST", "/labels/", body, 0).await;
    let links = format!("{ORDER}orderlabels/");
    assert_eq!(
        till(&sandbox, "PUT", &links, r#"{"labels": ["x"]}"#, 0)
            .await
            .0,
        400
    );
    assert_eq!(
        till(&sandbox, "PUT", &links, r#"{"labels": [1]}"#, 0)
            .await
            .0,
        404
    );
    let set = format!(r#"{{"labels": [{}]}}"#, label["id"]);
    assert_eq!(till(&sandbox, "PUT", &links, &set, 0).await.0, 204);
    assert_eq!(
        till(&sandbox, "GET", &links, "", 0).await.1["items"][0]["label_id"],
        label["id"]
    );
    assert_eq!(
        till(
            &sandbox,
            "DELETE",
            &format!("/labels/{}/", label["id"]),
            "",
            0
        )
        .await
        .0,
        204
    );
    assert_eq!(
        till(&sandbox, "GET", &links, "", 0).await.1["items"],
        json!([])
    );
}
