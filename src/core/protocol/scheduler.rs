//! A run: which engine measures which point, and what the front end is told. Independent of any transport.
//!
//! The page with its workers, the command line and the tests all use it; with one engine it is a plain loop. The first
//! engine measures the untouched model and whatever else all points need ([`Job::Prepare`]). Engines that join take
//! these findings over and get one point at a time, in the order of the range. The front end sees the events of a
//! single run, as if one engine had measured it. If an engine is lost, another one measures its point.

use super::{Event, Finding, Job, ModelReport, Sweeping};
use crate::curve::{Curve, Point, Protocol};
use crate::experiment::Experiment;
use crate::metric::Stats;

/// The most engines, however many processors there are.
const MOST: usize = 8;
/// The browser memory that all engines together may take, bytes.
const MEMORY: u64 = 1 << 30;
/// Memory that an engine takes whatever its model, bytes: its code, and one window's activations and logits.
const EACH: u64 = 64 << 20;
/// Memory per parameter, bytes: four for the untouched model, four for the damaged blocks, and four for what is being
/// read and edited.
const PARAMETER: u64 = 12;

/// Memory per number in the untouched model's hidden states, bytes: four to keep it, four while it is handed over.
const KEPT: u64 = 8;

/// How many engines share the points of a run on a machine with `processors` processors: only one if two copies of the
/// model and of its `kept` hidden-state numbers would take more than a gigabyte.
#[must_use]
pub fn engines(processors: usize, parameters: u64, kept: u64) -> usize {
    let model = parameters.saturating_mul(PARAMETER);
    let one = kept.saturating_mul(KEPT).saturating_add(model).saturating_add(EACH);
    let fit = usize::try_from(MEMORY / one).unwrap_or(MOST);
    processors.min(fit).clamp(1, MOST)
}

/// How many of the engines that may load this model share the points of one run.
#[must_use]
pub fn engines_for(report: &ModelReport, experiment: &Experiment) -> usize {
    let factors = [experiment.windows, experiment.window, report.hidden];
    let kept = factors
        .iter()
        .fold(1, |kept: u64, &factor| kept.saturating_mul(factor as u64));
    engines(report.engines, report.parameters, kept)
}

/// What the caller is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// Give an engine a job, and with it the bytes of a finding, by its index among the [`Event::Found`] so far.
    Ask(usize, Job, Option<usize>),
    /// Stop what an engine is doing.
    Stop(usize),
    /// Pass on to the front end.
    Emit(Event),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Preparing,
    Nothing,
    Point(usize),
}

/// A run in progress.
#[derive(Debug)]
pub struct Scheduler {
    sweeping: Box<Sweeping>,
    device: String,
    start_secs: f64,
    /// By number.
    engines: Vec<(usize, Doing)>,
    /// Points not yet given out; the next one is last.
    waiting: Vec<usize>,
    /// Points on which an engine was lost.
    costly: Vec<usize>,
    findings: Vec<Finding>,
    prepared: bool,
    cancelled: bool,
    over: bool,
    protocol: Option<Box<Protocol>>,
    base: Option<Stats>,
    /// One place for each point of the range.
    points: Vec<Option<Point>>,
}

impl Scheduler {
    /// Starts with the first engine, which prepares the run; `device` is the name of all of them in the result.
    #[must_use]
    pub fn start(first: usize, sweeping: Box<Sweeping>, device: String, now_secs: f64) -> (Self, Vec<Order>) {
        let job = Job::Prepare(sweeping.clone());
        let total = sweeping.experiment.sweep().points().len();
        let run = Self {
            waiting: (0..total).rev().collect(),
            engines: vec![(first, Doing::Preparing)],
            sweeping,
            device,
            start_secs: now_secs,
            costly: Vec::new(),
            findings: Vec::new(),
            prepared: false,
            cancelled: false,
            over: false,
            protocol: None,
            base: None,
            points: vec![None; total],
        };
        (run, vec![Order::Ask(first, job, None)])
    }

    /// Whether the run's last event has been sent.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// An engine has loaded the model and can take part.
    pub fn join(&mut self, engine: usize, now_secs: f64) -> Vec<Order> {
        if self.over || self.doing(engine).is_some() {
            return Vec::new();
        }
        let job = Job::Join(self.sweeping.clone());
        let mut orders = vec![Order::Ask(engine, job, None)];
        let findings = self.findings.iter().enumerate();
        orders.extend(findings.map(|(place, finding)| adopt(engine, place, *finding)));
        self.engines.push((engine, Doing::Nothing));
        self.go_on(&mut orders, now_secs);
        orders
    }

    fn doing(&mut self, engine: usize) -> Option<&mut Doing> {
        let mut engines = self.engines.iter_mut();
        engines.find(|(number, _)| *number == engine).map(|(_, doing)| doing)
    }

    fn keep(&mut self, index: usize, point: &Point) {
        if let Some(place) = self.points.get_mut(index) {
            *place = Some(point.clone());
        }
    }

    /// Handles an engine's event about its job.
    pub fn on_event(&mut self, engine: usize, event: Event, now_secs: f64) -> Vec<Order> {
        let mut orders = Vec::new();
        if self.over {
            return orders;
        }
        let (cancelled, nothing_known) = (self.cancelled, self.base.is_none());
        let alone = self.engines.len() == 1;
        let Some(doing) = self.doing(engine) else { return orders };
        match event {
            Event::RunStarted { protocol } => {
                self.protocol = Some(protocol.clone());
                orders.push(Order::Emit(Event::RunStarted { protocol }));
            }
            Event::Base { stats } => {
                self.base = Some(stats);
                orders.push(Order::Emit(event));
            }
            Event::Found(finding) => {
                let place = self.findings.len();
                self.findings.push(finding);
                let others = self.engines.iter().filter(|(other, _)| *other != engine);
                orders.extend(others.map(|(other, _)| adopt(*other, place, finding)));
            }
            Event::Prepared => {
                *doing = Doing::Nothing;
                self.prepared = true;
            }
            Event::Point { index, point } => {
                *doing = Doing::Nothing;
                self.keep(index, &point);
                orders.push(Order::Emit(Event::Point { index, point }));
            }
            Event::Failed { .. } if cancelled => *doing = Doing::Nothing,
            Event::Failed { .. } if alone || nothing_known && *doing == Doing::Preparing => {
                self.fail(event, &mut orders, now_secs);
            }
            Event::Failed { message, .. } => return self.lose(engine, &message, now_secs),
            event => orders.push(Order::Emit(event)),
        }
        self.go_on(&mut orders, now_secs);
        orders
    }

    /// Handles the loss of an engine.
    pub fn lose(&mut self, engine: usize, reason: &str, now_secs: f64) -> Vec<Order> {
        let mut orders = Vec::new();
        let place = self.engines.iter().position(|(number, _)| *number == engine);
        let Some(place) = place.filter(|_| !self.over) else {
            return orders;
        };
        let (_, doing) = self.engines.remove(place);
        if let Doing::Point(index) = doing {
            // A single loss may be chance; a point that costs a second engine would cost all of them.
            if !self.costly.contains(&index) {
                self.costly.push(index);
                self.waiting.push(index);
            } else if let Some((value, spec)) = self.sweeping.experiment.sweep().points().into_iter().nth(index) {
                let point = Point::failed(value, spec, reason.to_owned());
                self.keep(index, &point);
                let point = Box::new(point);
                orders.push(Order::Emit(Event::Point { index, point }));
            }
        }
        // The findings that are still missing won't come; each engine can compute them itself.
        self.prepared |= doing == Doing::Preparing && !self.findings.is_empty();
        if self.engines.is_empty() || !self.prepared && doing == Doing::Preparing {
            let failed = Event::Failed {
                message: reason.to_owned(),
                device_lost: true,
            };
            self.fail(failed, &mut orders, now_secs);
        } else {
            self.go_on(&mut orders, now_secs);
        }
        orders
    }

    /// Stops after the current windows; finished points stay.
    pub fn cancel(&mut self, now_secs: f64) -> Vec<Order> {
        self.cancelled = true;
        let busy = self.engines.iter().filter(|(_, doing)| *doing != Doing::Nothing);
        let mut orders = busy.map(|(engine, _)| Order::Stop(*engine)).collect();
        self.go_on(&mut orders, now_secs);
        orders
    }

    /// Gives points to idle engines, or ends the run.
    fn go_on(&mut self, orders: &mut Vec<Order>, now_secs: f64) {
        if self.over {
            return;
        }
        if !self.cancelled {
            for (engine, doing) in &mut self.engines {
                if *doing == Doing::Nothing
                    && let Some(index) = next(
                        &mut self.waiting,
                        &self.sweeping.experiment,
                        &self.findings,
                        self.prepared,
                    )
                {
                    *doing = Doing::Point(index);
                    orders.push(Order::Ask(*engine, Job::Point { index }, None));
                }
            }
        }
        let busy = self.engines.iter().any(|(_, doing)| *doing != Doing::Nothing);
        if !busy && (self.cancelled || self.prepared && self.waiting.is_empty()) {
            self.over = true;
            orders.push(Order::Emit(self.result(now_secs)));
        }
    }

    /// Ends the run with a reason; finished points stay.
    fn fail(&mut self, failed: Event, orders: &mut Vec<Order>, now_secs: f64) {
        self.over = true;
        orders.push(Order::Emit(failed));
        if self.points.iter().any(Option::is_some) {
            orders.push(Order::Emit(self.result(now_secs)));
        }
    }

    fn result(&self, now_secs: f64) -> Event {
        let (Some(protocol), Some(base)) = (&self.protocol, self.base) else {
            let message = "cancelled".to_owned();
            return Event::Failed {
                message,
                device_lost: false,
            };
        };
        let curve = Curve {
            question: self.sweeping.experiment.ask.question(),
            sweep: self.sweeping.experiment.sweep().clone(),
            protocol: (**protocol).clone(),
            device: self.device.clone(),
            base,
            points: self.points.iter().flatten().cloned().collect(),
            duration_secs: now_secs - self.start_secs,
        };
        let complete = self.points.iter().all(Option::is_some);
        Event::RunFinished {
            curve: Box::new(curve),
            complete,
        }
    }
}

fn adopt(engine: usize, place: usize, finding: Finding) -> Order {
    Order::Ask(engine, Job::Adopt { finding }, Some(place))
}

/// The next point that can be measured. Before the preparation is complete, only an unmodified first point can be: all
/// it needs is the untouched model.
fn next(waiting: &mut Vec<usize>, experiment: &Experiment, findings: &[Finding], prepared: bool) -> Option<usize> {
    let &index = waiting.last()?;
    let base_known = findings
        .iter()
        .any(|finding| matches!(finding, Finding::Untouched { .. }));
    let possible = prepared || base_known && experiment.sweep().is_identity_at(index);
    possible.then(|| waiting.pop()).flatten()
}

#[cfg(test)]
mod tests;
