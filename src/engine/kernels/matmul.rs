//! Register-tiled matrix product: `C = alpha · A · op(B) [+ bias] [+ residual]`, batched over windows and heads.
//!
//! A workgroup computes a tile of `C`; both operands' tiles go through workgroup memory, `A` transposed, so that each
//! invocation reads vectors of four and keeps its part of the tile in registers. Tiles stay within WebGPU's default
//! limits (256 invocations, 16 KiB of workgroup memory).

mod variant;

use super::launch::GpuTensor;
use variant::Variant;
#[cfg(test)]
pub(super) use variant::all as variants;

/// Rows and columns of a workgroup's tile, and of the part that one invocation keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    rows: usize,
    columns: usize,
    thread_rows: usize,
    thread_columns: usize,
}

impl Tile {
    /// From large to small; large tiles reuse more data, small ones fill the card when there are few rows.
    pub(crate) const ALL: [Self; 4] = [
        Self::new(128, 128, 8, 8),
        Self::new(64, 64, 8, 4),
        Self::new(32, 64, 4, 4),
        Self::new(32, 32, 4, 4),
    ];

    /// Fewer workgroups than this do not fill a card of the class that this was measured on.
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

/// The work that causal attention saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Causal {
    /// All of `C` from all of the depth.
    No,
    /// Entries with column > row + offset are never read, so tiles wholly above the diagonal are skipped.
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
    /// The position of row 0.
    pub(crate) offset: usize,
    pub(crate) bias: Option<&'a GpuTensor>,
    /// Added to `C`, laid out like it.
    pub(crate) residual: Option<&'a GpuTensor>,
    /// `None`: chosen by size.
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
