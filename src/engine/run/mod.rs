//! A run: from the untouched model to the last point. One file per question.

mod curve;
mod depth;
mod part;
mod setup;

use std::cell::RefCell;
use std::collections::VecDeque;

pub(crate) use part::Part;
pub(crate) use setup::calibration;

use super::{EngineError, Host, Session};
use hemoscope_core::curve::Curve;
use hemoscope_core::experiment::Experiment;
use hemoscope_core::protocol::{Event, Job, Order, Scheduler, Sweeping};

/// A curve, and what was found on the way.
#[derive(Debug, Clone)]
pub struct RunResult {
    /// The measured points.
    pub curve: Curve,
    /// Whether all points were tried.
    pub complete: bool,
    /// Block influence of the untouched model, if a method asked for it.
    pub block_influence: Option<Vec<f64>>,
}

/// The host of a run that this engine measures alone: its events go to the scheduler first.
struct Alone<'a, H> {
    host: &'a H,
    scheduler: RefCell<Scheduler>,
    jobs: RefCell<VecDeque<Job>>,
    finished: RefCell<Option<(Curve, bool)>>,
}

impl<H: Host> Alone<'_, H> {
    fn carry_out(&self, orders: Vec<Order>) {
        let is_result = |order: &Order| matches!(order, Order::Emit(Event::RunFinished { .. }));
        let has_result = orders.iter().any(is_result);
        for order in orders {
            match order {
                Order::Ask(_, job, _) => self.jobs.borrow_mut().push_back(job),
                // The host has been asked whether to stop.
                Order::Stop(_) => {}
                // Without a result, the caller gets the error.
                Order::Emit(Event::Failed { .. }) if !has_result => {}
                Order::Emit(event) => {
                    if let Event::RunFinished { curve, complete } = &event {
                        self.finished.replace(Some((curve.as_ref().clone(), *complete)));
                    }
                    self.host.emit(event);
                }
            }
        }
    }

    fn cancel(&self) {
        let orders = self.scheduler.borrow_mut().cancel(self.host.seconds());
        self.carry_out(orders);
    }
}

impl<H: Host> Host for Alone<'_, H> {
    fn emit(&self, event: Event) {
        let orders = self.scheduler.borrow_mut().on_event(ALONE, event, self.host.seconds());
        self.carry_out(orders);
    }

    fn is_cancelled(&self) -> bool {
        self.host.is_cancelled()
    }

    fn seconds(&self) -> f64 {
        self.host.seconds()
    }

    fn pause(&self) -> impl Future<Output = ()> {
        self.host.pause()
    }
}

/// The number of the only engine.
const ALONE: usize = 0;

impl<H: Host> Session<H> {
    /// Measures every point of the experiment's sweep and reports each one when finished. Cancelling keeps the finished
    /// points.
    ///
    /// # Errors
    /// If nothing can be measured: no model, text too short, numbers out of range, a device that fails before the
    /// first point. A point that fails is a point with a reason.
    pub async fn run(
        &self,
        experiment: &Experiment,
        text: &str,
        calibration_text: &str,
    ) -> Result<RunResult, EngineError> {
        let mut part = Part::of(self, experiment, text, calibration_text)?;
        // The texts are already cut.
        let sweeping = Sweeping {
            experiment: experiment.clone(),
            text: String::new(),
            calibration_text: String::new(),
        };
        let now = self.host.seconds();
        let (scheduler, orders) = Scheduler::start(ALONE, Box::new(sweeping), self.device_label(), now);
        let host = Alone {
            host: &self.host,
            scheduler: RefCell::new(scheduler),
            jobs: RefCell::default(),
            finished: RefCell::default(),
        };
        host.carry_out(orders);
        let mut error = None;
        loop {
            let Some(job) = host.jobs.borrow_mut().pop_front() else {
                break;
            };
            let done = match job {
                Job::Prepare(_) => part.find_out(self, &host).await.map(|()| Event::Prepared),
                Job::Point { index } => part.point(self, &host, index).await.map(|point| Event::Point {
                    index,
                    point: Box::new(point),
                }),
                _ => continue,
            };
            match done {
                Ok(event) => host.emit(event),
                Err(failed) => {
                    if matches!(failed, EngineError::Cancelled) {
                        host.cancel();
                    }
                    host.emit(failed.event());
                    error = Some(failed);
                }
            }
        }
        let block_influence = part.block_influence();
        match (host.finished.into_inner(), error) {
            (Some((curve, complete)), _) => Ok(RunResult {
                curve,
                complete,
                block_influence,
            }),
            (None, Some(error)) => Err(error),
            (None, None) => Err(EngineError::Cancelled),
        }
    }
}
