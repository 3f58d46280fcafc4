fn load_${name}(base: u32, stride: u32, row: u32, column: u32, row_end: u32, column_end: u32) -> vec4<f32> {
  var v = vec4<f32>(0.0);
  if (row < row_end) {
    let at = base + row * stride + column;
    if (column < column_end) { v.x = ${name}[at]; }
    if (column + 1u < column_end) { v.y = ${name}[at + 1u]; }
    if (column + 2u < column_end) { v.z = ${name}[at + 2u]; }
    if (column + 3u < column_end) { v.w = ${name}[at + 3u]; }
  }
  return v;
}
