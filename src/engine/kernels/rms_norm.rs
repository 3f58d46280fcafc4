//! `y = gain ∘ x / √(mean x² + ε)`, one workgroup a row.

use super::launch::{GpuTensor, INPUT, Program};

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
    out.launch(
        Program {
            key: "rms_norm".to_owned(),
            threads: THREADS,
            source: source(),
        },
        [rows, 1, 1],
        &[x, gain, &out],
        &sizes,
    );
    out
}

fn source() -> String {
    format!(
        "@group(0) @binding(0) var<storage, {INPUT}> x: array<f32>;
@group(0) @binding(1) var<storage, {INPUT}> gain: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, {INPUT}> sizes: array<u32>;
var<workgroup> sums: array<f32, {THREADS}>;

@compute @workgroup_size({THREADS}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) me: u32) {{
  let channels = sizes[0];
  let row = group.x * channels;
  var sum = 0.0;
  for (var j = me; j < channels; j += {THREADS}u) {{
    let v = x[row + j];
    sum = fma(v, v, sum);
  }}
  sums[me] = sum;
  workgroupBarrier();
  for (var half = {half}u; half > 0u; half /= 2u) {{
    if (me < half) {{ sums[me] += sums[me + half]; }}
    workgroupBarrier();
  }}
  let scale = inverseSqrt(sums[0] / f32(channels) + bitcast<f32>(sizes[1]));
  for (var j = me; j < channels; j += {THREADS}u) {{
    y[row + j] = x[row + j] * scale * gain[j];
  }}
}}
",
        half = THREADS / 2,
    )
}
