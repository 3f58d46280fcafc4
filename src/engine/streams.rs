//! Many windows on their way through a model, one block after the other.

use burn::tensor::Tensor;

use super::statistic::Collectors;
use super::text::Windows;
use super::{EngineError, Heartbeat, Host};
use crate::arch::{Batch, Block, Llama, Observe};
use hemoscope_core::modify::{BlockStatistics, StatisticId};

/// The residual streams of all windows at one depth.
pub(super) struct Streams<'a, H> {
    model: &'a Llama,
    heartbeat: &'a Heartbeat<'a, H>,
    batches: Vec<(Batch, Tensor<2>)>,
}

impl<'a, H: Host> Streams<'a, H> {
    /// The streams before the first block, with this many windows per batch.
    pub(super) fn embed(
        model: &'a Llama,
        windows: &Windows,
        at_once: usize,
        heartbeat: &'a Heartbeat<'a, H>,
    ) -> Result<Self, EngineError> {
        let mut batches = Vec::new();
        for group in windows.batches(at_once) {
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

    /// One tensor per batch, `[windows · length, hidden]`.
    pub(super) fn batches(&self) -> impl Iterator<Item = &Tensor<2>> {
        self.batches.iter().map(|(_, x)| x)
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

    /// Runs `block` to get to the next depth; `observer` sees its activations.
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
