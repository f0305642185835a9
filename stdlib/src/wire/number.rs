//! Numbers from their digits.

use rust_decimal::Decimal;

/// The decimal that these digits write, as JSON and plain text write numbers (`-12.50`, `1e2`), its scale kept.
///
/// # Errors
/// A clause that says why not: no number, or more digits than a decimal holds exactly.
pub fn decimal(digits: &str) -> Result<Decimal, &'static str> {
    const NO_NUMBER: &str = "is no number";
    const TOO_LONG: &str = "has more digits than can be kept exactly (28)";

    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        None => (digits, 0_i32),
        Some((mantissa, exponent)) => {
            let bare = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if bare.is_empty() || !bare.bytes().all(|b| b.is_ascii_digit()) {
                return Err(NO_NUMBER);
            }
            (mantissa, exponent.parse().map_err(|_| TOO_LONG)?)
        }
    };
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(NO_NUMBER);
    }
    // Zeros beyond what fits say nothing.
    let mantissa = if fraction.len() > 28 {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    let mut number = Decimal::from_str_exact(mantissa).map_err(|_| TOO_LONG)?;
    if number.is_zero() {
        number.set_sign_positive(true);
        return Ok(if exponent == 0 { number } else { Decimal::ZERO });
    }
    if exponent == 0 {
        return Ok(number);
    }
    let scale = i64::from(number.scale()) - i64::from(exponent);
    if (0..=28).contains(&scale) {
        number.set_scale(scale as u32).map_err(|_| TOO_LONG)?;
        return Ok(number);
    }
    if scale > 28 {
        number = number.normalize();
        let scale = i64::from(number.scale()) - i64::from(exponent);
        let scale = u32::try_from(scale).map_err(|_| TOO_LONG)?;
        number.set_scale(scale).map_err(|_| TOO_LONG)?;
        return Ok(number);
    }
    number.set_scale(0).map_err(|_| TOO_LONG)?;
    for _ in 0..scale.unsigned_abs().min(30) {
        number = number.checked_mul(Decimal::TEN).ok_or(TOO_LONG)?;
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::decimal;

    fn read(digits: &str) -> String {
        match decimal(digits) {
            Ok(number) => number.to_string(),
            Err(reason) => reason.to_owned(),
        }
    }

    #[test]
    fn digits_are_kept_as_they_stand() {
        assert_eq!(read("12.50"), "12.50");
        assert_eq!(read("0.1"), "0.1");
        assert_eq!(read("616.67"), "616.67");
        assert_eq!(read("-0"), "0");
        assert_eq!(
            read("7922816251426433759354395033.5"),
            "7922816251426433759354395033.5"
        );
    }

    #[test]
    fn exponents_move_the_point() {
        assert_eq!(read("1e2"), "100");
        assert_eq!(read("1.5E+3"), "1500");
        assert_eq!(read("125e-2"), "1.25");
        assert_eq!(read("0e99"), "0");
        assert_eq!(read("1.50e1"), "15.0");
    }

    #[test]
    fn what_cannot_be_kept_exactly_is_refused() {
        let forty = "1".repeat(40);
        assert!(read(&forty).starts_with("has more digits"));
        assert!(read("1e40").starts_with("has more digits"));
        assert!(read("1e99999999999").starts_with("has more digits"));
        assert!(read("1e-40").starts_with("has more digits"));
        assert_eq!(read(&format!("1.5{}", "0".repeat(40))), "1.5");
        for no_number in [
            "", "-", "1.", ".5", "1e", "1e+-2", "0x10", "1_000", "1 000", "NaN",
        ] {
            assert_eq!(read(no_number), "is no number", "{no_number}");
        }
    }
}
