//! Type rules: what a call gives, and what is said of one that does not fit.

use super::harness::{Call, list_of, of_money};
use crate::functions::ALL;
use crate::types::{Basis, Enumerator, Kind, Shape, Type};
use crate::value::Value;

fn by(flag: &str) -> Basis {
    Basis::By(flag.into())
}

#[test]
fn names_are_unique_and_words_of_flow_text() {
    let mut names: Vec<&str> = ALL.iter().map(|function| function.name).collect();
    let count = names.len();
    assert!(count >= 60, "{count}");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for function in ALL {
        let source = format!("map m(x: int) = x | {}\n", function.name);
        let parsed = flowbook_grammar::parse(flowbook_grammar::FileId(0), &source);
        assert!(parsed.errors.is_empty(), "{}", function.name);
        assert!(
            !function.doc.is_empty() && !function.gives.is_empty(),
            "{}",
            function.name
        );
        assert!(
            !function.examples.is_empty() || function.name == "derive",
            "{}",
            function.name
        );
    }
}

#[test]
fn everything_the_language_names_is_there() {
    let named = "add all allocate any as_excl as_incl count date derive ean either excl_vat find first fits group html_to_text in_basis incl_vat join \
                 last max min nonblank nth phone plain points round share shorten skip_first split starts_with sum text text_to_html trim vat_number";
    for name in named.split_whitespace() {
        assert!(crate::functions::find(name).is_some(), "{name}");
    }
}

#[test]
fn what_was_reported_is_not_reported_again() {
    for function in ALL {
        let kinds = vec![Kind::Unknown; function.params.len()];
        assert_eq!(
            Call::of(function.name, &kinds).gives(),
            Type::new(Kind::Unknown).to_string(),
            "{}",
            function.name
        );
        let lists = vec![list_of(Kind::Unknown); function.params.len()];
        assert!(
            Call::of(function.name, &lists).rule().is_ok(),
            "{}",
            function.name
        );
    }
}

#[test]
fn what_ends_the_record_fits_every_parameter() {
    for function in ALL {
        let kinds = vec![Kind::Never; function.params.len()];
        let gives = Call::of(function.name, &kinds)
            .expected(Kind::Decimal(Some(2)))
            .gives();
        assert!(!gives.starts_with('`'), "{gives}");
    }
}

#[test]
fn a_length_comes_from_the_place() {
    let shorten = Call::of("shorten", &[Kind::Text(None)]).expected(Kind::Text(Some(50)));
    assert_eq!(shorten.gives(), "text(50)");
    assert_eq!(shorten.supplied(), [(1, Value::Int(50))]);
    assert_eq!(
        Call::of("shorten", &[Kind::Text(None)])
            .number(1, 10)
            .gives(),
        "text(10)"
    );
    assert_eq!(
        Call::of("fits", &[Kind::Decimal(None)])
            .expected(Kind::Decimal(Some(2)))
            .gives(),
        "decimal(2)"
    );
    let amount = Call::of("fits", &[Kind::Money(Basis::Plain, None)])
        .expected(Kind::Money(Basis::Plain, Some(2)));
    assert_eq!(amount.gives(), "money(plain, 2)");
    assert_eq!(amount.supplied(), [(1, Value::Int(2))]);
    insta::assert_snapshot!(Call::of("shorten", &[Kind::Text(None)]).gives(), @"`shorten` needs a number here: nothing says how much fits");
    insta::assert_snapshot!(Call::of("shorten", &[Kind::Int]).gives(), @"`shorten` takes a text here, not int");
}

#[test]
fn decimals_come_from_the_place_or_the_currency() {
    let round = |kind: Kind| Call::of("round", &[kind]);
    assert_eq!(
        round(Kind::Money(Basis::Excl, None)).number(1, 2).gives(),
        "money(excl, 2)"
    );
    let place = round(Kind::Money(Basis::Excl, None)).expected(Kind::Money(Basis::Excl, Some(4)));
    assert_eq!(place.gives(), "money(excl, 4)");
    assert_eq!(place.supplied(), [(1, Value::Int(4))]);
    assert_eq!(round(Kind::Money(Basis::Excl, None)).gives(), "money(excl)");
    assert_eq!(
        round(Kind::Decimal(None))
            .expected(Kind::Decimal(Some(3)))
            .gives(),
        "decimal(3)"
    );
    assert!(round(Kind::Decimal(None)).gives().starts_with('`'));
    let mode = round(Kind::Decimal(None)).number(1, 2).constant(
        2,
        Kind::Text(Some(4)),
        Value::Text("near".into()),
    );
    insta::assert_snapshot!(mode.gives(), @"`round` knows no mode “near”");
}

#[test]
fn a_basis_is_converted_where_it_can_be_needed() {
    let excl = |basis| Call::of("excl_vat", &[of_money(basis), Kind::Percent]).gives();
    assert_eq!(excl(Basis::Incl), "money(excl)");
    assert_eq!(excl(by("order.incl")), "money(excl)");
    assert_eq!(excl(Basis::Carried), "money(excl)");
    insta::assert_snapshot!(excl(Basis::Excl), @"`excl_vat` converts what needs it, and this amount is excluding VAT already");
    insta::assert_snapshot!(excl(Basis::Vat), @"`excl_vat` converts prices, and this is VAT itself");
    insta::assert_snapshot!(excl(Basis::Plain), @"`excl_vat` converts prices, and a plain amount (a payment, a ledger row) has no VAT in it");
    insta::assert_snapshot!(excl(Basis::Unknown), @"`excl_vat` needs to know whether VAT is in the amount, and nobody knows that of this field");
    insta::assert_snapshot!(Call::of("incl_vat", &[of_money(Basis::Incl), Kind::Percent]).gives(), @"`incl_vat` converts what needs it, and this amount is including VAT already");
    insta::assert_snapshot!(Call::of("excl_vat", &[of_money(Basis::Incl), Kind::Int]).gives(), @"`excl_vat` takes a percent here, not int");
    insta::assert_snapshot!(Call::of("excl_vat", &[Kind::Decimal(None), Kind::Percent]).gives(), @"`excl_vat` takes money here, not decimal");
}

#[test]
fn a_flag_names_the_basis() {
    let mut call = Call::of(
        "in_basis",
        &[of_money(Basis::Incl), Kind::Bool, Kind::Percent],
    );
    call.texts[1] = "incl";
    assert_eq!(
        call.rule().map(|typed| typed.ty.kind).ok(),
        Some(Kind::Money(by("incl"), None))
    );
    let mut either = Call::of(
        "either",
        &[Kind::Bool, of_money(Basis::Incl), of_money(Basis::Excl)],
    );
    either.texts[0] = "settings.incl";
    assert_eq!(
        either.rule().map(|typed| typed.ty.kind).ok(),
        Some(Kind::Money(by("settings.incl"), Some(2)))
    );
    either.args[1] = Some(Type::new(of_money(Basis::Incl)).optional());
    assert!(either.gives().ends_with('?'));
    either.args[1] = Some(Type::new(of_money(Basis::Excl)));
    insta::assert_snapshot!(either.gives(), @"`either` takes the price including VAT here, not money(excl, 2)");
    call.args[1] = Some(Type::new(Kind::Bool).optional());
    insta::assert_snapshot!(call.gives(), @"`in_basis` takes what is always there, and this may be absent");
}

#[test]
fn assertions_say_what_nobody_knows() {
    assert_eq!(
        Call::of("as_incl", &[of_money(Basis::Unknown)]).gives(),
        "money(incl, 2)"
    );
    assert_eq!(
        Call::of("as_incl", &[of_money(by("x"))]).gives(),
        "money(incl, 2)"
    );
    assert_eq!(
        Call::of("as_excl", &[Kind::Decimal(Some(4))]).gives(),
        "money(excl, 4)"
    );
    assert_eq!(
        Call::of("plain", &[of_money(Basis::Incl)]).gives(),
        "money(plain, 2)"
    );
    insta::assert_snapshot!(Call::of("as_incl", &[of_money(Basis::Excl)]).gives(), @"`as_incl` says what nobody knows, and this amount is known to be excluding VAT");
    insta::assert_snapshot!(Call::of("as_excl", &[Kind::Date]).gives(), @"`as_excl` takes an amount here, not date");
}

#[test]
fn lists_give_items_that_may_be_absent() {
    let mut first = Call::of("first", &[list_of(Kind::Int)]);
    assert_eq!(first.gives(), "int?");
    first.filled = true;
    assert_eq!(first.gives(), "int");
    let mut join = Call::of("join", &[list_of(Kind::Text(Some(3)))]);
    assert_eq!(join.gives(), "text?");
    join.filled = true;
    assert_eq!(join.gives(), "text");
    insta::assert_snapshot!(Call::of("first", &[Kind::Text(None)]).gives(), @"`first` takes a list here, not text");
    insta::assert_snapshot!(Call::of("join", &[list_of(Kind::Date)]).gives(), @"`join` puts texts together, not date");
    insta::assert_snapshot!(Call::of("count", &[Kind::Text(None)]).gives(), @"`count` counts the items of a list");
}

#[test]
fn expressions_over_items_may_be_left_out() {
    assert_eq!(
        Call::of("count", &[list_of(Kind::Int)]).supplied(),
        [(1, Value::Bool(true))]
    );
    assert_eq!(
        Call::of("count", &[list_of(Kind::Int), Kind::Bool]).supplied(),
        []
    );
    let sum = Call::of("sum", &[list_of(Kind::Int), of_money(Basis::Excl)]);
    assert_eq!(sum.gives(), "money(excl, 2)");
    assert_eq!(sum.supplied().len(), 1);
    assert_eq!(
        Call::of("sum", &[list_of(Kind::Int), of_money(by("o.incl"))])
            .rule()
            .map(|typed| typed.ty.kind)
            .ok(),
        Some(of_money(Basis::Carried))
    );
    insta::assert_snapshot!(Call::of("sum", &[list_of(Kind::Int), Kind::Date]).gives(), @"`sum` adds up numbers, percents and money, not date");
    insta::assert_snapshot!(Call::of("any", &[list_of(Kind::Int), Kind::Int]).gives(), @"`any` takes a condition here, not int");
    insta::assert_snapshot!(Call::of("sort", &[list_of(Kind::Bool)]).gives(), @"`sort` needs values that have an order, not bool");
    let mut absent = Call::of("sum", &[list_of(Kind::Int), Kind::Int]);
    absent.args[1] = Some(Type::new(Kind::Int).optional());
    insta::assert_snapshot!(absent.gives(), @"`sum` takes what is always there, and this may be absent");
}

#[test]
fn groups_and_parts_are_records() {
    let group = Call::of("group", &[list_of(Kind::Int), Kind::Percent]);
    let shape = Shape::anonymous([
        ("key", Type::new(Kind::Percent)),
        ("items", Type::new(list_of(Kind::Int))),
    ]);
    assert_eq!(
        group.rule().map(|typed| typed.ty.kind).ok(),
        Some(list_of(Kind::Record(shape)))
    );
    let allocate = Call::of(
        "allocate",
        &[
            of_money(Basis::Incl),
            list_of(Kind::Int),
            Kind::Decimal(None),
        ],
    );
    let shape = Shape::anonymous([
        ("amount", Type::new(Kind::Money(Basis::Incl, None))),
        ("of", Type::new(Kind::Int)),
    ]);
    assert_eq!(
        allocate.rule().map(|typed| typed.ty.kind).ok(),
        Some(list_of(Kind::Record(shape)))
    );
    insta::assert_snapshot!(Call::of("allocate", &[of_money(Basis::Unknown), list_of(Kind::Int), Kind::Int]).gives(), @"`allocate` needs to know whether VAT is in the amount, and nobody knows that of this field");
}

#[test]
fn shares_take_a_part_and_a_whole_of_one_kind() {
    let share = |part: Basis, whole: Basis| {
        Call::of(
            "share",
            &[of_money(Basis::Carried), of_money(part), of_money(whole)],
        )
        .gives()
    };
    assert_eq!(
        share(by("a"), by("b")),
        Type::new(Kind::Money(Basis::Carried, None)).to_string()
    );
    assert!(share(Basis::Incl, Basis::Excl).starts_with('`'));
}

#[test]
fn bounds_of_texts_are_kept() {
    assert_eq!(Call::of("trim", &[Kind::Text(Some(9))]).gives(), "text(9)");
    assert_eq!(Call::of("upper", &[Kind::Text(Some(9))]).gives(), "text"); // ß
    assert_eq!(Call::of("text", &[Kind::Int]).gives(), "text(20)");
    assert_eq!(Call::of("trim", &[Kind::Email(None)]).gives(), "text(254)");
    let set = Kind::OneOf(
        [Enumerator {
            name: "draft".into(),
            wire: None,
        }]
        .into(),
    );
    assert_eq!(Call::of("trim", &[set]).gives(), "text(5)");
    assert_eq!(
        Call::of("pad_left", &[Kind::Text(Some(3))])
            .number(1, 6)
            .gives(),
        "text(6)"
    );
    insta::assert_snapshot!(Call::of("length", &[list_of(Kind::Int)]).gives(), @"`length` counts the characters of a text");
    let nothing = Call::of(
        "replace",
        &[Kind::Text(None), Kind::Text(None), Kind::Text(None)],
    )
    .constant(1, Kind::Text(Some(0)), Value::Text("".into()));
    insta::assert_snapshot!(nothing.gives(), @"`replace` cannot look for an empty text");
}

#[test]
fn zones_and_formats_that_are_written_down_are_tried_before_anything_runs() {
    let zone = Call::of("date", &[Kind::DateTime]).constant(
        1,
        Kind::Text(Some(4)),
        Value::Text("Mars".into()),
    );
    insta::assert_snapshot!(zone.gives(), @"`date` knows no time zone “Mars”");
    let format = |kind, format: &str| {
        Call::of("format_date", &[kind])
            .constant(1, Kind::Text(None), Value::Text(format.into()))
            .gives()
    };
    assert_eq!(format(Kind::Date, "%Y"), "text");
    insta::assert_snapshot!(format(Kind::Date, "%H:%M"), @"`format_date` cannot read the format “%H:%M”, or date lacks what it asks for");
    insta::assert_snapshot!(Call::of("weekday", &[Kind::DateTime]).gives(), @"`weekday` takes a date here, not a datetime");
}

#[test]
fn smallest_and_largest_are_of_one_kind() {
    assert_eq!(
        Call::of("max", &[of_money(by("x")), Kind::Int])
            .rule()
            .map(|typed| typed.ty.kind)
            .ok(),
        Some(of_money(by("x")))
    );
    assert_eq!(Call::of("max", &[list_of(Kind::Date)]).gives(), "date?");
    assert_eq!(
        Call::of("min", &[Kind::Int, Kind::Decimal(Some(2))]).gives(),
        "decimal(2)"
    );
    insta::assert_snapshot!(Call::of("max", &[Kind::Int]).gives(), @"`max` of one value alone is nothing: it takes a list, or two values");
    insta::assert_snapshot!(Call::of("max", &[of_money(Basis::Incl), of_money(Basis::Excl)]).gives(), @"`max` cannot compare money(incl, 2) with money(excl, 2)");
}

#[test]
fn identifiers_want_a_country() {
    assert_eq!(
        Call::of("vat_number", &[Kind::Text(None), Kind::Country]).gives(),
        "text(20)"
    );
    assert_eq!(
        Call::of("phone", &[Kind::Text(Some(20)), Kind::Country]).gives(),
        "text(40)?"
    );
    insta::assert_snapshot!(Call::of("vat_number", &[Kind::Text(None), Kind::Text(None)]).gives(), @"`vat_number` takes a country here, not text");
    assert_eq!(Call::of("country", &[Kind::Text(None)]).gives(), "country?");
    assert_eq!(Call::of("country", &[Kind::Territory]).gives(), "country");
    assert_eq!(
        Call::of(
            "territory",
            &[Kind::Country, Kind::Nothing, Kind::Text(None)]
        )
        .gives(),
        "territory"
    );
}
