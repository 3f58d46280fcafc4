//! Register-tiled matrix product: `C = alpha · A · op(B) [+ bias] [+ residual]`, batched over windows and heads.
//!
//! A workgroup computes a tile of `C`; both operands' tiles go through workgroup memory, `A` transposed, so that each
//! invocation reads vectors of four and keeps its part of the tile in registers. Tiles stay within WebGPU's default
//! limits (256 invocations, 16 KiB of workgroup memory).

use super::launch::{GpuTensor, INPUT, Program};

/// Appends formatted text.
macro_rules! text {
    ($to:expr, $($form:tt)*) => { $to += &format!($($form)*) };
}

/// Appends formatted text and ends the line.
macro_rules! line {
    ($to:expr, $($form:tt)*) => {{
        $to += &format!($($form)*);
        $to.push('\n');
    }};
}

/// Depth of the tiles that are staged in workgroup memory.
const STEP: usize = 16;

/// Rows and columns of a workgroup's tile, and of the part of it that one invocation keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    rows: usize,
    columns: usize,
    thread_rows: usize,
    thread_columns: usize,
}

impl Tile {
    /// From large to small; large tiles reuse more, small ones fill the card at few rows.
    pub(crate) const ALL: [Self; 4] = [
        Self::new(128, 128, 8, 8),
        Self::new(64, 64, 8, 4),
        Self::new(32, 64, 4, 4),
        Self::new(32, 32, 4, 4),
    ];

    /// Workgroups below which a card of the class that this was measured on is not filled.
    const ENOUGH_WORKGROUPS: usize = 256;

    const fn new(rows: usize, columns: usize, thread_rows: usize, thread_columns: usize) -> Self {
        Self {
            rows,
            columns,
            thread_rows,
            thread_columns,
        }
    }

    /// The largest tile that still gives enough workgroups.
    fn choose(rows: usize, columns: usize, batches: usize) -> Self {
        Self::ALL
            .into_iter()
            .find(|tile| rows.div_ceil(tile.rows) * columns.div_ceil(tile.columns) * batches >= Self::ENOUGH_WORKGROUPS)
            .unwrap_or(Self::ALL[3])
    }

    fn threads(self) -> usize {
        (self.rows / self.thread_rows) * (self.columns / self.thread_columns)
    }
}

/// How `B` is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// `[columns, depth]`, as weights are: the product is `A · Bᵀ`.
    Transposed,
    /// `[depth, columns]`.
    Plain,
}

/// What attention's causality saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Causal {
    /// All of `C` from all of the depth.
    No,
    /// Entries with column > row + offset are never read later, so tiles wholly above the diagonal are skipped.
    Scores,
    /// `A` is zero where depth index > row + offset, so the sum stops there.
    Weights,
}

/// Where a matrix of each window and head lies in its buffer, in elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// From one row to the next.
    pub(crate) row: usize,
    /// From one window to the next.
    pub(crate) window: usize,
    /// From one head to the next.
    pub(crate) head: usize,
}

/// One launch.
pub(crate) struct Product<'a> {
    pub(crate) left: &'a GpuTensor,
    pub(crate) left_layout: Layout,
    pub(crate) right: &'a GpuTensor,
    pub(crate) right_layout: Layout,
    pub(crate) right_order: Right,
    pub(crate) out_layout: Layout,
    pub(crate) out_shape: Vec<usize>,
    /// Rows and columns of `C`, and the depth that is summed over.
    pub(crate) size: [usize; 3],
    pub(crate) windows: usize,
    pub(crate) heads: usize,
    /// Heads of `A` and `C` that share one head of `B`.
    pub(crate) heads_per_right: usize,
    pub(crate) alpha: f32,
    pub(crate) causal: Causal,
    /// Row 0 stands at this position.
    pub(crate) offset: usize,
    pub(crate) bias: Option<&'a GpuTensor>,
    /// Added to `C`, laid out like it.
    pub(crate) residual: Option<&'a GpuTensor>,
    /// `None`: by size.
    pub(crate) tile: Option<Tile>,
}

impl Product<'_> {
    /// Launches the product and returns `C`.
    pub(crate) fn launch(&self) -> GpuTensor {
        let [rows, columns, depth] = self.size;
        let batches = self.windows * self.heads;
        let tile = self.tile.unwrap_or_else(|| Tile::choose(rows, columns, batches));
        let variant = Variant {
            tile,
            right: self.right_order,
            causal: self.causal,
            left_vectors: aligned(&[
                depth,
                self.left_layout.row,
                self.left_layout.window,
                self.left_layout.head,
            ]),
            right_vectors: match self.right_order {
                Right::Transposed => aligned(&[
                    depth,
                    self.right_layout.row,
                    self.right_layout.window,
                    self.right_layout.head,
                ]),
                Right::Plain => aligned(&[
                    columns,
                    self.right_layout.row,
                    self.right_layout.window,
                    self.right_layout.head,
                ]),
            },
            bias: self.bias.is_some(),
            residual: self.residual.is_some(),
        };
        let out = self.left.empty_like(self.out_shape.clone());
        let mut buffers = vec![self.left, self.right, &out];
        buffers.extend(self.bias);
        buffers.extend(self.residual);
        let numbers = [
            rows,
            columns,
            depth,
            self.heads,
            self.heads_per_right,
            self.offset,
            self.left_layout.row,
            self.left_layout.window,
            self.left_layout.head,
            self.right_layout.row,
            self.right_layout.window,
            self.right_layout.head,
            self.out_layout.row,
            self.out_layout.window,
            self.out_layout.head,
        ];
        let mut sizes: Vec<u32> = numbers
            .iter()
            .map(|&value| u32::try_from(value).unwrap_or(u32::MAX))
            .collect();
        sizes.push(self.alpha.to_bits());
        let groups = [columns.div_ceil(tile.columns), rows.div_ceil(tile.rows), batches];
        out.launch(variant.program(), groups, &buffers, &sizes);
        out
    }
}

fn aligned(counts: &[usize]) -> bool {
    counts.iter().all(|count| count.is_multiple_of(4))
}

/// What the text of the kernel depends on.
#[derive(Debug, Clone, Copy)]
struct Variant {
    tile: Tile,
    right: Right,
    causal: Causal,
    left_vectors: bool,
    right_vectors: bool,
    bias: bool,
    residual: bool,
}

impl Variant {
    fn program(self) -> Program {
        Program {
            key: format!("matmul {self:?}"),
            threads: u32::try_from(self.tile.threads()).unwrap_or(256),
            source: self.source(),
        }
    }

    fn source(self) -> String {
        let Tile {
            rows,
            columns,
            thread_rows,
            thread_columns,
        } = self.tile;
        let (vectors_down, vectors_across) = (thread_rows / 4, thread_columns / 4);
        let mut s = self.bindings();
        s += &self.loads();
        text!(
            s,
            "
var<workgroup> tile_a: array<vec4<f32>, {a_vectors}>;
var<workgroup> tile_b: array<vec4<f32>, {b_vectors}>;

@compute @workgroup_size({threads}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) me: u32) {{
  let row0 = group.y * {rows}u;
  let column0 = group.x * {columns}u;
  let window = group.z / sizes[3];
  let head = group.z % sizes[3];
  let a0 = window * sizes[7] + head * sizes[8];
  let b0 = window * sizes[10] + (head / sizes[4]) * sizes[11];
  let c0 = window * sizes[13] + head * sizes[14];
  var depth = sizes[2];
{limits}
  let my_row = (me / {across}u) * {thread_rows}u;
  let my_column = (me % {across}u) * {thread_columns}u;
",
            a_vectors = STEP * rows / 4,
            b_vectors = STEP * columns / 4,
            threads = self.tile.threads(),
            across = columns / thread_columns,
            limits = match self.causal {
                Causal::No => "",
                Causal::Scores => "  if (column0 > row0 + ROWS - 1u + sizes[5]) { return; }",
                Causal::Weights => "  depth = min(depth, row0 + ROWS + sizes[5]);",
            }
            .replace("ROWS", &format!("{rows}u")),
        );
        for i in 0..thread_rows {
            for j in 0..vectors_across {
                line!(s, "  var c_{i}_{j} = vec4<f32>(0.0);");
            }
        }
        line!(s, "  for (var k0 = 0u; k0 < depth; k0 += {STEP}u) {{");
        s += &self.stage_left();
        s += &self.stage_right();
        s += "    workgroupBarrier();\n";
        line!(s, "    for (var k = 0u; k < {STEP}u; k += 1u) {{");
        for v in 0..vectors_down {
            line!(s, "      let a_{v} = tile_a[k * {}u + my_row / 4u + {v}u];", rows / 4);
        }
        for v in 0..vectors_across {
            line!(
                s,
                "      let b_{v} = tile_b[k * {}u + my_column / 4u + {v}u];",
                columns / 4
            );
        }
        for i in 0..thread_rows {
            for j in 0..vectors_across {
                line!(
                    s,
                    "      c_{i}_{j} = fma(vec4<f32>(a_{}.{}), b_{j}, c_{i}_{j});",
                    i / 4,
                    ["x", "y", "z", "w"][i % 4]
                );
            }
        }
        s += "    }\n    workgroupBarrier();\n  }\n  let alpha = bitcast<f32>(sizes[15]);\n";
        for i in 0..thread_rows {
            for j in 0..vectors_across {
                line!(
                    s,
                    "  put(c0, row0 + my_row + {i}u, column0 + my_column + {}u, c_{i}_{j} * alpha);",
                    4 * j
                );
            }
        }
        s += "}\n";
        s
    }

    fn bindings(self) -> String {
        let kind = |vectors: bool| if vectors { "vec4<f32>" } else { "f32" };
        let mut s = format!(
            "@group(0) @binding(0) var<storage, {INPUT}> a: array<{}>;
@group(0) @binding(1) var<storage, {INPUT}> b: array<{}>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
",
            kind(self.left_vectors),
            kind(self.right_vectors)
        );
        let mut next = 3;
        for (present, name) in [(self.bias, "bias"), (self.residual, "residual")] {
            if present {
                line!(
                    s,
                    "@group(0) @binding({next}) var<storage, {INPUT}> {name}: array<f32>;"
                );
                next += 1;
            }
        }
        line!(s, "@group(0) @binding({next}) var<storage, {INPUT}> sizes: array<u32>;");
        text!(
            s,
            "
fn put_one(c0: u32, row: u32, column: u32, value: f32) {{
  if (row < sizes[0] && column < sizes[1]) {{
    let at = c0 + row * sizes[12] + column;
    c[at] = value{bias}{residual};
  }}
}}
fn put(c0: u32, row: u32, column: u32, value: vec4<f32>) {{
  put_one(c0, row, column, value.x);
  put_one(c0, row, column + 1u, value.y);
  put_one(c0, row, column + 2u, value.z);
  put_one(c0, row, column + 3u, value.w);
}}
",
            bias = if self.bias { " + bias[column]" } else { "" },
            residual = if self.residual { " + residual[at]" } else { "" },
        );
        s
    }

    /// Four elements along a row, zero outside the matrix.
    fn loads(self) -> String {
        let load = |name: &str, vectors: bool| {
            if vectors {
                format!(
                    "
fn load_{name}(base: u32, stride: u32, row: u32, column: u32, row_end: u32, column_end: u32) -> vec4<f32> {{
  if (row < row_end && column < column_end) {{
    return {name}[(base + row * stride + column) / 4u];
  }}
  return vec4<f32>(0.0);
}}
"
                )
            } else {
                format!(
                    "
fn load_{name}(base: u32, stride: u32, row: u32, column: u32, row_end: u32, column_end: u32) -> vec4<f32> {{
  var v = vec4<f32>(0.0);
  if (row < row_end) {{
    let at = base + row * stride + column;
    if (column < column_end) {{ v.x = {name}[at]; }}
    if (column + 1u < column_end) {{ v.y = {name}[at + 1u]; }}
    if (column + 2u < column_end) {{ v.z = {name}[at + 2u]; }}
    if (column + 3u < column_end) {{ v.w = {name}[at + 3u]; }}
  }}
  return v;
}}
"
                )
            }
        };
        // Vectors may reach past a shortened depth; the full depth is a multiple of four then, and A is zero there.
        [load("a", self.left_vectors), load("b", self.right_vectors)].concat()
    }

    fn stage_left(self) -> String {
        transposed_stage(
            "a",
            self.tile.rows,
            self.tile.threads(),
            "a0",
            "sizes[6]",
            "row0",
            "sizes[0]",
        )
    }

    fn stage_right(self) -> String {
        let Tile { columns, .. } = self.tile;
        match self.right {
            Right::Transposed => transposed_stage(
                "b",
                columns,
                self.tile.threads(),
                "b0",
                "sizes[9]",
                "column0",
                "sizes[1]",
            ),
            Right::Plain => {
                let vectors = STEP * columns / 4;
                format!(
                    "    for (var p = me; p < {vectors}u; p += {threads}u) {{
      let k = p / {across}u;
      let j = p % {across}u;
      tile_b[p] = load_b(b0, sizes[9], k0 + k, column0 + 4u * j, sizes[2], sizes[1]);
    }}
",
                    threads = self.tile.threads(),
                    across = columns / 4,
                )
            }
        }
    }
}

/// Stages a tile whose depth runs along its rows: each invocation turns patches of 4 by 4 around in registers, because
/// two invocations may not write components of the same vector.
fn transposed_stage(
    name: &str,
    rows: usize,
    threads: usize,
    base: &str,
    stride: &str,
    row0: &str,
    end: &str,
) -> String {
    let patches = (rows / 4) * (STEP / 4);
    let across = STEP / 4;
    let down = rows / 4;
    format!(
        "    for (var p = me; p < {patches}u; p += {threads}u) {{
      let r = 4u * (p / {across}u);
      let k = 4u * (p % {across}u);
      let v0 = load_{name}({base}, {stride}, {row0} + r, k0 + k, {end}, sizes[2]);
      let v1 = load_{name}({base}, {stride}, {row0} + r + 1u, k0 + k, {end}, sizes[2]);
      let v2 = load_{name}({base}, {stride}, {row0} + r + 2u, k0 + k, {end}, sizes[2]);
      let v3 = load_{name}({base}, {stride}, {row0} + r + 3u, k0 + k, {end}, sizes[2]);
      let at = k * {down}u + r / 4u;
      tile_{name}[at] = vec4<f32>(v0.x, v1.x, v2.x, v3.x);
      tile_{name}[at + {down}u] = vec4<f32>(v0.y, v1.y, v2.y, v3.y);
      tile_{name}[at + {two}u] = vec4<f32>(v0.z, v1.z, v2.z, v3.z);
      tile_{name}[at + {three}u] = vec4<f32>(v0.w, v1.w, v2.w, v3.w);
    }}
",
        two = 2 * down,
        three = 3 * down,
    )
}
