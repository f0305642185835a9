//! Against the sandbox: signed requests, tokens, pages, filters and writes as the two systems want them.

use flowbook::connect::{Bounds, HttpSystems, PageQuery, Sent, Systems};
use flowbook_sandbox::{Options, Sandbox};
use flowbook_stdlib::value::{MoneyBasis, Value};

use crate::{connected, create, declared, fields, text, update};

async fn start() -> Sandbox {
    Sandbox::start(Options::default()).await.unwrap()
}

fn borrowed(env: &[(String, String)]) -> Vec<(&str, &str)> {
    env.iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn till(sandbox: &Sandbox) -> HttpSystems {
    let env = sandbox.till_env();
    connected(declared::till(), &borrowed(&env), &Bounds::default())
}

fn books(sandbox: &Sandbox) -> HttpSystems {
    let env = sandbox.books_env();
    connected(declared::books(), &borrowed(&env), &Bounds::default())
}

/// All records of a resource, page by page.
async fn all(systems: &HttpSystems, resource: u32, query: &PageQuery) -> Vec<Value> {
    let mut query = query.clone();
    let mut records = Vec::new();
    loop {
        let page = systems.page(resource, &query).await.unwrap();
        assert!(page.clock.is_some());
        records.extend(page.records);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return records,
        }
    }
}

#[tokio::test]
async fn every_order_of_the_till_comes_once_with_its_rows() {
    let sandbox = start().await;
    let till = till(&sandbox);
    let orders = all(&till, 0, &PageQuery::default()).await;
    let mut ids: Vec<String> = orders
        .iter()
        .map(|order| format!("{:?}", fields(order)[0]))
        .collect();
    let count = ids.len();
    assert!(count > 40, "{count} orders are more than two pages");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);

    let rows = till.sub(1, &orders[0]).await.unwrap();
    let Value::Money(price) = &fields(&rows[0])[2] else {
        panic!("{rows:?}")
    };
    assert_eq!(price.basis, MoneyBasis::Incl);
    assert_eq!(
        price.currency.map(|code| code.to_string()).as_deref(),
        Some("SEK")
    );

    let later = PageQuery {
        since: Some("2026-03-01T00:00:00Z".parse().unwrap()),
        ..PageQuery::default()
    };
    let later = all(&till, 0, &later).await.len();
    assert!(later > 0 && later < count, "{later} of {count}");
    assert!(till.warnings().is_empty(), "every answer was signed right");
}

#[tokio::test]
async fn an_order_is_found_by_its_number_and_noted_upon() {
    let sandbox = start().await;
    let till = till(&sandbox);
    let keys = [vec![Value::Int(1001)], vec![Value::Int(999_999)]];
    let hits = till.find(0, Some(0), &keys).await.unwrap();
    assert_eq!((hits[0].len(), hits[1].len()), (1, 0));
    let order = hits[0][0].clone();

    let note = create(2, Some(order.clone()), &[("note", "\"Booked as 1-1001\"")]);
    let sent = till.send(&note).await;
    assert!(matches!(sent, Sent::Ok(_)), "{sent:?}");
    let notes = till.sub(2, &order).await.unwrap();
    assert!(
        notes
            .iter()
            .any(|note| fields(note)[1] == text("Booked as 1-1001"))
    );
    assert_eq!(till.get(0, &Value::Int(1)).await.unwrap(), None);
}

#[tokio::test]
async fn an_empty_success_of_the_till_leaves_the_key_open() {
    let options = Options {
        faults: vec!["empty-204".parse().unwrap()],
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let till = till(&sandbox);
    let order = all(&till, 0, &PageQuery::default()).await.remove(0);
    let sent = till
        .send(&create(2, Some(order), &[("note", "\"x\"")]))
        .await;
    assert!(matches!(sent, Sent::Ok(None)), "{sent:?}");
}

#[tokio::test]
async fn customers_are_written_found_and_changed_in_the_books() {
    let sandbox = start().await;
    let books = books(&sandbox);
    let settings = books.one(2).await.unwrap();
    assert_eq!(
        fields(&settings)[0],
        Value::Currency(flowbook_stdlib::value::Code::new("SEK").unwrap())
    );
    let customers = all(&books, 0, &PageQuery::default()).await;
    assert!(
        customers.len() > 2,
        "more than one page: {}",
        customers.len()
    );

    let known = fields(&customers[0]);
    let (id, number) = (known[0].clone(), known[1].clone());
    let found = books.find(0, Some(1), &[vec![number]]).await.unwrap();
    assert_eq!(found[0].len(), 1);
    let sent = books
        .send(&update(0, id.clone(), &[("Name", "\"O'Neill & Söner\"")]))
        .await;
    assert!(matches!(sent, Sent::Ok(_)), "{sent:?}");
    let after = books.get(0, &id).await.unwrap().unwrap();
    assert_eq!(fields(&after)[2], text("O'Neill & Söner"));
    assert_eq!(fields(&after)[1], known[1], "what was not named is kept");

    let emails: Vec<Vec<Value>> = (0..30)
        .map(|n| vec![Value::Email(format!("o'nobody{n}@example.com").into())])
        .collect();
    let before = books.requests()["books"];
    let hits = books.find(0, Some(0), &emails).await.unwrap();
    assert!(hits.iter().all(Vec::is_empty));
    assert!(
        books.requests()["books"] - before <= 3,
        "many keys share a request"
    );

    let unknown = Value::Uuid(uuid::Uuid::nil());
    assert_eq!(books.get(0, &unknown).await.unwrap(), None);
    let refused = books.send(&create(0, None, &[("Name", "\"x\"")])).await;
    let Sent::Refused(trouble) = refused else {
        panic!("{refused:?}")
    };
    assert!(trouble.field.is_some(), "{trouble:?}");
}

#[tokio::test]
async fn a_label_is_taken_found_by_index_and_replaced_without_a_get() {
    let sandbox = start().await;
    let books = books(&sandbox);
    let label = create(
        1,
        None,
        &[("Name", "\"Till\""), ("Description", "\"kept\"")],
    );
    let Sent::Ok(Some(made)) = books.send(&label).await else {
        panic!("not made")
    };
    let hits = books.find(1, Some(0), &[vec![text("Till")]]).await.unwrap();
    assert_eq!(hits[0], vec![made.clone()]);
    let again = books.send(&label).await;
    assert!(matches!(again, Sent::Taken(_)), "{again:?}");
    let id = fields(&made)[0].clone();
    let sent = books.send(&update(1, id, &[("Name", "\"Shop\"")])).await;
    assert!(matches!(sent, Sent::Ok(_)), "{sent:?}");
    let hits = books.find(1, Some(0), &[vec![text("Shop")]]).await.unwrap();
    assert_eq!(fields(&hits[0][0])[2], text("kept"));
}

#[tokio::test]
async fn a_token_is_had_once_for_all_and_again_when_it_ends() {
    let options = Options {
        token_seconds: 1,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let first = sandbox.refresh_token();
    let books = books(&sandbox);
    let ids = futures_util::future::join_all((0..8).map(|_| books.one(2))).await;
    assert!(
        ids.iter().all(Result::is_ok),
        "a used refresh token is refused, so it was used once: {ids:?}"
    );
    let second = sandbox.refresh_token();
    assert_ne!(first, second);
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    books.one(2).await.unwrap();
    assert_ne!(second, sandbox.refresh_token());
}

#[tokio::test]
async fn a_wrong_key_is_told_as_a_sign_in_that_does_not_hold() {
    let sandbox = start().await;
    let mut env = sandbox.till_env();
    for (name, value) in &mut env {
        if name == "SECRET_KEY" {
            *value = "wrong-key".to_owned();
        }
    }
    let till = connected(declared::till(), &borrowed(&env), &Bounds::default());
    let trouble = till.page(0, &PageQuery::default()).await.unwrap_err();
    assert_eq!(trouble.code, "F0703");
    assert!(!trouble.message.contains("wrong-key"));
}
