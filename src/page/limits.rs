//! The limits of number fields, and the messages for numbers outside them.

use hemoscope_core::experiment::fields::{self, Field, Kind};
use hemoscope_core::modify::MOST_POINTS;
use hemoscope_core::numeric::parse_finite;

/// The numbers that a field takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
    /// Whether only whole numbers are allowed.
    pub whole: bool,
}

impl Limits {
    /// Windows of a text.
    pub const WINDOWS: Self = Self::of(&fields::WINDOWS);
    /// Tokens per window.
    pub const WINDOW: Self = Self::of(&fields::WINDOW);
    /// Points in a range.
    pub const POINTS: Self = Self::whole(2.0, MOST_POINTS as f64);
    /// Sampling temperatures.
    pub const TEMPERATURE: Self = Self::of(&fields::TEMPERATURE);
    /// Seeds.
    pub const SEED: Self = Self::whole(0.0, 9_007_199_254_740_991.0);

    /// What the field of a link takes.
    #[must_use]
    pub const fn of(field: &Field) -> Self {
        match field.range() {
            Some((least, most)) => Self {
                least,
                most,
                whole: matches!(field.kind, Kind::Whole { .. }),
            },
            None => Self::whole(0.0, f64::MAX),
        }
    }

    /// Whole numbers between these.
    #[must_use]
    pub const fn whole(least: f64, most: f64) -> Self {
        Self {
            least,
            most,
            whole: true,
        }
    }

    /// The number in a text, brought within the limits; `None` if it is not a number.
    #[must_use]
    pub fn read(self, text: &str) -> Option<f64> {
        let number = parse_finite(text.trim()).filter(|number| !self.whole || number.fract() == 0.0)?;
        Some(number.clamp(self.least, self.most))
    }

    /// The message if a field uses another number than the one typed; empty if it uses that one.
    #[must_use]
    pub fn note(self, typed: &str, used: f64) -> String {
        let Self { least, most, whole } = self;
        match parse_finite(typed.trim()) {
            Some(number) if number == used => String::new(),
            Some(number) if number > most => format!("At most {most}: {used} is used."),
            Some(number) if number < least => format!("At least {least}: {used} is used."),
            Some(number) if whole && number.fract() != 0.0 => format!("Whole numbers only: {used} is used."),
            Some(_) => format!("Whole steps only: {used} is used."),
            None => format!("This is not a number: {used} is used."),
        }
    }

    /// The message while a number is being typed that the field would not use as it is.
    #[must_use]
    pub fn warning(self, typed: &str) -> String {
        match self.read(typed) {
            _ if typed.trim().is_empty() => String::new(),
            Some(used) if parse_finite(typed.trim()) == Some(used) => String::new(),
            Some(used) => self.note(typed, used),
            None if self.whole => "Whole numbers only.".to_owned(),
            None => "This is not a number.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_become_the_nearer_end_and_other_texts_are_no_numbers() {
        for (limits, text, number) in [
            (Limits::WINDOWS, "5000", Some(4096.0)),
            (Limits::WINDOW, "1", Some(2.0)),
            (Limits::WINDOWS, "", None),
            (Limits::WINDOWS, "2.5", None),
            (Limits::WINDOWS, " 16 ", Some(16.0)),
            (Limits::TEMPERATURE, "0.5", Some(0.5)),
            (Limits::TEMPERATURE, "NaN", None),
        ] {
            assert_eq!(limits.read(text), number, "{text}");
        }
    }

    #[test]
    fn a_field_says_why_it_uses_another_number() {
        for (limits, typed, used, note) in [
            (Limits::WINDOWS, "5000", 4096.0, "At most 4096: 4096 is used."),
            (Limits::WINDOW, "1", 2.0, "At least 2: 2 is used."),
            (Limits::WINDOWS, "-3", 16.0, "At least 1: 16 is used."),
            (Limits::WINDOWS, "2.5", 16.0, "Whole numbers only: 16 is used."),
            (Limits::WINDOWS, "", 8.0, "This is not a number: 8 is used."),
            (Limits::POINTS, "9", 5.0, "Whole steps only: 5 is used."),
            (Limits::TEMPERATURE, "0.80", 0.8, ""),
            (Limits::WINDOWS, "16", 16.0, ""),
        ] {
            assert_eq!(limits.note(typed, used), note, "{typed}");
        }
    }

    #[test]
    fn what_is_typed_is_warned_of_before_it_is_used() {
        assert_eq!(Limits::WINDOWS.warning("5000"), "At most 4096: 4096 is used.");
        assert_eq!(Limits::WINDOWS.warning("2.5"), "Whole numbers only.");
        for fine in ["16", "", "4096"] {
            assert_eq!(Limits::WINDOWS.warning(fine), "", "{fine}");
        }
    }
}
