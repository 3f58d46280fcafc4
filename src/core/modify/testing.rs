//! Small models and matrices for the tests of methods.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Applied, BlockStatistics, Method, ModelWeights, ModifyError, Scope, Spec, StatisticId, Statistics, Weight,
};
use crate::weights::architecture::LLAMA;
use crate::weights::{MemoryTensor, ModelConfig, Pristine, Role, Rope, Site, StoredTensor, TensorId};

/// A gate layer with these weights.
pub fn gate(columns: usize, values: &[f32]) -> Weight {
    let shape = [values.len() / columns, columns];
    Weight::dense(TensorId::in_block(0, Role::Gate), shape, values.to_vec())
}

/// Calibration statistics with these squared inputs of a gate layer.
pub fn calibrated(squared: &[f64]) -> BlockStatistics {
    let sites = BTreeMap::from([(Site::MlpInput, squared.to_vec())]);
    BlockStatistics::default().with(StatisticId::InputSquares, sites)
}

/// An untouched model whose linear layers are 4 × 4, filled by (tensor number, position); its norms hold the block's
/// number.
pub fn model(blocks: usize, fill: impl Fn(usize, usize) -> f32) -> ModelWeights {
    model_of([4, 4], blocks, fill)
}

fn model_of(shape: [usize; 2], blocks: usize, fill: impl Fn(usize, usize) -> f32) -> ModelWeights {
    let config = ModelConfig {
        architecture: &LLAMA,
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
        rope: Rope::plain(10_000.0),
        rms_epsilon: 1e-5,
        tied_head: true,
    };
    let mut tensors = BTreeMap::<TensorId, Arc<dyn StoredTensor>>::new();
    for block in 0..blocks {
        for (number, role) in Role::LINEARS.into_iter().enumerate() {
            let tensor = block * Role::LINEARS.len() + number;
            let values = (0..shape[0] * shape[1]).map(|i| fill(tensor, i)).collect();
            let id = TensorId::in_block(block, role);
            tensors.insert(id, memory(id, shape, values));
        }
        let id = TensorId::in_block(block, Role::MlpNorm);
        tensors.insert(id, memory(id, [1, 4], Arc::new([block as f32; 4])));
    }
    ModelWeights::untouched(Arc::new(Pristine::new(config, tensors)), 0)
}

fn memory(id: TensorId, shape: [usize; 2], values: Arc<[f32]>) -> Arc<dyn StoredTensor> {
    Arc::new(MemoryTensor {
        name: id.to_string(),
        shape,
        values,
    })
}

/// The model after a method, applied to all blocks.
pub fn after(
    model: &ModelWeights,
    method: impl Method + 'static,
    statistics: &Statistics,
) -> Result<ModelWeights, ModifyError> {
    let (method, scope) = (Arc::new(method), Scope::default());
    step(model, &Applied { method, scope }, statistics)
}

/// The model after all steps of a specification. In its statistics, every input has the same square, and each block has
/// less influence than the one before.
pub fn modified(model: &ModelWeights, spec: &Spec) -> Result<ModelWeights, ModifyError> {
    let steps = spec.methods().unwrap();
    steps.iter().try_fold(model.clone(), |model, applied| {
        let blocks = model.blocks().len();
        let squares = Site::LINEAR_INPUTS.map(|site| (site, vec![1.0; 4]));
        let squares = vec![BTreeMap::from(squares); blocks];
        let influence = (0..blocks).map(|block| BTreeMap::from([(Site::Residual, vec![1.0 / (block + 1) as f64])]));
        let mut statistics = Statistics::default();
        statistics.insert(StatisticId::InputSquares, Arc::new(squares));
        statistics.insert(StatisticId::BlockInfluence, Arc::new(influence.collect()));
        step(&model, applied, &statistics)
    })
}

fn step(model: &ModelWeights, applied: &Applied, statistics: &Statistics) -> Result<ModelWeights, ModifyError> {
    let mut model = model.clone();
    let plan = model.plan(applied, statistics)?;
    for place in 0..model.blocks().len() {
        let block = model.edited(applied, &plan, place, &statistics.block(place))?;
        model.replace(block);
    }
    Ok(model)
}

/// The values of one matrix after a method that needs no statistics.
pub fn edited(
    method: &(impl Method + Clone + 'static),
    columns: usize,
    values: &[f32],
) -> Result<Vec<f32>, ModifyError> {
    let model = model_of([values.len() / columns, columns], 1, |_, i| values[i]);
    let after = after(&model, method.clone(), &Statistics::default())?;
    Ok(after.blocks()[0].linear(Role::Gate)?.values().into_owned())
}

/// The values of all linear layers, one after the other.
pub fn values_of(model: &ModelWeights) -> Vec<f32> {
    let layers = model
        .blocks()
        .iter()
        .flat_map(|block| Role::LINEARS.map(|role| block.linear(role)));
    layers.flat_map(|layer| layer.unwrap().values().into_owned()).collect()
}
