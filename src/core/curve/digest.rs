//! The digest of a result that a link carries, so that opening it can tell whether the result was reproduced.
//!
//! The digest has one item per point, in the order of the range, joined by `_`: `ln(PPL/PPL₀)` in thousandths of a nat,
//! rounded to the nearest, or, for results that are arrays, the last number of the first array in thousandths; `n`
//! where that is not finite, `x` where the point failed. Another device gives slightly different numbers for the same
//! experiment, because it sums in a different order; results are therefore compared with a tolerance, which a hash
//! would not allow.

use std::fmt;

use super::{Curve, Outcome, Point};

/// Largest difference in `ln(PPL/PPL₀)` that counts as the same, in nats: 0.001 for the allowed difference between CPU
/// and GPU, 0.0005 for rounding, and 0.0005 to spare.
pub const TOLERANCE: f64 = 2e-3;

/// Added to [`TOLERANCE`] for each nat of loss: small differences grow in a badly damaged model.
pub const TOLERANCE_PER_NAT: f64 = 2e-3;

const SEPARATOR: char = '_';

/// Whether a result agrees with a link.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Every point agrees.
    Reproduced,
    /// At least one point disagrees; this is the one furthest off.
    Differs {
        /// The knob's value at that point.
        value: f64,
        /// Measured minus expected `ln(PPL/PPL₀)`, nats.
        by: f64,
    },
    /// A point failed or is not a number on one side only.
    Unlike {
        /// The knob's value at that point.
        value: f64,
        /// What the link has there, in words.
        expected: &'static str,
        /// What was measured, in words.
        measured: &'static str,
    },
    /// The number of points differs, for instance after a cancelled run.
    OtherPoints {
        /// Points that the link has.
        expected: usize,
        /// Points that were measured.
        measured: usize,
    },
    /// The link's text is not a digest.
    Unreadable,
}

impl Verdict {
    /// Whether every point came out as expected.
    #[must_use]
    pub fn is_reproduced(&self) -> bool {
        *self == Self::Reproduced
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reproduced => f.write_str("reproduced: every point agrees with the link"),
            Self::Differs { value, by } => write!(
                f,
                "differs: at {value}, ln(perplexity ratio) is {} by {:.3} than in the link",
                if *by > 0.0 { "higher" } else { "lower" },
                by.abs()
            ),
            Self::Unlike {
                value,
                expected,
                measured,
            } => write!(
                f,
                "differs: at {value}, the link has {expected} and this run {measured}"
            ),
            Self::OtherPoints { expected, measured } => write!(
                f,
                "can't be compared: the link has {expected} points and this run {measured}; run all of them"
            ),
            Self::Unreadable => f.write_str("can't be compared: the expected result in the link is damaged"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Item {
    Loss(f64),
    NotANumber,
    Failed,
}

impl Item {
    fn words(self) -> &'static str {
        match self {
            Self::Loss(_) => "a number",
            Self::NotANumber => "a perplexity that is not a number",
            Self::Failed => "a failed point",
        }
    }
}

fn item(point: &Point) -> Item {
    match point.outcome() {
        Outcome::Failed(_) => Item::Failed,
        Outcome::Measured(measured) if measured.hemorrhage.ln_ratio.is_finite() => {
            Item::Loss(measured.hemorrhage.ln_ratio)
        }
        Outcome::Measured(_) => Item::NotANumber,
        Outcome::Observed(observations) => {
            let value = observations.first().and_then(|first| first.values.last());
            match value {
                Some(value) if value.is_finite() => Item::Loss(*value),
                _ => Item::NotANumber,
            }
        }
    }
}

/// The digest of this result, which a link carries as `expect`.
#[must_use]
pub fn expectation(curve: &Curve) -> String {
    let mut text = String::new();
    for (i, point) in curve.points.iter().enumerate() {
        if i > 0 {
            text.push(SEPARATOR);
        }
        match item(point) {
            // Adding zero turns −0 into 0.
            Item::Loss(loss) => text.push_str(&((loss * 1e3).round() + 0.0).to_string()),
            Item::NotANumber => text.push('n'),
            Item::Failed => text.push('x'),
        }
    }
    text
}

/// Compares a result with what a link expects of it.
#[must_use]
pub fn compare(expected: &str, curve: &Curve) -> Verdict {
    let Some(items) = expected.split(SEPARATOR).map(read).collect::<Option<Vec<_>>>() else {
        return Verdict::Unreadable;
    };
    let measured = curve.points.len();
    if items.len() != measured {
        return Verdict::OtherPoints {
            expected: items.len(),
            measured,
        };
    }
    let mut worst = None;
    let mut excess = 0.0;
    for (point, expected) in curve.points.iter().zip(items) {
        match (expected, item(point)) {
            (Item::Loss(expected), Item::Loss(measured)) => {
                let by = measured - expected;
                let beyond = by.abs() / (TOLERANCE + TOLERANCE_PER_NAT * expected.abs());
                if beyond > 1.0 && beyond > excess {
                    excess = beyond;
                    worst = Some((point.value(), by));
                }
            }
            (expected, measured) if expected != measured => {
                return Verdict::Unlike {
                    value: point.value(),
                    expected: expected.words(),
                    measured: measured.words(),
                };
            }
            _ => {}
        }
    }
    worst.map_or(Verdict::Reproduced, |(value, by)| Verdict::Differs { value, by })
}

fn read(item: &str) -> Option<Item> {
    match item {
        "n" => Some(Item::NotANumber),
        "x" => Some(Item::Failed),
        number => number.parse::<i64>().ok().map(|loss| Item::Loss(loss as f64 / 1e3)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::testing::{change, curve, fail, sparsity};

    fn example() -> Curve {
        let mut curve = sparsity(|x| (3.0 * x * x - 0.0004, 0.01));
        fail(&mut curve, 7);
        change(&mut curve.points[8], |measured| measured.hemorrhage.ln_ratio = f64::NAN);
        curve
    }

    #[test]
    fn a_result_agrees_with_itself() {
        let text = expectation(&example());
        assert_eq!(text, "0_30_120_270_480_750_1080_x_n");
        assert_eq!(compare(&text, &example()), Verdict::Reproduced);
        assert_eq!(expectation(&curve("wanda:sparsity=0..0.8/9", &[])), "");
    }

    #[test]
    fn the_worst_point_is_named() {
        let verdict = compare("0_30_120_270_484_770_1080_x_n", &example());
        let Verdict::Differs { value, by } = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(value, 0.5);
        assert!((by + 0.0204).abs() < 1e-9);
        assert!(verdict.to_string().contains("lower by 0.020"), "{verdict}");
    }

    #[test]
    fn what_cannot_be_compared_says_so() {
        let curve = example();
        assert_eq!(
            compare("0_30", &curve),
            Verdict::OtherPoints {
                expected: 2,
                measured: 9
            }
        );
        for text in ["", "a_b", "0_30__", "1e3", &"9".repeat(40)] {
            assert_eq!(compare(text, &curve), Verdict::Unreadable, "{text}");
        }
        assert!(matches!(
            compare("0_30_120_270_480_750_1080_5_n", &curve),
            Verdict::Unlike {
                value: 0.7,
                expected: "a number",
                measured: "a failed point"
            }
        ));
        assert!(!compare("0_30_120_270_480_750_1080_x_x", &curve).is_reproduced());
    }

    proptest! {
        #[test]
        fn device_noise_is_reproduced_and_real_differences_are_not(
            losses in prop::collection::vec(-0.1_f64..9.0, 9),
            noise in prop::collection::vec(-1e-3_f64..1e-3, 9),
            wrong in 0_usize..9,
        ) {
            let points = |losses: &[f64]| {
                let points = losses.iter().enumerate().map(|(i, &y)| (i as f64 / 10.0, y, 0.01)).collect::<Vec<_>>();
                curve("wanda:sparsity=0..0.8/9", &points)
            };
            let text = expectation(&points(&losses));
            let mut near = losses.iter().zip(&noise).map(|(a, b)| a + b).collect::<Vec<_>>();
            prop_assert_eq!(compare(&text, &points(&near)), Verdict::Reproduced);
            near[wrong] += 0.03;
            let verdict = compare(&text, &points(&near));
            let Verdict::Differs { value, .. } = verdict else { panic!("{verdict:?}") };
            prop_assert_eq!(value, wrong as f64 / 10.0);
        }

        #[test]
        fn any_text_is_compared_without_a_panic(text in ".{0,40}") {
            prop_assert!(!compare(&text, &example()).to_string().is_empty());
        }
    }
}
