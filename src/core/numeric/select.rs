//! Choosing exactly the k smallest of a group, without sorting it.

/// `⌊share · size⌋`, where a product that floating-point error alone keeps from being whole counts as whole: 0.29 of
/// 100 is 29. `share` is clamped to 0..=1.
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

/// Which keys are the `count` smallest in the total order (key, position): all keys below `.0`, and the first `.1` of
/// those equal to it. `scratch` is overwritten; pass the same one again to save allocations.
///
/// `None` where nothing is chosen.
#[must_use]
pub fn smallest(keys: &[u32], count: usize, scratch: &mut Vec<u32>) -> Option<(u32, usize)> {
    let last = count.min(keys.len()).checked_sub(1)?;
    scratch.clear();
    let rank = if keys.len() < MANY {
        scratch.extend_from_slice(keys);
        last
    } else {
        let (bin, rank) = bin_of_rank(keys, last);
        scratch.extend(keys.iter().filter(|&&key| key >> BIN_SHIFT == bin));
        rank
    };
    let (below, &mut threshold, _) = scratch.select_nth_unstable(rank);
    let less = below.iter().filter(|&&key| key < threshold).count();
    Some((threshold, rank + 1 - less))
}

/// From this many keys on, it is faster to count keys by bin first and then select only among those near the threshold.
const MANY: usize = 1 << 14;
/// Bins are the upper 15 bits: for an f32's magnitude, a bin is 1/128 of a power of two wide.
const BIN_SHIFT: u32 = 17;

/// The bin that holds the key of this rank, and its rank within the bin.
fn bin_of_rank(keys: &[u32], mut rank: usize) -> (u32, usize) {
    // Neighbouring keys often share a bin; two alternating counters keep an addition from waiting for the previous one.
    let mut counts = [vec![0_u32; 1 << (32 - BIN_SHIFT)], vec![0_u32; 1 << (32 - BIN_SHIFT)]];
    let (pairs, rest) = keys.as_chunks::<2>();
    for &[a, b] in pairs {
        counts[0][(a >> BIN_SHIFT) as usize] += 1;
        counts[1][(b >> BIN_SHIFT) as usize] += 1;
    }
    for &key in rest {
        counts[0][(key >> BIN_SHIFT) as usize] += 1;
    }
    let [even, odd] = &counts;
    for (bin, (even, odd)) in (0_u32..).zip(even.iter().zip(odd)) {
        let count = (*even + *odd) as usize;
        if rank < count {
            return (bin, rank);
        }
        rank -= count;
    }
    // Not reached: a rank is below the number of keys.
    (0, 0)
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

    #[test]
    fn many_keys_are_selected_as_few_are() {
        // 40,000 keys over the whole range and 40,000 on 50 values, from a fixed generator.
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state
        };
        let wide = (0..40_001).map(|_| next()).collect::<Vec<_>>();
        let tied = (0..40_001).map(|_| (next() >> 8) % 50).collect::<Vec<_>>();
        for keys in [wide, tied] {
            let mut sorted = keys.clone();
            sorted.sort_unstable();
            for count in [1, 2, 13_000, 20_000, 40_000, 40_001, 50_000] {
                let threshold = sorted[count.min(keys.len()) - 1];
                let less = sorted.partition_point(|&key| key < threshold);
                let expected = Some((threshold, count.min(keys.len()) - less));
                assert_eq!(smallest(&keys, count, &mut Vec::new()), expected, "{count}");
            }
        }
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
