@group(0) @binding(0) var<storage, ${input}> base: array<f32>;
@group(0) @binding(1) var<storage, ${input}> modified: array<f32>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;
@group(0) @binding(3) var<storage, ${input}> sizes: array<u32>;
var<workgroup> tops: array<vec2<f32>, ${threads}>;
var<workgroup> places: array<vec2<u32>, ${threads}>;
var<workgroup> sums: array<vec3<f32>, ${threads}>;

@compute @workgroup_size(${threads}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  let vocabulary = sizes[0];
  let row = group.x * vocabulary;
  var top = vec2<f32>(-3.0e38, -3.0e38);
  var place = vec2<u32>(0xffffffffu, 0xffffffffu);
  for (var v = me; v < vocabulary; v += ${threads}u) {
    let z = vec2<f32>(base[row + v], modified[row + v]);
    if (z.x > top.x) { top.x = z.x; place.x = v; }
    if (z.y > top.y) { top.y = z.y; place.y = v; }
  }
  tops[me] = top;
  places[me] = place;
  workgroupBarrier();
  for (var half = ${half}u; half > 0u; half /= 2u) {
    if (me < half) {
      let other = tops[me + half];
      let there = places[me + half];
      if (other.x > tops[me].x || (other.x == tops[me].x && there.x < places[me].x)) {
        tops[me].x = other.x;
        places[me].x = there.x;
      }
      if (other.y > tops[me].y || (other.y == tops[me].y && there.y < places[me].y)) {
        tops[me].y = other.y;
        places[me].y = there.y;
      }
    }
    workgroupBarrier();
  }
  top = tops[0];
  place = places[0];
  var sum = vec3<f32>(0.0);
  for (var v = me; v < vocabulary; v += ${threads}u) {
    let z = vec2<f32>(base[row + v], modified[row + v]) - top;
    let e = exp(z);
    sum += vec3<f32>(e, e.x * (z.x - z.y));
  }
  sums[me] = sum;
  workgroupBarrier();
  for (var half = ${half}u; half > 0u; half /= 2u) {
    if (me < half) { sums[me] += sums[me + half]; }
    workgroupBarrier();
  }
  if (me == 0u) {
    let total = sums[0];
    let lse = log(total.xy);
    let target_token = sizes[1u + group.x];
    let out = group.x * 4u;
    scores[out] = lse.x - (base[row + target_token] - top.x);
    scores[out + 1u] = lse.y - (modified[row + target_token] - top.y);
    scores[out + 2u] = total.z / total.x - lse.x + lse.y;
    scores[out + 3u] = select(0.0, 1.0, place.x == place.y);
  }
}
