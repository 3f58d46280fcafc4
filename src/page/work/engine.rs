//! The engine, a worker that is started when it is first needed; its jobs and its events.

use futures_channel::oneshot;
use leptos::prelude::*;

use super::page::{Inner, Page, Starting, Stop};
use crate::doors::browser::now_ms;
use crate::doors::engine::{self, EngineError};
use crate::doors::fetch::{Arrived, Cancel};
use crate::doors::files::Blob;
use crate::doors::pool::{Incoming, Pool};
use crate::doors::spawn::spawn;
use crate::state::{Consequence, Engine, Fetching, Model, State, Task, is_last};
use hemoscope_core::curve::sentence::Answer;
use hemoscope_core::experiment::DeviceChoice;
use hemoscope_core::protocol::{Command, Event, Job, Request};

impl Page {
    fn device_to_start(self) -> DeviceChoice {
        let chosen = self.link.read_untracked().view.device;
        self.machine.read_untracked().device_to_start(chosen)
    }

    /// Reads something from the current task, if there is one.
    pub(super) fn task<T>(self, read: impl FnOnce(&Task) -> T) -> Option<T> {
        self.run.read_untracked().task.as_ref().map(read)
    }

    /// Makes sure that there is an engine with a device. Starting one is independent of the task that needs it:
    /// stopping the task stops the engine's download, but a device being started is left to the next task, since an
    /// engine starts a device only once.
    pub(super) async fn device(self) -> Result<(), Stop> {
        let cancel = self.cancel();
        loop {
            if matches!(self.machine.read_untracked().engine, Engine::Ready(_)) {
                return Ok(());
            }
            match self.start().await {
                // It was the previous task that was stopped.
                Ok(Err(Stop::Cancelled)) if !cancel.is_asked() => {}
                ended => return ended.unwrap_or(Err(Stop::Cancelled)),
            }
        }
    }

    /// Starts a device, or waits for the one being started.
    fn start(self) -> oneshot::Receiver<Result<(), Stop>> {
        self.update(|state| {
            if !state.machine.is_starting() {
                state.machine.engine = Engine::Starting;
            }
        });
        let (sender, receiver) = oneshot::channel();
        let started = self.with(|inner| {
            if let Some(starting) = &mut inner.starting {
                starting.waiting.push(sender);
                return None;
            }
            inner.next_job += 1;
            let cancel = Cancel::default();
            inner.starting = Some(Starting {
                number: inner.next_job,
                cancel: cancel.clone(),
                waiting: vec![sender],
            });
            Some((inner.next_job, cancel))
        });
        if let Some((number, cancel)) = started.flatten() {
            spawn(async move {
                let started = self.start_device(&cancel).await;
                let mine = |inner: &mut Inner| inner.starting.take_if(|starting| starting.number == number);
                for waiting in self
                    .with(mine)
                    .flatten()
                    .map_or_else(Vec::new, |starting| starting.waiting)
                {
                    waiting.send(started.clone()).ok();
                }
            });
        }
        receiver
    }

    async fn start_device(self, cancel: &Cancel) -> Result<(), Stop> {
        self.wake(cancel).await?;
        let device = self.device_to_start();
        self.job(Job::Start { device }, &[]).await.map(drop)
    }

    /// Starts the worker if none is running, and waits until its module runs.
    async fn wake(self, cancel: &Cancel) -> Result<(), Stop> {
        if self.with(|inner| inner.worker.is_some()).unwrap_or_default() {
            return Ok(());
        }
        let engine = self.engine(cancel).await?;
        let (sender, receiver) = oneshot::channel();
        let for_webgpu = self.device_to_start() != DeviceChoice::Flex;
        let worker = Pool::start(engine, for_webgpu, move |incoming| self.receive(incoming)).map_err(not_started)?;
        self.with(|inner| {
            inner.worker = Some(worker);
            inner.on_ready = Some(sender);
            inner.loaded = None;
        });
        match receiver.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(not_started(reason)),
            Err(_) => Err(Stop::Cancelled),
        }
    }

    /// The engine that workers are started from, loaded once for the page's lifetime.
    async fn engine(self, cancel: &Cancel) -> Result<engine::Engine, Stop> {
        if let Some(engine) = self.with(|inner| inner.engine.clone()).flatten() {
            return Ok(engine);
        }
        let report = move |arrived: Arrived| {
            self.update(|state| {
                state.machine.engine = Engine::Fetching(Fetching {
                    what: "downloading the engine".to_owned(),
                    done: arrived.done,
                    total: arrived.total,
                    rate: arrived.rate,
                });
            });
        };
        match engine::Engine::load(report, cancel).await {
            Ok(engine) => {
                self.with(|inner| inner.engine = Some(engine.clone()));
                self.update(|state| {
                    state.machine.engine = Engine::Starting;
                    state.machine.engine_cost = Some(0);
                });
                Ok(engine)
            }
            // Whoever stopped it has changed the state.
            Err(EngineError::Cancelled) => Err(Stop::Cancelled),
            Err(error) => {
                self.update(|state| state.machine.engine = Engine::Off);
                Err(not_started(error))
            }
        }
    }

    /// Finds out how many bytes the engine's download takes, so that Run can show it.
    pub(crate) async fn look_for_engine(self) {
        // A page that names no engine says so when Run is pressed.
        if let Ok(bytes) = engine::Engine::bytes().await {
            self.update(|state| {
                state.machine.engine_cost.get_or_insert(bytes);
            });
        }
    }

    /// Gives the engine a job and waits for its last event; earlier events are folded into the state.
    pub(super) async fn job(self, job: Job, blobs: &[Blob]) -> Result<Event, Stop> {
        let (sender, receiver) = oneshot::channel();
        let posted = self.with(|inner| {
            inner.next_job += 1;
            let id = inner.next_job;
            inner.waiting.push((id, sender));
            let worker = inner.worker.as_ref()?;
            Some(worker.post(Command::Do(Request { id, job }), blobs).map(|()| id))
        });
        match posted.flatten() {
            None => return Err(Stop::Cancelled),
            Some(Err(error)) => return Err(Stop::Failed(format!("The engine can't be reached: {error}"))),
            Some(Ok(id)) => self.update(|state| {
                if let Some(task) = &mut state.run.task {
                    task.job = Some(id);
                }
            }),
        }
        match receiver.await {
            Ok(Event::Failed { .. }) => Err(Stop::Reported),
            Ok(event) => Ok(event),
            Err(_) => Err(Stop::Cancelled),
        }
    }

    fn receive(self, incoming: Incoming) {
        match incoming {
            Incoming::Ready { in_page } => {
                if in_page {
                    self.update(|state| {
                        state.ui.notify(
                            "This browser has no WebGPU for workers, so the engine runs in the page itself, which answers \
                             more slowly while it measures.",
                        );
                    });
                }
                if let Some(sender) = self.with(|inner| inner.on_ready.take()).flatten() {
                    sender.send(Ok(())).ok();
                }
            }
            Incoming::Broken(reason) => self.broken(&reason),
            Incoming::Reply(reply, _) => {
                let id = reply.id;
                let last = is_last(&reply.event).then(|| reply.event.clone());
                let finished = matches!(reply.event, Event::RunFinished { .. });
                let consequence = self.update(|state| state.fold(*reply, now_ms()));
                if finished {
                    let sentence = self.answer.with_untracked(Answer::whole);
                    self.update(|state| state.announce_result(&sentence));
                }
                if let Some(event) = last
                    && let Some(sender) = self.with(|inner| inner.answer_to(id)).flatten()
                {
                    sender.send(event).ok();
                }
                if consequence == Consequence::DropWorker {
                    self.drop_worker();
                }
            }
        }
    }

    /// The worker can't be used any more: tells whoever waits for it.
    fn broken(self, reason: &str) {
        if let Some(sender) = self.with(|inner| inner.on_ready.take()).flatten() {
            sender.send(Err(reason.to_owned())).ok();
        } else {
            self.update(|state| state.lose_engine(reason));
        }
        self.drop_worker();
    }

    pub(super) fn drop_worker(self) {
        self.with(|inner| {
            inner.worker = None;
            inner.loaded = None;
            inner.on_ready = None;
            inner.stop_loading();
            inner.starting = None;
            inner.waiting.clear();
            inner.cancel.cancel();
        });
    }

    /// Another device was chosen: the next run starts a new engine on it.
    pub(crate) fn forget_device(self) {
        self.stop();
        self.drop_worker();
        self.update(|state| {
            state.machine.engine = Engine::Off;
            state.machine.model = Model::Absent;
        });
    }

    /// Asks the current task to stop; a second call terminates the worker along with its job.
    pub(crate) fn stop(self) {
        let Some((job, again)) = self.task(|task| (task.job, task.cancelling)) else {
            return;
        };
        self.answer_question(false);
        self.cancel().cancel();
        self.with(|inner| inner.stop_loading());
        if again {
            self.drop_worker();
            self.update(State::abandon);
            return;
        }
        self.update(|state| {
            if let Some(task) = &mut state.run.task {
                task.cancelling = true;
            }
        });
        if let Some(id) = job {
            // If the worker can't be reached, the second press ends it.
            self.with(|inner| {
                inner
                    .worker
                    .as_ref()
                    .map(|worker| worker.post(Command::Cancel { id }, &[]).ok())
            });
        }
    }
}

fn not_started(reason: impl std::fmt::Display) -> Stop {
    Stop::Failed(format!("The engine could not be started: {reason}"))
}
