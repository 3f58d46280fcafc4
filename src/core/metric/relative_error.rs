//! Relative error of a residual stream, over all tokens together.

/// `‖X − X⁰‖_F / ‖X⁰‖_F`, from the squared norms of each token's difference and of its untouched stream. 0 where both
/// are 0; infinite where only the untouched one is.
#[must_use]
pub fn relative_error(differences: &[f32], untouched: &[f32]) -> f64 {
    let sum = |squares: &[f32]| squares.iter().map(|&square| f64::from(square)).sum::<f64>();
    let difference = sum(differences);
    if difference == 0.0 {
        return 0.0;
    }
    (difference / sum(untouched)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worked_example() {
        // X⁰ = [[3, 4], [0, 0]], X = [[3, 4], [6, 8]]: 10 of 5.
        assert_eq!(relative_error(&[0.0, 100.0], &[25.0, 0.0]), 2.0);
    }

    #[test]
    fn no_difference_is_no_error_and_nothing_to_compare_with_is_no_number() {
        assert_eq!(relative_error(&[0.0, 0.0], &[0.0, 4.0]), 0.0);
        assert_eq!(relative_error(&[0.0], &[0.0]), 0.0);
        assert!(!relative_error(&[1.0], &[0.0]).is_finite());
        assert!(relative_error(&[f32::NAN], &[1.0]).is_nan());
    }
}
