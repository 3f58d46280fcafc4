//! Measures of loss against the untouched model, from the scores of each predicted token.

use serde::{Deserialize, Serialize};

/// What was measured at the scored positions of one or more windows. All four have one entry a scored token.
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

/// The measures of one model, natural logarithms throughout.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Perplexity, `exp(nll)`.
    pub ppl: f64,
    /// Mean negative log-likelihood a token, nats.
    pub nll: f64,
    /// Standard error of `nll`.
    pub nll_se: f64,
    /// Mean KL divergence from the untouched model, nats a token.
    pub kld_mean: f64,
    /// Its median.
    pub kld_median: f64,
    /// Its 99th percentile.
    pub kld_p99: f64,
    /// Share of positions where the most likely next token is the untouched model's.
    pub same_top: f64,
    /// Scored tokens.
    pub tokens: usize,
}

/// ln(PPL/PPL₀) with its paired standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hemorrhage {
    /// `ln(PPL/PPL₀)`, the mean of the paired differences of the log-likelihoods.
    pub ln_ratio: f64,
    /// Standard error of that mean.
    pub ln_ratio_se: f64,
}
