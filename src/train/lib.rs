//! Before and after the training of the embedded models: texts → vocabulary and tokens ([`corpus`]), held-out
//! windows for tests ([`sample`]), the losses as a chart ([`chart`]). Native only.
//!
//! The training itself is not here but in PyTorch, `tests/reference/train.py`: on one NVIDIA H200, with the largest
//! model and 64 windows per step, burn 0.22 on Vulkan trained 48,000 tokens per second in f32 and 98,000 in f16, after
//! half a minute to two minutes of compiling kernels; PyTorch trained 1.2 million per second. burn's CUDA backend needs
//! a build of LLVM that no package registry has.

pub mod chart;
pub mod corpus;
mod error;
pub mod sample;
mod vocabulary;

pub use error::TrainError;
