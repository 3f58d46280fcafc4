//! What is reported about points while they are measured: the windows done, and the measures so far.

use std::cell::Cell;
use std::sync::Arc;

use super::{EngineError, Host, Model};
use hemoscope_core::curve::Measured;
use hemoscope_core::experiment::Experiment;
use hemoscope_core::metric::{Hemorrhage, Stats, Summary, TokenScores};
use hemoscope_core::modify::{self, ModelWeights};
use hemoscope_core::protocol::Event;

/// Reports how far a point is.
pub(super) struct Progress<'a, H> {
    host: &'a H,
    index: usize,
    value: f64,
    windows: usize,
    start_secs: f64,
    /// Provisional measures are not computed again before this time.
    next_secs: Cell<f64>,
}

impl<'a, H: Host> Progress<'a, H> {
    /// The shortest time between two provisional results.
    const INTERVAL_SECS: f64 = 0.1;
    /// Between two provisional results, at least this many times their computing time passes: quantiles of millions of
    /// tokens take a while.
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

    pub(super) fn windows_done(&self, done: usize, so_far: Option<Measured>) {
        let (index, value) = (self.index, self.value);
        self.host.emit(Event::PointProgress {
            index,
            value,
            done,
            total: self.windows,
            so_far: so_far.map(Box::new),
        });
    }

    /// Reports scored windows and, now and then, the measures so far.
    pub(super) fn windows_scored(&self, done: usize, measured: impl FnOnce() -> Option<Measured>) {
        let now = self.host.seconds();
        let is_time = done < self.windows && now >= self.next_secs.get();
        // An error with a few windows is an error with all of them, and is reported then.
        let so_far = is_time.then(measured).flatten();
        if is_time {
            let took = self.host.seconds() - now;
            let rest = Self::INTERVAL_SECS.max(Self::REST * took);
            self.next_secs.set(now + took + rest);
        }
        self.windows_done(done, so_far);
    }

    /// The measures that the scores of so many windows give.
    pub(super) fn measured(&self, scores: &TokenScores, windows: usize, made: Made) -> Result<Measured, EngineError> {
        let summary = summarize(scores, windows)?;
        Ok(self.measured_as(summary.modified, summary.hemorrhage, made))
    }

    /// The same from measures that are already known.
    pub(super) fn measured_as(&self, stats: Stats, hemorrhage: Hemorrhage, made: Made) -> Measured {
        Measured {
            stats,
            hemorrhage,
            sparsity_achieved: made.sparsity_achieved,
            bits_per_weight: made.bits_per_weight,
            blocks: made.blocks,
            duration_secs: self.host.seconds() - self.start_secs,
        }
    }

    pub(super) fn stage(&self, stage: &str, done: usize, total: usize) {
        self.host.emit(Event::Preparing {
            point: Some(self.index),
            stage: stage.to_owned(),
            done,
            total,
        });
    }
}

/// What is known about a model from how it was built.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    pub(super) sparsity_achieved: f64,
    pub(super) bits_per_weight: f64,
    pub(super) blocks: usize,
}

impl Made {
    pub(super) fn of(tally: &modify::Tally, blocks: usize) -> Self {
        Self {
            sparsity_achieved: tally.sparsity(),
            bits_per_weight: tally.bits_per_weight(),
            blocks,
        }
    }
}

/// A callback for the untouched model's windows that reports them as progress on the sweep's unmodified first point, if
/// it has one.
pub(super) fn as_first_point<'a, H: Host>(
    host: &'a H,
    model: &Model,
    experiment: &Experiment,
    windows: usize,
) -> impl FnMut(usize, &TokenScores) + use<'a, H> {
    let points = experiment.sweep().points();
    let unchanged = points.iter().position(|(_, spec)| spec.is_identity());
    let progress = unchanged.map(|index| Progress::of(host, index, points[index].0, windows));
    let untouched = ModelWeights::untouched(Arc::clone(&model.pristine), experiment.seed);
    let made = Made::of(&untouched.tally(), untouched.blocks().len());
    move |done, scores| {
        if let Some(progress) = &progress {
            progress.windows_scored(done, || {
                let base = summarize(scores, done).ok()?.base;
                Some(progress.measured_as(base, Hemorrhage::NONE, made))
            });
        }
    }
}

pub(super) fn summarize(scores: &TokenScores, windows: usize) -> Result<Summary, EngineError> {
    let summary = Summary::of(scores, windows)?;
    // A modified model whose outputs are NaN is a result: it broke.
    if summary.base.nll.is_finite() {
        Ok(summary)
    } else {
        Err(EngineError::NotFinite {
            model: "untouched".to_owned(),
        })
    }
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
            let summary = summarize(&scores(1.0, broken), 2).expect("a result");
            assert!(!summary.modified.ppl.is_finite() && summary.base.ppl.is_finite());
            assert!(matches!(
                summarize(&scores(broken, 1.0), 2),
                Err(EngineError::NotFinite { .. })
            ));
        }
    }
}
