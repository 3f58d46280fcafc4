//! Calibration: statistics of the running model, from one pass or block by block.

use super::statistic::Collectors;
use super::streams::Streams;
use super::text::Windows;
use super::{EngineError, Heartbeat, Host};
use crate::arch::Llama;
use hemoscope_core::curve::CalibrationStats;
use hemoscope_core::modify::{BlockStatistics, StatisticId};

/// The calibration windows, and how statistics are collected on them.
pub(super) struct Calibration {
    pub(super) windows: Windows,
    pub(super) stats: CalibrationStats,
}

/// Calibration is short, and memory matters more than speed here.
pub(super) const WINDOWS_AT_ONCE: usize = 1;

/// Statistics of every block from one pass over `model`; `done` is told how many blocks are done.
pub(super) async fn in_one_pass<H: Host>(
    model: &Llama,
    windows: &Windows,
    ids: &[StatisticId],
    heartbeat: &Heartbeat<'_, H>,
    done: impl Fn(usize),
) -> Result<Vec<BlockStatistics>, EngineError> {
    let mut streams = Streams::embed(model, windows, WINDOWS_AT_ONCE, heartbeat)?;
    let mut found = Vec::with_capacity(model.blocks().len());
    for block in model.blocks() {
        let mut collectors = Collectors::of(ids);
        streams.advance(block, Some(&mut collectors)).await?;
        found.push(collectors.finish(model.compute()).await?);
        done(found.len());
    }
    Ok(found)
}
