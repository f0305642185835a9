//! What goes wrong on a bad day, kind by kind: what the client sees, and what was done all the same.

use super::support::{
    access, company, door, draft, fault, get, person, post, request, start, struck, till, till_raw,
    token, truth,
};
use flowbook_sandbox::{Fault, KINDS, Options, Sandbox};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CUSTOMERS: &str = "books/customers";

async fn body(sandbox: &Sandbox, token: &str, number: &str) -> Value {
    person(sandbox, token, json!({"CustomerNumber": number})).await
}

async fn has(sandbox: &Sandbox, number: &str) -> bool {
    let customers = truth(sandbox, CUSTOMERS).await;
    customers.iter().any(|c| c["CustomerNumber"] == number)
}

fn customers(kind: &str) -> Value {
    json!({"kind": kind, "method": "POST", "path": "/v2/customers"})
}

/// Waits until something is so.
async fn until(so: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never came");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What came of a request: a status and a text, or nothing.
async fn whole(request: reqwest::RequestBuilder) -> Option<(u16, String)> {
    let answer = request.send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.text().await.ok()?))
}

#[tokio::test]
async fn a_lost_answer_tells_nothing_of_whether_the_work_was_done() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    for (kind, done) in [("lose-before", false), ("lose-after", true)] {
        fault(&sandbox, customers(kind)).await;
        let body = body(&sandbox, &token, kind).await;
        let sent = request(&sandbox, &token, "POST", "/customers", Some(&body))
            .send()
            .await;
        assert!(sent.is_err(), "not even a status: {sent:?}");
        assert_eq!(has(&sandbox, kind).await, done, "{kind}");
        assert_eq!(struck(&sandbox, kind).await, 1);
    }
    // each struck once
    let body = body(&sandbox, &token, "7001").await;
    assert_eq!(post(&sandbox, &token, "/customers", body).await.0, 201);
    fault(
        &sandbox,
        json!({"kind": "lose-after", "path": "/api/rest/v1/orders"}),
    )
    .await;
    let note = ("/orders/339323500/ordernotes/", r#"{"note":"x"}"#);
    assert!(till_raw(&sandbox, "POST", note.0, note.1, 0).await.is_err());
    let (_, notes) = till(&sandbox, "GET", note.0, "", 0).await;
    assert_eq!(notes["items"][0]["note"], "x");
}

#[tokio::test]
async fn a_late_request_takes_effect_after_its_answer_was_given_up() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    for hang in [false, true] {
        let number = format!("late-{hang}");
        let mut late = customers("late");
        late["millis"] = json!(2500);
        late["hang"] = json!(hang);
        fault(&sandbox, late).await;
        let body = body(&sandbox, &token, &number).await;
        let begun = Instant::now();
        let sent = request(&sandbox, &token, "POST", "/customers", Some(&body))
            .timeout(Duration::from_millis(1000))
            .send()
            .await;
        assert_eq!(sent.unwrap_err().is_timeout(), hang);
        assert!(!has(&sandbox, &number).await, "{number}");
        until(async || has(&sandbox, &number).await).await;
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
    let sandbox = Sandbox::start(options()).await.unwrap();
    let token = access(&sandbox).await;
    let mut late = customers("late");
    late["millis"] = json!(60_000);
    fault(&sandbox, late).await;
    let body = body(&sandbox, &token, "7002").await;
    assert!(
        request(&sandbox, &token, "POST", "/customers", Some(&body))
            .send()
            .await
            .is_err()
    );
    assert!(!has(&sandbox, "7002").await);
    sandbox.shutdown().await;
    let sandbox = Sandbox::start(options()).await.unwrap();
    assert!(has(&sandbox, "7002").await);
    sandbox.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_slow_server_does_the_work_of_a_client_that_went_away() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let mut slow = customers("latency");
    slow["times"] = json!(2);
    slow["millis"] = json!(1500);
    fault(&sandbox, slow).await;
    let body = body(&sandbox, &token, "7003").await;
    let sent = request(&sandbox, &token, "POST", "/customers", Some(&body))
        .timeout(Duration::from_millis(700))
        .send()
        .await;
    assert!(sent.unwrap_err().is_timeout());
    assert!(!has(&sandbox, "7003").await);
    until(async || has(&sandbox, "7003").await).await;
    let begun = Instant::now();
    assert_eq!(post(&sandbox, &token, "/customers", body).await.0, 409);
    assert!(begun.elapsed() >= Duration::from_millis(1500));
}

#[tokio::test]
async fn what_was_just_written_may_be_read_only_later() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let mut lag = customers("lag");
    lag["millis"] = json!(3000);
    fault(&sandbox, lag).await;
    let body = body(&sandbox, &token, "7004").await;
    let begun = Instant::now();
    let (status, made) = post(&sandbox, &token, "/customers", body.clone()).await;
    assert_eq!(status, 201);
    let one = format!("/customers/{}", made["Id"].as_str().unwrap());
    let query = "/customers?$filter=CustomerNumber%20eq%20%277004%27";
    let seen = async || {
        let (_, list) = get(&sandbox, &token, query).await;
        let listed = list["Data"].as_array().unwrap().len();
        (listed, get(&sandbox, &token, &one).await.0)
    };
    assert_eq!(seen().await, (0, 404));
    // only reads lag: the number is taken
    assert_eq!(post(&sandbox, &token, "/customers", body).await.0, 409);
    assert!(has(&sandbox, "7004").await);
    until(async || seen().await == (1, 200)).await;
    assert!(begun.elapsed() >= Duration::from_millis(3000));
}

#[tokio::test]
async fn a_read_that_lags_shows_the_state_of_a_while_ago() {
    let sandbox = start().await;
    let lag = json!({"kind": "lag", "method": "GET", "path": "/api/rest/v1/orders", "millis": 60_000, "times": 0});
    fault(&sandbox, lag).await;
    let order = "/orders/339323500/";
    let before = till(&sandbox, "GET", order, "", 0).await.1["status"].clone();
    let (status, _) = till(&sandbox, "PATCH", order, r#"{"status":5}"#, 0).await;
    assert_eq!(status, 204);
    assert_ne!(before, json!(5));
    assert_eq!(
        till(&sandbox, "GET", order, "", 0).await.1["status"],
        before
    );
    door(&sandbox, "DELETE", "faults", None).await;
    assert_eq!(till(&sandbox, "GET", order, "", 0).await.1["status"], 5);
}

#[tokio::test]
async fn a_hidden_change_stands_in_its_old_place_and_then_in_its_own() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let all = truth(&sandbox, CUSTOMERS).await;
    let mut lag = json!({"kind": "lag", "path": "/v2/customers", "millis": 3000, "times": 0});
    fault(&sandbox, lag.take()).await;
    let listed = async || -> Vec<Value> {
        let (_, list) = get(
            &sandbox,
            &token,
            "/customers?$pagesize=1000&$select=Id,Name",
        )
        .await;
        list["Data"].as_array().unwrap().clone()
    };
    let before = listed().await;
    let first = &all[0];
    let body = person(
        &sandbox,
        &token,
        json!({"Name": "Omdöpt", "CustomerNumber": first["CustomerNumber"]}),
    )
    .await;
    let url = format!("/customers/{}", first["Id"].as_str().unwrap());
    assert_eq!(
        request(&sandbox, &token, "PUT", &url, Some(&body))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let body = person(&sandbox, &token, json!({"CustomerNumber": "7005"})).await;
    post(&sandbox, &token, "/customers", body).await;
    assert_eq!(listed().await, before);
    let now = truth(&sandbox, CUSTOMERS).await;
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
async fn a_storm_is_told_in_the_vendors_words() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    fault(&sandbox, json!({"kind": "429", "times": 3, "millis": 1500})).await;
    for _ in 0..2 {
        let answer = request(&sandbox, &token, "GET", "/units", None)
            .send()
            .await
            .unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (429, &"2".parse().unwrap())
        );
        let error: Value = answer.json().await.unwrap();
        assert_eq!(error["ErrorCode"], 4010);
        let text = error["DeveloperErrorMessage"].as_str().unwrap();
        assert!(text.starts_with("API calls quota exceeded! maximum admitted 6000 per Minute. Try again in 2 seconds."), "{text}");
    }
    let answer = till_raw(&sandbox, "GET", "/orders/", "", 0).await.unwrap();
    assert_eq!(
        answer.headers().get("retry-after"),
        None,
        "the till names no time"
    );
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "429.10");
    assert_eq!(get(&sandbox, &token, "/units").await.0, 200);
    assert_eq!(struck(&sandbox, "429").await, 3);
}

#[tokio::test]
async fn an_internal_error_may_come_after_the_work() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    for done in [false, true] {
        let number = format!("500-{done}");
        let mut broken = customers("500");
        broken["done"] = json!(done);
        fault(&sandbox, broken).await;
        let body = body(&sandbox, &token, &number).await;
        let (status, error) = post(&sandbox, &token, "/customers", body).await;
        assert_eq!((status, &error["ErrorCode"]), (500, &json!(5000)));
        assert_eq!(has(&sandbox, &number).await, done);
    }
    fault(&sandbox, json!({"kind": "500"})).await;
    let (status, error) = till(&sandbox, "GET", "/orders/", "", 0).await;
    assert_eq!((status, &error["code"]), (500, &json!("500.20")));
}

#[tokio::test]
async fn a_body_trickles_in() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let (_, at_once) = get(&sandbox, &token, "/units").await;
    fault(
        &sandbox,
        json!({"kind": "slow-body", "path": "/v2/units", "millis": 400}),
    )
    .await;
    let begun = Instant::now();
    let mut answer = request(&sandbox, &token, "GET", "/units", None)
        .send()
        .await
        .unwrap();
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
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let mut truncated = customers("truncated");
    truncated["times"] = json!(3);
    fault(&sandbox, truncated).await;
    // the length promised more, a piece of unknown length broke off, the end looks well
    for (turn, length) in [true, false, true].into_iter().enumerate() {
        let number = format!("half-{turn}");
        let body = body(&sandbox, &token, &number).await;
        let answer = request(&sandbox, &token, "POST", "/customers", Some(&body))
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
        assert!(has(&sandbox, &number).await);
    }
}

#[tokio::test]
async fn pages_repeat_and_shift() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let ids = |page: &Value| -> Vec<i64> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["id"].as_i64().unwrap())
            .collect()
    };
    let page = async |start: u32| {
        let path = format!("/orders/?start={start}&size=10&orderby=id");
        till(&sandbox, "GET", &path, "", 0).await.1
    };
    let (first, second) = (page(0).await, page(10).await);
    let all = ids(
        &till(&sandbox, "GET", "/orders/?size=250&orderby=id", "", 0)
            .await
            .1,
    );
    fault(&sandbox, json!({"kind": "double-page", "times": 0})).await;
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
    door(&sandbox, "DELETE", "faults", None).await;
    fault(&sandbox, json!({"kind": "shifting-page", "times": 2})).await;
    assert_eq!(
        ids(&page(10).await),
        all[11..21],
        "a row has vanished before it"
    );
    assert_eq!(ids(&page(10).await), all[9..19], "a row has come before it");
    assert_eq!(ids(&page(10).await), ids(&second));
    fault(
        &sandbox,
        json!([{"kind": "shifting-page"}, {"kind": "double-page", "skip": 1}]),
    )
    .await;
    let path = "/customers?$pagesize=5&$orderby=CustomerNumber&$page=";
    let (_, first) = get(&sandbox, &token, &format!("{path}1")).await;
    let (_, shifted) = get(&sandbox, &token, &format!("{path}2")).await;
    let (_, double) = get(&sandbox, &token, &format!("{path}2")).await;
    let (_, second) = get(&sandbox, &token, &format!("{path}2")).await;
    assert_eq!(shifted["Data"][0], second["Data"][1]);
    let total = |list: &Value| list["Meta"]["TotalNumberOfResults"].as_i64().unwrap();
    assert_eq!(total(&shifted), total(&second) - 1);
    assert_eq!(double["Data"], first["Data"]);
}

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
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let hours = |text: &str| {
        let time: jiff::Timestamp = text.parse().unwrap();
        (time.duration_since(jiff::Timestamp::now()).as_secs_f64() / 3600.0).round() as i64
    };
    let body = body(&sandbox, &token, "7006").await;
    fault(
        &sandbox,
        json!({"kind": "clock-skew", "millis": -7_200_000, "times": 2}),
    )
    .await;
    let answer = request(&sandbox, &token, "GET", "/customers", None)
        .send()
        .await
        .unwrap();
    let date = answer.headers()["date"].to_str().unwrap().to_owned();
    let date = jiff::fmt::rfc2822::parse(&date).unwrap().timestamp();
    assert_eq!(hours(&date.to_string()), -2);
    let list: Value = answer.json().await.unwrap();
    assert_eq!(hours(list["Meta"]["ServerTimeUtc"].as_str().unwrap()), -2);
    let (_, made) = post(&sandbox, &token, "/customers", body).await;
    assert_eq!(hours(made["ChangedUtc"].as_str().unwrap()), -2);
    let (_, list) = get(&sandbox, &token, "/customers").await;
    assert_eq!(hours(list["Meta"]["ServerTimeUtc"].as_str().unwrap()), 0);
    // the till refuses what is more than five minutes from its own clock
    fault(&sandbox, json!({"kind": "clock-skew", "times": 1})).await;
    assert_eq!(till(&sandbox, "GET", "/orders/", "", 0).await.0, 200);
    fault(&sandbox, json!({"kind": "clock-skew", "millis": 400_000})).await;
    let (status, error) = till(&sandbox, "GET", "/orders/", "", 0).await;
    assert_eq!((status, &error["code"]), (401, &json!("401.20")));
}

#[tokio::test]
async fn a_good_post_is_answered_with_nothing() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    fault(&sandbox, json!({"kind": "empty-204", "path": "/v2/"})).await;
    let (status, _) = post(&sandbox, &token, "/customers", json!({})).await;
    assert_eq!(
        (status, struck(&sandbox, "empty-204").await),
        (400, 0),
        "a refusal says so"
    );
    let body = body(&sandbox, &token, "7007").await;
    let answer = post(&sandbox, &token, "/customers", body.clone()).await;
    assert_eq!(answer, (204, Value::Null));
    assert_eq!(struck(&sandbox, "empty-204").await, 1);
    assert_eq!(post(&sandbox, &token, "/customers", body).await.0, 409);
}

#[tokio::test]
async fn a_header_strikes_its_own_request() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let ask = |fault: &str| {
        request(&sandbox, &token, "GET", "/units", None).header("X-Sandbox-Fault", fault.to_owned())
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
    assert_eq!(get(&sandbox, &token, "/units").await.0, 200);
    assert_eq!(struck(&sandbox, "500").await, 1);
}

#[tokio::test]
async fn who_is_struck_follows_from_the_seed() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let mut patterns = Vec::new();
    for seed in [1, 1, 2] {
        let set = json!({"kind": "500", "path": "/v2/units", "share": 50, "times": 0, "skip": 2, "seed": seed});
        fault(&sandbox, set).await;
        let mut pattern = Vec::new();
        for _ in 0..20 {
            pattern.push(get(&sandbox, &token, "/units").await.0 == 500);
        }
        assert!(!pattern[0] && !pattern[1]);
        let count = pattern.iter().filter(|struck| **struck).count();
        assert!((3..=15).contains(&count), "{count}");
        let shown = door(&sandbox, "DELETE", "faults", None).await;
        assert_eq!(shown["struck"]["500"], json!(count));
        let set = json!([{"kind": "500", "method": "", "path": "/v2/units", "times": 0, "skip": 2, "share": 50, "millis": 300, "seed": seed}]);
        assert_eq!(shown["set"], set);
        patterns.push(pattern);
    }
    assert_eq!(patterns[0], patterns[1]);
    assert_ne!(patterns[0], patterns[2]);
    assert_eq!(
        door(&sandbox, "GET", "faults", None).await,
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
    let sandbox = Sandbox::start(Options {
        faults,
        ..Options::default()
    })
    .await
    .unwrap();
    let token = access(&sandbox).await;
    for _ in 0..3 {
        assert_eq!(get(&sandbox, &token, "/units").await.0, 500);
    }
    door(&sandbox, "DELETE", "faults", None).await;
    assert_eq!(get(&sandbox, &token, "/units").await.0, 200);
}

#[tokio::test]
async fn the_whole_state_is_there_for_checkers() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    draft(&sandbox, &token).await;
    company(&sandbox, json!({"_CamelCase": true})).await;
    let state = door(&sandbox, "GET", "state", None).await;
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
    let readme = include_str!("../../README.md");
    for (kind, what) in KINDS {
        assert_eq!(kind.parse::<Fault>().unwrap().kind(), kind);
        assert!(what.len() < 76, "fits a line of the help: {what}");
        assert!(readme.contains(&format!("\n| `{kind}` | ")), "{kind}");
    }
}

#[tokio::test]
async fn the_faults_that_the_readme_shows_can_be_set() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let mut made = draft(&sandbox, &token).await;
    made["BuyersOrderReference"] = json!("1-1001");
    made["CreatedUtc"] = json!("2099-01-01T00:00:00Z");
    let id = made["Id"].clone();
    let seed = json!({"books": {"customerinvoicedrafts": [made]}});
    door(&sandbox, "POST", "seed", Some(seed)).await;
    let blocks = include_str!("../../README.md").split("```json\n").skip(1);
    let shown: Vec<Value> = blocks
        .map(|block| serde_json::from_str(block.split("```").next().unwrap()).unwrap())
        .collect();
    assert_eq!(shown.len(), 2);
    for one in shown {
        fault(&sandbox, one).await;
    }
    let left = truth(&sandbox, "books/customerinvoicedrafts").await;
    assert!(left.iter().all(|draft| draft["Id"] != id), "it was booked");
    let sent = request(
        &sandbox,
        &token,
        "POST",
        "/customerinvoicedrafts",
        Some(&json!({})),
    )
    .send()
    .await;
    assert!(sent.is_err(), "lost as set");
}
