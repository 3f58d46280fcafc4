//! A point of a curve: perplexity and divergence of the modified model against the untouched one.

use crate::EngineError;
use crate::Host;
use crate::builder::Builder;
use crate::progress::{Made, Progress};
use crate::statistic::Cache;
use crate::text::Windows;
use crate::untouched::Untouched;
use hemoscope_core::curve::Measured;
use hemoscope_core::metric::Hemorrhage;
use hemoscope_core::modify::Spec;

/// Measures one point.
pub(super) async fn measure<H: Host>(
    builder: &Builder<'_, H>,
    spec: &Spec,
    untouched: &Untouched,
    windows: &Windows,
    cache: &mut Cache,
    progress: &Progress<'_, H>,
) -> Result<Measured, EngineError> {
    progress.windows_done(0, None);
    let built = builder
        .build(spec, cache, |stage, done, total| progress.stage(stage, done, total))
        .await?;
    let made = Made::of(&built.tally, built.model.blocks().len());
    // If nothing was modified, everything is already known.
    if spec.is_identity() {
        return Ok(progress.measured_as(untouched.stats, Hemorrhage::NONE, made));
    }
    let scores = untouched
        .reference
        .score(&built.model, windows, builder.heartbeat, |done, scores| {
            progress.windows_scored(done, || progress.measured(scores, done, made).ok());
        })
        .await?;
    progress.measured(&scores, windows.count(), made)
}
