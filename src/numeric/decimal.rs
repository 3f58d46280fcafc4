//! Decimal numbers from text.
//!
//! The library's reader of floating-point numbers carries a table of 10 kB that can't be compressed: as much as a twentieth
//! of the page's module. The numbers here are those that people type and that this program has written.

/// Digits that a 64-bit significand holds with room for one more.
const MOST_DIGITS: usize = 18;
/// Powers of ten up to here have exact floating-point values.
const EXACT_POWER: i32 = 22;
/// Integers up to here do.
const EXACT_INTEGER: u64 = 1 << 53;
/// How far from the quotient of two rounded factors the true value can lie, in steps of the last place.
const FURTHEST: i64 = 4;

/// Reads `12`, `-0.5`, `1e-3`; `None` for anything else, infinities and NaN included.
///
/// Numbers of up to 15 digits with small exponents are read exactly, since one rounding of exact factors is correct; so is
/// whatever `Display`, `LowerExp` and `serde_json` write, because the neighbours of the estimate are compared with the
/// text. Other texts may be off by a few units in the last place.
#[must_use]
pub fn parse_f64(text: &str) -> Option<f64> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut significand = 0_u64;
    let mut digits = 0;
    let mut power = exponent;
    for (place, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let after_point = place >= whole.len();
        if digits < MOST_DIGITS {
            significand = significand * 10 + u64::from(digit - b'0');
            digits += usize::from(significand > 0);
            power = power.saturating_sub(i32::from(after_point));
        } else {
            power = power.saturating_add(i32::from(!after_point));
        }
    }
    let size = scaled(significand, power, unsigned);
    let value = if negative { -size } else { size };
    value.is_finite().then_some(value)
}

fn scaled(significand: u64, power: i32, text: &str) -> f64 {
    if significand == 0 {
        return 0.0;
    }
    if significand <= EXACT_INTEGER && power.abs() <= EXACT_POWER {
        return if power < 0 {
            significand as f64 / tens(-power)
        } else {
            significand as f64 * tens(power)
        };
    }
    // In two steps, so that neither factor leaves the range where the result is in it.
    let half = power / 2;
    let estimate = scale(scale(significand as f64, half), power - half);
    if !estimate.is_finite() || estimate == 0.0 {
        return estimate;
    }
    let bits = i64::from_ne_bytes(estimate.to_ne_bytes());
    // The nearest first: 0, −1, 1, −2, 2, …
    let steps = (0..=2 * FURTHEST).map(|n| if n % 2 == 0 { n / 2 } else { -(n + 1) / 2 });
    let mut near = steps.map(|step| f64::from_ne_bytes((bits + step).to_ne_bytes()));
    // JSON's writers mark what is no integer type by `.0`.
    let text = text.strip_suffix(".0").unwrap_or(text).replace("e+", "e");
    let places = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let places = places.bytes().take_while(u8::is_ascii_digit).count();
    // Of two shortest texts that are equally near, one writer takes the one, another the other; the second comparison
    // finds the number whose text ends in an even digit.
    let found = if text.contains(['e', 'E']) {
        near.clone()
            .find(|value| format!("{value:e}") == text)
            .or_else(|| near.find(|value| format!("{value:.places$e}") == text))
    } else {
        near.clone()
            .find(|value| value.to_string() == text)
            .or_else(|| near.find(|value| format!("{value:.places$}") == text))
    };
    found.unwrap_or(estimate)
}

fn scale(value: f64, power: i32) -> f64 {
    if power < 0 {
        value / tens(-power)
    } else {
        value * tens(power)
    }
}

/// A power of ten; exact up to 22.
fn tens(power: i32) -> f64 {
    (0..power.min(400)).fold(1.0, |value, _| value * 10.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::parse_f64;

    #[test]
    fn numbers_as_people_type_them() {
        for text in [
            "0",
            "-0",
            "0.8",
            "1e-3",
            ".5",
            "5.",
            "+2",
            "1E6",
            "0.001",
            "18446744073709551616",
            "123456789012345678901234567890",
            // Halfway between the texts that end in 2 and 3.
            "223166115282463.62",
            "223166115282463.63",
            "-4503599627370497.5",
        ] {
            assert_eq!(parse_f64(text), text.parse().ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            ".",
            "-",
            "e5",
            "1e",
            "NaN",
            "inf",
            "-infinity",
            "0x10",
            "1,5",
            " 1",
            "1_0",
            "1e999",
            "--1",
            "1e99999999999",
        ] {
            assert_eq!(parse_f64(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_with_an_exponent_is_read_back(value in -1e3..1e3f64, power in -30..30) {
            let value = value * 10_f64.powi(power);
            prop_assert_eq!(parse_f64(&format!("{value:e}")), Some(value));
        }

        #[test]
        fn what_display_writes_is_read_back(value in -1e12..1e12f64) {
            prop_assert_eq!(parse_f64(&value.to_string()), Some(value));
        }

        #[test]
        fn short_decimals_are_exact(whole in 0u32..100_000, fraction in 0u32..100_000) {
            let text = format!("{whole}.{fraction:05}");
            prop_assert_eq!(parse_f64(&text), text.parse().ok());
        }

        #[test]
        fn any_number_is_read_to_the_last_places(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            if value.is_normal() {
                let read = parse_f64(&format!("{value:e}")).expect("a number");
                prop_assert!(((read - value) / value).abs() < 1e-14, "{read} {value}");
            }
        }

        #[test]
        fn no_text_makes_it_crash(text in "[-+.eE0-9]{0,40}|.*") {
            if let Some(value) = parse_f64(&text) {
                prop_assert!(value.is_finite());
            }
        }
    }
}
