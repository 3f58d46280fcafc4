//! How relative error grows from block to block.

/// `a_l = r_{l+1} / r_l` between neighbouring sites; NaN where `r_l` is 0.
#[must_use]
pub fn amplification(errors: &[f64]) -> Vec<f64> {
    let ratio = |pair: &[f64; 2]| if pair[0] == 0.0 { f64::NAN } else { pair[1] / pair[0] };
    errors.array_windows::<2>().map(ratio).collect()
}

/// `ln(r_L / r_{f+1})`: from the output of the first modified block `f` to the last site. `errors` has one entry per
/// site, the first one before all blocks. NaN where that block introduced no error.
#[must_use]
pub fn cascade(errors: &[f64], first_modified: usize) -> f64 {
    match (errors.last(), errors.get(first_modified + 1)) {
        (Some(last), Some(&first)) if first > 0.0 => (last / first).ln(),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worked_example() {
        let errors = [0.0, 0.0, 0.1, 0.2, 0.1 * std::f64::consts::E];
        let growth = amplification(&errors);
        assert!(growth[0].is_nan() && growth[1].is_nan());
        assert_eq!(growth[2], 2.0);
        assert_eq!(growth.len(), 4);
        assert!((cascade(&errors, 1) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn where_nothing_was_damaged_there_is_no_cascade() {
        assert!(cascade(&[0.0, 0.0], 0).is_nan());
        assert!(cascade(&[0.0, 0.1], 1).is_nan());
    }
}
