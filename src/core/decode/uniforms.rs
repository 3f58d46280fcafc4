//! The random numbers of a generation: one uniform per step.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

use crate::numeric::{Purpose, stream};

/// Uniform numbers in `0..1`, the same for the same seed on every platform.
#[derive(Debug, Clone)]
pub struct Uniforms {
    generator: ChaCha8Rng,
}

impl Uniforms {
    /// The sequence of this seed, from its beginning.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            generator: stream(seed, Purpose::Decoding),
        }
    }

    /// The next number.
    #[expect(
        clippy::should_implement_trait,
        reason = "the sequence has no end, so there is no `None` to handle"
    )]
    pub fn next(&mut self) -> f64 {
        self.generator.random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_seed_never_change() {
        let mut uniforms = Uniforms::new(7);
        let first = [uniforms.next(), uniforms.next()];
        let mut again = Uniforms::new(7);
        assert_eq!([again.next(), again.next()], first);
        assert!(first.iter().all(|u| (0.0..1.0).contains(u)));
        // A link promises the same draws forever; these were printed by this code with rand_chacha 0.9.
        assert_eq!(first.map(|u| (u * 1e6) as u32), [992_108, 9051]);
    }
}
