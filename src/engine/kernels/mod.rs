//! WGSL kernels for WebGPU, launched on burn's own buffers.
//!
//! burn's generic kernels reach only about one per cent of a large card's throughput here, so the handful of operations
//! in a forward pass have their own kernels. Each takes its sizes from a small buffer, so that one compiled pipeline
//! serves every length; each has a counterpart in burn's operations ([`crate::ops`]) that the CPU runs, and that tests
//! and the self-test compare it with.

mod addends;
mod launch;
pub(super) mod matmul;
pub(super) mod matvec;
mod pointwise;
mod rms_norm;
mod rope;
mod score;
mod softmax;
#[cfg(test)]
mod tests;

pub(super) use launch::{GpuTensor, from_gpu, to_gpu};
pub(super) use pointwise::gated_silu;
pub(super) use rms_norm::rms_norm;
pub(super) use rope::rotate;
pub(super) use score::score;
pub(super) use softmax::causal_softmax;
