@group(0) @binding(0) var<storage, ${input}> a: array<${a_element}>;
@group(0) @binding(1) var<storage, ${input}> b: array<${b_element}>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
${addend_bindings}
@group(0) @binding(${sizes_binding}) var<storage, ${input}> sizes: array<u32>;

fn put_one(c0: u32, row: u32, column: u32, value: f32) {
  if (row < sizes[0] && column < sizes[1]) {
    let at = c0 + row * sizes[12] + column;
    c[at] = value${addends};
  }
}
fn put(c0: u32, row: u32, column: u32, value: vec4<f32>) {
  put_one(c0, row, column, value.x);
  put_one(c0, row, column + 1u, value.y);
  put_one(c0, row, column + 2u, value.z);
  put_one(c0, row, column + 3u, value.w);
}

${load_a}
${load_b}
var<workgroup> tile_a: array<vec4<f32>, ${a_vectors}>;
var<workgroup> tile_b: array<vec4<f32>, ${b_vectors}>;

@compute @workgroup_size(${threads}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) me: u32) {
  let row0 = group.y * ${rows}u;
  let column0 = group.x * ${columns}u;
  let window = group.z / sizes[3];
  let head = group.z % sizes[3];
  let a0 = window * sizes[7] + head * sizes[8];
  let b0 = window * sizes[10] + (head / sizes[4]) * sizes[11];
  let c0 = window * sizes[13] + head * sizes[14];
  var depth = sizes[2];
  ${causality}
  let my_row = (me / ${threads_across}u) * ${thread_rows}u;
  let my_column = (me % ${threads_across}u) * ${thread_columns}u;
${zeros}
  for (var k0 = 0u; k0 < depth; k0 += ${step}u) {
${stage_a}
${stage_b}
    workgroupBarrier();
    for (var k = 0u; k < ${step}u; k += 1u) {
${reads_of_a}
${reads_of_b}
${sums}
    }
    workgroupBarrier();
  }
  let alpha = bitcast<f32>(sizes[15]);
${puts}
}
