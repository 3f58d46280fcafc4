//! Architectures on burn: weights become blocks, tokens become hidden states and logits.
//!
//! Today this runs Llama and models built like it (grouped-query attention, rotary positions, SwiGLU, biases where the
//! weights have them). One code path serves the CPU and WebGPU: the operations of a pass are in `ops`.
//!
//! References: Touvron et al. 2023, "LLaMA" (<https://arxiv.org/abs/2302.13971>); Su et al. 2021, rotary positions
//! (<https://arxiv.org/abs/2104.09864>); Ainslie et al. 2023, grouped-query attention
//! (<https://arxiv.org/abs/2305.13245>); Shazeer 2020, SwiGLU (<https://arxiv.org/abs/2002.05202>).

mod block;
mod cache;
mod error;
mod llama;

pub use block::{Block, Linear, Observe};
pub use cache::BlockCache;
pub use error::ModelError;
pub use llama::{Batch, Llama};
