//! The engines behind the page: one that does every kind of job and, when the CPU runs a small model, others that
//! measure points of its runs in parallel ([`Scheduler`] decides who does what).
//!
//! The others are started when a run begins, so that they load the model while the first one measures the untouched
//! model, and are kept for the next run with the same model.

use std::cell::RefCell;
use std::fmt;
use std::rc::{Rc, Weak};

use js_sys::ArrayBuffer;
use web_sys::Blob;

use super::browser::{now_ms, window};
use super::engine::Engine;
use super::error::BrowserError;
pub use super::transport::Incoming;
use super::transport::Transport;
use hemoscope_core::experiment::{DeviceChoice, Experiment};
use hemoscope_core::protocol::{Command, DeviceKind, Event, Job, ModelReport, Reply, Request};
use hemoscope_core::protocol::{Order, Scheduler, engines, engines_for};

/// The id of the pool's own jobs, which no front end uses.
const OWN: u64 = 0;

/// Running engines; dropping them ends them.
pub struct Pool {
    inner: Rc<Inner>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

struct Inner {
    engine: Engine,
    receive: Box<dyn Fn(Incoming)>,
    members: RefCell<Members>,
}

#[derive(Default)]
struct Members {
    /// The first is the one that does every kind of job.
    list: Vec<Member>,
    next_number: usize,
    on_cpu: bool,
    /// The device's name in results.
    device: String,
    /// The job that loaded the model, with its files; then the first engine's report on it.
    model: Option<(Job, Vec<Blob>)>,
    report: Option<Box<ModelReport>>,
    run: Option<Run>,
    /// Finished runs, about which an engine may still send events.
    over: Vec<u64>,
}

struct Member {
    number: usize,
    transport: Transport,
    /// Whether it has the model.
    loaded: bool,
}

struct Run {
    id: u64,
    shared: Scheduler,
    /// The bytes of the findings, in order.
    bytes: Vec<ArrayBuffer>,
}

impl Pool {
    /// Starts the first engine; `receive` gets the events of the page's jobs. `for_webgpu`: whether it may run in the
    /// page itself if only pages have WebGPU.
    ///
    /// # Errors
    /// If the browser refuses workers.
    pub fn start(engine: Engine, for_webgpu: bool, receive: impl Fn(Incoming) + 'static) -> Result<Self, BrowserError> {
        let inner = Rc::new(Inner {
            engine,
            receive: Box::new(receive),
            members: RefCell::default(),
        });
        inner.add(for_webgpu)?;
        Ok(Self { inner })
    }

    /// Sends a command and the files that it refers to.
    ///
    /// # Errors
    /// If the browser can't copy them to an engine.
    pub fn post(&self, command: Command, blobs: &[Blob]) -> Result<(), BrowserError> {
        match command {
            Command::Do(Request {
                id,
                job: Job::Run(sweeping),
            }) if self.inner.wanted(&sweeping.experiment) > 1 && sweeping.experiment.sweep().points().len() > 1 => {
                let wanted = self.inner.wanted(&sweeping.experiment);
                let first = self.inner.members.borrow().list.first().map(|member| member.number);
                let device = self.inner.members.borrow().device.clone();
                let (shared, orders) = Scheduler::start(first.unwrap_or_default(), sweeping, device, now_secs());
                self.inner.members.borrow_mut().run = Some(Run {
                    id,
                    shared,
                    bytes: Vec::new(),
                });
                self.inner.carry_out(orders);
                self.inner.fill(wanted);
                Ok(())
            }
            Command::Cancel { id } if self.inner.with_run(|run| run.id == id) == Some(true) => {
                self.inner.go_on(|run| run.cancel(now_secs()));
                Ok(())
            }
            command => {
                let mut members = self.inner.members.borrow_mut();
                if let Command::Do(Request {
                    job: job @ Job::LoadModel { .. },
                    ..
                }) = &command
                {
                    // The others hold a different model.
                    members.list.truncate(1);
                    members.model = Some((job.clone(), blobs.to_vec()));
                    members.report = None;
                }
                match members.list.first() {
                    Some(first) => first.transport.post(&command, blobs, None),
                    None => Err(BrowserError::missing("engine")),
                }
            }
        }
    }
}

impl Inner {
    fn add(self: &Rc<Self>, for_webgpu: bool) -> Result<(), BrowserError> {
        let mut members = self.members.borrow_mut();
        let number = members.next_number;
        let pool: Weak<Self> = Rc::downgrade(self);
        let transport = Transport::start(&self.engine, for_webgpu, move |incoming| {
            if let Some(pool) = pool.upgrade() {
                pool.on_message(number, incoming);
            }
        })?;
        members.next_number += 1;
        members.list.push(Member {
            number,
            transport,
            loaded: false,
        });
        Ok(())
    }

    /// How many engines a run should use.
    fn wanted(&self, experiment: &Experiment) -> usize {
        let members = self.members.borrow();
        let report = members.report.as_ref().filter(|_| members.on_cpu);
        report.map_or(1, |report| engines_for(report, experiment))
    }

    /// Starts the missing engines; those already running take part at once.
    fn fill(self: &Rc<Self>, wanted: usize) {
        let there: Vec<usize> = {
            let members = self.members.borrow();
            let others = members.list.iter().skip(1).filter(|member| member.loaded);
            others.map(|member| member.number).take(wanted - 1).collect()
        };
        for number in there {
            self.go_on(|run| run.join(number, now_secs()));
        }
        while self.members.borrow().list.len() < wanted {
            // If the browser refuses another worker, the run uses fewer.
            if self.add(false).is_err() {
                break;
            }
        }
    }

    fn with_run<T>(&self, change: impl FnOnce(&mut Run) -> T) -> Option<T> {
        self.members.borrow_mut().run.as_mut().map(change)
    }

    fn go_on(&self, change: impl FnOnce(&mut Scheduler) -> Vec<Order>) {
        if let Some(orders) = self.with_run(|run| change(&mut run.shared)) {
            self.carry_out(orders);
        }
    }

    fn carry_out(&self, orders: Vec<Order>) {
        let Some(id) = self.with_run(|run| run.id) else { return };
        if self.with_run(|run| run.shared.is_over()) == Some(true) {
            let mut members = self.members.borrow_mut();
            members.run = None;
            members.over.push(id);
        }
        for order in orders {
            match order {
                Order::Emit(event) => (self.receive)(Incoming::Reply(Box::new(Reply { id, event }), None)),
                Order::Stop(number) => self.ask(number, &Command::Cancel { id }, None),
                Order::Ask(number, job, place) => {
                    let bytes = place.and_then(|place| self.with_run(|run| run.bytes.get(place).cloned()).flatten());
                    self.ask(number, &Command::Do(Request { id, job }), bytes.as_ref());
                }
            }
        }
    }

    fn ask(&self, number: usize, command: &Command, bytes: Option<&ArrayBuffer>) {
        let posted = {
            let members = self.members.borrow();
            let member = members.list.iter().find(|member| member.number == number);
            member.map(|member| member.transport.post(command, &[], bytes))
        };
        if let Some(Err(error)) = posted {
            self.lose(number, &error.to_string());
        }
    }

    fn on_message(&self, number: usize, incoming: Incoming) {
        let is_first = self.members.borrow().list.first().map(|member| member.number) == Some(number);
        match incoming {
            Incoming::Reply(reply, bytes) if self.with_run(|run| run.id) == Some(reply.id) => {
                self.with_run(|run| run.bytes.extend(bytes));
                self.go_on(|run| run.on_event(number, reply.event, now_secs()));
            }
            Incoming::Reply(reply, _) if self.members.borrow().over.contains(&reply.id) => {}
            Incoming::Reply(reply, _) if is_first => self.pass_on(*reply),
            Incoming::Reply(reply, _) => match reply.event {
                Event::Model(_) => {
                    let mut members = self.members.borrow_mut();
                    if let Some(member) = members.list.iter_mut().find(|member| member.number == number) {
                        member.loaded = true;
                    }
                    drop(members);
                    self.go_on(|run| run.join(number, now_secs()));
                }
                Event::Failed { message, .. } => self.lose(number, &message),
                _ => {}
            },
            Incoming::Ready { .. } if is_first => (self.receive)(incoming),
            Incoming::Ready { .. } => self.introduce(number),
            Incoming::Broken(reason) if is_first && self.with_run(|_| ()).is_none() => {
                (self.receive)(Incoming::Broken(reason));
            }
            Incoming::Broken(reason) => self.lose(number, &reason),
        }
    }

    /// Passes on what the first engine says about a job of its own.
    fn pass_on(&self, mut reply: Reply) {
        match &mut reply.event {
            Event::Device(report) => {
                let mut members = self.members.borrow_mut();
                members.on_cpu = report.kind == DeviceKind::Flex;
                members.device = report.label();
            }
            Event::Model(report) => {
                let processors = window().map_or(1.0, |window| window.navigator().hardware_concurrency());
                report.engines = if self.members.borrow().on_cpu {
                    engines(processors as usize, report.parameters, 0)
                } else {
                    1
                };
                let mut members = self.members.borrow_mut();
                if let Some((Job::LoadModel { sha256, .. }, _)) = &mut members.model {
                    // The others need not hash the files again.
                    *sha256 = Some(report.sha256.clone());
                }
                members.report = Some(report.clone());
                if let Some(first) = members.list.first_mut() {
                    first.loaded = true;
                }
            }
            _ => {}
        }
        (self.receive)(Incoming::Reply(Box::new(reply), None));
    }

    /// Gives another engine the model that the first one has.
    fn introduce(&self, number: usize) {
        let Some((load, blobs)) = self.members.borrow().model.clone() else {
            return;
        };
        let start = Job::Start {
            device: DeviceChoice::Flex,
        };
        let posted = {
            let members = self.members.borrow();
            let member = members.list.iter().find(|member| member.number == number);
            member.map(|member| {
                let ask = |job, blobs: &[Blob]| {
                    let command = Command::Do(Request { id: OWN, job });
                    member.transport.post(&command, blobs, None)
                };
                ask(start, &[]).and_then(|()| ask(load, &blobs))
            })
        };
        if let Some(Err(error)) = posted {
            self.lose(number, &error.to_string());
        }
    }

    /// Drops an engine that can't be used any more. The others continue; if there are none, the front end is told.
    fn lose(&self, number: usize, reason: &str) {
        let alone = {
            let mut members = self.members.borrow_mut();
            members.list.retain(|member| member.number != number);
            // One without the model can't take the first one's place.
            let heir = members.list.iter().position(|member| member.loaded);
            if let Some(heir) = heir {
                members.list.swap(0, heir);
            }
            // Don't ask a machine again for more engines than it could hold.
            let left = members.list.len().max(1);
            if let Some(report) = &mut members.report {
                report.engines = left;
            }
            heir.is_none()
        };
        let shared = self.with_run(|_| ()).is_some();
        // The run itself reports the loss of the last engine.
        self.go_on(|run| run.lose(number, reason, now_secs()));
        if alone && !shared {
            (self.receive)(Incoming::Broken(reason.to_owned()));
        }
    }
}

fn now_secs() -> f64 {
    now_ms() / 1e3
}
