//! Small models and matrices for the tests of methods.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{InputNorms, Matrix, Modified};
use crate::weights::{Architecture, MemoryTensor, ModelConfig, Pristine, Role, Site, StoredTensor, TensorId};

/// A gate layer over these values.
pub fn matrix(columns: usize, values: &mut [f32]) -> Matrix<'_> {
    Matrix {
        id: TensorId::in_block(0, Role::Gate),
        rows: values.len() / columns,
        columns,
        values,
        input_norms: None,
    }
}

/// Norms of a gate layer's inputs.
pub fn calibrated(squared: &[f64]) -> InputNorms {
    InputNorms {
        squared: BTreeMap::from([(Site::MlpInput, squared.to_vec())]),
    }
}

/// An untouched model whose linear layers are 4 × 4, filled by (number of the tensor, position); its norms hold the
/// block's number.
pub fn model(blocks: usize, fill: impl Fn(usize, usize) -> f32) -> Modified {
    let config = ModelConfig {
        architecture: Architecture::Llama,
        name: None,
        licence: None,
        hidden: 4,
        intermediate: 4,
        blocks,
        heads: 2,
        kv_heads: 2,
        head_dim: 2,
        vocabulary: 8,
        context: 16,
        rope_theta: 10_000.0,
        rms_epsilon: 1e-5,
        tied_head: true,
    };
    let mut tensors = BTreeMap::<TensorId, Arc<dyn StoredTensor>>::new();
    for block in 0..blocks {
        for (number, role) in Role::LINEARS.into_iter().enumerate() {
            let tensor = block * Role::LINEARS.len() + number;
            let values = (0..16).map(|i| fill(tensor, i)).collect::<Arc<[f32]>>();
            let id = TensorId::in_block(block, role);
            tensors.insert(id, memory(id, [4, 4], values));
        }
        let id = TensorId::in_block(block, Role::MlpNorm);
        tensors.insert(id, memory(id, [1, 4], Arc::new([block as f32; 4])));
    }
    Modified::untouched(Arc::new(Pristine::new(config, tensors)))
}

fn memory(id: TensorId, shape: [usize; 2], values: Arc<[f32]>) -> Arc<dyn StoredTensor> {
    Arc::new(MemoryTensor {
        name: id.to_string(),
        shape,
        values,
    })
}

/// The values of all linear layers, one after the other.
pub fn values_of(weights: &Modified) -> Vec<f32> {
    (0..weights.config().blocks)
        .flat_map(|block| Role::LINEARS.map(|role| TensorId::in_block(block, role)))
        .flat_map(|id| weights.tensor(id).unwrap())
        .collect()
}
