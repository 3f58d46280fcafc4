fn load_${name}(base: u32, stride: u32, row: u32, column: u32, row_end: u32, column_end: u32) -> vec4<f32> {
  if (row < row_end && column < column_end) {
    return ${name}[(base + row * stride + column) / 4u];
  }
  return vec4<f32>(0.0);
}
