//! KL divergence from the untouched model, per token, and its distribution over the tokens.
//!
//! `KLD_t = Σ_v p⁰(v) (ln p⁰(v) − ln p(v))`: how much the whole next-token distribution moved, whichever token actually
//! followed. Median and 99th percentile are interpolated linearly at position `f · (N − 1)`.

use super::between_windows::standard_error;
use crate::numeric::{Moments, quantiles};

/// The divergences over a text, in nats per token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Divergence {
    /// Mean.
    pub mean: f64,
    /// Standard error of the mean.
    pub mean_se: f64,
    /// Median.
    pub median: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// From one divergence per token, over `windows` windows of the same length.
#[must_use]
pub fn divergence(kld: &[f32], windows: usize) -> Divergence {
    let values = kld.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
    let mean = values.iter().copied().collect::<Moments>().mean();
    let mean_se = standard_error(&values, windows);
    let [median, p99] = quantiles(values, [0.5, 0.99]);
    Divergence {
        mean,
        mean_se,
        median,
        p99,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_median_and_tail() {
        let kld = (0..=100).map(|i| (i * i) as f32).collect::<Vec<_>>();
        let of = divergence(&kld, 1);
        assert_eq!((of.mean, of.median, of.p99), (3350.0, 2500.0, 9801.0));
    }
}
