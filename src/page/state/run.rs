//! The current task and its progress.

use super::{Queue, Results, Shown};
use hemoscope_core::curve::digest::Verdict;
use hemoscope_core::curve::{Measured, Protocol};
use hemoscope_core::experiment::{Experiment, Question, Settings};
use hemoscope_core::wording;

/// The current task, and the outcome of the last run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// The task in progress.
    pub task: Option<Task>,
    /// Models that wait for their run.
    pub queue: Option<Queue>,
    /// Whether a shared result was reproduced.
    pub verdict: Option<Verdict>,
    /// What a screen reader is told next.
    pub announcement: String,
    pub(super) next_task: u64,
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// A curve.
    Run,
    /// Two texts.
    Write,
    /// Only the model.
    Load,
}

/// A task in progress.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// A number that distinguishes it from other tasks.
    pub number: u64,
    /// Its goal.
    pub goal: Goal,
    /// The engine's job, once there is one.
    pub job: Option<u64>,
    /// Whether it was asked to stop.
    pub cancelling: bool,
    /// How far it is.
    pub stage: Stage,
    /// The experiment as it was when the task was started.
    pub experiment: Experiment,
    /// Points of the sweep.
    pub points: usize,
    /// How many of them are finished.
    pub finished: usize,
    /// Whether the unmodified point, which takes hardly any time, is among them.
    pub(super) unchanged: bool,
    pub(super) protocol: Option<Protocol>,
    /// When the first modified point was begun.
    pub(super) first_point_ms: Option<f64>,
    /// When its latest event came.
    pub(super) latest_ms: f64,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Engine, model and text are being made ready.
    Readying,
    /// Before the first point.
    Preparing(Preparation),
    /// Points are being measured: these, in the order in which they were begun.
    Points(Vec<UnderWay>),
    /// Texts are being written.
    Writing,
}

/// A point that is being measured.
#[derive(Debug, Clone, PartialEq)]
pub struct UnderWay {
    /// Its index, from 0.
    pub index: usize,
    /// Its strength.
    pub value: f64,
    /// Windows done.
    pub done: usize,
    /// The total.
    pub total: usize,
    /// Work on the model before its windows are measured.
    pub preparing: Option<Preparation>,
    /// The latest provisional result, and its number of windows. Only for display: no conclusions are drawn from it.
    pub so_far: Option<(usize, Box<Measured>)>,
}

/// Work before a measurement: calibrating, editing, measuring the untouched model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preparation {
    /// What is being done.
    pub what: String,
    /// Blocks or windows done.
    pub done: usize,
    /// The total.
    pub total: usize,
}

/// What the page must do after a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing.
    None,
    /// The worker can't be used any more.
    DropWorker,
}

impl Run {
    /// Whether a task with this goal is in progress.
    #[must_use]
    pub fn is(&self, goal: Goal) -> bool {
        self.task.as_ref().is_some_and(|task| task.goal == goal)
    }

    /// The page's current question: that of the run in progress, or else that of the settings.
    #[must_use]
    pub fn question(&self, link: &Settings) -> Question {
        let running = self.task.as_ref().filter(|task| task.goal == Goal::Run);
        running
            .map_or(&link.experiment.ask, |task| &task.experiment.ask)
            .question()
    }

    /// The points of the shown curve that are being measured.
    #[must_use]
    pub fn under_way(&self, shown: Option<&Shown>) -> &[UnderWay] {
        match self.task.as_ref().map(|task| &task.stage) {
            Some(Stage::Points(points)) if shown.is_some_and(Shown::is_unfinished) => points,
            _ => &[],
        }
    }

    /// Whether a run has begun its curve and measured no point of it.
    #[must_use]
    pub fn is_before_first_point(&self, shown: Option<&Shown>) -> bool {
        let empty = |shown: &Shown| !shown.complete && shown.curve.points.is_empty();
        self.task.is_some() && shown.is_some_and(empty)
    }

    /// Whether a shared result was reproduced, in words.
    #[must_use]
    pub fn verdict_in_words(&self, results: &Results) -> Option<String> {
        Some(wording::verdict(self.verdict.as_ref()?, &results.shown.as_ref()?.curve))
    }
}

impl Task {
    /// Updates a point's progress. A provisional result stays until there is a newer one.
    pub(super) fn under_way(&mut self, mut now: UnderWay) {
        let Stage::Points(points) = &mut self.stage else {
            self.stage = Stage::Points(vec![now]);
            return;
        };
        match points.iter_mut().find(|point| point.index == now.index) {
            Some(point) => {
                if now.done > 0 {
                    now.so_far = now.so_far.or_else(|| point.so_far.take());
                }
                *point = now;
            }
            None => points.push(now),
        }
    }
}
