//! Softmax and log-sum-exp on slices, with the maximum subtracted first and sums in f64.

/// `e^x` for `x ≤ 0` within 2 units in the last place, exactly 0 below −87; NaN stays NaN. Written without branches or
/// calls, so that loops over it become SIMD, on wasm too: a vocabulary is exponentiated for every scored token.
///
/// `x = n·ln 2 + r`; the scale `2ⁿ` is built in the exponent's bits, `e^r` is its Taylor polynomial of degree 7.
#[inline]
#[must_use]
pub fn exp(x: f32) -> f32 {
    // 1.5 · 2²³: adding it leaves the nearest whole number in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let clamped = if x < -87.0 { -87.0 } else { x };
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (clamped - n * LN_2_HIGH) - n * LN_2_LOW;
    let mut p = 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127);
    let y = p * f32::from_bits(exponent << 23);
    if x < -87.0 { 0.0 } else { y }
}

/// Position of the largest value, ties going to the lowest position; `None` where every value is NaN.
#[must_use]
pub fn argmax(values: &[f32]) -> Option<usize> {
    let largest = maximum(values);
    values.iter().position(|&value| value == largest)
}

/// `ln Σ e^x`, NaN where a value is NaN or +∞, −∞ for an empty slice.
#[must_use]
pub fn log_sum_exp(values: &[f32]) -> f64 {
    if values.is_empty() {
        return f64::NEG_INFINITY;
    }
    let largest = maximum(values);
    f64::from(largest) + sum_exp(values, largest).ln()
}

/// `e^x / Σ e^x` for each value.
#[must_use]
pub fn softmax(values: &[f32]) -> Vec<f64> {
    let largest = maximum(values);
    let total = sum_exp(values, largest);
    values
        .iter()
        .map(|&value| f64::from(exp(value - largest)) / total)
        .collect()
}

/// The largest value, NaN ignored; −∞ for an empty slice.
#[must_use]
pub(crate) fn maximum(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(
        f32::NEG_INFINITY,
        |best, &value| if value > best { value } else { best },
    )
}

fn sum_exp(values: &[f32], largest: f32) -> f64 {
    values
        .chunks(256)
        .map(|block| {
            let mut lanes = [0.0_f32; 16];
            let (chunks, rest) = block.as_chunks::<16>();
            for chunk in chunks {
                for (lane, &value) in lanes.iter_mut().zip(chunk) {
                    *lane += exp(value - largest);
                }
            }
            let tail = rest.iter().map(|&value| f64::from(exp(value - largest))).sum::<f64>();
            lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + tail
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rounding of the reduced argument and of eight polynomial steps.
    const EXP_RELATIVE: f64 = 2.5e-7;

    #[test]
    fn exp_follows_the_library() {
        for i in 0..=870_000 {
            let x = -(i as f32) * 1e-4;
            let exact = f64::from(x).exp();
            assert!(
                (f64::from(exp(x)) - exact).abs() <= EXP_RELATIVE * exact,
                "e^{x}: {} against {exact}",
                exp(x)
            );
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-87.1), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn argmax_takes_the_lower_of_equals() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0, 2.0]), Some(1));
        assert_eq!(argmax(&[f32::NAN, 3.0]), Some(1));
        assert_eq!(argmax(&[f32::NAN]), None);
        assert_eq!(argmax(&[]), None);
        let mut long = vec![0.0; 100];
        long[70] = 1.0;
        long[97] = 1.0;
        assert_eq!(argmax(&long), Some(70));
    }

    #[test]
    fn a_damaged_logit_is_not_hidden() {
        assert!(log_sum_exp(&[1.0, f32::NAN]).is_nan());
        assert!(log_sum_exp(&[1.0, f32::INFINITY]).is_nan());
        assert!(log_sum_exp(&[f32::NEG_INFINITY, 0.0]).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn softmax_sums_to_one_and_ignores_a_shift(
            values in prop::collection::vec(-20.0_f32..20.0, 1..600),
            shift in -8_i32..8,
        ) {
            let p = softmax(&values);
            prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-6);
            // Whole shifts of values on a coarse grid are exact in f32.
            let grid = values.iter().map(|v| (v * 16.0).round() / 16.0).collect::<Vec<_>>();
            let moved = grid.iter().map(|v| v + shift as f32).collect::<Vec<_>>();
            prop_assert_eq!(softmax(&grid), softmax(&moved));
        }

        #[test]
        fn log_sum_exp_follows_f64(values in prop::collection::vec(-20.0_f32..20.0, 1..600)) {
            let exact = values.iter().map(|&v| f64::from(v).exp()).sum::<f64>().ln();
            prop_assert!((log_sum_exp(&values) - exact).abs() < 1e-6);
        }
    }
}
