//! What calibration collects from the running model: one file per statistic.

mod block_influence;
mod cache;
mod input_squares;

use std::collections::BTreeMap;
use std::pin::Pin;

use burn::tensor::Tensor;

pub(super) use cache::Cache;

use crate::Compute;
use crate::arch::{ModelError, Observe};
use hemoscope_core::modify::{BlockStatistics, SiteValues, StatisticId};
use hemoscope_core::weights::Site;

/// Collects one statistic of one block while windows pass through it.
trait Collector: Observe {
    /// Reads back what was collected.
    ///
    /// # Errors
    /// If the device fails.
    fn finish<'a>(self: Box<Self>, compute: &'a Compute) -> Finish<'a>;
}

type Finish<'a> = Pin<Box<dyn Future<Output = Result<SiteValues, ModelError>> + 'a>>;

/// The collector of each statistic.
fn collector(id: StatisticId) -> Box<dyn Collector> {
    match id {
        StatisticId::InputSquares => Box::new(input_squares::InputSquares::default()),
        StatisticId::BlockInfluence => Box::new(block_influence::BlockInfluence::default()),
    }
}

/// Several statistics of one block, from one pass.
pub(super) struct Collectors(BTreeMap<StatisticId, Box<dyn Collector>>);

impl Collectors {
    pub(super) fn of(ids: &[StatisticId]) -> Self {
        Self(ids.iter().map(|&id| (id, collector(id))).collect())
    }

    /// Reads back what was collected.
    pub(super) async fn finish(self, compute: &Compute) -> Result<BlockStatistics, ModelError> {
        let mut statistics = BlockStatistics::default();
        for (id, collector) in self.0 {
            statistics = statistics.with(id, collector.finish(compute).await?);
        }
        Ok(statistics)
    }
}

impl Observe for Collectors {
    fn see(&mut self, site: Site, x: &Tensor<2>) {
        for collector in self.0.values_mut() {
            collector.see(site, x);
        }
    }
}
