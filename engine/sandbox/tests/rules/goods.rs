//! What the till sells: products, what sorts them, and the money counted at the end of a day.

use super::support::{start, till};
use flowbook_sandbox::Sandbox;
use serde_json::{Value, json};

async fn get(sandbox: &Sandbox, path: &str) -> Value {
    let (status, answer) = till(sandbox, "GET", path, "", 0).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

async fn send(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> (u16, Value) {
    till(sandbox, method, path, &body.to_string(), 0).await
}

async fn numbers(sandbox: &Sandbox, path: &str) -> Vec<String> {
    let list = get(sandbox, path).await;
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|product| product["productnumber"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn products_are_searched_by_what_the_vendor_names() {
    let sandbox = start().await;
    for (query, found) in [
        ("productnumber=TE-100", vec!["TE-100"]),
        ("eannumber=7350000000048", vec!["MUGG-BLA"]),
        (
            "productname=mugg&orderby=name_desc",
            vec!["MUGG-VIT", "MUGG-BLA"],
        ),
        (
            "minprice=200&maxprice=400&orderby=id",
            vec!["KANNA", "BOK-KAFFE"],
        ),
        ("maxstock=7&orderby=id", vec!["KANNA", "KVARN"]),
        ("stock=7", vec!["KANNA"]),
        ("active=false", vec![]),
    ] {
        assert_eq!(
            numbers(&sandbox, &format!("/products/?{query}")).await,
            found,
            "{query}"
        );
    }
    for bad in [
        "productname=mu",
        "minprice=x",
        "active=1",
        "expand=colours",
        "brand=1",
    ] {
        let (status, error) = till(&sandbox, "GET", &format!("/products/?{bad}"), "", 0).await;
        assert_eq!((status, &error["code"]), (400, &json!("400.10")), "{bad}");
    }
}

#[tokio::test]
async fn a_product_is_written_by_ids_and_read_with_objects() {
    let sandbox = start().await;
    let body = json!({"name": "Sumatra 250 g", "productnumber": "SUMATRA", "price": 99.5, "discount": 10,
        "package_id": 1, "taxtariff": "low a", "brand": "Ny rosteri", "active": false, "stockenabled": true, "stock": 12});
    let (status, made) = send(&sandbox, "POST", "/products/", body.clone()).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        (&made["is_active"], &made["vatrate"], &made["stock"]),
        (&json!(false), &json!(12), &json!(12))
    );
    assert_eq!(made["brand"]["name"], "Ny rosteri");
    assert_eq!(
        (&made["package"]["id"], &made["package"]["name"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(made["active"], Value::Null);
    let url = format!("/products/{}/", made["id"]);
    let change = json!({"stock": 3, "vatrate": 25, "brand_id": 1, "active": true});
    assert_eq!(send(&sandbox, "PATCH", &url, change).await.0, 204);
    let read = get(&sandbox, &url).await;
    assert_eq!(
        (&read["stock"], &read["taxtariff"], &read["is_active"]),
        (&json!(3), &json!("normal"), &json!(true))
    );
    assert_eq!(
        (&read["brand"]["name"], &read["name"]),
        (&json!("Nordljus"), &json!("Sumatra 250 g"))
    );
    assert!(read["modifydate"].as_str() >= made["modifydate"].as_str());
    assert_eq!(
        get(&sandbox, "/webshops/1/").await["product_limit_left"],
        979
    );
    for (name, value, said) in [
        ("name", Value::Null, "The property name"),
        ("package_id", json!(99), "There is no package 99."),
        ("taxtariff", json!("high"), "The shop has no such taxtariff"),
        ("price", json!(-1), "The property price is out of range."),
        (
            "stocktype",
            json!("Shelf"),
            "The property stocktype is one of Product, Attribute.",
        ),
        (
            "productnumber",
            json!("x".repeat(51)),
            "The property productnumber is longer than 50",
        ),
        (
            "is_active",
            json!(true),
            "The property is_active is not defined",
        ),
    ] {
        let mut wrong = body.clone();
        wrong[name] = value;
        let (status, error) = send(&sandbox, "POST", "/products/", wrong).await;
        let text = error["developermessage"].as_str().unwrap();
        assert!(status >= 400 && text.starts_with(said), "{name}: {text}");
    }
    assert_eq!(till(&sandbox, "DELETE", &url, "", 0).await.0, 204);
    assert_eq!(till(&sandbox, "GET", &url, "", 0).await.0, 404);
}

#[tokio::test]
async fn categories_make_a_tree_of_products() {
    let sandbox = start().await;
    let tree = get(&sandbox, "/categorytree/").await;
    let names = |nodes: &Value| -> Vec<String> {
        let nodes = nodes.as_array().unwrap();
        nodes
            .iter()
            .map(|node| node["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&tree["root_categories"]),
        ["Livsmedel", "Kök", "Läsning och frimärken"]
    );
    assert_eq!(
        names(&tree["root_categories"][0]["children"][0]["children"]),
        ["Bryggkaffe", "Te"]
    );
    assert_eq!(
        names(&get(&sandbox, "/categories/50/categories/").await["items"]),
        ["Kaffe och te", "Choklad"]
    );
    assert_eq!(
        numbers(&sandbox, "/categories/51/products/?minprice=70").await,
        ["KAFFE-250"]
    );
    let body = json!({"name": "Erbjudanden", "parentcategory_id": 55});
    let (status, made) = send(&sandbox, "POST", "/categories/", body).await;
    assert_eq!(
        (status, &made["position"], &made["parentcategory"]["id"]),
        (201, &json!(8), &json!(55))
    );
    let url = format!("/categories/{}/", made["id"]);
    let link = json!({"product_id": 7008, "category_id": made["id"]});
    assert_eq!(
        send(&sandbox, "POST", "/producttocategories/", link)
            .await
            .0,
        201
    );
    assert_eq!(
        numbers(&sandbox, &format!("{url}products/")).await,
        ["KVARN"]
    );
    let of_product = get(&sandbox, "/products/7008/?expand=producttocategories").await;
    assert_eq!(
        of_product["producttocategories"]["collection"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let below_itself = json!({"parentcategory_id": made["id"]});
    assert_eq!(
        send(&sandbox, "PATCH", "/categories/55/", below_itself)
            .await
            .0,
        400
    );
    assert_eq!(
        send(
            &sandbox,
            "PATCH",
            &url,
            json!({"name": "Rea", "orderby": "price_desc"})
        )
        .await
        .0,
        204
    );
    assert_eq!(get(&sandbox, &url).await["name"], "Rea");
    assert_eq!(
        till(&sandbox, "DELETE", "/categories/55/", "", 0).await.0,
        204
    );
    assert_eq!(get(&sandbox, &url).await["parentcategory"], Value::Null);
    let links = get(&sandbox, "/products/7008/producttocategories/").await;
    assert_eq!(links["items"].as_array().unwrap().len(), 1);
    assert_eq!(links.get("next"), None, "all at once");
}

#[tokio::test]
async fn brands_have_a_name_of_their_own() {
    let sandbox = start().await;
    assert_eq!(
        numbers(&sandbox, "/brands/4/products/?orderby=id").await,
        ["KANNA", "KVARN"]
    );
    let (status, error) = send(&sandbox, "POST", "/brands/", json!({"name": "Malmgren"})).await;
    assert_eq!((status, &error["code"]), (500, &json!("500.40")));
    let (status, made) = send(&sandbox, "POST", "/brands/", json!({"name": "Bruket"})).await;
    assert_eq!((status, made["id"].is_u64()), (201, true));
    let url = format!("/brands/{}/", made["id"]);
    assert_eq!(
        send(&sandbox, "PATCH", &url, json!({"name": "Malmgren"}))
            .await
            .0,
        500
    );
    assert_eq!(
        send(&sandbox, "PATCH", &url, json!({"name": "Bruk"}))
            .await
            .0,
        204
    );
    let all = get(&sandbox, "/brands/").await;
    assert_eq!(
        (all["items"].as_array().unwrap().len(), all.get("next")),
        (5, None)
    );
    assert_eq!(till(&sandbox, "DELETE", "/brands/4/", "", 0).await.0, 204);
    assert_eq!(
        get(&sandbox, "/products/7006/").await["brand"]["id"],
        Value::Null
    );
    assert_eq!(till(&sandbox, "DELETE", "/packages/1/", "", 0).await.0, 405);
}

#[tokio::test]
async fn the_money_of_a_day_is_counted_and_closed() {
    let sandbox = start().await;
    assert_eq!(
        get(&sandbox, "/cashups/?orderby=create_date_desc").await["items"][0]["id"],
        6002
    );
    let (status, made) = till(&sandbox, "POST", "/cashups/", "", 0).await;
    assert_eq!(
        (status, &made["status"], &made["end_period"]),
        (201, &json!("OPEN"), &Value::Null)
    );
    assert_eq!(
        made["start_period"], "2026-11-09T19:00:00Z",
        "where the last one ended"
    );
    let url = format!("/cashups/{}/", made["id"]);
    assert_eq!(
        send(&sandbox, "PATCH", &url, json!({"status": "DONE"}))
            .await
            .0,
        400
    );
    assert_eq!(
        send(&sandbox, "PATCH", &url, json!({"status": "CLOSED"}))
            .await
            .0,
        204
    );
    assert!(get(&sandbox, &url).await["end_period"].is_string());
    assert_eq!(
        send(&sandbox, "PATCH", &url, json!({"status": "OPEN"}))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn returned_goods_are_read_with_their_order() {
    let sandbox = start().await;
    let list = get(&sandbox, "/returns/?orderby=returnnumber_desc").await;
    let returns = list["items"].as_array().unwrap();
    assert_eq!(
        (returns.len(), &returns[0]["returnnumber"]),
        (2, &json!(302))
    );
    let first = get(
        &sandbox,
        "/returns/?ordernumber=1006&max_create_date=2026-11-04",
    )
    .await;
    let first = &first["items"][0];
    assert_eq!(
        (&first["status"], &first["total_price"], &first["total_tax"]),
        (&json!("7"), &json!(399), &json!(79.8))
    );
    assert!(
        first["order"]
            .as_str()
            .unwrap()
            .ends_with("/orders/339323505/")
    );
    let rows = get(&sandbox, &format!("/returns/{}/returnrows/", first["id"])).await;
    let row = &rows["items"][0];
    assert_eq!(
        (&row["product_number"], &row["return_id"]),
        (&json!("KANNA"), &first["id"])
    );
    assert_eq!(
        get(&sandbox, &format!("/returnrows/{}/", row["id"])).await,
        *row
    );
    for bad in [
        "/returns/?status=7&min_create_date=soon",
        "/returns/?paid=true",
    ] {
        assert_eq!(till(&sandbox, "GET", bad, "", 0).await.0, 400, "{bad}");
    }
    assert_eq!(
        send(&sandbox, "PATCH", "/returns/7401/", json!({})).await.0,
        405
    );
}
