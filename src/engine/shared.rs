//! One engine's part in a run whose points several engines measure: one finds out what all of them need to know of the
//! untouched model and hands it over, the others take it, and each measures the points that it is given.
//!
//! What is handed over are the very numbers, so that a point comes out the same to the digit wherever it is measured.

use super::builder::{Builder, Memory};
use super::progress::{Progress, as_first_point};
use super::run::{Setup, outcome, setup};
use super::{EngineError, Host, Model, Pulse, Session};
use hemoscope_core::curve::{CalibrationStats, Point};
use hemoscope_core::modify::{Modified, Needs, Spec};
use hemoscope_core::protocol::{Event, Finding};
use hemoscope_core::share::Experiment;

/// A run that this engine has joined.
pub(super) struct Part {
    experiment: Experiment,
    setup: Setup,
    memory: Memory,
}

impl<H: Host> Session<H> {
    /// Joins a run: cuts its texts. Points can be measured once the findings are here.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn join(&mut self, experiment: &Experiment, text: &str, calibration_text: &str) -> Result<(), EngineError> {
        let setup = setup(self.model()?, experiment, text, calibration_text)?;
        let memory = self.known.calibrated(setup.calibration.as_ref());
        self.part = Some(Part {
            experiment: experiment.clone(),
            setup,
            memory,
        });
        Ok(())
    }

    /// Joins a run and finds out what all its points need: the untouched model's hidden states, and where one calibration
    /// serves all points, its statistics. Each is handed over as soon as it is known.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn prepare(
        &mut self,
        experiment: &Experiment,
        text: &str,
        calibration_text: &str,
    ) -> Result<(), EngineError> {
        self.join(experiment, text, calibration_text)?;
        let Some(mut part) = self.part.take() else {
            return Err(EngineError::NoRun);
        };
        self.find_out(&mut part).await?;
        self.part = Some(part);
        self.host.emit(Event::Prepared);
        Ok(())
    }

    async fn find_out(&self, part: &mut Part) -> Result<(), EngineError> {
        let model = self.model()?;
        let host = &self.host;
        let Setup {
            windows,
            calibration,
            protocol,
        } = &part.setup;
        host.emit(Event::RunStarted {
            protocol: Box::new(protocol.clone()),
        });
        let pulse = Pulse::new(host);
        let first = as_first_point(host, model, &part.experiment, windows.count());
        let untouched = self.known.measured(&model.llama, windows, &pulse, first).await?;
        let stats = untouched.stats;
        host.emit(Event::Base { stats });
        let bytes = untouched.reference.to_bytes(model.llama.compute()).await?;
        host.hand_over(Finding::Untouched { stats }, bytes);
        let Some(calibration) = calibration else { return Ok(()) };
        let builder = Builder {
            base: &model.llama,
            pristine: &model.pristine,
            calibration: Some(calibration),
            pulse: &pulse,
        };
        let stage = |stage: &str, done, total| {
            host.emit(Event::Preparing {
                point: None,
                stage: stage.to_owned(),
                done,
                total,
            });
        };
        // The first step meets the untouched model at every point; what later steps meet is each point's own.
        let mut needs = Vec::new();
        for (_, spec) in part.experiment.sweep.points() {
            needs.extend(spec.methods()?.first().map(|method| method.needs()));
        }
        let nothing_done = Modified::untouched(std::sync::Arc::clone(&model.pristine));
        let before = Spec::default();
        if needs.contains(&Needs::InputNorms) && calibration.stats == CalibrationStats::Dense {
            builder.norms(&nothing_done, &before, &mut part.memory, &stage).await?;
            host.hand_over(Finding::Norms, part.memory.norms_to_bytes());
        }
        if needs.contains(&Needs::BlockInfluence) {
            builder
                .influence(&nothing_done, &before, &mut part.memory, &stage)
                .await?;
            host.hand_over(Finding::Influence, part.memory.influence_to_bytes());
        }
        self.known.remember(Some(calibration), part.memory.clone());
        Ok(())
    }

    /// Takes over what another engine found out about the same model for the run that both have joined.
    ///
    /// # Errors
    /// Where there is no such run, or the bytes are not what they should be.
    pub fn adopt(&mut self, finding: &Finding, bytes: &[u8]) -> Result<(), EngineError> {
        let mut part = self.part.take().ok_or(EngineError::NoRun)?;
        let adopted = self.adopt_for(&mut part, finding, bytes);
        self.part = Some(part);
        adopted
    }

    fn adopt_for(&self, part: &mut Part, finding: &Finding, bytes: &[u8]) -> Result<(), EngineError> {
        let model = self.model()?;
        let kept = match finding {
            Finding::Untouched { stats } => {
                return self.known.adopt(&model.llama, &part.setup.windows, *stats, bytes);
            }
            Finding::Norms => part.memory.adopt_norms(bytes),
            Finding::Influence => part.memory.adopt_influence(bytes),
        };
        kept.ok_or(EngineError::Torn)?;
        self.known
            .remember(part.setup.calibration.as_ref(), part.memory.clone());
        Ok(())
    }

    /// Measures one point of the run that was joined and tells of it.
    ///
    /// # Errors
    /// Where there is no such run or no such point, it is cancelled, or the device fails; a point that fails for another
    /// reason is a point with that reason.
    pub async fn point(&mut self, index: usize) -> Result<(), EngineError> {
        let mut part = self.part.take().ok_or(EngineError::NoRun)?;
        let measured = self.point_of(&mut part, index).await;
        self.part = Some(part);
        let point = Box::new(measured?);
        self.host.emit(Event::Point { index, point });
        Ok(())
    }

    async fn point_of(&self, part: &mut Part, index: usize) -> Result<Point, EngineError> {
        let Model { llama, pristine, .. } = self.model()?;
        let Setup {
            windows, calibration, ..
        } = &part.setup;
        let mut points = part.experiment.sweep.points();
        if index >= points.len() {
            return Err(EngineError::NoRun);
        }
        let (value, spec) = points.swap_remove(index);
        let pulse = Pulse::new(&self.host);
        let untouched = self.known.measured(llama, windows, &pulse, |_, _| {}).await?;
        let builder = Builder {
            base: llama,
            pristine,
            calibration: calibration.as_ref(),
            pulse: &pulse,
        };
        let progress = Progress::of(&self.host, index, value, windows.count());
        let outcome = outcome(&builder, &spec, &untouched, windows, &mut part.memory, &progress).await?;
        Ok(Point { value, spec, outcome })
    }
}
