//! How far a task is, and how long a run would take.

use super::{Engine, Fetching, Machine, Model, Preparation, Run, Stage, Task, UnderWay};
use hemoscope_core::curve::CalibrationStats;
use hemoscope_core::experiment::Settings;
use hemoscope_core::experiment::{Experiment, Screen, bundled};
use hemoscope_core::modify::Sweep;
use hemoscope_core::protocol::engines_for;
use hemoscope_core::wording;

/// The task's progress: a line of text, and the share done if known.
#[must_use]
pub fn progress(run: &Run, machine: &Machine, now_ms: f64) -> Option<(String, Option<f64>)> {
    let task = run.task.as_ref()?;
    let (text, part) = progress_of(task, machine, now_ms);
    // When several models run in turn, which one it is.
    let model = bundled::of(&task.experiment.model).filter(|_| run.queue.is_some());
    let whose = model.map_or_else(String::new, |model| format!("{}: ", model.short));
    Some((format!("{whose}{text}"), part))
}

fn progress_of(task: &Task, machine: &Machine, now_ms: f64) -> (String, Option<f64>) {
    if task.cancelling {
        let measuring = |points: &[UnderWay]| points.iter().any(|point| point.preparing.is_none());
        let text = match &task.stage {
            Stage::Points(points) if measuring(points) => "stopping after this window …",
            _ => "stopping …",
        };
        return (text.to_owned(), None);
    }
    match &task.stage {
        Stage::Readying => readying(machine),
        Stage::Preparing(now) => (now.text(), share(now.done, now.total)),
        Stage::Points(under_way) => measuring(task, under_way, now_ms),
        Stage::Writing => ("writing …".to_owned(), None),
    }
}

fn measuring(task: &Task, under_way: &[UnderWay], now_ms: f64) -> (String, Option<f64>) {
    let sweep = task.experiment.sweep();
    let before_each = Cost::of(&task.experiment).before_each;
    let first = before_each.max(1) as f64;
    let begun = |point: &UnderWay| point.part(first);
    let whole = task.finished as f64 + under_way.iter().map(begun).sum::<f64>();
    let whole = whole / task.points.max(1) as f64;
    // The time left is estimated from the points that take time.
    let every = task.experiment.ask.question().measures_the_untouched();
    let take_time = |point: &&UnderWay| every || !sweep.is_identity_at(point.index);
    let done = task.finished as f64 - f64::from(u8::from(task.unchanged && !every));
    let all = if every { task.points } else { points_that_change(sweep) };
    // Editing alone says little about how long a window takes.
    let measured = |point: &UnderWay| every || before_each > 0 || point.done > 0;
    let known = done > 0.0 || under_way.iter().filter(take_time).any(measured);
    let done = done + under_way.iter().filter(take_time).map(begun).sum::<f64>();
    let left = task
        .first_point_ms
        .filter(|_| known)
        .map(|start| (task.latest_ms - start) * (all as f64 - done) / done)
        // No events arrive during a window, so the estimate counts down.
        .map(|left| (left - (now_ms - task.latest_ms)).max(0.0) / 1e3)
        .filter(|left| left.is_finite())
        .map(|left| format!(" · about {} left", wording::duration(left)))
        .unwrap_or_default();
    let doing = match under_way {
        [] => format!("{} of {} points done", task.finished, task.points),
        [point] => format!("point {} of {}, {}", point.index + 1, task.points, point.text()),
        points => format!(
            "{} of {} points done, {} being measured",
            task.finished,
            task.points,
            points.len()
        ),
    };
    (format!("{doing}{left}"), Some(whole))
}

fn readying(machine: &Machine) -> (String, Option<f64>) {
    match (&machine.engine, &machine.model) {
        (_, Model::Asking(_)) => ("waiting for your answer about the download".to_owned(), None),
        // Both share one connection, and Run has shown their total.
        (Engine::Fetching(engine), Model::Fetching(model)) => model.and(engine).text(),
        (Engine::Fetching(fetching), _) | (_, Model::Fetching(fetching)) => fetching.text(),
        (Engine::Off | Engine::Broken(_) | Engine::Starting, _) => ("starting the engine …".to_owned(), None),
        (_, Model::Loading { done, total }) => (
            format!("loading the model: part {done} of {total}"),
            share(*done, *total),
        ),
        _ => ("getting ready …".to_owned(), None),
    }
}

/// Seconds that a run would take on this device, once the model has been timed on it.
#[must_use]
pub fn estimate_secs(machine: &Machine, link: &Settings) -> Option<f64> {
    // Each size has a speed of its own.
    let report = machine.report()?;
    if link.view.screen == Screen::Sizes {
        return None;
    }
    let e = &link.experiment;
    let windows = Cost::of(e).windows(e, engines_for(report, e));
    let seconds = (windows * e.window) as f64 / report.tokens_per_second;
    seconds.is_finite().then_some(seconds)
}

/// How many windows calibration runs through the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Cost {
    once: usize,
    before_each: usize,
}

impl Cost {
    fn of(e: &Experiment) -> Self {
        let mut cost = Self::default();
        let points = e.sweep().points();
        let changed = points.iter().find(|(_, spec)| !spec.is_identity());
        let steps = changed.and_then(|(_, spec)| spec.methods().ok()).unwrap_or_default();
        for needs in steps
            .iter()
            .map(|step| step.method.needs())
            .filter(|needs| !needs.is_empty())
        {
            // Statistics of the untouched model are collected only once.
            let of_model = needs.iter().all(|id| id.is_of_model());
            if of_model || e.calibration_stats == CalibrationStats::Dense {
                cost.once = e.calibration_windows;
            } else {
                // Each block runs once unedited, for its own statistics, and once edited, for the next block's inputs.
                cost.before_each += 2 * e.calibration_windows;
            }
        }
        cost
    }

    /// Windows of a whole run: the untouched model once, then as many modified models as each of the engines measures.
    /// Along the depth, the untouched model runs alongside each of them.
    fn windows(self, e: &Experiment, engines: usize) -> usize {
        let question = e.ask.question();
        let models = question.models_a_point();
        let points = if question.measures_the_untouched() {
            e.sweep().points().len()
        } else {
            points_that_change(e.sweep())
        };
        e.windows + self.once + points.div_ceil(engines) * (models * e.windows + self.before_each)
    }
}

/// How many points of a sweep modify the model.
fn points_that_change(sweep: &Sweep) -> usize {
    let points = sweep.points();
    points.iter().filter(|(_, spec)| !spec.is_identity()).count()
}

impl UnderWay {
    /// The share done; preparing a point takes the time of `first` windows.
    fn part(&self, first: f64) -> f64 {
        let before = match &self.preparing {
            None if self.done == 0 => return 0.0,
            None => 1.0,
            Some(now) => share(now.done, now.total).unwrap_or_default(),
        };
        (first * before + self.done as f64) / (first + self.total as f64)
    }

    fn text(&self) -> String {
        match &self.preparing {
            Some(now) => now.text(),
            None => format!("window {} of {}", self.done, self.total),
        }
    }
}

impl Fetching {
    fn text(&self) -> (String, Option<f64>) {
        let rate = self
            .rate
            .map_or_else(String::new, |rate| format!(", {} a second", megabytes(rate)));
        let text = format!(
            "{}: {} of {}{rate}",
            self.what,
            megabytes(self.done as f64),
            megabytes(self.total as f64),
        );
        (text, (self.total > 0).then(|| self.done as f64 / self.total as f64))
    }

    /// Both downloads as one.
    fn and(&self, other: &Self) -> Self {
        Self {
            what: format!("{}; {}", self.what, other.what),
            done: self.done + other.done,
            total: self.total + other.total,
            rate: match (self.rate, other.rate) {
                (Some(one), Some(other)) => Some(one + other),
                (one, other) => one.or(other),
            },
        }
    }
}

impl Preparation {
    fn text(&self) -> String {
        format!("{}: {} of {}", self.what, self.done, self.total)
    }
}

fn share(done: usize, total: usize) -> Option<f64> {
    (total > 0).then(|| done as f64 / total as f64)
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hemoscope_core::experiment::Ask;

    fn experiment(sweep: &str, stats: CalibrationStats) -> Experiment {
        Experiment {
            ask: Ask::Curve(sweep.parse().expect("a sweep of the grammar")),
            windows: 8,
            calibration_windows: 5,
            calibration_stats: stats,
            ..Experiment::default()
        }
    }

    #[test]
    fn a_run_passes_the_untouched_model_once_and_calibrates_as_its_methods_do() {
        for (sweep, stats, windows) in [
            ("magnitude:sparsity=0..0.8/9", CalibrationStats::Sequential, 8 + 8 * 8),
            (
                "wanda:sparsity=0..0.8/9",
                CalibrationStats::Sequential,
                8 + 8 * (8 + 2 * 5),
            ),
            ("wanda:sparsity=0..0.8/9", CalibrationStats::Dense, 8 + 8 * 8 + 5),
            ("layer-drop:count=0..4/5", CalibrationStats::Sequential, 8 + 4 * 8 + 5),
        ] {
            let e = experiment(sweep, stats);
            assert_eq!(Cost::of(&e).windows(&e, 1), windows, "{sweep} {stats:?}");
        }
        let along = experiment("magnitude:sparsity=0..0.8/9", CalibrationStats::Dense);
        let along = Experiment {
            ask: Ask::Depth(along.sweep().clone()),
            ..along
        };
        assert_eq!(Cost::of(&along).windows(&along, 1), 8 + 9 * 16);
        let shared = experiment("magnitude:sparsity=0..0.8/9", CalibrationStats::Dense);
        assert_eq!(Cost::of(&shared).windows(&shared, 4), 8 + 2 * 8);
    }

    #[test]
    fn what_arrives_is_said_in_bytes() {
        let fetching = |what: &str, done, rate| Fetching {
            what: what.to_owned(),
            done,
            total: 2_000_000,
            rate,
        };
        let engine = fetching("downloading the engine", 500_000, Some(300_000.0));
        let mut machine = Machine {
            engine: Engine::Fetching(engine),
            ..Machine::default()
        };
        let said = |machine: &Machine, text: &str, part| assert_eq!(readying(machine), (text.to_owned(), part));
        said(
            &machine,
            "downloading the engine: 0.5 MB of 2.0 MB, 0.3 MB a second",
            Some(0.25),
        );
        machine.model = Model::Fetching(fetching("reading m.gguf", 1_500_000, None));
        said(
            &machine,
            "reading m.gguf; downloading the engine: 2.0 MB of 4.0 MB, 0.3 MB a second",
            Some(0.5),
        );
        machine.engine = Engine::Starting;
        said(&machine, "reading m.gguf: 1.5 MB of 2.0 MB", Some(0.75));
        machine.model = Model::Absent;
        said(&machine, "starting the engine …", None);
    }
}
