//! Layer drop: the transformer blocks that change the residual stream least are removed.
//!
//! Block influence `BI_l = 1 − E_t[cos(x_l,t, x_l+1,t)]`, `x_l` the residual stream that enters block `l`, measured
//! once on the calibration text. The `count` blocks with the lowest influence are removed at once, ties going to the
//! lower index; the last block is never removed. The others keep their order.
//!
//! Source: Men et al. 2024, icip-cas/ShortGPT. The last block is left out because the published code measures it after
//! the final norm, so its value is not comparable with the others'.

use std::sync::Arc;

use super::super::catalogue::{Citation, Entry, Family, Kind, Parameter, Unit};
use super::super::{Edit, Method, ModelWeights, ModifyError, Plan, SpecError, StatisticId, Statistics, Step};
use crate::weights::Site;

const NAME: &str = "layer-drop";

/// Its entry in the catalogue.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "Block removal (ShortGPT)",
    family: Family::Depth,
    what: "Removes whole transformer blocks, starting with those whose output points almost the same way as their \
           input. How much each block changes is measured by reading a short calibration text first.",
    why: "A block that changes little on average may change the few words that matter, and later blocks get an input \
          that they were not trained on.",
    formula: "influence of a block = 1 − mean cos(input, output); the `count` blocks with the lowest influence go",
    source: Citation {
        authors: "Men et al.",
        title: "ShortGPT: Layers in Large Language Models are More Redundant Than You Expect",
        year: 2024,
        url: "https://arxiv.org/abs/2403.03853",
    },
    parameters: &[Parameter {
        key: "count",
        label: "transformer blocks to remove",
        term: "removed blocks",
        kind: Kind::Number {
            min: 0.0,
            max: 128.0,
            whole: true,
            default: None,
            sweep: (0.0, 8.0, 9),
            unit: Unit::Count,
        },
    }],
    scoped: false,
    calibrated: true,
    build,
};

/// Removes blocks by influence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerDrop {
    /// How many blocks to remove.
    pub count: usize,
}

fn build(step: &Step) -> Result<Arc<dyn Method>, SpecError> {
    Ok(Arc::new(LayerDrop {
        count: step.whole("count")?,
    }))
}

impl Method for LayerDrop {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_identity(&self) -> bool {
        self.count == 0
    }

    fn needs(&self) -> &'static [StatisticId] {
        &[StatisticId::BlockInfluence]
    }
}

impl Edit for LayerDrop {
    fn plan(&self, model: &ModelWeights, _places: &[usize], statistics: &Statistics) -> Result<Plan, ModifyError> {
        let influence = statistics.of_blocks(StatisticId::BlockInfluence, Site::Residual);
        let arrangement = self.arrangement(model.blocks().len(), influence.as_deref())?;
        Ok(Plan {
            arrangement,
            ..Plan::default()
        })
    }
}

impl LayerDrop {
    fn arrangement(self, blocks: usize, influence: Option<&[f64]>) -> Result<Option<Vec<usize>>, ModifyError> {
        if self.count == 0 {
            return Ok(None);
        }
        let misfit = |reason| ModifyError::Model { method: NAME, reason };
        let droppable = blocks.saturating_sub(1);
        if self.count > droppable {
            return Err(misfit(format!(
                "it has {blocks} blocks and always keeps the last one, so {} can't go; choose at most {droppable}",
                self.count
            )));
        }
        let influence = influence
            .and_then(|all| all.get(..droppable))
            .ok_or_else(|| misfit("the influence of its blocks was not measured".to_owned()))?;
        if let Some(block) = influence.iter().position(|value| value.is_nan()) {
            return Err(misfit(format!(
                "the influence of block {block} is not a number; the file's weights are damaged"
            )));
        }
        // A stable sort, so that ties go to the lower index.
        let mut order = (0..droppable).collect::<Vec<_>>();
        order.sort_by(|&a, &b| influence[a].total_cmp(&influence[b]));
        let dropped = order.get(..self.count).unwrap_or_default();
        Ok(Some((0..=droppable).filter(|block| !dropped.contains(block)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::modify::BlockWeights;
    use crate::modify::testing::{after, model, values_of};

    fn kept(count: usize, influence: &[f64]) -> Vec<usize> {
        LayerDrop { count }
            .arrangement(influence.len(), Some(influence))
            .unwrap()
            .unwrap_or_else(|| (0..influence.len()).collect())
    }

    #[test]
    fn the_least_influential_go_and_the_last_stays() {
        let influence = [0.9, 0.1, 0.3, 0.1, 0.0];
        assert_eq!(kept(0, &influence), [0, 1, 2, 3, 4]);
        assert_eq!(kept(1, &influence), [0, 2, 3, 4]);
        assert_eq!(kept(2, &influence), [0, 2, 4]);
        assert_eq!(kept(4, &influence), [4]);
    }

    #[test]
    fn what_does_not_fit_says_so() {
        let error =
            |count, influence: Option<&[f64]>| LayerDrop { count }.arrangement(5, influence).unwrap_err().to_string();
        assert!(error(5, Some(&[0.0; 5])).contains("at most 4"));
        assert!(error(1, None).contains("not measured"));
        assert!(error(1, Some(&[0.0, f64::NAN, 0.0, 0.0, 0.0])).contains("block 1"));
    }

    #[test]
    fn the_remaining_blocks_keep_their_weights() {
        let before = model(4, |tensor, i| (tensor * 100 + i) as f32);
        let influence = [0.9, 0.1, 0.2, 0.5].map(|value| [(Site::Residual, vec![value])].into());
        let mut statistics = Statistics::default();
        statistics.insert(StatisticId::BlockInfluence, Arc::new(influence.to_vec()));
        let after = after(&before, LayerDrop { count: 2 }, &statistics).unwrap();
        assert_eq!(after.blocks().len(), 2);
        let sources = after.blocks().iter().map(BlockWeights::source);
        assert_eq!(sources.collect::<Vec<_>>(), [0, 3]);
        let all = values_of(&before);
        let block = all.len() / 4;
        assert_eq!(values_of(&after), [&all[..block], &all[3 * block..]].concat());
    }

    proptest! {
        #[test]
        fn removals_are_nested_and_exact(influence in prop::collection::vec(0.0_f64..2.0, 2..40), share in 0.0_f64..1.0) {
            let count = (share * (influence.len() - 1) as f64) as usize;
            let some = kept(count, &influence);
            prop_assert_eq!(some.len(), influence.len() - count);
            prop_assert!(some.windows(2).all(|pair| pair[0] < pair[1]));
            if count + 1 < influence.len() {
                let fewer = kept(count + 1, &influence);
                prop_assert!(fewer.iter().all(|block| some.contains(block)));
            }
        }
    }
}
