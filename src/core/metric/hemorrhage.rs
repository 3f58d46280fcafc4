//! The hemorrhage: `ln(PPL/PPL₀)`, which is the mean over tokens of `nll − nll⁰`.
//!
//! Both models read the same tokens, and a token that is hard for one is hard for the other; so the error is that of the
//! paired differences, far below that of either log-perplexity.

use super::Hemorrhage;
use super::between_windows::standard_error;
use crate::numeric::Moments;

/// Above this perplexity ratio a model is lost: as many tokens as the largest vocabularies in use have (Gemma's, 2¹⁸),
/// so that a uniform guess over any vocabulary has a lower perplexity.
const GUESSING: f64 = 262_144.0;

/// Whether a model with this log perplexity ratio predicts worse than a uniform guess, whatever its vocabulary. The
/// untouched model's perplexity is at least 1.
#[must_use]
pub fn is_lost(ln_ratio: f64) -> bool {
    ln_ratio > GUESSING.ln()
}

/// From each token's negative log-likelihood under each model, in nats, over `windows` windows of the same length.
#[must_use]
pub fn hemorrhage(nll_base: &[f32], nll_modified: &[f32], windows: usize) -> Hemorrhage {
    let differences: Vec<f64> = nll_base
        .iter()
        .zip(nll_modified)
        .map(|(&base, &modified)| f64::from(modified) - f64::from(base))
        .collect();
    Hemorrhage {
        ln_ratio: differences.iter().copied().collect::<Moments>().mean(),
        ln_ratio_se: standard_error(&differences, windows),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metric::perplexity::perplexity;

    #[test]
    fn a_constant_loss_has_no_error() {
        let of = hemorrhage(&[1.0, 5.0, 2.0, 4.0], &[1.5, 5.5, 2.5, 4.5], 2);
        assert_eq!((of.ln_ratio, of.ln_ratio_se), (0.5, 0.0));
    }

    #[test]
    fn beyond_the_largest_vocabulary_a_model_is_lost() {
        assert!(!is_lost(0.0) && !is_lost(200_000_f64.ln()) && is_lost(300_000_f64.ln()) && is_lost(f64::INFINITY));
        assert!(!is_lost(f64::NAN));
    }

    proptest! {
        #[test]
        fn it_is_the_ratio_and_with_windows_of_one_token_llama_cpps_paired_error(
            pairs in prop::collection::vec((0.0_f32..12.0, 0.0_f32..12.0), 2..200),
        ) {
            let (base, modified): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let of = hemorrhage(&base, &modified, base.len());
            let (p0, p) = (perplexity(&base), perplexity(&modified));
            prop_assert!((of.ln_ratio - (p.ppl / p0.ppl).ln()).abs() < 1e-9);
            // √(σ² + σ₀² − 2 cov), as llama.cpp's `perplexity` prints it.
            let n = base.len() as f64;
            let product = base.iter().zip(&modified).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() / n;
            let covariance = (product - p0.nll * p.nll) / (n - 1.0);
            let squared = p.nll_se.powi(2) + p0.nll_se.powi(2) - 2.0 * covariance;
            prop_assert!((of.ln_ratio_se.powi(2) - squared).abs() < 1e-9);
        }
    }
}
