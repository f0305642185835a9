//! Amounts to the cent: figures that authorities and invoices print, and what holds for all of them.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::harness::{call, call_each, failure, list, money, number, percent};
use crate::functions::tests::harness::text;
use crate::operations::{add, sub};
use crate::value::{Code, Money, MoneyBasis, Value};

/// Gross, rate, decimals, net, VAT. From tax authorities' and vendors' worked examples.
const NET_OF_GROSS: &[(&str, &str, i64, &str, &str)] = &[
    ("99.00", "25", 2, "79.20", "19.80"),
    ("99.00", "12", 2, "88.39", "10.61"),
    ("19.95", "21", 2, "16.49", "3.46"),
    ("4.99", "9", 2, "4.58", "0.41"),
    ("12.50", "12", 2, "11.16", "1.34"),
    ("100.00", "25.5", 2, "79.68", "20.32"),
    ("59.99", "19", 2, "50.41", "9.58"),
    ("10.00", "5.5", 2, "9.48", "0.52"),
    ("100.00", "8.1", 2, "92.51", "7.49"),
    ("19.90", "9.5", 2, "18.17", "1.73"),
    ("3.49", "4.9", 2, "3.33", "0.16"),
    ("500.00", "11.11", 2, "450.00", "50.00"),
    ("7.65", "21", 2, "6.32", "1.33"),
    ("1100", "10", 0, "1000", "100"),
    ("12.345", "5", 3, "11.757", "0.588"),
];

/// Amount, weights, currency, parts. Largest remainder, ties to the first.
const PARTS: &[(&str, &[&str], &str, &[&str])] = &[
    (
        "10.00",
        &["5.30", "9.68", "2.42"],
        "EUR",
        &["3.05", "5.56", "1.39"],
    ),
    ("10.00", &["1", "1", "1"], "EUR", &["3.34", "3.33", "3.33"]),
    ("0.01", &["1", "1", "1"], "EUR", &["0.01", "0.00", "0.00"]),
    (
        "100.00",
        &["19.95", "4.99", "4.99", "12.00"],
        "EUR",
        &["47.58", "11.90", "11.90", "28.62"],
    ),
    (
        "1.00",
        &["1", "2", "3", "4", "5", "6"],
        "EUR",
        &["0.05", "0.09", "0.14", "0.19", "0.24", "0.29"],
    ),
    (
        "1.000",
        &["1", "1", "1"],
        "KWD",
        &["0.334", "0.333", "0.333"],
    ),
    (
        "-10.00",
        &["1", "1", "1"],
        "EUR",
        &["-3.34", "-3.33", "-3.33"],
    ),
    ("10", &["1", "1", "1"], "JPY", &["4", "3", "3"]),
    ("100.00", &["650", "350"], "SEK", &["65.00", "35.00"]),
    ("10.00", &["-1", "-1"], "SEK", &["5.00", "5.00"]),
    ("10.00", &["3", "-1"], "SEK", &["15.00", "-5.00"]),
];

fn parts(amount: &Value, weights: &[Value]) -> Result<Vec<Value>, crate::function::Failure> {
    match call_each(
        "allocate",
        &[amount.clone(), list(weights.iter().cloned())],
        Value::clone,
    )? {
        Value::List(parts) => Ok(parts
            .iter()
            .map(|part| match part {
                Value::Record(fields) => fields[0].clone(),
                other => panic!("{other:?} is no part"),
            })
            .collect()),
        other => panic!("{other:?} is no list"),
    }
}

#[test]
fn net_prices_are_those_that_authorities_print() {
    for (gross, rate, decimals, net, vat) in NET_OF_GROSS {
        let gross = money(gross, MoneyBasis::Incl, "EUR");
        let exact = call("excl_vat", &[gross.clone(), percent(rate)]).expect("a net price");
        let rounded = call("round", &[exact, Value::Int(*decimals)]).expect("rounded");
        let tax = call("vat_of", &[gross.clone(), percent(rate)]).expect("a tax");
        let tax = call("round", &[tax, Value::Int(*decimals)]).expect("rounded");
        assert_eq!(tax, money(vat, MoneyBasis::Vat, "EUR"));
        assert_eq!(sub(&gross, &tax), Ok(money(net, MoneyBasis::Excl, "EUR")));
        assert_eq!(rounded, money(net, MoneyBasis::Excl, "EUR"));
    }
}

#[test]
fn parts_are_those_of_the_largest_remainder() {
    for (amount, weights, currency, expected) in PARTS {
        let weights: Vec<Value> = weights.iter().map(|weight| number(weight)).collect();
        let expected: Vec<Value> = expected
            .iter()
            .map(|part| money(part, MoneyBasis::Incl, currency))
            .collect();
        let got = parts(&money(amount, MoneyBasis::Incl, currency), &weights).expect("parts");
        assert_eq!(got, expected, "{amount}");
        let shown = |values: &[Value]| {
            values
                .iter()
                .map(crate::display::in_text)
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(&got), shown(&expected));
    }
}

#[test]
fn what_cannot_be_divided_says_why() {
    let amount = money("10.00", MoneyBasis::Incl, "SEK");
    insta::assert_snapshot!(failure(parts(&amount, &[Value::Int(0), Value::Int(0)]).map(list)), @"10.00 SEK incl. VAT cannot be divided: the weights of its 2 items sum to 0");
    insta::assert_snapshot!(failure(parts(&money("10.005", MoneyBasis::Incl, "SEK"), &[Value::Int(1)]).map(list)), @"10.005 SEK incl. VAT cannot be divided: it has more than 2 decimals; round it first");
    assert_eq!(
        parts(&money("0.00", MoneyBasis::Incl, "SEK"), &[Value::Int(0)]),
        Ok(vec![])
    );
    assert!(failure(parts(&amount, &[]).map(list)).contains("0 items"));
    let mixed = [
        money("1", MoneyBasis::Incl, "SEK"),
        money("1", MoneyBasis::Excl, "SEK"),
    ];
    assert!(failure(parts(&amount, &mixed).map(list)).contains("whether VAT is in them differs"));
    let currencies = [
        money("1", MoneyBasis::Incl, "SEK"),
        money("1", MoneyBasis::Incl, "EUR"),
    ];
    assert!(failure(parts(&amount, &currencies).map(list)).contains("currencies differ"));
    assert!(failure(parts(&amount, &[text("x")]).map(list)).contains("no weight"));
}

#[test]
fn a_carried_basis_is_converted_only_where_needed() {
    let excl = money("80.00", MoneyBasis::Excl, "SEK");
    assert_eq!(
        call("excl_vat", &[excl.clone(), percent("25")]),
        Ok(excl.clone())
    );
    let incl = money("100.00", MoneyBasis::Incl, "SEK");
    assert_eq!(
        call(
            "in_basis",
            &[incl.clone(), Value::Bool(true), percent("25")]
        ),
        Ok(incl.clone())
    );
    assert_eq!(
        call(
            "in_basis",
            &[incl.clone(), Value::Bool(false), percent("25")]
        ),
        Ok(money("80", MoneyBasis::Excl, "SEK"))
    );
    insta::assert_snapshot!(failure(call("excl_vat", &[money("1", MoneyBasis::Plain, "SEK"), percent("25")])), @"1.00 SEK cannot be converted: nobody says whether VAT is in it");
    insta::assert_snapshot!(failure(call("as_excl", &[incl])), @"100.00 SEK incl. VAT includes VAT by its own flag, and the flow says that it does not");
    insta::assert_snapshot!(failure(call("excl_vat", &[excl.clone(), percent("-100")])), @"-100% is no rate of VAT");
    assert_eq!(
        call("as_excl", &[money("1", MoneyBasis::Unknown, "SEK")]),
        Ok(money("1", MoneyBasis::Excl, "SEK"))
    );
    // The sum of no amounts is a bare 0, whose basis does not matter.
    assert_eq!(
        call("excl_vat", &[Value::Int(0), percent("25")]).map(|got| crate::display::in_text(&got)),
        Ok("0.00".to_owned())
    );
    assert!(call("excl_vat", &[Value::Int(5), percent("25")]).is_err());
}

#[test]
fn amounts_round_to_the_unit_of_their_currency() {
    let rounded =
        |amount: &str, currency: &str| call("round", &[money(amount, MoneyBasis::Incl, currency)]);
    assert_eq!(
        rounded("1.005", "SEK"),
        Ok(money("1.01", MoneyBasis::Incl, "SEK"))
    );
    assert_eq!(
        rounded("1.5", "JPY"),
        Ok(money("2", MoneyBasis::Incl, "JPY"))
    );
    assert_eq!(
        rounded("1.0005", "KWD"),
        Ok(money("1.001", MoneyBasis::Incl, "KWD"))
    );
    assert_eq!(
        call("round", &[percent("12.345"), Value::Int(1)]),
        Ok(percent("12.3"))
    );
}

#[test]
fn shares_multiply_before_they_divide() {
    let share = |part: &str, whole: &str| {
        call(
            "share",
            &[
                money("10.00", MoneyBasis::Incl, "SEK"),
                number(part),
                number(whole),
            ],
        )
    };
    assert_eq!(
        share("30", "90").and_then(|got| call("round", &[got])),
        Ok(money("3.33", MoneyBasis::Incl, "SEK"))
    );
    insta::assert_snapshot!(failure(share("1", "0")), @"10.00 SEK incl. VAT has no share of 0");
    assert_eq!(
        call("share", &[Value::Int(0), Value::Int(0), Value::Int(0)]),
        Ok(Value::Int(0))
    );
}

#[test]
fn sums_start_from_what_the_checker_filled_in() {
    let nothing = call(
        "sum",
        &[list([]), Value::Bool(true), money("0", MoneyBasis::Vat, "")],
    );
    assert_eq!(nothing, Ok(money("0", MoneyBasis::Vat, "")));
    let amounts = [
        money("1.10", MoneyBasis::Incl, "SEK"),
        money("2.20", MoneyBasis::Incl, "SEK"),
    ];
    assert_eq!(
        call("sum", &[list(amounts.clone()), Value::Bool(true)]),
        Ok(money("3.30", MoneyBasis::Incl, "SEK"))
    );
    assert_eq!(
        call("average", &[list(amounts)]),
        Ok(money("1.65", MoneyBasis::Incl, "SEK"))
    );
    let mixed = [
        money("1", MoneyBasis::Incl, "SEK"),
        money("2", MoneyBasis::Excl, "SEK"),
    ];
    assert!(call("sum", &[list(mixed), Value::Bool(true)]).is_err());
}

#[test]
fn currencies_are_said_and_never_exchanged() {
    let euro = Value::Currency(Code::new("EUR").expect("a code"));
    assert_eq!(
        call(
            "in_currency",
            &[money("1", MoneyBasis::Incl, ""), euro.clone()]
        ),
        Ok(money("1", MoneyBasis::Incl, "EUR"))
    );
    insta::assert_snapshot!(failure(call("in_currency", &[money("1", MoneyBasis::Incl, "SEK"), euro])), @"1.00 SEK incl. VAT is not in EUR, and nothing is exchanged");
}

fn in_cents(units: i64, basis: MoneyBasis) -> Value {
    Value::Money(Money {
        amount: Decimal::new(units, 2),
        currency: Code::new("SEK"),
        basis,
    })
}

fn amount_of(value: &Value) -> Decimal {
    match value {
        Value::Money(money) => money.amount,
        other => panic!("{other:?} is no money"),
    }
}

proptest! {
    #[test]
    fn parts_sum_to_the_amount_and_have_its_sign(units in -10_000_000_000i64..10_000_000_000, weights in proptest::collection::vec((0i64..1_000_000, 0u32..5), 1..30)) {
        let weights: Vec<Value> = weights.into_iter().map(|(mantissa, scale)| Value::Decimal(Decimal::new(mantissa, scale))).collect();
        prop_assume!(weights.iter().any(|weight| *weight != Value::Decimal(Decimal::ZERO) && crate::operations::number(weight).is_some_and(|weight| !weight.is_zero())));
        let amount = in_cents(units, MoneyBasis::Excl);
        let got = parts(&amount, &weights).expect("parts");
        let sum: Decimal = got.iter().map(amount_of).sum();
        prop_assert_eq!(sum, amount_of(&amount));
        for part in &got {
            prop_assert!(amount_of(part).is_zero() || amount_of(part).is_sign_negative() == (units < 0));
            prop_assert_eq!(amount_of(part).scale(), 2);
        }
        if units != 0 {
            // A refund is the mirror of the sale.
            let mirror = parts(&in_cents(-units, MoneyBasis::Excl), &weights).expect("parts");
            for (part, mirrored) in got.iter().zip(&mirror) {
                prop_assert_eq!(amount_of(part), -amount_of(mirrored));
            }
        }
    }

    #[test]
    fn no_part_is_a_cent_off_its_share(units in 1i64..1_000_000_000, weights in proptest::collection::vec(1i64..100_000, 1..20)) {
        let total: i64 = weights.iter().sum();
        let weights: Vec<Value> = weights.into_iter().map(Value::Int).collect();
        let got = parts(&in_cents(units, MoneyBasis::Incl), &weights).expect("parts");
        for (part, weight) in got.iter().zip(&weights) {
            let weight = crate::operations::number(weight).unwrap_or_default();
            let exact = Decimal::new(units, 2) * weight / Decimal::from(total);
            prop_assert!((amount_of(part) - exact).abs() < Decimal::new(1, 2) + Decimal::new(1, 20));
        }
    }

    #[test]
    fn rounding_a_rounded_amount_changes_nothing(units in any::<i32>(), extra in 0u32..8, to in 0i64..6) {
        let amount = Value::Money(Money { amount: Decimal::new(units.into(), extra), currency: None, basis: MoneyBasis::Incl });
        for (mode, _) in crate::decimals::MODES {
            let once = call("round", &[amount.clone(), Value::Int(to), text(mode)]).expect("rounded");
            prop_assert_eq!(call("round", &[once.clone(), Value::Int(to), text(mode)]), Ok(once));
        }
    }

    #[test]
    fn net_and_tax_make_the_price(units in -1_000_000_000i64..1_000_000_000, points in 0i64..3000) {
        let rate = Value::Percent(Decimal::new(points, 2));
        let gross = in_cents(units, MoneyBasis::Incl);
        let tax = call("vat_of", &[gross.clone(), rate.clone()]).and_then(|tax| call("round", &[tax])).expect("a tax");
        let net = sub(&gross, &tax).expect("a net price");
        prop_assert_eq!(add(&net, &tax), Ok(gross.clone()));
        let direct = call("excl_vat", &[gross, rate]).and_then(|net| call("round", &[net])).expect("a net price");
        // Rounded on its own the net price may be a cent off at an exact half, never more.
        prop_assert!((amount_of(&direct) - amount_of(&net)).abs() <= Decimal::new(1, 2));
    }

    #[test]
    fn excluding_and_including_again_gives_the_price_back(units in -1_000_000_000i64..1_000_000_000, points in 0i64..3000) {
        let rate = Value::Percent(Decimal::new(points, 2));
        let gross = in_cents(units, MoneyBasis::Incl);
        let back = call("excl_vat", &[gross.clone(), rate.clone()])
            .and_then(|net| call("incl_vat", &[net, rate]))
            .and_then(|gross| call("round", &[gross]));
        prop_assert_eq!(back, Ok(gross));
    }
}
