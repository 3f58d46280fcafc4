//! Linear centred kernel alignment: how similar two sets of activations are, up to rotation and scale.
//!
//! `CKA(X, Y) = ‖X̃ᵀỸ‖_F² / (‖X̃ᵀX̃‖_F ‖ỸᵀỸ‖_F)`, with `X̃`, `Ỹ` centred over the tokens (Kornblith et al. 2019,
//! <https://arxiv.org/abs/1905.00414>). In 0..=1, 1 where one is a rotation and scaling of the other.

/// From `‖X̃ᵀỸ‖_F²`, `‖X̃ᵀX̃‖_F²` and `‖ỸᵀỸ‖_F²`; NaN where one of the sets is constant.
#[must_use]
pub fn cka_of_norms(cross: f64, first: f64, second: f64) -> f64 {
    cross / (first.sqrt() * second.sqrt())
}

/// CKA of activations, row-major with `columns` per token. Costs `columns²` operations per token: for tests and small
/// sets.
#[must_use]
pub fn cka(x: &[f64], y: &[f64], columns: usize) -> f64 {
    let (x, y) = (centred(x, columns), centred(y, columns));
    let norm = |a: &[f64], b: &[f64]| squared_norm_of_product(a, b, columns);
    cka_of_norms(norm(&x, &y), norm(&x, &x), norm(&y, &y))
}

fn centred(x: &[f64], columns: usize) -> Vec<f64> {
    let rows = x.len() / columns.max(1);
    let mut means = vec![0.0; columns];
    for row in x.chunks_exact(columns.max(1)) {
        for (mean, value) in means.iter_mut().zip(row) {
            *mean += value / rows as f64;
        }
    }
    let rows = x.chunks_exact(columns.max(1));
    rows.flat_map(|row| row.iter().zip(&means).map(|(value, mean)| value - mean))
        .collect()
}

/// `‖AᵀB‖_F²`.
fn squared_norm_of_product(a: &[f64], b: &[f64], columns: usize) -> f64 {
    let mut product = vec![0.0; columns * columns];
    for (a, b) in a.chunks_exact(columns).zip(b.chunks_exact(columns)) {
        for (sums, a) in product.chunks_exact_mut(columns).zip(a) {
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum += a * b;
            }
        }
    }
    product.iter().map(|value| value * value).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sums of a few dozen products in f64.
    const ROUNDING: f64 = 1e-9;

    #[test]
    fn a_worked_example() {
        // X̃ = (−1, 0, 1), Ỹ = (1, −2, 1) in one column are orthogonal; Z = (0, 1, 3) has r = 0.9819805 with X, and CKA is r².
        assert!(cka(&[0.0, 1.0, 2.0], &[1.0, -2.0, 1.0], 1).abs() < ROUNDING);
        let r_squared = 27.0 / 28.0;
        assert!((cka(&[0.0, 1.0, 2.0], &[0.0, 1.0, 3.0], 1) - r_squared).abs() < ROUNDING);
    }

    #[test]
    fn what_does_not_vary_is_no_number() {
        assert!(cka(&[1.0, 1.0], &[0.0, 1.0], 1).is_nan());
    }

    proptest! {
        #[test]
        fn rotations_scales_and_shifts_change_nothing(
            x in prop::collection::vec(-2.0_f64..2.0, 24),
            angle in 0.0_f64..6.3,
            scale in 0.1_f64..10.0,
            shift in -5.0_f64..5.0,
        ) {
            let turned: Vec<f64> = x
                .as_chunks::<2>()
                .0
                .iter()
                .flat_map(|[a, b]| [
                    scale * (a * angle.cos() - b * angle.sin()) + shift,
                    scale * (a * angle.sin() + b * angle.cos()),
                ])
                .collect();
            let alike = cka(&x, &turned, 2);
            prop_assert!((alike - 1.0).abs() < ROUNDING, "{alike}");
        }

        #[test]
        fn it_lies_between_0_and_1_either_way_round(
            x in prop::collection::vec(-2.0_f64..2.0, 24),
            y in prop::collection::vec(-2.0_f64..2.0, 24),
        ) {
            let alike = cka(&x, &y, 3);
            prop_assert!((0.0..=1.0 + ROUNDING).contains(&alike));
            prop_assert!((alike - cka(&y, &x, 3)).abs() < ROUNDING);
        }
    }
}
