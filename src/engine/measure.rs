//! Perplexity and divergence of a modified model against the untouched one, window by window.
//!
//! The untouched model's final hidden states are kept (a few megabytes); its logits are recomputed from them together
//! with the modified model's, some rows at a time, so that a sweep runs the untouched model only once and never stores
//! full logits.

use burn::tensor::Tensor;

use super::text::Windows;
use super::{EngineError, Heartbeat, Host};
use crate::Compute;
use crate::arch::{Batch, Llama};
use crate::ops::score_on_gpu;
use hemoscope_core::metric::{TokenScores, score_row};

/// Hidden states of the untouched model: one tensor per batch, `[windows · length, hidden]`.
pub(super) struct Reference {
    hidden: Vec<Tensor<2>>,
    batch: usize,
}

/// The most tokens per pass on WebGPU: enough to fill a card, small enough for attention scores to fit.
const GPU_TOKENS: usize = 4096;

/// Windows per pass.
pub(super) fn windows_at_once(model: &Llama, window: usize) -> usize {
    if !model.compute().is_gpu() {
        return 1;
    }
    let scores_fit = model.compute().rows_that_fit(model.config().heads * window * window);
    (GPU_TOKENS / window.max(1)).min(scores_fit).max(1)
}

/// Runs all blocks over a batch and returns the normed hidden states.
pub(super) async fn hidden_states<H: Host>(
    model: &Llama,
    batch: &Batch,
    heartbeat: &Heartbeat<'_, H>,
) -> Result<Tensor<2>, EngineError> {
    let mut x = model.embed(batch)?;
    for block in model.blocks() {
        x = model.forward_block(block, &x, batch, None);
        heartbeat.beat().await?;
    }
    Ok(model.finish(&x))
}

impl Reference {
    /// Runs the untouched model over all windows; also returns its scores, in which the modified model equals the
    /// untouched one. `done` gets the number of finished windows and the scores so far.
    pub(super) async fn measure<H: Host>(
        model: &Llama,
        windows: &Windows,
        heartbeat: &Heartbeat<'_, H>,
        mut done: impl FnMut(usize, &TokenScores),
    ) -> Result<(Self, TokenScores), EngineError> {
        let batch_size = windows_at_once(model, windows.length());
        let mut hidden = Vec::new();
        let mut scores = TokenScores::default();
        let mut finished = 0;
        for group in windows.batches(batch_size) {
            let Some(batch) = Batch::new(&group) else { continue };
            let states = hidden_states(model, &batch, heartbeat).await?;
            score_batch(model, &states, None, &group, &mut scores, heartbeat).await?;
            hidden.push(states);
            finished += group.len();
            done(finished, &scores);
        }
        let reference = Self {
            hidden,
            batch: batch_size,
        };
        Ok((reference, scores))
    }

    /// The hidden states as little-endian f32, for another engine.
    pub(super) async fn to_bytes(&self, compute: &Compute) -> Result<Vec<u8>, EngineError> {
        let sizes = self
            .hidden
            .iter()
            .map(|hidden| size_of::<f32>() * hidden.shape().num_elements());
        let mut bytes = Vec::with_capacity(sizes.sum());
        for hidden in &self.hidden {
            let values = compute.read(hidden.clone(), "reading hidden states").await?;
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
        Ok(bytes)
    }

    /// Puts what [`Reference::to_bytes`] gave on this engine's device.
    pub(super) fn from_bytes(model: &Llama, windows: &Windows, bytes: &[u8]) -> Result<Self, EngineError> {
        let (parts, rest) = bytes.as_chunks::<4>();
        let columns = model.config().hidden;
        let rows = windows.count() * windows.length();
        if !rest.is_empty() || parts.len() != rows * columns {
            return Err(EngineError::Torn);
        }
        let batch = windows_at_once(model, windows.length());
        let hidden = parts.chunks(batch * windows.length() * columns).map(|part| {
            let values = part.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            model.compute().matrix(values, [part.len() / columns, columns])
        });
        Ok(Self {
            hidden: hidden.collect(),
            batch,
        })
    }

    /// Scores a modified model against the untouched one; `done` gets the number of finished windows and the scores so
    /// far.
    pub(super) async fn score<H: Host>(
        &self,
        modified: &Llama,
        windows: &Windows,
        heartbeat: &Heartbeat<'_, H>,
        mut done: impl FnMut(usize, &TokenScores),
    ) -> Result<TokenScores, EngineError> {
        let mut scores = TokenScores::default();
        let mut finished = 0;
        for (group, reference) in windows.batches(self.batch).zip(&self.hidden) {
            let Some(batch) = Batch::new(&group) else { continue };
            let hidden = hidden_states(modified, &batch, heartbeat).await?;
            score_batch(modified, reference, Some(&hidden), &group, &mut scores, heartbeat).await?;
            finished += group.len();
            done(finished, &scores);
        }
        Ok(scores)
    }
}

/// Scores the last `length − 1` tokens of each window: position `i` predicts token `i + 1`. Without a modified model, the
/// untouched one is scored against itself.
async fn score_batch<H: Host>(
    model: &Llama,
    base: &Tensor<2>,
    modified: Option<&Tensor<2>>,
    group: &[&[u32]],
    scores: &mut TokenScores,
    heartbeat: &Heartbeat<'_, H>,
) -> Result<(), EngineError> {
    let rows_at_once = model.rows_of_logits();
    for (index, window) in group.iter().enumerate() {
        let first = index * window.len();
        let mut start = 0;
        while start + 1 < window.len() {
            let rows = rows_at_once.min(window.len() - 1 - start);
            let targets = &window[start + 1..=start + rows];
            let logits = |hidden: &Tensor<2>| model.logits(&hidden.clone().narrow(0, first + start, rows));
            let base = logits(base);
            let modified = modified.map(logits);
            if model.compute().is_gpu() {
                let modified = modified.unwrap_or_else(|| base.clone());
                for row in score_on_gpu(model.compute(), &base, &modified, targets).await? {
                    scores.push(row);
                }
            } else {
                let vocabulary = model.config().vocabulary;
                let base = model.compute().read(base, "reading logits").await?;
                let modified = match modified {
                    Some(modified) => Some(model.compute().read(modified, "reading logits").await?),
                    None => None,
                };
                let modified = modified.as_deref().unwrap_or(&base);
                let rows = base.chunks_exact(vocabulary).zip(modified.chunks_exact(vocabulary));
                for ((base, modified), &target) in rows.zip(targets) {
                    scores.push(score_row(base, modified, target as usize)?);
                }
            }
            start += rows;
            heartbeat.beat().await?;
        }
    }
    Ok(())
}
