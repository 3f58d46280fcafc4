//! Mean, variance and quantiles.

/// Running mean and variance by Welford's update, in f64.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    count: usize,
    mean: f64,
    /// Sum of squared deviations from the mean.
    deviations: f64,
}

impl Moments {
    /// Adds one value.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.deviations += before * (value - self.mean);
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Their mean; 0 where there are none.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Sample variance, divided by `N − 1`; 0 for fewer than two values.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.count < 2 {
            0.0
        } else {
            self.deviations / (self.count - 1) as f64
        }
    }

    /// Standard error of the mean, `√(variance / N)`; 0 for fewer than two values.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        if self.count < 2 {
            0.0
        } else {
            (self.variance() / self.count as f64).sqrt()
        }
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::default();
        for value in values {
            moments.push(value);
        }
        moments
    }
}

/// Half the width of a 95 % interval of a normally distributed estimate, in standard errors.
pub const NORMAL_95: f64 = 1.96;

/// The value below which a `fraction` of `sorted` lies, interpolated linearly at position `fraction · (N − 1)`; NaN
/// where there are no values.
#[must_use]
pub fn quantile(sorted: &[f64], fraction: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = fraction.clamp(0.0, 1.0) * last as f64;
    let lower = (position.floor() as usize).min(last);
    let upper = (lower + 1).min(last);
    let weight = position - lower as f64;
    if weight == 0.0 {
        // Keeps an infinite neighbour from giving NaN.
        return sorted[lower];
    }
    sorted[lower] + weight * (sorted[upper] - sorted[lower])
}

/// Several quantiles of unsorted values; NaN counts as larger than everything.
#[must_use]
pub fn quantiles<const N: usize>(mut values: Vec<f64>, fractions: [f64; N]) -> [f64; N] {
    values.sort_unstable_by(f64::total_cmp);
    fractions.map(|fraction| quantile(&values, fraction))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_error_of_a_small_mean() {
        // llama.cpp's √((mean of squares − mean²)/(N − 1)) of 1, 2, 3, 2 is √(0.5/3).
        let moments = [1.0, 2.0, 3.0, 2.0].into_iter().collect::<Moments>();
        assert_eq!(moments.mean(), 2.0);
        assert!((moments.standard_error() - (0.5_f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(
            quantiles(vec![4.0, 1.0, 3.0, 2.0], [0.0, 0.5, 0.9, 1.0]),
            [1.0, 2.5, 3.7, 4.0]
        );
        assert_eq!(quantile(&[5.0], 0.99), 5.0);
        assert_eq!(quantile(&[1.0, f64::INFINITY], 0.0), 1.0);
        assert!(quantile(&[], 0.5).is_nan());
    }

    proptest! {
        #[test]
        fn moments_follow_the_two_pass_formula(values in prop::collection::vec(-1e3_f64..1e3, 2..100)) {
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
            let moments = values.into_iter().collect::<Moments>();
            prop_assert!((moments.mean() - mean).abs() < 1e-9);
            prop_assert!((moments.variance() - variance).abs() <= 1e-9 * variance.max(1.0));
        }
    }
}
