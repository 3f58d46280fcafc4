//! Temperature sampling: a token drawn from `softmax(logits / temperature)`.
//!
//! At each step, one uniform number `u` picks the first token, in id order, at which the cumulative probability exceeds
//! `u`. Two models that get the same `u` choose the same token where their probabilities agree, so a difference between
//! their texts comes from the models and not from chance.

use super::greedy;
use crate::numeric::argmax;

/// The next token for a `uniform` in `0..1`; the most likely one at temperature 0 and below, which is the limit as the
/// temperature goes to 0. `None` where a logit is not a number.
#[must_use]
pub fn choose(logits: &[f32], temperature: f64, uniform: f64) -> Option<usize> {
    if logits.iter().any(|logit| logit.is_nan() || *logit == f32::INFINITY) {
        return None;
    }
    // Written so that a NaN temperature is greedy too.
    let warm = temperature > 0.0;
    if !warm {
        return greedy::choose(logits);
    }
    let top = argmax(logits)?;
    let largest = f64::from(logits[top]);
    let weight = |logit: f32| {
        // The most likely token weighs 1 at every temperature, even where the division would give ∞ · 0.
        let below = f64::from(logit) - largest;
        if below == 0.0 { 1.0 } else { (below / temperature).exp() }
    };
    let total = logits.iter().map(|&logit| weight(logit)).sum::<f64>();
    let mut left = uniform.clamp(0.0, 1.0) * total;
    let mut last = top;
    for (token, &logit) in logits.iter().enumerate() {
        let weight = weight(logit);
        if weight > 0.0 {
            last = token;
            if left < weight {
                return Some(token);
            }
        }
        left -= weight;
    }
    // Rounding can leave some probability after the last possible token.
    Some(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::Uniforms;

    #[test]
    fn a_uniform_walks_the_tokens_in_order() {
        // Probabilities .5, .25, .25.
        let logits = [2.0_f32.ln(), 0.0, 0.0];
        for (uniform, token) in [
            (0.0, 0),
            (0.49, 0),
            (0.51, 1),
            (0.74, 1),
            (0.76, 2),
            (0.999, 2),
            (1.0, 2),
        ] {
            assert_eq!(choose(&logits, 1.0, uniform), Some(token), "{uniform}");
        }
    }

    #[test]
    fn cold_is_greedy_and_impossible_tokens_never_come() {
        let logits = [1.0, 3.0, 3.0, 2.0];
        for temperature in [0.0, -1.0, f64::NAN] {
            assert_eq!(choose(&logits, temperature, 0.9), Some(1));
        }
        assert_eq!(choose(&[1.0, 3.0, 2.0], 1e-3, 0.999), Some(1));
        assert_eq!(choose(&[f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY], 1.0, 1.0), Some(1));
        assert_eq!(choose(&[f32::NEG_INFINITY, 0.0], 1.0, 0.0), Some(1));
        assert_eq!(choose(&[0.0, f32::NAN], 1.0, 0.0), None);
        assert_eq!(choose(&[], 1.0, 0.0), None);
    }

    #[test]
    fn shares_follow_the_probabilities() {
        const DRAWS: usize = 20_000;
        let logits = [0.6_f32.ln(), 0.3_f32.ln(), 0.1_f32.ln()];
        let mut uniforms = Uniforms::new(5);
        let mut counts = [0_usize; 3];
        for _ in 0..DRAWS {
            counts[choose(&logits, 1.0, uniforms.next()).unwrap()] += 1;
        }
        for (count, p) in counts.iter().zip([0.6_f64, 0.3, 0.1]) {
            // Four standard errors of a share.
            let bound = 4.0 * (p * (1.0 - p) / DRAWS as f64).sqrt();
            assert!((*count as f64 / DRAWS as f64 - p).abs() < bound, "{counts:?}");
        }
    }

    proptest! {
        #[test]
        fn a_token_is_always_chosen_and_shifts_do_not_matter(
            logits in prop::collection::vec(-16_i32..16, 1..50),
            temperature in 0.05_f64..5.0,
            uniform in 0.0_f64..1.0,
        ) {
            let logits = logits.into_iter().map(|l| l as f32 * 0.5).collect::<Vec<_>>();
            let token = choose(&logits, temperature, uniform);
            prop_assert!(token.is_some_and(|token| token < logits.len()));
            let moved = logits.iter().map(|l| l + 4.0).collect::<Vec<_>>();
            prop_assert_eq!(choose(&moved, temperature, uniform), token);
        }
    }
}
