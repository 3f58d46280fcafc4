//! What can go wrong while weights are modified.

use crate::weights::{TensorId, WeightsError};

/// A modification could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ModifyError {
    /// The method cannot be applied to this tensor.
    #[error("{method} cannot be applied to {id}: {reason}")]
    Inapplicable {
        /// The method's name in the grammar.
        method: &'static str,
        /// Where.
        id: TensorId,
        /// Why, and what would work.
        reason: String,
    },
    /// The method cannot be applied to a model of this shape.
    #[error("{method} does not fit this model: {reason}")]
    Model {
        /// The method's name in the grammar.
        method: &'static str,
        /// Why, and what would work.
        reason: String,
    },
    /// A calibrated method was asked to edit before its calibration ran.
    #[error("{method} needs calibration statistics for {id}, and none were collected")]
    Uncalibrated {
        /// The method's name in the grammar.
        method: &'static str,
        /// Where.
        id: TensorId,
    },
    /// A score is not a number, so nothing can be ranked.
    #[error(
        "{id} has a score that is not a number at position {position}; the file's weights or the calibration are damaged"
    )]
    NotANumber {
        /// Where.
        id: TensorId,
        /// Row-major position.
        position: usize,
    },
    /// The tensor could not be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}
