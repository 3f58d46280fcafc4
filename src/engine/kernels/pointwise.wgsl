@group(0) @binding(0) var<storage, ${input}> gate: array<f32>;
@group(0) @binding(1) var<storage, ${input}> up: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, ${input}> sizes: array<u32>;

@compute @workgroup_size(${threads}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = id.y * sizes[1] + id.x;
  if (at >= sizes[0]) { return; }
  let g = gate[at];
  y[at] = g / (1.0 + exp(-g)) * up[at];
}
