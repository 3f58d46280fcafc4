@group(0) @binding(0) var<storage, read_write> a: array<f32>;
@group(0) @binding(1) var<storage, ${input}> sizes: array<u32>;
var<workgroup> parts: array<f32, ${threads}>;

@compute @workgroup_size(${threads}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  let columns = sizes[1];
  let seen = min(columns, group.x + sizes[2] + 1u);
  let row = (group.z * sizes[0] + group.x) * columns;
  var top = -3.0e38;
  for (var j = me; j < seen; j += ${threads}u) { top = max(top, a[row + j]); }
  parts[me] = top;
  workgroupBarrier();
  for (var half = ${half}u; half > 0u; half /= 2u) {
    if (me < half) { parts[me] = max(parts[me], parts[me + half]); }
    workgroupBarrier();
  }
  top = parts[0];
  workgroupBarrier();
  var sum = 0.0;
  for (var j = me; j < seen; j += ${threads}u) {
    let e = exp(a[row + j] - top);
    a[row + j] = e;
    sum += e;
  }
  parts[me] = sum;
  workgroupBarrier();
  for (var half = ${half}u; half > 0u; half /= 2u) {
    if (me < half) { parts[me] += parts[me + half]; }
    workgroupBarrier();
  }
  let scale = 1.0 / parts[0];
  for (var j = me; j < columns; j += ${threads}u) {
    a[row + j] = select(0.0, a[row + j] * scale, j < seen);
  }
}
