//! Measures of loss against the untouched model: from the scores of each predicted token, and from the residual streams of
//! both models.

mod between_windows;
mod cascade;
mod cka;
mod cosine;
mod divergence;
mod error;
mod hemorrhage;
mod perplexity;
mod relative_error;
mod same_top;
mod score;
mod summary;

use serde::{Deserialize, Serialize};

use crate::numeric::nonfinite::same;

pub use cascade::{amplification, cascade};
pub use cka::{cka, cka_of_norms};
pub use cosine::cosine;
pub use divergence::{Divergence, divergence};
pub use error::MetricError;
pub use hemorrhage::{hemorrhage, is_lost};
pub use perplexity::{Perplexity, perplexity};
pub use relative_error::relative_error;
pub use same_top::same_top;
pub use score::{TokenScore, score_row};
pub use summary::{Summary, base_stats};

/// What was measured at the scored positions of one or more windows. All four have one entry per scored token.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenScores {
    /// Negative log-likelihood of the true next token under the untouched model, nats.
    pub nll_base: Vec<f32>,
    /// The same under the modified model, nats.
    pub nll_modified: Vec<f32>,
    /// `Σ_v p⁰(v) (ln p⁰(v) − ln p(v))`, nats.
    pub kld: Vec<f32>,
    /// Whether both models' most likely next token is the same.
    pub same_top: Vec<bool>,
}

/// The measures of one model, with natural logarithms throughout. Numbers that are not finite (as a ruined model has)
/// survive serialisation.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Perplexity, `exp(nll)`.
    #[serde(with = "crate::numeric::nonfinite")]
    pub ppl: f64,
    /// Mean negative log-likelihood, nats per token.
    #[serde(with = "crate::numeric::nonfinite")]
    pub nll: f64,
    /// Standard error of `nll`, as if tokens were independent, which is what llama.cpp prints; NaN where it is not known.
    #[serde(with = "crate::numeric::nonfinite")]
    pub nll_se: f64,
    /// Mean KL divergence from the untouched model, nats per token.
    #[serde(with = "crate::numeric::nonfinite")]
    pub kld_mean: f64,
    /// Standard error of that mean, from the differences between windows; NaN where it is not known.
    #[serde(with = "crate::numeric::nonfinite", default = "crate::numeric::nonfinite::unknown")]
    pub kld_se: f64,
    /// Its median.
    #[serde(with = "crate::numeric::nonfinite")]
    pub kld_median: f64,
    /// Its 99th percentile.
    #[serde(with = "crate::numeric::nonfinite")]
    pub kld_p99: f64,
    /// Share of positions where the most likely next token is the untouched model's.
    #[serde(with = "crate::numeric::nonfinite")]
    pub same_top: f64,
    /// Standard error of that share, from the differences between windows; NaN where it is not known.
    #[serde(with = "crate::numeric::nonfinite", default = "crate::numeric::nonfinite::unknown")]
    pub same_top_se: f64,
    /// Scored tokens.
    pub tokens: usize,
}

impl Stats {
    fn numbers(&self) -> [&f64; 9] {
        [
            &self.ppl,
            &self.nll,
            &self.nll_se,
            &self.kld_mean,
            &self.kld_se,
            &self.kld_median,
            &self.kld_p99,
            &self.same_top,
            &self.same_top_se,
        ]
    }
}

/// Counts NaN as equal to NaN, so that a ruined model's measures equal themselves.
impl PartialEq for Stats {
    fn eq(&self, other: &Self) -> bool {
        self.tokens == other.tokens && same(self.numbers(), other.numbers())
    }
}

/// ln(PPL/PPL₀) with the standard error of the paired differences between windows.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Hemorrhage {
    /// `ln(PPL/PPL₀)`, the mean of the paired differences of the log-likelihoods.
    #[serde(with = "crate::numeric::nonfinite")]
    pub ln_ratio: f64,
    /// Standard error of that mean; NaN where it is not known, as with one window.
    #[serde(with = "crate::numeric::nonfinite")]
    pub ln_ratio_se: f64,
}

/// Counts NaN as equal to NaN, so that a ruined model's loss equals itself.
impl PartialEq for Hemorrhage {
    fn eq(&self, other: &Self) -> bool {
        same(
            [&self.ln_ratio, &self.ln_ratio_se],
            [&other.ln_ratio, &other.ln_ratio_se],
        )
    }
}

impl Hemorrhage {
    /// The untouched model's own: 0.
    pub const NONE: Self = Self {
        ln_ratio: 0.0,
        ln_ratio_se: 0.0,
    };
}
