//! What people do by hand in the books while a program works there.

use super::support::{access, door, draft, fault, get, post, request, start, struck, truth};
use serde_json::{Value, json};
use std::time::Duration;

const DRAFTS: &str = "books/customerinvoicedrafts";
const INVOICES: &str = "books/customerinvoices";

fn id(record: &Value) -> String {
    record["Id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_books_the_draft_that_was_just_made() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    fault(&sandbox, json!({"kind": "draft-booked"})).await;
    let made = draft(&sandbox, &token).await;
    let url = format!("/customerinvoicedrafts/{}", id(&made));
    assert_eq!(get(&sandbox, &token, &url).await.0, 404);
    let invoices = truth(&sandbox, INVOICES).await;
    let invoice = invoices.last().unwrap();
    assert_eq!(invoice["BuyersOrderReference"], "1-7");
    assert_eq!(invoice["CreatedFromDraftId"], made["Id"]);
    assert_eq!(struck(&sandbox, "draft-booked").await, 1);
}

#[tokio::test]
async fn people_act_while_the_answer_is_lost_or_a_while_later() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let body = draft(&sandbox, &token).await;
    let body = json!({"CustomerId": body["CustomerId"], "EuThirdParty": false, "RotReducedInvoicingType": 0,
        "BuyersOrderReference": "1-8", "Rows": []});
    let sent = request(
        &sandbox,
        &token,
        "POST",
        "/customerinvoicedrafts",
        Some(&body),
    )
    .header("X-Sandbox-Fault", "lose-after")
    .header("X-Sandbox-Fault", "document-deleted; millis=2000")
    .send()
    .await;
    assert!(sent.is_err());
    let left = async || {
        truth(&sandbox, DRAFTS)
            .await
            .iter()
            .filter(|d| d["BuyersOrderReference"] == "1-8")
            .count()
    };
    assert_eq!(left().await, 1);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(left().await, 0);
}

#[tokio::test]
async fn a_person_edits_the_reference() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    fault(&sandbox, json!({"kind": "reference-edited"})).await;
    let made = draft(&sandbox, &token).await;
    let url = format!("/customerinvoicedrafts/{}", id(&made));
    let (_, seen) = get(&sandbox, &token, &url).await;
    assert_eq!(
        (&made["BuyersOrderReference"], &seen["BuyersOrderReference"]),
        (&json!("1-7"), &json!("1-7 ändrad"))
    );
    let edit = json!({"kind": "reference-edited", "now": true, "of": "1-7 ändrad", "field": "BuyersOrderReference", "to": "x".repeat(40)});
    fault(&sandbox, edit).await;
    let (_, seen) = get(&sandbox, &token, &url).await;
    assert_eq!(
        seen["BuyersOrderReference"],
        "x".repeat(35),
        "as much as the field holds"
    );
    assert_eq!(struck(&sandbox, "reference-edited").await, 2);
}

#[tokio::test]
async fn a_person_makes_the_same_document_by_hand() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let mut typed = Vec::new();
    for seed in 1..=8 {
        fault(&sandbox, json!({"kind": "hand-made-twin", "seed": seed})).await;
        let made = draft(&sandbox, &token).await;
        let drafts = truth(&sandbox, DRAFTS).await;
        let twin = drafts.last().unwrap();
        assert_ne!(twin["Id"], made["Id"]);
        assert_ne!(twin["BuyersOrderReference"], "1-7");
        for same in ["CustomerId", "TotalAmount", "TotalVatAmount", "Rows"] {
            assert_eq!(twin[same], made[same], "{same}");
        }
        typed.push(twin["BuyersOrderReference"].as_str().unwrap().to_owned());
    }
    typed.sort();
    typed.dedup();
    assert!(typed.len() > 2, "{typed:?}");
    assert!(typed.iter().all(|text| text.contains('7')), "{typed:?}");
    fault(&sandbox, json!({"kind": "hand-made-twin", "same": true})).await;
    draft(&sandbox, &token).await;
    let drafts = truth(&sandbox, DRAFTS).await;
    let [.., one, two] = drafts.as_slice() else {
        panic!()
    };
    assert_eq!(
        (&one["BuyersOrderReference"], &two["BuyersOrderReference"]),
        (&json!("1-7"), &json!("1-7"))
    );
}

#[tokio::test]
async fn people_act_at_a_chosen_moment_on_a_chosen_document() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    let made = draft(&sandbox, &token).await;
    fault(
        &sandbox,
        json!({"kind": "draft-booked", "now": true, "of": made["Id"]}),
    )
    .await;
    assert!(truth(&sandbox, DRAFTS).await.is_empty());
    // an invoice has a twin with a number of its own, and stays what it is
    fault(
        &sandbox,
        json!({"kind": "hand-made-twin", "now": true, "of": "1-7", "same": true}),
    )
    .await;
    let invoices = truth(&sandbox, INVOICES).await;
    let [.., one, two] = invoices.as_slice() else {
        panic!()
    };
    assert_eq!(
        (&one["InvoiceNumber"], &two["InvoiceNumber"]),
        (&json!(502), &json!(503))
    );
    assert_eq!(two["CreatedFromDraftId"], Value::Null);
    let host = sandbox.books_url().replace("/v2", "/_sandbox/faults");
    let deletion = json!({"kind": "document-deleted", "now": true, "of": "1-7"});
    let refused = reqwest::Client::new()
        .post(host)
        .json(&deletion)
        .send()
        .await
        .unwrap();
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(
        refused["sandbox"],
        "Nobody can do “document-deleted” to the document “1-7” as it stands."
    );
    assert_eq!(
        door(&sandbox, "GET", "faults", None).await["set"],
        json!([])
    );
}

#[tokio::test]
async fn a_post_that_made_nothing_is_no_strike() {
    let sandbox = start().await;
    let token = access(&sandbox).await;
    fault(&sandbox, json!({"kind": "document-deleted"})).await;
    assert_eq!(
        post(&sandbox, &token, "/customerinvoicedrafts", json!({}))
            .await
            .0,
        400
    );
    assert_eq!(struck(&sandbox, "document-deleted").await, 0);
    draft(&sandbox, &token).await;
    assert!(truth(&sandbox, DRAFTS).await.is_empty());
    assert_eq!(struck(&sandbox, "document-deleted").await, 1);
}
