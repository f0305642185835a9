//! Records as vendors send them.

use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::types::{Basis, Enumerator, Field, Form, Kind, Place, Shape, Type};
use crate::value::{Code, Money, MoneyBasis, Value};

fn field(name: &str, kind: Kind) -> Field {
    Field::plain(name, Type::new(kind))
}

fn path(text: &str) -> Vec<Arc<str>> {
    text.split('.').map(Into::into).collect()
}

fn shape(fields: Vec<Field>, money_in: Option<Place>) -> Arc<Shape> {
    Arc::new(Shape {
        name: "".into(),
        fields,
        money_in,
    })
}

fn set(names: &[(&str, Value)]) -> Kind {
    Kind::OneOf(
        names
            .iter()
            .map(|(name, wire)| Enumerator {
                name: (*name).into(),
                wire: Some(wire.clone()),
            })
            .collect(),
    )
}

fn read_one(kind: Kind, form: Form, json: &str) -> Value {
    let mut only = field("f", kind);
    only.form = form;
    let reader = Reader::new(&shape(vec![only], None), Habits::default());
    match reader.read(&format!("{{\"f\":{json}}}"), None).unwrap() {
        Value::Record(fields) => fields[0].clone(),
        other => other,
    }
}

fn reason(value: &Value) -> &str {
    match value {
        Value::Bad(bad) => &bad.reason,
        other => panic!("{other:?} is not bad"),
    }
}

fn fields(value: Value) -> Arc<[Value]> {
    match value {
        Value::Record(fields) => fields,
        other => panic!("{other:?} is no record"),
    }
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// An order of a till: a flag and a currency that its rows and its totals go by, a nested address, a link to its rows.
fn order() -> Arc<Shape> {
    let mut total = field(
        "total_price",
        Kind::Money(Basis::By("taxes_included".into()), None),
    );
    total.flag = Some(Place::Own(path("taxes_included")));
    let mut price = field(
        "price",
        Kind::Money(Basis::By("parent.taxes_included".into()), None),
    );
    price.flag = Some(Place::Parent(path("taxes_included")));
    let row = shape(
        vec![field("count", Kind::Decimal(None)), price],
        Some(Place::Parent(path("currency"))),
    );
    let mut rows = field(
        "orderrows",
        Kind::List(Box::new(Type::new(Kind::Record(row)))),
    );
    rows.sub = true;
    let mut gift = field("gift_text", Kind::Text(None));
    gift.reads = path("customer.clubcomment");
    let customer = shape(vec![field("email", Kind::Email(None))], None);
    shape(
        vec![
            rows,
            total,
            field("id", Kind::Int),
            field(
                "status",
                set(&[("new", Value::Int(1)), ("in_process", Value::Int(2))]),
            ),
            gift,
            field("customer", Kind::Record(customer)),
            field("currency", Kind::Currency),
            field("taxes_included", Kind::Bool),
        ],
        Some(Place::Own(path("currency"))),
    )
}

#[test]
fn an_order_with_its_rows_knows_currency_and_basis() {
    let json = r#"{"orderrows":{"href":"x","collection":[{"count":2,"price":12.50}]},"total_price":"25.00","id":"24464274",
        "status":1,"unknown":{"a":[1]},"customer":{"email":" a@b.se","clubcomment":"for \u00c5sa \/ Bo"},"currency":"EUR","taxes_included":true}"#;
    let reader = Reader::new(
        &order(),
        Habits {
            empty_is_none: true,
            any_case: false,
        },
    );
    let order = fields(reader.read(json, None).unwrap());
    let amount = |text: &str| {
        Value::Money(Money {
            amount: dec(text),
            currency: Code::new("EUR"),
            basis: MoneyBasis::Incl,
        })
    };
    assert_eq!(order[1], amount("25.00"));
    assert_eq!(
        order[0],
        Value::List(
            [Value::Record(
                [Value::Decimal(dec("2")), amount("12.50")].into()
            )]
            .into()
        )
    );
    assert_eq!(order[2], Value::Int(24_464_274));
    assert_eq!(order[3], Value::Text("new".into()));
    assert_eq!(order[4], Value::Text("for Åsa / Bo".into()));
    assert_eq!(
        order[5],
        Value::Record([Value::Email(" a@b.se".into())].into())
    );
}

#[test]
fn rows_that_are_asked_for_alone_take_them_from_their_order() {
    let shape = order();
    let Kind::List(item) = &shape.fields[0].ty.kind else {
        panic!()
    };
    let Kind::Record(row) = &item.kind else {
        panic!()
    };
    let parent = Reader::new(&shape, Habits::default())
        .read(r#"{"currency":"SEK","taxes_included":false}"#, None)
        .unwrap();
    let row = Reader::new(row, Habits::default())
        .read(r#"{"count":1,"price":0.10}"#, Holder::of(&shape, &parent))
        .unwrap();
    assert_eq!(
        fields(row)[1],
        Value::Money(Money {
            amount: dec("0.10"),
            currency: Code::new("SEK"),
            basis: MoneyBasis::Excl,
        })
    );
}

#[test]
fn a_link_without_its_records_is_absent() {
    let reader = Reader::new(&order(), Habits::default());
    let order = fields(reader.read(r#"{"orderrows":{"href":"x"}}"#, None).unwrap());
    assert_eq!(order[0], Value::None);
}

#[test]
fn only_what_is_asked_for_is_read_and_what_its_money_needs() {
    let json =
        r#"{"id":7,"total_price":1,"currency":"EUR","taxes_included":true,"status":"nonsense"}"#;
    let reader = Reader::only(&order(), Habits::default(), &[1]);
    let order = fields(reader.read(json, None).unwrap());
    assert_eq!(order[2], Value::None);
    assert_eq!(order[3], Value::None);
    assert_eq!(
        order[1],
        Value::Money(Money {
            amount: dec("1"),
            currency: Code::new("EUR"),
            basis: MoneyBasis::Incl,
        })
    );
}

#[test]
fn empty_missing_and_null_are_absent_where_the_connector_says_so() {
    let habits = Habits {
        empty_is_none: true,
        any_case: false,
    };
    let reader_shape = order();
    let reader = Reader::new(&reader_shape, habits);
    for json in [r#"{"id":"","customer":""}"#, r#"{"id":null}"#, "{}"] {
        let order = fields(reader.read(json, None).unwrap());
        for (value, field) in order.iter().zip(&reader_shape.fields) {
            match value {
                Value::None => assert!(field.ty.optional || field.sub, "{json}: {}", field.name),
                missing => assert_eq!(reason(missing), MISSING, "{json}: {}", field.name),
            }
        }
    }
    let strict = fields(
        Reader::new(&order(), Habits::default())
            .read(r#"{"id":""}"#, None)
            .unwrap(),
    );
    assert_eq!(reason(&strict[2]), "is no number");
}

#[test]
fn names_are_read_in_any_case_where_the_connector_says_so() {
    let habits = Habits {
        empty_is_none: false,
        any_case: true,
    };
    let shape = shape(vec![field("CustomerNumber", Kind::Text(None))], None);
    let any = Reader::new(&shape, habits);
    let read = fields(any.read(r#"{"customerNumber":"K1"}"#, None).unwrap());
    assert_eq!(read[0], Value::Text("K1".into()));
    let exact = Reader::new(&shape, Habits::default());
    let read = fields(exact.read(r#"{"customerNumber":"K1"}"#, None).unwrap());
    assert_eq!(reason(&read[0]), MISSING);
}

#[test]
fn a_field_that_is_said_twice_spoils_the_record() {
    let reader = Reader::new(&order(), Habits::default());
    let error = reader.read(r#"{"id":1,"id":2}"#, None).unwrap_err();
    assert_eq!(error.to_string(), "the record says “id” twice");
    let broken = reader.read(r#"{"id":1"#, None).unwrap_err();
    assert!(
        broken
            .to_string()
            .starts_with("the record cannot be read: EOF")
    );
    assert!(reader.read("[1]", None).is_err());
}

#[test]
fn what_does_not_fit_is_bad_where_it_stands_and_nowhere_else() {
    let reader = Reader::new(&order(), Habits::default());
    let json = format!(
        r#"{{"id":{},"customer":{{"email":"nobody"}},"status":99,"currency":"EUR"}}"#,
        "1".repeat(40)
    );
    let order = fields(reader.read(&json, None).unwrap());
    assert_eq!(
        reason(&order[2]),
        "has more digits than can be kept exactly (28)"
    );
    let customer = fields(order[5].clone());
    let Value::Bad(email) = &customer[0] else {
        panic!()
    };
    assert_eq!(
        (&*email.field, &*email.value, &*email.reason),
        ("customer.email", "nobody", "is no e-mail address")
    );
    assert!(reason(&order[3]).starts_with("is none of the values"));
    assert_eq!(order[6], Value::Currency(Code::new("EUR").unwrap()));
}

#[test]
fn percentages_come_in_three_forms() {
    let percent = |text: &str| Value::Percent(dec(text));
    assert_eq!(read_one(Kind::Percent, Form::Points, "21"), percent("21"));
    assert_eq!(
        read_one(Kind::Percent, Form::Fraction, "0.255"),
        percent("25.5")
    );
    assert_eq!(
        read_one(Kind::Percent, Form::Text, r#""25 %""#),
        percent("25")
    );
    for open in ["25", "0.25", r#""25%""#, "25.0"] {
        assert_eq!(
            read_one(Kind::Percent, Form::Plain, open),
            percent("25"),
            "{open}"
        );
    }
}

#[test]
fn dates_come_alone_or_as_midnight() {
    let march = Value::Date("2026-03-01".parse().unwrap());
    for json in [
        r#""2026-03-01""#,
        r#""2026-03-01T00:00:00""#,
        r#""2026-03-01T00:00:00Z""#,
        r#""2026-03-01T00:00:00.0000000+01:00""#,
    ] {
        assert_eq!(read_one(Kind::Date, Form::Plain, json), march, "{json}");
    }
    let noon = read_one(Kind::Date, Form::Plain, r#""2026-03-01T12:00:00Z""#);
    assert_eq!(reason(&noon), "is a time of day where a date is expected");
    assert_eq!(
        reason(&read_one(Kind::Date, Form::Plain, r#""2026-02-30""#)),
        "is no date"
    );
    let stamp = read_one(
        Kind::DateTime,
        Form::Plain,
        r#""2026-06-27T17:34:17.6730217Z""#,
    );
    assert_eq!(
        stamp,
        Value::DateTime("2026-06-27T17:34:17.6730217Z".parse().unwrap())
    );
    assert_eq!(
        read_one(Kind::DateTime, Form::Plain, r#""2022-11-07T21:51:00+0000""#),
        Value::DateTime("2022-11-07T21:51:00Z".parse().unwrap())
    );
}

#[test]
fn accounts_are_digits_in_text_or_number() {
    let account = Value::Account("3001".into());
    assert_eq!(read_one(Kind::Account, Form::Plain, "3001"), account);
    assert_eq!(read_one(Kind::Account, Form::Plain, r#""3001""#), account);
    let number = encode(&account, &Type::new(Kind::Account), Form::Number).unwrap();
    assert_eq!(number, "3001");
    let text = encode(&account, &Type::new(Kind::Account), Form::Plain).unwrap();
    assert_eq!(text, r#""3001""#);
}

#[test]
fn a_default_stands_in_for_what_is_missing() {
    let mut debit = field("DebitAmount", Kind::Money(Basis::Plain, Some(2)));
    debit.default = Some(Value::Int(0));
    let reader = Reader::new(&shape(vec![debit], None), Habits::default());
    let read = fields(reader.read("{}", None).unwrap());
    assert_eq!(
        read[0],
        Value::Money(Money {
            amount: Decimal::ZERO,
            currency: None,
            basis: MoneyBasis::Plain,
        })
    );
}

#[test]
fn a_record_is_written_by_its_wire_names_and_without_what_is_absent() {
    let mut active = field("is_active", Kind::Bool);
    active.writes = Some(path("active"));
    let mut brand = field("brand_id", Kind::Int);
    brand.reads = path("brand.id");
    let mut discount = field("DiscountPercentage", Kind::Percent);
    discount.form = Form::Fraction;
    let kind = set(&[("rot", Value::Int(1))]);
    let shape = shape(
        vec![
            active,
            brand,
            field("UnitPrice", Kind::Money(Basis::Excl, Some(2))),
            field("Text", Kind::Text(Some(4))),
            discount,
            field("kind", kind),
            field("note", Kind::Text(None)),
        ],
        None,
    );
    let row = Value::Record(
        [
            Value::Bool(true),
            Value::Int(3),
            Value::Money(Money {
                amount: dec("12.500"),
                currency: Code::new("SEK"),
                basis: MoneyBasis::Excl,
            }),
            Value::None,
            Value::Percent(dec("12.5")),
            Value::Text("rot".into()),
            Value::Clear,
        ]
        .into(),
    );
    let rows = Type::new(Kind::List(Box::new(Type::new(Kind::Record(shape)))));
    let json = encode(&Value::List([row.clone()].into()), &rows, Form::Plain).unwrap();
    assert_eq!(
        json,
        r#"[{"active":true,"brand":{"id":3},"UnitPrice":12.5,"DiscountPercentage":0.125,"kind":1,"note":null}]"#
    );

    let mut long = fields(row).to_vec();
    long[3] = Value::Text("Åäöåä".into());
    let error = encode(
        &Value::List([Value::Record(long.into())].into()),
        &rows,
        Form::Plain,
    )
    .unwrap_err();
    assert_eq!(
        (&*error.field, &*error.reason),
        ("[1].Text", "has 5 characters where 4 fit")
    );
}

#[test]
fn decimals_beyond_the_field_are_refused_rather_than_rounded() {
    let ty = Type::new(Kind::Decimal(Some(2)));
    let error = encode(&Value::Decimal(dec("1.005")), &ty, Form::Plain).unwrap_err();
    assert_eq!(error.reason, "is 1.005, with 3 decimals where 2 fit");
    let fits = encode(&Value::Decimal(dec("1.5000")), &ty, Form::Plain).unwrap();
    assert_eq!(fits, "1.5");
}

#[test]
fn an_update_keeps_what_it_does_not_name() {
    let old = r#"{"Id":"1","name":"Åsa","New":{"a":1.10,"b":[1]},"Note":"x"}"#;
    let leaves = [
        (path("Name"), r#""Bo""#),
        (path("New.a"), "2.50"),
        (path("Extra.c"), "true"),
    ];
    let leaves = || leaves.iter().map(|(path, json)| (path.as_slice(), *json));
    assert_eq!(
        overlay(old, leaves(), true).unwrap(),
        r#"{"Id":"1","name":"Bo","New":{"a":2.50,"b":[1]},"Note":"x","Extra":{"c":true}}"#
    );
    assert_eq!(
        object(leaves()).unwrap(),
        r#"{"Name":"Bo","New":{"a":2.50},"Extra":{"c":true}}"#
    );
    assert_eq!(
        object([(path("a").as_slice(), "1"), (path("a.b").as_slice(), "2")]),
        Err("a".to_owned())
    );
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(
        units in any::<i64>(), scale in 0_u32..20, text in ".{0,12}", flag in any::<bool>(), points in -99_999_i64..99_999, seconds in 0_i64..4_000_000_000,
    ) {
        let shape = shape(
            vec![
                field("amount", Kind::Decimal(None)),
                field("text", Kind::Text(None)),
                field("flag", Kind::Bool),
                Field { form: Form::Fraction, ..field("share", Kind::Percent) },
                field("at", Kind::DateTime),
                field("whole", Kind::Int),
                field("many", Kind::List(Box::new(Type::new(Kind::Text(None))))),
            ],
            None,
        );
        let record = Value::Record([
            Value::Decimal(Decimal::new(units, scale)),
            Value::Text(text.as_str().into()),
            Value::Bool(flag),
            Value::Percent(Decimal::new(points, 2).normalize()),
            Value::DateTime(jiff::Timestamp::from_second(seconds).unwrap()),
            Value::Int(units),
            Value::List([Value::Text(text.as_str().into())].into()),
        ].into());
        let json = encode(&record, &Type::new(Kind::Record(shape.clone())), Form::Plain).unwrap();
        let back = Reader::new(&shape, Habits::default()).read(&json, None).unwrap();
        prop_assert_eq!(back, record);
    }

    #[test]
    fn digits_are_the_ones_that_came(whole in 0_u64..1_000_000_000_000, cents in "[0-9]{1,8}") {
        let digits = format!("{whole}.{cents}");
        let read = read_one(Kind::Decimal(None), Form::Plain, &digits);
        prop_assert_eq!(encode(&read, &Type::new(Kind::Decimal(None)), Form::Plain).unwrap(), digits);
    }

    #[test]
    fn no_text_makes_the_reader_panic(json in ".{0,60}") {
        let _ = Reader::new(&order(), Habits::default()).read(&json, None);
        let _ = Reader::new(&order(), Habits { empty_is_none: true, any_case: true }).read(&format!("{{\"id\":{json}}}"), None);
    }
}
