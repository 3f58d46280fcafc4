//! WGSL kernels for WebGPU, launched on burn's own buffers.
//!
//! burn's generic kernels reach about one per cent of a large card here, so the handful of operations that a forward
//! pass consists of have kernels of their own. Each takes its sizes from a small buffer, so that one compiled pipeline
//! serves every length; each has a twin in burn's operations ([`crate::ops`]) that the CPU runs and that tests and the
//! self-test compare it with.

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
