//! A map alone: JSON in, lines out.

use std::sync::Arc;

use flowbook_stdlib::types::{Kind, Shape, Type};
use flowbook_stdlib::value::Value;

use super::shop::{CUSTOMERS, ORDERS, orders, record};
use super::systems::Tables;
use crate::plan::{Ask, MapEntry, Node, Op, Plan, Program, Question, Slot};
use crate::run::Options;
use crate::run::map::map;

/// `{ note: o.note, customer: books.customers[Email = o.email].Id else fail "no customer" }`
fn entry(plan: &Plan) -> MapEntry {
    let node = |op| Node { op, place: 0 };
    let text = Type::new(Kind::Text(None));
    let gives = Shape::anonymous([
        ("note", text.clone().optional()),
        ("customer", text.clone()),
    ]);
    let nodes = vec![
        node(Op::Slot(0)),
        node(Op::Get(0, 4)),
        node(Op::Get(0, 2)),
        node(Op::Hit(0)),
        node(Op::Get(3, 0)),
        node(Op::Const(Value::Text("no customer".into()))),
        node(Op::End(flowbook_grammar::ast::End::Fail, 5)),
        node(Op::Else(4, 6)),
        node(Op::Record(gives.clone(), vec![(0, 1), (1, 7)])),
    ];
    MapEntry {
        name: "head".to_owned(),
        takes: Type::new(Kind::Record(Arc::clone(
            &plan.resources[ORDERS as usize].shape,
        ))),
        gives: Type::new(Kind::Record(gives)),
        program: Program {
            nodes,
            slots: vec![Slot {
                name: "o".to_owned(),
                init: None,
                shape: None,
            }],
            loops: Vec::new(),
            asks: vec![Ask {
                what: Question::Find {
                    find: Some(0),
                    fields: vec![vec![1]],
                    key: vec![2],
                },
                resource: CUSTOMERS,
                loops: Vec::new(),
                when: None,
                after: Vec::new(),
                wave: 0,
                needs: vec![0],
                place: 0,
            }],
        },
        body: 8,
    }
}

fn mapped(input: &str) -> String {
    let plan = orders();
    let tables = Tables::new(&plan);
    tables.give(CUSTOMERS, vec![record(["id9", "a@b.se", "A"])]);
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let counts = runtime
        .block_on(map(
            &plan,
            &entry(&plan),
            &tables,
            &Options::default(),
            input.as_bytes(),
            &mut out,
            &mut errors,
        ))
        .unwrap();
    format!(
        "{}{}{} mapped, {} failed, {} questions",
        String::from_utf8(out).unwrap(),
        String::from_utf8(errors).unwrap(),
        counts.mapped,
        counts.failed,
        tables.log().len()
    )
}

#[test]
fn lines_go_through_and_a_failing_one_alone_fails() {
    let input = "\u{feff}{\"id\":\"1\",\"email\":\"a@b.se\",\"note\":\"x\"}\n\n\
        {\"id\":\"2\",\"email\":\"c@d.se\"}\n\
        {\"id\":\"3\",\"email\":\"a@b.se\", nonsense}\n\
        {\n  \"id\": \"4\",\n  \"email\": \"a@b.se\",\n  \"note\": \"]}\\\"\"\n}\n\
        {\"id\":\"5\"\n";
    insta::assert_snapshot!(mapped(input), @r#"
    {"note":"x","customer":"id9"}
    {"note":"]}\"","customer":"id9"}
    line 3, key 2: [F0800] no customer  field customer  at orders.flow:1
    line 4: [F0816] The record cannot be read: key must be a string at line 1 column 29.
    line 10: [F0816] The record stops in its middle.
    2 mapped, 3 failed, 2 questions
    "#);
}

#[test]
fn an_array_goes_through_item_by_item() {
    let input = " [ {\"id\":\"1\",\"email\":\"a@b.se\",\"note\":\"a,]\\\\\"},\n 7, {\"id\":\"2\",\"email\":\"a@b.se\"} ] ";
    insta::assert_snapshot!(mapped(input), @r#"
    {"note":"a,]\\","customer":"id9"}
    {"customer":"id9"}
    record 2: [F0816] The record cannot be read: invalid type: integer `7`, expected a record at line 1 column 1.
    2 mapped, 1 failed, 1 questions
    "#);
    insta::assert_snapshot!(mapped("[]"), @"0 mapped, 0 failed, 0 questions");
    insta::assert_snapshot!(mapped("  "), @"0 mapped, 0 failed, 0 questions");
    insta::assert_snapshot!(mapped("[{\"id\":\"1\",\"email\":\"a@b.se\"}"), @r#"
    {"customer":"id9"}
    record 2: [F0816] The list stops in its middle.
    1 mapped, 1 failed, 1 questions
    "#);
}
