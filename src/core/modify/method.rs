//! What every modification method offers.

use std::any::Any;
use std::collections::BTreeMap;

use super::{BlockStatistics, BlockWeights, Hook, ModelWeights, ModifyError, StatisticId, Statistics};
use crate::weights::TensorId;

/// What a method decides once per point, before it edits the first block.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The new order of blocks: for each new position, the current position of the block that moves there. `None` keeps
    /// the order.
    pub arrangement: Option<Vec<usize>>,
    /// The global threshold, where weights of all linear layers compete.
    pub threshold: Option<Threshold>,
}

/// Selects the lowest scores over all linear layers together.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// Weights with a lower score are removed.
    pub score: f32,
    /// How many weights with exactly this score are removed from each tensor (absent: none), chosen in (block,
    /// [`crate::weights::Role::LINEARS`], position) order.
    pub ties: BTreeMap<TensorId, usize>,
}

/// A modification with its parameters filled in: what it needs and whether it does anything. How it does it is [`Edit`].
pub trait Method: Any + std::fmt::Debug + Send + Sync {
    /// The name in the grammar.
    fn name(&self) -> &'static str;

    /// Whether the method leaves any model as it is. Equal weights do not prove this: a method may change only the
    /// forward pass.
    fn is_identity(&self) -> bool;

    /// The statistics that must be collected first.
    fn needs(&self) -> &'static [StatisticId] {
        &[]
    }
}

/// How a method changes a model: it rearranges blocks ([`Edit::plan`]), edits the weights of one block after the other
/// ([`Edit::edit_block`]), changes the forward pass ([`Edit::hooks`]), or several of these. All of these are pure
/// functions of the model before the step and of the calibration statistics.
///
/// Apart from [`Method`], whose table of functions the page has: what only the engine calls would be loaded with it.
pub trait Edit {
    /// Looks at the whole model once. `places` are the positions of the blocks that the step edits; `statistics` are
    /// those of [`Method::needs`] that describe the model before the step.
    ///
    /// # Errors
    /// If the model does not fit the method, or a tensor can't be read.
    fn plan(&self, model: &ModelWeights, places: &[usize], statistics: &Statistics) -> Result<Plan, ModifyError> {
        let (_, _, _) = (model, places, statistics);
        Ok(Plan::default())
    }

    /// Changes one block. `statistics` are this block's, taken from the model before the step or, with sequential
    /// calibration, with the earlier blocks already edited.
    ///
    /// # Errors
    /// If the method can't be applied to it.
    fn edit_block(
        &self,
        block: &mut BlockWeights,
        plan: &Plan,
        statistics: &BlockStatistics,
    ) -> Result<(), ModifyError> {
        let (_, _, _) = (block, plan, statistics);
        Ok(())
    }

    /// The changes to the forward pass of every block that the step edits.
    fn hooks(&self) -> Vec<Hook> {
        Vec::new()
    }
}
