//! Random pruning: randomly drawn weights become zero, whatever their values.
//!
//! Score `u_i ~ U(0, 1)` of each weight `i` of a matrix, row-major, from ChaCha with 8 rounds, keyed by the SHA-256 of
//! the seed and the tensor's name: weight `i` gets the `i`-th word. In each matrix the `⌊sparsity · n⌋` lowest scores
//! are pruned, ties going to the lower position; kept weights are unchanged. More sparsity never brings a weight back.
//!
//! Source: the baseline of Gale et al. 2019; Bernstein 2008 for ChaCha.

use std::sync::Arc;

use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest as _, Sha256};

use super::super::catalogue::{Citation, Entry, Family};
use super::super::{BlockStatistics, BlockWeights, Edit, Method, ModifyError, Plan, SpecError, Step, Weight};
use super::{SPARSITY, mask};
use crate::numeric::share_of;

const NAME: &str = "random";

/// Its entry in the catalogue.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "Random pruning",
    family: Family::Pruning,
    what: "Sets randomly chosen weights to zero. It is what every other pruner has to beat.",
    why: "Chance spares neither large weights nor those that see large inputs.",
    formula: "score = u, drawn evenly from 0 to 1 for each weight by the seed; of each matrix of n weights the \
              ⌊sparsity · n⌋ lowest become 0",
    source: Citation {
        authors: "Gale et al.",
        title: "The State of Sparsity in Deep Neural Networks",
        year: 2019,
        url: "https://arxiv.org/abs/1902.09574",
    },
    parameters: &[SPARSITY],
    scoped: true,
    calibrated: false,
    build,
};

/// Random pruning at one sparsity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Random {
    /// Share of each matrix that is set to zero, 0 to 1.
    pub sparsity: f64,
}

fn build(step: &Step) -> Result<Arc<dyn Method>, SpecError> {
    Ok(Arc::new(Random {
        sparsity: step.number("sparsity")?,
    }))
}

impl Method for Random {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_identity(&self) -> bool {
        self.sparsity == 0.0
    }
}

impl Edit for Random {
    fn edit_block(
        &self,
        block: &mut BlockWeights,
        _plan: &Plan,
        _statistics: &BlockStatistics,
    ) -> Result<(), ModifyError> {
        let seed = block.seed();
        block.edit_linears(|weight| {
            self.prune(weight, seed);
            Ok(())
        })
    }
}

impl Random {
    fn prune(self, weight: &mut Weight, seed: u64) {
        let name = weight.id.to_string();
        let key = Sha256::new()
            .chain_update(seed.to_le_bytes())
            .chain_update(name)
            .finalize();
        let mut generator = ChaCha8Rng::from_seed(key.into());
        let values = weight.values_mut();
        let scores = values.iter().map(|_| generator.next_u32()).collect::<Vec<_>>();
        mask::zero_smallest(&scores, values, share_of(self.sparsity, scores.len()), &mut Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::modify::testing::{gate, model, modified, values_of};

    fn pruned(sparsity: f64, seed: u64, values: &[f32]) -> Vec<f32> {
        let mut weight = gate(values.len() / 4, values);
        Random { sparsity }.prune(&mut weight, seed);
        weight.values().into_owned()
    }

    /// Which weights survive in a model whose weights are all 1.
    fn kept(spec: &str) -> Vec<bool> {
        let after = modified(&model(2, |_, _| 1.0), &spec.parse().unwrap()).unwrap();
        values_of(&after).iter().map(|&weight| weight != 0.0).collect()
    }

    #[test]
    fn the_lowest_words_of_the_generator_go() {
        // ChaCha8's first words under the key SHA-256(eight zero bytes, "block 0 Gate"), from a Python version of
        // Bernstein's definition: 464192929 3955999612 3404731714 2557541409 1376896688 2684652871 1051084124
        // 828712756.
        assert_eq!(pruned(0.25, 0, &[1.0; 8]), [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn each_tensor_and_each_seed_has_a_mask_of_its_own() {
        let masks = kept("random:sparsity=0.5");
        for (i, one) in masks.chunks(16).enumerate() {
            assert_eq!(one.iter().filter(|kept| **kept).count(), 8);
            assert!(masks.chunks(16).skip(i + 1).all(|other| other != one));
        }
        let ones = [1.0; 64];
        assert_eq!(pruned(0.5, 7, &ones), pruned(0.5, 7, &ones));
        assert_ne!(pruned(0.5, 7, &ones), pruned(0.5, 8, &ones));
    }

    proptest! {
        #[test]
        fn masks_are_exact_and_nested_and_blind_to_values(
            values in prop::collection::vec(0.5_f32..4.0, 64),
            percent in 0_u32..=90,
            seed in any::<u64>(),
        ) {
            let sparsity = f64::from(percent) / 100.0;
            let out = pruned(sparsity, seed, &values);
            prop_assert_eq!(out.iter().filter(|w| **w == 0.0).count(), share_of(sparsity, 64));
            let more = pruned(sparsity + 0.1, seed, &values);
            let ones = pruned(sparsity, seed, &[1.0; 64]);
            for (((before, after), fewer), one) in values.iter().zip(&out).zip(&more).zip(&ones) {
                prop_assert!(*after == 0.0 || after == before);
                prop_assert!(*after != 0.0 || *fewer == 0.0);
                prop_assert_eq!(*after == 0.0, *one == 0.0);
            }
        }
    }
}
