//! From a specification to a modified model on the device.

use std::collections::HashMap;
use std::sync::Arc;

use super::calibrate::{Streams, block_influence, dense_norms};
use super::text::Windows;
use super::{EngineError, Host, Pulse};
use crate::model::{Block, Llama, ModelError};
use hemoscope_core::curve::CalibrationStats;
use hemoscope_core::modify::{InputNorms, Modified, Needs, Spec};
use hemoscope_core::weights::{Pristine, Role, Site, TensorId};

/// The windows that methods are calibrated on, and how.
pub(super) struct Calibration {
    pub(super) windows: Windows,
    pub(super) stats: CalibrationStats,
}

/// Statistics of the model before a step, by the steps that led there; the points of a sweep share them.
#[derive(Clone, Default)]
pub(super) struct Memory {
    norms: HashMap<String, Arc<Vec<InputNorms>>>,
    influence: HashMap<String, Arc<Vec<f64>>>,
}

impl Memory {
    /// The part that every sweep can use, whatever its steps.
    pub(super) fn of_untouched(mut self) -> Self {
        let untouched = Spec::default().to_string();
        self.norms.retain(|steps, _| *steps == untouched);
        self.influence.retain(|steps, _| *steps == untouched);
        self
    }

    /// The untouched model's input norms for another engine: of each block each site's number of channels and then their
    /// values, all as little-endian f64.
    pub(super) fn norms_to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for norms in self
            .norms
            .get(&Spec::default().to_string())
            .into_iter()
            .flat_map(|blocks| blocks.iter())
        {
            for site in Site::ALL {
                let squared = norms.squared.get(&site).map_or(&[][..], Vec::as_slice);
                #[expect(clippy::cast_precision_loss, reason = "channels are few")]
                let length = squared.len() as f64;
                bytes.extend(
                    [&[length], squared]
                        .concat()
                        .iter()
                        .flat_map(|value| value.to_le_bytes()),
                );
            }
        }
        bytes
    }

    /// Takes over what [`Memory::norms_to_bytes`] gave; `None` where it is not that.
    pub(super) fn adopt_norms(&mut self, bytes: &[u8]) -> Option<()> {
        let values = numbers(bytes)?;
        let mut rest = values.as_slice();
        let mut blocks = Vec::new();
        while !rest.is_empty() {
            let mut norms = InputNorms::default();
            for site in Site::ALL {
                let (length, after) = rest.split_first()?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it was a length, and another one does not fit"
                )]
                let (squared, after) = after.split_at_checked(*length as usize)?;
                norms.squared.insert(site, squared.to_vec());
                rest = after;
            }
            blocks.push(norms);
        }
        self.norms.insert(Spec::default().to_string(), Arc::new(blocks));
        Some(())
    }

    /// The untouched model's block influence for another engine, as little-endian f64.
    pub(super) fn influence_to_bytes(&self) -> Vec<u8> {
        let influence = self.untouched_influence().unwrap_or_default();
        influence.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// Takes over what [`Memory::influence_to_bytes`] gave; `None` where it is not that.
    pub(super) fn adopt_influence(&mut self, bytes: &[u8]) -> Option<()> {
        let influence = Arc::new(numbers(bytes)?);
        self.influence.insert(Spec::default().to_string(), influence);
        Some(())
    }

    /// The block influence of the untouched model, where it was measured.
    pub(super) fn untouched_influence(&self) -> Option<&[f64]> {
        self.influence
            .get(&Spec::default().to_string())
            .map(|values| values.as_slice())
    }
}

fn numbers(bytes: &[u8]) -> Option<Vec<f64>> {
    let (parts, rest) = bytes.as_chunks::<8>();
    let values = parts.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    rest.is_empty().then_some(values)
}

/// A modified model and what was counted while it was made.
pub(super) struct Built {
    pub(super) model: Llama,
    pub(super) sparsity_achieved: f64,
    pub(super) bits_per_weight: f64,
}

/// Zeros and weights seen in linear layers.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    zeros: u64,
    weights: u64,
}

/// Everything that building a modified model needs.
pub(super) struct Builder<'a, H> {
    pub(super) base: &'a Llama,
    pub(super) pristine: &'a Arc<Pristine>,
    /// Present where some method asks for it.
    pub(super) calibration: Option<&'a Calibration>,
    pub(super) pulse: &'a Pulse<'a, H>,
}

impl<H: Host> Builder<'_, H> {
    /// Applies all steps and uploads the result; `stage` is told what is being done, and of blocks done.
    pub(super) async fn build(
        &self,
        spec: &Spec,
        memory: &mut Memory,
        stage: impl Fn(&str, usize, usize),
    ) -> Result<Built, EngineError> {
        let mut modified = Modified::untouched(Arc::clone(self.pristine));
        let mut before = Spec::default();
        let mut count = Count::default();
        let mut ready: Option<Vec<Arc<Block>>> = None;
        for (method, step) in spec.methods()?.into_iter().zip(&spec.steps) {
            let influence = match method.needs() {
                Needs::BlockInfluence => Some(self.influence(&modified, &before, memory, &stage).await?),
                Needs::Nothing | Needs::InputNorms => None,
            };
            let calibrated = method.needs() == Needs::InputNorms;
            let norms = match (calibrated, self.calibration.map(|calibration| calibration.stats)) {
                (true, Some(CalibrationStats::Dense)) => Some(self.norms(&modified, &before, memory, &stage).await?),
                _ => None,
            };
            modified.push(method, influence.as_ref().map(|values| values.as_slice()))?;
            ready = None;
            if let Some(norms) = norms {
                for (place, norms) in norms.iter().enumerate() {
                    modified.calibrate(place, norms.clone());
                }
            } else if calibrated {
                count = Count::default();
                ready = Some(self.calibrate_in_sequence(&mut modified, &mut count, &stage).await?);
            }
            before.steps.push(step.clone());
        }
        let blocks = match ready {
            Some(blocks) => blocks,
            None => {
                count = Count::default();
                self.upload(&modified, &mut count, &stage).await?
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "weight counts are far below 2⁵²")]
        Ok(Built {
            model: self.base.with_blocks(blocks),
            sparsity_achieved: count.zeros as f64 / count.weights.max(1) as f64,
            bits_per_weight: modified.bits_per_weight(),
        })
    }

    fn windows(&self, place: TensorId) -> Result<&Windows, EngineError> {
        let missing = hemoscope_core::modify::ModifyError::Uncalibrated {
            method: "this method",
            id: place,
        };
        Ok(&self.calibration.ok_or(missing)?.windows)
    }

    pub(super) async fn influence(
        &self,
        modified: &Modified,
        before: &Spec,
        memory: &mut Memory,
        stage: &impl Fn(&str, usize, usize),
    ) -> Result<Arc<Vec<f64>>, EngineError> {
        let key = before.to_string();
        if let Some(known) = memory.influence.get(&key) {
            return Ok(Arc::clone(known));
        }
        let windows = self.windows(TensorId::in_block(0, Role::Query))?;
        let model = self.current(modified, before).await?;
        let total = model.blocks().len();
        let found = block_influence(&model, windows, self.pulse, |done| stage("calibrating", done, total)).await?;
        let found = Arc::new(found);
        memory.influence.insert(key, Arc::clone(&found));
        Ok(found)
    }

    pub(super) async fn norms(
        &self,
        modified: &Modified,
        before: &Spec,
        memory: &mut Memory,
        stage: &impl Fn(&str, usize, usize),
    ) -> Result<Arc<Vec<InputNorms>>, EngineError> {
        let key = before.to_string();
        if let Some(known) = memory.norms.get(&key) {
            return Ok(Arc::clone(known));
        }
        let windows = self.windows(TensorId::in_block(0, Role::Query))?;
        let model = self.current(modified, before).await?;
        let total = model.blocks().len();
        let found = dense_norms(&model, windows, self.pulse, |done| stage("calibrating", done, total)).await?;
        let found = Arc::new(found);
        memory.norms.insert(key, Arc::clone(&found));
        Ok(found)
    }

    /// The model as modified so far; the untouched one is on the device already.
    async fn current(&self, modified: &Modified, before: &Spec) -> Result<Llama, EngineError> {
        if before.steps.is_empty() {
            return Ok(self.base.clone());
        }
        let blocks = self.upload(modified, &mut Count::default(), &|_, _, _| ()).await?;
        Ok(self.base.with_blocks(blocks))
    }

    /// Block by block: norms from the streams that the blocks before, already modified, have produced.
    async fn calibrate_in_sequence(
        &self,
        modified: &mut Modified,
        count: &mut Count,
        stage: &impl Fn(&str, usize, usize),
    ) -> Result<Vec<Arc<Block>>, EngineError> {
        let places = modified.config().blocks;
        let mut streams = Streams::embed(self.base, self.windows(TensorId::in_block(0, Role::Query))?)?;
        let mut blocks = Vec::with_capacity(places);
        for place in 0..places {
            let before = Block::load(
                self.base.compute(),
                place,
                |id| modified.shape(id).ok(),
                |id| modified.tensor_before_last(id).map_err(ModelError::from),
            )?;
            let norms = streams.norms(self.base, &before, self.pulse).await?;
            modified.calibrate(place, norms);
            let block = self.load(modified, place, count)?;
            streams.advance(self.base, &block, None, self.pulse).await?;
            blocks.push(block);
            stage("calibrating and editing", place + 1, places);
        }
        Ok(blocks)
    }

    async fn upload(
        &self,
        modified: &Modified,
        count: &mut Count,
        stage: &impl Fn(&str, usize, usize),
    ) -> Result<Vec<Arc<Block>>, EngineError> {
        let places = modified.config().blocks;
        if modified.has_pristine_weights() {
            let sources: Vec<usize> = modified.arrangement().collect();
            return Ok(sources
                .into_iter()
                .filter_map(|source| self.base.blocks().get(source).cloned())
                .collect());
        }
        let mut blocks = Vec::with_capacity(places);
        for place in 0..places {
            blocks.push(self.load(modified, place, count)?);
            stage("editing weights", place + 1, places);
            self.pulse.beat().await?;
        }
        Ok(blocks)
    }

    fn load(&self, modified: &Modified, place: usize, count: &mut Count) -> Result<Arc<Block>, EngineError> {
        let block = Block::load(
            self.base.compute(),
            place,
            |id| modified.shape(id).ok(),
            |id| {
                let values = modified.tensor(id).map_err(ModelError::from)?;
                if Role::LINEARS.contains(&id.role) {
                    count.weights += values.len() as u64;
                    count.zeros += values.iter().filter(|&&value| value == 0.0).count() as u64;
                }
                Ok::<_, ModelError>(values)
            },
        )?;
        Ok(Arc::new(block))
    }
}
