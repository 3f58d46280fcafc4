//! Choosing exactly the k smallest of a group, without sorting it.

/// `⌊share · size⌋`, where a product that only floating point keeps from being whole counts as whole: 0.29 of 100
/// is 29. `share` is taken into 0..=1.
#[must_use]
pub fn share_of(share: f64, size: usize) -> usize {
    let product = share.clamp(0.0, 1.0) * size as f64;
    let nearest = product.round();
    // A decimal share is stored within ε/2 and the product is rounded once more.
    let count = if (product - nearest).abs() <= 2.0 * f64::EPSILON * product {
        nearest
    } else {
        product.floor()
    };
    // In range: 0 ≤ count ≤ size; NaN becomes 0.
    (count as usize).min(size)
}

/// Which keys are the `count` smallest in the total order (key, position): all keys below `.0`, and of those equal to
/// it the first `.1`. `scratch` is overwritten; hand the same one in again to save allocations.
///
/// `None` where nothing is chosen.
#[must_use]
pub fn smallest(keys: &[u32], count: usize, scratch: &mut Vec<u32>) -> Option<(u32, usize)> {
    let last = count.min(keys.len()).checked_sub(1)?;
    scratch.clear();
    scratch.extend_from_slice(keys);
    let (below, &mut threshold, _) = scratch.select_nth_unstable(last);
    let less = below.iter().filter(|&&key| key < threshold).count();
    Some((threshold, last + 1 - less))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_are_exact_where_decimals_are() {
        assert_eq!(share_of(0.29, 100), 29);
        assert_eq!(share_of(0.3, 10), 3);
        assert_eq!(share_of(0.57, 100), 57);
        assert_eq!(share_of(0.3, 331_776), 99_532);
        assert_eq!(share_of(0.999, 10), 9);
        assert_eq!(share_of(0.333_333_333_33, 3), 0);
        assert_eq!(share_of(0.0, 10), 0);
        assert_eq!(share_of(1.0, 10), 10);
        assert_eq!(share_of(f64::NAN, 10), 0);
    }

    proptest! {
        #[test]
        fn decimal_shares_match_integer_arithmetic(thousandths in 0_u64..=1000, size in 0_usize..2_000_000) {
            let expected = (thousandths * size as u64 / 1000) as usize;
            prop_assert_eq!(share_of(thousandths as f64 / 1000.0, size), expected);
        }

        #[test]
        fn selection_equals_a_stable_sort(keys in prop::collection::vec(0_u32..20, 0..60), count in 0_usize..70) {
            let mut order = (0..keys.len()).collect::<Vec<_>>();
            order.sort_by_key(|&i| keys[i]);
            let mut expected = order.into_iter().take(count).collect::<Vec<_>>();
            expected.sort_unstable();
            let chosen = match smallest(&keys, count, &mut Vec::new()) {
                None => Vec::new(),
                Some((threshold, mut ties)) => (0..keys.len())
                    .filter(|&i| {
                        let tie = keys[i] == threshold && ties > 0;
                        ties -= usize::from(tie);
                        keys[i] < threshold || tie
                    })
                    .collect(),
            };
            prop_assert_eq!(chosen, expected);
        }
    }
}
