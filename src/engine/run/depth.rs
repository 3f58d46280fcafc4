//! A point of the view along the depth: both models run block by block in lockstep, and their residual streams are
//! compared behind each block.

use burn::tensor::Tensor;

use crate::builder::{Builder, Built};
use crate::measure::windows_at_once;
use crate::model::{Batch, Llama};
use crate::probe::Residual;
use crate::progress::Progress;
use crate::statistic::Cache;
use crate::text::Windows;
use crate::{EngineError, Host};
use hemoscope_core::modify::Spec;
use hemoscope_core::observation::Observation;

/// Residual streams of all windows at one depth of one model.
struct Streams<'a> {
    model: &'a Llama,
    /// Blocks that they have been through.
    depth: usize,
    batches: Vec<(Batch, Tensor<2>)>,
}

impl<'a> Streams<'a> {
    fn embed(model: &'a Llama, windows: &Windows) -> Result<Self, EngineError> {
        let mut batches = Vec::new();
        for group in windows.batches(windows_at_once(model, windows.length())) {
            if let Some(batch) = Batch::new(&group) {
                let x = model.embed(&batch)?;
                batches.push((batch, x));
            }
        }
        Ok(Self {
            model,
            depth: 0,
            batches,
        })
    }

    /// Through the next block.
    async fn advance<H: Host>(&mut self, builder: &Builder<'_, H>) -> Result<(), EngineError> {
        if let Some(block) = self.model.blocks().get(self.depth) {
            for (batch, x) in &mut self.batches {
                *x = self.model.forward_block(block, x, batch, None);
                builder.heartbeat.beat().await?;
            }
        }
        self.depth += 1;
        Ok(())
    }
}

/// Compares behind every block of the modified model. A block is compared with the untouched one that it came from: a copy
/// with its original, and what follows a dropped block with what follows it in the untouched model.
pub(super) async fn observe<H: Host>(
    builder: &Builder<'_, H>,
    spec: &Spec,
    windows: &Windows,
    cache: &mut Cache,
    progress: &Progress<'_, H>,
) -> Result<Vec<Observation>, EngineError> {
    let stage = |stage: &str, done, total| progress.stage(stage, done, total);
    let Built { model, sources, .. } = builder.build(spec, cache, stage).await?;
    let mut modified = Streams::embed(&model, windows)?;
    let mut base = Streams::embed(builder.base, windows)?;
    let mut probe = Residual::new(windows.length());
    compare(&mut probe, &base, &modified, "embedding".to_owned()).await?;
    for (place, &source) in sources.iter().enumerate() {
        modified.advance(builder).await?;
        // A copy behind its original, or a block that stands before an earlier one.
        if source + 1 < base.depth {
            base = Streams::embed(builder.base, windows)?;
        }
        while base.depth <= source {
            base.advance(builder).await?;
        }
        compare(&mut probe, &base, &modified, format!("block {source}")).await?;
        progress.stage("comparing the models block by block", place + 1, sources.len());
    }
    Ok(probe.finish(first_modified(builder.base, &model)))
}

async fn compare(
    probe: &mut Residual,
    base: &Streams<'_>,
    modified: &Streams<'_>,
    site: String,
) -> Result<(), EngineError> {
    let pairs = base.batches.iter().zip(&modified.batches);
    let streams: Vec<_> = pairs.map(|((_, base), (_, modified))| (base, modified)).collect();
    Ok(probe.see(base.model.compute(), site, &streams).await?)
}

/// The first place where another block stands than in the untouched model; `None` where there is none.
fn first_modified(base: &Llama, modified: &Llama) -> Option<usize> {
    let differs = |place: &usize| {
        let pair = (base.blocks().get(*place), modified.blocks().get(*place));
        !matches!(pair, (Some(base), Some(modified)) if std::sync::Arc::ptr_eq(base, modified))
    };
    (0..base.blocks().len().max(modified.blocks().len())).find(differs)
}
