//! Perplexity: `exp` of the mean negative log-likelihood of the true next tokens.
//!
//! `PPL = exp(mean nll)`, with the standard error of the mean `√((mean nll² − mean²)/(N − 1))`, which is the sample
//! deviation over `√N`; to first order, the standard error of `PPL` is `PPL` times that.
//!
//! Source: the definition; the error as llama.cpp's `perplexity` states it.

use crate::numeric::Moments;

/// Perplexity and the mean it is computed from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Perplexity {
    /// `exp(nll)`.
    pub ppl: f64,
    /// Mean negative log-likelihood, nats per token.
    pub nll: f64,
    /// Standard error of `nll`.
    pub nll_se: f64,
}

/// From each token's negative log-likelihood, in nats.
#[must_use]
pub fn perplexity(nll: &[f32]) -> Perplexity {
    let moments = nll.iter().map(|&value| f64::from(value)).collect::<Moments>();
    Perplexity {
        ppl: moments.mean().exp(),
        nll: moments.mean(),
        nll_se: moments.standard_error(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example() {
        // Worked by hand from the definition.
        let of = perplexity(&[1.0, 2.0, 3.0, 2.0]);
        assert!((of.ppl - 7.389_056).abs() < 1e-6);
        assert!((of.ppl * of.nll_se - 3.016_570).abs() < 1e-6);
    }

    #[test]
    fn a_damaged_score_shows() {
        assert!(perplexity(&[1.0, f32::NAN]).ppl.is_nan());
        assert_eq!(perplexity(&[1.0, f32::INFINITY]).ppl, f64::INFINITY);
    }
}
