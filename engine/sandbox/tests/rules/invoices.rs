//! What becomes of a draft: put back, converted, booked in an open period, paid.

use super::documents::{customer, mug};
use super::support::{access, bill, books, found, get, post, start};
use serde_json::{Value, json};

#[tokio::test]
async fn an_invoice_date_lies_in_an_open_period() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let buyer = customer(&sandbox, &token, json!({})).await;
    let mut body = bill(&sandbox, &token, &buyer, ("MUGG-BLA", 1, "100")).await;
    for (date, code) in [
        ("2024-12-31", 4013),
        ("1999-01-01", 4013),
        ("2050-01-01", 3001),
    ] {
        body["InvoiceDate"] = json!(date);
        let (status, error) = post(&sandbox, &token, "/customerinvoices", body.clone()).await;
        assert_eq!(
            (status, error["ErrorCode"].as_i64()),
            (400, Some(code)),
            "{date}"
        );
    }
    body["InvoiceDate"] = json!("2026-02-30");
    assert_eq!(
        post(&sandbox, &token, "/customerinvoices", body.clone())
            .await
            .0,
        400
    );
    body["InvoiceDate"] = json!("2026-03-01");
    let (status, invoice) = post(&sandbox, &token, "/customerinvoices", body).await;
    assert_eq!(
        (status, invoice["DueDate"].as_str()),
        (201, Some("2026-03-31")),
        "{invoice}"
    );
    let (_, read) = get(
        &sandbox,
        &token,
        &format!("/customerinvoices/{}", invoice["Id"].as_str().unwrap()),
    )
    .await;
    assert_eq!(read["PaymentStatus"], 2, "overdue");
}

#[tokio::test]
async fn what_is_read_can_be_put_back() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let (_, draft) = mug(
        &sandbox,
        &token,
        json!({}),
        json!({"BuyersOrderReference": "1-9"}),
    )
    .await;
    let row = json!({"LineNumber": 1, "ArticleId": draft["Rows"][0]["ArticleId"], "IsTextRow": false,
        "IsWorkCost": false, "EligibleForReverseChargeOnVat": false, "Quantity": 1, "UnitPrice": 80});
    let order = json!({"CustomerId": draft["CustomerId"], "Status": 2, "CurrencyCode": "SEK", "EuThirdParty": false,
        "RotReducedInvoicingType": 0, "ReverseChargeOnConstructionServices": false, "Rows": [row]});
    let (_, order) = post(&sandbox, &token, "/orders", order).await;
    let quote = json!({"CustomerId": draft["CustomerId"], "Rows": [{"ArticleId": draft["Rows"][0]["ArticleId"],
        "Quantity": 1, "UnitPrice": 80}]});
    let (_, quote) = post(&sandbox, &token, "/quotedrafts", quote).await;
    let article = found(&sandbox, &token, "articles", "Number", "MUGG-BLA").await;
    let all = [
        ("customerinvoicedrafts", &draft["Id"]),
        ("orders", &order["Id"]),
        ("quotedrafts", &quote["Id"]),
        ("customers", &draft["CustomerId"]),
        ("articles", &article["Id"]),
    ];
    for (name, id) in all {
        let url = format!("/{name}/{}", id.as_str().unwrap());
        let (_, mut read) = get(&sandbox, &token, &url).await;
        let (status, mut put) = books(&sandbox, &token, "PUT", &url, Some(read.clone())).await;
        assert_eq!(status, 200, "{name} {put}");
        for record in [&mut read, &mut put] {
            for stamp in ["ModifiedUtc", "ChangedUtc"] {
                record[stamp] = Value::Null;
            }
            for row in record["Rows"].as_array_mut().into_iter().flatten() {
                row["Id"] = Value::Null;
            }
        }
        assert_eq!(put, read, "{name}");
    }
}

#[tokio::test]
async fn a_conversion_checks_what_the_client_expects() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let (_, draft) = mug(&sandbox, &token, json!({}), json!({})).await;
    let url = format!(
        "/customerinvoicedrafts/{}/convert",
        draft["Id"].as_str().unwrap()
    );
    let line = draft["Rows"][0]["LineNumber"].clone();
    assert_eq!(line, 0, "lines count from 0");
    let row = |name: &str, value: i64| json!({"Rows": [{"LineNumber": line, name: value}]});
    let wrong = [
        json!({"TotalAmountInvoiceCurrency": 124}),
        json!({"TotalVatAmountInvoiceCurrency": 24}),
        json!({"TotalRoundingsInvoiceCurrency": 1}),
        row("TotalAmountNoVatInvoiceCurrency", 99),
        row("TotalAmountIncVatInvoiceCurrency", 124),
        json!({"Rows": [{"LineNumber": 7}]}),
        json!({"Total": 125}),
    ];
    for expected in wrong {
        assert_eq!(
            post(&sandbox, &token, &url, expected.clone()).await.0,
            400,
            "{expected}"
        );
    }
    let right = json!({"TotalAmountInvoiceCurrency": 125, "TotalVatAmountInvoiceCurrency": 25,
        "Rows": [{"LineNumber": line, "TotalAmountNoVatInvoiceCurrency": 100, "TotalAmountIncVatInvoiceCurrency": 125}]});
    assert_eq!(post(&sandbox, &token, &url, right).await.0, 201);
}

#[tokio::test]
async fn payments_fit_the_invoice() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let buyer = customer(&sandbox, &token, json!({})).await;
    let body = bill(&sandbox, &token, &buyer, ("MUGG-BLA", 1, "100")).await;
    let (_, invoice) = post(&sandbox, &token, "/customerinvoices", body).await;
    let bank = found(&sandbox, &token, "bankaccounts", "Name", "Företagskonto").await;
    let url = format!("/customerinvoices/{}", invoice["Id"].as_str().unwrap());
    let pay = async |more: Value| {
        let mut body = json!({"CompanyBankAccountId": bank["Id"], "PaymentAmount": 25, "PaymentCurrency": "SEK",
            "PaymentType": 1});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (status, answer) = post(&sandbox, &token, &format!("{url}/payments"), body).await;
        (status, answer["ErrorCode"].as_i64().unwrap_or_default())
    };
    let nowhere = "00000000-0000-0000-0000-000000000001";
    let year = jiff::Timestamp::now()
        .strftime("%Y")
        .to_string()
        .parse::<i32>()
        .unwrap()
        + 1;
    assert_eq!(
        pay(json!({"PaymentDate": format!("{year}-01-01")})).await,
        (400, 4023)
    );
    assert_eq!(pay(json!({"PaymentCurrency": "EUR"})).await, (400, 2000));
    assert_eq!(
        pay(json!({"CompanyBankAccountId": nowhere})).await,
        (404, 3000)
    );
    assert_eq!(pay(json!({"PaymentAmount": 125.01})).await, (400, 2000));
    assert_eq!(pay(json!({"PaymentAmount": -25})).await, (400, 2000));
    assert_eq!(pay(json!({"PaymentType": 5})).await, (400, 2000));
    assert_eq!(
        pay(json!({"PaymentType": 2})).await,
        (400, 2000),
        "a complete payment leaves nothing"
    );
    assert_eq!(pay(json!({"DomesticPaymentAmount": 25})).await, (400, 4039));
    assert_eq!(pay(json!({})).await, (201, 0));
    let (_, part) = get(&sandbox, &token, &url).await;
    assert_eq!(
        (&part["PaymentStatus"], &part["RemainingAmount"]),
        (&json!(1), &json!(100))
    );
    assert!(
        part["PaymentDate"].is_string(),
        "set although only partly paid"
    );
    assert_eq!(
        pay(json!({"PaymentAmount": 100, "PaymentType": 2})).await,
        (201, 0)
    );
    assert_eq!(get(&sandbox, &token, &url).await.1["PaymentStatus"], 0);
    assert_eq!(pay(json!({"PaymentAmount": 1})).await, (400, 2000));
    for method in ["PUT", "DELETE"] {
        assert_eq!(
            books(&sandbox, &token, method, &url, Some(json!({})))
                .await
                .0,
            405
        );
    }
}
