//! Both servers over real sockets: what they answer, and what they refuse.

use super::support::{access, books, draft, start, till, token, truth, value};
use flowbook_sandbox::{Limits, Options, Sandbox};
use serde_json::{Value, json};

#[tokio::test]
async fn the_till_lists_paid_orders_in_pages() {
    let sandbox = start().await;
    let (status, page) = till(&sandbox, "GET", "/orders/?is_paid=true&size=50", "", 0).await;
    assert_eq!((status, page["items"].as_array().unwrap().len()), (200, 50));
    assert!(page["next"].as_str().unwrap().contains("start=50"));
    let id = &page["items"][0]["id"];
    let (_, rows) = till(&sandbox, "GET", &format!("/orders/{id}/orderrows/"), "", 0).await;
    assert_eq!(rows["items"][0]["order_id"], *id);
    let (status, error) = till(&sandbox, "GET", "/orders/?size=251", "", 0).await;
    assert_eq!((status, error["code"].as_str()), (400, Some("400.10")));
    assert_eq!(
        till(&sandbox, "GET", "/orders/?minid=3", "", 0).await.0,
        400
    );
}

#[tokio::test]
async fn the_till_refuses_stale_times_unknown_resources_and_wrong_fields() {
    let sandbox = start().await;
    assert_eq!(till(&sandbox, "GET", "/orders/", "", 6).await.0, 401);
    assert_eq!(
        till(&sandbox, "GET", "/invoicess/", "", 0).await.1["code"],
        "404.20"
    );
    let order = "/orders/339323500/";
    assert_eq!(
        till(&sandbox, "PATCH", order, r#"{"status":15}"#, 0)
            .await
            .0,
        400
    );
    assert_eq!(
        till(&sandbox, "PATCH", order, r#"{"total_price":1}"#, 0)
            .await
            .0,
        400
    );
    assert_eq!(
        till(
            &sandbox,
            "PATCH",
            order,
            r#"{"status":5,"note":"Bokförd"}"#,
            0
        )
        .await
        .0,
        204
    );
    assert_eq!(till(&sandbox, "GET", order, "", 0).await.1["status"], 5);
    let (status, note) = till(
        &sandbox,
        "POST",
        &format!("{order}ordernotes/"),
        r#"{"note":"Bokförd"}"#,
        0,
    )
    .await;
    assert_eq!((status, note["note"].as_str()), (201, Some("Bokförd")));
}

#[tokio::test]
async fn a_refresh_token_serves_once_and_an_access_token_expires() {
    let sandbox = Sandbox::start(Options {
        token_seconds: 0,
        ..Options::default()
    })
    .await
    .unwrap();
    let refresh = sandbox.refresh_token();
    let (_, first) = token(&sandbox, &refresh).await;
    assert_eq!(
        token(&sandbox, &refresh).await,
        (400, json!({"error": "invalid_grant"}))
    );
    let expired = first["access_token"].as_str().unwrap();
    let (status, error) = books(&sandbox, expired, "GET", "/customers", None).await;
    assert_eq!((status, error["ErrorCode"].as_i64()), (401, Some(4005)));
}

#[tokio::test]
async fn customers_are_found_replaced_whole_and_checked() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let find = "/customers?$filter=EmailAddress%20eq%20%27anna.lind@example.com%27";
    let (_, list) = books(&sandbox, &token, "GET", find, None).await;
    assert_eq!(list["Meta"]["TotalNumberOfResults"], 1);
    let anna = &list["Data"][0];
    let url = format!("/customers/{}", anna["Id"].as_str().unwrap());
    let mut body = json!({"name": "Anna Lind", "InvoiceCity": "Uppsala", "InvoicePostalCode": "752 20",
        "IsPrivatePerson": true, "IsActive": true, "TermsOfPaymentId": anna["TermsOfPaymentId"]});
    let (status, replaced) = books(&sandbox, &token, "PUT", &url, Some(body.clone())).await;
    assert_eq!((status, &replaced["EmailAddress"]), (200, &Value::Null));
    body["CustomerNumber"] = json!("1000");
    let (status, error) = books(&sandbox, &token, "POST", "/customers", Some(body.clone())).await;
    assert_eq!((status, error["ErrorCode"].as_i64()), (409, Some(4000)));
    body["name"] = json!("x".repeat(51));
    let (status, error) = books(&sandbox, &token, "POST", "/customers", Some(body.clone())).await;
    assert_eq!(
        (status, error["Errors"][0]["Field"].as_str()),
        (400, Some("Name"))
    );
    body["name"] = json!("x");
    body["TermsOfPaymentId"] = json!("00000000-0000-0000-0000-000000000001");
    let (_, error) = books(&sandbox, &token, "POST", "/customers", Some(body)).await;
    assert_eq!(error["ErrorCode"], 3000);
    assert_eq!(
        books(
            &sandbox,
            &token,
            "GET",
            "/customers?$filter=Nme%20eq%201",
            None
        )
        .await
        .1["ErrorCode"],
        6000
    );
}

#[tokio::test]
async fn a_draft_is_summed_converted_with_guard_and_paid() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let draft = draft(&sandbox, &token).await;
    assert_eq!(draft["TotalVatAmount"].to_string(), "1116.94");
    assert_eq!(draft["TotalAmount"].to_string(), "5584.69");
    let convert = format!(
        "/customerinvoicedrafts/{}/convert",
        draft["Id"].as_str().unwrap()
    );
    let wrong = json!({"TotalAmountInvoiceCurrency": 5584.70});
    assert_eq!(
        books(&sandbox, &token, "POST", &convert, Some(wrong))
            .await
            .0,
        400
    );
    let right = json!({"TotalAmountInvoiceCurrency": 5584.69});
    let (status, invoice) = books(&sandbox, &token, "POST", &convert, Some(right)).await;
    assert_eq!(
        (status, invoice["InvoiceNumber"].as_i64()),
        (201, Some(502)),
        "{invoice}"
    );
    assert_eq!(invoice["BuyersOrderReference"], "1-7");
    assert_eq!(books(&sandbox, &token, "POST", &convert, None).await.0, 404);
    let (_, banks) = books(&sandbox, &token, "GET", "/bankaccounts", None).await;
    let payment = json!({"CompanyBankAccountId": banks["Data"][0]["Id"], "PaymentAmount": 5584.69,
        "PaymentCurrency": "SEK", "PaymentType": 2});
    let url = format!("/customerinvoices/{}", invoice["Id"].as_str().unwrap());
    assert_eq!(
        books(
            &sandbox,
            &token,
            "POST",
            &format!("{url}/payments"),
            Some(payment)
        )
        .await
        .0,
        201
    );
    let (_, paid) = books(&sandbox, &token, "GET", &url, None).await;
    assert_eq!(
        (&paid["PaymentStatus"], &paid["RemainingAmount"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test]
async fn the_limit_is_reached_and_named() {
    let limits = Limits {
        books: 1,
        ..Limits::NONE
    };
    let sandbox = Sandbox::start(Options {
        limits,
        ..Options::default()
    })
    .await
    .unwrap();
    let token = access(&sandbox).await;
    assert_eq!(books(&sandbox, &token, "GET", "/units", None).await.0, 200);
    let (status, error) = books(&sandbox, &token, "GET", "/units", None).await;
    assert_eq!((status, error["ErrorCode"].as_i64()), (429, Some(4010)));
}

#[tokio::test]
async fn the_state_survives_a_restart_and_is_not_shared() {
    let folder = std::env::temp_dir().join(format!("flowbook-sandbox-{}", std::process::id()));
    let options = Options {
        state: Some(folder.clone()),
        orders: Some(3),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options.clone()).await.unwrap();
    assert!(
        Sandbox::start(options.clone())
            .await
            .is_err_and(|e| e.to_string().contains("Another sandbox"))
    );
    let token = access(&sandbox).await;
    draft(&sandbox, &token).await;
    sandbox.shutdown().await;
    let sandbox = Sandbox::start(options).await.unwrap();
    let (_, list) = books(&sandbox, &token, "GET", "/customerinvoicedrafts", None).await;
    assert_eq!(list["Meta"]["TotalNumberOfResults"], 1);
    let (_, page) = till(&sandbox, "GET", "/orders/?ordernumber=100002", "", 0).await;
    assert_eq!(page["items"][0]["ordernumber_full"], "100002");
    sandbox.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn the_till_refuses_a_signature_over_another_query() {
    let sandbox = start().await;
    let env = sandbox.till_env();
    let answer = reqwest::Client::new()
        .get(format!("{}/orders/?size=5", value(&env, "BASE")))
        .header("x-public", value(&env, "PUBLIC_KEY"))
        .header("x-date", jiff::Timestamp::now().to_string())
        .header("x-hash", "00".repeat(64))
        .header("accept", "application/json");
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(answer.text().await.unwrap().contains("401.30"));
}

#[tokio::test]
async fn orders_and_quotes_are_numbered_summed_and_move_on() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let draft = draft(&sandbox, &token).await;
    let row = json!({"LineNumber": 1, "ArticleId": draft["Rows"][0]["ArticleId"], "IsTextRow": false, "IsWorkCost": false,
        "EligibleForReverseChargeOnVat": false, "Quantity": 2, "UnitPrice": 80});
    let order = json!({"CustomerId": draft["CustomerId"], "Status": 2, "CurrencyCode": "SEK", "EuThirdParty": false,
        "RotReducedInvoicingType": 0, "ReverseChargeOnConstructionServices": false, "Rows": [row]});
    let (status, order) = books(&sandbox, &token, "POST", "/orders", Some(order)).await;
    assert_eq!(
        (status, &order["Amount"], &order["Number"]),
        (201, &json!(200), &json!(1)),
        "{order}"
    );
    let convert = format!("/orders/{}/convert", order["Id"].as_str().unwrap());
    let (status, invoice) = books(&sandbox, &token, "POST", &convert, Some(json!({}))).await;
    assert_eq!(
        (status, &invoice["TotalAmount"]),
        (200, &json!(200)),
        "{invoice}"
    );
    assert_eq!(
        books(&sandbox, &token, "POST", &convert, Some(json!({})))
            .await
            .1["ErrorCode"],
        4002
    );
    let row = json!({"ArticleId": draft["Rows"][0]["ArticleId"], "Quantity": 1, "UnitPrice": 80});
    let quote =
        json!({"CustomerId": draft["CustomerId"], "QuoteDate": "2026-11-01", "Rows": [row]});
    let (status, quote) = books(&sandbox, &token, "POST", "/quotes", Some(quote)).await;
    assert_eq!(
        (status, &quote["TotalAmount"], &quote["Status"]),
        (201, &json!(100), &json!(1)),
        "{quote}"
    );
}

#[tokio::test]
async fn a_request_is_kept_whole_or_not_at_all() {
    let folder = std::env::temp_dir().join(format!("flowbook-whole-{}", std::process::id()));
    let options = || Options {
        state: Some(folder.clone()),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options()).await.unwrap();
    let token = access(&sandbox).await;
    let id = draft(&sandbox, &token).await["Id"].clone();
    let log = folder.join("sandbox.log");
    let before = std::fs::read(&log).unwrap().len();
    let convert = format!("/customerinvoicedrafts/{}/convert", id.as_str().unwrap());
    assert_eq!(books(&sandbox, &token, "POST", &convert, None).await.0, 201);
    sandbox.shutdown().await;
    let whole = std::fs::read(&log).unwrap();
    let ends: Vec<usize> = (before..whole.len())
        .filter(|at| whole[*at] == b'\n')
        .collect();
    assert!(ends.len() > 2, "more than one change");
    for end in &ends {
        std::fs::write(&log, &whole[..=*end]).unwrap();
        let sandbox = Sandbox::start(options()).await.unwrap();
        let drafts = truth(&sandbox, "books/customerinvoicedrafts").await.len();
        let booked = truth(&sandbox, "books/customerinvoices").await;
        let booked = booked
            .iter()
            .filter(|invoice| invoice["CreatedFromDraftId"] == id)
            .count();
        let done = usize::from(end == ends.last().unwrap());
        assert_eq!((drafts, booked), (1 - done, done));
        sandbox.shutdown().await;
    }
    std::fs::remove_dir_all(folder).unwrap();
}
