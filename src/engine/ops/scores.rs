//! Scores of predicted tokens, reduced on the GPU.

use burn::tensor::Tensor;

use crate::Compute;
use crate::arch::ModelError;
use crate::kernels::{from_gpu, score, to_gpu};
use hemoscope_core::metric::TokenScore;

/// Reduces rows of logits of both models, `[rows, vocabulary]` each, to one [`TokenScore`] per row; only these are read
/// back. `targets` has the true next token of each row.
///
/// # Errors
/// If the device fails, or the tensors are not on the GPU.
pub(crate) async fn score_on_gpu(
    compute: &Compute,
    base: &Tensor<2>,
    modified: &Tensor<2>,
    targets: &[u32],
) -> Result<Vec<TokenScore>, ModelError> {
    let [_, vocabulary] = base.dims();
    let (Some(base), Some(modified)) = (to_gpu(base.clone()), to_gpu(modified.clone())) else {
        let reason = "the logits are not on the GPU".to_owned();
        return Err(ModelError::Device {
            device: compute.name().to_owned(),
            what: "scoring",
            reason,
        });
    };
    let rows = compute
        .read(from_gpu::<2>(score(&base, &modified, targets, vocabulary)), "scoring")
        .await?;
    Ok(rows
        .chunks_exact(4)
        .map(|row| TokenScore {
            nll_base: row[0],
            nll_modified: row[1],
            kld: row[2],
            same_top: row[3] > 0.5,
        })
        .collect())
}
