//! Rotary positions in the half-split order: channel `i` of a head is rotated with channel `i + head_dim/2`.

use super::launch::{GpuTensor, Program};

const THREADS: u32 = 128;
const MAX_GROUPS: usize = 65_535;

/// `x` is `[windows · length, heads · head_dim]`, `cosines` and `sines` `[context, head_dim/2]`; row `r` is at position
/// `r mod length + offset`.
pub(crate) fn rotate(
    x: &GpuTensor,
    [cosines, sines]: [&GpuTensor; 2],
    [rows, heads, head_dim]: [usize; 3],
    length: usize,
    offset: usize,
) -> GpuTensor {
    let shape = [rows, heads * head_dim];
    let out = x.empty_like(shape);
    let pairs = rows * heads * head_dim / 2;
    let groups = pairs.div_ceil(THREADS as usize);
    let across = groups.clamp(1, MAX_GROUPS);
    let sizes = [pairs, heads, head_dim, length, offset, across * THREADS as usize]
        .map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    out.launch(
        program(),
        [across, groups.div_ceil(across), 1],
        &[x, cosines, sines, &out],
        &sizes,
    );
    out
}

/// The kernel.
pub(super) fn program() -> Program {
    Program::new("rope", THREADS, || include_str!("rope.wgsl").to_owned())
}
