//! Random expressions that are well typed: the checker takes them, they never fail as nothing should, they give values of their type, and
//! what is computed for a record that is read is what is computed for the same record written down.

use flowbook::check::check;
use flowbook::connect::MemorySystems;
use flowbook::diagnostic::{Look, render};
use flowbook::lower::lower;
use flowbook::run::Options;
use flowbook::run::map::{map, value_of};
use flowbook::sources::Loaded;
use flowbook_stdlib::types::Form;
use flowbook_stdlib::value::{MoneyBasis, Value};
use flowbook_stdlib::wire;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const DECLARED: &str = r#"
type R { i: int, j: int, d: decimal(2), b: bool, t: text(10), o: int?, k: "a" | "b", p: percent, on: date, c: country, m: money(incl, 2), x: money(excl, 2), v: money(vat, 2)?, q: [{ n: int, w: text(5)? }] }
table size(t: text, b: bool) -> int { "x", true => 1, "y", _ => 2, otherwise => 3 }
table rank(k: "a" | "b", o: int?) -> int? { "a", none => none, "a", 0..5 => 4, "b", _ => 7, otherwise => 9 }
table dated(c: country) at date -> int { eu - SE until 2026-01-31 => 1, SE => 2, otherwise => 3 }
map twice(n: int) -> int = n + n
map net(m: money(incl)) -> money(excl) = m | excl_vat(25%)
"#;

/// Records, as flow text and as JSON.
const RECORDS: &[(&str, &str)] = &[
    (
        r#"{ i: 3, j: -7, d: 1.25, b: true, t: "x", k: "a", p: 25%, on: 2026-01-31, c: SE, m: 125.00 incl, x: 80.10 excl, q: [{ n: 1, w: "q" }, { n: 2 }] }"#,
        r#"{"i":3,"j":-7,"d":1.25,"b":true,"t":"x","k":"a","p":25,"on":"2026-01-31","c":"SE","m":125.00,"x":80.10,"q":[{"n":1,"w":"q"},{"n":2}]}"#,
    ),
    (
        r#"{ i: 0, j: 5, d: 0.00, b: false, t: "y", o: 2, k: "b", p: 6%, on: 2024-02-29, c: NO, m: 0.01 incl, x: 0 excl, v: 3.10 vat, q: [] }"#,
        r#"{"i":0,"j":5,"d":0.00,"b":false,"t":"y","o":2,"k":"b","p":6,"on":"2024-02-29","c":"NO","m":0.01,"x":0,"v":3.10,"q":[]}"#,
    ),
    (
        r#"{ i: 9223372036854775807, j: 1, d: 99999999999999999999999999.99, b: true, t: "åäö", o: 9, k: "a", p: 0%, on: 2026-12-31, c: DE, m: 79228162514264337593543950.33 incl, x: 1 excl, q: [{ n: 9 }] }"#,
        r#"{"i":9223372036854775807,"j":1,"d":99999999999999999999999999.99,"b":true,"t":"åäö","o":9,"k":"a","p":0,"on":"2026-12-31","c":"DE","m":79228162514264337593543950.33,"x":1,"q":[{"n":9}]}"#,
    ),
];

/// What an expression gives.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Gives {
    Int,
    Maybe,
    Decimal,
    Bool,
    Text,
    Incl,
    Excl,
    Date,
}

use Gives::{Bool, Date, Decimal, Excl, Incl, Int, Maybe, Text};

const ALL: [(Gives, &str); 8] = [
    (Int, "int"),
    (Maybe, "int?"),
    (Decimal, "decimal"),
    (Bool, "bool"),
    (Text, "text"),
    (Incl, "money(incl)"),
    (Excl, "money(excl)"),
    (Date, "date"),
];

/// Patterns of each type: a letter between signs stands for an expression of that type.
fn patterns(gives: Gives) -> &'static [&'static str] {
    match gives {
        Int => &[
            "r.i",
            "r.j",
            "7",
            "(%I + %I)",
            "(%I - %I)",
            "(%I * %I)",
            "(-%I)",
            "(%M else %I)",
            "([%I, %M, %I] | sum)",
            "([%I, %M] | count)",
            "(if %B => %I else %I)",
            "size(%T, %B)",
            "(%T | size(%B))",
            "(%M | twice else %I)",
            "(rank(r.k, %M) else %I)",
            "dated(r.c, %D)",
            "(match r.k { \"a\" => %I, \"b\" => %I })",
            "(match %I { 0 => %I, 1..9 => 2, otherwise => %I })",
            "(r.q | sum(.n))",
            "(match rank(r.k, %M) { none => %I, otherwise => 4 })",
            "([for z in r.q if z.n > r.j => z.n] | sum)",
            "(%N | round(0) | floor)",
            "(%D - %D)",
            "({ a: %I, b: %T }.a)",
        ],
        Maybe => &[
            "r.o",
            "(if %B => %I)",
            "([%M, %M] | first)",
            "rank(r.k, %M)",
            "(%M | twice)",
            "(if r.b => r.i)",
            "(r.q | last).n",
        ],
        Decimal => &[
            "r.d",
            "1.25",
            "(%N + %I)",
            "(%N / %I)",
            "(%N * %N)",
            "(%N | round(1))",
            "(%P / %P)",
            "(if %B => %N else %I)",
            "(r.p * %N)",
        ],
        Bool => &[
            "r.b",
            "(%I < %I)",
            "(%I = %I)",
            "(not %B)",
            "(%B and %B)",
            "(%B or %B)",
            "(%M = %I)",
            "(%I != %M)",
            "(r.o exists and r.o > %I)",
            "(r.o missing or r.o < %I)",
            "(%M in [%I, %I])",
            "(r.k = \"a\")",
            "(r.c in eu)",
            "(%T = %T)",
            "(%P > 3)",
            "(%D <= %D)",
            "(r.q | any(.n > %I))",
            "(r.q | all(.w exists))",
            "(r.q = [])",
            "(%N >= %I)",
        ],
        Text => &[
            "r.t",
            "\"x\"",
            "\"{%I}{%T}\"",
            "(%T | upper)",
            "(%T | shorten(3))",
            "(if %B => %T else %T)",
            "([%T, %T] | join(\", \"))",
            "\"{%D} {r.p}\"",
            "((r.q | first).w else %T)",
        ],
        Incl => &[
            "r.m",
            "(%P * %I)",
            "(%P + %P)",
            "(%P | round(2))",
            "(%E | incl_vat(25%%))",
            "(%P - 5)",
            "(if %B => %P else 0)",
            "(%E + (r.v else 0))",
            "([%P, %P] | sum)",
            "([%P, 3] | max else %P)",
        ],
        Excl => &[
            "r.x",
            "(%P | excl_vat(r.p))",
            "(%E + %E)",
            "(%E * %N)",
            "(%P - (r.v else 0))",
            "net(%P)",
            "net(%I)",
            "(%E - %E | round(2))",
        ],
        Date => &[
            "r.on",
            "2026-03-01",
            "(%D + 1 day)",
            "(%D - 30 days)",
            "(if %B => %D else %D)",
        ],
    }
}

/// An expression out of choices; when they run out, the simplest.
fn expression(gives: Gives, depth: u8, choices: &mut std::slice::Iter<'_, u8>) -> String {
    let all = patterns(gives);
    let simple = all.iter().filter(|text| !text.contains('%')).count();
    let choice = usize::from(choices.next().copied().unwrap_or(0));
    let pattern = if depth == 0 {
        all.iter()
            .filter(|text| !text.contains('%'))
            .nth(choice % simple)
    } else {
        all.get(choice % all.len())
    };
    let mut letters = pattern.copied().unwrap_or_default().chars();
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let gives = match letters.next() {
            Some('I') => Int,
            Some('M') => Maybe,
            Some('N') => Decimal,
            Some('B') => Bool,
            Some('T') => Text,
            Some('P') => Incl,
            Some('E') => Excl,
            Some('D') => Date,
            _ => {
                text.push('%');
                continue;
            }
        };
        text.push_str(&expression(gives, depth.saturating_sub(1), choices));
    }
    text
}

fn is_a(value: &Value, gives: Gives) -> bool {
    match gives {
        Int => matches!(value, Value::Int(_)),
        Maybe => matches!(value, Value::Int(_) | Value::None),
        Decimal => matches!(value, Value::Decimal(_) | Value::Int(_)),
        Bool => matches!(value, Value::Bool(_)),
        Text => matches!(value, Value::Text(_)),
        Incl => matches!(value, Value::Money(money) if money.basis == MoneyBasis::Incl),
        Excl => matches!(value, Value::Money(money) if money.basis == MoneyBasis::Excl),
        Date => matches!(value, Value::Date(_)),
    }
}

fn holds(choices: &[u8]) -> Result<(), TestCaseError> {
    let mut choices = choices.iter();
    let mut text = DECLARED.to_owned();
    for (number, (gives, ty)) in ALL.iter().enumerate() {
        let value = expression(*gives, 3, &mut choices);
        text.push_str(&format!("map e{number}(r: R) -> {ty} = {value}\n"));
        for (which, (record, _)) in RECORDS.iter().enumerate() {
            text.push_str(&format!(
                "map f{number}_{which}(n: int) -> {ty} = e{number}({record})\n"
            ));
        }
    }
    let loaded = Loaded::of_texts([("main.flow", text.as_str())]);
    let checked = check(&loaded);
    let Some(book) = checked.book else {
        let told = render(&checked.found, &loaded.sources, Look::Mono);
        return Err(TestCaseError::fail(told));
    };
    let plan = lower(&book, &loaded.sources, &[])
        .map_err(|missing| TestCaseError::fail(format!("{missing:?}")))?;
    let systems = MemorySystems::new(Vec::new(), Vec::new());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    for (number, (gives, _)) in ALL.iter().enumerate() {
        for (which, (_, json)) in RECORDS.iter().enumerate() {
            let entry = |name: String| plan.maps.iter().find(|map| map.name == name);
            let (Some(read), Some(written)) = (
                entry(format!("e{number}")),
                entry(format!("f{number}_{which}")),
            ) else {
                return Err(TestCaseError::fail("no map"));
            };
            let (mut out, mut errors) = (Vec::new(), Vec::new());
            let mapped = runtime.block_on(map(
                &plan,
                read,
                &systems,
                &Options::default(),
                json.as_bytes(),
                &mut out,
                &mut errors,
            ));
            prop_assert!(mapped.is_ok());
            let (out, errors) = (
                String::from_utf8_lossy(&out),
                String::from_utf8_lossy(&errors),
            );
            prop_assert!(
                !errors.contains("F0899") && !errors.contains("F0816"),
                "{errors}\n{text}"
            );
            match runtime.block_on(value_of(&plan, written, &systems, &Options::default())) {
                Ok(value) => {
                    prop_assert!(is_a(&value, *gives), "{value:?} is no {gives:?}\n{text}");
                    let json =
                        wire::encode(&value, &written.gives, Form::Plain).unwrap_or_default();
                    prop_assert_eq!(json.as_str(), out.trim(), "{} {}\n{}", errors, which, text);
                }
                Err(ended) => {
                    prop_assert!(ended.code != "F0899", "{}\n{text}", ended.message);
                    prop_assert!(
                        out.is_empty() && errors.contains(&ended.message),
                        "{out} {errors} {}\n{text}",
                        ended.message
                    );
                }
            }
        }
    }
    Ok(())
}

#[test]
fn random_expressions_hold_what_their_types_say() {
    let config = Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 40,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&prop::collection::vec(any::<u8>(), 64..256), |choices| {
        holds(&choices)
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
