//! A linear layer's weight, in the form that modifications give it.

use std::borrow::Cow;

use crate::weights::TensorId;

/// How a weight matrix is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// `rows · columns` values, row-major, stored as in the model's file.
    Dense(Vec<f32>),
    /// `W = L·R`: `left` is `[rows, rank]`, `right` is `[rank, columns]`, both row-major.
    Factors {
        /// L.
        left: Vec<f32>,
        /// R.
        right: Vec<f32>,
        /// Columns of L and rows of R.
        rank: usize,
    },
    /// `rows · columns` values, row-major, on a quantization grid.
    Quantized {
        /// The dequantized values.
        values: Vec<f32>,
        /// Bits per weight, scales and zero points included.
        bits_per_weight: f64,
    },
}

/// The weight of one linear layer, `rows` outputs by `columns` inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    /// Which tensor, with block numbers as the step sees them.
    pub id: TensorId,
    /// Outputs.
    pub rows: usize,
    /// Inputs.
    pub columns: usize,
    form: Form,
}

impl Weight {
    /// A weight as its file has it: `rows · columns` values, row-major.
    #[must_use]
    pub fn dense(id: TensorId, [rows, columns]: [usize; 2], values: Vec<f32>) -> Self {
        let form = Form::Dense(values);
        Self {
            id,
            rows,
            columns,
            form,
        }
    }

    /// How it is kept.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The matrix, `rows · columns` values, row-major; factors are multiplied.
    #[must_use]
    pub fn values(&self) -> Cow<'_, [f32]> {
        match &self.form {
            Form::Dense(values) | Form::Quantized { values, .. } => Cow::Borrowed(values),
            Form::Factors { left, right, rank } => Cow::Owned(product(left, right, *rank, self.columns)),
        }
    }

    /// The matrix, to be edited in place. A quantized weight keeps its storage format; factors are multiplied out.
    pub fn values_mut(&mut self) -> &mut [f32] {
        if let Form::Factors { left, right, rank } = &self.form {
            self.form = Form::Dense(product(left, right, *rank, self.columns));
        }
        match &mut self.form {
            Form::Dense(values) | Form::Quantized { values, .. } | Form::Factors { left: values, .. } => values,
        }
    }

    /// Sets the bits per weight from now on, scales and zero points included.
    pub fn store_in(&mut self, bits_per_weight: f64) {
        let values = self.values().into_owned();
        self.form = Form::Quantized {
            values,
            bits_per_weight,
        };
    }

    /// Becomes the product of `left`, `[rows, rank]`, and `right`, `[rank, columns]`.
    pub fn factor(&mut self, left: Vec<f32>, right: Vec<f32>, rank: usize) {
        self.form = Form::Factors { left, right, rank };
    }

    /// Total bits; `stored_bits` is what the same matrix takes in the model's file.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "weight counts are far below 2⁵²")]
    pub fn bits(&self, stored_bits: f64) -> f64 {
        let weights = (self.rows * self.columns) as f64;
        match &self.form {
            Form::Dense(_) => stored_bits,
            Form::Factors { rank, .. } => stored_bits / weights * (rank * (self.rows + self.columns)) as f64,
            Form::Quantized { bits_per_weight, .. } => bits_per_weight * weights,
        }
    }
}

/// `L·R`, summed in f64.
fn product(left: &[f32], right: &[f32], rank: usize, columns: usize) -> Vec<f32> {
    let mut out = Vec::new();
    for row in left.chunks_exact(rank.max(1)) {
        let mut sums = vec![0.0_f64; columns];
        for (l, right) in row.iter().zip(right.chunks_exact(columns.max(1))) {
            for (sum, r) in sums.iter_mut().zip(right) {
                *sum += f64::from(*l) * f64::from(*r);
            }
        }
        out.extend(sums.into_iter().map(|sum| sum as f32));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Role;

    fn weight(values: Vec<f32>) -> Weight {
        Weight::dense(TensorId::in_block(0, Role::Gate), [2, 2], values)
    }

    #[test]
    fn each_form_counts_its_own_bits() {
        let mut w = weight(vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!(w.bits(64.0), 64.0);
        w.store_in(4.5);
        assert_eq!(w.bits(64.0), 18.0);
        w.factor(vec![1.0, 2.0], vec![3.0, 4.0], 1);
        assert_eq!(w.bits(64.0), 64.0);
    }

    #[test]
    fn factors_are_their_product() {
        let mut w = weight(vec![0.0; 4]);
        w.factor(vec![1.0, 2.0], vec![3.0, 4.0], 1);
        assert_eq!(*w.values(), [3.0, 4.0, 6.0, 8.0]);
        w.values_mut()[0] = 0.0;
        assert_eq!(*w.form(), Form::Dense(vec![0.0, 4.0, 6.0, 8.0]));
    }

    #[test]
    fn what_is_quantized_stays_so_when_it_is_edited() {
        let mut w = weight(vec![1.0, 2.0, 3.0, 4.0]);
        w.store_in(2.0);
        w.values_mut()[0] = 0.0;
        assert_eq!(w.bits(64.0), 8.0);
        assert_eq!(*w.values(), [0.0, 2.0, 3.0, 4.0]);
    }
}
