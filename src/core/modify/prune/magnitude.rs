//! Magnitude pruning: the smallest weights become zero.
//!
//! Score `S_ij = |W_ij|`. In each comparison group `G` the `k = ⌊sparsity · |G|⌋` lowest scores are pruned, ties going
//! to the lower position; kept weights are unchanged. Groups: `row` (the inputs of one output), `layer` (one matrix, as
//! published code does), `global` (all linear layers of the model; ties in (block, role, position) order).
//!
//! Source: Han et al. 2015; group `layer` as `prune_magnitude` of locuslab/wanda, without its off-by-one error (it
//! prunes k + 1 weights and all ties).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::catalogue::{Citation, Entry, Family, Kind, Parameter};
use super::super::{
    BlockStatistics, BlockWeights, Edit, Method, ModelWeights, ModifyError, Plan, SpecError, Statistics, Step,
    Threshold,
};
use super::{SPARSITY, mask};
use crate::numeric::share_of;
use crate::weights::Role;

const NAME: &str = "magnitude";

/// Its entry in the catalogue.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "Magnitude pruning",
    family: Family::Pruning,
    what: "Sets the weights that are closest to zero to exactly zero. It looks at the weights only, never at a text.",
    why: "A small weight can still matter where its input is large, and this method cannot see that.",
    formula: "score = |W|; in each group of n weights the ⌊sparsity · n⌋ smallest become 0",
    source: Citation {
        authors: "Han et al.",
        title: "Learning both Weights and Connections for Efficient Neural Networks",
        year: 2015,
        url: "https://arxiv.org/abs/1506.02626",
    },
    parameters: &[
        SPARSITY,
        Parameter {
            key: "group",
            label: "which weights compete with each other",
            term: "comparison group",
            kind: Kind::Choice {
                options: &[
                    ("row", "the inputs of one output"),
                    ("layer", "one weight matrix"),
                    ("global", "the whole model"),
                ],
                default: "layer",
            },
        },
    ],
    scoped: true,
    calibrated: false,
    build,
};

/// Which weights compete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Each output row by itself.
    Row,
    /// Each matrix by itself.
    Layer,
    /// All linear layers together.
    Global,
}

/// Magnitude pruning at one sparsity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Magnitude {
    /// Share of each group that is set to zero, 0 to 1.
    pub sparsity: f64,
    /// Which weights compete.
    pub group: Group,
}

fn build(step: &Step) -> Result<Arc<dyn Method>, SpecError> {
    Ok(Arc::new(Magnitude {
        sparsity: step.number("sparsity")?,
        group: match step.word("group")?.as_str() {
            "row" => Group::Row,
            "global" => Group::Global,
            _ => Group::Layer,
        },
    }))
}

impl Method for Magnitude {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_identity(&self) -> bool {
        self.sparsity == 0.0
    }
}

impl Edit for Magnitude {
    fn plan(&self, model: &ModelWeights, places: &[usize], _statistics: &Statistics) -> Result<Plan, ModifyError> {
        let threshold = match self.group {
            Group::Global if !self.is_identity() => threshold(self.sparsity, model, places)?,
            Group::Global | Group::Row | Group::Layer => None,
        };
        Ok(Plan {
            threshold,
            ..Plan::default()
        })
    }

    fn edit_block(
        &self,
        block: &mut BlockWeights,
        plan: &Plan,
        _statistics: &BlockStatistics,
    ) -> Result<(), ModifyError> {
        let mut scratch = Vec::new();
        block.edit_linears(|weight| {
            let (id, columns) = (weight.id, weight.columns);
            let values = weight.values_mut();
            let keys = values.iter().map(|&w| mask::key(w)).collect::<Vec<_>>();
            mask::check(&keys, id, 0)?;
            match (self.group, &plan.threshold) {
                (Group::Layer, _) => {
                    let count = share_of(self.sparsity, values.len());
                    mask::zero_smallest(&keys, values, count, &mut scratch);
                }
                (Group::Row, _) => {
                    let count = share_of(self.sparsity, columns);
                    mask::zero_smallest_of_each(columns, &keys, values, count, &mut scratch);
                }
                (Group::Global, Some(threshold)) => {
                    let ties = threshold.ties.get(&id).copied().unwrap_or_default();
                    mask::zero_below(&keys, values, mask::key(threshold.score), ties);
                }
                // The share rounds down to no weight at all.
                (Group::Global, None) => {}
            }
            Ok(())
        })
    }
}

/// The exact threshold over all linear layers, in three passes that hold one tensor at a time: a histogram of the upper
/// 16 bits of the keys, one of the lower 16 bits within the bin of the k-th smallest key, then the ties.
fn threshold(sparsity: f64, model: &ModelWeights, places: &[usize]) -> Result<Option<Threshold>, ModifyError> {
    let layers = || {
        let blocks = places.iter().filter_map(|&place| model.blocks().get(place));
        blocks.flat_map(|block| Role::LINEARS.map(|role| block.linear(role)))
    };

    let mut upper = vec![0_usize; 1 << 16];
    let mut size = 0;
    for layer in layers() {
        let layer = layer?;
        let values = layer.values();
        size += values.len();
        for (position, &weight) in values.iter().enumerate() {
            if weight.is_nan() {
                return Err(ModifyError::NotANumber { id: layer.id, position });
            }
            upper[(mask::key(weight) >> 16) as usize] += 1;
        }
    }
    let Some(last) = share_of(sparsity, size).checked_sub(1) else {
        return Ok(None);
    };
    let (bin, last_in_bin) = bin_of(&upper, last);

    let mut lower = vec![0_usize; 1 << 16];
    for layer in layers() {
        for &weight in layer?.values().iter() {
            let key = mask::key(weight);
            if (key >> 16) as usize == bin {
                lower[(key & 0xffff) as usize] += 1;
            }
        }
    }
    let (rest, last_of_equals) = bin_of(&lower, last_in_bin);
    let threshold = ((bin << 16) | rest) as u32;

    let mut left = last_of_equals + 1;
    let mut ties = BTreeMap::new();
    for layer in layers() {
        if left == 0 {
            break;
        }
        let layer = layer?;
        let values = layer.values();
        let equal = values.iter().filter(|&&weight| mask::key(weight) == threshold).count();
        let taken = equal.min(left);
        if taken > 0 {
            ties.insert(layer.id, taken);
            left -= taken;
        }
    }
    Ok(Some(Threshold {
        score: f32::from_bits(threshold),
        ties,
    }))
}

/// The bin that holds the element of this rank (from 0), and its rank within the bin.
fn bin_of(counts: &[usize], mut rank: usize) -> (usize, usize) {
    for (bin, &count) in counts.iter().enumerate() {
        if rank < count {
            return (bin, rank);
        }
        rank -= count;
    }
    (counts.len().saturating_sub(1), 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::modify::testing::{after, edited, model, values_of};

    fn pruned(group: Group, sparsity: f64, columns: usize, values: &[f32]) -> Vec<f32> {
        edited(&Magnitude { sparsity, group }, columns, values).unwrap()
    }

    fn globally(sparsity: f64, model: &ModelWeights) -> ModelWeights {
        let group = Group::Global;
        after(model, Magnitude { sparsity, group }, &Statistics::default()).unwrap()
    }

    fn zeros(values: &[f32]) -> usize {
        values.iter().filter(|v| **v == 0.0).count()
    }

    #[test]
    fn a_worked_example() {
        // The matrix W of the worked examples.
        let w = [1.0, -2.0, 3.0, 0.5, 0.2, -0.1, 4.0, -1.0];
        assert_eq!(
            pruned(Group::Row, 0.5, 4, &w),
            [0.0, -2.0, 3.0, 0.0, 0.0, 0.0, 4.0, -1.0]
        );
        // |1| and |−1| tie for the fourth place: the lower position goes.
        assert_eq!(
            pruned(Group::Layer, 0.5, 4, &w),
            [0.0, -2.0, 3.0, 0.0, 0.0, 0.0, 4.0, -1.0]
        );
        assert_eq!(
            pruned(Group::Layer, 0.25, 4, &w),
            [1.0, -2.0, 3.0, 0.5, 0.0, 0.0, 4.0, -1.0]
        );
    }

    #[test]
    fn a_nan_is_an_error() {
        let method = Magnitude {
            sparsity: 0.5,
            group: Group::Row,
        };
        let error = edited(&method, 3, &[1.0, f32::NAN, 2.0]).unwrap_err();
        assert!(matches!(error, ModifyError::NotANumber { position: 1, .. }));
    }

    #[test]
    fn global_takes_the_smallest_of_the_model_and_breaks_ties_in_order() {
        // Twenty-eight linear layers of 16 equal weights each: everything ties, so the first tensors are emptied first.
        let all = values_of(&globally(0.4, &model(4, |_, _| 1.0)));
        let gone = share_of(0.4, all.len());
        assert!(all[..gone].iter().all(|v| *v == 0.0));
        assert!(all[gone..].iter().all(|v| *v == 1.0));
    }

    #[test]
    fn global_works_on_what_earlier_steps_left() {
        let before = model(3, |tensor, i| (tensor * 31 + i * 17 % 97) as f32 - 20.0);
        let all = values_of(&globally(0.6, &globally(0.3, &before)));
        assert_eq!(zeros(&all), share_of(0.6, all.len()));
    }

    proptest! {
        #[test]
        fn global_equals_one_sort(seed in prop::collection::vec(-6_i8..6, 64), percent in 0_u32..=100) {
            let sparsity = f64::from(percent) / 100.0;
            let weights = model(2, |tensor, i| f32::from(seed[(tensor * 13 + i) % 64]) * 0.25);
            let before = values_of(&weights);
            let mut order = (0..before.len()).collect::<Vec<_>>();
            order.sort_by(|&a, &b| before[a].abs().total_cmp(&before[b].abs()));
            let mut expected = before.clone();
            for &i in order.iter().take(share_of(sparsity, before.len())) {
                expected[i] = 0.0;
            }
            prop_assert_eq!(values_of(&globally(sparsity, &weights)), expected);
        }

        #[test]
        fn the_smallest_go_and_the_rest_stays(
            values in prop::collection::vec(-4.0_f32..4.0, 60),
            percent in 0_u32..=100,
            layer in any::<bool>(),
        ) {
            let sparsity = f64::from(percent) / 100.0;
            let (group, size) = if layer { (Group::Layer, 60) } else { (Group::Row, 12) };
            let out = pruned(group, sparsity, 12, &values);
            for (before, after) in values.chunks(size).zip(out.chunks(size)) {
                prop_assert!(zeros(after) >= share_of(sparsity, size));
                let kept = after.iter().filter(|v| **v != 0.0).fold(f32::INFINITY, |m, v| m.min(v.abs()));
                for (b, a) in before.iter().zip(after) {
                    prop_assert!(a == b || (*a == 0.0 && b.abs() <= kept));
                }
            }
            if percent == 0 {
                prop_assert_eq!(&out, &values);
            }
            // Signs don't matter.
            let flipped = values.iter().map(|v| -v).collect::<Vec<_>>();
            prop_assert_eq!(
                pruned(group, sparsity, 12, &flipped),
                out.iter().map(|v| if *v == 0.0 { 0.0 } else { -v }).collect::<Vec<_>>()
            );
            // Scaling by a power of two changes no comparison.
            let scaled = values.iter().map(|v| v * 8.0).collect::<Vec<_>>();
            prop_assert_eq!(
                pruned(group, sparsity, 12, &scaled),
                out.iter().map(|v| v * 8.0).collect::<Vec<_>>()
            );
            // More sparsity never brings a weight back.
            let more = pruned(group, (sparsity + 0.1).min(1.0), 12, &values);
            prop_assert!(out.iter().zip(&more).all(|(a, b)| *a != 0.0 || *b == 0.0));
        }
    }
}
