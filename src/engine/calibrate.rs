//! What methods must see of the running model: input norms of each block, and block influence.

use burn::tensor::Tensor;

use super::text::Windows;
use super::{EngineError, Host, Pulse};
use crate::model::{Batch, Block, Llama, Taps};
use hemoscope_core::modify::InputNorms;

/// The residual streams of all calibration windows at one depth.
pub(super) struct Streams {
    batches: Vec<(Batch, Tensor<2>)>,
}

impl Streams {
    /// Before the first block. One window a batch: calibration is short, and memory is dearer than speed here.
    pub(super) fn embed(model: &Llama, windows: &Windows) -> Result<Self, EngineError> {
        let mut batches = Vec::new();
        for group in windows.batches(1) {
            if let Some(batch) = Batch::new(&group) {
                let x = model.embed(&batch)?;
                batches.push((batch, x));
            }
        }
        Ok(Self { batches })
    }

    /// Input norms of `block` at this depth; the streams stay where they are.
    pub(super) async fn norms<H: Host>(
        &self,
        model: &Llama,
        block: &Block,
        pulse: &Pulse<'_, H>,
    ) -> Result<InputNorms, EngineError> {
        let mut taps = Taps::default();
        for (batch, x) in &self.batches {
            drop(model.forward_block(block, x, batch, Some(&mut taps)));
            pulse.beat().await?;
        }
        Ok(InputNorms {
            squared: taps.read(model.compute()).await?,
        })
    }

    /// Through `block` to the next depth, collecting its input norms on the way.
    pub(super) async fn advance<H: Host>(
        &mut self,
        model: &Llama,
        block: &Block,
        mut taps: Option<&mut Taps>,
        pulse: &Pulse<'_, H>,
    ) -> Result<(), EngineError> {
        for (batch, x) in &mut self.batches {
            *x = model.forward_block(block, x, batch, taps.as_deref_mut());
            pulse.beat().await?;
        }
        Ok(())
    }
}

/// Input norms of every block from one pass over `model`.
pub(super) async fn dense_norms<H: Host>(
    model: &Llama,
    windows: &Windows,
    pulse: &Pulse<'_, H>,
    done: impl Fn(usize),
) -> Result<Vec<InputNorms>, EngineError> {
    let mut streams = Streams::embed(model, windows)?;
    let mut norms = Vec::with_capacity(model.blocks().len());
    for block in model.blocks() {
        let mut taps = Taps::default();
        streams.advance(model, block, Some(&mut taps), pulse).await?;
        norms.push(InputNorms {
            squared: taps.read(model.compute()).await?,
        });
        done(norms.len());
    }
    Ok(norms)
}

/// `BI_l = 1 − mean_t cos(x_l, x_{l+1})` of every block, with `x_l` the residual stream that enters block `l`
/// (Men et al. 2024, "ShortGPT", <https://arxiv.org/abs/2403.03853>; the last block's output is taken before the final
/// norm).
pub(super) async fn block_influence<H: Host>(
    model: &Llama,
    windows: &Windows,
    pulse: &Pulse<'_, H>,
    done: impl Fn(usize),
) -> Result<Vec<f64>, EngineError> {
    let mut streams = Streams::embed(model, windows)?;
    let mut influence = Vec::with_capacity(model.blocks().len());
    for block in model.blocks() {
        let before: Vec<Tensor<2>> = streams.batches.iter().map(|(_, x)| x.clone()).collect();
        streams.advance(model, block, None, pulse).await?;
        let (mut sum, mut count) = (0.0, 0_usize);
        for ((_, after), before) in streams.batches.iter().zip(before) {
            let dot = (before.clone() * after.clone()).sum_dim(1);
            let lengths = before.square().sum_dim(1).sqrt() * after.clone().square().sum_dim(1).sqrt();
            for cosine in model.compute().read(dot / lengths, "reading block influence").await? {
                // A token without direction says nothing about the block; the reference code counts it as one half.
                sum += if cosine.is_nan() { 0.5 } else { f64::from(cosine) };
                count += 1;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2⁵²")]
        influence.push(1.0 - sum / count.max(1) as f64);
        done(influence.len());
    }
    Ok(influence)
}
