//! Duplicate: transformer blocks repeated in place.
//!
//! Each chosen block is followed by `repeat` copies of itself with the same weights: blocks 0 1 2 3 with `blocks=1-2`
//! become 0 1 1 2 2 3. Nothing is trained afterwards, so this measures the damage done by running a block twice; it
//! does not preserve the function. In the KV cache, copies are separate blocks.
//!
//! Source: the simplest form of depth up-scaling, Kim et al. 2023 (SOLAR), which repeats spans of blocks and then
//! continues training.

use std::sync::Arc;

use super::super::catalogue::{Citation, Entry, Family, Kind, Parameter, Unit};
use super::super::{Edit, Method, ModelWeights, ModifyError, Plan, SpecError, Statistics, Step};

const NAME: &str = "duplicate";

/// Its entry in the catalogue.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "Block repetition",
    family: Family::Depth,
    what: "Makes the model deeper: a transformer block is followed by copies of itself. No weight changes, and nothing \
           is trained afterwards.",
    why: "The copy does its work a second time on an input that it has already changed, and later blocks never saw \
          such an input.",
    formula: "… b₁₄ b₁₅ b₁₆ … becomes … b₁₄ b₁₅ b₁₅ b₁₆ …",
    source: Citation {
        authors: "Kim et al.",
        title: "SOLAR 10.7B: Scaling Large Language Models with Simple yet Effective Depth Up-Scaling",
        year: 2023,
        url: "https://arxiv.org/abs/2312.15166",
    },
    parameters: &[
        Parameter {
            key: "repeat",
            label: "copies that follow each chosen block",
            term: "extra copies",
            kind: Kind::Number {
                min: 0.0,
                max: 16.0,
                whole: true,
                default: Some(1.0),
                sweep: (0.0, 8.0, 9),
                unit: Unit::Count,
            },
        },
        Parameter {
            key: "blocks",
            label: "which block, or span of blocks, counted from 0",
            term: "blocks",
            kind: Kind::Blocks,
        },
    ],
    scoped: false,
    calibrated: false,
    build,
};

/// Repeats blocks in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// First and last block; `None`: the middle one, `⌊blocks/2⌋`.
    pub blocks: Option<(usize, usize)>,
    /// Copies after each chosen block.
    pub repeat: usize,
}

fn build(step: &Step) -> Result<Arc<dyn Method>, SpecError> {
    Ok(Arc::new(Duplicate {
        blocks: step.blocks("blocks")?,
        repeat: step.whole("repeat")?,
    }))
}

impl Method for Duplicate {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_identity(&self) -> bool {
        self.repeat == 0
    }
}

impl Edit for Duplicate {
    fn plan(&self, model: &ModelWeights, _places: &[usize], _statistics: &Statistics) -> Result<Plan, ModifyError> {
        let arrangement = self.arrangement(model.blocks().len())?;
        Ok(Plan {
            arrangement,
            ..Plan::default()
        })
    }
}

impl Duplicate {
    fn arrangement(self, blocks: usize) -> Result<Option<Vec<usize>>, ModifyError> {
        let (first, last) = self.blocks.unwrap_or((blocks / 2, blocks / 2));
        if last >= blocks {
            return Err(ModifyError::Model {
                method: NAME,
                reason: format!(
                    "it has {blocks} blocks, counted from 0, so there is no block {last}; choose at most {}",
                    blocks.saturating_sub(1)
                ),
            });
        }
        if self.repeat == 0 {
            return Ok(None);
        }
        let times = |block| {
            if (first..=last).contains(&block) {
                1 + self.repeat
            } else {
                1
            }
        };
        Ok(Some(
            (0..blocks)
                .flat_map(|block| std::iter::repeat_n(block, times(block)))
                .collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modify::BlockWeights;
    use crate::modify::testing::{after, model, values_of};

    fn order(blocks: Option<(usize, usize)>, repeat: usize) -> Option<Vec<usize>> {
        Duplicate { blocks, repeat }.arrangement(4).unwrap()
    }

    #[test]
    fn copies_stand_right_after_their_block() {
        assert_eq!(order(Some((1, 1)), 1), Some(vec![0, 1, 1, 2, 3]));
        assert_eq!(order(Some((1, 2)), 1), Some(vec![0, 1, 1, 2, 2, 3]));
        assert_eq!(order(Some((3, 3)), 2), Some(vec![0, 1, 2, 3, 3, 3]));
        assert_eq!(order(None, 1), Some(vec![0, 1, 2, 2, 3]));
        assert_eq!(order(Some((1, 2)), 0), None);
    }

    #[test]
    fn a_block_beyond_the_model_says_so() {
        for repeat in [0, 1] {
            let method = Duplicate {
                blocks: Some((2, 4)),
                repeat,
            };
            let error = method.arrangement(4).unwrap_err().to_string();
            assert!(error.contains("no block 4") && error.contains("at most 3"), "{error}");
        }
    }

    #[test]
    fn copies_have_the_same_weights_and_no_copy_changes_nothing() {
        let before = model(4, |tensor, i| (tensor * 100 + i) as f32);
        let with = |repeat| {
            let blocks = Some((1, 1));
            after(&before, Duplicate { blocks, repeat }, &Statistics::default()).unwrap()
        };
        assert_eq!(with(2).blocks().len(), 6);
        assert!(with(2).blocks().iter().all(BlockWeights::is_pristine));
        let (all, longer) = (values_of(&before), values_of(&with(2)));
        let block = all.len() / 4;
        for copy in 1..4 {
            assert_eq!(longer[copy * block..][..block], all[block..2 * block]);
        }
        assert_eq!(values_of(&with(0)), all);
    }
}
