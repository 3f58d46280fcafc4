//! Scores of one predicted token from both models' logits: the reference, and what the CPU path uses.
//!
//! With `Z = Σ e^(z − max z)`:
//! `nll = ln Z − (z_target − max z)` and
//! `KLD = (1/Z⁰) Σ_v e^(z⁰_v − max z⁰) · ((z⁰_v − max z⁰) − (z_v − max z)) − ln Z⁰ + ln Z`. One pass finds the maxima,
//! one the three sums; blocks of 256 terms are summed in f32 lanes, the blocks in f64.

use super::{MetricError, TokenScores};
use crate::numeric::{argmax, exp};

const LANES: usize = 16;
const BLOCK: usize = 256;

/// Scores of one position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenScore {
    /// Negative log-likelihood of the target under the untouched model, nats.
    pub nll_base: f32,
    /// The same under the modified model, nats.
    pub nll_modified: f32,
    /// `Σ_v p⁰(v) (ln p⁰(v) − ln p(v))`, nats; within 1e-6 above 0 for any two rows.
    pub kld: f32,
    /// Whether both rows have their largest logit at the same token, ties going to the lower id.
    pub same_top: bool,
}

/// Scores one position: a row of logits of each model, `[vocabulary]`, and the token that really came next. A NaN logit
/// makes its model's scores NaN, and counts as a different most likely token.
///
/// # Errors
/// [`MetricError::Row`] where the rows differ in length or don't hold the target.
pub fn score_row(base: &[f32], modified: &[f32], target: usize) -> Result<TokenScore, MetricError> {
    let misfit = MetricError::Row {
        base: base.len(),
        modified: modified.len(),
        target,
    };
    if base.len() != modified.len() {
        return Err(misfit);
    }
    let (Some(&base_target), Some(&modified_target)) = (base.get(target), modified.get(target)) else {
        return Err(misfit);
    };
    let (base_top, modified_top) = (argmax(base), argmax(modified));
    let largest = |row: &[f32], top: Option<usize>| top.map_or(f32::NAN, |top| row[top]);
    let (base_max, modified_max) = (largest(base, base_top), largest(modified, modified_top));
    let sums = sums(base, modified, base_max, modified_max);
    let (ln_base, ln_modified) = (sums.base.ln(), sums.modified.ln());
    Ok(TokenScore {
        nll_base: (ln_base - f64::from(base_target - base_max)) as f32,
        nll_modified: (ln_modified - f64::from(modified_target - modified_max)) as f32,
        kld: (sums.weighted / sums.base - ln_base + ln_modified) as f32,
        same_top: base_top.is_some() && base_top == modified_top && !ln_base.is_nan() && !ln_modified.is_nan(),
    })
}

struct Sums {
    base: f64,
    modified: f64,
    weighted: f64,
}

fn sums(base: &[f32], modified: &[f32], base_max: f32, modified_max: f32) -> Sums {
    let mut total = Sums {
        base: 0.0,
        modified: 0.0,
        weighted: 0.0,
    };
    let term = |b: f32, m: f32| {
        let (b, m) = (b - base_max, m - modified_max);
        let (base, modified) = (exp(b), exp(m));
        // A token that the untouched model finds impossible adds nothing, even where the difference is infinite.
        let weighted = if base == 0.0 { 0.0 } else { base * (b - m) };
        (base, modified, weighted)
    };
    for (base, modified) in base.chunks(BLOCK).zip(modified.chunks(BLOCK)) {
        let mut lanes = [[0.0_f32; LANES]; 3];
        let (base_chunks, base_rest) = base.as_chunks::<LANES>();
        let (modified_chunks, modified_rest) = modified.as_chunks::<LANES>();
        for (b, m) in base_chunks.iter().zip(modified_chunks) {
            for i in 0..LANES {
                let (base, modified, weighted) = term(b[i], m[i]);
                lanes[0][i] += base;
                lanes[1][i] += modified;
                lanes[2][i] += weighted;
            }
        }
        for (i, (&b, &m)) in base_rest.iter().zip(modified_rest).enumerate() {
            let (base, modified, weighted) = term(b, m);
            lanes[0][i] += base;
            lanes[1][i] += modified;
            lanes[2][i] += weighted;
        }
        let [base, modified, weighted] = lanes.map(|lane| lane.iter().map(|&x| f64::from(x)).sum::<f64>());
        total.base += base;
        total.modified += modified;
        total.weighted += weighted;
    }
    total
}

impl TokenScores {
    /// Adds the scores of one position.
    pub fn push(&mut self, score: TokenScore) {
        self.nll_base.push(score.nll_base);
        self.nll_modified.push(score.nll_modified);
        self.kld.push(score.kld);
        self.same_top.push(score.same_top);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Block sums of 256 terms in f32 and the rounding of the exponential, on terms of up to about ten.
    const TOLERANCE: f64 = 5e-6;

    fn logits(p: &[f64]) -> Vec<f32> {
        p.iter().map(|p| p.ln() as f32 + 3.0).collect()
    }

    #[test]
    fn the_worked_example() {
        // Worked by hand: KL((.7, .2, .1) ‖ (.5, .3, .2)).
        let score = score_row(&logits(&[0.7, 0.2, 0.1]), &logits(&[0.5, 0.3, 0.2]), 1).unwrap();
        assert!((score.kld - 0.085_122_8).abs() < 1e-6, "{}", score.kld);
        assert!((score.nll_base - 1.609_438).abs() < 1e-6);
        assert!((score.nll_modified - 1.203_973).abs() < 1e-6);
        assert!(score.same_top);
    }

    #[test]
    fn the_lower_token_wins_a_tie() {
        let score = score_row(&[1.0, 1.0, 0.0], &[0.0, 1.0, 1.0], 0).unwrap();
        assert!(!score.same_top);
        assert!(score_row(&[1.0, 1.0, 0.0], &[1.0, 0.0, 1.0], 0).unwrap().same_top);
    }

    #[test]
    fn damaged_logits_show() {
        let good = [0.0, 1.0, 2.0];
        for bad in [f32::NAN, f32::INFINITY] {
            let score = score_row(&good, &[0.0, bad, 2.0], 0).unwrap();
            assert!(score.nll_modified.is_nan() && score.kld.is_nan() && !score.same_top);
            assert!(score.nll_base.is_finite());
        }
        // Impossible under the modified model, not under the untouched one.
        let score = score_row(&good, &[f32::NEG_INFINITY, 1.0, 2.0], 0).unwrap();
        assert_eq!((score.nll_modified, score.kld), (f32::INFINITY, f32::INFINITY));
        // Impossible under both: no loss.
        let masked = [f32::NEG_INFINITY, 1.0, 2.0];
        assert_eq!(score_row(&masked, &masked, 1).unwrap().kld, 0.0);
        assert!(score_row(&good, &[f32::NAN; 3], 0).unwrap().nll_modified.is_nan());
    }

    #[test]
    fn rows_that_do_not_fit_say_so() {
        assert!(score_row(&[1.0], &[1.0, 2.0], 0).is_err());
        assert!(score_row(&[1.0], &[1.0], 1).is_err());
        assert!(score_row(&[], &[], 0).is_err());
    }

    proptest! {
        #[test]
        fn it_follows_f64(
            rows in prop::collection::vec((-12.0_f32..12.0, -12.0_f32..12.0), 1..700),
            target in any::<prop::sample::Index>(),
        ) {
            let (base, modified): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let target = target.index(base.len());
            let exact = |row: &[f32]| {
                let total = row.iter().map(|z| f64::from(*z).exp()).sum::<f64>().ln();
                row.iter().map(|z| f64::from(*z) - total).collect::<Vec<_>>()
            };
            let (p0, p) = (exact(&base), exact(&modified));
            let kld = p0.iter().zip(&p).map(|(a, b)| a.exp() * (a - b)).sum::<f64>();
            let score = score_row(&base, &modified, target).unwrap();
            prop_assert!((f64::from(score.nll_base) + p0[target]).abs() < TOLERANCE);
            prop_assert!((f64::from(score.nll_modified) + p[target]).abs() < TOLERANCE);
            prop_assert!((f64::from(score.kld) - kld).abs() < TOLERANCE, "{} for {kld}", score.kld);
            prop_assert!(score.kld >= -1e-6);
        }

        #[test]
        fn a_model_does_not_differ_from_itself(row in prop::collection::vec(-30.0_f32..30.0, 1..700)) {
            let score = score_row(&row, &row, 0).unwrap();
            prop_assert_eq!(score.kld, 0.0);
            prop_assert_eq!(score.nll_base, score.nll_modified);
            prop_assert!(score.same_top);
        }
    }
}
