//! A model's weights while steps are applied to them, block by block.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Applied, BlockStatistics, Hook, ModifyError, Plan, Statistics, Weight};
use crate::weights::{Pristine, Role, TensorId};

/// One block: the pristine block it came from, and what steps have changed. Cloning shares what is not edited.
#[derive(Debug, Clone)]
pub struct BlockWeights {
    pristine: Arc<Pristine>,
    source: usize,
    place: usize,
    linears: BTreeMap<Role, Arc<Weight>>,
    vectors: BTreeMap<Role, Arc<Vec<f32>>>,
    hooks: Vec<Hook>,
    seed: u64,
}

/// Weights of linear layers, and how many of them are zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Zeros in what was edited.
    pub zeros: u64,
    /// All weights.
    pub weights: u64,
    /// Total bits, scales included.
    pub bits: f64,
}

impl Tally {
    /// Share of the weights that are zero.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "weight counts are far below 2⁵²")]
    pub fn sparsity(&self) -> f64 {
        self.zeros as f64 / self.weights.max(1) as f64
    }

    /// Bits that one weight takes on average.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "weight counts are far below 2⁵²")]
    pub fn bits_per_weight(&self) -> f64 {
        if self.weights > 0 {
            self.bits / self.weights as f64
        } else {
            0.0
        }
    }
}

impl BlockWeights {
    /// The pristine block it came from.
    #[must_use]
    pub fn source(&self) -> usize {
        self.source
    }

    /// Its position in the current arrangement.
    #[must_use]
    pub fn place(&self) -> usize {
        self.place
    }

    /// The seed of all random numbers.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Changes of the forward pass in this block.
    #[must_use]
    pub fn hooks(&self) -> &[Hook] {
        &self.hooks
    }

    /// Whether no step has changed it.
    #[must_use]
    pub fn is_pristine(&self) -> bool {
        self.linears.is_empty() && self.vectors.is_empty() && self.hooks.is_empty()
    }

    /// The linear layers that steps have changed.
    pub fn edited_linears(&self) -> impl Iterator<Item = (Role, &Weight)> {
        self.linears.iter().map(|(role, weight)| (*role, weight.as_ref()))
    }

    /// The norms and biases that steps have changed.
    pub fn edited_vectors(&self) -> impl Iterator<Item = (Role, &[f32])> {
        self.vectors.iter().map(|(role, values)| (*role, values.as_slice()))
    }

    /// The weight of a linear layer as it is now.
    ///
    /// # Errors
    /// If the model has no such layer, or the file can't be read.
    pub fn linear(&self, role: Role) -> Result<Arc<Weight>, ModifyError> {
        if let Some(weight) = self.linears.get(&role) {
            return Ok(Arc::clone(weight));
        }
        let stored = TensorId::in_block(self.source, role);
        let shape = self.pristine.shape(stored)?;
        let id = TensorId::in_block(self.place, role);
        Ok(Arc::new(Weight::dense(id, shape, self.pristine.tensor(stored)?)))
    }

    /// The weight of a linear layer, to be edited.
    ///
    /// # Errors
    /// As [`BlockWeights::linear`].
    pub fn linear_mut(&mut self, role: Role) -> Result<&mut Weight, ModifyError> {
        let weight = self.linear(role)?;
        let kept = self.linears.entry(role).or_insert(weight);
        let weight = Arc::make_mut(kept);
        weight.id = TensorId::in_block(self.place, role);
        Ok(weight)
    }

    /// Edits every linear layer, in the order in which they run.
    ///
    /// # Errors
    /// As [`BlockWeights::linear`], and what `edit` reports.
    pub fn edit_linears(
        &mut self,
        mut edit: impl FnMut(&mut Weight) -> Result<(), ModifyError>,
    ) -> Result<(), ModifyError> {
        Role::LINEARS
            .into_iter()
            .try_for_each(|role| edit(self.linear_mut(role)?))
    }

    /// A norm's gains or a layer's biases, to be edited; `None` where the model has none of this role.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn vector_mut(&mut self, role: Role) -> Result<Option<&mut Vec<f32>>, ModifyError> {
        let stored = TensorId::in_block(self.source, role);
        if !self.vectors.contains_key(&role) {
            if !self.pristine.has(stored) {
                return Ok(None);
            }
            self.vectors.insert(role, Arc::new(self.pristine.tensor(stored)?));
        }
        Ok(self.vectors.get_mut(&role).map(Arc::make_mut))
    }

    /// Counts its linear layers. In unchanged layers, zeros already in the file are not counted.
    pub fn count(&self, tally: &mut Tally) {
        for role in Role::LINEARS {
            let Some(stored) = self.pristine.stored(TensorId::in_block(self.source, role)) else {
                continue;
            };
            let [rows, columns] = stored.shape();
            let count = (rows * columns) as u64;
            #[expect(clippy::cast_precision_loss, reason = "weight counts are far below 2⁵²")]
            let bits_in_file = 8.0 * stored.stored_bytes() as f64;
            tally.weights += count;
            let Some(weight) = self.linears.get(&role) else {
                tally.bits += bits_in_file;
                continue;
            };
            tally.zeros += weight.values().iter().filter(|&&value| value == 0.0).count() as u64;
            tally.bits += weight.bits(bits_in_file);
        }
    }
}

/// All blocks in their current order. Edited weights are kept here only if another step follows.
#[derive(Debug, Clone)]
pub struct ModelWeights {
    blocks: Vec<BlockWeights>,
}

impl ModelWeights {
    /// The untouched model; `seed` is for all random numbers in later steps.
    #[must_use]
    pub fn untouched(pristine: Arc<Pristine>, seed: u64) -> Self {
        let block = |source| BlockWeights {
            pristine: Arc::clone(&pristine),
            source,
            place: source,
            linears: BTreeMap::new(),
            vectors: BTreeMap::new(),
            hooks: Vec::new(),
            seed,
        };
        let blocks = (0..pristine.config().blocks).map(block).collect();
        Self { blocks }
    }

    /// The blocks in order.
    #[must_use]
    pub fn blocks(&self) -> &[BlockWeights] {
        &self.blocks
    }

    /// Plans a step and arranges the blocks accordingly; `statistics` describe the model before it.
    ///
    /// # Errors
    /// If the step does not fit the model, or a tensor can't be read.
    pub fn plan(&mut self, step: &Applied, statistics: &Statistics) -> Result<Plan, ModifyError> {
        let places = step.scope.places(step.method.name(), self.blocks.len())?;
        let plan = step.edit()?.plan(self, &places, statistics)?;
        if let Some(order) = &plan.arrangement {
            let blocks = order.iter().filter_map(|&place| self.blocks.get(place).cloned());
            self.blocks = blocks.collect();
            for (place, block) in self.blocks.iter_mut().enumerate() {
                block.place = place;
            }
        }
        Ok(plan)
    }

    /// The block at `place` after a planned step; the one here stays as it is.
    ///
    /// # Errors
    /// If there is no such block, or the step can't be applied to it.
    pub fn edited(
        &self,
        step: &Applied,
        plan: &Plan,
        place: usize,
        statistics: &BlockStatistics,
    ) -> Result<BlockWeights, ModifyError> {
        let mut block = self.blocks.get(place).cloned().ok_or_else(|| ModifyError::Model {
            method: step.method.name(),
            reason: format!("it has no block {place}"),
        })?;
        if step.scope.contains(place) && !step.method.is_identity() {
            let edit = step.edit()?;
            edit.edit_block(&mut block, plan, statistics)?;
            block.hooks.extend(edit.hooks());
        }
        Ok(block)
    }

    /// Puts an edited block in its place, for the next step.
    pub fn replace(&mut self, block: BlockWeights) {
        if let Some(slot) = self.blocks.get_mut(block.place) {
            *slot = block;
        }
    }

    /// All blocks together.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for block in &self.blocks {
            block.count(&mut tally);
        }
        tally
    }
}
