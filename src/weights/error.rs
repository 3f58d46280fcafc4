//! What can go wrong with a model's files.

use super::TensorId;

/// A model file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The medium failed or the file ends early.
    #[error("could not read {length} bytes at byte {offset} of {what}: {source}")]
    Read {
        /// Which file or tensor.
        what: String,
        /// Where reading began.
        offset: u64,
        /// How much was wanted.
        length: u64,
        /// The cause.
        source: std::io::Error,
    },
    /// The model has no such tensor.
    #[error("the model has no tensor for {id}")]
    Missing {
        /// The tensor that was asked for.
        id: TensorId,
    },
    /// A tensor's shape is not what the configuration says.
    #[error("tensor {name} has shape {found:?}, but the model's configuration asks for {expected:?}")]
    Shape {
        /// The tensor's name in its file.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape that the configuration implies.
        expected: Vec<usize>,
    },
}
