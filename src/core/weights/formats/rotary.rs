//! The two orders in which files store the rows of query and key.
//!
//! Rotary positions rotate pairs of a head's channels. The original Llama code and llama2.c keep a pair in neighbouring
//! rows `(2i, 2i + 1)` (*interleaved*), as do GGUF files of architecture `llama` from llama.cpp's converter; Hugging
//! Face keeps it in rows `(i, i + d/2)` (*half-split*). This program uses half-split order throughout.

/// Interleaved rows to half-split ones. `values` is row-major `[heads · head_dim, columns]`, `head_dim` even.
/// Rows beyond the last whole head stay where they are.
#[must_use]
pub fn half_split_from_interleaved(values: &[f32], columns: usize, head_dim: usize) -> Vec<f32> {
    let half = head_dim / 2;
    reorder(values, columns, head_dim, |row| 2 * (row % half) + row / half)
}

/// Half-split rows to interleaved ones: the inverse of [`half_split_from_interleaved`].
#[must_use]
pub fn interleaved_from_half_split(values: &[f32], columns: usize, head_dim: usize) -> Vec<f32> {
    let half = head_dim / 2;
    reorder(values, columns, head_dim, |row| row / 2 + half * (row % 2))
}

/// Row `r` of each head becomes the head's row `source(r)`.
fn reorder(values: &[f32], columns: usize, head_dim: usize, source: impl Fn(usize) -> usize) -> Vec<f32> {
    let mut reordered = values.to_vec();
    let head_len = head_dim * columns;
    if head_len == 0 {
        return reordered;
    }
    let heads = reordered.chunks_exact_mut(head_len).zip(values.chunks_exact(head_len));
    for (target, head) in heads {
        for (row, target) in target.chunks_exact_mut(columns).enumerate() {
            let from = source(row) * columns;
            target.copy_from_slice(&head[from..from + columns]);
        }
    }
    reordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_example_two_heads_of_four_rows() {
        // One column, the value is the row: pairs (0,1) (2,3) become (0,2) (1,3) in each head.
        let interleaved = [0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 13.0];
        let half_split = [0.0, 2.0, 1.0, 3.0, 10.0, 12.0, 11.0, 13.0];
        assert_eq!(half_split_from_interleaved(&interleaved, 1, 4), half_split);
        // For a head of four channels the reordering is its own inverse; for one of six it is not.
        let interleaved = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let half_split = [0.0, 2.0, 4.0, 1.0, 3.0, 5.0];
        assert_eq!(half_split_from_interleaved(&interleaved, 1, 6), half_split);
        assert_eq!(interleaved_from_half_split(&half_split, 1, 6), interleaved);
    }

    #[test]
    fn rows_move_whole() {
        let interleaved = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5];
        let half_split = half_split_from_interleaved(&interleaved, 2, 4);
        assert_eq!(half_split, [0.0, 0.5, 2.0, 2.5, 1.0, 1.5, 3.0, 3.5]);
    }

    proptest::proptest! {
        #[test]
        fn each_direction_undoes_the_other(heads in 1_usize..4, half in 1_usize..9, columns in 1_usize..5) {
            let values: Vec<f32> = (0..heads * 2 * half * columns).map(|i| i as f32).collect();
            let there = half_split_from_interleaved(&values, columns, 2 * half);
            let back = interleaved_from_half_split(&there, columns, 2 * half);
            proptest::prop_assert_eq!(back, values);
        }
    }
}
