//! What the page knows, as a fold of the engine's events and of what the reader does.

mod fold;
mod parts;
mod progress;
mod queue;
mod shelf;

pub use fold::is_last;
pub use parts::{
    Consent, Consequence, Engine, Fetching, Kept, Message, Model, Preparation, Shown, Stage, Task, Ui, UnderWay, Wish,
    Writing,
};
pub use queue::Queue;

use hemoscope_core::curve::digest::Verdict;
use hemoscope_core::curve::{Outcome, Point, digest};
use hemoscope_core::share::{Asset, DeviceChoice, Experiment, Link, Opened, Origin, Screen, bundled};

use hemoscope_core::plot::KEPT;
use hemoscope_core::say;

/// Everything that the page knows.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The settings, as the address holds them.
    pub link: Link,
    /// The engine's own state.
    pub engine: Engine,
    /// The model's.
    pub model: Model,
    /// What is being done.
    pub task: Option<Task>,
    /// The curve in the chart.
    pub shown: Option<Shown>,
    /// The curves that are here, to be shown when the settings call for them.
    shelf: Vec<Shown>,
    /// Stored curves that were asked for and have not come yet, by path.
    asked: Vec<String>,
    /// Models that wait for their run.
    pub queue: Option<Queue>,
    /// Curves kept beside it.
    pub kept: Vec<Kept>,
    /// What the two models write.
    pub writing: Writing,
    /// Errors and notices, oldest first.
    pub messages: Vec<Message>,
    /// What a screen reader is told next.
    pub announcement: String,
    /// Whether a shared result came out again.
    pub verdict: Option<Verdict>,
    /// Bytes that the first run would download, once known.
    pub cost: Option<u64>,
    /// Bundled models that this copy of the page lacks, by name.
    pub absent: Vec<String>,
    /// Whether the browser offers WebGPU, once known.
    pub webgpu: Option<bool>,
    /// What the reader has in hand and no link holds.
    pub ui: Ui,
    next_number: u64,
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
            self.tell(notice.to_string());
        }
        let before = std::mem::replace(&mut self.link, opened.link).experiment.model;
        self.settle_screen();
        self.forget_other_model(&before);
        self.verdict = None;
    }

    /// What the engine starts on. A browser that is known to have no WebGPU is not asked for it once more.
    #[must_use]
    pub fn device_to_start(&self) -> DeviceChoice {
        match (self.link.view.device, self.webgpu) {
            (DeviceChoice::Auto, Some(false)) => DeviceChoice::Flex,
            (chosen, _) => chosen,
        }
    }

    /// Whether a stored curve is still to come.
    #[must_use]
    pub fn is_looking(&self) -> bool {
        !self.asked.is_empty()
    }

    /// What is known of the model goes with it, where another took the place of `before`.
    fn forget_other_model(&mut self, before: &Asset) {
        // A question waits for its answer, whatever is chosen meanwhile.
        if !before.may_be(&self.link.experiment.model) && !matches!(self.model, Model::Asking(_)) {
            self.model = Model::Absent;
            self.cost = None;
        }
    }

    /// Adds a notice.
    pub fn tell(&mut self, text: String) {
        self.push_message(false, text);
    }

    /// Adds an error.
    pub fn complain(&mut self, text: String) {
        self.push_message(true, text);
    }

    fn push_message(&mut self, error: bool, text: String) {
        let text = say::sentence(&text);
        // The same thing twice needs saying once.
        self.messages.retain(|message| message.text != text);
        self.next_number += 1;
        self.messages.push(Message {
            number: self.next_number,
            error,
            text,
        });
    }

    /// Removes a message.
    pub fn dismiss(&mut self, number: u64) {
        self.messages.retain(|message| message.number != number);
    }

    /// Changes what a run depends on. An expected result belongs to the old settings and goes.
    pub fn change(&mut self, change: impl FnOnce(&mut Experiment)) {
        let before = self.link.experiment.clone();
        change(&mut self.link.experiment);
        if self.link.experiment != before {
            self.link.expect = None;
            self.verdict = None;
            self.forget_other_model(&before.model);
            // A model of another kind is looked at by itself.
            if bundled::size_of(&self.link.experiment.model).is_none() {
                self.link.view.screen = Screen::Model;
            }
        }
    }

    /// Begins a task; `false` where one is under way.
    pub fn begin(&mut self, wish: Wish) -> bool {
        if self.task.is_some() {
            return false;
        }
        let experiment = self.link.experiment.clone();
        self.next_number += 1;
        self.task = Some(Task {
            number: self.next_number,
            wish,
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
            before: None,
        });
        // What failed before was about the task before.
        self.messages.retain(|message| !message.error);
        if wish == Wish::Run {
            self.verdict = None;
        }
        true
    }

    /// Ends the task, whatever came of it.
    pub fn end(&mut self) {
        if let Some(task) = self.task.take() {
            self.restore(task.before);
        }
        if matches!(
            self.model,
            Model::Asking(_) | Model::Fetching(_) | Model::Loading { .. }
        ) {
            self.model = Model::Absent;
        }
        if self.engine == Engine::Starting {
            self.engine = Engine::Off;
        }
    }

    /// A run that ended without a point leaves the curve that was there.
    pub(super) fn restore(&mut self, before: Option<Shown>) {
        if self.shown.as_ref().is_some_and(|shown| shown.curve.points.is_empty()) {
            self.shown = before;
        }
    }

    /// The task was stopped before the engine had it.
    pub fn cancelled(&mut self) {
        if self.task.is_some() {
            self.tell("Cancelled.".to_owned());
        }
    }

    /// The link to pass on: the settings, and what came out of them where they were measured here.
    #[must_use]
    pub fn shared_link(&self) -> Link {
        let mut link = self.link.clone();
        // Of several models, the link says how they are measured, and each has a result of its own.
        if let Some(shown) = &self.shown
            && self.link.view.screen == Screen::Model
            && shown.complete
            && !shown.stored
            && !self.is_outdated()
        {
            link.expect = Some(digest::expectation(&shown.curve));
        }
        link
    }

    /// The model that is chosen or being chosen: its name where the page brings it along, else `own` or `hub`.
    #[must_use]
    pub fn model_kind(&self) -> &str {
        self.ui
            .picking_model
            .unwrap_or(match &self.link.experiment.model.origin {
                Origin::Bundled(name) => name,
                Origin::Own(_) => "own",
                Origin::Hub { .. } | Origin::Url(_) => "hub",
            })
    }

    /// The name of the bundled text, or `:own`.
    #[must_use]
    pub fn text_kind(&self) -> &str {
        match &self.link.experiment.text.origin {
            Origin::Bundled(name) if !self.ui.picking_text => name,
            _ => ":own",
        }
    }

    /// The points of the shown curve that are being measured.
    #[must_use]
    pub fn under_way(&self) -> &[UnderWay] {
        let growing = self.shown.as_ref().is_some_and(Shown::is_unfinished);
        match self.task.as_ref().map(|task| &task.stage) {
            Some(Stage::Points(points)) if growing => points,
            _ => &[],
        }
    }

    /// Whether a run has begun its curve and measured no point of it.
    #[must_use]
    pub fn is_before_first_point(&self) -> bool {
        let empty = |shown: &Shown| !shown.complete && shown.curve.points.is_empty();
        self.task.is_some() && self.shown.as_ref().is_some_and(empty)
    }

    /// Whether the chart shows something else than the settings would give.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.shown
            .as_ref()
            .is_some_and(|shown| !agree(&shown.experiment, &self.link.experiment))
    }

    /// The kept curves' next free colour.
    fn free_slot(&self) -> usize {
        (0..)
            .find(|slot| self.kept.iter().all(|kept| kept.slot != *slot))
            .unwrap_or_default()
    }

    /// Keeps the shown curve beside later ones.
    pub fn keep(&mut self) {
        if self.kept.len() >= KEPT {
            self.tell(format!(
                "{KEPT} curves are kept, and more could not be told apart. Remove one under “Kept curves”, then keep \
                 this one."
            ));
            return;
        }
        let slot = self.free_slot();
        let Some(shown) = &self.shown else { return };
        let others = self.kept.iter().map(|kept| (kept.name.as_str(), &kept.curve));
        self.kept.push(Kept {
            name: say::kept_name(&shown.curve, others),
            slot,
            curve: shown.curve.clone(),
        });
    }

    /// Whether a shared result came out again, in words.
    #[must_use]
    pub fn verdict_in_words(&self) -> Option<String> {
        let shown = self.shown.as_ref()?;
        let calibration = shown
            .curve
            .protocol
            .calibration
            .as_ref()
            .map(|calibration| calibration.stats);
        Some(say::verdict(self.verdict.as_ref()?, &shown.curve.sweep, calibration))
    }

    /// What a screen reader is told of a finished run: `sentence` is what is said of the curve.
    pub fn announce_result(&mut self, sentence: &str) {
        self.announcement = match self.verdict_in_words() {
            Some(verdict) => format!("{verdict} {sentence}"),
            None => sentence.to_owned(),
        };
    }

    /// The place of the point whose strength is selected, else of the first beyond the threshold, else of the last.
    #[must_use]
    pub fn selected(&self) -> Option<usize> {
        let points = &self.shown.as_ref()?.curve.points;
        if let Some(at) = self.link.view.at {
            return nearest(points, at);
        }
        let broken = self.link.view.threshold.ln();
        let beyond = points.iter().position(|point| match &point.outcome {
            Outcome::Measured(measured) => measured.hemorrhage.ln_ratio > broken,
            Outcome::Observed(_) | Outcome::Failed(_) => false,
        });
        beyond.or_else(|| points.len().checked_sub(1))
    }

    /// The worker died.
    pub fn lose_engine(&mut self, reason: &str) {
        self.end();
        self.model = Model::Absent;
        self.engine = Engine::Broken(reason.to_owned());
        let reason = say::ended(reason);
        self.complain(format!(
            "The engine stopped: {reason} What was measured stays; Run starts the engine anew. If it happens again, \
             take shorter windows or a smaller model: it may need more memory than this browser gives."
        ));
    }

    /// The worker was ended on request, with what it was doing.
    pub fn abandon(&mut self) {
        self.end();
        self.engine = Engine::Off;
        self.model = Model::Absent;
        self.tell("The engine was stopped at once; the finished points stay.".to_owned());
    }
}

fn nearest(points: &[Point], at: f64) -> Option<usize> {
    let distance = |point: &Point| (point.value - at).abs();
    (0..points.len()).min_by(|&a, &b| distance(&points[a]).total_cmp(&distance(&points[b])))
}

/// Whether both measure the same, as far as is known: a hash that one side doesn't know yet is no difference.
fn agree(one: &Experiment, other: &Experiment) -> bool {
    let mut other = other.clone();
    for (here, there) in [
        (&one.model, &mut other.model),
        (&one.text, &mut other.text),
        (&one.calibration_text, &mut other.calibration_text),
    ] {
        if here.sha256.is_none() || there.sha256.is_none() {
            there.sha256.clone_from(&here.sha256);
        }
    }
    *one == other
}

#[cfg(test)]
mod tests;
