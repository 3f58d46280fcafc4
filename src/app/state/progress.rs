//! How far a task is, and how long a run would take.

use super::{Engine, Model, Stage, State};
use crate::app::{controls, words};

impl State {
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

fn share(done: usize, total: usize) -> Option<f64> {
    (total > 0).then(|| done as f64 / total as f64)
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}
