//! A tensor that stays in its file until it is read.

use std::sync::Arc;

use super::encoding::{BLOCK_ALIGNMENT, Encoding};
use super::rotary::half_split_from_interleaved;
use crate::weights::{ReadAt, StoredTensor, WeightsError};

/// Where a tensor lies, as its file's header says; the range has been checked against the file's size.
#[derive(Clone)]
pub(super) struct Entry {
    /// Outermost dimension first.
    pub(super) shape: Vec<usize>,
    pub(super) encoding: Encoding,
    pub(super) file: Arc<dyn ReadAt>,
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

impl Entry {
    /// Consecutive parts of so many rows each; `None` if they don't make up the whole matrix.
    pub(super) fn rows(&self, parts: &[usize]) -> Option<Vec<Self>> {
        let [rows, columns] = *self.shape.as_slice() else {
            return None;
        };
        if parts.iter().sum::<usize>() != rows || rows == 0 {
            return None;
        }
        // A row holds whole blocks.
        let row_bytes = self.bytes / rows as u64;
        let mut offset = self.offset;
        let part = |rows: &usize| {
            let bytes = row_bytes * *rows as u64;
            let part = Self {
                shape: vec![*rows, columns],
                offset,
                bytes,
                ..self.clone()
            };
            offset += bytes;
            part
        };
        Some(parts.iter().map(part).collect())
    }

    /// Whether the bytes of both are the same, read a piece at a time. `name` is the tensor's, for messages.
    pub(super) fn holds_the_same_as(&self, other: &Self, name: &str) -> Result<bool, WeightsError> {
        if (self.bytes, self.encoding) != (other.bytes, other.encoding) {
            return Ok(false);
        }
        let what = format!("tensor {name}");
        let mut pieces = [Vec::new(), Vec::new()];
        let mut done = 0;
        while done < self.bytes {
            let length = (self.bytes - done).min(PIECE_BYTES as u64);
            for (piece, entry) in pieces.iter_mut().zip([self, other]) {
                piece.resize(usize::try_from(length).unwrap_or(PIECE_BYTES), 0);
                entry.file.fill(&what, entry.offset + done, piece)?;
            }
            if pieces[0] != pieces[1] {
                return Ok(false);
            }
            done += length;
        }
        Ok(true)
    }
}

/// The order of a tensor's rows in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowOrder {
    /// As this program uses them.
    AsWanted,
    /// Rotary pairs in neighbouring rows.
    Interleaved { head_dim: usize },
}

/// One tensor of a file; each read decodes it anew, a piece at a time.
pub(super) struct FileTensor {
    pub(super) name: String,
    pub(super) shape: [usize; 2],
    pub(super) entry: Entry,
    pub(super) order: RowOrder,
}

/// Encoded bytes in memory at a time.
const PIECE_BYTES: usize = 1 << 20;

impl FileTensor {
    /// Nothing can be measured of a model with such a weight, modified or not.
    fn refuse_not_finite(&self, values: &[f32]) -> Result<(), WeightsError> {
        let Some(place) = values.iter().position(|value| !value.is_finite()) else {
            return Ok(());
        };
        let columns = self.shape[1].max(1);
        Err(WeightsError::NotFinite {
            name: self.name.clone(),
            row: place / columns,
            column: place % columns,
            value: values[place],
        })
    }
}

impl StoredTensor for FileTensor {
    fn name(&self) -> &str {
        &self.name
    }

    fn shape(&self) -> [usize; 2] {
        self.shape
    }

    fn stored_bytes(&self) -> u64 {
        self.entry.bytes
    }

    fn encoding(&self) -> &str {
        self.entry.encoding.name()
    }

    fn read(&self) -> Result<Vec<f32>, WeightsError> {
        let Entry {
            encoding, file, offset, ..
        } = &self.entry;
        let [rows, columns] = self.shape;
        let elements = rows.saturating_mul(columns);
        let mut values = Vec::new();
        values
            .try_reserve_exact(elements)
            .map_err(|_full| WeightsError::Memory {
                name: self.name.clone(),
                bytes: 4 * elements as u64,
            })?;

        let (block_elements, block_bytes) = (encoding.block_elements(), encoding.block_bytes());
        let piece_blocks = (PIECE_BYTES / block_bytes).max(1);
        let mut blocks_left = elements / block_elements;
        let mut piece = vec![0; piece_blocks.min(blocks_left) * block_bytes + BLOCK_ALIGNMENT];
        let start = piece.as_ptr().align_offset(BLOCK_ALIGNMENT).min(BLOCK_ALIGNMENT);
        let what = format!("tensor {}", self.name);
        let mut offset = *offset;
        while blocks_left > 0 {
            let blocks = piece_blocks.min(blocks_left);
            let bytes = &mut piece[start..start + blocks * block_bytes];
            file.fill(&what, offset, bytes)?;
            encoding
                .decode(bytes, &mut values)
                .map_err(|problem| WeightsError::Malformed {
                    file: what.clone(),
                    offset,
                    problem,
                })?;
            offset += bytes.len() as u64;
            blocks_left -= blocks;
        }
        self.refuse_not_finite(&values)?;
        Ok(match self.order {
            RowOrder::AsWanted => values,
            RowOrder::Interleaved { head_dim } => {
                // A bias is one row, but its elements are in the order of the matrix's rows.
                let row_len = if rows == 1 { 1 } else { columns };
                half_split_from_interleaved(&values, row_len, head_dim)
            }
        })
    }
}
