//! The shape of a model, as its file states it.

use serde::Serialize;

use super::{Architecture, Role, Rope};

/// Sizes and constants of a decoder-only transformer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelConfig {
    /// Which forward pass.
    pub architecture: &'static Architecture,
    /// The model's name as the file states it, if any.
    pub name: Option<String>,
    /// The licence that the file states, if any.
    pub licence: Option<String>,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Width of the feed-forward layer.
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
    /// Rotary positions.
    pub rope: Rope,
    /// Added to the mean square in RMSNorm.
    pub rms_epsilon: f64,
    /// Whether the output head is the embedding.
    pub tied_head: bool,
}

/// The most elements of a tensor: decoded to f32, it still fits into the address space of a 32-bit wasm module.
const ELEMENTS_MAX: usize = (i32::MAX / 4) as usize;

/// The most blocks of a model; the deepest published models have about 130.
pub const BLOCKS_MAX: usize = 4096;

impl ModelConfig {
    /// `[rows, columns]` of a role's tensor; a vector is one row. Exact for a configuration that passed
    /// [`Self::check`].
    #[must_use]
    pub fn shape(&self, role: Role) -> [usize; 2] {
        let query = self.heads.saturating_mul(self.head_dim);
        let key = self.kv_heads.saturating_mul(self.head_dim);
        match role {
            Role::TokenEmbedding | Role::OutputHead => [self.vocabulary, self.hidden],
            Role::OutputNorm | Role::AttentionNorm | Role::MlpNorm => [1, self.hidden],
            Role::Query => [query, self.hidden],
            Role::Key | Role::Value => [key, self.hidden],
            Role::QueryBias => [1, query],
            Role::KeyBias | Role::ValueBias => [1, key],
            Role::AttentionOutput => [self.hidden, query],
            Role::Gate | Role::Up => [self.intermediate, self.hidden],
            Role::Down => [self.hidden, self.intermediate],
            Role::QueryNorm | Role::KeyNorm => [1, self.head_dim],
        }
    }

    /// Limits the context to a sliding window: as long as no text is longer, attention to the window is attention to
    /// everything. Returns what has to be said of it.
    pub(super) fn limit_context(&mut self, window: usize) -> Option<String> {
        if window >= self.context {
            return None;
        }
        let whole = std::mem::replace(&mut self.context, window);
        Some(format!(
            "This model's attention looks back {window} tokens in some blocks (a sliding window), so that at most {window} of \
             its {whole} tokens of context are read at once here."
        ))
    }

    /// Checks that the sizes are plausible at all, before anything is allocated on a file's word.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let sizes = [
            ("hidden size", self.hidden),
            ("feed-forward size", self.intermediate),
            ("number of blocks", self.blocks),
            ("number of heads", self.heads),
            ("number of key/value heads", self.kv_heads),
            ("head size", self.head_dim),
            ("vocabulary size", self.vocabulary),
            ("context length", self.context),
        ];
        if let Some((field, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Err((field, "is 0".to_owned()));
        }
        if self.blocks > BLOCKS_MAX {
            return Err((
                "number of blocks",
                format!("is {}, more than {BLOCKS_MAX}", self.blocks),
            ));
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            let problem = format!(
                "({}) does not divide the number of heads ({})",
                self.kv_heads, self.heads
            );
            return Err(("number of key/value heads", problem));
        }
        if !self.head_dim.is_multiple_of(2) {
            return Err((
                "head size",
                format!("is odd ({}), but rotary positions need pairs", self.head_dim),
            ));
        }
        let roles = [Role::TokenEmbedding, Role::Query, Role::AttentionOutput, Role::Gate];
        for role in roles {
            let [rows, columns] = self.shape(role);
            if rows.checked_mul(columns).is_none_or(|elements| elements > ELEMENTS_MAX) {
                let problem = format!("make a {role:?} tensor of {rows} x {columns}, too large to load");
                return Err(("sizes", problem));
            }
        }
        self.rope.check(self.head_dim)?;
        if !(self.rms_epsilon.is_finite() && self.rms_epsilon >= 0.0) {
            return Err(("epsilon of RMSNorm", format!("is {}", self.rms_epsilon)));
        }
        Ok(())
    }
}
