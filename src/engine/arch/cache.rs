//! The KV cache of a block, so that generation runs one token at a time.

use burn::tensor::Tensor;

/// Keys (after rotary positions) and values of one block for one sequence, `[positions, kv_heads · head_dim]` each.
#[derive(Debug, Clone, Default)]
pub struct BlockCache {
    kept: Option<(Tensor<2>, Tensor<2>)>,
}

impl BlockCache {
    /// Positions cached.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.kept.as_ref().map_or(0, |(key, _)| key.dims()[0])
    }

    /// Appends new positions and returns all of them.
    pub(super) fn extend(&mut self, key: Tensor<2>, value: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let all = match self.kept.take() {
            Some((keys, values)) => (Tensor::cat(vec![keys, key], 0), Tensor::cat(vec![values, value], 0)),
            None => (key, value),
        };
        self.kept = Some(all.clone());
        all
    }
}
