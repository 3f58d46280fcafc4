//! The hemorrhage: `ln(PPL/PPL₀)`, which is the mean over tokens of `nll − nll⁰`.
//!
//! Both models read the same tokens, and a token that is hard for one is hard for the other; so the standard error is
//! that of the paired differences, `√((mean d² − mean²)/(N − 1))`, far below that of either log-perplexity. It equals
//! llama.cpp's `√(σ² + σ₀² − 2 cov)`.

use super::Hemorrhage;
use crate::numeric::Moments;

/// From each token's negative log-likelihood under each model, in nats.
#[must_use]
pub fn hemorrhage(nll_base: &[f32], nll_modified: &[f32]) -> Hemorrhage {
    let differences = nll_base
        .iter()
        .zip(nll_modified)
        .map(|(&base, &modified)| f64::from(modified) - f64::from(base))
        .collect::<Moments>();
    Hemorrhage {
        ln_ratio: differences.mean(),
        ln_ratio_se: differences.standard_error(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metric::perplexity::perplexity;

    #[test]
    fn a_constant_loss_has_no_error() {
        let of = hemorrhage(&[1.0, 5.0, 2.0], &[1.5, 5.5, 2.5]);
        assert_eq!((of.ln_ratio, of.ln_ratio_se), (0.5, 0.0));
    }

    proptest! {
        #[test]
        fn it_is_the_ratio_and_its_error_the_paired_one(
            pairs in prop::collection::vec((0.0_f32..12.0, 0.0_f32..12.0), 2..200),
        ) {
            let (base, modified): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let of = hemorrhage(&base, &modified);
            let (p0, p) = (perplexity(&base), perplexity(&modified));
            prop_assert!((of.ln_ratio - (p.ppl / p0.ppl).ln()).abs() < 1e-9);
            let n = base.len() as f64;
            let product = base.iter().zip(&modified).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() / n;
            let covariance = (product - p0.nll * p.nll) / (n - 1.0);
            let squared = p.nll_se.powi(2) + p0.nll_se.powi(2) - 2.0 * covariance;
            prop_assert!((of.ln_ratio_se.powi(2) - squared).abs() < 1e-9);
        }
    }
}
