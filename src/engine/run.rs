//! One experiment: a sweep, from the untouched model to the last point.

use super::builder::{Builder, Calibration, Memory};
use super::progress::{Made, Progress, as_first_point};
use super::text::Windows;
use super::untouched::Untouched;
use super::{EngineError, Host, Model, Pulse, Session};
use hemoscope_core::curve::{CalibrationProtocol, Curve, Measured, Outcome, Point, Protocol};
use hemoscope_core::metric::Hemorrhage;
use hemoscope_core::modify::{Needs, Spec};
use hemoscope_core::protocol::Event;
use hemoscope_core::share::Experiment;
use hemoscope_core::weights::formats::sha256_hex;

/// Windows at most; beyond this the untouched model's hidden states do not fit.
const MAX_WINDOWS: usize = 4096;

/// What all points share.
pub(super) struct Setup {
    pub(super) windows: Windows,
    pub(super) calibration: Option<Calibration>,
    pub(super) protocol: Protocol,
}

/// A curve and what was found out on the way.
#[derive(Debug, Clone)]
pub struct RunResult {
    /// The measured points.
    pub curve: Curve,
    /// Whether all points were tried.
    pub complete: bool,
    /// Block influence of the untouched model, where a method asked for it.
    pub block_influence: Option<Vec<f64>>,
}

impl<H: Host> Session<H> {
    /// Measures every point of the experiment's sweep and tells of each as it is finished. Cancelling keeps the
    /// finished points.
    ///
    /// # Errors
    /// Where nothing can be measured: no model, text too short, numbers out of range, a device that fails before the
    /// first point. A point that fails is a point with a reason.
    pub async fn run(
        &self,
        experiment: &Experiment,
        text: &str,
        calibration_text: &str,
    ) -> Result<RunResult, EngineError> {
        let start = self.host.seconds();
        let model = self.model()?;
        let setup = setup(model, experiment, text, calibration_text)?;
        let Setup {
            windows,
            calibration,
            protocol,
        } = &setup;
        let host = &self.host;
        host.emit(Event::RunStarted {
            protocol: Box::new(protocol.clone()),
        });
        let pulse = Pulse::new(host);
        let first = as_first_point(host, model, experiment, windows.count());
        let untouched = self.known.measured(&model.llama, windows, &pulse, first).await?;
        let base = untouched.stats;
        host.emit(Event::Base { stats: base });
        let mut memory = self.known.calibrated(calibration.as_ref());
        let mut curve = Curve {
            sweep: experiment.sweep.clone(),
            protocol: protocol.clone(),
            device: self.device_label(),
            base,
            points: Vec::new(),
            duration_secs: 0.0,
        };
        let mut complete = true;
        let builder = Builder {
            base: &model.llama,
            pristine: &model.pristine,
            calibration: calibration.as_ref(),
            pulse: &pulse,
        };
        for (index, (value, spec)) in experiment.sweep.points().into_iter().enumerate() {
            let progress = Progress::of(host, index, value, windows.count());
            let outcome = match outcome(&builder, &spec, &untouched, windows, &mut memory, &progress).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    complete = false;
                    if error.is_device_failure() {
                        // What was measured stays: the front end gets the curve so far, and the reason.
                        host.emit(Event::Failed {
                            message: error.to_string(),
                            device_lost: true,
                        });
                    }
                    break;
                }
            };
            let point = Point { value, spec, outcome };
            host.emit(Event::Point {
                index,
                point: Box::new(point.clone()),
            });
            curve.points.push(point);
        }
        curve.duration_secs = host.seconds() - start;
        host.emit(Event::RunFinished {
            curve: Box::new(curve.clone()),
            complete,
        });
        let block_influence = memory.untouched_influence().map(<[f64]>::to_vec);
        self.known.remember(calibration.as_ref(), memory);
        Ok(RunResult {
            curve,
            complete,
            block_influence,
        })
    }
}

/// What comes of a point; an error where nothing more can come of any.
pub(super) async fn outcome<H: Host>(
    builder: &Builder<'_, H>,
    spec: &Spec,
    untouched: &Untouched,
    windows: &Windows,
    memory: &mut Memory,
    progress: &Progress<'_, H>,
) -> Result<Outcome, EngineError> {
    match measure(builder, spec, untouched, windows, memory, progress).await {
        Ok(measured) => Ok(Outcome::Measured(measured)),
        Err(error) if matches!(error, EngineError::Cancelled) || error.is_device_failure() => Err(error),
        Err(error) => Ok(Outcome::Failed(error.to_string())),
    }
}

async fn measure<H: Host>(
    builder: &Builder<'_, H>,
    spec: &Spec,
    untouched: &Untouched,
    windows: &Windows,
    memory: &mut Memory,
    progress: &Progress<'_, H>,
) -> Result<Measured, EngineError> {
    progress.windows_done(0, None);
    let built = builder
        .build(spec, memory, |stage, done, total| progress.stage(stage, done, total))
        .await?;
    let made = Made {
        sparsity_achieved: built.sparsity_achieved,
        bits_per_weight: built.bits_per_weight,
        blocks: built.model.blocks().len(),
    };
    // Where nothing was modified, everything is known already.
    if built.model.has_blocks_of(builder.base) {
        return Ok(progress.measured_as(untouched.stats, Hemorrhage::NONE, made));
    }
    let scores = untouched
        .reference
        .score(&built.model, windows, builder.pulse, |done, scores| {
            progress.windows_scored(done, scores, made);
        })
        .await?;
    progress.measured(&scores, made)
}

pub(super) fn setup(
    model: &Model,
    experiment: &Experiment,
    text: &str,
    calibration_text: &str,
) -> Result<Setup, EngineError> {
    let Experiment {
        window,
        windows,
        calibration_windows,
        ..
    } = *experiment;
    let context = model.llama.config().context;
    let within = |what, value: usize, low: usize, high: usize| {
        let allowed = format!("from {low} to {high}");
        if (low..=high).contains(&value) {
            Ok(())
        } else {
            Err(EngineError::OutOfRange { what, value, allowed })
        }
    };
    within("the number of tokens a window", window, 2, context)?;
    let longest = model.llama.compute().longest_window(model.llama.config().heads);
    if window > longest {
        return Err(EngineError::OutOfRange {
            what: "the number of tokens a window",
            value: window,
            allowed: format!(
                "at most {longest} on this device, where attention over longer windows does not fit into memory; choose \
                 shorter windows"
            ),
        });
    }
    within("the number of windows", windows, 1, MAX_WINDOWS)?;
    let text_name = experiment.text.name();
    let cut = Windows::cut(&model.tokenizer, &text_name, text, windows, window)?;
    let calibration = calibration(model, experiment, calibration_text)?;
    if calibration.is_some() {
        within("the number of calibration windows", calibration_windows, 1, MAX_WINDOWS)?;
    }
    let protocol = Protocol {
        name: "full-window".to_owned(),
        window,
        windows,
        tokens: windows * (window - 1),
        text_name,
        text_sha256: sha256_hex(text.as_bytes()),
        model_name: model.name.clone(),
        model_sha256: model.sha256.clone(),
        calibration: calibration.as_ref().map(|calibration| CalibrationProtocol {
            text_name: experiment.calibration_text.name(),
            text_sha256: sha256_hex(calibration_text.as_bytes()),
            windows: calibration.windows.count(),
            stats: calibration.stats,
        }),
        seed: experiment.seed,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(Setup {
        windows: cut,
        calibration,
        protocol,
    })
}

/// Calibration windows where any method of the experiment asks for some.
pub(super) fn calibration(
    model: &Model,
    experiment: &Experiment,
    text: &str,
) -> Result<Option<Calibration>, EngineError> {
    let mut needed = false;
    for (_, spec) in experiment.sweep.points() {
        needed |= spec.methods()?.iter().any(|method| method.needs() != Needs::Nothing);
    }
    if !needed {
        return Ok(None);
    }
    let name = experiment.calibration_text.name();
    let windows = Windows::cut(
        &model.tokenizer,
        &name,
        text,
        experiment.calibration_windows,
        experiment.window,
    )?;
    Ok(Some(Calibration {
        windows,
        stats: experiment.calibration_stats,
    }))
}
