//! The measures of a curve's point, and their form as observations.

use serde::{Deserialize, Serialize};

use crate::metric::{Hemorrhage, Stats};
use crate::observation::{Observation, find};

/// The observation whose exponential is the perplexity ratio.
pub(super) const LN_RATIO: &str = "ln_ratio";

/// What was measured at one strength.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The modified model's measures.
    pub stats: Stats,
    /// ln(PPL/PPL₀) and its paired error.
    pub hemorrhage: Hemorrhage,
    /// Share of weights of the linear layers that are zero, counted in the modified weights.
    pub sparsity_achieved: f64,
    /// Bits per weight of the linear layers, scales included.
    pub bits_per_weight: f64,
    /// Transformer blocks of the modified model.
    pub blocks: usize,
    /// From the first edit to the last window, seconds.
    pub duration_secs: f64,
}

impl Measured {
    /// Each measure as an observation of one number, in the order of tables.
    #[must_use]
    pub fn observations(&self) -> Vec<Observation> {
        let Self { stats, hemorrhage, .. } = self;
        let number = |measure: &str, value: f64, unit: &str| Observation {
            unit: unit.to_owned(),
            ..Observation::number(measure, value)
        };
        let with_error = |measure, value, error: f64, unit| Observation {
            standard_error: Some(vec![error]),
            ..number(measure, value, unit)
        };
        vec![
            with_error(LN_RATIO, hemorrhage.ln_ratio, hemorrhage.ln_ratio_se, "nats"),
            number("ppl", stats.ppl, ""),
            with_error("nll", stats.nll, stats.nll_se, "nats"),
            with_error("kld_mean", stats.kld_mean, stats.kld_se, "nats"),
            number("kld_median", stats.kld_median, "nats"),
            number("kld_p99", stats.kld_p99, "nats"),
            with_error("same_top", stats.same_top, stats.same_top_se, ""),
            number("tokens", stats.tokens as f64, ""),
            number("sparsity_achieved", self.sparsity_achieved, ""),
            number("bits_per_weight", self.bits_per_weight, "bits"),
            number("blocks", self.blocks as f64, ""),
            number("duration_secs", self.duration_secs, "s"),
        ]
    }

    /// Reads the measures back from observations; `None` where one is missing.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from a float saturates, and counts were whole numbers before"
    )]
    pub fn of(observations: &[Observation]) -> Option<Self> {
        let number = |measure: &str| find(observations, measure)?.values.first().copied();
        let error = |measure: &str| {
            let errors = find(observations, measure)?.standard_error.as_ref()?;
            errors.first().copied()
        };
        Some(Self {
            stats: Stats {
                ppl: number("ppl")?,
                nll: number("nll")?,
                nll_se: error("nll")?,
                kld_mean: number("kld_mean")?,
                kld_se: error("kld_mean").unwrap_or(f64::NAN),
                kld_median: number("kld_median")?,
                kld_p99: number("kld_p99")?,
                same_top: number("same_top")?,
                same_top_se: error("same_top").unwrap_or(f64::NAN),
                tokens: number("tokens")? as usize,
            },
            hemorrhage: Hemorrhage {
                ln_ratio: number(LN_RATIO)?,
                ln_ratio_se: error(LN_RATIO)?,
            },
            sparsity_achieved: number("sparsity_achieved")?,
            bits_per_weight: number("bits_per_weight")?,
            blocks: number("blocks")? as usize,
            duration_secs: number("duration_secs")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::testing::sparsity;
    use crate::curve::{Outcome, Point};

    #[test]
    fn measures_come_back_from_their_observations() {
        let curve = sparsity(|x| (x, 0.01));
        let Outcome::Measured(mut measured) = curve.points[4].outcome() else {
            panic!("a point of a curve")
        };
        measured.stats.ppl = f64::INFINITY;
        measured.hemorrhage.ln_ratio = f64::NAN;
        let mut observations = measured.observations();
        assert_eq!(Measured::of(&observations), Some(measured));
        let loss = find(&observations, "ln_ratio").and_then(|loss| loss.standard_error.clone());
        assert_eq!(loss, Some(vec![measured.hemorrhage.ln_ratio_se]));
        observations.pop();
        assert_eq!(Measured::of(&observations), None);
        assert!(matches!(
            Point::observed(0.5, curve.points[4].spec.clone(), observations).outcome(),
            Outcome::Observed(_)
        ));
    }
}
