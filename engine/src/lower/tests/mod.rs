//! Plans of checked trees that are written down by hand.

use flowbook_grammar::Span;
use flowbook_grammar::ast::End;
use flowbook_stdlib::function::Context;
use flowbook_stdlib::value::Value;

use super::{Missing, lower};
use crate::checked::{self, Book, Element, Expr, ExprKind, StatementKind};
use crate::plan::{Comparison, Flow, Op, Plan, Put, Question};
use crate::run::cache::{Answer, Cache};
use crate::run::eval::{Code, Machine};
use crate::run::stop::Stop;
use crate::sources::Sources;

mod book;

use book::*;

fn planned(book: &Book) -> Plan {
    let plan = lower(book, &Sources::default(), &[]).expect("a plan");
    for flow in &plan.flows {
        sound(flow);
    }
    let json = serde_json::to_string(&plan).expect("serialises");
    let back: Plan = serde_json::from_str(&json).expect("reads back");
    assert_eq!(serde_json::to_string(&back).expect("serialises"), json);
    plan
}

/// What holds of every plan.
fn sound(flow: &Flow) {
    let program = &flow.program;
    for (ix, node) in (0..).zip(&program.nodes) {
        let operands = node.op.operands(program);
        assert!(operands.iter().all(|operand| *operand < ix), "{node:?}");
    }
    for ask in &program.asks {
        let graph = super::depend::Graph {
            program,
            steps: &flow.steps,
            acts: &flow.acts,
        };
        let reached = graph.reach(
            ask.what.key_nodes(),
            super::depend::Through::Values,
            false,
            &Default::default(),
        );
        for other in reached.asks {
            assert!(program.asks[other as usize].wave < ask.wave, "{ask:?}");
        }
    }
    let mut asked: Vec<u32> = flow
        .rounds
        .iter()
        .flat_map(|round| round.asks.clone())
        .collect();
    asked.sort_unstable();
    let all: Vec<u32> = (0..program.asks.len() as u32).collect();
    assert_eq!(asked, all, "every question is asked in one round");
    let ends: Vec<(u32, u32)> = flow.rounds.iter().map(|r| (r.first, r.last)).collect();
    assert!(ends.windows(2).all(|pair| pair[0].1 == pair[1].0));
}

fn only(flow: &Flow, resource: u32) -> &crate::plan::Ask {
    let mut asks = flow
        .program
        .asks
        .iter()
        .filter(|ask| ask.resource == resource);
    let first = asks.next().expect("a question");
    assert!(asks.next().is_none(), "one question");
    first
}

#[test]
fn settings_without_a_value_are_all_named() {
    let settings = vec![setting("one", None), setting("two", None)];
    let refused = lower(
        &book(settings, Vec::new(), &["order"]),
        &Sources::default(),
        &[],
    );
    let names: Vec<String> = refused
        .expect_err("two are missing")
        .into_iter()
        .map(|missing| match missing {
            Missing::Setting { name, .. } => name,
            Missing::Room { item, .. } => panic!("{item}"),
        })
        .collect();
    assert_eq!(names, ["one", "two"]);
}

#[test]
fn a_setting_turns_a_step_and_its_questions_off() {
    let body = vec![StatementKind::If(
        e(ExprKind::Setting(0)),
        vec![statement(create(DRAFTS, 1, field(name(0), 1)))],
    )];
    let book = book(
        vec![setting("on", Some(Value::Bool(false)))],
        body,
        &["order", "draft"],
    );
    let off = planned(&book);
    assert!(off.flows[0].steps.is_empty() && off.flows[0].program.asks.is_empty());
    let on = lower(
        &book,
        &Sources::default(),
        &[("on".to_owned(), Value::Bool(true))],
    );
    assert_eq!(on.expect("a plan").flows[0].steps.len(), 1);
}

#[test]
fn a_skip_and_a_key_on_the_same_value_are_one_question() {
    let number = field(name(0), 1);
    let body = vec![
        StatementKind::End(
            End::Skip,
            says("there"),
            exists(find(DRAFTS, number.clone())),
        ),
        create(DRAFTS, 1, number),
    ];
    let plan = planned(&book(Vec::new(), body, &["order", "draft"]));
    only(&plan.flows[0], DRAFTS);
    assert_eq!(plan.flows[0].rounds.len(), 1);
}

#[test]
fn nothing_is_asked_above_a_gate() {
    let body = vec![
        StatementKind::Where(field(name(0), 2)),
        StatementKind::End(
            End::Skip,
            says("there"),
            exists(find(DRAFTS, field(name(0), 1))),
        ),
        StatementKind::Let(1, field(find(ARTICLES, field(name(0), 1)), 0)),
    ];
    let plan = planned(&book(Vec::new(), body, &["order", "article"]));
    let flow = &plan.flows[0];
    let cuts: Vec<(usize, u32, u32)> = flow
        .rounds
        .iter()
        .map(|round| (round.asks.len(), round.first, round.last))
        .collect();
    assert_eq!(cuts, [(0, 0, 1), (1, 1, 2), (1, 2, 3)]);
    assert_eq!(
        flow.read.relook,
        [("is_paid".to_owned(), Value::Bool(true))]
    );
    assert_eq!(flow.read.needs, [1, 2]);
}

#[test]
fn questions_carry_the_loops_and_conditions_they_stand_in() {
    let list = e(ExprKind::List(vec![Element::For {
        item: 2,
        counter: None,
        list: rows(name(0)),
        when: None,
        give: e(ExprKind::If(
            Box::new(exists(field(name(2), 1))),
            Box::new(field(find(ARTICLES, field(name(2), 1)), 0)),
        )),
    }]));
    let plan = planned(&book(
        Vec::new(),
        vec![StatementKind::Let(1, list)],
        &["order", "articles", "row"],
    ));
    let flow = &plan.flows[0];
    let articles = only(flow, ARTICLES);
    assert_eq!(articles.loops.len(), 1);
    assert!(articles.when.is_some());
    assert_eq!((only(flow, ROWS).wave, articles.wave), (0, 1));
    assert_eq!(only(flow, ROWS).needs, [1]);
    assert_eq!(articles.needs, [0]);
}

#[test]
fn a_lookup_behind_a_write_to_its_resource_is_another_question() {
    let number = field(name(0), 1);
    let body = vec![
        StatementKind::Let(2, exists(find(ARTICLES, number.clone()))),
        create(ARTICLES, 1, number.clone()),
        StatementKind::Let(3, field(find(ARTICLES, number), 0)),
    ];
    let plan = planned(&book(Vec::new(), body, &["order", "article", "a", "b"]));
    let after: Vec<&[u32]> = plan.flows[0]
        .program
        .asks
        .iter()
        .map(|ask| &*ask.after)
        .collect();
    assert_eq!(after, [&[][..], &[0]]);
}

#[test]
fn what_only_the_answer_tells_makes_a_later_step_late() {
    let number = field(name(0), 1);
    let mut second = create(DRAFTS, 2, number.clone());
    if let StatementKind::Write(write) = &mut second {
        write.body.push(put(0, "Id", field(name(1), 0)));
    }
    let mut third = create(DRAFTS, 3, number.clone());
    if let StatementKind::Write(write) = &mut third {
        write.body.push(put(0, "Id", field(name(1), 1)));
        write.keys[0].values = vec![Some(says("other"))];
    }
    let body = vec![create(ARTICLES, 1, number), second, third];
    let plan = planned(&book(Vec::new(), body, &["order", "article", "d", "f"]));
    let steps = &plan.flows[0].steps;
    assert_eq!(steps[1].late, [0]);
    assert_eq!(steps[0].needs, [0, 1]);
    assert_eq!(steps[2].late, [1], "its key is asked after the other draft");
}

#[test]
fn a_map_that_calls_itself_to_death_is_refused() {
    let mut book = book(Vec::new(), Vec::new(), &["order"]);
    for number in 0..24u32 {
        let call = |with: &str| match number {
            0 => name(0),
            _ => e(ExprKind::Map {
                map: number - 1,
                args: vec![e(ExprKind::Text(vec![name(0), says(with)]))],
                hands_on: false,
            }),
        };
        book.maps.push(checked::Map {
            name: format!("m{number}"),
            doc: String::new(),
            params: vec![0],
            body: e(ExprKind::Text(vec![call("a"), call("b")])),
            locals: vec![local("o")],
            span: Span::default(),
        });
    }
    let refused = lower(&book, &Sources::default(), &[]).expect_err("too large");
    assert!(matches!(&refused[..], [Missing::Room { .. }]));
    assert!(
        refused[0]
            .to_string()
            .contains("is too large to be planned")
    );
}

#[test]
fn equal_calls_are_computed_once_unless_a_step_changes_what_they_find() {
    let mut book = book(
        Vec::new(),
        vec![
            StatementKind::Let(1, called(0)),
            StatementKind::Let(2, called(0)),
            create(ARTICLES, 3, field(name(0), 1)),
            StatementKind::Let(4, called(0)),
        ],
        &["order", "a", "b", "article", "c"],
    );
    book.maps.push(checked::Map {
        name: "article".to_owned(),
        doc: String::new(),
        params: vec![0],
        body: field(find(ARTICLES, field(name(0), 1)), 0),
        locals: vec![local("o")],
        span: Span::default(),
    });
    let plan = planned(&book);
    let program = &plan.flows[0].program;
    let after: Vec<&[u32]> = program.asks.iter().map(|ask| &*ask.after).collect();
    assert_eq!(after, [&[][..], &[0]]);
    let named: Vec<&str> = program.slots.iter().map(|slot| &*slot.name).collect();
    assert_eq!(
        named,
        ["order", "article", "a", "b", "article", "c"],
        "{plan}"
    );
}

fn called(map: u32) -> Expr {
    e(ExprKind::Map {
        map,
        args: vec![name(0)],
        hands_on: false,
    })
}

#[test]
fn a_spread_record_is_read_leaf_by_leaf() {
    let number = field(name(0), 1);
    let inner = shape("", &[("Id", text()), ("Number", text())]);
    let record = e(ExprKind::Record {
        shape: inner,
        lets: Vec::new(),
        fields: vec![
            (0, e(ExprKind::End(End::Fail, Box::new(says("no id"))))),
            (1, number.clone()),
        ],
    });
    let mut step = create(DRAFTS, 1, number);
    if let StatementKind::Write(write) = &mut step {
        write.lets.push((2, record));
        write.body = vec![put(1, "Number", field(name(2), 1))];
    }
    let plan = planned(&book(Vec::new(), vec![step], &["order", "draft", "spread"]));
    let nodes = &plan.flows[0].program.nodes;
    assert!(
        nodes
            .iter()
            .all(|node| !matches!(node.op, Op::End(..) | Op::Record(..)))
    );
    let Put { value, .. } = &plan.flows[0].steps[0].body[0];
    assert!(matches!(nodes[*value as usize].op, Op::Get(..)));
}

#[test]
fn a_plan_runs() {
    let first = e(ExprKind::Else(
        Box::new(field(find(ARTICLES, field(name(0), 1)), 0)),
        Box::new(says("none")),
    ));
    let same = e(ExprKind::Compare(
        Comparison::Eq,
        Box::new(name(1)),
        Box::new(says("A")),
    ));
    let body = vec![
        StatementKind::Let(1, first),
        StatementKind::End(End::Fail, says("it is A"), same),
    ];
    let plan = planned(&book(Vec::new(), body, &["order", "article"]));
    let flow = &plan.flows[0];
    let code = Code::new(&plan, &flow.program, Some(flow));
    let cache = Cache::default();
    let context = Context {
        zone: jiff::tz::TimeZone::UTC,
        secret: None,
    };
    let texts = |values: &[&str]| {
        Value::Record(
            values
                .iter()
                .map(|text| Value::Text((*text).into()))
                .collect(),
        )
    };
    let crate::plan::ActKind::End(_, _, when) = flow.acts[1].kind else {
        panic!("{:?}", flow.acts);
    };
    let mut machine = Machine::new(&code, &cache, &context, texts(&["1", "n-1", "x"]));
    let Err(Stop::Need(fetch)) = machine.truth(when) else {
        panic!("the article was not asked for yet");
    };
    assert!(matches!(only(flow, ARTICLES).what, Question::Find { .. }));
    let hits = Answer::Hits([texts(&["A", "n-1"])].into());
    cache.put(&plan.resources, cache.asks(), fetch.question, hits);
    assert!(machine.truth(when).is_ok_and(|holds| holds));
}

/// A flow with a bit of everything.
fn everything() -> Plan {
    let number = || field(name(0), 1);
    let lines = e(ExprKind::List(vec![Element::For {
        item: 2,
        counter: None,
        list: rows(name(0)),
        when: None,
        give: e(ExprKind::Else(
            Box::new(field(find(ARTICLES, field(name(2), 1)), 0)),
            Box::new(e(ExprKind::End(
                End::Fail,
                Box::new(e(ExprKind::Text(vec![
                    says("no article "),
                    field(name(2), 1),
                ]))),
            ))),
        )),
    }]));
    let mut draft = create(DRAFTS, 3, number());
    if let StatementKind::Write(write) = &mut draft {
        write.body.push(put(0, "Id", field(name(4), 0)));
    }
    let body = vec![
        StatementKind::Where(e(ExprKind::Or(
            Box::new(field(name(0), 2)),
            Box::new(e(ExprKind::Not(Box::new(e(ExprKind::Setting(0)))))),
        ))),
        StatementKind::End(
            End::Skip,
            says("drafted already"),
            exists(find(DRAFTS, number())),
        ),
        StatementKind::Let(1, lines),
        create(ARTICLES, 4, number()),
        draft,
        StatementKind::Confirm {
            left: field(name(3), 1),
            right: number(),
            within: None,
            of: Some(3),
        },
    ];
    let settings = vec![setting("paid_only", Some(Value::Bool(true)))];
    let names = ["order", "lines", "row", "draft", "article"];
    planned(&book(settings, body, &names))
}

#[test]
fn plans_of_the_shipped_flowbook_are_sound_under_its_settings() {
    let loaded = crate::sources::Loaded::read(std::path::Path::new("../flows/ccv-eaccounting"));
    let book = crate::check::check(&loaded)
        .book
        .expect("the shipped flowbook is sound");
    let text = |text: &str| Value::Text(text.into());
    let mut steps = Vec::new();
    for document in ["quote", "order", "draft", "invoice"] {
        for missing in ["fail", "create"] {
            let settings = [
                ("orders_since", Value::Date(jiff::civil::date(2026, 1, 1))),
                ("document", text(document)),
                ("missing_articles", text(missing)),
                ("default_customer", text("1000")),
                ("status_after", text("completed")),
            ]
            .map(|(name, value)| (name.to_owned(), value));
            let plan = lower(&book, &loaded.sources, &settings).expect("a plan");
            plan.flows.iter().for_each(sound);
            let orders = plan.flows.iter().find(|flow| flow.name == "orders");
            steps.push(orders.expect("the flow").steps.len());
        }
    }
    assert_eq!(steps, [4, 5, 4, 5, 4, 5, 6, 7]);
}

#[test]
fn a_plan_reads_like_the_flow() {
    insta::assert_snapshot!(everything().to_string());
}

#[test]
fn a_plan_is_explained() {
    let plan = everything();
    insta::assert_snapshot!(crate::explain::explain(&plan, &plan.flows[0]));
}
