//! One experiment: a sweep, from the untouched model to the last point.

use super::builder::{Builder, Calibration, Memory};
use super::job::Event;
use super::measure::Reference;
use super::text::Windows;
use super::{EngineError, Host, Model, Pulse, Session};
use crate::curve::{CalibrationProtocol, Curve, Measured, Outcome, Point, Protocol};
use crate::metric::{Summary, Tally, TokenScores};
use crate::modify::{Needs, Spec};
use crate::share::Experiment;
use crate::weights::formats::sha256_hex;

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
        let untouched = self.known.measured(&model.llama, windows, &pulse).await?;
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
            let progress = Progress {
                host,
                index,
                value,
                windows: windows.count(),
            };
            let reference = &untouched.reference;
            let outcome = match outcome(&builder, &spec, reference, windows, &mut memory, &progress).await {
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

/// Tells how far a point is.
pub(super) struct Progress<'a, H> {
    pub(super) host: &'a H,
    pub(super) index: usize,
    pub(super) value: f64,
    pub(super) windows: usize,
}

impl<H: Host> Progress<'_, H> {
    /// At most so often are scores summed up that are not all there yet.
    const INTERVAL_SECS: f64 = 0.1;
    /// And so many times as long as it takes is something else done: quantiles of millions of tokens take a while.
    const REST: f64 = 20.0;

    fn windows_done(&self, done: usize, so_far: Option<Measured>) {
        let (index, value) = (self.index, self.value);
        self.host.emit(Event::PointProgress {
            index,
            value,
            done,
            total: self.windows,
            so_far: so_far.map(Box::new),
        });
    }

    fn stage(&self, stage: &str, done: usize, total: usize) {
        self.host.emit(Event::Preparing {
            point: Some(self.index),
            stage: stage.to_owned(),
            done,
            total,
        });
    }
}

/// What comes of a point; an error where nothing more can come of any.
pub(super) async fn outcome<H: Host>(
    builder: &Builder<'_, H>,
    spec: &Spec,
    reference: &Reference,
    windows: &Windows,
    memory: &mut Memory,
    progress: &Progress<'_, H>,
) -> Result<Outcome, EngineError> {
    match measure(builder, spec, reference, windows, memory, progress).await {
        Ok(measured) => Ok(Outcome::Measured(measured)),
        Err(error) if matches!(error, EngineError::Cancelled) || error.is_device_failure() => Err(error),
        Err(error) => Ok(Outcome::Failed(error.to_string())),
    }
}

async fn measure<H: Host>(
    builder: &Builder<'_, H>,
    spec: &Spec,
    reference: &Reference,
    windows: &Windows,
    memory: &mut Memory,
    progress: &Progress<'_, H>,
) -> Result<Measured, EngineError> {
    let host = progress.host;
    let start = host.seconds();
    progress.windows_done(0, None);
    let built = builder
        .build(spec, memory, |stage, done, total| progress.stage(stage, done, total))
        .await?;
    let measured = |scores: &TokenScores| {
        let summary = summarize(scores)?;
        Ok::<_, EngineError>(Measured {
            stats: summary.modified,
            hemorrhage: summary.hemorrhage,
            sparsity_achieved: built.sparsity_achieved,
            bits_per_weight: built.bits_per_weight,
            blocks: built.model.blocks().len(),
            duration_secs: host.seconds() - start,
        })
    };
    let mut next = start;
    let scores = reference
        .score(builder.base, &built.model, windows, builder.pulse, |done, scores| {
            let now = host.seconds();
            let is_time = done < progress.windows && now >= next;
            // What is wrong with a few windows is wrong with all of them, and is said then.
            let so_far = is_time.then(|| measured(scores).ok()).flatten();
            if is_time {
                let took = host.seconds() - now;
                next = now + took + Progress::<H>::INTERVAL_SECS.max(Progress::<H>::REST * took);
            }
            progress.windows_done(done, so_far);
        })
        .await?;
    measured(&scores)
}

pub(super) fn summarize(scores: &TokenScores) -> Result<Summary, EngineError> {
    let mut tally = Tally::default();
    tally.append(scores)?;
    let summary = tally.summary()?;
    // A modified model that computes no numbers any more is a result: it broke.
    if summary.base.nll.is_finite() {
        Ok(summary)
    } else {
        Err(EngineError::NotFinite {
            model: "untouched".to_owned(),
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modified_model_without_numbers_is_a_result_and_an_untouched_one_an_error() {
        let scores = |base: f32, modified: f32| TokenScores {
            nll_base: vec![1.0, base],
            nll_modified: vec![2.0, modified],
            kld: vec![0.5, modified],
            same_top: vec![true, false],
        };
        for broken in [f32::NAN, f32::INFINITY] {
            let summary = summarize(&scores(1.0, broken)).expect("a result");
            assert!(!summary.modified.ppl.is_finite() && summary.base.ppl.is_finite());
            assert!(matches!(
                summarize(&scores(broken, 1.0)),
                Err(EngineError::NotFinite { .. })
            ));
        }
    }
}
