//! What a company has not bought, a token does not open, and a limit does not admit.

use super::support::{access, bill, company, get, person, post, start, till};
use flowbook_sandbox::{Limits, Options, Sandbox};
use serde_json::{Value, json};

#[tokio::test]
async fn scopes_open_what_the_vendor_says() {
    let scopes = "ea:api offline_access ea:sales_readonly".to_owned();
    let sandbox = Sandbox::start(Options {
        scopes,
        ..Options::default()
    })
    .await
    .unwrap();
    let token = access(&sandbox).await;
    for (path, status) in [
        ("/customers", 200),
        ("/termsofpayments", 200),
        ("/bankaccounts", 403),
        ("/vouchers", 403),
    ] {
        assert_eq!(get(&sandbox, &token, path).await.0, status, "{path}");
    }
    let (status, error) = post(&sandbox, &token, "/customers", json!({})).await;
    assert_eq!((status, error["ErrorCode"].as_i64()), (403, Some(4006)));
}

#[tokio::test]
async fn variants_and_modules_bar_resources() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    company(&sandbox, json!({"ProductVariant": 4})).await;
    assert_eq!(get(&sandbox, &token, "/orders").await.1["ErrorCode"], 4009);
    assert_eq!(get(&sandbox, &token, "/customers").await.0, 200);
    company(&sandbox, json!({"ActivatedModules": []})).await;
    let (status, error) = get(&sandbox, &token, "/customers").await;
    assert_eq!((status, error["ErrorCode"].as_i64()), (403, Some(4002)));
    let text = "ForbiddenRequestException - No access to module: api_standard";
    assert_eq!(error["DeveloperErrorMessage"], text);
}

#[tokio::test]
async fn what_the_documents_leave_open_can_be_switched() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let buyer = person(&sandbox, &token, json!({"IsPrivatePerson": true})).await;
    let (_, buyer) = post(&sandbox, &token, "/customers", buyer).await;
    let body = bill(&sandbox, &token, &buyer, ("MUGG-BLA", 1, "100")).await;
    company(
        &sandbox,
        json!({"_VatRatesInPercent": true, "_ContraryIncludesVat": true}),
    )
    .await;
    let (_, draft) = post(&sandbox, &token, "/customerinvoicedrafts", body).await;
    assert_eq!(
        (&draft["IncludesVat"], &draft["Rows"][0]["VatRate"]),
        (&json!(false), &json!(25))
    );
    company(&sandbox, json!({"_CamelCase": true, "_EmptyActions": true})).await;
    let (_, camel) = get(&sandbox, &token, "/companysettings").await;
    assert_eq!(camel["countryCode"], "SE");
    let convert = format!(
        "/customerinvoicedrafts/{}/convert",
        draft["Id"].as_str().unwrap()
    );
    assert_eq!(
        post(&sandbox, &token, &convert, json!({})).await,
        (201, Value::Null)
    );
}

#[tokio::test]
async fn limits_are_told_in_the_vendors_words() {
    let limits = Limits {
        books: 1,
        till_reads: 1,
        till_writes: 1,
    };
    let sandbox = Sandbox::start(Options {
        limits,
        ..Options::default()
    })
    .await
    .unwrap();
    let token = access(&sandbox).await;
    get(&sandbox, &token, "/units").await;
    let (status, error) = get(&sandbox, &token, "/units").await;
    let text = error["DeveloperErrorMessage"].as_str().unwrap();
    assert!(
        status == 429
            && text.starts_with(
                "API calls quota exceeded! maximum admitted 1 per Minute. Try again in "
            )
    );
    assert_eq!(error.get("Errors"), None);
    assert_eq!(
        get(&sandbox, &token, "/customers").await.0,
        200,
        "each endpoint has its own"
    );
    till(&sandbox, "GET", "/orders/", "", 0).await;
    let (status, error) = till(&sandbox, "GET", "/orders/", "", 0).await;
    assert_eq!(
        (status, &error["code"], &error["status"]),
        (429, &json!("429.10"), &json!(429))
    );
    assert_eq!(till(&sandbox, "GET", "/users/", "", 0).await.0, 200);
}
