//! Reading the books: pages, filters, order, selection, and the shapes of what cannot be read.

use super::support::{access, books, get, start, value};
use serde_json::{Value, json};

#[tokio::test]
async fn pages_are_cut_and_described() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let (_, list) = get(&sandbox, &token, "/countries").await;
    assert_eq!(list["Meta"]["PageSize"], 50);
    let (_, list) = get(&sandbox, &token, "/articles?$page=2&$pagesize=10").await;
    let meta = &list["Meta"];
    let total = meta["TotalNumberOfResults"].as_u64().unwrap();
    assert_eq!(
        (&meta["CurrentPage"], &meta["PageSize"]),
        (&json!(2), &json!(10))
    );
    assert_eq!(
        meta["TotalNumberOfPages"].as_u64(),
        Some(total.div_ceil(10))
    );
    assert_eq!(list["Data"].as_array().unwrap().len(), 10);
    assert!(meta["ServerTimeUtc"].is_string());
    assert_eq!(
        get(&sandbox, &token, "/articles?$page=99").await.1["Data"],
        json!([])
    );
    // names of other dialects are ignored, as the live system does
    let (_, list) = get(&sandbox, &token, "/articles?PageNumber=2&PageSize=1").await;
    assert_eq!(list["Meta"]["CurrentPage"], 1);
    for query in [
        "$page=0",
        "$pagesize=0",
        "$pagesize=1001",
        "$page=x",
        "$top=5",
        "$expand=Rows",
    ] {
        let (status, error) = get(&sandbox, &token, &format!("/articles?{query}")).await;
        assert_eq!(
            (status, error["ErrorCode"].as_i64()),
            (400, Some(6000)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn filters_compare_like_with_like() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let count = async |path: &str, filter: &str| {
        let mut url = reqwest::Url::parse("http://x/").unwrap();
        url.query_pairs_mut().append_pair("$filter", filter);
        let (status, list) = get(
            &sandbox,
            &token,
            &format!("/{path}?{}", url.query().unwrap()),
        )
        .await;
        match status {
            200 => list["Meta"]["TotalNumberOfResults"].as_i64().unwrap(),
            _ => -list["ErrorCode"].as_i64().unwrap(),
        }
    };
    let anna = "dacecfce-ec88-537a-a365-f695ba26d6e8";
    assert_eq!(
        count("customers", "EmailAddress eq 'anna.lind@example.com'").await,
        1
    );
    assert_eq!(
        count(
            "customers",
            "CustomerNumber eq '1001' and not (Name eq 'x')"
        )
        .await,
        1
    );
    assert_eq!(
        count(
            "customers",
            "CustomerNumber eq '1001' or CustomerNumber eq '1002'"
        )
        .await,
        2
    );
    assert_eq!(
        count(
            "customers",
            "CustomerNumber eq '1001' or CustomerNumber eq 'x' or EmailAddress eq 'ANNA.LIND@example.com' or CustomerNumber eq '1002'"
        )
        .await,
        2,
        "letter case counts for nothing, and 1001 is Anna"
    );
    assert_eq!(
        count("articles", "contains(Number,'MUGG') and IsActive eq true").await,
        2
    );
    assert_eq!(count("articles", "NetPrice gt 1000.5").await, 1);
    assert_eq!(
        count("customerinvoices", &format!("CustomerId eq {anna}")).await,
        1
    );
    assert_eq!(
        count("customerinvoices", "BuyersOrderReference eq '1-1061'").await,
        1
    );
    assert_eq!(
        count("customers", "ChangedUtc gt 2050-01-01T00:00:00Z").await,
        0
    );
    let broken = [
        ("customerinvoices", format!("CustomerId eq '{anna}'")),
        ("customers", "CustomerNumber eq 1001".to_owned()),
        ("customers", "IsActive eq 'true'".to_owned()),
        ("customers", "ChangedUtc gt '2050-01-01'".to_owned()),
        ("customers", "CustomerLabels eq 'Webb'".to_owned()),
        ("customers", "Name like 'x'".to_owned()),
        ("customers", "Name eq 'x".to_owned()),
        ("customers", "Name eq 'x' and".to_owned()),
        ("customers", "Nme eq 'x'".to_owned()),
    ];
    for (path, filter) in broken {
        assert_eq!(count(path, &filter).await, -6000, "{filter}");
    }
}

#[tokio::test]
async fn lists_are_ordered_and_narrowed() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let (_, list) = get(
        &sandbox,
        &token,
        "/articles?$orderby=Number%20desc&$select=Number",
    )
    .await;
    let numbers: Vec<&str> = list["Data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["Number"].as_str().unwrap())
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a >= b), "{numbers:?}");
    assert_eq!(list["Data"][0].as_object().unwrap().len(), 1);
    for query in [
        "$orderby=Nothing",
        "$orderby=Number%20down",
        "$select=Nothing",
    ] {
        assert_eq!(
            get(&sandbox, &token, &format!("/articles?{query}")).await.1["ErrorCode"],
            6000
        );
    }
}

#[tokio::test]
async fn bare_objects_and_missing_ones_have_their_shapes() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let (_, settings) = get(&sandbox, &token, "/companysettings").await;
    assert_eq!(
        (&settings["CountryCode"], settings.get("Data")),
        (&json!("SE"), None)
    );
    let (_, germany) = get(&sandbox, &token, "/countries/DE").await;
    assert_eq!(
        (&germany["NameEnglish"], &germany["IsEuMember"]),
        (&json!("Germany"), &json!(true))
    );
    assert!(
        germany
            .as_object()
            .unwrap()
            .keys()
            .all(|name| !name.starts_with('_'))
    );
    let path =
        "/currencies/exchangerate?sourceCurrencyCode=EUR&targetCurrencyCode=SEK&date=2026-03-01";
    assert_eq!(
        get(&sandbox, &token, path).await.1["Rate"].to_string(),
        "11.25"
    );
    let (_, currencies) = get(&sandbox, &token, "/currencies").await;
    assert_eq!(currencies["Data"][0], json!({"Code": "SEK"}));
    let nowhere = "/customers/00000000-0000-0000-0000-000000000001";
    let (status, error) = get(&sandbox, &token, nowhere).await;
    assert_eq!((status, error["ErrorCode"].as_i64()), (404, Some(3000)));
    assert_eq!(
        get(&sandbox, &token, "/customers/7").await.1["ErrorCode"],
        6001
    );
    // a path that does not exist has no error body
    assert_eq!(get(&sandbox, &token, "/offers").await, (404, Value::Null));
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let send = async |kind: &str, body: &str| {
        let request = reqwest::Client::new()
            .post(format!("{}/customers", sandbox.books_url()))
            .bearer_auth(&token)
            .header("content-type", kind)
            .body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send("application/json", "{\"Name\": ").await, 400);
    assert_eq!(send("application/json", "[]").await, 400);
    assert_eq!(send("text/plain", "{}").await, 415);
    assert_eq!(
        send("application/json", &" ".repeat(17 * 1024 * 1024)).await,
        413
    );
    let (status, _) = books(&sandbox, "unknown", "GET", "/customers", None).await;
    assert_eq!(status, 401);
    // the token endpoint takes a form, not JSON
    let json = reqwest::Client::new()
        .post(sandbox.token_url())
        .basic_auth(value(&sandbox.books_env(), "CLIENT_ID"), Some("wrong"))
        .json(&json!({"grant_type": "refresh_token"}));
    let answer: Value = json.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer, json!({"error": "invalid_request"}));
}
