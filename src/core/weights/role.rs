//! What a tensor is for, independent of what a file calls it.

use serde::{Deserialize, Serialize};

/// What a tensor does in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// One row per token: `[vocabulary, hidden]`.
    TokenEmbedding,
    /// Norm before the output head: `[hidden]`.
    OutputNorm,
    /// The output head where it is not tied to the embedding: `[vocabulary, hidden]`.
    OutputHead,
    /// Norm before attention: `[hidden]`.
    AttentionNorm,
    /// `[heads · head_dim, hidden]`, rows in the half-split rotary order.
    Query,
    /// `[kv_heads · head_dim, hidden]`, rows in the half-split rotary order.
    Key,
    /// `[kv_heads · head_dim, hidden]`.
    Value,
    /// `[heads · head_dim]`, in the same order as the rows of [`Role::Query`].
    QueryBias,
    /// `[kv_heads · head_dim]`.
    KeyBias,
    /// `[kv_heads · head_dim]`.
    ValueBias,
    /// `[hidden, heads · head_dim]`.
    AttentionOutput,
    /// Norm before the feed-forward layer: `[hidden]`.
    MlpNorm,
    /// `[intermediate, hidden]`.
    Gate,
    /// `[intermediate, hidden]`.
    Up,
    /// `[hidden, intermediate]`.
    Down,
    /// Norm of each query head, the same for all: `[head_dim]`.
    QueryNorm,
    /// Norm of each key head, the same for all: `[head_dim]`.
    KeyNorm,
}

impl Role {
    /// The linear layers of a block, in the order in which they run. These are what modifications may edit;
    /// embedding, head, norms and biases never are.
    pub const LINEARS: [Self; 7] = [
        Self::Query,
        Self::Key,
        Self::Value,
        Self::AttentionOutput,
        Self::Gate,
        Self::Up,
        Self::Down,
    ];

    /// Where a linear layer's input comes from; `None` for a role that is not a linear layer of a block.
    #[must_use]
    pub fn site(self) -> Option<Site> {
        match self {
            Self::Query | Self::Key | Self::Value => Some(Site::AttentionInput),
            Self::AttentionOutput => Some(Site::HeadsOutput),
            Self::Gate | Self::Up => Some(Site::MlpInput),
            Self::Down => Some(Site::MlpHidden),
            _ => None,
        }
    }
}

/// A named place in the forward pass of a block, where statistics and probes read activations and hooks change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// The residual stream that enters the block: `hidden` channels.
    Residual,
    /// The residual stream that leaves the block: `hidden` channels.
    BlockOutput,
    /// The normed residual that query, key and value read: `hidden` channels.
    AttentionInput,
    /// The joined heads that the attention output reads: `heads · head_dim` channels.
    HeadsOutput,
    /// The normed residual that gate and up read: `hidden` channels.
    MlpInput,
    /// The gated activation that down reads: `intermediate` channels.
    MlpHidden,
}

impl Site {
    /// The inputs of the linear layers, in the order in which they run; layers that read the same input share one.
    pub const LINEAR_INPUTS: [Self; 4] = [Self::AttentionInput, Self::HeadsOutput, Self::MlpInput, Self::MlpHidden];
}

/// One tensor of one model: a role and, inside the blocks, the block's index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TensorId {
    /// The block's index from 0; `None` for embedding, output norm and head.
    pub block: Option<usize>,
    /// What the tensor does.
    pub role: Role,
}

impl TensorId {
    /// A tensor outside the blocks.
    #[must_use]
    pub fn global(role: Role) -> Self {
        Self { block: None, role }
    }

    /// A tensor of block `block`.
    #[must_use]
    pub fn in_block(block: usize, role: Role) -> Self {
        Self {
            block: Some(block),
            role,
        }
    }
}

impl std::fmt::Display for TensorId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.block {
            Some(block) => write!(f, "block {block} {:?}", self.role),
            None => write!(f, "{:?}", self.role),
        }
    }
}
