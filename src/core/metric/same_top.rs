//! Same-top rate: the share of positions where both models have the same most likely next token.

/// Share of `true`; NaN where there are no positions.
#[must_use]
pub fn same_top(same: &[bool]) -> f64 {
    same.iter().filter(|&&same| same).count() as f64 / same.len() as f64
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_share() {
        assert_eq!(super::same_top(&[true, false, true, true]), 0.75);
    }
}
