//! What the page knows, as a fold of the engine's events and of what the reader does.

use crate::curve::digest::Verdict;
use crate::curve::{Curve, Outcome, Point, Protocol, digest};
use crate::engine::job::{DeviceReport, Event, ModelReport, Reply, Side};
use crate::metric::Stats;
use crate::modify::Spec;
use crate::share::{Experiment, Link, Opened, Origin};
use crate::web::fetch::Offer;

use super::{controls, words};

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
    /// Whether the page was opened without a link.
    pub fresh: bool,
    /// Whether the browser offers WebGPU, once known.
    pub webgpu: Option<bool>,
    /// What the reader has in hand and no link holds.
    pub ui: Ui,
    next_number: u64,
}

/// What the reader has in hand and no link holds.
#[derive(Debug, Clone, Default)]
pub struct Ui {
    /// The kind of model that is being chosen, before one is: `own`, `hub`.
    pub picking_model: Option<&'static str>,
    /// Whether a text of one's own is being given.
    pub picking_text: bool,
    /// Models of a repository to choose from, with its name and revision.
    pub offers: Option<(String, String, Vec<Offer>)>,
    /// What is wrong with the modification written as text.
    pub spec_error: String,
    /// Whether the page is dark.
    pub dark: bool,
    /// The beginning of the reader's own text.
    pub own_text: Option<String>,
    /// Whether the files of the reader's own model are here.
    pub own_model: bool,
}

/// The engine, a worker that is started when it is first needed.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Engine {
    /// Not asked for yet.
    #[default]
    Off,
    /// Its module is loading, or the device is being checked.
    Starting,
    /// It computes on this device.
    Ready(DeviceReport),
    /// It stopped; the next run starts it anew.
    Broken(String),
}

/// The model that runs are made with.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Model {
    /// None is loaded.
    #[default]
    Absent,
    /// A download waits for consent.
    Asking(Consent),
    /// Its bytes are coming.
    Fetching(Fetching),
    /// Its tensors are going to the device.
    Loading {
        /// Tensors done.
        done: usize,
        /// Of all.
        total: usize,
    },
    /// It can be used.
    Ready(Box<ModelReport>),
    /// It can't be had; the message says why.
    Missing(String),
}

/// What a download would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// What it is.
    pub name: String,
    /// Bytes to be fetched.
    pub bytes: u64,
    /// From whom; empty for the page's own server.
    pub host: String,
    /// Whether it stays for the next visit.
    pub lasting: bool,
}

/// A download under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetching {
    /// The file at hand.
    pub file: String,
    /// Bytes that are here.
    pub done: u64,
    /// Of all.
    pub total: u64,
    /// Bytes a second.
    pub rate: Option<f64>,
}

/// What the reader asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// A curve.
    Run,
    /// Two texts.
    Write,
    /// The model only.
    Load,
}

/// A wish under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// What for.
    pub wish: Wish,
    /// The engine's job, once there is one.
    pub job: Option<u64>,
    /// Whether it was asked to stop.
    pub cancelling: bool,
    /// How far it is.
    pub stage: Stage,
    /// The experiment as it was when it was asked for.
    pub experiment: Experiment,
    /// Points of the sweep.
    pub points: usize,
    protocol: Option<Protocol>,
    points_done: usize,
    first_point_ms: Option<f64>,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Engine, model and text are being made ready.
    Readying,
    /// Before the first point.
    Preparing {
        /// What is being done.
        what: String,
        /// Windows done.
        done: usize,
        /// Of all.
        total: usize,
    },
    /// A point is being measured.
    Point {
        /// Which, from 0.
        index: usize,
        /// Its strength.
        value: f64,
        /// Windows done.
        done: usize,
        /// Of all.
        total: usize,
    },
    /// Texts are being written.
    Writing,
}

/// The curve in the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// As far as it is measured.
    pub curve: Curve,
    /// The settings it was measured with.
    pub experiment: Experiment,
    /// Whether it was stored with the page and not measured here.
    pub stored: bool,
    /// Whether all points were tried.
    pub complete: bool,
}

/// A curve kept for comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What it is called.
    pub name: String,
    /// Which colour and dash.
    pub slot: usize,
    /// The curve.
    pub curve: Curve,
}

/// What the two models write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Writing {
    /// The modification of the second model.
    pub spec: Option<Spec>,
    /// The untouched model's text.
    pub base: String,
    /// The modified model's.
    pub modified: String,
    /// Once both are done: the first generated token that differs, if any.
    pub first_difference: Option<Option<usize>>,
}

/// An error or a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Unique.
    pub number: u64,
    /// Whether something failed.
    pub error: bool,
    /// What, where, and what to do.
    pub text: String,
}

/// What the page must do after a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing.
    None,
    /// The worker is of no use any more.
    DropWorker,
}

impl Writing {
    /// Begins anew.
    pub fn start(&mut self, spec: Spec) {
        *self = Self {
            spec: Some(spec),
            ..Self::default()
        };
    }
}

impl State {
    /// A page opened at a link, with the stored curve.
    #[must_use]
    pub fn open(opened: Opened, stored: Option<Curve>) -> Self {
        let shown = stored.map(|curve| Shown {
            curve,
            experiment: Experiment::default(),
            stored: true,
            complete: true,
        });
        let mut state = Self {
            shown,
            ..Self::default()
        };
        state.follow(opened);
        state
    }

    /// Takes over another link: settings and notices. What was measured stays.
    pub fn follow(&mut self, opened: Opened) {
        for notice in &opened.notices {
            self.tell(notice.to_string());
        }
        self.link = opened.link;
        self.verdict = None;
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
        }
    }

    /// Begins a task; `false` where one is under way.
    pub fn begin(&mut self, wish: Wish) -> bool {
        if self.task.is_some() {
            return false;
        }
        let experiment = self.link.experiment.clone();
        self.task = Some(Task {
            wish,
            job: None,
            cancelling: false,
            stage: Stage::Readying,
            points: experiment.sweep.points().len(),
            experiment,
            protocol: None,
            points_done: 0,
            first_point_ms: None,
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
        self.task = None;
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

    /// The task was stopped before the engine had it.
    pub fn cancelled(&mut self) {
        if self.task.is_some() {
            self.tell("Cancelled.".to_owned());
        }
    }

    /// What the browser offers to compute on. A fresh page without WebGPU starts with settings that a CPU measures in
    /// minutes.
    pub fn settle_device(&mut self, webgpu: bool) {
        self.webgpu = Some(webgpu);
        if !webgpu && self.fresh && self.task.is_none() && self.link.experiment == Experiment::default() {
            let e = &mut self.link.experiment;
            (e.windows, e.window, e.calibration_windows) = (2, 128, 2);
            if let Some((_, (from, to, _))) = controls::range(&e.sweep) {
                controls::set_range(&mut e.sweep, (from, to, 5));
            }
            self.tell(
                "This browser has no WebGPU, so the CPU computes, much more slowly. The settings are smaller for that: fewer \
                 points and shorter windows, with wider error bars."
                    .to_owned(),
            );
        }
    }

    /// The link to pass on: the settings, and what came out of them where they were measured here.
    #[must_use]
    pub fn shared_link(&self) -> Link {
        let mut link = self.link.clone();
        if let Some(shown) = &self.shown
            && shown.complete
            && !shown.stored
            && !self.is_outdated()
        {
            link.expect = Some(digest::expectation(&shown.curve));
        }
        link
    }

    /// The kind of model that is chosen or being chosen: `bundled`, `own`, `hub`.
    #[must_use]
    pub fn model_kind(&self) -> &'static str {
        self.ui
            .picking_model
            .unwrap_or(match self.link.experiment.model.origin {
                Origin::Bundled(_) => "bundled",
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

    /// Whether the chart shows something else than the settings would give.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.shown
            .as_ref()
            .is_some_and(|shown| !same_but_for_hashes(&shown.experiment, &self.link.experiment))
    }

    /// The kept curves' next free colour.
    fn free_slot(&self) -> usize {
        (0..)
            .find(|slot| self.kept.iter().all(|kept| kept.slot != *slot))
            .unwrap_or_default()
    }

    /// Keeps the shown curve beside later ones.
    pub fn keep(&mut self) {
        let slot = self.free_slot();
        let Some(shown) = &self.shown else { return };
        self.kept.push(Kept {
            name: words::curve_name(&shown.curve.sweep),
            slot,
            curve: shown.curve.clone(),
        });
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
            Outcome::Failed(_) => false,
        });
        beyond.or_else(|| points.len().checked_sub(1))
    }

    /// Folds one of the engine's messages.
    pub fn fold(&mut self, reply: Reply, now_ms: f64) -> Consequence {
        let Reply { id, event } = reply;
        let mine = self.task.as_ref().is_some_and(|task| task.job == Some(id));
        match event {
            Event::Device(report) => {
                if let Some(reason) = &report.refused {
                    self.tell(format!(
                        "WebGPU is not used: {reason} The CPU computes instead, much more slowly."
                    ));
                }
                self.engine = Engine::Ready(report);
            }
            Event::Loading { done, total } => self.model = Model::Loading { done, total },
            Event::Model(report) => self.model = Model::Ready(report),
            Event::Failed { message, device_lost } => return self.fail(message, device_lost),
            // What follows is about a task; a late word about one that ended says nothing.
            _ if !mine => {}
            Event::RunStarted { protocol } => self.with_task(|task| task.protocol = Some(*protocol)),
            Event::Preparing { stage, done, total } => self.with_task(|task| {
                task.stage = Stage::Preparing {
                    what: stage,
                    done,
                    total,
                };
            }),
            Event::Base { stats } => self.base(stats),
            Event::PointProgress {
                index,
                value,
                done,
                total,
            } => self.with_task(|task| {
                task.first_point_ms.get_or_insert(now_ms);
                task.stage = Stage::Point {
                    index,
                    value,
                    done,
                    total,
                };
            }),
            Event::Point { index, point } => self.point(index, *point),
            Event::RunFinished { curve, complete } => self.finish(*curve, complete),
            Event::Text { side, text } => match side {
                Side::Base => self.writing.base.push_str(&text),
                Side::Modified => self.writing.modified.push_str(&text),
            },
            Event::GenerateFinished { first_difference, .. } => {
                self.writing.first_difference = Some(first_difference);
                self.task = None;
            }
            Event::Bench { .. } | Event::TinyOps { .. } => {}
        }
        Consequence::None
    }

    fn with_task(&mut self, change: impl FnOnce(&mut Task)) {
        if let Some(task) = &mut self.task {
            change(task);
        }
    }

    /// From here on there is something to draw: the new curve takes the old one's place.
    fn base(&mut self, stats: Stats) {
        let Some(task) = &self.task else { return };
        let Some(protocol) = task.protocol.clone() else {
            return;
        };
        self.shown = Some(Shown {
            curve: Curve {
                sweep: task.experiment.sweep.clone(),
                protocol,
                device: match &self.engine {
                    Engine::Ready(report) => words::device(report),
                    _ => String::new(),
                },
                base: stats,
                points: Vec::new(),
                duration_secs: 0.0,
            },
            experiment: task.experiment.clone(),
            stored: false,
            complete: false,
        });
        self.link.view.at = None;
    }

    fn point(&mut self, index: usize, point: Point) {
        let Some(task) = &mut self.task else { return };
        task.points_done = task.points_done.max(index + 1);
        let (total, knob) = (task.points, controls::knob(&task.experiment.sweep));
        self.announcement = words::arrival(index, total, knob, &point);
        let Some(shown) = self.shown.as_mut().filter(|shown| !shown.stored && !shown.complete) else {
            return;
        };
        let points = &mut shown.curve.points;
        match points.iter_mut().find(|other| other.value == point.value) {
            Some(other) => *other = point,
            None => points.push(point),
        }
    }

    fn finish(&mut self, curve: Curve, complete: bool) {
        let Some(task) = self.task.take() else { return };
        // A run cancelled before its first point has nothing to show.
        if curve.points.is_empty() && !complete {
            return;
        }
        let mut experiment = task.experiment;
        let settled = same_but_for_hashes(&experiment, &self.link.experiment);
        fill_hashes(&mut experiment, &curve.protocol);
        if settled {
            fill_hashes(&mut self.link.experiment, &curve.protocol);
            if let Some(expect) = self.link.expect.as_ref().filter(|_| complete) {
                let verdict = digest::compare(expect, &curve);
                self.announcement = verdict.to_string();
                self.verdict = Some(verdict);
            }
        }
        self.shown = Some(Shown {
            curve,
            experiment,
            stored: false,
            complete,
        });
        if !complete {
            self.tell("The run was cancelled; the finished points stay.".to_owned());
        }
    }

    fn fail(&mut self, message: String, device_lost: bool) -> Consequence {
        let asked = self.task.as_ref().is_some_and(|task| task.cancelling);
        self.end();
        if asked && !device_lost {
            self.tell("Cancelled; what was measured before stays.".to_owned());
            return Consequence::None;
        }
        if !device_lost {
            self.complain(message);
            return Consequence::None;
        }
        self.complain(format!(
            "{message} What was measured stays; Run starts the engine anew."
        ));
        self.engine = Engine::Broken(message);
        self.model = Model::Absent;
        Consequence::DropWorker
    }

    /// The worker died.
    pub fn lose_engine(&mut self, reason: &str) {
        self.end();
        self.model = Model::Absent;
        self.engine = Engine::Broken(reason.to_owned());
        self.complain(format!(
            "The engine stopped: {reason}. What was measured stays; Run starts the engine anew. If it happens again, \
             take fewer windows or a smaller model: it may need more memory than this browser gives."
        ));
    }

    /// The worker was ended on request, with what it was doing.
    pub fn abandon(&mut self) {
        self.end();
        self.engine = Engine::Off;
        self.model = Model::Absent;
        self.tell("The engine was stopped at once; the finished points stay.".to_owned());
    }

    /// How far the task is: a line, and a share of the whole where it is known.
    #[must_use]
    pub fn progress(&self, now_ms: f64) -> Option<(String, Option<f64>)> {
        let task = self.task.as_ref()?;
        if task.cancelling {
            return Some(("stopping after this window …".to_owned(), None));
        }
        Some(match &task.stage {
            Stage::Readying => self.readying(),
            Stage::Preparing { what, done, total } => (format!("{what}: {done} of {total}"), share(*done, *total)),
            Stage::Point { index, done, total, .. } => {
                let part = share(*done, *total).unwrap_or_default();
                let points = task.points.max(1) as f64;
                let whole = (*index as f64 + part) / points;
                let left = task
                    .first_point_ms
                    .filter(|_| whole > 0.0)
                    .map(|start| (now_ms - start) / 1e3 * (1.0 - whole) / whole)
                    .filter(|left| left.is_finite() && *left >= 0.0)
                    .map(|left| format!(" · about {} left", words::duration(left)))
                    .unwrap_or_default();
                let text = format!("point {} of {}, window {done} of {total}{left}", index + 1, task.points);
                (text, Some(whole))
            }
            Stage::Writing => ("writing …".to_owned(), None),
        })
    }

    fn readying(&self) -> (String, Option<f64>) {
        match (&self.engine, &self.model) {
            (_, Model::Asking(_)) => ("waiting for your answer about the download".to_owned(), None),
            (_, Model::Fetching(fetching)) => {
                let rate = fetching
                    .rate
                    .map_or_else(String::new, |rate| format!(", {} a second", megabytes(rate)));
                let text = format!(
                    "downloading {}: {} of {}{rate}",
                    fetching.file,
                    megabytes(fetching.done as f64),
                    megabytes(fetching.total as f64),
                );
                (
                    text,
                    (fetching.total > 0).then(|| fetching.done as f64 / fetching.total as f64),
                )
            }
            (Engine::Off | Engine::Broken(_) | Engine::Starting, _) => ("starting the engine …".to_owned(), None),
            (_, Model::Loading { done, total }) => (
                format!("loading the model: tensor {done} of {total}"),
                share(*done, *total),
            ),
            _ => ("getting ready …".to_owned(), None),
        }
    }

    /// Seconds that a run would take on this device, once the model was timed on it: one pass a window for the
    /// untouched model and for each point, two where a method is calibrated at each point.
    #[must_use]
    pub fn estimate_secs(&self) -> Option<f64> {
        let Model::Ready(report) = &self.model else { return None };
        let e = &self.link.experiment;
        let points = e.sweep.points().len();
        let calibration = if controls::is_calibrated(&e.sweep) {
            e.calibration_windows
        } else {
            0
        };
        // Base and modified model run side by side.
        let windows = points * (2 * e.windows + calibration);
        let seconds = (windows * e.window) as f64 / report.tokens_per_second;
        seconds.is_finite().then_some(seconds)
    }
}

/// Whether a job has no further events after this one.
#[must_use]
pub fn is_last(event: &Event) -> bool {
    matches!(
        event,
        Event::Device(_)
            | Event::Model(_)
            | Event::RunFinished { .. }
            | Event::GenerateFinished { .. }
            | Event::Bench { .. }
            | Event::TinyOps { .. }
            | Event::Failed { .. }
    )
}

fn share(done: usize, total: usize) -> Option<f64> {
    (total > 0).then(|| done as f64 / total as f64)
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

fn nearest(points: &[Point], at: f64) -> Option<usize> {
    let distance = |point: &Point| (point.value - at).abs();
    (0..points.len()).min_by(|&a, &b| distance(&points[a]).total_cmp(&distance(&points[b])))
}

fn same_but_for_hashes(one: &Experiment, other: &Experiment) -> bool {
    let bare = |experiment: &Experiment| {
        let mut bare = experiment.clone();
        bare.model.sha256 = None;
        bare.text.sha256 = None;
        bare.calibration_text.sha256 = None;
        bare
    };
    bare(one) == bare(other)
}

fn fill_hashes(experiment: &mut Experiment, protocol: &Protocol) {
    let known = |hash: &str| (hash.len() == 64).then(|| hash.to_owned());
    experiment.model.sha256 = known(&protocol.model_sha256);
    experiment.text.sha256 = known(&protocol.text_sha256);
    if let Some(calibration) = &protocol.calibration {
        experiment.calibration_text.sha256 = known(&calibration.text_sha256);
    }
}

#[cfg(test)]
mod tests;
