//! A model's weights after any number of steps, computed on demand.

use std::sync::Arc;

use super::{InputNorms, Matrix, Method, ModifyError, Needs, Survey};
use crate::weights::{ModelConfig, Pristine, Role, TensorId};

/// A recipe: pristine weights, an arrangement of blocks, and steps that edit linear layers. Reading a tensor applies
/// the steps to the pristine values; no edited tensor is stored.
#[derive(Debug, Clone)]
pub struct Modified {
    pristine: Arc<Pristine>,
    blocks: Vec<Block>,
    steps: Vec<Applied>,
}

/// A place in the current arrangement.
#[derive(Debug, Clone)]
struct Block {
    /// Index in the pristine model.
    source: usize,
    /// For each step so far, the place that this block had when the step was applied.
    places: Vec<usize>,
}

#[derive(Debug, Clone)]
struct Applied {
    method: Arc<dyn Method>,
    survey: Survey,
    /// One entry a block of the arrangement that the step works on; empty until calibrated.
    norms: Vec<Option<Arc<InputNorms>>>,
}

impl Modified {
    /// The untouched model.
    #[must_use]
    pub fn untouched(pristine: Arc<Pristine>) -> Self {
        let blocks = (0..pristine.config().blocks)
            .map(|source| Block {
                source,
                places: Vec::new(),
            })
            .collect::<Vec<_>>();
        Self {
            pristine,
            blocks,
            steps: Vec::new(),
        }
    }

    /// Sizes of the modified model: the pristine ones with the present number of blocks.
    #[must_use]
    pub fn config(&self) -> ModelConfig {
        ModelConfig {
            blocks: self.blocks.len(),
            ..self.pristine.config().clone()
        }
    }

    /// The model that this one started from.
    #[must_use]
    pub fn pristine(&self) -> &Arc<Pristine> {
        &self.pristine
    }

    /// For each place, the pristine block that stands there.
    pub fn arrangement(&self) -> impl Iterator<Item = usize> {
        self.blocks.iter().map(|block| block.source)
    }

    /// Adds a step: rearranges blocks and surveys the weights. A method that needs input norms gets them afterwards,
    /// block by block, from [`Modified::calibrate`]; until then its tensors can't be read, and
    /// [`Modified::tensor_before_last`] reads what the step starts from.
    ///
    /// # Errors
    /// Where the method does not fit the model or a tensor can't be read.
    pub fn push(&mut self, method: Arc<dyn Method>, influence: Option<&[f64]>) -> Result<(), ModifyError> {
        if let Some(order) = method.arrange(self.blocks.len(), influence)? {
            self.blocks = order
                .iter()
                .filter_map(|&place| self.blocks.get(place).cloned())
                .collect();
        }
        let survey = method.survey(self)?;
        for (place, block) in self.blocks.iter_mut().enumerate() {
            block.places.push(place);
        }
        self.steps.push(Applied {
            method,
            survey,
            norms: vec![None; self.blocks.len()],
        });
        Ok(())
    }

    /// Gives the last step the input norms of the block at `place`.
    pub fn calibrate(&mut self, place: usize, norms: InputNorms) {
        if let Some(slot) = self.steps.last_mut().and_then(|step| step.norms.get_mut(place)) {
            *slot = Some(Arc::new(norms));
        }
    }

    /// A tensor's values after all steps, row-major; `id` counts blocks in the present arrangement.
    ///
    /// # Errors
    /// Where it can't be read, or a step can't be applied to it.
    pub fn tensor(&self, id: TensorId) -> Result<Vec<f32>, ModifyError> {
        self.after_steps(id, self.steps.len())
    }

    /// A tensor's values as the last step found them.
    ///
    /// # Errors
    /// As [`Modified::tensor`].
    pub fn tensor_before_last(&self, id: TensorId) -> Result<Vec<f32>, ModifyError> {
        self.after_steps(id, self.steps.len().saturating_sub(1))
    }

    /// `[rows, columns]` of a tensor; `id` counts blocks in the present arrangement.
    ///
    /// # Errors
    /// Where the model has no such tensor.
    pub fn shape(&self, id: TensorId) -> Result<[usize; 2], ModifyError> {
        Ok(self.pristine.shape(self.source(id))?)
    }

    fn source(&self, id: TensorId) -> TensorId {
        let block = id
            .block
            .and_then(|place| self.blocks.get(place))
            .map(|block| block.source)
            .or(id.block);
        TensorId { block, ..id }
    }

    /// Bits that a weight of the linear layers takes on average in the format of the last step that changes it, scales
    /// included; as stored in the model's file where no step does.
    #[must_use]
    pub fn bits_per_weight(&self) -> f64 {
        let (mut bits, mut weights) = (0.0, 0.0);
        for block in &self.blocks {
            for role in Role::LINEARS {
                let Some(tensor) = self.pristine.stored(TensorId::in_block(block.source, role)) else {
                    continue;
                };
                let [rows, columns] = tensor.shape();
                #[expect(clippy::cast_precision_loss, reason = "weight counts are far below 2⁵²")]
                let (count, stored) = ((rows * columns) as f64, 8.0 * tensor.stored_bytes() as f64);
                let chosen = self
                    .steps
                    .iter()
                    .rev()
                    .find_map(|step| step.method.bits_per_weight(rows, columns));
                bits += chosen.map_or(stored, |bits| bits * count);
                weights += count;
            }
        }
        if weights > 0.0 { bits / weights } else { 0.0 }
    }

    /// Whether [`Modified::tensor`] gives the pristine values for the linear layers of every block.
    #[must_use]
    pub fn has_pristine_weights(&self) -> bool {
        self.steps.iter().all(|step| !step.method.edits_weights())
    }

    fn after_steps(&self, id: TensorId, steps: usize) -> Result<Vec<f32>, ModifyError> {
        let Some(block) = id.block.and_then(|place| self.blocks.get(place)) else {
            return Ok(self.pristine.tensor(id)?);
        };
        let source = self.source(id);
        let [rows, columns] = self.pristine.shape(source)?;
        let mut values = self.pristine.tensor(source)?;
        if !Role::LINEARS.contains(&id.role) {
            return Ok(values);
        }
        for (step, &place) in self.steps.iter().zip(&block.places).take(steps) {
            if !step.method.edits_weights() {
                continue;
            }
            let id = TensorId::in_block(place, id.role);
            let input_norms = step.norms.get(place).and_then(Option::as_deref);
            if step.method.needs() == Needs::InputNorms && input_norms.is_none() {
                return Err(ModifyError::Uncalibrated {
                    method: step.method.name(),
                    id,
                });
            }
            step.method.edit(
                Matrix {
                    id,
                    rows,
                    columns,
                    values: &mut values,
                    input_norms,
                },
                &step.survey,
            )?;
        }
        Ok(values)
    }
}
