//! Tasks: running, writing, loading a model. Engine, model and text are made ready, then the job runs.

use std::pin::Pin;

use leptos::prelude::*;

use super::page::{Page, Stop};
use crate::doors::browser::now_ms;
use crate::doors::spawn::spawn;
use crate::state::{Goal, Stage};
use hemoscope_core::experiment::Settings;
use hemoscope_core::modify::{Spec, Sweep};
use hemoscope_core::protocol::{Job, Sweeping};
use hemoscope_core::wording;

impl Page {
    /// Measures the curve of the current settings.
    pub(super) fn measure_chosen(self) {
        self.begin(Goal::Run, async move {
            let experiment = self.link.read_untracked().experiment.clone();
            let text = self.text_of(&experiment.text).await?;
            let calibration_text = self
                .calibration_text(&experiment.calibration_text, experiment.sweep())
                .await?;
            self.ready(&experiment.model).await?;
            let sweeping = Sweeping {
                experiment,
                text,
                calibration_text,
            };
            self.job(Job::Run(Box::new(sweeping)), &[]).await.map(drop)
        });
    }

    /// Lets both models write, the second one modified as at the selected point.
    pub(crate) fn write_selected(self) {
        let selected = self
            .results
            .read_untracked()
            .selected_point(&self.link.read_untracked().view)
            .map(|(curve, point)| {
                let title = wording::curve_name(&curve.sweep);
                (
                    point.spec.clone(),
                    title,
                    wording::strength(&curve.sweep, point.value()),
                )
            });
        if let Some((spec, title, at)) = selected {
            self.write(spec, title, at);
        }
    }

    /// Lets both models write, the second one with this modification, which has this name.
    fn write(self, spec: Spec, title: String, at: String) {
        self.begin(Goal::Write, async move {
            let Settings { experiment, view, .. } = self.link.get_untracked();
            let calibration_text = self
                .calibration_text(&experiment.calibration_text, &Sweep::from(spec.clone()))
                .await?;
            self.ready(&experiment.model).await?;
            self.update(|state| {
                let model = experiment.model.origin.clone();
                state.writing.start(model, spec.clone(), title, at);
                if let Some(task) = &mut state.run.task {
                    task.stage = Stage::Writing;
                }
            });
            self.job(
                Job::Generate {
                    experiment: Box::new(experiment),
                    spec,
                    calibration_text,
                    prompt: view.prompt,
                    sampling: view.sampling,
                    tokens: view.tokens,
                },
                &[],
            )
            .await
            .map(drop)
        });
    }

    /// Makes the chosen model ready, and no more.
    pub(super) fn load(self) {
        self.begin(Goal::Load, async move {
            let model = self.link.read_untracked().experiment.model.clone();
            self.ready(&model).await?;
            Ok(())
        });
    }

    fn begin(self, goal: Goal, work: impl Future<Output = Result<(), Stop>> + 'static) {
        self.begin_boxed(goal, Box::pin(work));
    }

    fn begin_boxed(self, goal: Goal, work: Pin<Box<dyn Future<Output = Result<(), Stop>>>>) {
        let begun = self.update(|state| state.begin(goal));
        let Some(number) = self.task(|task| task.number).filter(|_| begun) else {
            return;
        };
        self.renew_cancel();
        spawn(async move {
            let ended = work.await;
            // A task that was ended from outside may return only while the next one is running.
            if self.task(|task| task.number != number) == Some(true) {
                return;
            }
            self.update(|state| {
                if ended.is_err() {
                    state.run.queue = None;
                }
                match ended {
                    Ok(()) | Err(Stop::Reported) => {}
                    Err(Stop::Cancelled) => state.cancelled(),
                    Err(Stop::Failed(text)) => state.ui.report(text),
                }
                state.end();
            });
            self.measure_next();
        });
    }

    pub(super) fn check(self) -> Result<(), Stop> {
        if self.task(|task| task.cancelling).unwrap_or(true) {
            Err(Stop::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Keeps the clock going, to update the times shown, for as long as the page lives.
    pub(crate) async fn tick(self) {
        #[expect(clippy::infinite_loop, reason = "it ends with the page")]
        loop {
            gloo_timers::future::TimeoutFuture::new(500).await;
            if self.run.read_untracked().task.is_some() {
                self.clock.set(now_ms());
            }
        }
    }
}
