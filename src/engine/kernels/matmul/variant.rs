//! The text of the product's kernel: the `.wgsl` files of this folder, and the lines repeated for each register that an
//! invocation keeps.

use super::{Causal, Right, Tile};
use crate::kernels::addends::Addends;
use crate::kernels::launch::{Program, fill};

/// Depth of the tiles that are staged in workgroup memory.
const STEP: usize = 16;

/// What the text depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variant {
    pub(super) tile: Tile,
    pub(super) right: Right,
    pub(super) causal: Causal,
    /// `A` is read in vectors of four.
    pub(super) left_vectors: bool,
    /// `B` is read in vectors of four.
    pub(super) right_vectors: bool,
    pub(super) bias: bool,
    pub(super) residual: bool,
}

impl Variant {
    /// The kernel.
    pub(super) fn program(self) -> Program {
        let threads = u32::try_from(self.tile.threads()).unwrap_or(256);
        Program::new(format!("matmul {self:?}"), threads, move || self.template())
    }

    fn template(self) -> String {
        let Tile {
            rows,
            columns,
            thread_rows,
            thread_columns,
        } = self.tile;
        let (vectors_down, vectors_across) = (thread_rows / 4, thread_columns / 4);
        let registers = || (0..thread_rows).flat_map(|i| (0..vectors_across).map(move |j| (i, j)));
        let zero = |(i, j): (usize, usize)| format!("  var c_{i}_{j} = vec4<f32>(0.0);");
        let sum = |(i, j): (usize, usize)| {
            let (vector, part) = (i / 4, ["x", "y", "z", "w"][i % 4]);
            format!("      c_{i}_{j} = fma(vec4<f32>(a_{vector}.{part}), b_{j}, c_{i}_{j});")
        };
        let put = |(i, j): (usize, usize)| {
            let column = 4 * j;
            format!("  put(c0, row0 + my_row + {i}u, column0 + my_column + {column}u, c_{i}_{j} * alpha);")
        };
        let addends = Addends::new(self.bias, self.residual);
        fill(
            include_str!("product.wgsl"),
            &[
                ("addend_bindings", &addends.bindings),
                ("sizes_binding", &addends.sizes_binding),
                ("addends", &addends.terms),
                ("a_element", &element(self.left_vectors)),
                ("b_element", &element(self.right_vectors)),
                ("load_a", &load("a", self.left_vectors)),
                ("load_b", &load("b", self.right_vectors)),
                ("a_vectors", &(STEP * rows / 4)),
                ("b_vectors", &(STEP * columns / 4)),
                (
                    "causality",
                    &match self.causal {
                        Causal::No => "",
                        Causal::Scores => "if (column0 > row0 + ${rows}u - 1u + sizes[5]) { return; }",
                        Causal::Weights => "depth = min(depth, row0 + ${rows}u + sizes[5]);",
                    },
                ),
                ("rows", &rows),
                ("columns", &columns),
                ("threads_across", &(columns / thread_columns)),
                ("thread_rows", &thread_rows),
                ("thread_columns", &thread_columns),
                ("step", &STEP),
                ("zeros", &lines(registers().map(zero))),
                (
                    "stage_a",
                    &stage_transposed("a", rows, ["sizes[6]", "row0", "sizes[0]"]),
                ),
                (
                    "stage_b",
                    &match self.right {
                        Right::Transposed => stage_transposed("b", columns, ["sizes[9]", "column0", "sizes[1]"]),
                        Right::Plain => stage_plain(columns),
                    },
                ),
                ("reads_of_a", &reads("a", "my_row", vectors_down, rows)),
                ("reads_of_b", &reads("b", "my_column", vectors_across, columns)),
                ("sums", &lines(registers().map(sum))),
                ("puts", &lines(registers().map(put))),
            ],
        )
    }
}

/// Each on a line of its own.
fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads from the staged tile, of this width, into an invocation's registers.
fn reads(name: &str, mine: &str, vectors: usize, width: usize) -> String {
    let across = width / 4;
    lines((0..vectors).map(|v| format!("      let {name}_{v} = tile_{name}[k * {across}u + {mine} / 4u + {v}u];")))
}

/// The element type of an operand's buffer.
fn element(vectors: bool) -> &'static str {
    if vectors { "vec4<f32>" } else { "f32" }
}

/// Reads four elements along a row, zero outside the matrix.
///
/// Vectors may reach past a shortened depth; then the full depth is a multiple of four, and A is zero there.
fn load(name: &str, vectors: bool) -> String {
    let file = if vectors {
        include_str!("load_vectors.wgsl")
    } else {
        include_str!("load_scalars.wgsl")
    };
    fill(file, &[("name", &name)])
}

/// Stages a tile whose depth runs along its rows: each invocation transposes 4-by-4 patches in registers, because two
/// invocations must not write components of the same vector.
fn stage_transposed(name: &str, rows: usize, [stride, row0, end]: [&str; 3]) -> String {
    let (down, across) = (rows / 4, STEP / 4);
    fill(
        include_str!("stage_transposed.wgsl"),
        &[
            ("name", &name),
            ("stride", &stride),
            ("row0", &row0),
            ("end", &end),
            ("patches", &(down * across)),
            ("across", &across),
            ("down", &down),
            ("twice_down", &(2 * down)),
            ("thrice_down", &(3 * down)),
        ],
    )
}

/// Stages a tile of `B` whose depth runs down its columns.
fn stage_plain(columns: usize) -> String {
    fill(
        include_str!("stage_plain.wgsl"),
        &[("vectors", &(STEP * columns / 4)), ("across", &(columns / 4))],
    )
}

/// The kernels of all variants.
#[cfg(test)]
pub(in crate::kernels) fn all() -> Vec<Program> {
    let mut all = Vec::new();
    for tile in Tile::ALL {
        for right in [Right::Transposed, Right::Plain] {
            for causal in [Causal::No, Causal::Scores, Causal::Weights] {
                for bits in 0..16 {
                    let is_set = |bit: u32| bits & (1 << bit) != 0;
                    let variant = Variant {
                        tile,
                        right,
                        causal,
                        left_vectors: is_set(0),
                        right_vectors: is_set(1),
                        bias: is_set(2),
                        residual: is_set(3),
                    };
                    all.push(variant.program());
                }
            }
        }
    }
    all
}
