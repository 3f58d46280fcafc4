//! The shape of a model, as its file states it.

use serde::{Deserialize, Serialize};

/// The architectures whose forward pass exists here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// RMSNorm, rotary positions, grouped-query attention, SwiGLU.
    Llama,
    /// Llama with biases on query, key and value.
    Qwen2,
}

/// Sizes and constants of a decoder-only transformer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Which forward pass.
    pub architecture: Architecture,
    /// The name that the file gives itself, if any.
    pub name: Option<String>,
    /// The licence that the file states, if any.
    pub licence: Option<String>,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Width of the feed-forward part.
    pub intermediate: usize,
    /// Number of transformer blocks.
    pub blocks: usize,
    /// Query heads.
    pub heads: usize,
    /// Key/value heads; divides `heads`.
    pub kv_heads: usize,
    /// Channels of one head; even.
    pub head_dim: usize,
    /// Tokens in the vocabulary.
    pub vocabulary: usize,
    /// Longest context that the model was made for, in tokens.
    pub context: usize,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// Added to the mean square in RMSNorm.
    pub rms_epsilon: f64,
    /// Whether the output head is the embedding.
    pub tied_head: bool,
}
