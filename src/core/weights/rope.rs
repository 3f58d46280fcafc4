//! Rotary positions (Su et al. 2021, <https://arxiv.org/abs/2104.09864>): at position p, the i-th pair of a head's d
//! channels is turned by the angle p · θ^(−2i/d), or by less in models whose context was extended afterwards.

use std::f64::consts::TAU;

use serde::Serialize;

/// How fast the pairs of channels turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rope {
    /// Base θ of the frequencies.
    pub theta: f64,
    /// How the context was extended.
    pub scaling: RopeScaling,
}

/// How the frequencies of an extended model differ from θ^(−2i/d).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// All are divided by one factor (Chen et al. 2023, <https://arxiv.org/abs/2306.15595>).
    Linear {
        /// The divisor.
        factor: f64,
    },
    /// Llama 3.1's: pairs whose wavelength 2π/f is above `original / low` are divided by `factor`, those below
    /// `original / high` are left as they are, and between the two it goes from one to the other in proportion to
    /// original/wavelength. Source: transformers 5, `modeling_rope_utils.py`, `_compute_llama3_parameters`.
    Llama3 {
        /// The divisor of the slowest pairs.
        factor: f64,
        /// `low_freq_factor`.
        low: f64,
        /// `high_freq_factor`.
        high: f64,
        /// Context before the extension, in tokens.
        original: f64,
    },
    /// Each pair has its own divisor, as in GGUF's `rope_freqs.weight`.
    Divisors(Vec<f64>),
}

impl Rope {
    /// Positions of a model whose context was not extended.
    #[must_use]
    pub fn plain(theta: f64) -> Self {
        Self {
            theta,
            scaling: RopeScaling::None,
        }
    }

    /// The angle of each pair of channels per position, in radians; `head_dim / 2` of them.
    #[must_use]
    pub fn frequencies(&self, head_dim: usize) -> Vec<f64> {
        #[expect(clippy::cast_precision_loss, reason = "heads have some hundred channels")]
        let plain = (0..head_dim / 2).map(|pair| self.theta.powf(-2.0 * pair as f64 / head_dim as f64));
        match &self.scaling {
            RopeScaling::None => plain.collect(),
            RopeScaling::Linear { factor } => plain.map(|frequency| frequency / factor).collect(),
            RopeScaling::Llama3 {
                factor,
                low,
                high,
                original,
            } => {
                let scaled = |frequency: f64| {
                    // How many turns the pair makes in the original context.
                    let turns = original * frequency / TAU;
                    if turns < *low {
                        frequency / factor
                    } else if turns > *high {
                        frequency
                    } else {
                        let kept = (turns - low) / (high - low);
                        (1.0 - kept) * frequency / factor + kept * frequency
                    }
                };
                plain.map(scaled).collect()
            }
            RopeScaling::Divisors(divisors) => plain.zip(divisors).map(|(frequency, by)| frequency / by).collect(),
        }
    }

    /// Checks that all frequencies are positive numbers.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub(super) fn check(&self, head_dim: usize) -> Result<(), (&'static str, String)> {
        const FACTOR: &str = "factor of the rotary scaling";
        let positive = |field: &'static str, value: f64| {
            let fine = value.is_finite() && value > 0.0;
            if fine {
                Ok(())
            } else {
                Err((field, format!("is {value}")))
            }
        };
        positive("base of the rotary frequencies", self.theta)?;
        match &self.scaling {
            RopeScaling::None => Ok(()),
            RopeScaling::Linear { factor } => positive(FACTOR, *factor),
            RopeScaling::Llama3 {
                factor,
                low,
                high,
                original,
            } => {
                positive(FACTOR, *factor)?;
                positive("low_freq_factor of the rotary scaling", *low)?;
                positive("original context of the rotary scaling", *original)?;
                if high > low {
                    Ok(())
                } else {
                    Err((
                        "high_freq_factor of the rotary scaling",
                        format!("({high}) is not above low_freq_factor ({low})"),
                    ))
                }
            }
            RopeScaling::Divisors(divisors) => {
                if divisors.len() != head_dim / 2 {
                    let problem = format!("has {} numbers; a head has {} pairs", divisors.len(), head_dim / 2);
                    return Err(("table of rotary divisors", problem));
                }
                divisors.iter().try_for_each(|by| positive("a rotary divisor", *by))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outside reference was computed in f32.
    const RELATIVE: f64 = 1e-6;

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < RELATIVE, "{found} is not {expected}");
        }
    }

    #[test]
    fn worked_examples() {
        let plain = Rope::plain(10_000.0);
        assert_close(&plain.frequencies(8), &[1.0, 0.1, 0.01, 0.001]);
        let linear = Rope {
            scaling: RopeScaling::Linear { factor: 4.0 },
            ..plain.clone()
        };
        assert_close(&linear.frequencies(8), &[0.25, 0.025, 0.0025, 0.00025]);
        let own = Rope {
            scaling: RopeScaling::Divisors(vec![1.0, 1.0, 2.0, 8.0]),
            ..plain
        };
        assert_close(&own.frequencies(8), &[1.0, 0.1, 0.005, 0.000_125]);
    }

    #[test]
    fn factors_that_change_nothing_change_nothing() {
        let plain = Rope::plain(500_000.0);
        let same = [
            RopeScaling::Linear { factor: 1.0 },
            RopeScaling::Divisors(vec![1.0; 32]),
            RopeScaling::Llama3 {
                factor: 1.0,
                low: 1.0,
                high: 4.0,
                original: 8192.0,
            },
        ];
        for scaling in same {
            let rope = Rope {
                scaling,
                ..plain.clone()
            };
            assert_close(&rope.frequencies(64), &plain.frequencies(64));
        }
    }

    /// transformers 5.24's `ROPE_INIT_FUNCTIONS["llama3"]` (in f32) for θ 500000, 16 channels, factor 8, low 1, high 4, original 8192
    /// (the values of Llama 3.1, on a narrower head).
    #[test]
    fn llama3_agrees_with_transformers() {
        let rope = Rope {
            theta: 500_000.0,
            scaling: RopeScaling::Llama3 {
                factor: 8.0,
                low: 1.0,
                high: 4.0,
                original: 8192.0,
            },
        };
        let reference = [
            1.0,
            0.193_922_758,
            0.037_606_030_7,
            0.007_292_665_08,
            0.000_524_846_022,
            3.428_102_35e-5,
            6.647_869_67e-6,
            1.289_173_16e-6,
        ];
        assert_close(&rope.frequencies(16), &reference);
    }

    #[test]
    fn impossible_scalings_are_refused() {
        let message = |scaling: RopeScaling| {
            let rope = Rope { theta: 1e4, scaling };
            let (field, problem) = rope.check(8).unwrap_err();
            format!("{field} {problem}")
        };
        assert_eq!(
            message(RopeScaling::Linear { factor: 0.0 }),
            "factor of the rotary scaling is 0"
        );
        assert_eq!(
            message(RopeScaling::Linear { factor: f64::NAN }),
            "factor of the rotary scaling is NaN"
        );
        let same = RopeScaling::Llama3 {
            factor: 8.0,
            low: 4.0,
            high: 4.0,
            original: 8192.0,
        };
        assert!(message(same).contains("(4) is not above low_freq_factor (4)"));
        assert!(message(RopeScaling::Divisors(vec![1.0])).contains("has 1 numbers; a head has 4 pairs"));
        assert!(message(RopeScaling::Divisors(vec![1.0, 1.0, 0.0, 1.0])).contains("divisor is 0"));
    }
}
