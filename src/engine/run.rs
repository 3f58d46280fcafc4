//! One experiment: a sweep, from the untouched model to the last point.

use std::cell::Cell;
use std::sync::Arc;

use super::builder::{Builder, Calibration, Memory};
use super::job::Event;
use super::text::Windows;
use super::untouched::Untouched;
use super::{EngineError, Host, Model, Pulse, Session};
use crate::curve::{CalibrationProtocol, Curve, Measured, Outcome, Point, Protocol};
use crate::metric::{Hemorrhage, Stats, Summary, Tally, TokenScores};
use crate::modify::{Modified, Needs, Spec};
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

/// Tells how far a point is.
pub(super) struct Progress<'a, H> {
    host: &'a H,
    index: usize,
    value: f64,
    windows: usize,
    start_secs: f64,
    /// Before then, scores that are not all there yet are not summed up again.
    next_secs: Cell<f64>,
}

impl<'a, H: Host> Progress<'a, H> {
    /// At most so often are scores summed up that are not all there yet.
    const INTERVAL_SECS: f64 = 0.1;
    /// And so many times as long as it takes is something else done: quantiles of millions of tokens take a while.
    const REST: f64 = 20.0;

    pub(super) fn of(host: &'a H, index: usize, value: f64, windows: usize) -> Self {
        let now = host.seconds();
        Self {
            host,
            index,
            value,
            windows,
            start_secs: now,
            next_secs: Cell::new(now),
        }
    }

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

    /// Windows of a model are scored; now and then what that comes to so far is told.
    fn windows_scored(&self, done: usize, scores: &TokenScores, made: Made) {
        let now = self.host.seconds();
        let is_time = done < self.windows && now >= self.next_secs.get();
        // What is wrong with a few windows is wrong with all of them, and is said then.
        let so_far = is_time.then(|| self.measured(scores, made).ok()).flatten();
        if is_time {
            let took = self.host.seconds() - now;
            let rest = Self::INTERVAL_SECS.max(Self::REST * took);
            self.next_secs.set(now + took + rest);
        }
        self.windows_done(done, so_far);
    }

    fn measured(&self, scores: &TokenScores, made: Made) -> Result<Measured, EngineError> {
        let summary = summarize(scores)?;
        Ok(self.measured_as(summary.modified, summary.hemorrhage, made))
    }

    fn measured_as(&self, stats: Stats, hemorrhage: Hemorrhage, made: Made) -> Measured {
        Measured {
            stats,
            hemorrhage,
            sparsity_achieved: made.sparsity_achieved,
            bits_per_weight: made.bits_per_weight,
            blocks: made.blocks,
            duration_secs: self.host.seconds() - self.start_secs,
        }
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

/// What is known of a model from how it was made.
#[derive(Debug, Clone, Copy)]
struct Made {
    sparsity_achieved: f64,
    bits_per_weight: f64,
    blocks: usize,
}

/// Hears of the untouched model's windows while it is measured, and tells of them as of the first point that changes
/// nothing, where the sweep has one.
pub(super) fn as_first_point<'a, H: Host>(
    host: &'a H,
    model: &Model,
    experiment: &Experiment,
    windows: usize,
) -> impl FnMut(usize, &TokenScores) + use<'a, H> {
    let points = experiment.sweep.points();
    let unchanged = points.iter().position(|(_, spec)| spec.changes_nothing());
    let progress = unchanged.map(|index| Progress::of(host, index, points[index].0, windows));
    let made = Made {
        sparsity_achieved: 0.0,
        bits_per_weight: Modified::untouched(Arc::clone(&model.pristine)).bits_per_weight(),
        blocks: model.llama.blocks().len(),
    };
    move |done, scores| {
        if let Some(progress) = &progress {
            progress.windows_scored(done, scores, made);
        }
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
