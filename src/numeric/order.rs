//! Order of few keys.

/// The places of `keys` from the lowest key to the highest, equal ones as they stand.
///
/// For tens of keys: points of a curve, blocks of a model. An insertion is as fast there as the library's sort, which is
/// 4 kB of code for each type that it sorts, and every reader of the page loads that.
#[must_use]
pub fn order(keys: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(keys.len());
    for (place, key) in keys.iter().enumerate() {
        let after = order.iter().rposition(|&other| keys[other].total_cmp(key).is_le());
        order.insert(after.map_or(0, |after| after + 1), place);
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    use super::order;

    proptest! {
        #[test]
        fn it_is_the_librarys_stable_order(keys in prop::collection::vec(any::<f64>(), 0..40)) {
            let mut expected = (0..keys.len()).collect::<Vec<_>>();
            expected.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
            prop_assert_eq!(order(&keys), expected);
        }
    }
}
