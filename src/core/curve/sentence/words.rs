//! Numbers in words: values with their unit, shares, factors.

use crate::metric::is_lost;
use crate::modify::catalogue::{Parameter, Unit};
use crate::wording::LOST;

/// How a knob's values are worded.
#[derive(Clone, Copy)]
pub(super) struct Knob {
    pub(super) parameter: &'static Parameter,
}

impl Knob {
    pub(super) fn unit(self) -> Unit {
        self.parameter.unit().unwrap_or(Unit::Count)
    }

    pub(super) fn whole(self) -> bool {
        self.unit() != Unit::Share
    }

    /// "30 %", "4 bits", "1 removed block".
    pub(super) fn value(self, value: f64) -> String {
        match self.unit() {
            Unit::Share => format!("{} %", decimals(100.0 * value, 1)),
            Unit::Bits => counted(value, "bits"),
            Unit::Count => counted(value, self.parameter.term),
        }
    }

    /// "Removing a single block", where that is the first step from the untouched model to the next strength.
    pub(super) fn first_step(self) -> Option<String> {
        if self.unit() != Unit::Count {
            return None;
        }
        let one = counted(1.0, self.parameter.term);
        let (_, thing) = one.split_once(' ')?;
        Some(match thing.strip_prefix("removed ") {
            Some(removed) => format!("Removing a single {removed}"),
            None => format!("A single {thing}"),
        })
    }

    /// "up to 30 %", "down to 4 bits".
    pub(super) fn until(self, value: f64) -> String {
        let way = if self.parameter.harm_grows_downwards() {
            "down to"
        } else {
            "up to"
        };
        format!("{way} {}", self.value(value))
    }
}

/// A number with at most this many decimals, without trailing zeros.
pub(super) fn decimals(value: f64, most: i32) -> String {
    let scale = 10.0_f64.powi(most);
    ((value * scale).round() / scale + 0.0).to_string()
}

/// A number and its noun, which is given in the plural.
pub(super) fn counted(number: f64, plural: &str) -> String {
    let noun = match (number == 1.0, plural.strip_suffix("ies"), plural.strip_suffix('s')) {
        (true, Some(stem), _) => format!("{stem}y"),
        (true, None, Some(stem)) => stem.to_owned(),
        _ => plural.to_owned(),
    };
    format!("{} {noun}", decimals(number, 1))
}

/// "predicts a different next word half the time", of a model; `None` where the share is not one.
pub(super) fn other_words(share: f64) -> Option<String> {
    const SHARES: [(f64, &str); 9] = [
        (0.05, "one time in twenty"),
        (0.1, "one time in ten"),
        (0.2, "one time in five"),
        (0.25, "a quarter of the time"),
        (1.0 / 3.0, "a third of the time"),
        (0.5, "half the time"),
        (2.0 / 3.0, "two thirds of the time"),
        (0.75, "three quarters of the time"),
        (0.9, "nine times in ten"),
    ];
    /// Within this distance of a fraction, "about" is left out.
    const EXACT: f64 = 0.015;
    if !(0.0..=1.0).contains(&share) {
        return None;
    }
    if share < 0.025 {
        return Some("nearly always predicts the same next word".to_owned());
    }
    if share > 0.95 {
        return Some("nearly always predicts a different next word".to_owned());
    }
    let (fraction, often) = SHARES
        .into_iter()
        .min_by(|a, b| (a.0 - share).abs().total_cmp(&(b.0 - share).abs()))?;
    let about = if (fraction - share).abs() <= EXACT {
        ""
    } else {
        "about "
    };
    Some(format!("predicts a different next word {about}{often}"))
}

/// A loss as a factor of perplexity, with three digits.
pub(super) fn times(loss: f64) -> String {
    let factor = loss.exp();
    let most = if factor >= 100.0 {
        0
    } else if factor >= 10.0 {
        1
    } else {
        2
    };
    decimals(factor, most)
}

/// "1.65 times the perplexity".
pub(super) fn times_in_words(loss: f64) -> String {
    if is_lost(loss) {
        LOST.to_owned()
    } else {
        format!("{} times the perplexity", times(loss))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_words() {
        let said = |share| other_words(share).unwrap();
        assert_eq!(said(0.01), "nearly always predicts the same next word");
        assert_eq!(said(0.1), "predicts a different next word one time in ten");
        assert_eq!(said(0.19), "predicts a different next word one time in five");
        assert_eq!(said(0.38), "predicts a different next word about a third of the time");
        assert_eq!(said(0.5), "predicts a different next word half the time");
        assert_eq!(said(0.68), "predicts a different next word two thirds of the time");
        assert_eq!(said(0.99), "nearly always predicts a different next word");
        assert_eq!(other_words(f64::NAN), None);
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(counted(1.0, "extra copies"), "1 extra copy");
        assert_eq!(counted(2.0, "extra copies"), "2 extra copies");
        assert_eq!(counted(1.0, "removed blocks"), "1 removed block");
        assert_eq!(counted(0.0, "points"), "0 points");
    }

    #[test]
    fn factors_have_three_digits() {
        assert_eq!(times(0.0), "1");
        assert_eq!(times(0.5), "1.65");
        assert_eq!(times(3.0), "20.1");
        assert_eq!(times(6.0), "403");
        assert_eq!(times_in_words(0.5), "1.65 times the perplexity");
        assert_eq!(times_in_words(20.9), "lost: worse than guessing");
    }
}
