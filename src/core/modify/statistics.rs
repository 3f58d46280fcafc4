//! Calibration statistics of a model: numbers by statistic, block and site.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::weights::Site;

/// The statistics that a method can ask for. The engine collects them, with one file for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatisticId {
    /// `Σ_t x_tj²` of each input channel `j` of the linear layers, over the calibration tokens.
    InputSquares,
    /// `1 − mean_t cos(x_l,t, x_l+1,t)`, one number at the block's residual stream.
    BlockInfluence,
}

impl StatisticId {
    /// Whether it compares blocks with each other, so that it is always measured on the whole model before a step.
    #[must_use]
    pub fn is_of_model(self) -> bool {
        match self {
            Self::InputSquares => false,
            Self::BlockInfluence => true,
        }
    }
}

/// One statistic of one block: an array of numbers at each of its sites.
pub type SiteValues = BTreeMap<Site, Vec<f64>>;

/// The statistics of one block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BlockStatistics(BTreeMap<StatisticId, SiteValues>);

impl BlockStatistics {
    /// With one more statistic.
    #[must_use]
    pub fn with(mut self, id: StatisticId, values: SiteValues) -> Self {
        self.0.insert(id, values);
        self
    }

    /// Adds further statistics of the same block.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Takes one statistic out; nothing where it was not collected.
    pub fn take(&mut self, id: StatisticId) -> SiteValues {
        self.0.remove(&id).unwrap_or_default()
    }

    /// The numbers of a statistic at a site; `None` where they were not collected.
    #[must_use]
    pub fn at(&self, id: StatisticId, site: Site) -> Option<&[f64]> {
        self.0.get(&id)?.get(&site).map(Vec::as_slice)
    }
}

/// The statistics of all blocks, in block order. Cloning shares them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics(BTreeMap<StatisticId, Arc<Vec<SiteValues>>>);

impl Statistics {
    /// Adds a statistic, with one entry per block.
    pub fn insert(&mut self, id: StatisticId, blocks: Arc<Vec<SiteValues>>) {
        self.0.insert(id, blocks);
    }

    /// The statistics of the block at this position.
    #[must_use]
    pub fn block(&self, place: usize) -> BlockStatistics {
        let known = self
            .0
            .iter()
            .filter_map(|(id, blocks)| Some((*id, blocks.get(place)?.clone())));
        BlockStatistics(known.collect())
    }

    /// For each block, the first number of a statistic at a site; `None` where it was not collected.
    #[must_use]
    pub fn of_blocks(&self, id: StatisticId, site: Site) -> Option<Vec<f64>> {
        let blocks = self.0.get(&id)?;
        blocks
            .iter()
            .map(|values| values.get(&site)?.first().copied())
            .collect()
    }
}
