//! What can go wrong with a model's files.

use super::TensorId;

/// A model file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The storage failed, or the file ends early.
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
    #[error("the model has no tensor for {id}, which was asked for. Load the model again, or use another one")]
    Missing {
        /// The tensor that was asked for.
        id: TensorId,
    },
    /// A tensor's shape is not what the configuration says.
    #[error("{file}: tensor {name} has shape {found:?}, but the model's configuration asks for {expected:?}. {advice}")]
    Shape {
        /// The file or files.
        file: String,
        /// The tensor's name in its file.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape that the configuration implies.
        expected: Vec<usize>,
        /// What to do.
        advice: &'static str,
    },
    /// None of the files is a model, or a file that belongs to it is missing.
    #[error("{problem}. {advice}")]
    Files {
        /// What is missing or appears twice.
        problem: String,
        /// What to do.
        advice: String,
    },
    /// A file is not what its name says.
    #[error("{file} is not {expected}: it looks like {looks_like}. {advice}")]
    NotAModel {
        /// The file.
        file: String,
        /// What was expected, e.g. `a GGUF model`.
        expected: String,
        /// What its first bytes say.
        looks_like: String,
        /// What to do.
        advice: String,
    },
    /// A file contradicts itself or its own size: it is cut off, damaged or malicious.
    #[error(
        "{file} is damaged at byte {offset}: {problem}. Get the file again; if that does not help, use another one"
    )]
    Malformed {
        /// The file.
        file: String,
        /// Where the contradiction is.
        offset: u64,
        /// What it is.
        problem: String,
    },
    /// The model's configuration can't be right, or a needed part of it is missing.
    #[error("{file}: {key} {problem}. Get the file again; if that does not help, take another model")]
    Config {
        /// The file that holds the configuration.
        file: String,
        /// The metadata key or the field.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The file is valid, but what it holds is not supported here.
    #[error("{file}: {what} is not supported. Supported: {supported}")]
    Unsupported {
        /// The file.
        file: String,
        /// What was found.
        what: String,
        /// What would have been accepted.
        supported: String,
    },
    /// A tensor that the architecture needs is not in the files.
    #[error("{file} has no tensor {tensor}, which a {architecture} model of {blocks} blocks needs. {advice}")]
    NoTensor {
        /// The file or files.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The architecture, as the file spells it.
        architecture: &'static str,
        /// Blocks, as the configuration says.
        blocks: usize,
        /// What to do.
        advice: &'static str,
    },
    /// A weight is infinite or not a number.
    #[error(
        "tensor {name} holds {value} at row {row}, column {column} (from 0): nothing can be measured of such a model. \
         Often a BF16 weight did not fit into F16: get the model in BF16 or F32"
    )]
    NotFinite {
        /// The tensor's name in its file.
        name: String,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The weight.
        value: f32,
    },
    /// Not enough memory for one tensor.
    #[error("no memory for the {bytes} bytes of tensor {name}. Close other pages or programs, or take a smaller model")]
    Memory {
        /// The tensor's name in its file.
        name: String,
        /// Bytes that it needs, decoded.
        bytes: u64,
    },
}
