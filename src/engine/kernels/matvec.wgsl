@group(0) @binding(0) var<storage, ${input}> x: array<f32>;
@group(0) @binding(1) var<storage, ${input}> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
${addend_bindings}
@group(0) @binding(${sizes_binding}) var<storage, ${input}> sizes: array<u32>;
var<workgroup> sums: array<f32, ${threads}>;

@compute @workgroup_size(${threads}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  let columns = sizes[0];
  let depth = sizes[1];
  let column = group.y * sizes[2] + group.x;
  if (column >= columns) { return; }
  var sum = 0.0;
  for (var k = me; k < depth; k += ${threads}u) {
    sum = fma(x[group.z * depth + k], weight[column * depth + k], sum);
  }
  sums[me] = sum;
  workgroupBarrier();
  for (var half = ${half}u; half > 0u; half /= 2u) {
    if (me < half) { sums[me] += sums[me + half]; }
    workgroupBarrier();
  }
  if (me == 0u) {
    let at = group.z * columns + column;
    y[at] = sums[0]${addends};
  }
}
