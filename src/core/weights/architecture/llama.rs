//! Llama (Touvron et al. 2023, <https://arxiv.org/abs/2302.13971>): RMSNorm, rotary positions, grouped-query attention, SwiGLU.

use super::{Architecture, GgufRows, StatedWindow};

/// Llama, and models built like it.
pub const LLAMA: Architecture = Architecture {
    name: "llama",
    class: "LlamaForCausalLM",
    vectors: &[],
    biases_in_words: "no biases",
    fused: &[],
    gguf_rows: GgufRows::Interleaved,
    context_default: 2048,
    head_dim_default: None,
    epsilon_default: 1e-6,
    stated_window: StatedWindow::Used,
};
