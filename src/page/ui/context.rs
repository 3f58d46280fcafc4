//! What every component reaches: the state, and what belongs to the browser and can't be part of it.

use futures_channel::oneshot;
use leptos::prelude::*;
use web_sys::Blob;

use crate::doors::browser::now_ms;
use crate::doors::fetch::Cancel;
use crate::doors::pool::{Incoming, Pool};
use crate::doors::spawn::spawn;
use crate::reading::Subjects;
use crate::state::{Consequence, Engine, Model, State, is_last};
use hemoscope_core::plot::Threshold;
use hemoscope_core::protocol::{Command, Event, Job, Request};
use hemoscope_core::share::Asset;
use hemoscope_core::share::DeviceChoice;

/// Handed to every component by Leptos' context.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    /// What is known.
    pub(super) state: RwSignal<State>,
    /// Ticks twice a second while something is being done, so that times are new.
    pub(super) clock: RwSignal<f64>,
    /// What is said of the curves.
    pub(super) sentence: Memo<String>,
    /// Where the curves break that are read.
    pub(super) thresholds: Memo<Vec<Option<Threshold>>>,
    /// Whether the page was asked for on a projector.
    pub(super) present: bool,
    inner: StoredValue<Inner, LocalStorage>,
}

#[derive(Debug, Default)]
struct Inner {
    worker: Option<Pool>,
    on_ready: Option<oneshot::Sender<Result<(), String>>>,
    starting: Option<Starting>,
    waiting: Vec<(u64, oneshot::Sender<Event>)>,
    next_job: u64,
    /// What the worker has loaded.
    loaded: Option<Asset>,
    /// How often the reader has given other files or another address for the model.
    models_given: u64,
    cancel: Cancel,
    consent: Option<oneshot::Sender<bool>>,
    own: Own,
}

impl Inner {
    fn answer_to(&mut self, id: u64) -> Option<oneshot::Sender<Event>> {
        let place = self.waiting.iter().position(|(other, _)| *other == id)?;
        Some(self.waiting.swap_remove(place).1)
    }
}

/// A device that is being started, and who waits for it.
#[derive(Debug)]
struct Starting {
    number: u64,
    waiting: Vec<oneshot::Sender<Result<(), Stop>>>,
}

/// What a person gave to the page: it is in no link and on no server.
#[derive(Debug, Clone, Default)]
pub(super) struct Own {
    /// A text, with its name.
    pub(super) text: Option<(String, String)>,
    /// A model's files, with their names.
    pub(super) model: Vec<(String, Blob)>,
}

/// Why a task ended early.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    /// It was asked to.
    Cancelled,
    /// The engine said why, and the state knows it already.
    Told,
    /// What went wrong and what to do.
    Failed(String),
}

impl Page {
    pub(super) fn new(state: State, present: bool) -> Self {
        let state = RwSignal::new(state);
        let subjects = Memo::new(move |_| state.with(Subjects::of));
        Self {
            state,
            sentence: Memo::new(move |_| subjects.with(Subjects::sentence)),
            thresholds: Memo::new(move |_| subjects.with(Subjects::thresholds)),
            clock: RwSignal::new(now_ms()),
            present,
            inner: StoredValue::new_local(Inner::default()),
        }
    }

    /// Changes the state.
    pub(super) fn update(self, change: impl FnOnce(&mut State)) {
        self.state.update(change);
    }

    /// Reads the state once.
    pub(super) fn read<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.state.with_untracked(read)
    }

    fn with<T>(self, change: impl FnOnce(&mut Inner) -> T) -> Option<T> {
        self.inner.try_update_value(change)
    }

    pub(super) fn own(self) -> Own {
        self.with(|inner| inner.own.clone()).unwrap_or_default()
    }

    pub(super) fn set_own(self, change: impl FnOnce(&mut Own)) {
        self.with(|inner| change(&mut inner.own));
    }

    /// What the worker has loaded.
    pub(super) fn loaded(self) -> Option<Asset> {
        self.with(|inner| inner.loaded.clone()).flatten()
    }

    pub(super) fn set_loaded(self, asset: Option<Asset>) {
        self.with(|inner| inner.loaded = asset);
    }

    /// The model is another one, even where it bears the same name. A question about the one before is answered with no.
    pub(super) fn model_changed(self) {
        self.with(|inner| {
            inner.loaded = None;
            inner.models_given += 1;
        });
        self.answer(false);
        self.update(|state| state.model = Model::Absent);
    }

    /// Changes whenever [`Page::model_changed`] is called.
    pub(super) fn models_given(self) -> u64 {
        self.with(|inner| inner.models_given).unwrap_or_default()
    }

    /// What stops the downloads of the present task.
    pub(super) fn cancel(self) -> Cancel {
        self.with(|inner| inner.cancel.clone()).unwrap_or_default()
    }

    pub(super) fn renew_cancel(self) {
        self.with(|inner| inner.cancel = Cancel::default());
    }

    /// A question whose answer comes by [`Page::answer`].
    pub(super) async fn ask(self) -> bool {
        let (sender, receiver) = oneshot::channel();
        self.with(|inner| inner.consent = Some(sender));
        receiver.await.unwrap_or(false)
    }

    pub(super) fn answer(self, yes: bool) {
        if let Some(sender) = self.with(|inner| inner.consent.take()).flatten() {
            // Nobody waits any more where the task was cancelled.
            sender.send(yes).ok();
        }
    }

    /// An engine with a device, which is started where there is none. That is no part of the task that asks for it: one that
    /// is stopped meanwhile leaves it to the next, since an engine starts a device once.
    pub(super) async fn device(self) -> Result<(), Stop> {
        if self.read(|state| matches!(state.engine, Engine::Ready(_))) {
            return Ok(());
        }
        self.update(|state| state.engine = Engine::Starting);
        let (sender, receiver) = oneshot::channel();
        let started = self.with(|inner| {
            if let Some(starting) = &mut inner.starting {
                starting.waiting.push(sender);
                return None;
            }
            inner.next_job += 1;
            inner.starting = Some(Starting {
                number: inner.next_job,
                waiting: vec![sender],
            });
            Some(inner.next_job)
        });
        if let Some(number) = started.flatten() {
            spawn(async move {
                let started = self.start_device().await;
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
        receiver.await.unwrap_or(Err(Stop::Cancelled))
    }

    async fn start_device(self) -> Result<(), Stop> {
        self.wake().await?;
        let device = self.read(State::device_to_start);
        self.job(Job::Start { device }, &[]).await.map(drop)
    }

    /// Starts the worker where none runs, and waits for its module.
    async fn wake(self) -> Result<(), Stop> {
        if self.with(|inner| inner.worker.is_some()).unwrap_or_default() {
            return Ok(());
        }
        let (sender, receiver) = oneshot::channel();
        let for_webgpu = self.read(|state| state.device_to_start() != DeviceChoice::Flex);
        let worker = Pool::start(for_webgpu, move |incoming| self.receive(incoming))
            .map_err(|error| Stop::Failed(format!("The engine could not be started: {error}")))?;
        self.with(|inner| {
            inner.worker = Some(worker);
            inner.on_ready = Some(sender);
            inner.loaded = None;
        });
        match receiver.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(Stop::Failed(format!("The engine could not be started: {reason}"))),
            Err(_) => Err(Stop::Cancelled),
        }
    }

    /// Gives the engine a job and waits for its last event; what comes before is folded into the state.
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
                if let Some(task) = &mut state.task {
                    task.job = Some(id);
                }
            }),
        }
        match receiver.await {
            Ok(Event::Failed { .. }) => Err(Stop::Told),
            Ok(event) => Ok(event),
            Err(_) => Err(Stop::Cancelled),
        }
    }

    fn receive(self, incoming: Incoming) {
        match incoming {
            Incoming::Ready { in_page } => {
                if in_page {
                    self.update(|state| {
                        state.tell(
                            "This browser has no WebGPU for workers, so the engine runs in the page itself, which answers \
                             more slowly while it measures."
                                .to_owned(),
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
                let mut consequence = Consequence::None;
                let finished = matches!(reply.event, Event::RunFinished { .. });
                self.update(|state| consequence = state.fold(*reply, now_ms()));
                if finished {
                    let sentence = self.sentence.get_untracked();
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

    /// The worker is of no use any more: whoever waits for it is told.
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
            inner.starting = None;
            inner.waiting.clear();
            inner.cancel.cancel();
        });
    }

    /// Another device was chosen: the next run starts the engine on it.
    pub(super) fn forget_device(self) {
        self.stop();
        self.drop_worker();
        self.update(|state| {
            state.engine = Engine::Off;
            state.model = Model::Absent;
        });
    }

    /// Asks the present task to stop; asked a second time, the worker is ended with what it is doing.
    pub(super) fn stop(self) {
        let Some((job, again)) = self.read(|state| state.task.as_ref().map(|task| (task.job, task.cancelling))) else {
            return;
        };
        self.answer(false);
        self.cancel().cancel();
        if again {
            self.drop_worker();
            self.update(State::abandon);
            return;
        }
        self.update(|state| {
            if let Some(task) = &mut state.task {
                task.cancelling = true;
            }
        });
        if let Some(id) = job {
            // A worker that can't be reached is ended by the second press.
            self.with(|inner| {
                inner
                    .worker
                    .as_ref()
                    .map(|worker| worker.post(Command::Cancel { id }, &[]).ok())
            });
        }
    }
}
