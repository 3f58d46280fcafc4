//! What the embedded models are trained from, and what became of it: texts → vocabulary and tokens ([`corpus`]), held-out
//! windows for tests ([`sample`]), the losses as a chart ([`chart`]). Native only.
//!
//! The steps between are in PyTorch, `tests/reference/train.py`, and not here: on one NVIDIA H200 burn 0.22 on Vulkan had
//! compiled kernels for 90 seconds when it finished the first step of the largest model, and its CUDA backend needs a
//! build of LLVM that no package registry has, while PyTorch trains 1.1 million tokens a second.

pub mod chart;
pub mod corpus;
mod error;
pub mod sample;
mod vocabulary;

pub use error::TrainError;
