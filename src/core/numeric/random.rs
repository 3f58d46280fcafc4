//! Seeded random numbers: the same seed gives the same numbers on every platform, and each purpose has its own stream,
//! so that drawing more for one never shifts another.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// What random numbers are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Choosing the next token; in a side-by-side generation, each model starts this stream from its beginning.
    Decoding,
}

/// The stream of this seed and purpose, from its beginning.
#[must_use]
pub fn stream(seed: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    // Links depend on these stream numbers: never renumber them.
    generator.set_stream(match purpose {
        Purpose::Decoding => 1,
    });
    generator
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;

    fn first(seed: u64, purpose: Purpose) -> Vec<u64> {
        let mut generator = stream(seed, purpose);
        (0..4).map(|_| generator.random()).collect()
    }

    #[test]
    fn a_seed_repeats_and_a_purpose_has_its_own_stream() {
        assert_eq!(first(7, Purpose::Decoding), first(7, Purpose::Decoding));
        assert_ne!(first(7, Purpose::Decoding), first(8, Purpose::Decoding));
        // A purpose's stream is not the generator's own first one.
        let mut plain = ChaCha8Rng::seed_from_u64(7);
        assert_ne!(first(7, Purpose::Decoding)[0], plain.random::<u64>());
    }
}
