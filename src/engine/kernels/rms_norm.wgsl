@group(0) @binding(0) var<storage, ${input}> x: array<f32>;
@group(0) @binding(1) var<storage, ${input}> gain: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, ${input}> sizes: array<u32>;
var<workgroup> sums: array<f32, ${threads}>;

@compute @workgroup_size(${threads}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  let channels = sizes[0];
  let row = group.x * channels;
  var sum = 0.0;
  for (var j = me; j < channels; j += ${threads}u) {
    let v = x[row + j];
    sum = fma(v, v, sum);
  }
  sums[me] = sum;
  workgroupBarrier();
  for (var half = ${half}u; half > 0u; half /= 2u) {
    if (me < half) { sums[me] += sums[me + half]; }
    workgroupBarrier();
  }
  let scale = inverseSqrt(sums[0] / f32(channels) + bitcast<f32>(sizes[1]));
  for (var j = me; j < channels; j += ${threads}u) {
    y[row + j] = x[row + j] * scale * gain[j];
  }
}
