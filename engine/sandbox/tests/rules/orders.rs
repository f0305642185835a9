//! Orders and quotes of the books: their status, and what they become.

use super::support::{access, books, found, get, person, post, start};
use flowbook_sandbox::Sandbox;
use serde_json::{Value, json};

async fn order(sandbox: &Sandbox, token: &str, status: i64, delivered: i64) -> (u16, Value) {
    let buyer = person(sandbox, token, json!({})).await;
    let (_, buyer) = post(sandbox, token, "/customers", buyer).await;
    let article = found(sandbox, token, "articles", "Number", "MUGG-BLA").await;
    let row = json!({"LineNumber": 1, "ArticleId": article["Id"], "IsTextRow": false, "IsWorkCost": false,
        "EligibleForReverseChargeOnVat": false, "Quantity": 2, "DeliveredQuantity": delivered, "UnitPrice": 80});
    let body = json!({"CustomerId": buyer["Id"], "Status": status, "CurrencyCode": "SEK", "EuThirdParty": false,
        "RotReducedInvoicingType": 0, "ReverseChargeOnConstructionServices": false, "Amount": 7, "Rows": [row]});
    post(sandbox, token, "/orders", body).await
}

#[tokio::test]
async fn an_order_moves_through_its_life() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let (status, draft) = order(&sandbox, &token, 1, 0).await;
    assert_eq!(
        (status, &draft["Number"], &draft["Amount"]),
        (201, &Value::Null, &json!(200))
    );
    let url = format!("/orders/{}", draft["Id"].as_str().unwrap());
    let act =
        async |action: &str| post(&sandbox, &token, &format!("{url}/{action}"), json!({})).await;
    assert_eq!(act("completed").await.1["ErrorCode"], 4002);
    let (_, ongoing) = act("converteddrafttoorder").await;
    assert_eq!(
        (&ongoing["Status"], &ongoing["Number"]),
        (&json!(2), &json!(1))
    );
    let (_, shipped) = act("completed").await;
    assert_eq!(shipped["Status"], 3);
    assert!(shipped["ShippedDateTime"].is_string());
    let (status, error) = books(&sandbox, &token, "DELETE", &url, None).await;
    assert_eq!((status, error["ErrorCode"].as_i64()), (400, Some(4001)));
    assert_eq!(act("voided").await.1["Status"], 2);
    let (status, invoice) = act("convert").await;
    assert_eq!(
        (status, &invoice["CreatedFromOrderId"]),
        (200, &draft["Id"])
    );
    let (_, done) = get(&sandbox, &token, &url).await;
    assert_eq!(done["Status"], 4);
    let mut again = done.clone();
    again["Status"] = json!(2);
    let (status, error) = books(&sandbox, &token, "PUT", &url, Some(again)).await;
    assert_eq!(
        (status, error["ErrorCode"].as_i64()),
        (400, Some(4002)),
        "{error}"
    );
}

#[tokio::test]
async fn a_shipped_order_names_what_was_delivered_and_bills_that() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    assert_eq!(order(&sandbox, &token, 3, 0).await.0, 400);
    assert_eq!(order(&sandbox, &token, 4, 2).await.1["ErrorCode"], 4002);
    let (_, shipped) = order(&sandbox, &token, 3, 1).await;
    assert_eq!(
        (&shipped["Amount"], &shipped["DeliveredAmount"]),
        (&json!(200), &json!(100))
    );
    let convert = format!("/orders/{}/convert", shipped["Id"].as_str().unwrap());
    let (_, invoice) = post(&sandbox, &token, &convert, json!({})).await;
    assert_eq!(invoice["TotalAmount"], 100);
}

#[tokio::test]
async fn a_quote_is_made_accepted_and_turned_into_an_order() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let buyer = person(&sandbox, &token, json!({})).await;
    let (_, buyer) = post(&sandbox, &token, "/customers", buyer).await;
    let article = found(&sandbox, &token, "articles", "Number", "MUGG-BLA").await;
    let body = json!({"CustomerId": buyer["Id"], "QuoteDate": "2026-03-01", "CustomerReference": "Sara",
        "Rows": [{"ArticleId": article["Id"], "Quantity": 1, "UnitPrice": 80}, {"Text": "Tack"}]});
    let (_, draft) = post(&sandbox, &token, "/quotedrafts", body.clone()).await;
    assert_eq!(
        (&draft["Number"], &draft["Status"]),
        (&Value::Null, &json!(0))
    );
    assert_eq!(draft["Rows"][1]["IsTextRow"], true);
    let id = draft["Id"].as_str().unwrap();
    let convert = format!("/quotedrafts/{id}/convert");
    assert_eq!(post(&sandbox, &token, &convert, json!({})).await.0, 405);
    let (_, quote) = books(&sandbox, &token, "PUT", &convert, None).await;
    assert_eq!((&quote["Number"], &quote["Status"]), (&json!(1), &json!(1)));
    let url = format!("/quotes/{id}");
    assert_eq!(
        books(&sandbox, &token, "PUT", &url, Some(body)).await.0,
        405
    );
    assert_eq!(books(&sandbox, &token, "DELETE", &url, None).await.0, 405);
    assert_eq!(
        books(&sandbox, &token, "PUT", &format!("{url}/accept"), None)
            .await
            .0,
        200
    );
    assert_eq!(get(&sandbox, &token, &url).await.1["Status"], 2);
    let turn = format!("{url}/converttoorder");
    assert_eq!(
        post(&sandbox, &token, &turn, json!({"Type": 2})).await.0,
        400
    );
    let (status, order) = post(&sandbox, &token, &turn, json!({"Type": 1})).await;
    assert_eq!(
        (status, &order["Status"], &order["Amount"]),
        (200, &json!(2), &json!(100)),
        "{order}"
    );
    assert_eq!(
        (&order["YourReference"], &order["CreatedFromQuoteId"]),
        (&json!("Sara"), &quote["Id"])
    );
    assert_eq!(get(&sandbox, &token, &url).await.1["Status"], 4);
    assert_eq!(
        post(&sandbox, &token, &turn, json!({"Type": 1})).await.1["ErrorCode"],
        4002
    );
}
