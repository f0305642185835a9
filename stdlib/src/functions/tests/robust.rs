//! Whatever a function is called with, it gives a value or a sentence.

use proptest::prelude::*;

use super::harness::call_each;
use crate::function::Failure;
use crate::functions::ALL;
use crate::value::{Code, Money, MoneyBasis, Span, Value};
use rust_decimal::Decimal;

fn any_decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (any::<i64>(), 0u32..20).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale)),
        Just(Decimal::MAX),
        Just(Decimal::MIN),
        Just(Decimal::ZERO),
        Just(Decimal::new(1, 28)),
    ]
}

fn any_scalar() -> impl Strategy<Value = Value> {
    let basis = prop_oneof![
        Just(MoneyBasis::Incl),
        Just(MoneyBasis::Excl),
        Just(MoneyBasis::Vat),
        Just(MoneyBasis::Plain),
        Just(MoneyBasis::Unknown),
    ];
    let currency = prop_oneof![
        Just(None),
        Just(Code::new("SEK")),
        Just(Code::new("KWD")),
        Just(Code::new("XAU"))
    ];
    let words = prop_oneof![
        ".{0,40}",
        "[A-Z]{2}[0-9A-Z]{2,14}",
        "[0-9 .,-]{0,20}",
        "[٠-٩]{8,12}",
        "(SE|NL|DE|FR|IE|ES|GB|CH|NO)[٠-٩0-9]{8,12}(B01|MVA)?",
        "%[a-zA-Z]",
        "<[a-z]{1,4}>.{0,9}",
    ];
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        prop_oneof![any::<i64>(), -3i64..60].prop_map(Value::Int),
        any_decimal().prop_map(Value::Decimal),
        any_decimal().prop_map(Value::Percent),
        words.prop_map(|text: String| Value::Text(text.into())),
        (any_decimal(), currency, basis).prop_map(|(amount, currency, basis)| Value::Money(
            Money {
                amount,
                currency,
                basis
            }
        )),
        (-9999i16..=9999, 1i8..=12, 1i8..=28)
            .prop_map(|(y, m, d)| Value::Date(jiff::civil::date(y, m, d))),
        Just(Value::DateTime(jiff::Timestamp::MAX)),
        Just(Value::DateTime(jiff::Timestamp::MIN)),
        Just(Value::Time(jiff::civil::time(23, 59, 59, 999_999_999))),
        any::<i64>().prop_map(|days| Value::Span(Span::Days(days))),
        "[A-Z]{2}".prop_map(|code| Code::new(&code).map_or(Value::None, Value::Country)),
        "[A-Z]{3}".prop_map(|code| Code::new(&code).map_or(Value::None, Value::Currency)),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => any_scalar(),
        1 => proptest::collection::vec(any_scalar(), 0..5).prop_map(|items| {
            Value::List(items.into_iter().filter(|item| *item != Value::None).collect())
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_function_panics(values in proptest::collection::vec(any_value(), 4), of in any_scalar()) {
        for function in ALL {
            match call_each(function.name, &values, |_| of.clone()) {
                Ok(_) | Err(Failure::Inner) => {}
                Err(Failure::Reason(reason)) => prop_assert!(!reason.is_empty()),
            }
        }
    }

    #[test]
    fn identifiers_of_any_letters_do_not_panic(text in ".{0,24}", digits in "(?:[A-Z]{0,3})\\d{6,13}(?:[A-Z]\\d{0,2})?") {
        for code in crate::places::countries() {
            for text in [&text, &digits] {
                let _ = call_each("is_vat_number", &[Value::Text(text.as_str().into()), Value::Country(*code)], |_| Value::None);
            }
        }
    }
}
