//! Known statistics, keyed by the steps that made the model they describe; the points of a sweep share them.

use std::collections::HashMap;
use std::sync::Arc;

use hemoscope_core::modify::{SiteValues, Spec, StatisticId};

/// Each statistic has one entry per block.
#[derive(Clone, Default)]
pub(crate) struct Cache(HashMap<(String, StatisticId), Arc<Vec<SiteValues>>>);

impl Cache {
    /// A statistic of the model after these steps.
    pub(crate) fn get(&self, after: &Spec, id: StatisticId) -> Option<&Arc<Vec<SiteValues>>> {
        self.0.get(&(after.to_string(), id))
    }

    pub(crate) fn insert(&mut self, after: &Spec, id: StatisticId, blocks: Vec<SiteValues>) {
        self.0.insert((after.to_string(), id), Arc::new(blocks));
    }

    /// The part that every sweep can use, whatever its steps.
    pub(crate) fn of_untouched(&self) -> Self {
        let untouched = Spec::default().to_string();
        let known = self.0.iter().filter(|((steps, _), _)| *steps == untouched);
        Self(known.map(|(key, blocks)| (key.clone(), Arc::clone(blocks))).collect())
    }

    /// A statistic of the untouched model for another engine.
    pub(crate) fn to_bytes(&self, id: StatisticId) -> Option<Vec<u8>> {
        postcard::to_allocvec(self.get(&Spec::default(), id)?.as_ref()).ok()
    }

    /// Takes over what [`Cache::to_bytes`] gave for a model with this many blocks; `None` if the bytes don't fit.
    pub(crate) fn adopt(&mut self, id: StatisticId, blocks: usize, bytes: &[u8]) -> Option<()> {
        let (values, rest) = postcard::take_from_bytes::<Vec<SiteValues>>(bytes).ok()?;
        if !rest.is_empty() || values.len() != blocks {
            return None;
        }
        self.insert(&Spec::default(), id, values);
        Some(())
    }
}
