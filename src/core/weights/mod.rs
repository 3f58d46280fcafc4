//! The untouched tensors of a model, by role, and the readers of the file formats they come from.
//!
//! Nothing here is ever changed after loading: every point of a curve starts from these values.

pub mod architecture;
mod config;
mod error;
pub mod formats;
mod pristine;
mod role;
mod rope;
mod source;

pub use architecture::Architecture;
pub use config::{BLOCKS_MAX, ModelConfig};
pub use error::WeightsError;
pub use pristine::{MemoryTensor, Pristine, StoredTensor};
pub use role::{Role, Site, TensorId};
pub use rope::{Rope, RopeScaling};
pub use source::{Bytes, ReadAt};
