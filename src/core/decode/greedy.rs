//! Greedy decoding: the most likely token, ties go to the lower id.

use crate::numeric::argmax;

/// The next token; `None` where no logit is a number.
#[must_use]
pub fn choose(logits: &[f32]) -> Option<usize> {
    argmax(logits)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lower_of_equals_is_taken() {
        assert_eq!(super::choose(&[0.0, 2.0, 2.0]), Some(1));
        assert_eq!(super::choose(&[]), None);
    }
}
