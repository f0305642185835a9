//! Answers that no honest system should give, and that every real one gives some day.

use std::time::{Duration, Instant};

use flowbook::connect::{Bookmark, HttpSystems, PageQuery, Sent, Systems, Trouble};
use flowbook::plan::connector::{How, Odata, Reading};
use flowbook_stdlib::value::Value;

use crate::scripted::{Reply, Scripted, reply};
use crate::{brisk, connected, create, declared, fields, text, update};

fn things(server: &Scripted) -> HttpSystems {
    let given = [("BASE", server.url.as_str()), ("TOKEN", "hunter2-secret")];
    connected(declared::plain(), &given, &brisk())
}

async fn page_of(replies: Vec<Reply>) -> Result<Vec<Value>, Trouble> {
    let server = Scripted::start(replies).await;
    let systems = things(&server);
    let page = systems.page(0, &PageQuery::default()).await?;
    Ok(page.records)
}

async fn trouble(replies: Vec<Reply>) -> Trouble {
    page_of(replies).await.unwrap_err()
}

async fn sent(replies: Vec<Reply>) -> (Sent, usize) {
    let server = Scripted::start(replies).await;
    let sent = things(&server)
        .send(&create(0, None, &[("name", "\"a\"")]))
        .await;
    (sent, server.seen().len())
}

#[tokio::test]
async fn a_refused_sign_in_stops_the_run_and_repeats_no_secret() {
    let body = r#"{"code":"401.30","message":"hunter2-secret does not fit"}"#;
    let trouble = trouble(vec![reply(401, body)]).await;
    assert_eq!((trouble.code, trouble.local), ("F0703", false));
    assert_eq!(
        trouble.message,
        "shop does not accept the sign-in: GET /things/ was answered with 401, “••• does not fit (code 401.30)”."
    );
    assert!(trouble.help.unwrap().contains("FLOWBOOK_SHOP_"));
}

#[tokio::test]
async fn tokens_are_secrets_too_wherever_they_came_from() {
    let token = "4711".repeat(50); // longer than what is told of an answer
    let granted = format!(r#"{{"access_token":"{token}","refresh_token":"refresh-2"}}"#);
    let expired = format!(r#"{{"DeveloperErrorMessage":"The token {token} is no good."}}"#);
    let denied = r#"{"error":"invalid_request","error_description":"refresh-2 is no good"}"#;
    let server = Scripted::start(vec![
        reply(200, granted.clone()),
        reply(401, expired.clone()),
        reply(200, granted),
        reply(401, expired.clone()),
        reply(401, expired),
        reply(400, denied),
    ])
    .await;
    let given = [
        ("BASE", server.url.as_str()),
        ("TOKEN_URL", server.url.as_str()),
        ("CLIENT_ID", "id"),
        ("CLIENT_SECRET", "hunter2-secret"),
        ("REFRESH_TOKEN", "refresh-1"),
    ];
    let systems = connected(declared::books(), &given, &brisk());
    let refused = systems.page(0, &PageQuery::default()).await.unwrap_err();
    assert_eq!(
        refused.message,
        "books does not accept the sign-in: GET /customers was answered with 401, “The token ••• is no good.”."
    );
    let sent = create(0, None, &[("Name", "\"a\"")]);
    let Sent::TurnedAway(_) = systems.send(&sent).await else {
        panic!("the token is had anew")
    };
    let Sent::Unsent(refused) = systems.send(&sent).await else {
        panic!("no token is left")
    };
    assert_eq!(
        refused.message,
        "books does not accept the sign-in: status 400, invalid_request: ••• is no good."
    );
}

#[tokio::test]
async fn a_refusal_tells_the_vendors_words_and_field() {
    let body = r#"{"code":2000,"message":"The body is invalid.","errors":[{"Field":"Name","Message":"is too long"}]}"#;
    let (sent, requests) = sent(vec![reply(400, body)]).await;
    let Sent::Refused(trouble) = sent else {
        panic!("{sent:?}")
    };
    assert_eq!(requests, 1);
    assert!(trouble.local);
    assert_eq!(trouble.field.as_deref(), Some("Name"));
    assert_eq!(
        trouble.message,
        "shop refused: POST /things/ was answered with 400, “The body is invalid; Name: is too long (code 2000)”."
    );
}

#[tokio::test]
async fn what_is_away_for_a_create_is_what_its_body_names() {
    let body = r#"{"code":3000,"message":"The customer does not exist."}"#;
    let (sent, _) = sent(vec![reply(404, body)]).await;
    let Sent::Refused(trouble) = sent else {
        panic!("{sent:?}")
    };
    assert_eq!(trouble.code, "F0706");
    assert_eq!(
        trouble.message,
        "shop refused: POST /things/ was answered with 404, “The customer does not exist (code 3000)”."
    );
}

#[tokio::test]
async fn a_page_without_its_list_is_no_empty_page() {
    let said = async |body: &str| trouble(vec![reply(200, body)]).await.message;
    assert_eq!(
        said("[]").await,
        "The answer of shop to GET /things/ cannot be read: it has no list “items”."
    );
    let lacks = "The answer of shop to GET /things/ cannot be read: it has no list “items”.";
    assert_eq!(said("{}").await, lacks);
    assert_eq!(said(r#"{"items":null}"#).await, lacks);
}

#[tokio::test]
async fn a_busy_system_is_asked_again_when_it_says() {
    let busy = || reply(429, "").header("Retry-After", "1");
    let start = Instant::now();
    let records = page_of(vec![busy(), reply(200, r#"{"items":[{"id":1}]}"#)]).await;
    assert_eq!(records.unwrap().len(), 1);
    assert!(start.elapsed() >= Duration::from_secs(1));

    let (sent, requests) = sent(vec![busy(), reply(201, r#"{"id":7}"#)]).await;
    let Sent::TurnedAway(away) = sent else {
        panic!("{sent:?}")
    };
    assert_eq!(away.pause, Duration::from_secs(1));
    assert_eq!(
        requests, 1,
        "a write leaves once; the journal releases it anew"
    );
}

#[tokio::test]
async fn patience_ends() {
    let busy = reply(429, "").header("Retry-After", "3600");
    let trouble = trouble(vec![busy.clone()]).await;
    assert_eq!(trouble.code, "F0705");
    assert!(
        trouble.message.contains("3600 seconds more"),
        "{}",
        trouble.message
    );
    let (sent, requests) = sent(vec![busy]).await;
    assert!(matches!(sent, Sent::Unsent(_)), "{sent:?}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn a_failing_server_is_asked_three_times_for_a_read_and_once_for_a_write() {
    let records = page_of(vec![
        reply(500, "<html>"),
        reply(502, ""),
        reply(200, r#"{"items":[]}"#),
    ])
    .await;
    assert_eq!(records.unwrap(), []);
    assert_eq!(trouble(vec![reply(500, "")]).await.code, "F0711");
    let (sent, requests) = sent(vec![reply(500, "")]).await;
    assert!(matches!(sent, Sent::Unknown(_)), "{sent:?}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn truncated_json_is_told_with_its_place() {
    let trouble = trouble(vec![reply(200, r#"{"items":[{"id":1},{"id"#)]).await;
    assert_eq!(trouble.code, "F0704");
    assert!(
        trouble
            .message
            .starts_with("The answer of shop to GET /things/ cannot be read: EOF while parsing"),
        "{}",
        trouble.message
    );
    assert!(
        trouble.message.contains("line 1 column 23"),
        "{}",
        trouble.message
    );
}

#[tokio::test]
async fn a_name_that_is_said_twice_is_refused() {
    let trouble = trouble(vec![reply(200, r#"{"items":[{"id":1},{"id":2,"id":3}]}"#)]).await;
    assert_eq!(
        trouble.message,
        "The answer of shop to GET /things/ cannot be read: in record 2 of the list, the record says “id” twice."
    );
}

#[tokio::test]
async fn forty_digits_spoil_their_field_and_never_round() {
    let digits = "1".repeat(40);
    let body = format!(r#"{{"items":[{{"id":1,"amount":{digits}}},{{"id":2,"amount":0.1}}]}}"#);
    let records = page_of(vec![reply(200, body)]).await.unwrap();
    assert!(matches!(fields(&records[0])[2], Value::Bad(_)));
    assert_eq!(
        fields(&records[1])[2],
        Value::Decimal("0.1".parse().unwrap())
    );
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let away = reply(302, "").header("Location", "https://evil.example/things");
    let trouble = trouble(vec![away.clone()]).await;
    assert_eq!(trouble.code, "F0708");
    assert!(
        trouble.message.contains("“evil.example” (status 302)"),
        "{}",
        trouble.message
    );
    let (sent, requests) = sent(vec![away]).await;
    assert!(matches!(sent, Sent::Unknown(_)), "{sent:?}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn a_slow_answer_ends_at_the_deadline() {
    let slow = reply(201, r#"{"id":7,"name":"a long enough answer"}"#).slow(Duration::from_secs(5));
    let start = Instant::now();
    let (sent, requests) = sent(vec![slow]).await;
    let Sent::Unknown(trouble) = sent else {
        panic!("{sent:?}")
    };
    assert_eq!((trouble.code, requests), ("F0707", 1));
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_empty_success_is_believed_only_where_it_is_declared() {
    let (sent, _) = sent(vec![reply(204, "")]).await;
    assert!(matches!(sent, Sent::Unknown(_)), "{sent:?}");
    let server = Scripted::start(vec![reply(204, "")]).await;
    let sent = things(&server)
        .send(&create(1, None, &[("name", "\"a\"")]))
        .await;
    assert!(matches!(sent, Sent::Ok(None)), "{sent:?}");
}

#[tokio::test]
async fn a_success_without_the_key_is_unknown() {
    let (sent, _) = sent(vec![reply(200, r#"{"message":"queued"}"#)]).await;
    assert!(matches!(sent, Sent::Unknown(_)), "{sent:?}");
}

#[tokio::test]
async fn a_dead_server_took_nothing() {
    let given = [("BASE", "http://127.0.0.1:9/api"), ("TOKEN", "t")];
    let systems = connected(declared::plain(), &given, &brisk());
    let sent = systems.send(&create(0, None, &[])).await;
    let Sent::Unsent(trouble) = sent else {
        panic!("{sent:?}")
    };
    assert_eq!(
        (trouble.code, trouble.message.as_str()),
        (
            "F0702",
            "shop cannot be reached: 127.0.0.1 takes no connection."
        )
    );
}

#[tokio::test]
async fn an_answer_beyond_all_bounds_is_not_read() {
    let deep = format!(r#"{{"items":{}"#, "[".repeat(5_000));
    assert!(
        trouble(vec![reply(200, deep)])
            .await
            .message
            .contains("nested deeper")
    );
    let server = Scripted::start(vec![reply(200, vec![b' '; 3_000_000])]).await;
    let given = [("BASE", server.url.as_str()), ("TOKEN", "t")];
    let bounds = flowbook::connect::Bounds {
        largest: 1024 * 1024,
        ..brisk()
    };
    let systems = connected(declared::plain(), &given, &bounds);
    let trouble = systems.page(0, &PageQuery::default()).await.unwrap_err();
    assert_eq!(trouble.code, "F0710");
    assert!(
        trouble.message.contains("larger than 1 MB"),
        "{}",
        trouble.message
    );
}

#[tokio::test]
async fn a_list_that_shifts_is_begun_anew() {
    let first = r#"{"items":[{"id":1},{"id":2},{"id":3}],"next":"x"}"#;
    // record 1 was deleted meanwhile: row 2, where the last page ended, is now record 4
    let shifted = r#"{"items":[{"id":4},{"id":5}],"next":null}"#;
    let anew = r#"{"items":[{"id":2},{"id":3},{"id":4}],"next":"x"}"#;
    let server = Scripted::start(vec![
        reply(200, first),
        reply(200, shifted),
        reply(200, anew),
    ])
    .await;
    let systems = things(&server);
    let page = systems.page(0, &PageQuery::default()).await.unwrap();
    assert_eq!(page.next, Some(Bookmark(3)));
    let query = PageQuery {
        after: page.next,
        ..PageQuery::default()
    };
    let page = systems.page(0, &query).await.unwrap();
    let ids: Vec<&Value> = page
        .records
        .iter()
        .map(|record| &fields(record)[0])
        .collect();
    assert_eq!(ids, [&Value::Int(2), &Value::Int(3), &Value::Int(4)]);
    assert_eq!(
        server.seen(),
        [
            "GET /api/things/?start=0&size=3",
            "GET /api/things/?start=2&size=3",
            "GET /api/things/?start=0&size=3"
        ]
    );
}

#[tokio::test]
async fn a_list_that_stands_still_is_read_without_its_overlap() {
    let first = r#"{"items":[{"id":1},{"id":2},{"id":3}],"next":"x"}"#;
    let second = r#"{"items":[{"id":3},{"id":4}],"next":null}"#;
    let server = Scripted::start(vec![reply(200, first), reply(200, second)]).await;
    let systems = things(&server);
    let page = systems.page(0, &PageQuery::default()).await.unwrap();
    let query = PageQuery {
        after: page.next,
        ..PageQuery::default()
    };
    let page = systems.page(0, &query).await.unwrap();
    assert_eq!(page.records.len(), 1);
    assert_eq!(page.next, None);
}

#[tokio::test]
async fn newest_first_is_read_until_old() {
    let body = r#"{"items":[{"id":3,"changed":"2026-03-03T00:00:00Z"},{"id":9},{"id":1,"changed":"2026-01-01T00:00:00Z"}],"next":"x"}"#;
    let server = Scripted::start(vec![reply(200, body)]).await;
    let query = PageQuery {
        since: Some("2026-02-01T00:00:00Z".parse().unwrap()),
        ..PageQuery::default()
    };
    let page = things(&server).page(0, &query).await.unwrap();
    let ids: Vec<&Value> = page
        .records
        .iter()
        .map(|record| &fields(record)[0])
        .collect();
    assert_eq!(
        ids,
        [&Value::Int(3), &Value::Int(9)],
        "one without a date may be new"
    );
    assert_eq!(page.next, None);
    assert_eq!(
        server.seen(),
        ["GET /api/things/?orderby=changed_desc&start=0&size=3"]
    );
}

#[tokio::test]
async fn an_unsigned_answer_counts_as_none_where_signatures_are_enforced() {
    let server = Scripted::start(vec![reply(201, r#"{"id":1}"#)]).await;
    let given = [
        ("BASE", server.url.as_str()),
        ("PUBLIC_KEY", "p"),
        ("SECRET_KEY", "s"),
    ];
    let till = connected(declared::till(), &given, &brisk());
    let trouble = till.get(0, &Value::Int(1)).await.unwrap_err();
    assert_eq!(trouble.code, "F0709");
    let order = Value::Record([Value::Int(1)].into());
    let sent = till.send(&create(2, Some(order), &[])).await;
    assert!(matches!(sent, Sent::Unknown(_)), "{sent:?}");
}

#[tokio::test]
async fn a_way_that_is_refused_is_not_tried_again() {
    let server = Scripted::start(vec![
        reply(400, r#"{"message":"no parameter name"}"#),
        reply(
            200,
            r#"{"items":[{"id":1,"name":"a"},{"id":2,"name":"b"}]}"#,
        ),
    ])
    .await;
    let systems = things(&server);
    for name in ["a", "b"] {
        let hits = systems.find(0, Some(0), &[vec![text(name)]]).await.unwrap();
        assert_eq!(hits[0].len(), 1, "{name}");
    }
    assert_eq!(
        server.seen(),
        [
            "GET /api/things/?name=a&start=0&size=3",
            "GET /api/things/?start=0&size=3"
        ],
        "the index is read once"
    );
}

#[tokio::test]
async fn a_refused_filter_gives_way_to_a_scan_that_goes_on_where_it_was() {
    let record =
        |id: u8, at: &str| format!(r#"{{"id":{id},"name":"n{id}","changed":"2026-03-01T{at}Z"}}"#);
    let list = |records: &[String]| reply(200, format!(r#"{{"items":[{}]}}"#, records.join(",")));
    let refused = || reply(400, r#"{"message":"no such property"}"#);
    let server = Scripted::start(vec![
        refused(),
        list(&[record(1, "10:00:00"), record(2, "11:00:00")]),
        list(&[record(2, "11:00:00"), record(3, "11:30:00")]),
        refused(),
        refused(),
        list(&[record(1, "10:00:00"), record(4, "12:00:00")]),
    ])
    .await;
    let (mut system, mut resources) = declared::plain();
    std::sync::Arc::make_mut(&mut system.connector).odata = Some(Odata {
        param: "$filter".to_owned(),
        order: Some("$orderby".to_owned()),
        any_of: 20,
    });
    resources[0].reading = Reading::Unsaid;
    resources[0].finds = vec![declared::find(1, vec![How::Odata, How::Scan(3)])];
    let given = [("BASE", server.url.as_str()), ("TOKEN", "t")];
    let systems = connected((system, resources), &given, &brisk());
    for (name, expected) in [("n2", 1), ("n3", 1), ("n1", 1), ("n9", 0)] {
        let hits = systems.find(0, Some(0), &[vec![text(name)]]).await.unwrap();
        assert_eq!(hits[0].len(), expected, "{name}");
    }
    assert_eq!(
        server.seen(),
        [
            "GET /api/things/?$filter=name%20eq%20%27n2%27&start=0&size=3",
            "GET /api/things/?$orderby=id&start=0&size=3",
            "GET /api/things/?$filter=changed%20ge%202026-03-01T10%3A50%3A00Z&$orderby=id&start=0&size=3",
            "GET /api/things/?$filter=changed%20ge%202026-03-01T11%3A20%3A00Z&$orderby=id&start=0&size=3",
            "GET /api/things/?$filter=changed%20ge%202026-03-01T11%3A20%3A00Z&start=0&size=3",
            "GET /api/things/?start=0&size=3",
            "GET /api/things/?start=0&size=3",
        ],
        "the filter on the key is tried once, the one on time until it is refused"
    );
}

#[tokio::test]
async fn an_index_is_read_anew_after_a_write_of_unknown_outcome_and_when_asked() {
    let list = |name: &str| reply(200, format!(r#"{{"items":[{{"id":1,"name":"{name}"}}]}}"#));
    let server = Scripted::start(vec![list("a"), reply(500, ""), list("b"), list("c")]).await;
    let systems = things(&server);
    let hit = async |name: &str| {
        let hits = systems.find(0, Some(1), &[vec![text(name)]]).await.unwrap();
        hits[0].len()
    };
    assert_eq!(hit("a").await, 1);
    systems.send(&create(0, None, &[])).await;
    assert_eq!(hit("b").await, 1);
    assert_eq!(hit("c").await, 0);
    systems.forget(0);
    assert_eq!(hit("c").await, 1);
}

#[tokio::test]
async fn an_update_that_replaces_writes_back_what_it_does_not_name() {
    let old = r#"{"id":5,"name":"old","secretly":{"kept":[1.10]}}"#;
    let server = Scripted::start(vec![reply(200, old), reply(204, "")]).await;
    let sent = things(&server)
        .send(&update(1, Value::Int(5), &[("name", "\"new\"")]))
        .await;
    assert!(matches!(sent, Sent::Ok(None)), "{sent:?}");
    assert_eq!(
        server.seen(),
        [
            "GET /api/labels/5/",
            r#"PUT /api/labels/5/ {"id":5,"name":"new","secretly":{"kept":[1.10]}}"#
        ]
    );
}

#[tokio::test]
async fn a_record_that_is_away_is_none_to_a_read_and_gone_to_a_write() {
    let server = Scripted::start(vec![reply(404, "")]).await;
    let systems = things(&server);
    assert_eq!(systems.get(0, &Value::Int(5)).await.unwrap(), None);
    let sent = systems.send(&update(0, Value::Int(5), &[])).await;
    assert!(matches!(sent, Sent::Gone(_)), "{sent:?}");
    let sent = systems.send(&update(1, Value::Int(5), &[])).await;
    assert!(matches!(sent, Sent::Gone(_)), "{sent:?}");
}

#[tokio::test]
async fn nothing_in_a_record_leads_out_of_the_path() {
    let server = Scripted::start(vec![reply(200, r#"{"id":1}"#)]).await;
    let systems = things(&server);
    let id = text("../../admin?x=1#y");
    systems.get(0, &id).await.unwrap();
    assert_eq!(
        server.seen(),
        ["GET /api/things/..%2F..%2Fadmin%3Fx%3D1%23y/"]
    );
    let trouble = systems.get(0, &text("..")).await.unwrap_err();
    assert_eq!(trouble.code, "F0712");
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let (till, _) = declared::till();
    let (books, _) = declared::books();
    let keeper = flowbook::connect::Forgetful::default();
    let given = |name: &str| (name == "FLOWBOOK_TILL_HOST").then(|| "till.example".to_owned());
    let trouble = flowbook::connect::read_access(&[till, books], &[], &given, &keeper).unwrap_err();
    insta::assert_snapshot!(trouble.message, @r"
    till and books cannot be reached, since values of the environment are missing:
      FLOWBOOK_TILL_PUBLIC_KEY  the secret `public_key` (text) of ccv_salespos
      FLOWBOOK_TILL_SECRET_KEY  the secret `secret_key` (text) of ccv_salespos
      FLOWBOOK_BOOKS_CLIENT_ID  the secret `client_id` (text) of eaccounting
      FLOWBOOK_BOOKS_CLIENT_SECRET  the secret `client_secret` (text) of eaccounting
      FLOWBOOK_BOOKS_REFRESH_TOKEN  the refresh token that signing in to eaccounting gives
    ");
}

#[test]
fn addresses_must_be_encrypted_or_of_this_machine() {
    let refused = |base: &str| {
        let (system, resources) = declared::plain();
        let keeper = std::sync::Arc::new(flowbook::connect::Forgetful::default());
        let look = |name: &str| Some(if name.ends_with("_BASE") { base } else { "t" }.to_owned());
        let access = flowbook::connect::read_access(
            std::slice::from_ref(&system),
            &resources,
            &look,
            &*keeper,
        )
        .unwrap();
        HttpSystems::new(vec![system], resources, access, keeper, &brisk())
            .err()
            .map(|trouble| trouble.code)
    };
    assert_eq!(refused("https://plain.example/api"), None);
    assert_eq!(refused("http://localhost:1/api"), None);
    for bad in [
        "http://plain.example/api",
        "http://127.0.0.1.evil.example/",
        "https://user:pw@plain.example/",
        "ftp://plain.example/",
        "plain",
    ] {
        assert_eq!(refused(bad), Some("F0701"), "{bad}");
    }
}
