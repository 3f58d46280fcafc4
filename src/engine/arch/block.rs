//! One transformer block: `h = x + O·attention(norm(x))`, then `h + down·(silu(gate·n) ∘ up·n)` with `n = norm(h)`.

use burn::tensor::Tensor;

use super::{BlockCache, ModelError};
use crate::Compute;
use crate::ops::{self, Heads, Rows};
use hemoscope_core::modify::{BlockWeights, Hook};
use hemoscope_core::weights::{ModelConfig, Pristine, Role, Site, TensorId};

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
    query_norm: Option<Tensor<1>>,
    key_norm: Option<Tensor<1>>,
    attention_output: Linear,
    mlp_norm: Tensor<1>,
    gate: Linear,
    up: Linear,
    down: Linear,
    hooks: Vec<Hook>,
}

/// Reads the activations of a pass without changing them.
pub trait Observe {
    /// Called with the activations at a site of the running block, `[windows · length, channels]`.
    fn see(&mut self, site: Site, x: &Tensor<2>);
}

/// What all blocks of one pass share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) compute: &'a Compute,
    pub(super) config: &'a ModelConfig,
    /// Cosines and sines, `[context, head_dim/2]`.
    pub(super) rotary: [&'a Tensor<2>; 2],
    pub(super) rows: Rows,
}

impl Block {
    /// Uploads the pristine block with this index.
    ///
    /// # Errors
    /// If a tensor can't be read.
    pub fn load(compute: &Compute, pristine: &Pristine, number: usize) -> Result<Self, ModelError> {
        let vector = |role: Role| -> Result<Tensor<1>, ModelError> {
            Ok(compute.vector(pristine.tensor(TensorId::in_block(number, role))?))
        };
        let optional = |role: Role| {
            let has = pristine.has(TensorId::in_block(number, role));
            has.then(|| vector(role)).transpose()
        };
        let linear = |role: Role, bias: Option<Role>| -> Result<Linear, ModelError> {
            let id = TensorId::in_block(number, role);
            let weight = compute.matrix(pristine.tensor(id)?, pristine.shape(id)?);
            let bias = bias.map(optional).transpose()?.flatten();
            Ok(Linear { weight, bias })
        };
        Ok(Self {
            attention_norm: vector(Role::AttentionNorm)?,
            query: linear(Role::Query, Some(Role::QueryBias))?,
            key: linear(Role::Key, Some(Role::KeyBias))?,
            value: linear(Role::Value, Some(Role::ValueBias))?,
            query_norm: optional(Role::QueryNorm)?,
            key_norm: optional(Role::KeyNorm)?,
            attention_output: linear(Role::AttentionOutput, None)?,
            mlp_norm: vector(Role::MlpNorm)?,
            gate: linear(Role::Gate, None)?,
            up: linear(Role::Up, None)?,
            down: linear(Role::Down, None)?,
            hooks: Vec::new(),
        })
    }

    /// This pristine block with the steps' edits; unedited weights are shared.
    #[must_use]
    pub fn edited(&self, compute: &Compute, edited: &BlockWeights) -> Self {
        let mut block = self.clone();
        for (role, weight) in edited.edited_linears() {
            if let Some(linear) = block.linear_mut(role) {
                linear.weight = compute.matrix(weight.values().into_owned(), [weight.rows, weight.columns]);
            }
        }
        for (role, values) in edited.edited_vectors() {
            let vector = compute.vector(values.to_vec());
            match role {
                Role::AttentionNorm => block.attention_norm = vector,
                Role::MlpNorm => block.mlp_norm = vector,
                Role::QueryBias => block.query.bias = Some(vector),
                Role::KeyBias => block.key.bias = Some(vector),
                Role::ValueBias => block.value.bias = Some(vector),
                Role::QueryNorm => block.query_norm = Some(vector),
                Role::KeyNorm => block.key_norm = Some(vector),
                // Matrices, and what lies outside the blocks.
                Role::TokenEmbedding
                | Role::OutputNorm
                | Role::OutputHead
                | Role::Query
                | Role::Key
                | Role::Value
                | Role::AttentionOutput
                | Role::Gate
                | Role::Up
                | Role::Down => {}
            }
        }
        block.hooks = edited.hooks().to_vec();
        block
    }

    fn linear_mut(&mut self, role: Role) -> Option<&mut Linear> {
        match role {
            Role::Query => Some(&mut self.query),
            Role::Key => Some(&mut self.key),
            Role::Value => Some(&mut self.value),
            Role::AttentionOutput => Some(&mut self.attention_output),
            Role::Gate => Some(&mut self.gate),
            Role::Up => Some(&mut self.up),
            Role::Down => Some(&mut self.down),
            _ => None,
        }
    }

    /// The block's output for `x` of `[windows · length, hidden]`.
    pub(super) fn forward(
        &self,
        x: &Tensor<2>,
        pass: Pass<'_>,
        cache: Option<&mut BlockCache>,
        mut observer: Option<&mut dyn Observe>,
    ) -> Tensor<2> {
        let Pass {
            compute,
            config,
            rotary,
            rows,
        } = pass;
        // Observers see activations after hooks have changed them.
        let mut at = |site: Site, x: Tensor<2>| {
            let hooks = self.hooks.iter().filter(|hook| hook.sites.contains(&site));
            let x = hooks.fold(x, |x, hook| ops::change(x, hook.change));
            if let Some(observer) = observer.as_deref_mut() {
                observer.see(site, &x);
            }
            x
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

        let x = at(Site::Residual, x.clone());
        let normed = ops::rms_norm(compute, &x, &self.attention_norm, config.rms_epsilon);
        let normed = at(Site::AttentionInput, normed);
        let turned = |layer: &Linear, norm: Option<&Tensor<1>>, heads: usize| {
            let x = apply(layer, &normed, None);
            let x = match norm {
                Some(gain) => ops::head_norm(compute, &x, gain, heads, config.rms_epsilon),
                None => x,
            };
            ops::rotate(compute, &x, rotary, rows, heads, offset)
        };
        let query = turned(&self.query, self.query_norm.as_ref(), heads.query);
        let key = turned(&self.key, self.key_norm.as_ref(), heads.key_value);
        let value = apply(&self.value, &normed, None);
        let (key, value) = match cache {
            Some(cache) => cache.extend(key, value),
            None => (key, value),
        };
        let joined = ops::attention(compute, &query, &key, &value, rows, heads, offset);
        let joined = at(Site::HeadsOutput, joined);
        let x = apply(&self.attention_output, &joined, Some(&x));

        let normed = ops::rms_norm(compute, &x, &self.mlp_norm, config.rms_epsilon);
        let normed = at(Site::MlpInput, normed);
        let gated = ops::gated_silu(
            compute,
            &apply(&self.gate, &normed, None),
            &apply(&self.up, &normed, None),
        );
        let gated = at(Site::MlpHidden, gated);
        let x = apply(&self.down, &gated, Some(&x));
        at(Site::BlockOutput, x)
    }
}
