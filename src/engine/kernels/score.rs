//! Both models' logits at a position, reduced to what the metrics need, one workgroup per row.
//!
//! With `z⁰`, `z` the two rows, `t` the true next token and `lse` the log of the sum of exponentials:
//! `nll = lse(z) − z_t` for each, `KL = Σ_v p⁰(v) (z⁰_v − z_v) − lse(z⁰) + lse(z)`, and whether the largest is the same
//! (ties go to the lower index).

use super::launch::{GpuTensor, Program};

const THREADS: u32 = 256;
/// How many numbers a row is reduced to.
pub(crate) const SCORES: usize = 4;

/// `base` and `modified` are `[rows, vocabulary]`, `targets` `[rows]` token ids as u32 stored in f32 bits; gives
/// `[rows, 4]`: nll of the base, nll of the modified model, KL divergence, 1 where the most likely token is the same.
pub(crate) fn score(base: &GpuTensor, modified: &GpuTensor, targets: &[u32], vocabulary: usize) -> GpuTensor {
    let rows = targets.len();
    let out = base.empty_like([rows, SCORES]);
    let mut sizes = vec![u32::try_from(vocabulary).unwrap_or(u32::MAX)];
    sizes.extend(targets);
    out.launch(program(), [rows, 1, 1], &[base, modified, &out], &sizes);
    out
}

/// The kernel.
pub(super) fn program() -> Program {
    Program::new("score", THREADS, || include_str!("score.wgsl").to_owned())
}
