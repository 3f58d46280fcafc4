//! What can go wrong on the device.

use hemoscope_core::modify::ModifyError;
use hemoscope_core::weights::WeightsError;

/// The model could not be built or run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// WebGPU could not be started.
    #[error(
        "WebGPU could not be started: {reason}. An up-to-date browser and graphics driver may help; without it the CPU \
         can compute"
    )]
    Start {
        /// The system's message.
        reason: String,
    },
    /// The device failed while computing.
    #[error("the {device} failed while {what}: {reason}")]
    Device {
        /// Which one.
        device: String,
        /// During which operation.
        what: &'static str,
        /// The device's message.
        reason: String,
    },
    /// A token id is outside the vocabulary.
    #[error("token {token} is outside the model's vocabulary of {vocabulary}; the tokenizer belongs to another model")]
    Token {
        /// The id.
        token: u32,
        /// Size of the vocabulary.
        vocabulary: usize,
    },
    /// More positions than the rotary tables cover.
    #[error("{wanted} tokens in a row are more than this model's context of {context}. Give fewer")]
    Context {
        /// Positions asked for.
        wanted: usize,
        /// Positions that the model has.
        context: usize,
    },
    /// A tensor could not be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A tensor could not be modified.
    #[error(transparent)]
    Modify(#[from] ModifyError),
}
