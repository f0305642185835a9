//! Decimal numbers, exactly: reading them from digits, and rounding with a named mode.
//!
//! `rust_decimal` rounds surplus digits silently when it parses and rounds half to even by default; flows must see neither. Everything
//! that turns digits into a number, or drops digits, goes through here.

use rust_decimal::{Decimal, RoundingStrategy};

/// The most decimals a number can have.
pub const MOST_DECIMALS: u32 = 28;

/// The number that `text` spells in the grammar of JSON numbers, exactly; none if it is no number or has more digits than a decimal holds.
///
/// The scale is kept: `12.50` has two decimals. An exponent is allowed: `1.5e2` is 150.
pub fn parse(text: &str) -> Option<Decimal> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent_of(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (number, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    let mut mantissa: i128 = 0;
    let mut scale = -exponent;
    let mut pending_zeros = 0u32; // zeros at the end are only counted until a digit follows: 1.000…0 of any length is a number
    for (place, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
        if place >= whole.len() {
            scale += 1;
        }
        if digit == b'0' {
            pending_zeros += 1;
            continue;
        }
        if mantissa != 0 {
            mantissa = mantissa.checked_mul(10i128.checked_pow(pending_zeros + 1)?)?;
        }
        pending_zeros = 0;
        mantissa = mantissa.checked_add(i128::from(digit - b'0'))?;
    }
    if mantissa == 0 {
        let shown = scale.clamp(0, MOST_DECIMALS as i32) as u32;
        return Decimal::try_from_i128_with_scale(0, shown).ok();
    }
    // Keep as many of the zeros as fit, so that the scale is the one that was written.
    while pending_zeros > 0 && (scale <= MOST_DECIMALS as i32) {
        match mantissa.checked_mul(10) {
            Some(longer) if longer >> 96 == 0 => mantissa = longer,
            _ => break,
        }
        pending_zeros -= 1;
    }
    scale -= pending_zeros as i32;
    while scale < 0 {
        mantissa = mantissa.checked_mul(10)?;
        scale += 1;
    }
    let signed = if negative { -mantissa } else { mantissa };
    Decimal::try_from_i128_with_scale(signed, u32::try_from(scale).ok()?).ok()
}

fn exponent_of(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Rounds to `scale` decimals and pads with zeros to exactly that many.
pub fn round(number: Decimal, scale: u32, mode: RoundingStrategy) -> Decimal {
    let scale = scale.min(MOST_DECIMALS);
    let mut rounded = number.round_dp_with_strategy(scale, mode);
    rounded.rescale(scale);
    if rounded.is_zero() {
        rounded.set_sign_positive(true);
    }
    rounded
}

/// Rounds half away from zero: what tax authorities ask for (20.125 is 20.13, a refund of it is −20.13).
pub fn round_half_up(number: Decimal, scale: u32) -> Decimal {
    round(number, scale, RoundingStrategy::MidpointAwayFromZero)
}

/// How many decimals are needed to write the number without loss.
pub fn needed_decimals(number: Decimal) -> u32 {
    number.normalize().scale()
}

/// Decimals of a currency's smallest unit (ISO 4217: SEK 2, JPY 0); none for a code that is no currency.
pub fn minor_units(code: &str) -> Option<u32> {
    iso_currency::Currency::from_code(code)?
        .exponent()
        .map(u32::from)
}

/// The names of the rounding modes, the default first.
pub const MODES: &[(&str, RoundingStrategy)] = &[
    ("half_up", RoundingStrategy::MidpointAwayFromZero),
    ("half_even", RoundingStrategy::MidpointNearestEven),
    ("half_down", RoundingStrategy::MidpointTowardZero),
    ("up", RoundingStrategy::AwayFromZero),
    ("down", RoundingStrategy::ToZero),
    ("ceiling", RoundingStrategy::ToPositiveInfinity),
    ("floor", RoundingStrategy::ToNegativeInfinity),
];

/// The rounding mode of that name.
pub fn mode(name: &str) -> Option<RoundingStrategy> {
    MODES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, mode)| *mode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        parse(text).map(|number| number.to_string())
    }

    #[test]
    fn reads_the_numbers_of_json_with_their_scale() {
        assert_eq!(read("12.50").as_deref(), Some("12.50"));
        assert_eq!(read("-0.10").as_deref(), Some("-0.10"));
        assert_eq!(read("0").as_deref(), Some("0"));
        assert_eq!(read("100").as_deref(), Some("100"));
        assert_eq!(read("1.5e2").as_deref(), Some("150"));
        assert_eq!(read("1.5E-2").as_deref(), Some("0.015"));
        assert_eq!(read("10.0e1").as_deref(), Some("100"));
    }

    #[test]
    fn reads_nothing_that_is_no_number_of_json() {
        for text in [
            "", "-", "01", "1.", ".5", "1_000", "+1", "1e", "1e99999", "0x1", " 1", "NaN", "1,5",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn never_drops_a_digit_silently() {
        assert_eq!(read("1.00000000000000000000000000001"), None);
        assert_eq!(read("99999999999999999999999999999999"), None);
        assert_eq!(
            read("79228162514264337593543950335").as_deref(),
            Some("79228162514264337593543950335")
        );
        assert!(read("1.000000000000000000000000000000000000").is_some());
        assert_eq!(read("1e30"), None);
    }

    #[test]
    fn rounds_half_away_from_zero_and_shows_the_decimals() {
        let rounded = |text: &str| round_half_up(parse(text).expect("a number"), 2).to_string();
        assert_eq!(rounded("20.125"), "20.13");
        assert_eq!(rounded("-20.125"), "-20.13");
        assert_eq!(rounded("3"), "3.00");
        assert_eq!(rounded("-0.001"), "0.00");
    }

    proptest! {
        #[test]
        fn every_decimal_reads_back_as_written(mantissa in -1_000_000_000_000_000_000i64..1_000_000_000_000_000_000, scale in 0u32..28) {
            let number = Decimal::new(mantissa, scale);
            prop_assert_eq!(parse(&number.to_string()), Some(number));
        }

        #[test]
        fn rounding_twice_changes_nothing(mantissa in any::<i64>(), scale in 0u32..20, to in 0u32..10) {
            for (_, mode) in MODES {
                let once = round(Decimal::new(mantissa, scale), to, *mode);
                prop_assert_eq!(round(once, to, *mode), once);
            }
        }
    }
}
