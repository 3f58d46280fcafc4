//! One transformer block: `h = x + O·attention(norm(x))`, then `h + down·(silu(gate·n) ∘ up·n)` with `n = norm(h)`.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::ops::{self, Heads, Rows};
use super::{BlockCache, Compute, ModelError};
use hemoscope_core::weights::{ModelConfig, Role, Site, TensorId, WeightsError};

/// A linear layer, `y = W x + b`.
#[derive(Debug, Clone)]
pub struct Linear {
    /// `[outputs, inputs]`.
    pub weight: Tensor<2>,
    /// `[outputs]`.
    pub bias: Option<Tensor<1>>,
}

/// The weights of one block on the device. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Block {
    attention_norm: Tensor<1>,
    query: Linear,
    key: Linear,
    value: Linear,
    attention_output: Linear,
    mlp_norm: Tensor<1>,
    gate: Linear,
    up: Linear,
    down: Linear,
}

/// Collects `Σ_t x_tj²` at the inputs of a block's linear layers.
#[derive(Debug, Default)]
pub struct Taps {
    sums: BTreeMap<Site, Tensor<1>>,
}

impl Taps {
    fn collect(&mut self, site: Site, x: &Tensor<2>) {
        let sums = x.clone().square().sum_dim(0).squeeze_dim::<1>(0);
        self.sums
            .entry(site)
            .and_modify(|before| *before = before.clone() + sums.clone())
            .or_insert(sums);
    }

    /// Reads the sums back, one value a channel of each site.
    ///
    /// # Errors
    /// Where the device fails.
    pub async fn read(self, compute: &Compute) -> Result<BTreeMap<Site, Vec<f64>>, ModelError> {
        let mut squared = BTreeMap::new();
        for (site, sums) in self.sums {
            let values = compute.read(sums, "reading calibration statistics").await?;
            squared.insert(site, values.into_iter().map(f64::from).collect());
        }
        Ok(squared)
    }
}

/// What all blocks share in one pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) compute: &'a Compute,
    pub(super) config: &'a ModelConfig,
    /// Cosines and sines, `[context, head_dim/2]`.
    pub(super) rotary: [&'a Tensor<2>; 2],
    pub(super) rows: Rows,
}

impl Block {
    /// Uploads a block; `read` gives a tensor's values row-major and `shape` its `[rows, columns]`.
    ///
    /// # Errors
    /// Where a tensor can't be read.
    pub fn load<E: From<ModelError>>(
        compute: &Compute,
        place: usize,
        shape: impl Fn(TensorId) -> Option<[usize; 2]>,
        mut read: impl FnMut(TensorId) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let mut vector = |role: Role| read(TensorId::in_block(place, role)).map(|values| compute.vector(values));
        let attention_norm = vector(Role::AttentionNorm)?;
        let mlp_norm = vector(Role::MlpNorm)?;
        let mut linear = |role: Role, bias: Option<Role>| -> Result<Linear, E> {
            let id = TensorId::in_block(place, role);
            let size = shape(id).ok_or(ModelError::Weights(WeightsError::Missing { id }))?;
            let weight = compute.matrix(read(id)?, size);
            let bias = bias
                .map(|role| TensorId::in_block(place, role))
                .filter(|&id| shape(id).is_some());
            let bias = bias
                .map(|id| read(id).map(|values| compute.vector(values)))
                .transpose()?;
            Ok(Linear { weight, bias })
        };
        Ok(Self {
            attention_norm,
            query: linear(Role::Query, Some(Role::QueryBias))?,
            key: linear(Role::Key, Some(Role::KeyBias))?,
            value: linear(Role::Value, Some(Role::ValueBias))?,
            attention_output: linear(Role::AttentionOutput, None)?,
            mlp_norm,
            gate: linear(Role::Gate, None)?,
            up: linear(Role::Up, None)?,
            down: linear(Role::Down, None)?,
        })
    }

    /// The block's output for `x` of `[windows · length, hidden]`.
    pub(super) fn forward(
        &self,
        x: &Tensor<2>,
        pass: Pass<'_>,
        cache: Option<&mut BlockCache>,
        mut taps: Option<&mut Taps>,
    ) -> Tensor<2> {
        let Pass {
            compute,
            config,
            rotary,
            rows,
        } = pass;
        let mut tap = |site: Site, x: &Tensor<2>| {
            if let Some(taps) = taps.as_deref_mut() {
                taps.collect(site, x);
            }
        };
        let apply = |layer: &Linear, x: &Tensor<2>, residual: Option<&Tensor<2>>| {
            ops::linear(compute, x, &layer.weight, layer.bias.as_ref(), residual)
        };
        let heads = Heads {
            query: config.heads,
            key_value: config.kv_heads,
            channels: config.head_dim,
        };
        let offset = cache.as_deref().map_or(0, BlockCache::positions);

        let normed = ops::rms_norm(compute, x, &self.attention_norm, config.rms_epsilon);
        tap(Site::AttentionInput, &normed);
        let query = ops::rotate(
            compute,
            &apply(&self.query, &normed, None),
            rotary,
            rows,
            heads.query,
            offset,
        );
        let key = ops::rotate(
            compute,
            &apply(&self.key, &normed, None),
            rotary,
            rows,
            heads.key_value,
            offset,
        );
        let value = apply(&self.value, &normed, None);
        let (key, value) = match cache {
            Some(cache) => cache.extend(key, value),
            None => (key, value),
        };
        let joined = ops::attention(compute, &query, &key, &value, rows, heads, offset);
        tap(Site::HeadsOutput, &joined);
        let x = apply(&self.attention_output, &joined, Some(x));

        let normed = ops::rms_norm(compute, &x, &self.mlp_norm, config.rms_epsilon);
        tap(Site::MlpInput, &normed);
        let gated = ops::gated_silu(
            compute,
            &apply(&self.gate, &normed, None),
            &apply(&self.up, &normed, None),
        );
        tap(Site::MlpHidden, &gated);
        apply(&self.down, &gated, Some(&x))
    }
}
