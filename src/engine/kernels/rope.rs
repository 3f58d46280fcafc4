//! Rotary positions in the half-split order: channel `i` of a head turns with channel `i + head_dim/2`.

use super::launch::{GpuTensor, INPUT, Program};

const THREADS: u32 = 128;
const MAX_GROUPS: usize = 65_535;

/// `x` is `[windows · length, heads · head_dim]`, `cosines` and `sines` `[context, head_dim/2]`; row `r` stands at
/// position `r mod length + offset`.
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
        Program {
            key: "rope".to_owned(),
            threads: THREADS,
            source: source(),
        },
        [across, groups.div_ceil(across), 1],
        &[x, cosines, sines, &out],
        &sizes,
    );
    out
}

fn source() -> String {
    format!(
        "@group(0) @binding(0) var<storage, {INPUT}> x: array<f32>;
@group(0) @binding(1) var<storage, {INPUT}> cosines: array<f32>;
@group(0) @binding(2) var<storage, {INPUT}> sines: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, {INPUT}> sizes: array<u32>;

@compute @workgroup_size({THREADS}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
  let p = id.y * sizes[5] + id.x;
  if (p >= sizes[0]) {{ return; }}
  let half = sizes[2] / 2u;
  let i = p % half;
  let head = (p / half) % sizes[1];
  let row = p / (half * sizes[1]);
  let position = row % sizes[3] + sizes[4];
  let at = (row * sizes[1] + head) * sizes[2] + i;
  let c = cosines[position * half + i];
  let s = sines[position * half + i];
  let u = x[at];
  let v = x[at + half];
  y[at] = u * c - v * s;
  y[at + half] = v * c + u * s;
}}
"
    )
}
