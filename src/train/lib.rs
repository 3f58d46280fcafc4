//! Before and after the training of the embedded models: texts → vocabulary and tokens ([`corpus`]), held-out
//! windows for tests ([`sample`]), the losses as a chart ([`chart`]). Native only.
//!
//! The steps between are in PyTorch, `tests/reference/train.py`, and not here: on one NVIDIA H200, the largest model and
//! 64 windows a step, burn 0.22 on Vulkan trained 48,000 tokens a second in f32 and 98,000 in f16, after half a minute to
//! two minutes of compiling kernels, and PyTorch 1.2 million. burn's CUDA backend needs a build of LLVM that no package
//! registry has.

pub mod chart;
pub mod corpus;
mod error;
pub mod sample;
mod vocabulary;

pub use error::TrainError;
