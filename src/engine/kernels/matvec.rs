//! Product of a few rows with a weight matrix: `y = x · Wᵀ [+ bias] [+ residual]`, one workgroup per output.
//!
//! Generation runs one row at a time, where a tiled product would leave most of a tile empty; here each workgroup reads
//! one row of `W` exactly once.

use super::addends::Addends;
use super::launch::{GpuTensor, Program, fill};

/// The most rows for which this is used instead of the tiled product.
pub(crate) const MAX_ROWS: usize = 4;
const THREADS: u32 = 64;
/// WebGPU allows this many workgroups in a dimension.
const MAX_GROUPS: usize = 65_535;

/// `x` is `[rows, depth]`, `weight` `[columns, depth]`; gives `out_shape` with `rows · columns` elements.
pub(crate) fn matvec(
    x: &GpuTensor,
    weight: &GpuTensor,
    size: [usize; 3],
    out_shape: Vec<usize>,
    bias: Option<&GpuTensor>,
    residual: Option<&GpuTensor>,
) -> GpuTensor {
    let [rows, columns, depth] = size;
    let out = x.empty_like(out_shape);
    let mut buffers = vec![x, weight, &out];
    buffers.extend(bias);
    buffers.extend(residual);
    let across = columns.min(MAX_GROUPS);
    let sizes = [columns, depth, across].map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    let program = program(bias.is_some(), residual.is_some());
    out.launch(program, [across, columns.div_ceil(across), rows], &buffers, &sizes);
    out
}

/// The kernel with its addends.
pub(super) fn program(bias: bool, residual: bool) -> Program {
    Program::new(format!("matvec {bias} {residual}"), THREADS, move || {
        let addends = Addends::new(bias, residual);
        fill(
            include_str!("matvec.wgsl"),
            &[
                ("addend_bindings", &addends.bindings),
                ("sizes_binding", &addends.sizes_binding),
                ("addends", &addends.terms),
            ],
        )
    })
}
