//! How far a residual stream's direction changed, token by token.

/// `mean_t x_t·x⁰_t / (‖x_t‖ ‖x⁰_t‖)`, from each token's dot product and the squared lengths of both. Tokens with a
/// zero vector on either side are left out; NaN where no token is left.
#[must_use]
pub fn cosine(dots: &[f32], modified: &[f32], untouched: &[f32]) -> f64 {
    let (mut sum, mut count) = (0.0, 0_u32);
    for ((&dot, &modified), &untouched) in dots.iter().zip(modified).zip(untouched) {
        let lengths = (f64::from(modified) * f64::from(untouched)).sqrt();
        if lengths != 0.0 {
            sum += f64::from(dot) / lengths;
            count += 1;
        }
    }
    sum / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worked_example() {
        // (1, 0)·(1, 1): 1/√2; (0, 2)·(0, 5): 1; the third has no direction.
        let found = cosine(&[1.0, 10.0, 0.0], &[1.0, 4.0, 0.0], &[2.0, 25.0, 1.0]);
        assert!((found - (0.5_f64.sqrt() + 1.0) / 2.0).abs() < 1e-15);
    }

    #[test]
    fn nothing_to_compare_is_no_number() {
        assert!(cosine(&[], &[], &[]).is_nan());
        assert!(cosine(&[0.0], &[0.0], &[1.0]).is_nan());
        assert!(cosine(&[f32::NAN], &[1.0], &[1.0]).is_nan());
    }
}
