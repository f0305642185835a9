//! Standard rates of VAT by territory and day, from `stdlib/tables/standard_vat_rates.csv`; both days of a row are inclusive.
//!
//! Only what is known: a territory or day without a row has no rate here, rather than a guess. Reduced rates hang on what is sold, and stay with the shop.

use std::sync::LazyLock;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::decimals;
use crate::value::Code;

struct Rate {
    territory: Code<2>,
    points: Decimal,
    from: Date,
    until: Option<Date>,
}

static RATES: LazyLock<Vec<Rate>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_str!("../tables/standard_vat_rates.csv").as_bytes())
        .into_records()
        .filter_map(Result::ok)
        .filter_map(|row| {
            Some(Rate {
                territory: Code::new(row.get(0)?)?,
                points: decimals::parse(row.get(1)?)?,
                from: row.get(2)?.parse().ok()?,
                until: row.get(3)?.parse().ok(),
            })
        })
        .collect()
});

/// The standard rate, in points, of a territory on a day.
pub fn standard(territory: Code<2>, date: Date) -> Option<Decimal> {
    RATES
        .iter()
        .find(|rate| {
            rate.territory == territory
                && rate.from <= date
                && rate.until.is_none_or(|until| date <= until)
        })
        .map(|rate| rate.points)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::places;

    fn on(place: &str, y: i16, m: i8, d: i8) -> Option<String> {
        standard(Code::new(place).expect("a code"), date(y, m, d)).map(|points| points.to_string())
    }

    #[test]
    fn every_row_was_read_and_no_two_overlap() {
        let lines = include_str!("../tables/standard_vat_rates.csv")
            .lines()
            .count()
            - 1;
        assert_eq!(RATES.len(), lines);
        for (ix, one) in RATES.iter().enumerate() {
            assert!(places::territories().contains(&one.territory));
            assert!(one.until.is_none_or(|until| one.from <= until));
            for other in &RATES[ix + 1..] {
                let apart = one.until.is_some_and(|until| until < other.from)
                    || other.until.is_some_and(|until| until < one.from);
                assert!(
                    apart || one.territory != other.territory,
                    "{}",
                    one.territory
                );
            }
        }
    }

    #[test]
    fn every_territory_of_the_union_has_a_rate() {
        for place in places::members("eu", None).expect("a set") {
            assert!(standard(place, date(2026, 1, 1)).is_some(), "{place}");
        }
    }

    #[test]
    fn rates_change_on_their_day() {
        assert_eq!(on("DE", 2020, 6, 30).as_deref(), Some("19"));
        assert_eq!(on("DE", 2020, 7, 1).as_deref(), Some("16"));
        assert_eq!(on("FI", 2024, 9, 1).as_deref(), Some("25.5"));
        assert_eq!(on("EE", 2025, 7, 1).as_deref(), Some("24"));
        assert_eq!(on("RO", 2025, 8, 1).as_deref(), Some("21"));
        assert_eq!(on("XZ", 2021, 6, 30).as_deref(), Some("18"));
        assert_eq!(on("US", 2026, 1, 1), None);
        assert_eq!(on("IC", 2026, 1, 1), None);
        assert_eq!(on("SE", 1980, 1, 1), None);
    }
}
