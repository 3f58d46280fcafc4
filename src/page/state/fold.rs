//! Folds the engine's events into what the page knows.

use std::sync::Arc;

use hemoscope_core::curve::{Curve, Point, Protocol, digest};
use hemoscope_core::experiment::{Experiment, Origin};
use hemoscope_core::metric::Stats;
use hemoscope_core::protocol::{Event, ModelReport, Reply, Side};

use super::{Consequence, Engine, Model, Preparation, Shown, Stage, State, Task, UnderWay, agree};
use hemoscope_core::modify::knob;
use hemoscope_core::wording;

impl State {
    /// Folds one of the engine's messages.
    pub fn fold(&mut self, reply: Reply, now_ms: f64) -> Consequence {
        let Reply { id, event } = reply;
        let mine = self.run.task.as_ref().is_some_and(|task| task.job == Some(id));
        if mine {
            self.with_task(|task| task.latest_ms = now_ms);
        }
        match event {
            Event::Device(report) => {
                if let Some(reason) = &report.refused {
                    let reason = wording::ended(reason);
                    self.ui.notify(format!(
                        "WebGPU is not used: {reason} The CPU computes instead, much more slowly."
                    ));
                }
                self.machine.engine = Engine::Ready(report);
            }
            Event::Loading { done, total } => self.machine.model = Model::Loading { done, total },
            Event::Model(report) => self.loaded(report),
            Event::Failed { message, device_lost } => return self.fail(message, device_lost),
            // The events below belong to a task; late events of a finished task are ignored.
            _ if !mine => {}
            Event::RunStarted { protocol } => self.with_task(|task| task.protocol = Some(*protocol)),
            Event::Preparing {
                point,
                stage,
                done,
                total,
            } => {
                let now = Preparation {
                    what: stage,
                    done,
                    total,
                };
                self.prepare(point, now, now_ms);
            }
            Event::Base { stats } => {
                self.begin_curve(stats);
                if let Some(shown) = self.results.shown.as_mut().filter(|shown| shown.is_unfinished()) {
                    Arc::make_mut(&mut shown.curve).base = stats;
                }
            }
            Event::PointProgress {
                index,
                value,
                done,
                total,
                so_far,
            } => {
                let now = UnderWay {
                    index,
                    value,
                    done,
                    total,
                    preparing: None,
                    so_far: so_far.map(|measured| (done, measured)),
                };
                self.under_way_now(now, now_ms);
            }
            Event::Point { index, point } => self.point(index, *point),
            Event::RunFinished { curve, complete } => self.finish(*curve, complete),
            Event::Text { side, text } => {
                self.with_task(|task| task.stage = Stage::Writing);
                if let Some(live) = &mut self.writing.live {
                    match side {
                        Side::Base => live.base.push_str(&text),
                        Side::Modified => live.modified.push_str(&text),
                    }
                }
            }
            Event::GenerateFinished { first_difference, .. } => {
                if let Some(live) = &mut self.writing.live {
                    live.first_difference = Some(first_difference);
                }
                self.run.task = None;
            }
            // Only between engines.
            Event::Found(_) | Event::Prepared => {}
            Event::Bench { .. } | Event::TinyOps { .. } => {}
        }
        Consequence::None
    }

    pub(super) fn with_task(&mut self, change: impl FnOnce(&mut Task)) {
        if let Some(task) = &mut self.run.task {
            change(task);
        }
    }

    /// Now there is something to draw: the new curve takes the old one's place, once.
    fn begin_curve(&mut self, stats: Stats) {
        let Some(task) = &mut self.run.task else { return };
        let Some(protocol) = task.protocol.take() else {
            return;
        };
        self.results.begin(Shown {
            curve: Arc::new(Curve {
                question: task.experiment.ask.question(),
                sweep: task.experiment.sweep().clone(),
                protocol,
                device: match &self.machine.engine {
                    Engine::Ready(report) => wording::device(report),
                    _ => String::new(),
                },
                base: stats,
                points: Vec::new(),
                duration_secs: 0.0,
            }),
            experiment: task.experiment.clone(),
            stored: false,
            complete: false,
        });
        self.link.view.at = None;
    }

    fn prepare(&mut self, point: Option<usize>, now: Preparation, now_ms: f64) {
        if let Some(index) = point {
            self.prepare_point(index, now, now_ms);
            return;
        }
        self.with_task(|task| match &task.stage {
            // The first point may already be measured while the preparation for all points goes on.
            Stage::Points(points) if !points.is_empty() => {}
            _ => task.stage = Stage::Preparing(now),
        });
    }

    /// A point is being prepared. For points along the depth, this is all of their progress.
    fn prepare_point(&mut self, index: usize, now: Preparation, now_ms: f64) {
        let Some(task) = &self.run.task else { return };
        let begun = match &task.stage {
            Stage::Points(points) => points.iter().find(|point| point.index == index).cloned(),
            _ => None,
        };
        let values = task.experiment.sweep().points();
        let value = values.get(index).map_or(f64::NAN, |(value, _)| *value);
        let point = begun.unwrap_or(UnderWay {
            index,
            value,
            done: 0,
            total: 0,
            preparing: None,
            so_far: None,
        });
        let preparing = Some(now);
        self.under_way_now(UnderWay { preparing, ..point }, now_ms);
    }

    fn under_way_now(&mut self, now: UnderWay, now_ms: f64) {
        let unchanged = |task: &Task| task.experiment.sweep().is_identity_at(now.index);
        let unchanged = self.run.task.as_ref().is_some_and(unchanged);
        // A provisional result of the untouched model is enough to begin the curve with.
        if let Some((_, measured)) = now.so_far.as_ref().filter(|_| unchanged) {
            self.begin_curve(measured.stats);
        }
        self.with_task(|task| {
            // Along the depth, every point takes time.
            if !unchanged || task.experiment.ask.question().measures_the_untouched() {
                task.first_point_ms.get_or_insert(now_ms);
            }
            task.under_way(now);
        });
    }

    fn point(&mut self, index: usize, point: Point) {
        let Some(task) = &mut self.run.task else { return };
        task.finished += 1;
        task.unchanged |= task.experiment.sweep().is_identity_at(index);
        if let Stage::Points(points) = &mut task.stage {
            points.retain(|point| point.index != index);
        }
        let (total, knob) = (task.points, knob::knob(task.experiment.sweep()));
        self.run.announcement = wording::arrival(index, total, knob, &point);
        let Some(shown) = self.results.shown.as_mut().filter(|shown| shown.is_unfinished()) else {
            return;
        };
        let points = &mut Arc::make_mut(&mut shown.curve).points;
        match points.iter_mut().find(|other| other.at == point.at) {
            Some(other) => *other = point,
            // Points may arrive in any order, but are kept in the order of the range.
            None => {
                let values = task.experiment.sweep().points();
                let place = |point: &Point| values.iter().position(|(value, _)| *value == point.value());
                let at = points.partition_point(|other| place(other) < place(&point));
                points.insert(at, point);
            }
        }
    }

    fn finish(&mut self, curve: Curve, complete: bool) {
        let Some(task) = self.run.task.take() else { return };
        if curve.points.is_empty() && !complete {
            self.results.restore();
            self.ui.notify("The run was cancelled before its first point.");
            return;
        }
        let mut experiment = task.experiment;
        let settled = agree(&experiment, &self.link.experiment);
        fill_hashes(&mut experiment, &curve.protocol);
        if settled {
            fill_hashes(&mut self.link.experiment, &curve.protocol);
            if let Some(expect) = self.link.expect.as_ref().filter(|_| complete) {
                let verdict = digest::compare(expect, &curve);
                self.run.announcement = verdict.to_string();
                self.run.verdict = Some(verdict);
            }
        }
        let shown = Shown {
            curve: Arc::new(curve),
            experiment,
            stored: false,
            complete,
        };
        self.results.shelve(&shown);
        self.results.finish(shown);
        self.show_what_is_asked();
        if !complete {
            self.run.queue = None;
            self.ui.notify("The run was cancelled; finished points are kept.");
        }
    }

    /// A model was loaded, which may be another one than was meanwhile chosen.
    fn loaded(&mut self, report: Box<ModelReport>) {
        let wanted = self.run.task.as_ref().is_some_and(|task| {
            let asked = &task.experiment.model;
            asked.may_be(&self.link.experiment.model)
        });
        self.machine.cost = None;
        if !wanted {
            self.machine.model = Model::Absent;
            return;
        }
        let asked = &self.link.experiment.model;
        if let (Origin::Own(_), Some(expected)) = (&asked.origin, &asked.sha256)
            && *expected != report.sha256
        {
            let found = &report.sha256;
            self.ui.notify(format!(
                "{} is not the model that the link was made with (SHA-256 {found}, expected {expected}); the results \
                 will differ.",
                report.name
            ));
        }
        for warning in &report.warnings {
            self.ui.notify(warning);
        }
        self.machine.model = Model::Ready(report);
    }

    fn fail(&mut self, message: String, device_lost: bool) -> Consequence {
        let asked = self.run.task.as_ref().is_some_and(|task| task.cancelling);
        self.end();
        if asked && !device_lost {
            self.ui.notify("Cancelled; what was measured before stays.");
            return Consequence::None;
        }
        if !device_lost {
            self.ui.report(message);
            return Consequence::None;
        }
        let what = wording::ended(&message);
        self.ui
            .report(format!("{what} What was measured stays; Run restarts the engine."));
        self.machine.engine = Engine::Broken(message);
        self.machine.model = Model::Absent;
        Consequence::DropWorker
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

fn fill_hashes(experiment: &mut Experiment, protocol: &Protocol) {
    let known = |hash: &str| (hash.len() == 64).then(|| hash.to_owned());
    experiment.model.sha256 = known(&protocol.model_sha256);
    experiment.text.sha256 = known(&protocol.text_sha256);
    if let Some(calibration) = &protocol.calibration {
        experiment.calibration_text.sha256 = known(&calibration.text_sha256);
    }
}
