//! From a specification to a modified model on the device.

use std::sync::Arc;

use super::calibrate::{Calibration, WINDOWS_AT_ONCE, in_one_pass};
use super::statistic::Cache;
use super::streams::Streams;
use super::{EngineError, Heartbeat, Host};
use crate::arch::{Block, Llama};
use hemoscope_core::curve::CalibrationStats;
use hemoscope_core::modify::{
    Applied, BlockWeights, ModelWeights, ModifyError, Plan, Spec, StatisticId, Statistics, Tally,
};
use hemoscope_core::weights::{Pristine, Role, TensorId, WeightsError};

/// A modified model, and what was counted while it was built.
pub(super) struct Built {
    pub(super) model: Llama,
    pub(super) tally: Tally,
    /// For each of its blocks, the index of the untouched block it came from.
    pub(super) sources: Vec<usize>,
}

/// Everything that building a modified model needs.
pub(super) struct Builder<'a, H> {
    pub(super) base: &'a Llama,
    pub(super) pristine: &'a Arc<Pristine>,
    /// Present if any method needs it.
    pub(super) calibration: Option<&'a Calibration>,
    /// The seed of all random numbers.
    pub(super) seed: u64,
    pub(super) heartbeat: &'a Heartbeat<'a, H>,
}

/// One step in progress.
struct Planned<'a> {
    step: &'a Applied,
    plan: Plan,
    /// Statistics of the model before the step.
    statistics: Statistics,
    /// Statistics to collect during the step, with the earlier blocks already edited.
    in_sequence: Vec<StatisticId>,
}

impl<H: Host> Builder<'_, H> {
    /// Applies all steps and uploads the result; `stage` is told what is being done and how many blocks are done.
    ///
    /// The last step's blocks go to the device one by one; blocks edited by earlier steps stay in memory until then.
    pub(super) async fn build(
        &self,
        spec: &Spec,
        cache: &mut Cache,
        stage: impl Fn(&str, usize, usize),
    ) -> Result<Built, EngineError> {
        let steps = spec.methods()?;
        let last = steps.iter().rposition(|step| !step.method.is_identity());
        let mut weights = self.untouched();
        let mut before = Spec::default();
        let mut built = None;
        for (number, (step, written)) in steps.iter().zip(&spec.steps).enumerate() {
            let planned = self.plan(step, &mut weights, &before, cache, &stage).await?;
            if last == Some(number) {
                built = Some(self.finish(&planned, &weights, &stage).await?);
            } else if !step.method.is_identity() {
                self.edit(&planned, &mut weights, &stage).await?;
            }
            before.steps.push(written.clone());
        }
        match built {
            Some(built) => Ok(built),
            None => Ok(Built {
                model: self.base.clone(),
                tally: weights.tally(),
                sources: sources(&weights),
            }),
        }
    }

    /// The model before the first step.
    pub(super) fn untouched(&self) -> ModelWeights {
        ModelWeights::untouched(Arc::clone(self.pristine), self.seed)
    }

    async fn plan<'s>(
        &self,
        step: &'s Applied,
        weights: &mut ModelWeights,
        before: &Spec,
        cache: &mut Cache,
        stage: &impl Fn(&str, usize, usize),
    ) -> Result<Planned<'s>, EngineError> {
        let needs = if step.method.is_identity() {
            &[]
        } else {
            step.method.needs()
        };
        let (beforehand, in_sequence) = self.split(needs);
        let statistics = self.statistics(&beforehand, weights, before, cache, stage).await?;
        let plan = weights.plan(step, &statistics)?;
        Ok(Planned {
            step,
            plan,
            statistics,
            in_sequence,
        })
    }

    /// Splits statistics into those of the model before the step and those collected during the step.
    pub(super) fn split(&self, ids: &[StatisticId]) -> (Vec<StatisticId>, Vec<StatisticId>) {
        let stats = self.calibration.map(|calibration| calibration.stats);
        let dense = |id: &StatisticId| id.is_of_model() || stats == Some(CalibrationStats::Dense);
        ids.iter().copied().partition(dense)
    }

    /// Statistics of all blocks of the model after the steps `before`, collected if they are not known yet.
    pub(super) async fn statistics(
        &self,
        ids: &[StatisticId],
        weights: &ModelWeights,
        before: &Spec,
        cache: &mut Cache,
        stage: &impl Fn(&str, usize, usize),
    ) -> Result<Statistics, EngineError> {
        let missing: Vec<StatisticId> = (ids.iter().copied())
            .filter(|&id| cache.get(before, id).is_none())
            .collect();
        if !missing.is_empty() {
            let windows = &self.calibration()?.windows;
            let blocks = weights.blocks().iter().map(|block| self.on_device(block));
            let model = self.base.with_blocks(blocks.collect::<Result<_, _>>()?);
            let total = model.blocks().len();
            let done = |done| stage("calibrating", done, total);
            let mut found = in_one_pass(&model, windows, &missing, self.heartbeat, done).await?;
            for id in missing {
                let blocks = found.iter_mut().map(|block| block.take(id)).collect();
                cache.insert(before, id, blocks);
            }
        }
        let mut statistics = Statistics::default();
        for &id in ids {
            if let Some(blocks) = cache.get(before, id) {
                statistics.insert(id, Arc::clone(blocks));
            }
        }
        Ok(statistics)
    }

    fn calibration(&self) -> Result<&Calibration, EngineError> {
        let uncalibrated = ModifyError::Uncalibrated {
            method: "this method",
            id: TensorId::in_block(0, Role::Query),
        };
        Ok(self.calibration.ok_or(uncalibrated)?)
    }

    /// A block on the device; unchanged blocks are already there.
    fn on_device(&self, block: &BlockWeights) -> Result<Arc<Block>, EngineError> {
        let missing = WeightsError::Missing {
            id: TensorId::in_block(block.source(), Role::AttentionNorm),
        };
        let base = self.base.blocks().get(block.source()).ok_or(missing)?;
        Ok(if block.is_pristine() {
            Arc::clone(base)
        } else {
            Arc::new(base.edited(self.base.compute(), block))
        })
    }

    /// Carries out a step that is not the last: its blocks stay in memory.
    async fn edit(
        &self,
        planned: &Planned<'_>,
        weights: &mut ModelWeights,
        stage: &impl Fn(&str, usize, usize),
    ) -> Result<(), EngineError> {
        let mut walk = Walk::start(self, planned)?;
        for place in 0..weights.blocks().len() {
            let edited = walk.edited(weights, place).await?;
            if walk.streams.is_some() {
                let block = self.on_device(&edited)?;
                walk.advance(&block).await?;
            }
            weights.replace(edited);
            walk.report(place, weights.blocks().len(), stage).await?;
        }
        Ok(())
    }

    /// Carries out the last step: its blocks go to the device.
    async fn finish(
        &self,
        planned: &Planned<'_>,
        weights: &ModelWeights,
        stage: &impl Fn(&str, usize, usize),
    ) -> Result<Built, EngineError> {
        let places = weights.blocks().len();
        let mut walk = Walk::start(self, planned)?;
        let mut blocks = Vec::with_capacity(places);
        let mut tally = Tally::default();
        for place in 0..places {
            let edited = walk.edited(weights, place).await?;
            edited.count(&mut tally);
            let block = self.on_device(&edited)?;
            walk.advance(&block).await?;
            blocks.push(block);
            if !edited.is_pristine() {
                walk.report(place, places, stage).await?;
            }
        }
        let model = self.base.with_blocks(blocks);
        Ok(Built {
            model,
            tally,
            sources: sources(weights),
        })
    }
}

fn sources(weights: &ModelWeights) -> Vec<usize> {
    weights.blocks().iter().map(BlockWeights::source).collect()
}

/// A step's way through the blocks.
struct Walk<'a, H> {
    builder: &'a Builder<'a, H>,
    planned: &'a Planned<'a>,
    /// The calibration windows after the blocks done so far, if statistics are collected on the way.
    streams: Option<Streams<'a, H>>,
}

impl<'a, H: Host> Walk<'a, H> {
    fn start(builder: &'a Builder<'a, H>, planned: &'a Planned<'a>) -> Result<Self, EngineError> {
        let streams = if planned.in_sequence.is_empty() {
            None
        } else {
            let windows = &builder.calibration()?.windows;
            Some(Streams::embed(
                builder.base,
                windows,
                WINDOWS_AT_ONCE,
                builder.heartbeat,
            )?)
        };
        Ok(Self {
            builder,
            planned,
            streams,
        })
    }

    async fn edited(&self, weights: &ModelWeights, place: usize) -> Result<BlockWeights, EngineError> {
        let Planned {
            step,
            plan,
            statistics,
            in_sequence,
        } = self.planned;
        let mut known = statistics.block(place);
        if let (Some(streams), Some(block)) = (&self.streams, weights.blocks().get(place)) {
            let before = self.builder.on_device(block)?;
            known.extend(streams.collect(&before, in_sequence).await?);
        }
        Ok(weights.edited(step, plan, place, &known)?)
    }

    async fn advance(&mut self, block: &Block) -> Result<(), EngineError> {
        match &mut self.streams {
            Some(streams) => streams.advance(block, None).await,
            None => Ok(()),
        }
    }

    async fn report(
        &self,
        place: usize,
        places: usize,
        stage: &impl Fn(&str, usize, usize),
    ) -> Result<(), EngineError> {
        let doing = match self.streams {
            Some(_) => "calibrating and editing",
            None => "editing weights",
        };
        stage(doing, place + 1, places);
        self.builder.heartbeat.beat().await
    }
}
