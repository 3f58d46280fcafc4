//! What the page knows, as a fold over the engine's events and the user's actions. There is one part per concern, so
//! that only what shows a changed part is rendered again. Pure, and tested natively.

mod answer_input;
mod fold;
mod machine;
mod progress;
mod queue;
mod ready;
mod results;
mod run;
mod ui;
mod writing;

pub use answer_input::AnswerInput;
pub use fold::is_last;
pub use machine::{Consent, Engine, Fetching, Machine, Model};
pub use progress::{estimate_secs, progress};
pub use queue::Queue;
pub use ready::{calibration_problem, obstacle, sample_problem};
pub use results::{Kept, Results, Shown, agree, looked_at};
pub use run::{Consequence, Goal, Preparation, Run, Stage, Task, UnderWay};
pub use ui::{Message, ModelKind, Offers, OwnText, Picking, Ui};
pub use writing::{Texts, Writing};

use hemoscope_core::curve::Curve;
use hemoscope_core::experiment::Settings;
use hemoscope_core::experiment::{Asset, DeviceChoice, Experiment, Question, Screen, bundled};
use hemoscope_core::plot::KEPT;
use hemoscope_core::share::Opened;
use hemoscope_core::wording;

/// Everything that the page knows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// The settings, as the address holds them.
    pub link: Settings,
    /// Engine and model.
    pub machine: Machine,
    /// The current task.
    pub run: Run,
    /// The curves.
    pub results: Results,
    /// What the two models write.
    pub writing: Writing,
    /// User-interface state that is not part of a link.
    pub ui: Ui,
}

impl State {
    /// A page opened at a link.
    #[must_use]
    pub fn open(opened: Opened) -> Self {
        let mut state = Self::default();
        state.follow(opened);
        state
    }

    /// Takes over another link: settings and notices. What was measured stays.
    pub fn follow(&mut self, opened: Opened) {
        for notice in &opened.notices {
            self.ui.notify(notice.to_string());
        }
        let before = std::mem::replace(&mut self.link, opened.link).experiment.model;
        self.settle_screen();
        self.forget_other_model(&before);
        self.run.verdict = None;
    }

    /// Asks another question about the same modification.
    pub fn ask(&mut self, question: Question) {
        self.change(|e| e.ask = question.of(e.sweep().clone()));
        self.settle_screen();
        self.show();
    }

    /// The device to start the engine on.
    #[must_use]
    pub fn device_to_start(&self) -> DeviceChoice {
        self.machine.device_to_start(self.link.view.device)
    }

    /// Forgets what is known about the model if another one has taken the place of `before`.
    fn forget_other_model(&mut self, before: &Asset) {
        // A pending consent question waits for its answer, whatever is chosen meanwhile.
        if !before.may_be(&self.link.experiment.model) && !matches!(self.machine.model, Model::Asking(_)) {
            self.machine.model = Model::Absent;
            self.machine.cost = None;
        }
    }

    /// Changes what a run depends on. An expected result belongs to the old settings and is dropped.
    pub fn change(&mut self, change: impl FnOnce(&mut Experiment)) {
        let before = self.link.experiment.clone();
        change(&mut self.link.experiment);
        if self.link.experiment != before {
            self.link.expect = None;
            self.run.verdict = None;
            self.forget_other_model(&before.model);
            // A model that is not one of the sizes is shown on its own.
            if bundled::size_of(&self.link.experiment.model).is_none() {
                self.link.view.screen = Screen::Model;
            }
        }
    }

    /// Begins a task; `false` where one is under way.
    pub fn begin(&mut self, goal: Goal) -> bool {
        if self.run.task.is_some() {
            return false;
        }
        let experiment = self.link.experiment.clone();
        self.run.next_task += 1;
        self.run.task = Some(Task {
            number: self.run.next_task,
            goal,
            job: None,
            cancelling: false,
            stage: Stage::Readying,
            points: experiment.sweep().points().len(),
            finished: 0,
            unchanged: false,
            experiment,
            protocol: None,
            first_point_ms: None,
            latest_ms: 0.0,
        });
        // Earlier errors were about the previous task.
        self.ui.dismiss_errors();
        if goal == Goal::Run {
            self.run.verdict = None;
        }
        true
    }

    /// Ends the task, whatever its outcome.
    pub fn end(&mut self) {
        if self.run.task.take().is_some() {
            self.results.restore();
            self.show_what_is_asked();
        }
        if matches!(
            self.machine.model,
            Model::Asking(_) | Model::Fetching(_) | Model::Loading { .. }
        ) {
            self.machine.model = Model::Absent;
        }
        if self.machine.is_starting() {
            self.machine.engine = Engine::Off;
        }
    }

    /// The task was stopped before it reached the engine.
    pub fn cancelled(&mut self) {
        if self.run.task.is_some() {
            self.ui.notify("Cancelled.");
        }
    }

    /// Shows the curve that the settings call for.
    pub fn show(&mut self) {
        self.results.show(&mut self.link, &self.run);
    }

    /// After a run of a different question, shows the result for the question in the settings.
    fn show_what_is_asked(&mut self) {
        let asked = &self.link.experiment.ask;
        let other = |shown: &Shown| !shown.experiment.ask.is_like(asked);
        if self.results.shown.as_ref().is_some_and(other) {
            self.show();
        }
    }

    /// Takes the outcome of fetching a stored curve.
    pub fn take_stored(&mut self, path: &str, curve: Option<Curve>) {
        self.results.take_stored(path, curve);
        self.show();
    }

    /// Keeps what is shown for comparison with later results.
    pub fn keep(&mut self) {
        if !self.results.keep(&self.link.view) {
            self.ui.notify(format!(
                "{KEPT} curves and lines are kept; more could not be told apart. Remove one, then keep this one."
            ));
        }
    }

    /// Announces a finished run to screen readers; `sentence` describes the curve.
    pub fn announce_result(&mut self, sentence: &str) {
        self.run.announcement = match self.run.verdict_in_words(&self.results) {
            Some(verdict) => format!("{verdict} {sentence}"),
            None => sentence.to_owned(),
        };
    }

    /// The worker died.
    pub fn lose_engine(&mut self, reason: &str) {
        self.end();
        self.machine.model = Model::Absent;
        self.machine.engine = Engine::Broken(reason.to_owned());
        let reason = wording::ended(reason);
        self.ui.report(format!(
            "The engine stopped: {reason} What was measured stays; Run restarts the engine. If it happens again, \
             choose shorter windows or a smaller model: it may need more memory than this browser gives."
        ));
    }

    /// The worker was terminated on request, along with its job.
    pub fn abandon(&mut self) {
        self.end();
        self.machine.engine = Engine::Off;
        self.machine.model = Model::Absent;
        self.ui
            .notify("The engine was stopped at once; finished points are kept.");
    }
}

#[cfg(test)]
mod tests;
