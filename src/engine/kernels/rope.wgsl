@group(0) @binding(0) var<storage, ${input}> x: array<f32>;
@group(0) @binding(1) var<storage, ${input}> cosines: array<f32>;
@group(0) @binding(2) var<storage, ${input}> sines: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, ${input}> sizes: array<u32>;

@compute @workgroup_size(${threads}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let p = id.y * sizes[5] + id.x;
  if (p >= sizes[0]) { return; }
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
}
