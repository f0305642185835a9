//! Customers and articles of the books: what a body must hold, and what it may refer to.

use super::support::{access, books, company, found, get, person, post, start};
use serde_json::{Value, json};

fn fault(answer: &(u16, Value)) -> (u16, i64, &str) {
    (
        answer.0,
        answer.1["ErrorCode"].as_i64().unwrap_or_default(),
        answer.1["Errors"][0]["Field"].as_str().unwrap_or_default(),
    )
}

#[tokio::test]
async fn every_broken_rule_of_a_body_is_named_at_once() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let body = json!({"Name": " ", "InvoiceCity": "x".repeat(51), "InvoicePostalCode": 7, "IsPrivatePerson": "yes",
        "Surname": "x"});
    let (status, error) = post(&sandbox, &token, "/customers", body).await;
    assert_eq!((status, error["ErrorCode"].as_i64()), (400, Some(2000)));
    assert!(error["ErrorId"].is_string() && error["DeveloperErrorMessage"].is_string());
    let mut fields: Vec<&str> = error["Errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["Field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    let expected = [
        "InvoiceCity",
        "InvoicePostalCode",
        "IsActive",
        "IsPrivatePerson",
        "Name",
        "Surname",
        "TermsOfPaymentId",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn a_customer_is_numbered_and_a_taken_number_is_a_conflict() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let next = get(&sandbox, &token, "/companysettings").await.1["NextCustomerNumber"].to_string();
    let plain = person(&sandbox, &token, json!({})).await;
    let (status, made) = post(&sandbox, &token, "/customers", plain).await;
    assert_eq!(
        (status, made["CustomerNumber"].as_str()),
        (201, Some(next.as_str()))
    );
    assert_eq!(made["CurrencyCode"], "SEK");
    assert_eq!(made["TermsOfPayment"]["NumberOfDays"], 30);
    let taken = person(&sandbox, &token, json!({"CustomerNumber": next})).await;
    let answer = post(&sandbox, &token, "/customers", taken).await;
    assert_eq!(fault(&answer), (409, 4000, "CustomerNumber"));
}

#[tokio::test]
async fn references_of_a_customer_must_lead_somewhere() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let nowhere = "00000000-0000-0000-0000-000000000001";
    let cases = [
        (
            json!({"DeliveryMethodId": nowhere}),
            404,
            3000,
            "DeliveryMethodId",
        ),
        (
            json!({"DeliveryTermId": nowhere}),
            404,
            3000,
            "DeliveryTermId",
        ),
        (
            json!({"CustomerLabels": [{"Id": nowhere}]}),
            404,
            3000,
            "Id",
        ),
        (
            json!({"CustomerLabels": [nowhere]}),
            400,
            2000,
            "CustomerLabels[0].Id",
        ),
        (
            json!({"InvoiceCountryCode": "XX"}),
            400,
            2000,
            "InvoiceCountryCode",
        ),
        (json!({"CurrencyCode": "XXX"}), 400, 2000, "CurrencyCode"),
    ];
    for (more, status, code, field) in cases {
        let body = person(&sandbox, &token, more).await;
        let answer = post(&sandbox, &token, "/customers", body).await;
        assert_eq!(fault(&answer), (status, code, field), "{}", answer.1);
    }
    let label = found(&sandbox, &token, "customerlabels", "Name", "Webb").await;
    let body = person(
        &sandbox,
        &token,
        json!({"CustomerLabels": [{"Id": label["Id"]}]}),
    )
    .await;
    assert_eq!(post(&sandbox, &token, "/customers", body).await.0, 201);
}

#[tokio::test]
async fn vat_numbers_fit_their_country() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let vat = async |country: Value, number: &str, north: bool| {
        let more =
            json!({"InvoiceCountryCode": country, "VatNumber": number, "IsNorthernIreland": north});
        let body = person(&sandbox, &token, more).await;
        let answer = post(&sandbox, &token, "/customers", body).await;
        let (status, code, _) = fault(&answer);
        (status, code)
    };
    assert_eq!(vat(json!("DE"), "DE123456788", false).await, (201, 0));
    assert_eq!(vat(json!("DE"), "FR11123456782", false).await, (400, 4025));
    assert_eq!(vat(json!("DE"), "DE1234567", false).await, (400, 4025));
    assert_eq!(vat(json!("GR"), "EL123456783", false).await, (201, 0));
    assert_eq!(vat(Value::Null, "DE123456788", false).await, (400, 2000));
    assert_eq!(vat(json!("GB"), "XI123456782", true).await, (201, 0));
    assert_eq!(vat(json!("GB"), "GB123456782", true).await, (400, 4025));
    assert_eq!(vat(json!("GB"), "GB123456782", false).await, (201, 0));
}

#[tokio::test]
async fn switches_of_a_customer_ask_for_what_they_need() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let answer = async |more: Value| {
        let body = person(&sandbox, &token, more).await;
        let answer = post(&sandbox, &token, "/customers", body).await;
        let (status, code, field) = fault(&answer);
        (status, code, field.to_owned())
    };
    let reverse = json!({"ReverseChargeOnConstructionServices": true});
    assert_eq!(answer(reverse).await, (400, 2000, "VatNumber".to_owned()));
    let force = json!({"ForceBookkeepVat": true, "InvoiceCountryCode": "DE"});
    assert_eq!(
        answer(force).await,
        (400, 4035, "ForceBookkeepVat".to_owned())
    );
    let delivery =
        json!({"DeliveryBasedVat": true, "DeliveryCity": "Oslo", "DeliveryCountryCode": "NO"});
    assert_eq!(
        answer(delivery).await,
        (400, 2000, "DeliveryPostalCode".to_owned())
    );
    let copies = json!({"EmailAddresses": ["a@example.com"]});
    assert_eq!(
        answer(copies).await,
        (400, 2000, "EmailAddresses".to_owned())
    );
    let electronic = json!({"IsPrivatePerson": true, "ElectronicReference": "7"});
    assert_eq!(
        answer(electronic).await,
        (400, 2000, "ElectronicReference".to_owned())
    );
    company(&sandbox, json!({"UsesReverseConstructionVat": false})).await;
    let reverse =
        json!({"ReverseChargeOnConstructionServices": true, "VatNumber": "SE556123456701"});
    let expected = (400, 2000, "ReverseChargeOnConstructionServices".to_owned());
    assert_eq!(answer(reverse).await, expected);
}

#[tokio::test]
async fn a_put_replaces_the_whole_customer() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let full = person(
        &sandbox,
        &token,
        json!({"EmailAddress": "a@example.com", "Telephone": "070", "Note": "x", "InvoiceAddress1": "Storgatan 1"}),
    )
    .await;
    let (_, made) = post(&sandbox, &token, "/customers", full).await;
    let url = format!("/customers/{}", made["Id"].as_str().unwrap());
    let bare = json!({"Id": made["Id"], "Name": "Prov"});
    assert_eq!(
        books(&sandbox, &token, "PUT", &url, Some(bare)).await.0,
        400
    );
    let body = person(&sandbox, &token, json!({"ChangedUtc": "1999-01-01"})).await;
    let (status, put) = books(&sandbox, &token, "PUT", &url, Some(body)).await;
    assert_eq!(status, 200);
    for field in ["EmailAddress", "Telephone", "Note", "InvoiceAddress1"] {
        assert_eq!(put[field], Value::Null, "{field}");
    }
    // a read-only field is taken and ignored
    assert_ne!(put["ChangedUtc"], "1999-01-01");
    assert_eq!(put["CustomerNumber"], made["CustomerNumber"]);
    let nowhere = "/customers/00000000-0000-0000-0000-000000000001";
    let body = person(&sandbox, &token, json!({})).await;
    let (status, error) = books(&sandbox, &token, "PUT", nowhere, Some(body)).await;
    assert_eq!((status, error["ErrorCode"].as_i64()), (404, Some(3000)));
}

#[tokio::test]
async fn articles_agree_with_their_coding() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let coding = found(&sandbox, &token, "articleaccountcodings", "VatRate", "25%").await;
    let unit = found(&sandbox, &token, "units", "Name", "Styck").await;
    let article = async |more: Value| {
        let mut body = json!({"IsActive": true, "Number": "PROV", "Name": "Prov", "CodingId": coding["Id"],
            "UnitId": unit["Id"]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        post(&sandbox, &token, "/articles", body).await
    };
    let wrong = article(json!({"NetPrice": 100, "GrossPrice": 120})).await;
    assert_eq!(fault(&wrong), (400, 2000, "GrossPrice"));
    let exact = article(json!({"NetPrice": 100.001})).await;
    assert_eq!(fault(&exact), (400, 2000, "NetPrice"));
    let moss = article(json!({"UsesMoss": true})).await;
    assert_eq!(fault(&moss), (400, 2000, "UsesMoss"));
    let work = article(json!({"HouseWorkType": 8})).await;
    assert_eq!(fault(&work), (400, 2000, "HouseWorkType"));
    let lost = article(json!({"UnitId": "00000000-0000-0000-0000-000000000001"})).await;
    assert_eq!(fault(&lost), (404, 3000, "UnitId"));
    let (status, made) = article(json!({"NetPrice": 100})).await;
    assert_eq!(
        (status, &made["GrossPrice"], &made["CodingName"]),
        (201, &json!(125), &coding["Name"])
    );
    assert_eq!(fault(&article(json!({})).await), (409, 4000, "Number"));
    let url = format!("/articles/{}", made["Id"].as_str().unwrap());
    assert_eq!(books(&sandbox, &token, "DELETE", &url, None).await.0, 405);
}
