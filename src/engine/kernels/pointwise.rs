//! The gate of SwiGLU: `y = gate · σ(gate) · up`, element by element.

use super::launch::{GpuTensor, Program};

const THREADS: u32 = 128;
const MAX_GROUPS: usize = 65_535;

/// Both inputs have `count` elements, and so has the result, in `shape`.
pub(crate) fn gated_silu(gate: &GpuTensor, up: &GpuTensor, count: usize, shape: Vec<usize>) -> GpuTensor {
    let out = gate.empty_like(shape);
    let groups = count.div_ceil(THREADS as usize);
    let across = groups.clamp(1, MAX_GROUPS);
    let sizes = [count, across * THREADS as usize].map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    out.launch(
        program(),
        [across, groups.div_ceil(across), 1],
        &[gate, up, &out],
        &sizes,
    );
    out
}

/// The kernel.
pub(super) fn program() -> Program {
    Program::new("gated_silu", THREADS, || include_str!("pointwise.wgsl").to_owned())
}
