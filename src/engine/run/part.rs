//! One engine's part in a run: one finds out what all engines need to know about the untouched model and hands it over;
//! the others take it over, and each measures the points it is given.
//!
//! The exact numbers are handed over, so that a point comes out the same to the last digit whichever engine measures
//! it.

use super::setup::{Setup, setup};
use super::{curve, depth};
use crate::builder::Builder;
use crate::measure::windows_at_once;
use crate::progress::{Progress, as_first_point};
use crate::statistic::Cache;
use crate::untouched::Untouched;
use crate::{EngineError, Heartbeat, Host, Model, Session};
use hemoscope_core::curve::Point;
use hemoscope_core::experiment::{Ask, Experiment};
use hemoscope_core::metric::TokenScores;
use hemoscope_core::modify::{Spec, StatisticId};
use hemoscope_core::protocol::{Event, Finding};
use hemoscope_core::weights::Site;

/// A run that this engine has joined.
pub(crate) struct Part {
    experiment: Experiment,
    setup: Setup,
    cache: Cache,
}

impl Part {
    /// Cuts the texts; nothing is measured yet.
    pub(super) fn of<H: Host>(
        session: &Session<H>,
        experiment: &Experiment,
        text: &str,
        calibration_text: &str,
    ) -> Result<Self, EngineError> {
        let setup = setup(session.model()?, experiment, text, calibration_text)?;
        let cache = session.base_cache.calibrated(setup.calibration.as_ref());
        Ok(Self {
            experiment: experiment.clone(),
            setup,
            cache,
        })
    }

    fn builder<'a, H>(&'a self, model: &'a Model, heartbeat: &'a Heartbeat<'a, H>) -> Builder<'a, H> {
        Builder {
            base: &model.llama,
            pristine: &model.pristine,
            calibration: self.setup.calibration.as_ref(),
            seed: self.experiment.seed,
            heartbeat,
        }
    }

    /// Finds out what all points need: the untouched model's hidden states, and its statistics where one calibration
    /// serves all points. If other engines take part, each finding is handed over as soon as it is known.
    pub(super) async fn find_out<H: Host>(
        &mut self,
        session: &Session<impl Host>,
        host: &H,
    ) -> Result<(), EngineError> {
        let model = session.model()?;
        host.emit(Event::RunStarted {
            protocol: Box::new(self.setup.protocol.clone()),
        });
        let heartbeat = Heartbeat::new(host);
        self.calibrate(model, host, &heartbeat).await?;
        let untouched = match session.base_cache.known(&self.setup.windows) {
            Some(known) => known,
            None => {
                // The old one is freed first.
                session.base_cache.forget();
                let mut first = self.first_look(model, host, &heartbeat).await?;
                let windows = &self.setup.windows;
                let measured =
                    Untouched::measure(&model.llama, windows, windows.count(), &heartbeat, &mut first).await?;
                session.base_cache.keep(measured)
            }
        };
        let stats = untouched.stats;
        host.emit(Event::Base { stats });
        if host.is_shared() {
            let bytes = untouched.reference.to_bytes(model.llama.compute()).await?;
            host.hand_over(Finding::Untouched { stats }, bytes);
        }
        session
            .base_cache
            .remember(self.setup.calibration.as_ref(), &self.cache);
        Ok(())
    }

    /// Collects the statistics that serve all points, and hands each over as soon as it is known.
    async fn calibrate<H: Host>(
        &mut self,
        model: &Model,
        host: &H,
        heartbeat: &Heartbeat<'_, H>,
    ) -> Result<(), EngineError> {
        if self.setup.calibration.is_none() {
            return Ok(());
        }
        let stage = |stage: &str, done, total| {
            host.emit(Event::Preparing {
                point: None,
                stage: stage.to_owned(),
                done,
                total,
            });
        };
        let mut cache = std::mem::take(&mut self.cache);
        for id in self.shared_statistics(model, heartbeat)? {
            let builder = self.builder(model, heartbeat);
            let untouched = builder.untouched();
            builder
                .statistics(&[id], &untouched, &Spec::default(), &mut cache, &stage)
                .await?;
            if let Some(bytes) = cache.to_bytes(id).filter(|_| host.is_shared()) {
                host.hand_over(Finding::Statistic(id), bytes);
            }
        }
        self.cache = cache;
        Ok(())
    }

    /// Measures the untouched model and the first damaged point of a curve on the first window alone and reports both as
    /// provisional, so that a person sees damage before the untouched model has gone through the whole text. The points
    /// themselves are measured later, on all windows. Returns what goes on reporting the untouched model.
    async fn first_look<'h, H: Host>(
        &mut self,
        model: &Model,
        host: &'h H,
        heartbeat: &Heartbeat<'_, H>,
    ) -> Result<impl FnMut(usize, &TokenScores) + use<'h, H>, EngineError> {
        let windows = &self.setup.windows;
        let total = windows.count();
        let mut as_first = as_first_point(host, model, &self.experiment, total);
        let points = self.experiment.sweep().points();
        let damaged = points
            .into_iter()
            .enumerate()
            .find(|(_, (_, spec))| !spec.is_identity());
        let (Ask::Curve(_), Some((index, (value, spec)))) = (&self.experiment.ask, damaged) else {
            return Ok(as_first);
        };
        // On WebGPU one pass takes several windows.
        if total <= windows_at_once(&model.llama, windows.length()) {
            return Ok(as_first);
        }
        let window = windows.first();
        let untouched = Untouched::measure(&model.llama, &window, total, heartbeat, &mut as_first).await?;
        let progress = Progress::of(host, index, value, total);
        let mut cache = std::mem::take(&mut self.cache);
        let builder = self.builder(model, heartbeat);
        let seen = curve::measure(&builder, &spec, &untouched, &window, &mut cache, &progress).await;
        self.cache = cache;
        match seen {
            // A point that fails says so in its turn.
            Err(error) if matches!(error, EngineError::Cancelled) || error.is_device_failure() => Err(error),
            _ => Ok(as_first),
        }
    }

    /// Statistics that the first step needs beforehand, which sees the untouched model at every point. Later steps see
    /// a different model at each point.
    fn shared_statistics<H: Host>(
        &self,
        model: &Model,
        heartbeat: &Heartbeat<'_, H>,
    ) -> Result<Vec<StatisticId>, EngineError> {
        let mut ids = Vec::new();
        for (_, spec) in self.experiment.sweep().points() {
            if let Some(first) = spec.methods()?.first().filter(|step| !step.method.is_identity()) {
                ids.extend(first.method.needs());
            }
        }
        ids.sort_unstable();
        ids.dedup();
        let (beforehand, _) = self.builder(model, heartbeat).split(&ids);
        Ok(beforehand)
    }

    /// Takes over another engine's finding.
    fn adopt<H: Host>(&mut self, session: &Session<H>, finding: &Finding, bytes: &[u8]) -> Result<(), EngineError> {
        let model = session.model()?;
        match *finding {
            Finding::Untouched { stats } => {
                session
                    .base_cache
                    .adopt(&model.llama, &self.setup.windows, stats, bytes)?;
            }
            Finding::Statistic(id) => {
                let blocks = model.llama.blocks().len();
                let adopted = self.cache.adopt(id, blocks, bytes);
                adopted.ok_or(EngineError::Torn)?;
                session
                    .base_cache
                    .remember(self.setup.calibration.as_ref(), &self.cache);
            }
        }
        Ok(())
    }

    /// Measures one point.
    pub(super) async fn point<H: Host>(
        &mut self,
        session: &Session<impl Host>,
        host: &H,
        index: usize,
    ) -> Result<Point, EngineError> {
        let model = session.model()?;
        let mut points = self.experiment.sweep().points();
        if index >= points.len() {
            return Err(EngineError::NoRun);
        }
        let (value, spec) = points.swap_remove(index);
        let windows = &self.setup.windows;
        let heartbeat = Heartbeat::new(host);
        let untouched = session.base_cache.known(windows).ok_or(EngineError::NoRun)?;
        let progress = Progress::of(host, index, value, windows.count());
        let mut cache = std::mem::take(&mut self.cache);
        let builder = self.builder(model, &heartbeat);
        let observed = match self.experiment.ask {
            Ask::Curve(_) => {
                let measured = curve::measure(&builder, &spec, &untouched, windows, &mut cache, &progress).await;
                measured.map(|measured| measured.observations())
            }
            Ask::Depth(_) => depth::observe(&builder, &spec, windows, &mut cache, &progress).await,
        };
        session.base_cache.remember(self.setup.calibration.as_ref(), &cache);
        self.cache = cache;
        match observed {
            Ok(observations) => Ok(Point::observed(value, spec, observations)),
            // No further point can be measured.
            Err(error) if matches!(error, EngineError::Cancelled) || error.is_device_failure() => Err(error),
            Err(error) => Ok(Point::failed(value, spec, error.to_string())),
        }
    }

    /// Block influence of the untouched model, if it was measured.
    pub(super) fn block_influence(&self) -> Option<Vec<f64>> {
        let blocks = self.cache.get(&Spec::default(), StatisticId::BlockInfluence)?;
        let first = |values: &hemoscope_core::modify::SiteValues| values.get(&Site::Residual)?.first().copied();
        blocks.iter().map(first).collect()
    }
}

impl<H: Host> Session<H> {
    /// Joins a run: cuts its texts. Points can be measured once it has the findings.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn join(&mut self, experiment: &Experiment, text: &str, calibration_text: &str) -> Result<(), EngineError> {
        self.part = Some(Part::of(self, experiment, text, calibration_text)?);
        Ok(())
    }

    /// Joins a run and finds out what all its points need. Each finding is handed over as soon as it is known.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn prepare(
        &mut self,
        experiment: &Experiment,
        text: &str,
        calibration_text: &str,
    ) -> Result<(), EngineError> {
        let mut part = Part::of(self, experiment, text, calibration_text)?;
        part.find_out(self, &self.host).await?;
        self.part = Some(part);
        self.host.emit(Event::Prepared);
        Ok(())
    }

    /// Takes over another engine's finding about the same model, for the run that both have joined.
    ///
    /// # Errors
    /// If there is no such run, or the bytes don't fit.
    pub fn adopt(&mut self, finding: &Finding, bytes: &[u8]) -> Result<(), EngineError> {
        let mut part = self.part.take().ok_or(EngineError::NoRun)?;
        let adopted = part.adopt(self, finding, bytes);
        self.part = Some(part);
        adopted
    }

    /// Measures one point of the joined run and reports it.
    ///
    /// # Errors
    /// If there is no such run or point, the run is cancelled, or the device fails. A point that fails for another
    /// reason is reported as a point with that reason.
    pub async fn point(&mut self, index: usize) -> Result<(), EngineError> {
        let mut part = self.part.take().ok_or(EngineError::NoRun)?;
        let measured = part.point(self, &self.host, index).await;
        self.part = Some(part);
        let point = Box::new(measured?);
        self.host.emit(Event::Point { index, point });
        Ok(())
    }
}
