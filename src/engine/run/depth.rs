//! A point of the view along the depth: both models run block by block in lockstep, and their residual streams are
//! compared after each block.

use crate::arch::Llama;
use crate::builder::{Builder, Built};
use crate::measure::windows_at_once;
use crate::probe::{Pair, Residual};
use crate::progress::Progress;
use crate::statistic::Cache;
use crate::streams::Streams;
use crate::text::Windows;
use crate::{EngineError, Host};
use hemoscope_core::modify::Spec;
use hemoscope_core::observation::Observation;

/// Compares the streams after every block of the modified model. Each block is compared with the untouched block it
/// came from: a copy with its original, and the block after a dropped one with the same block of the untouched model.
pub(super) async fn observe<H: Host>(
    builder: &Builder<'_, H>,
    spec: &Spec,
    windows: &Windows,
    cache: &mut Cache,
    progress: &Progress<'_, H>,
) -> Result<Vec<Observation>, EngineError> {
    let stage = |stage: &str, done, total| progress.stage(stage, done, total);
    let Built { model, sources, .. } = builder.build(spec, cache, stage).await?;
    let embed = |model| {
        let at_once = windows_at_once(model, windows.length());
        Streams::embed(model, windows, at_once, builder.heartbeat)
    };
    let mut modified = embed(&model)?;
    let mut base = embed(builder.base)?;
    // How many untouched blocks `base` has passed.
    let mut depth = 0;
    let mut probe = Residual::new(windows.length());
    let compute = builder.base.compute();
    probe
        .see(compute, "embedding".to_owned(), &pairs(&base, &modified))
        .await?;
    for (place, (&source, block)) in sources.iter().zip(model.blocks()).enumerate() {
        modified.advance(block, None).await?;
        // A copy after its original, or a block moved after a later one.
        if source + 1 < depth {
            base = embed(builder.base)?;
            depth = 0;
        }
        for block in builder.base.blocks().iter().take(source + 1).skip(depth) {
            base.advance(block, None).await?;
        }
        depth = source + 1;
        probe
            .see(compute, format!("block {source}"), &pairs(&base, &modified))
            .await?;
        progress.stage("comparing the models block by block", place + 1, sources.len());
    }
    Ok(probe.finish(first_modified(builder.base, &model)))
}

/// Both models' streams, batch by batch.
fn pairs<'s, H: Host>(base: &'s Streams<'_, H>, modified: &'s Streams<'_, H>) -> Vec<Pair<'s>> {
    base.batches().zip(modified.batches()).collect()
}

/// The first position whose block is not that of the untouched model; `None` if there is none.
fn first_modified(base: &Llama, modified: &Llama) -> Option<usize> {
    let differs = |place: &usize| {
        let pair = (base.blocks().get(*place), modified.blocks().get(*place));
        !matches!(pair, (Some(base), Some(modified)) if std::sync::Arc::ptr_eq(base, modified))
    };
    (0..base.blocks().len().max(modified.blocks().len())).find(differs)
}
