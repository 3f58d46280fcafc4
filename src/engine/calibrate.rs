//! Calibration: statistics of the running model, from one pass or block by block.

use burn::tensor::Tensor;

use super::statistic::Collectors;
use super::text::Windows;
use super::{EngineError, Heartbeat, Host};
use crate::model::{Batch, Block, Llama, Observe};
use hemoscope_core::curve::CalibrationStats;
use hemoscope_core::modify::{BlockStatistics, StatisticId};

/// The windows that methods are calibrated on, and how.
pub(super) struct Calibration {
    pub(super) windows: Windows,
    pub(super) stats: CalibrationStats,
}

/// The residual streams of all calibration windows at one depth.
pub(super) struct Streams<'a, H> {
    model: &'a Llama,
    heartbeat: &'a Heartbeat<'a, H>,
    batches: Vec<(Batch, Tensor<2>)>,
}

impl<'a, H: Host> Streams<'a, H> {
    /// Before the first block. One window a batch: calibration is short, and memory is dearer than speed here.
    pub(super) fn embed(
        model: &'a Llama,
        windows: &Windows,
        heartbeat: &'a Heartbeat<'a, H>,
    ) -> Result<Self, EngineError> {
        let mut batches = Vec::new();
        for group in windows.batches(1) {
            if let Some(batch) = Batch::new(&group) {
                let x = model.embed(&batch)?;
                batches.push((batch, x));
            }
        }
        Ok(Self {
            model,
            heartbeat,
            batches,
        })
    }

    /// Statistics of `block` at this depth; the streams stay where they are.
    pub(super) async fn collect(&self, block: &Block, ids: &[StatisticId]) -> Result<BlockStatistics, EngineError> {
        let mut collectors = Collectors::of(ids);
        for (batch, x) in &self.batches {
            drop(self.model.forward_block(block, x, batch, Some(&mut collectors)));
            self.heartbeat.beat().await?;
        }
        Ok(collectors.finish(self.model.compute()).await?)
    }

    /// Through `block` to the next depth; `observer` looks on.
    pub(super) async fn advance(
        &mut self,
        block: &Block,
        mut observer: Option<&mut dyn Observe>,
    ) -> Result<(), EngineError> {
        for (batch, x) in &mut self.batches {
            // A cast reborrow: `as_deref_mut` would borrow the trait object for the whole loop.
            let observer = observer.as_mut().map(|observer| &mut **observer as &mut dyn Observe);
            *x = self.model.forward_block(block, x, batch, observer);
            self.heartbeat.beat().await?;
        }
        Ok(())
    }
}

/// Statistics of every block from one pass over `model`; `done` is told of blocks done.
pub(super) async fn in_one_pass<H: Host>(
    model: &Llama,
    windows: &Windows,
    ids: &[StatisticId],
    heartbeat: &Heartbeat<'_, H>,
    done: impl Fn(usize),
) -> Result<Vec<BlockStatistics>, EngineError> {
    let mut streams = Streams::embed(model, windows, heartbeat)?;
    let mut found = Vec::with_capacity(model.blocks().len());
    for block in model.blocks() {
        let mut collectors = Collectors::of(ids);
        streams.advance(block, Some(&mut collectors)).await?;
        found.push(collectors.finish(model.compute()).await?);
        done(found.len());
    }
    Ok(found)
}
