//! The gate of SwiGLU: `y = gate · σ(gate) · up`, element by element.

use super::launch::{GpuTensor, INPUT, Program};

const THREADS: u32 = 128;
const MAX_GROUPS: usize = 65_535;

/// Both inputs have `count` elements, and so has the result, in `shape`.
pub(crate) fn gated_silu(gate: &GpuTensor, up: &GpuTensor, count: usize, shape: Vec<usize>) -> GpuTensor {
    let out = gate.empty_like(shape);
    let groups = count.div_ceil(THREADS as usize);
    let across = groups.clamp(1, MAX_GROUPS);
    let sizes = [count, across * THREADS as usize].map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    out.launch(
        Program {
            key: "gated_silu".to_owned(),
            threads: THREADS,
            source: source(),
        },
        [across, groups.div_ceil(across), 1],
        &[gate, up, &out],
        &sizes,
    );
    out
}

fn source() -> String {
    format!(
        "@group(0) @binding(0) var<storage, {INPUT}> gate: array<f32>;
@group(0) @binding(1) var<storage, {INPUT}> up: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, {INPUT}> sizes: array<u32>;

@compute @workgroup_size({THREADS}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
  let at = id.y * sizes[1] + id.x;
  if (at >= sizes[0]) {{ return; }}
  let g = gate[at];
  y[at] = g / (1.0 + exp(-g)) * up[at];
}}
"
    )
}
