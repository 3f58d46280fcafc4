//! Qwen3 (Yang et al. 2025, <https://arxiv.org/abs/2505.09388>): Llama with RMSNorm on each head of query and key.

use super::{Architecture, GgufRows, StatedWindow};
use crate::weights::Role;

/// Qwen3, dense.
pub const QWEN3: Architecture = Architecture {
    name: "qwen3",
    class: "Qwen3ForCausalLM",
    vectors: &[Role::QueryNorm, Role::KeyNorm],
    biases_in_words: "no biases",
    fused: &[],
    gguf_rows: GgufRows::Halves,
    context_default: 32_768,
    head_dim_default: Some(128),
    epsilon_default: 1e-6,
    stated_window: StatedWindow::Off,
};
