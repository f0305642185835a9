//! Drafts and invoices of the books: VAT by customer and coding, prices with and without VAT, house work.

use super::support::{access, bill, books, company, door, found, person, post, start};
use flowbook_sandbox::Sandbox;
use serde_json::{Value, json};

pub async fn customer(sandbox: &Sandbox, token: &str, more: Value) -> Value {
    let body = person(sandbox, token, more).await;
    let (status, made) = post(sandbox, token, "/customers", body).await;
    assert_eq!(status, 201, "{made}");
    made
}

/// Total, VAT and whether prices include it, of a draft over one blue mug of 25 % at 100.
pub async fn mug(sandbox: &Sandbox, token: &str, buyer: Value, more: Value) -> (u16, Value) {
    let made = customer(sandbox, token, buyer).await;
    let mut body = bill(sandbox, token, &made, ("MUGG-BLA", 1, "100")).await;
    for (name, value) in more.as_object().unwrap() {
        match name.as_str() {
            "row" => {
                for (field, value) in value.as_object().unwrap() {
                    body["Rows"][0][field] = value.clone();
                }
            }
            _ => body[name] = value.clone(),
        }
    }
    post(sandbox, token, "/customerinvoicedrafts", body).await
}

#[tokio::test]
async fn vat_follows_the_buyers_country_and_kind() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let private = |country: &str| json!({"InvoiceCountryCode": country, "IsPrivatePerson": true});
    let firm = |country: &str, vat: &str| json!({"InvoiceCountryCode": country, "VatNumber": vat});
    let none = json!({});
    let cases = [
        // domestic: a company's price excludes VAT, a private person's includes it
        (json!({}), &none, "125.0", "25.0", false),
        (private("SE"), &none, "100.0", "20.0", true),
        // within the EU: none with a VAT number, the seller's rate without
        (firm("DE", "DE123456788"), &none, "100.0", "0.0", false),
        (
            json!({"InvoiceCountryCode": "DE"}),
            &none,
            "125.0",
            "25.0",
            false,
        ),
        (private("DE"), &none, "100.0", "20.0", true),
        // outside the EU: none, unless it is forced
        (firm("NO", "NO123456785MVA"), &none, "100.0", "0.0", false),
        (private("AX"), &none, "100.0", "0.0", true),
        (private("GB"), &none, "100.0", "0.0", true),
        (
            json!({"InvoiceCountryCode": "NO", "ForceBookkeepVat": true}),
            &none,
            "125.0",
            "25.0",
            false,
        ),
        // Northern Ireland counts as a member state for goods
        (
            json!({"InvoiceCountryCode": "GB", "IsPrivatePerson": true, "IsNorthernIreland": true}),
            &none,
            "100.0",
            "20.0",
            true,
        ),
        (
            json!({"InvoiceCountryCode": "GB", "VatNumber": "XI123456782", "IsNorthernIreland": true}),
            &none,
            "100.0",
            "0.0",
            false,
        ),
        // the delivery decides where the customer says so
        (
            json!({"DeliveryBasedVat": true, "DeliveryCity": "Oslo", "DeliveryCountryCode": "NO", "DeliveryPostalCode": "0155"}),
            &none,
            "100.0",
            "0.0",
            false,
        ),
    ];
    let number = |value: &Value| format!("{:.1}", value.as_f64().unwrap());
    for (buyer, more, total, vat, included) in cases {
        let (status, draft) = mug(&sandbox, &token, buyer.clone(), more.clone()).await;
        assert_eq!(status, 201, "{buyer} {draft}");
        let seen = (
            number(&draft["TotalAmount"]),
            number(&draft["TotalVatAmount"]),
            draft["IncludesVat"] == true,
        );
        assert_eq!(
            seen,
            (total.to_owned(), vat.to_owned(), included),
            "{buyer}"
        );
    }
}

#[tokio::test]
async fn triangulation_is_for_companies_of_the_union() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let third = json!({"EuThirdParty": true});
    let (status, error) = mug(
        &sandbox,
        &token,
        json!({"IsPrivatePerson": true}),
        third.clone(),
    )
    .await;
    assert_eq!(
        (status, error["Errors"][0]["Field"].as_str()),
        (400, Some("EuThirdParty"))
    );
    let (_, draft) = mug(&sandbox, &token, json!({"InvoiceCountryCode": "DE"}), third).await;
    assert_eq!(draft["TotalVatAmount"], 0, "{draft}");
}

#[tokio::test]
async fn reverse_charge_needs_the_customer_and_the_row() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let plain = json!({});
    let builder =
        json!({"ReverseChargeOnConstructionServices": true, "VatNumber": "SE556123456701"});
    let flagged = json!({"row": {"ReversedConstructionServicesVatFree": true}});
    assert_eq!(
        mug(&sandbox, &token, plain.clone(), json!({})).await.1["TotalVatAmount"],
        25
    );
    assert_eq!(mug(&sandbox, &token, plain, flagged.clone()).await.0, 400);
    assert_eq!(
        mug(&sandbox, &token, builder.clone(), json!({})).await.1["TotalVatAmount"],
        25
    );
    let (_, draft) = mug(&sandbox, &token, builder, flagged).await;
    assert_eq!(
        (&draft["TotalVatAmount"], &draft["TotalAmount"]),
        (&json!(0), &json!(100))
    );
    assert_eq!(draft["ReverseChargeOnConstructionServices"], true);
}

#[tokio::test]
async fn oss_takes_the_buyers_rate_where_company_and_article_use_it() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    company(&sandbox, json!({"UsesMoss": true})).await;
    let mut article = found(&sandbox, &token, "articles", "Number", "MUGG-BLA").await;
    article["UsesMoss"] = json!(true);
    let url = format!("/articles/{}", article["Id"].as_str().unwrap());
    assert_eq!(
        books(&sandbox, &token, "PUT", &url, Some(article.clone()))
            .await
            .0,
        200
    );
    let german = json!({"InvoiceCountryCode": "DE", "IsPrivatePerson": true});
    let (status, error) = mug(&sandbox, &token, german.clone(), json!({})).await;
    assert_eq!(
        (status, error["ErrorCode"].as_i64()),
        (400, Some(4024)),
        "the coding has no such account"
    );
    let codings = door(&sandbox, "GET", "state/books/articleaccountcodings", None).await;
    let mut coding = codings
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["Id"] == article["CodingId"])
        .unwrap()
        .clone();
    coding["ForeignSalesSubjectToMossAccountNumber"] = json!(3106);
    door(
        &sandbox,
        "POST",
        "seed",
        Some(json!({"books": {"articleaccountcodings": [coding]}})),
    )
    .await;
    let (_, draft) = mug(&sandbox, &token, german, json!({})).await;
    // 100 including the German 19 %
    assert_eq!(draft["Rows"][0]["VatRate"].to_string(), "0.19", "{draft}");
    assert_eq!(draft["TotalVatAmount"].to_string(), "15.97");
    let (_, firm) = mug(
        &sandbox,
        &token,
        json!({"InvoiceCountryCode": "DE", "VatNumber": "DE123456788"}),
        json!({}),
    )
    .await;
    assert_eq!(firm["TotalVatAmount"], 0);
}

#[tokio::test]
async fn prices_with_vat_are_settled_when_the_document_is_made() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let buyer = customer(&sandbox, &token, json!({"IsPrivatePerson": true})).await;
    let body = bill(&sandbox, &token, &buyer, ("MUGG-BLA", 1, "100")).await;
    let (_, draft) = post(&sandbox, &token, "/customerinvoicedrafts", body.clone()).await;
    company(&sandbox, json!({"ShowPricesExclVatPC": true})).await;
    let url = format!("/customerinvoicedrafts/{}", draft["Id"].as_str().unwrap());
    let (_, put) = books(&sandbox, &token, "PUT", &url, Some(body.clone())).await;
    assert_eq!(
        (&put["IncludesVat"], &put["TotalAmount"]),
        (&json!(true), &json!(100))
    );
    assert_ne!(
        put["Rows"][0]["Id"], draft["Rows"][0]["Id"],
        "rows get new ids"
    );
    let (_, new) = post(&sandbox, &token, "/customerinvoicedrafts", body.clone()).await;
    assert_eq!(
        (&new["IncludesVat"], &new["TotalAmount"]),
        (&json!(false), &json!(125))
    );
    let (_, invoice) = books(&sandbox, &token, "POST", &format!("{url}/convert"), None).await;
    assert_eq!(
        (&invoice["IncludesVat"], &invoice["TotalAmount"]),
        (&json!(true), &json!(100))
    );
    company(&sandbox, json!({"ShowPricesExclVatPC": false})).await;
    let path = "/customerinvoicedrafts?overrideCustomerIsPrivatePerson=true";
    let (_, overridden) = post(&sandbox, &token, path, body).await;
    assert_eq!(
        (
            &overridden["IncludesVat"],
            &overridden["CustomerIsPrivatePerson"]
        ),
        (&json!(false), &json!(false))
    );
}

#[tokio::test]
async fn rows_are_checked_one_by_one() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let cases = [
        (json!({"Quantity": 1.005}), 400, "Rows[0].Quantity"),
        (json!({"UnitPrice": 1.001}), 400, "Rows[0].UnitPrice"),
        (
            json!({"DiscountPercentage": 10}),
            400,
            "Rows[0].DiscountPercentage",
        ),
        (json!({"ArticleId": null}), 400, "Rows[0].ArticleId"),
        (json!({"IsTextRow": true}), 400, "Rows[0].Text"),
        (json!({"Text": "x".repeat(2001)}), 400, "Rows[0].Text"),
        (json!({"WorkCostType": 8}), 400, "Rows[0].WorkCostType"),
        (
            json!({"ArticleId": "00000000-0000-0000-0000-000000000001"}),
            404,
            "Rows[0].ArticleId",
        ),
        (
            json!({"ProjectId": "00000000-0000-0000-0000-000000000001"}),
            404,
            "Rows[0].ProjectId",
        ),
    ];
    for (row, status, field) in cases {
        let answer = mug(&sandbox, &token, json!({}), json!({"row": row})).await;
        assert_eq!(
            (answer.0, answer.1["Errors"][0]["Field"].as_str()),
            (status, Some(field)),
            "{row}"
        );
    }
    // abroad a price may have four decimals, and a discount is a fraction
    let abroad = json!({"InvoiceCountryCode": "NO", "CurrencyCode": "NOK"});
    let row = json!({"row": {"UnitPrice": 1.2345, "Quantity": 100, "DiscountPercentage": 0.1}});
    let (status, draft) = mug(&sandbox, &token, abroad, row).await;
    assert_eq!(
        (status, draft["TotalAmount"].to_string()),
        (201, "111.11".to_owned()),
        "{draft}"
    );
    assert_eq!(draft["InvoiceCurrencyCode"], "NOK");
    assert_eq!(draft["TotalAmountBaseCurrency"].to_string(), "108.89");
    // a price of zero stays, unless it is to be replaced
    let (_, zero) = mug(
        &sandbox,
        &token,
        json!({}),
        json!({"row": {"UnitPrice": 0}}),
    )
    .await;
    assert_eq!(zero["TotalAmount"], 0);
    let replaced = json!({"ReplaceUnitPriceWhenZero": true, "row": {"UnitPrice": 0}});
    assert_eq!(
        mug(&sandbox, &token, json!({}), replaced).await.1["TotalAmount"],
        149
    );
}

#[tokio::test]
async fn totals_round_half_away_from_zero_and_to_whole_kronor_where_set() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let (_, draft) = mug(
        &sandbox,
        &token,
        json!({}),
        json!({"row": {"UnitPrice": 0.5, "Quantity": 0.25}}),
    )
    .await;
    assert_eq!(draft["Rows"][0]["Amount"].to_string(), "0.13");
    company(&sandbox, json!({"DomesticCurrencyRounding": 1})).await;
    let (_, draft) = mug(
        &sandbox,
        &token,
        json!({}),
        json!({"row": {"UnitPrice": 80.36}}),
    )
    .await;
    // 80.36 and 20.09 are 100.45
    assert_eq!(
        (&draft["TotalAmount"], draft["TotalRoundings"].to_string()),
        (&json!(100), "-0.45".to_owned())
    );
    let (_, abroad) = mug(
        &sandbox,
        &token,
        json!({"InvoiceCountryCode": "NO", "CurrencyCode": "NOK"}),
        json!({"row": {"UnitPrice": 80.36}}),
    )
    .await;
    assert_eq!(abroad["TotalAmount"].to_string(), "80.36");
    let (_, credit) = mug(
        &sandbox,
        &token,
        json!({}),
        json!({"IsCreditInvoice": true}),
    )
    .await;
    assert_eq!(
        (&credit["TotalAmount"], &credit["TotalVatAmount"]),
        (&json!(-125), &json!(-25))
    );
}

#[tokio::test]
async fn house_work_names_persons_place_and_hours() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let private = json!({"IsPrivatePerson": true});
    let work = json!({"WorkCostType": 1, "WorkHours": 2});
    let sound = json!({"RotReducedInvoicingType": 1, "RotPropertyType": 2, "RotReducedInvoicingPropertyName": "Umeå 1:1",
        "Persons": [{"Ssn": "811218-9876", "Amount": 30}], "row": work});
    let with = |name: &str, value: Value| {
        let mut body = sound.clone();
        body[name] = value;
        body
    };
    assert_eq!(
        mug(&sandbox, &token, private.clone(), sound.clone())
            .await
            .0,
        201
    );
    let cases = [
        ("Persons", json!([]), 2000, "Persons"),
        (
            "Persons",
            json!([{"Ssn": "811218-9877"}]),
            4029,
            "Persons[0].Ssn",
        ),
        ("RotPropertyType", Value::Null, 2000, "RotPropertyType"),
        (
            "RotPropertyType",
            json!(1),
            2000,
            "RotReducedInvoicingOrgNumber",
        ),
        (
            "RotReducedInvoicingPropertyName",
            Value::Null,
            2000,
            "RotReducedInvoicingPropertyName",
        ),
        (
            "RotReducedInvoicingOrgNumber",
            json!("123456789012"),
            2000,
            "RotReducedInvoicingOrgNumber",
        ),
        (
            "RotReducedInvoicingType",
            json!(3),
            2000,
            "RotReducedInvoicingType",
        ),
        (
            "row",
            json!({"WorkCostType": 1, "WorkHours": 0.5}),
            2000,
            "Rows[0].WorkHours",
        ),
    ];
    for (name, value, code, field) in cases {
        let (status, error) = mug(&sandbox, &token, private.clone(), with(name, value)).await;
        let seen = (
            status,
            error["ErrorCode"].as_i64(),
            error["Errors"][0]["Field"].as_str(),
        );
        assert_eq!(seen, (400, Some(code), Some(field)), "{error}");
    }
    assert_eq!(
        mug(&sandbox, &token, json!({}), sound).await.0,
        400,
        "not for companies"
    );
}
