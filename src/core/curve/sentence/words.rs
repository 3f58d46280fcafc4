//! Numbers in words: values with their unit, shares, factors.

use crate::modify::catalogue::{Parameter, Unit};

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

/// "one predicted word in two changes"; `None` where the share is not one.
pub(super) fn other_words(share: f64) -> Option<String> {
    const SHARES: [(f64, &str); 9] = [
        (0.05, "one predicted word in twenty changes"),
        (0.1, "one predicted word in ten changes"),
        (0.2, "one predicted word in five changes"),
        (0.25, "one predicted word in four changes"),
        (1.0 / 3.0, "one predicted word in three changes"),
        (0.5, "one predicted word in two changes"),
        (2.0 / 3.0, "two predicted words in three change"),
        (0.75, "three predicted words in four change"),
        (0.9, "nine predicted words in ten change"),
    ];
    /// Within this distance of a fraction, "about" is left out.
    const EXACT: f64 = 0.015;
    if !(0.0..=1.0).contains(&share) {
        return None;
    }
    if share < 0.025 {
        return Some("nearly every predicted word stays the same".to_owned());
    }
    if share > 0.95 {
        return Some("nearly every predicted word changes".to_owned());
    }
    let (fraction, words) = SHARES
        .into_iter()
        .min_by(|a, b| (a.0 - share).abs().total_cmp(&(b.0 - share).abs()))?;
    let about = if (fraction - share).abs() <= EXACT {
        ""
    } else {
        "about "
    };
    Some(format!("{about}{words}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_words() {
        let said = |share| other_words(share).unwrap();
        assert_eq!(said(0.01), "nearly every predicted word stays the same");
        assert_eq!(said(0.19), "one predicted word in five changes");
        assert_eq!(said(0.38), "about one predicted word in three changes");
        assert_eq!(said(0.68), "two predicted words in three change");
        assert_eq!(said(0.99), "nearly every predicted word changes");
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
    }
}
