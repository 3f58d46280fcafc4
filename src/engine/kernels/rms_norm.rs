//! `y = gain ∘ x / √(mean x² + ε)`, one workgroup per row.

use super::launch::{GpuTensor, Program};

const THREADS: u32 = 128;

/// `x` is `[rows, channels]`, `gain` `[channels]`; the result has `shape`, `rows · channels` elements.
pub(crate) fn rms_norm(
    x: &GpuTensor,
    gain: &GpuTensor,
    rows: usize,
    channels: usize,
    epsilon: f64,
    shape: Vec<usize>,
) -> GpuTensor {
    let out = x.empty_like(shape);
    #[expect(clippy::cast_possible_truncation, reason = "the kernel computes in f32")]
    let sizes = [u32::try_from(channels).unwrap_or(u32::MAX), (epsilon as f32).to_bits()];
    out.launch(program(), [rows, 1, 1], &[x, gain, &out], &sizes);
    out
}

/// The kernel.
pub(super) fn program() -> Program {
    Program::new("rms_norm", THREADS, || include_str!("rms_norm.wgsl").to_owned())
}
