//! The exact-count rule of all pruners: in a comparison group, the `k` weights with the lowest scores become zero, ties
//! going to the lower position.
//!
//! Scores are not negative, so their bits sort as the numbers do; a key is those bits as an integer. A NaN's bits lie
//! above infinity's; it is reported, never ranked.

use super::super::ModifyError;
use crate::numeric::smallest;
use crate::weights::TensorId;

const INFINITY: u32 = 0x7f80_0000;

/// The key of a score's magnitude.
#[inline]
pub(super) fn key(score: f32) -> u32 {
    score.to_bits() & 0x7fff_ffff
}

/// Checks that no key comes from a NaN. `position` is where `keys` begin in the tensor.
///
/// # Errors
/// [`ModifyError::NotANumber`] with the first such position.
pub(super) fn check(keys: &[u32], id: TensorId, position: usize) -> Result<(), ModifyError> {
    if keys.iter().fold(0, |most, &key| most.max(key)) <= INFINITY {
        return Ok(());
    }
    let offset = keys.iter().position(|&key| key > INFINITY).unwrap_or_default();
    Err(ModifyError::NotANumber {
        id,
        position: position + offset,
    })
}

/// In each group of `width` neighbours, sets the `count` weights with the smallest keys to zero. `keys` and `weights`
/// are in the same order; `width` divides their number.
pub(super) fn zero_smallest_of_each(
    width: usize,
    keys: &[u32],
    weights: &mut [f32],
    count: usize,
    scratch: &mut Vec<u32>,
) {
    match width {
        2 => zero_by_rank::<2>(keys, weights, count),
        4 => zero_by_rank::<4>(keys, weights, count),
        8 => zero_by_rank::<8>(keys, weights, count),
        _ => {
            for (keys, weights) in keys.chunks(width.max(1)).zip(weights.chunks_mut(width.max(1))) {
                zero_smallest(keys, weights, count, scratch);
            }
        }
    }
}

/// For many small groups: a weight's rank is the number of weights ordered before it, counted without branches.
fn zero_by_rank<const WIDTH: usize>(keys: &[u32], weights: &mut [f32], count: usize) {
    let (keys, _) = keys.as_chunks::<WIDTH>();
    let (weights, _) = weights.as_chunks_mut::<WIDTH>();
    for (keys, weights) in keys.iter().zip(weights) {
        for i in 0..WIDTH {
            let mut rank = 0;
            for j in 0..WIDTH {
                let before = if j < i { keys[j] <= keys[i] } else { keys[j] < keys[i] };
                rank += usize::from(before);
            }
            weights[i] = if rank < count { 0.0 } else { weights[i] };
        }
    }
}

/// Sets the `count` weights with the smallest keys to zero. `keys` and `weights` are the same group in the same order.
pub(super) fn zero_smallest(keys: &[u32], weights: &mut [f32], count: usize, scratch: &mut Vec<u32>) {
    if count >= keys.len() {
        weights.fill(0.0);
    } else if let Some((threshold, ties)) = smallest(keys, count, scratch) {
        zero_below(keys, weights, threshold, ties);
    }
}

/// Sets to zero the weights whose key is below `threshold`, and the first `ties` of those equal to it.
pub(super) fn zero_below(keys: &[u32], weights: &mut [f32], threshold: u32, ties: usize) {
    for (weight, &key) in weights.iter_mut().zip(keys) {
        *weight = if key < threshold { 0.0 } else { *weight };
    }
    let equal = weights.iter_mut().zip(keys).filter(|(_, key)| **key == threshold);
    for (weight, _) in equal.take(ties) {
        *weight = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::weights::Role;

    #[test]
    fn keys_order_like_magnitudes() {
        let rising = [0.0, f32::from_bits(1), 1e-30, 0.5, 1.0, 3e38, f32::INFINITY];
        for pair in rising.windows(2) {
            assert!(key(pair[0]) < key(-pair[1]) && key(-pair[0]) < key(pair[1]));
        }
    }

    #[test]
    fn a_nan_is_found_and_infinity_is_not_one() {
        let id = TensorId::in_block(3, Role::Gate);
        assert!(check(&[key(f32::INFINITY), 0], id, 0).is_ok());
        let error = check(&[0, key(f32::NAN), key(f32::NAN)], id, 100).unwrap_err();
        assert!(matches!(error, ModifyError::NotANumber { position: 101, .. }));
    }

    proptest! {
        #[test]
        fn exactly_the_smallest_go(
            scores in prop::collection::vec(0_u8..6, 0..40),
            count in 0_usize..45,
        ) {
            let keys = scores.iter().map(|&s| key(f32::from(s))).collect::<Vec<_>>();
            let mut order = (0..keys.len()).collect::<Vec<_>>();
            order.sort_by_key(|&i| keys[i]);
            let mut expected = vec![1.0; keys.len()];
            for &i in order.iter().take(count) {
                expected[i] = 0.0;
            }
            let mut weights = vec![1.0; keys.len()];
            zero_smallest(&keys, &mut weights, count, &mut Vec::new());
            prop_assert_eq!(weights, expected);
        }

        #[test]
        fn small_groups_lose_the_same_as_by_selection(
            scores in prop::collection::vec(0_u8..6, 48),
            count in 0_usize..=8,
        ) {
            let keys = scores.iter().map(|&s| key(f32::from(s))).collect::<Vec<_>>();
            for width in [2, 3, 4, 8] {
                let mut expected = vec![1.0; keys.len()];
                for (keys, weights) in keys.chunks(width).zip(expected.chunks_mut(width)) {
                    zero_smallest(keys, weights, count, &mut Vec::new());
                }
                let mut weights = vec![1.0; keys.len()];
                zero_smallest_of_each(width, &keys, &mut weights, count, &mut Vec::new());
                prop_assert_eq!(&weights, &expected);
            }
        }
    }
}
