//! What every modification method offers.

use std::collections::BTreeMap;

use super::{Modified, ModifyError};
use crate::weights::{Site, TensorId};

/// What a method must see of the running model before it can edit weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing but the weights.
    Nothing,
    /// [`InputNorms`] of each block.
    InputNorms,
    /// The block influence of each block.
    BlockInfluence,
}

/// Sum over calibration tokens of the squared input, per input channel of each linear-layer site of one block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InputNorms {
    /// `Σ_t x_tj²` for each channel `j`, in f64.
    pub squared: BTreeMap<Site, Vec<f64>>,
}

/// One linear layer's weights, `rows` outputs by `columns` inputs, row-major.
#[derive(Debug)]
pub struct Matrix<'a> {
    /// Which tensor, numbered in the arrangement that the step works on.
    pub id: TensorId,
    /// Outputs.
    pub rows: usize,
    /// Inputs.
    pub columns: usize,
    /// `rows · columns` values.
    pub values: &'a mut [f32],
    /// Calibration of this block, where the method asked for it.
    pub input_norms: Option<&'a InputNorms>,
}

/// What a method learnt from one look at all linear layers, for instance a threshold over the whole model.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Survey {
    /// The method looks at one tensor at a time.
    #[default]
    Nothing,
    /// Of all linear layers together, magnitudes below `threshold` go, and of those equal to it the first few in
    /// (block, [`crate::weights::Role::LINEARS`], position) order: `ties` says how many in each tensor.
    Threshold {
        /// The magnitude.
        threshold: f32,
        /// How many of the equal ones go, for each tensor where any does.
        ties: BTreeMap<TensorId, usize>,
    },
}

/// A modification with its parameters filled in.
///
/// A method changes the arrangement of blocks, or edits linear layers one at a time, or both. Both are pure functions
/// of the weights before the step, so that a tensor can be recomputed at any time and never has to be kept.
pub trait Method: std::fmt::Debug + Send + Sync {
    /// The name in the grammar.
    fn name(&self) -> &'static str;

    /// What must be collected from the running model first.
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    /// The new order of blocks: for each new place, the index of the block that stands there. `None` leaves all as is.
    /// `influence` has one value a block where [`Method::needs`] asked for it.
    ///
    /// # Errors
    /// Where the model has too few blocks, or calibration is missing.
    fn arrange(&self, blocks: usize, influence: Option<&[f64]>) -> Result<Option<Vec<usize>>, ModifyError> {
        let (_, _) = (blocks, influence);
        Ok(None)
    }

    /// Looks at all linear layers once, for methods that compare across tensors.
    ///
    /// # Errors
    /// Where a tensor can't be read.
    fn survey(&self, weights: &Modified) -> Result<Survey, ModifyError> {
        let _ = weights;
        Ok(Survey::Nothing)
    }

    /// Whether [`Method::edit`] does anything.
    fn edits_weights(&self) -> bool {
        true
    }

    /// Changes one linear layer in place.
    ///
    /// # Errors
    /// Where the method cannot be applied to it.
    fn edit(&self, matrix: Matrix<'_>, survey: &Survey) -> Result<(), ModifyError>;

    /// Bits that one weight of a `rows · columns` layer takes when stored in the method's own format, scales and zero
    /// points included; `None` where the method does not change the storage format.
    fn bits_per_weight(&self, rows: usize, columns: usize) -> Option<f64> {
        let (_, _) = (rows, columns);
        None
    }
}
