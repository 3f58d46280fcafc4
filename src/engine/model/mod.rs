//! The Llama architecture on burn: weights become a module, tokens become hidden states and logits.
//!
//! One code path serves the CPU and WebGPU. The operations of a forward pass are in `ops`: on WebGPU they launch the
//! kernels of `kernels`, elsewhere they are burn's own.
//!
//! References: Touvron et al. 2023, "LLaMA" (<https://arxiv.org/abs/2302.13971>); Su et al. 2021, rotary positions
//! (<https://arxiv.org/abs/2104.09864>); Ainslie et al. 2023, grouped-query attention
//! (<https://arxiv.org/abs/2305.13245>); Shazeer 2020, SwiGLU (<https://arxiv.org/abs/2002.05202>).

mod block;
mod cache;
mod compute;
mod error;
mod kernels;
mod llama;
mod ops;
mod scores;
mod self_test;

pub use block::{Block, Linear, Observe};
pub use cache::BlockCache;
pub use compute::Compute;
pub use error::ModelError;
pub use llama::{Batch, Llama};
pub use scores::score_on_gpu;
pub use self_test::{SELF_TEST_BOUND, self_test};
