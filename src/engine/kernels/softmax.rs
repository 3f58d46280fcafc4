//! Softmax of attention scores under the causal mask, in place, one workgroup a row.

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
    scores.launch(
        Program {
            key: "softmax".to_owned(),
            threads: THREADS,
            source: source(),
        },
        [rows, 1, batches],
        &[&scores],
        &sizes,
    );
    scores
}

fn source() -> String {
    let input = super::launch::INPUT;
    format!(
        "@group(0) @binding(0) var<storage, read_write> a: array<f32>;
@group(0) @binding(1) var<storage, {input}> sizes: array<u32>;
var<workgroup> parts: array<f32, {THREADS}>;

@compute @workgroup_size({THREADS}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) me: u32) {{
  let columns = sizes[1];
  let seen = min(columns, group.x + sizes[2] + 1u);
  let row = (group.z * sizes[0] + group.x) * columns;
  var top = -3.0e38;
  for (var j = me; j < seen; j += {THREADS}u) {{ top = max(top, a[row + j]); }}
  parts[me] = top;
  workgroupBarrier();
  for (var half = {half}u; half > 0u; half /= 2u) {{
    if (me < half) {{ parts[me] = max(parts[me], parts[me + half]); }}
    workgroupBarrier();
  }}
  top = parts[0];
  workgroupBarrier();
  var sum = 0.0;
  for (var j = me; j < seen; j += {THREADS}u) {{
    let e = exp(a[row + j] - top);
    a[row + j] = e;
    sum += e;
  }}
  parts[me] = sum;
  workgroupBarrier();
  for (var half = {half}u; half > 0u; half /= 2u) {{
    if (me < half) {{ parts[me] += parts[me + half]; }}
    workgroupBarrier();
  }}
  let scale = 1.0 / parts[0];
  for (var j = me; j < columns; j += {THREADS}u) {{
    a[row + j] = select(0.0, a[row + j] * scale, j < seen);
  }}
}}
",
        half = THREADS / 2,
    )
}
