//! What every modification method offers.

use std::collections::BTreeMap;

use super::{BlockStatistics, BlockWeights, Hook, ModelWeights, ModifyError, StatisticId, Statistics};
use crate::weights::TensorId;

/// What a method decides once a point, before it edits the first block.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The new order of blocks: for each new place, the present place of the block that will stand there. `None` leaves all
    /// as they are.
    pub arrangement: Option<Vec<usize>>,
    /// Where all linear layers are compared with each other.
    pub threshold: Option<Threshold>,
}

/// The lowest scores of all linear layers together.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// Scores below it go.
    pub score: f32,
    /// Of those equal to it the first few in (block, [`crate::weights::Role::LINEARS`], position) order: how many in each
    /// tensor where any does.
    pub ties: BTreeMap<TensorId, usize>,
}

/// A modification with its parameters filled in.
///
/// A method rearranges blocks ([`Method::plan`]), edits the weights of one block after the other
/// ([`Method::edit_block`]), changes the forward pass ([`Method::hooks`]), or several of these. All are pure functions of
/// the model before the step and of what calibration has seen.
pub trait Method: std::fmt::Debug + Send + Sync {
    /// The name in the grammar.
    fn name(&self) -> &'static str;

    /// Whether the modified model is the model before, whatever that is. Equal weights are no proof of it: a method may
    /// change the forward pass alone.
    fn is_identity(&self) -> bool;

    /// What must be known of the running model first.
    fn needs(&self) -> &'static [StatisticId] {
        &[]
    }

    /// Looks at the whole model once. `places` are the blocks that the step edits, `statistics` those of
    /// [`Method::needs`] that describe the model before the step.
    ///
    /// # Errors
    /// Where the model does not fit the method, or a tensor can't be read.
    fn plan(&self, model: &ModelWeights, places: &[usize], statistics: &Statistics) -> Result<Plan, ModifyError> {
        let (_, _, _) = (model, places, statistics);
        Ok(Plan::default())
    }

    /// Changes one block. `statistics` are of this block, of the model before the step or, calibrated in sequence, behind the
    /// blocks that the step has edited already.
    ///
    /// # Errors
    /// Where the method can't be applied to it.
    fn edit_block(
        &self,
        block: &mut BlockWeights,
        plan: &Plan,
        statistics: &BlockStatistics,
    ) -> Result<(), ModifyError> {
        let (_, _, _) = (block, plan, statistics);
        Ok(())
    }

    /// What changes in the forward pass of every block that the step edits.
    fn hooks(&self) -> Vec<Hook> {
        Vec::new()
    }
}
