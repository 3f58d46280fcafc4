//! What number fields can hold, and what is said of a number that a field can't.

use hemoscope_core::modify::MOST_POINTS;
use hemoscope_core::numeric::parse_finite;

/// The least and the most that the field of a key takes; `None` where the field is no such number.
#[must_use]
pub fn of(key: &str) -> Option<(f64, f64)> {
    match key {
        "windows" | "calibration-windows" => Some((1.0, 4096.0)),
        "window" => Some((8.0, 8192.0)),
        "range:points" => Some((2.0, MOST_POINTS as f64)),
        "temperature" => Some((0.01, 10.0)),
        "draw" => Some((0.0, f64::INFINITY)),
        _ => None,
    }
}

/// A whole number from the field of a key, brought within its limits; `old` where the text is none.
#[must_use]
pub fn whole(key: &str, text: &str, old: usize) -> usize {
    let (least, most) = of(key).unwrap_or((0.0, f64::INFINITY));
    text.trim()
        .parse()
        .map_or(old, |new: usize| new.clamp(least as usize, most as usize))
}

/// What to say where a field uses another number than was typed; empty where it uses that one.
#[must_use]
pub fn note(key: &str, typed: &str, used: &str) -> String {
    let Some((least, most)) = of(key) else {
        return String::new();
    };
    let number = parse_finite(typed.trim());
    match number {
        _ if number.is_some() && number == parse_finite(used) => String::new(),
        Some(number) if number > most => format!("At most {most}: {used} is used."),
        Some(number) if number < least => format!("At least {least}: {used} is used."),
        Some(number) if number.fract() != 0.0 => format!("Whole numbers only: {used} is used."),
        Some(_) => format!("Whole steps only: {used} is used."),
        None => format!("This is no number: {used} is used."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_become_the_nearer_end_and_what_is_none_changes_nothing() {
        assert_eq!(whole("windows", "5000", 8), 4096);
        assert_eq!(whole("window", "1", 512), 8);
        assert_eq!(whole("windows", "", 8), 8);
        assert_eq!(whole("windows", "2.5", 8), 8);
        assert_eq!(whole("windows", " 16 ", 8), 16);
    }

    #[test]
    fn a_field_says_why_it_uses_another_number() {
        for (key, typed, used, note) in [
            ("windows", "5000", "4096", "At most 4096: 4096 is used."),
            ("window", "1", "8", "At least 8: 8 is used."),
            ("windows", "-3", "16", "At least 1: 16 is used."),
            ("windows", "2.5", "16", "Whole numbers only: 16 is used."),
            ("windows", "", "8", "This is no number: 8 is used."),
            ("range:points", "9", "5", "Whole steps only: 5 is used."),
            ("temperature", "0.80", "0.8", ""),
            ("windows", "16", "16", ""),
            ("prompt", "anything", "", ""),
        ] {
            assert_eq!(super::note(key, typed, used), note, "{key} {typed}");
        }
    }
}
