//! The untouched model: its configuration and a way to read each tensor.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ModelConfig, TensorId, WeightsError};

/// A stored tensor, decoded at each read, so that a compressed file stays compressed in memory.
pub trait StoredTensor: Send + Sync {
    /// The tensor's name in its file.
    fn name(&self) -> &str;
    /// `[rows, columns]`; a vector is one row.
    fn shape(&self) -> [usize; 2];
    /// Bytes that the tensor takes in its file.
    fn stored_bytes(&self) -> u64;
    /// How the file encodes the tensor, e.g. `Q4_1`.
    fn encoding(&self) -> &str;
    /// The values, row-major.
    ///
    /// # Errors
    /// If the file can't be read.
    fn read(&self) -> Result<Vec<f32>, WeightsError>;
}

/// A tensor whose values are in memory; for tests and for small models.
#[derive(Debug, Clone)]
pub struct MemoryTensor {
    /// The name that it reports.
    pub name: String,
    /// `[rows, columns]`.
    pub shape: [usize; 2],
    /// Row-major values, `rows · columns` of them.
    pub values: Arc<[f32]>,
}

impl StoredTensor for MemoryTensor {
    fn name(&self) -> &str {
        &self.name
    }
    fn shape(&self) -> [usize; 2] {
        self.shape
    }
    fn stored_bytes(&self) -> u64 {
        4 * self.values.len() as u64
    }
    fn encoding(&self) -> &'static str {
        "F32"
    }
    fn read(&self) -> Result<Vec<f32>, WeightsError> {
        Ok(self.values.to_vec())
    }
}

/// A model before any modification.
#[derive(Clone)]
pub struct Pristine {
    config: ModelConfig,
    tensors: BTreeMap<TensorId, Arc<dyn StoredTensor>>,
}

impl std::fmt::Debug for Pristine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pristine")
            .field("config", &self.config)
            .field("tensors", &self.tensors.len())
            .finish()
    }
}

impl Pristine {
    /// A model from its configuration and tensors, which the format readers have checked against each other.
    #[must_use]
    pub fn new(config: ModelConfig, tensors: BTreeMap<TensorId, Arc<dyn StoredTensor>>) -> Self {
        Self { config, tensors }
    }

    /// The model's sizes and constants.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// All tensors, ordered by id.
    pub fn tensors(&self) -> impl Iterator<Item = (TensorId, &dyn StoredTensor)> {
        self.tensors.iter().map(|(id, tensor)| (*id, tensor.as_ref()))
    }

    /// A tensor in its stored form.
    #[must_use]
    pub fn stored(&self, id: TensorId) -> Option<&dyn StoredTensor> {
        self.tensors.get(&id).map(AsRef::as_ref)
    }

    /// The number of parameters, over all tensors.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        self.tensors
            .values()
            .map(|tensor| tensor.shape().iter().product::<usize>() as u64)
            .sum()
    }

    /// Bytes that all tensors take in their file.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.tensors.values().map(|tensor| tensor.stored_bytes()).sum()
    }

    /// Whether the model has this tensor.
    #[must_use]
    pub fn has(&self, id: TensorId) -> bool {
        self.tensors.contains_key(&id)
    }

    /// `[rows, columns]` of a tensor.
    ///
    /// # Errors
    /// [`WeightsError::Missing`].
    pub fn shape(&self, id: TensorId) -> Result<[usize; 2], WeightsError> {
        self.tensors
            .get(&id)
            .map(|tensor| tensor.shape())
            .ok_or(WeightsError::Missing { id })
    }

    /// A tensor's values, row-major, read and decoded now.
    ///
    /// # Errors
    /// [`WeightsError::Missing`], or what reading reports.
    pub fn tensor(&self, id: TensorId) -> Result<Vec<f32>, WeightsError> {
        self.tensors.get(&id).ok_or(WeightsError::Missing { id })?.read()
    }
}
