//! What functions compute, beside their examples.

use jiff::civil::date;

use super::harness::{call, call_each, country, failure, list, number, percent, text};
use crate::value::Value;

fn record(fields: impl IntoIterator<Item = Value>) -> Value {
    Value::Record(fields.into_iter().collect())
}

fn field(record: &Value, ix: usize) -> Value {
    match record {
        Value::Record(fields) => fields[ix].clone(),
        other => panic!("{other:?} has no fields"),
    }
}

#[test]
fn texts_are_cut_at_words_and_never_longer_than_asked() {
    let shorten = |whole: &str, length: i64| call("shorten", &[text(whole), Value::Int(length)]);
    assert_eq!(shorten("Kaffe, hela bönor", 8), Ok(text("Kaffe…")));
    assert_eq!(shorten("Kaffe", 5), Ok(text("Kaffe")));
    assert_eq!(shorten("Kaffe", 1), Ok(text("…")));
    assert_eq!(shorten("åäöåäö", 4), Ok(text("åäö…")));
    assert!(failure(shorten("Kaffe", 0)).contains("no characters"));
}

#[test]
fn what_does_not_fit_says_so_with_the_value() {
    insta::assert_snapshot!(failure(call("fits", &[text("1-1042"), Value::Int(4)])), @"“1-1042” has 6 characters, and at most 4 characters fit here; say `shorten` if it may be cut");
    insta::assert_snapshot!(failure(call("fits", &[number("1.2345"), Value::Int(2)])), @"1.2345 has 4 decimals, and at most 2 decimals fit here; say `round` if it may be rounded");
    assert_eq!(
        call("fits", &[number("1.2000"), Value::Int(1)]),
        Ok(number("1.2000"))
    );
}

#[test]
fn numbers_are_read_exactly_or_not_at_all() {
    let decimal = |whole: &str, point: &str| call("decimal", &[text(whole), text(point)]);
    for (whole, point, read) in [
        ("12.50", ".", "12.50"),
        (" 1 234,50 ", ",", "1234.50"),
        ("007", ".", "7"),
        ("-0,5", ",", "-0.5"),
        ("−3", ".", "-3"),
        ("+4", ".", "4"),
        ("0", ".", "0"),
    ] {
        assert_eq!(decimal(whole, point), Ok(number(read)), "{whole}");
    }
    for (whole, point) in [
        ("1.234,50", ","),
        ("1,5", "."),
        ("", "."),
        ("-", "."),
        ("1-2", "."),
        ("--1", "."),
        ("1e5", "."),
        ("1.", "."),
        (".5", "."),
        ("١", "."),
    ] {
        assert!(decimal(whole, point).is_err(), "{whole}");
    }
    assert_eq!(call("percent", &[text("25 %")]), Ok(percent("25")));
    assert!(failure(call("int", &[number("2.5")])).contains("no whole number"));
    assert!(failure(call("int", &[number("79228162514264337593543950335")])).contains("too large"));
}

#[test]
fn joining_leaves_absent_and_empty_texts_out() {
    assert_eq!(
        call(
            "join",
            &[list([text("a"), text(" "), text("b")]), text(", ")]
        ),
        Ok(text("a, b"))
    );
    assert_eq!(call("join", &[list([]), text(", ")]), Ok(Value::None));
    assert_eq!(call("join", &[list([text("")]), text(", ")]), Ok(text("")));
}

#[test]
fn html_becomes_readable_text_and_back() {
    let plain = |html: &str| call("html_to_text", &[text(html)]);
    assert_eq!(
        plain("<p>One</p><p>Two &amp; three</p>"),
        Ok(text("One\n\nTwo & three"))
    );
    assert_eq!(plain("no markup"), Ok(text("no markup")));
    assert_eq!(plain("  "), Ok(Value::None));
    assert_eq!(plain("<script>alert(1)</script>"), Ok(Value::None));
    let html = call("text_to_html", &[text("<b>\n\n\"x\"")]);
    assert_eq!(html, Ok(text("<p>&lt;b&gt;</p><p>&quot;x&quot;</p>")));
    let deep = "<div>".repeat(30_000);
    assert!(failure(plain(&deep)).contains("too many tags"));
    for tag in ["div", "b", "table><tr><td", "ul><li", "blockquote"] {
        let nested = format!("<{tag}>").repeat(500);
        let _ = plain(&nested); // no overflow of the stack
    }
}

#[test]
fn groups_keep_the_order_in_which_keys_come() {
    let items = list([
        record([percent("25"), Value::Int(1)]),
        record([percent("6"), Value::Int(2)]),
        record([percent("25.0"), Value::Int(3)]),
    ]);
    let grouped = call_each("group", &[items], |item| field(item, 0)).expect("groups");
    let Value::List(groups) = grouped else {
        panic!("no list")
    };
    assert_eq!(groups.len(), 2);
    assert_eq!(field(&groups[0], 0), percent("25"));
    assert!(matches!(field(&groups[0], 1), Value::List(items) if items.len() == 2));
    let absent = call_each("group", &[list([Value::Int(1), Value::Int(2)])], |_| {
        Value::None
    })
    .expect("groups");
    assert!(matches!(absent, Value::List(groups) if groups.len() == 1));
}

#[test]
fn sorting_is_stable_and_total_or_fails() {
    let items = list([
        record([Value::Int(2), text("b")]),
        record([Value::Int(1), text("x")]),
        record([Value::Int(2), text("a")]),
    ]);
    let Ok(Value::List(sorted)) = call_each("sort", &[items], |item| field(item, 0)) else {
        panic!("not sorted")
    };
    let names: Vec<Value> = sorted.iter().map(|item| field(item, 1)).collect();
    assert_eq!(names, [text("x"), text("b"), text("a")]);
    assert!(call("sort", &[list([Value::Int(1), text("a")])]).is_err());
}

#[test]
fn an_item_that_fails_fails_the_list() {
    let got = call_each("any", &[list([Value::Int(1)])], |_| Value::None);
    assert!(got.is_err());
}

#[test]
fn days_are_those_of_the_clock_on_the_wall() {
    let late: jiff::Timestamp = "2026-06-30T22:30:00Z".parse().expect("an instant");
    assert_eq!(
        call("date", &[Value::DateTime(late)]),
        Ok(Value::Date(date(2026, 7, 1)))
    );
    assert_eq!(
        call("date", &[Value::DateTime(late), text("America/New_York")]),
        Ok(Value::Date(date(2026, 6, 30)))
    );
    assert!(failure(call("date", &[Value::DateTime(late), text("Mars")])).contains("no time zone"));
    assert!(call("date", &[text("2026-02-30")]).is_err());
    assert_eq!(
        call(
            "add_months",
            &[Value::Date(date(2024, 2, 29)), Value::Int(12)]
        ),
        Ok(Value::Date(date(2025, 2, 28)))
    );
    assert!(
        failure(call(
            "add_months",
            &[Value::Date(date(2024, 2, 29)), Value::Int(i64::MAX)]
        ))
        .contains("calendar")
    );
    assert_eq!(
        call(
            "days_between",
            &[
                Value::Date(date(2026, 3, 28)),
                Value::Date(date(2026, 3, 30))
            ]
        ),
        Ok(Value::Int(2))
    );
    assert!(call("format_date", &[Value::Date(date(2026, 3, 1)), text("%H")]).is_err());
    assert!(call("format_date", &[Value::DateTime(late), text("%")]).is_err());
}

#[test]
fn hours_that_the_clock_skips_or_repeats_have_an_instant() {
    let at = |day, hour| {
        call(
            "datetime",
            &[
                Value::Date(day),
                Value::Time(jiff::civil::time(hour, 30, 0, 0)),
            ],
        )
    };
    assert_eq!(
        at(date(2026, 3, 29), 2).map(|value| format!("{value:?}")),
        Ok("DateTime(2026-03-29T01:30:00Z)".to_owned())
    );
    assert_eq!(
        at(date(2026, 10, 25), 2).map(|value| format!("{value:?}")),
        Ok("DateTime(2026-10-25T00:30:00Z)".to_owned())
    );
}

#[test]
fn vat_numbers_are_checked_by_their_country() {
    let number = |written: &str, of: &str| call("vat_number", &[text(written), country(of)]);
    for (written, of, right) in [
        ("SE556016068001", "SE", "SE556016068001"),
        ("556016-0680 01", "SE", "SE556016068001"),
        ("NL004495445B01", "NL", "NL004495445B01"),
        ("EL094259216", "GR", "EL094259216"),
        ("094259216", "GR", "EL094259216"),
        ("DE 136,695 976", "DE", ""),
        ("DE136695976", "DE", "DE136695976"),
        ("IE6433435F", "IE", "IE6433435F"),
    ] {
        match number(written, of) {
            Ok(got) => assert_eq!(got, text(right), "{written}"),
            Err(_) => assert_eq!(right, "", "{written}"),
        }
    }
    for (written, of) in [
        ("SE556016068002", "SE"),
        ("NL004495446B01", "NL"),
        ("", "SE"),
        ("SE", "SE"),
        ("SE٥٥٦٠١٦٠٦٨٠٠١", "SE"),
    ] {
        assert!(number(written, of).is_err(), "{written}");
    }
}

#[test]
fn check_digits_are_checked() {
    for (name, right, wrong) in [
        ("is_ean", "4006381333931", "4006381333930"),
        ("is_ean", "96385074", "96385075"),
        ("is_ean", "036000291452", "036000291453"),
        ("is_iban", "NL91ABNA0417164300", "NL91ABNA0417164301"),
        ("luhn", "79927398713", "79927398710"),
        ("is_email", "a@example.com", "a@@example.com"),
    ] {
        assert_eq!(call(name, &[text(right)]), Ok(Value::Bool(true)), "{right}");
        assert_eq!(
            call(name, &[text(wrong)]),
            Ok(Value::Bool(false)),
            "{wrong}"
        );
    }
    assert_eq!(call("is_ean", &[text("00000000")]), Ok(Value::Bool(false)));
    let organisation =
        |written: &str, of: &str| call("organisation_number", &[text(written), country(of)]);
    assert_eq!(
        organisation("16 556016-0680", "SE"),
        Ok(text("556016-0680"))
    );
    assert_eq!(organisation("12345678", "NL"), Ok(text("12345678")));
    assert_eq!(organisation("0112038-9", "FI"), Ok(text("0112038-9")));
    assert_eq!(organisation("13585628", "DK"), Ok(text("13585628")));
    assert_eq!(organisation(" HRB 1234 ", "DE"), Ok(text("HRB 1234")));
    for (written, of) in [
        ("123456789", "NO"),
        ("13585629", "DK"),
        ("0112038-8", "FI"),
        ("1234", "SE"),
        ("abc", "SE"),
    ] {
        assert!(organisation(written, of).is_err(), "{written}");
    }
}

#[test]
fn telephone_numbers_stay_readable() {
    let phone = |written: &str, of: &str| call("phone", &[text(written), country(of)]);
    assert_eq!(phone("070-123 45 67", "SE"), Ok(text("+46 70 123 45 67")));
    assert_eq!(phone("+31 20 123 4567", "SE"), Ok(text("+31 20 123 4567")));
    assert_eq!(phone("0201234567", "NL"), Ok(text("+31 20 123 4567")));
    assert_eq!(phone("12", "SE"), Ok(text("12")));
    assert!(phone("08-1234567", "XI").is_ok());
}

#[test]
fn derived_texts_are_the_same_for_the_same_and_need_a_secret() {
    let derived = |from: &str| call("derive", &[text(from)]).expect("a text");
    assert_eq!(derived("a@example.com"), derived("a@example.com"));
    assert_ne!(derived("a@example.com"), derived("b@example.com"));
    assert!(matches!(derived("x"), Value::Text(text) if text.len() == 24));
    let function = crate::functions::find("derive").expect("derive");
    let got = (function.eval)(&mut crate::function::Args {
        values: &[text("x"), Value::None],
        each: &mut |_, _| Ok(Value::None),
        context: &crate::function::Context {
            zone: jiff::tz::TimeZone::UTC,
            secret: None,
        },
    });
    assert!(failure(got).contains("no secret"));
}

#[test]
fn territories_take_absent_postcodes() {
    let got = call("territory", &[country("FI"), Value::None, Value::None]);
    assert_eq!(
        got,
        Ok(Value::Territory(
            crate::value::Code::new("FI").expect("a code")
        ))
    );
    assert!(
        failure(call(
            "country_currency",
            &[country("US"), Value::Date(date(2026, 1, 1))]
        ))
        .contains("not known")
    );
}
