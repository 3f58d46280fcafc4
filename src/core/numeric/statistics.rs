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

    /// Sample variance, divided by `N − 1`; NaN, not known, for fewer than two values.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.count < 2 {
            f64::NAN
        } else {
            self.deviations / (self.count - 1) as f64
        }
    }

    /// Standard error of the mean, `√(variance / N)`; NaN, not known, for fewer than two values.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        (self.variance() / self.count as f64).sqrt()
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

/// Half the width of a 95 % interval of a mean of `count` values, in standard errors: Student's t for `count − 1`
/// degrees of freedom ν; NaN for fewer than two values.
///
/// Exact for ν of 1 and 2; above, `z + (z³ + z)/4ν + …` with four terms (Abramowitz and Stegun 1964, 26.7.5), less than
/// two in a thousand off.
#[must_use]
pub fn student_95(count: usize) -> f64 {
    /// The terms for z = 1.959964.
    const TERMS: [f64; 5] = [1.959_964, 2.372_27, 2.822_50, 2.555_85, 1.589_53];
    match count {
        0 | 1 => f64::NAN,
        2 => 12.706_205,
        3 => 4.302_653,
        _ => {
            let freedom = (count - 1) as f64;
            TERMS.iter().rev().fold(0.0, |sum, term| sum / freedom + term)
        }
    }
}

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
    fn one_value_has_no_error() {
        assert!([1.0].into_iter().collect::<Moments>().standard_error().is_nan());
        assert!(student_95(1).is_nan());
    }

    #[test]
    fn students_t_is_that_of_the_tables() {
        // NIST/SEMATECH e-Handbook, 1.3.6.7.2, upper 0.975, for 1 to 100 degrees of freedom; printed to 0.0005.
        let table = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (7, 2.365),
            (10, 2.228),
            (15, 2.131),
            (31, 2.040),
            (100, 1.984),
        ];
        for (freedom, expected) in table {
            let found = student_95(freedom + 1);
            assert!((found / expected - 1.0_f64).abs() < 2e-3, "{freedom}: {found}");
        }
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
