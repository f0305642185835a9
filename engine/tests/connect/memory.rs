//! Systems in memory: given, written, found, told.

use flowbook::connect::{MemorySystems, Outgoing, OutgoingAct, PageQuery, Sent, Systems};
use flowbook_stdlib::value::Value;

use crate::{create, declared, fields, leaves, text, update};

fn books() -> MemorySystems {
    let (system, resources) = declared::books();
    MemorySystems::new(vec![system], resources)
}

#[tokio::test]
async fn what_is_not_given_is_empty_and_a_single_one_is_missed() {
    let books = books();
    let page = books.page(0, &PageQuery::default()).await.unwrap();
    assert!(page.records.is_empty());
    let trouble = books.one(2).await.unwrap_err();
    assert_eq!(
        trouble.message,
        "books.company_settings is asked for, and the test gives none."
    );
    assert!(
        trouble
            .help
            .unwrap()
            .contains("given books.company_settings from")
    );
}

#[tokio::test]
async fn of_a_single_one_there_are_not_two() {
    let books = books();
    let trouble = books.give(2, "[{}, {}]", "a.json").unwrap_err();
    assert_eq!(
        trouble.message,
        "The records of books.company_settings in a.json cannot be read: it is one record, and 2 are given."
    );
    books.give(2, "{}", "a.json").unwrap();
}

#[tokio::test]
async fn records_come_as_one_as_list_as_lines_and_as_the_vendor_answers() {
    for given in [
        r#"{"Name":"a"}"#,
        r#"[{"Name":"a"}]"#,
        "{\"Name\":\"a\"}\n",
        r#"{"Meta":{"TotalNumberOfPages":1},"Data":[{"Name":"a"}]}"#,
    ] {
        let books = books();
        books.give(0, given, "a.json").unwrap();
        let page = books.page(0, &PageQuery::default()).await.unwrap();
        assert_eq!(fields(&page.records[0])[2], text("a"), "{given}");
        assert_eq!(books.name(&fields(&page.records[0])[0]), "customers#1");
    }
    let trouble = books()
        .give(0, r#"[{"Name":"a"},{"Name":1,"#, "a.json")
        .unwrap_err();
    assert!(
        trouble
            .message
            .starts_with("The records of books.customers in a.json cannot be read: EOF")
    );
}

#[tokio::test]
async fn what_is_written_is_found_and_told_by_its_name() {
    let books = books();
    let Sent::Ok(Some(made)) = books
        .send(&create(
            0,
            None,
            &[("Name", "\"Åsa\""), ("EmailAddress", "\"a@b.se\"")],
        ))
        .await
    else {
        panic!("not made")
    };
    let id = fields(&made)[0].clone();
    let hits = books
        .find(0, Some(0), &[vec![Value::Email("A@b.se".into())]])
        .await
        .unwrap();
    assert_eq!(hits[0], vec![made]);
    let key = format!("\"{}\"", flowbook_stdlib::display::in_text(&id));
    books
        .send(&create(
            1,
            None,
            &[("Name", "\"of a customer\""), ("Description", &key)],
        ))
        .await;
    books.send(&update(0, id, &[("Name", "\"Bo\"")])).await;
    let told: Vec<String> = books
        .effects()
        .iter()
        .map(|effect| {
            format!(
                "{} {} {} {}",
                effect.verb, effect.resource, effect.record, effect.body
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"create books.customers customers#1 {"Name":"Åsa","EmailAddress":"a@b.se"}"#,
            r#"create books.customer_labels customer_labels#1 {"Name":"of a customer","Description":"customers#1"}"#,
            r#"update books.customers customers#1 {"Name":"Bo"}"#,
        ]
    );
    let gone = books
        .send(&update(0, Value::Uuid(uuid::Uuid::nil()), &[]))
        .await;
    assert!(matches!(gone, Sent::Gone(_)));
}

#[tokio::test]
async fn a_lost_answer_took_effect_and_is_lost_once() {
    let books = books();
    books.lose_answers(0);
    let write = create(0, None, &[("CustomerNumber", "\"7\"")]);
    assert!(matches!(books.send(&write).await, Sent::Unknown(_)));
    let hits = books.find(0, Some(1), &[vec![text("7")]]).await.unwrap();
    assert_eq!(hits[0].len(), 1);
    assert!(matches!(books.send(&write).await, Sent::Ok(Some(_))));
}

#[tokio::test]
async fn an_action_takes_over_what_its_argument_holds() {
    let (system, mut resources) = declared::books();
    let mut action = resources[0].creates[0].clone();
    action.name = Some("promote".to_owned());
    resources[0].creates.push(action);
    let books = MemorySystems::new(vec![system], resources);
    let Sent::Ok(Some(label)) = books.send(&create(1, None, &[("Name", "\"gold\"")])).await else {
        panic!("not made")
    };
    let write = Outgoing {
        resource: 0,
        act: OutgoingAct::Create {
            action: 1,
            args: vec![fields(&label)[0].clone()],
            parent: None,
        },
        body: leaves(&[("CustomerNumber", "\"9\"")]),
    };
    let Sent::Ok(Some(made)) = books.send(&write).await else {
        panic!("not made")
    };
    assert_eq!(
        (&fields(&made)[1], &fields(&made)[2]),
        (&text("9"), &text("gold"))
    );
    assert_ne!(fields(&made)[0], fields(&label)[0]);
    let told = books.effects().pop().unwrap();
    assert_eq!(
        (told.verb.as_str(), told.with),
        ("promote", vec!["customer_labels#1".to_owned()])
    );
}
