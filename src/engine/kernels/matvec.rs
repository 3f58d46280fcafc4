//! Product of a few rows with a weight matrix: `y = x · Wᵀ [+ bias] [+ residual]`, one workgroup an output.
//!
//! Generation passes one row at a time, where a tiled product would leave most of a tile empty; here each workgroup
//! reads one row of `W` once, which is all the traffic there is.

use super::launch::{GpuTensor, INPUT, Program};

/// Rows up to which this is used instead of the tiled product.
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
    let program = Program {
        key: format!("matvec {} {}", bias.is_some(), residual.is_some()),
        threads: THREADS,
        source: source(bias.is_some(), residual.is_some()),
    };
    out.launch(program, [across, columns.div_ceil(across), rows], &buffers, &sizes);
    out
}

fn source(bias: bool, residual: bool) -> String {
    let mut extra = String::new();
    let mut next = 3;
    for (present, name) in [(bias, "bias"), (residual, "residual")] {
        if present {
            extra += &format!("@group(0) @binding({next}) var<storage, {INPUT}> {name}: array<f32>;\n");
            next += 1;
        }
    }
    format!(
        "@group(0) @binding(0) var<storage, {INPUT}> x: array<f32>;
@group(0) @binding(1) var<storage, {INPUT}> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
{extra}@group(0) @binding({next}) var<storage, {INPUT}> sizes: array<u32>;
var<workgroup> sums: array<f32, {THREADS}>;

@compute @workgroup_size({THREADS}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) me: u32) {{
  let columns = sizes[0];
  let depth = sizes[1];
  let column = group.y * sizes[2] + group.x;
  if (column >= columns) {{ return; }}
  var sum = 0.0;
  for (var k = me; k < depth; k += {THREADS}u) {{
    sum = fma(x[group.z * depth + k], weight[column * depth + k], sum);
  }}
  sums[me] = sum;
  workgroupBarrier();
  for (var half = {half}u; half > 0u; half /= 2u) {{
    if (me < half) {{ sums[me] += sums[me + half]; }}
    workgroupBarrier();
  }}
  if (me == 0u) {{
    let at = group.z * columns + column;
    y[at] = sums[0]{add_bias}{add_residual};
  }}
}}
",
        half = THREADS / 2,
        add_bias = if bias { " + bias[column]" } else { "" },
        add_residual = if residual { " + residual[at]" } else { "" },
    )
}
