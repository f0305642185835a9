//! Requests as a client sends them: signed for the till, with a bearer token for the books.

use flowbook_sandbox::{Options, Sandbox};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

pub fn value(pairs: &[(String, String)], name: &str) -> String {
    pairs
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.clone())
        .unwrap()
}

pub async fn till(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    body: &str,
    minutes: i64,
) -> (u16, Value) {
    let answer = till_raw(sandbox, method, path, body, minutes)
        .await
        .unwrap();
    (
        answer.status().as_u16(),
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default(),
    )
}

pub async fn token(sandbox: &Sandbox, refresh: &str) -> (u16, Value) {
    let env = sandbox.books_env();
    let answer = reqwest::Client::new()
        .post(sandbox.token_url())
        .basic_auth(value(&env, "CLIENT_ID"), Some(value(&env, "CLIENT_SECRET")))
        .form(&[("grant_type", "refresh_token"), ("refresh_token", refresh)])
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

pub async fn access(sandbox: &Sandbox) -> String {
    token(sandbox, &sandbox.refresh_token()).await.1["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub async fn books(
    sandbox: &Sandbox,
    token: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let mut request = reqwest::Client::new()
        .request(
            method.parse().unwrap(),
            format!("{}{path}", sandbox.books_url()),
        )
        .bearer_auth(token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    (
        answer.status().as_u16(),
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default(),
    )
}

pub async fn start() -> Sandbox {
    Sandbox::start(Options::default()).await.unwrap()
}

pub async fn draft(sandbox: &Sandbox, token: &str) -> Value {
    let (_, customers) = books(
        sandbox,
        token,
        "GET",
        "/customers?$filter=CustomerNumber%20eq%20%271002%27",
        None,
    )
    .await;
    let (_, articles) = books(
        sandbox,
        token,
        "GET",
        "/articles?$filter=Number%20eq%20%27MUGG-BLA%27",
        None,
    )
    .await;
    let row = |price: &str| {
        json!({"ArticleId": articles["Data"][0]["Id"], "IsTextRow": false, "Quantity": 1,
            "UnitPrice": serde_json::from_str::<Value>(price).unwrap()})
    };
    // TV001 of the tax facts: the VAT is that of the sum
    let body = json!({"CustomerId": customers["Data"][0]["Id"], "EuThirdParty": false, "RotReducedInvoicingType": 0,
        "BuyersOrderReference": "1-7", "Rows": [row("3500.00"), row("720.00"), row("247.75")]});
    let (status, draft) = books(sandbox, token, "POST", "/customerinvoicedrafts", Some(body)).await;
    assert_eq!(status, 201, "{draft}");
    draft
}

/// Writes to the books and gives the status and the answer.
pub async fn post(sandbox: &Sandbox, token: &str, path: &str, body: Value) -> (u16, Value) {
    books(sandbox, token, "POST", path, Some(body)).await
}

/// Reads from the books.
pub async fn get(sandbox: &Sandbox, token: &str, path: &str) -> (u16, Value) {
    books(sandbox, token, "GET", path, None).await
}

/// A record of the books by the value of one of its fields.
pub async fn found(sandbox: &Sandbox, token: &str, name: &str, field: &str, is: &str) -> Value {
    let (_, list) = get(sandbox, token, &format!("/{name}?$pagesize=1000")).await;
    list["Data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|record| record[field] == is)
        .cloned()
        .unwrap_or_else(|| panic!("no {name} with {field} {is}"))
}

/// One of the sandbox's own doors.
pub async fn door(sandbox: &Sandbox, method: &str, path: &str, body: Option<Value>) -> Value {
    let host = sandbox.books_url().trim_end_matches("/v2").to_owned();
    let mut request =
        reqwest::Client::new().request(method.parse().unwrap(), format!("{host}/_sandbox/{path}"));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
}

/// Sets one fault or several.
pub async fn fault(sandbox: &Sandbox, fault: Value) {
    door(sandbox, "POST", "faults", Some(fault)).await;
}

/// How often a kind of fault has struck.
pub async fn struck(sandbox: &Sandbox, kind: &str) -> u64 {
    let faults = door(sandbox, "GET", "faults", None).await;
    faults["struck"][kind].as_u64().unwrap_or_default()
}

/// The records of a collection as they truly are.
pub async fn truth(sandbox: &Sandbox, collection: &str) -> Vec<Value> {
    let records = door(sandbox, "GET", &format!("state/{collection}"), None).await;
    records.as_array().unwrap().clone()
}

/// The till's answer to a signed request, as it comes, or what broke.
pub async fn till_raw(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    body: &str,
    minutes: i64,
) -> Result<reqwest::Response, reqwest::Error> {
    let env = sandbox.till_env();
    let base = value(&env, "BASE");
    let uri = format!("/api/rest/v1{path}");
    let time = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes);
    let date = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let public = value(&env, "PUBLIC_KEY");
    let mut mac =
        Hmac::<sha2::Sha512>::new_from_slice(value(&env, "SECRET_KEY").as_bytes()).unwrap();
    mac.update(format!("{public}|{method}|{uri}|{body}|{date}").as_bytes());
    reqwest::Client::new()
        .request(method.parse().unwrap(), format!("{base}{path}"))
        .header("x-public", public)
        .header("x-date", date)
        .header("x-hash", hex::encode(mac.finalize().into_bytes()))
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .body(body.to_owned())
        .send()
        .await
}

/// A request to the books, ready to be sent or given a header.
pub fn request(
    sandbox: &Sandbox,
    token: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> reqwest::RequestBuilder {
    let url = format!("{}{path}", sandbox.books_url());
    let request = reqwest::Client::new()
        .request(method.parse().unwrap(), url)
        .bearer_auth(token);
    match body {
        Some(body) => request.json(body),
        None => request,
    }
}

/// Changes the company's settings through the sandbox's door.
pub async fn company(sandbox: &Sandbox, changes: Value) {
    let mut settings = door(sandbox, "GET", "state/books/companysettings", None).await[0].clone();
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    let seed = json!({"books": {"companysettings": [settings]}});
    door(sandbox, "POST", "seed", Some(seed)).await;
}

/// A customer's body with all that is required, and some more.
pub async fn person(sandbox: &Sandbox, token: &str, more: Value) -> Value {
    let terms = found(sandbox, token, "termsofpayments", "Name", "30 dagar").await;
    let mut body = json!({"Name": "Prov", "InvoiceCity": "Umeå", "InvoicePostalCode": "903 26", "IsActive": true,
        "IsPrivatePerson": false, "InvoiceCountryCode": "SE", "TermsOfPaymentId": terms["Id"]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// A draft's body over one row of an article: its number, quantity and price.
pub async fn bill(
    sandbox: &Sandbox,
    token: &str,
    customer: &Value,
    row: (&str, i64, &str),
) -> Value {
    let article = found(sandbox, token, "articles", "Number", row.0).await;
    let price: Value = serde_json::from_str(row.2).unwrap();
    json!({"CustomerId": customer["Id"], "EuThirdParty": false, "RotReducedInvoicingType": 0,
        "Rows": [{"ArticleId": article["Id"], "IsTextRow": false, "Quantity": row.1, "UnitPrice": price}]})
}
