//! Qwen2 (Yang et al. 2024, <https://arxiv.org/abs/2407.10671>): Llama with biases on query, key and value.

use super::{Architecture, GgufRows, StatedWindow};
use crate::weights::Role;

/// Qwen2 and Qwen2.5.
pub const QWEN2: Architecture = Architecture {
    name: "qwen2",
    class: "Qwen2ForCausalLM",
    vectors: &[Role::QueryBias, Role::KeyBias, Role::ValueBias],
    biases_in_words: "biases on query, key and value only",
    fused: &[],
    gguf_rows: GgufRows::Halves,
    context_default: 32_768,
    head_dim_default: None,
    epsilon_default: 1e-6,
    stated_window: StatedWindow::Off,
};
