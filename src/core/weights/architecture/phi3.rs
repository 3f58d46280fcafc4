//! Phi-3 (Abdin et al. 2024, <https://arxiv.org/abs/2404.14219>): Llama whose files hold query, key and value in one tensor,
//! gate and up in another.

use super::{Architecture, Fused, GgufRows, StatedWindow};
use crate::weights::Role;

/// Phi-3 with its original context; the ones with 128 k tokens scale their rotary positions in a way of their own.
pub const PHI3: Architecture = Architecture {
    name: "phi3",
    class: "Phi3ForCausalLM",
    vectors: &[],
    biases_in_words: "no biases",
    fused: &[
        Fused {
            gguf: "attn_qkv.weight",
            hugging_face: "self_attn.qkv_proj.weight",
            parts: &[Role::Query, Role::Key, Role::Value],
        },
        Fused {
            gguf: "ffn_up.weight",
            hugging_face: "mlp.gate_up_proj.weight",
            parts: &[Role::Gate, Role::Up],
        },
    ],
    gguf_rows: GgufRows::Halves,
    context_default: 4096,
    head_dim_default: None,
    epsilon_default: 1e-5,
    stated_window: StatedWindow::Used,
};
