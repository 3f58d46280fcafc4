//! Softmax of attention scores under the causal mask, in place, one workgroup per row.

use super::launch::{GpuTensor, Program};

const THREADS: u32 = 128;

/// `scores` is `[batches, rows, columns]`; row `i` sees columns up to `i + offset`, the rest become zero. Batches lie
/// along the third grid dimension, so they must stay below 65,536.
pub(crate) fn causal_softmax(
    scores: GpuTensor,
    batches: usize,
    rows: usize,
    columns: usize,
    offset: usize,
) -> GpuTensor {
    let sizes = [rows, columns, offset].map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    scores.launch(program(), [rows, 1, batches], &[&scores], &sizes);
    scores
}

/// The kernel.
pub(super) fn program() -> Program {
    Program::new("softmax", THREADS, || include_str!("softmax.wgsl").to_owned())
}
