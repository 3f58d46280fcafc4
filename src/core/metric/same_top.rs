//! Same-top rate: the share of positions where both models have the same most likely next token.

use super::between_windows::standard_error;

/// Share of `true` and its standard error, over `windows` windows of the same length; NaN where there are no positions.
#[must_use]
pub fn same_top(same: &[bool], windows: usize) -> (f64, f64) {
    let values: Vec<f64> = same.iter().map(|&same| f64::from(u8::from(same))).collect();
    (
        values.iter().sum::<f64>() / values.len() as f64,
        standard_error(&values, windows),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_share() {
        let (share, error) = super::same_top(&[true, false, true, true], 2);
        assert_eq!((share, error), (0.75, 0.25));
    }
}
