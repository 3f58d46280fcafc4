//! Numbers from text that a person typed.

/// Reads `12`, `-0.5`, `1e-3`; `None` for anything else, infinities and NaN included.
#[must_use]
pub fn parse_finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::parse_finite;

    #[test]
    fn only_finite_numbers_are_read() {
        assert_eq!(parse_finite("12"), Some(12.0));
        assert_eq!(parse_finite("-0.5"), Some(-0.5));
        assert_eq!(parse_finite("1e-3"), Some(1e-3));
        // Halfway between two neighbours: ties go to the even one.
        assert_eq!(parse_finite("9007199254740993"), Some(9_007_199_254_740_992.0));
        for text in ["", " 1", "1,5", "0x10", "nan", "inf", "-infinity", "1e999", "."] {
            assert_eq!(parse_finite(text), None, "{text}");
        }
    }
}
