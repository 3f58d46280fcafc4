//! What every component can access: the parts of the state, each behind its own signal, and browser objects that can't
//! be part of the state.

use futures_channel::oneshot;
use leptos::prelude::*;

use crate::doors::browser::now_ms;
use crate::doors::engine::Engine;
use crate::doors::fetch::Cancel;
use crate::doors::files::Blob;
use crate::doors::pool::Pool;
use crate::parts::chart::Focus;
use crate::state::{AnswerInput, Machine, Model, Results, Run, State, Ui, Writing};
use hemoscope_core::curve::sentence::Answer;
use hemoscope_core::experiment::Asset;
use hemoscope_core::experiment::Settings;
use hemoscope_core::plot::Threshold;
use hemoscope_core::protocol::Event;

/// Passed to every component through Leptos' context.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// The settings.
    pub(crate) link: RwSignal<Settings>,
    /// Engine and model.
    pub(crate) machine: RwSignal<Machine>,
    /// The current task.
    pub(crate) run: RwSignal<Run>,
    /// The curves.
    pub(crate) results: RwSignal<Results>,
    /// What the two models write.
    pub(crate) writing: RwSignal<Writing>,
    /// User-interface state.
    pub(crate) ui: RwSignal<Ui>,
    /// Ticks twice a second while a task is running, to update the times shown.
    pub(crate) clock: RwSignal<f64>,
    /// The answer in words; empty if there are no curves.
    pub(crate) answer: Memo<Answer>,
    /// Where those curves break.
    pub(crate) thresholds: Memo<Vec<Option<Threshold>>>,
    /// The part of the chart that is to get the keyboard focus.
    pub(crate) focus: RwSignal<Option<Focus>>,
    /// Whether the page was opened for a projector.
    pub(crate) present: bool,
    /// Whether the controls start folded for lack of room.
    folded: bool,
    inner: StoredValue<Inner, LocalStorage>,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    /// The engine that workers are started from, once it is loaded.
    pub(super) engine: Option<Engine>,
    pub(super) worker: Option<Pool>,
    pub(super) on_ready: Option<oneshot::Sender<Result<(), String>>>,
    pub(super) starting: Option<Starting>,
    pub(super) waiting: Vec<(u64, oneshot::Sender<Event>)>,
    pub(super) next_job: u64,
    /// The model that the worker has loaded.
    pub(super) loaded: Option<Asset>,
    /// How often the user has provided new files or a new address for the model.
    pub(super) models_given: u64,
    pub(super) cancel: Cancel,
    pub(super) consent: Option<oneshot::Sender<bool>>,
    pub(super) own: Own,
}

impl Inner {
    pub(super) fn answer_to(&mut self, id: u64) -> Option<oneshot::Sender<Event>> {
        let place = self.waiting.iter().position(|(other, _)| *other == id)?;
        Some(self.waiting.swap_remove(place).1)
    }

    /// Stops the engine's download, if there is one.
    pub(super) fn stop_loading(&self) {
        if let Some(starting) = &self.starting {
            starting.cancel.cancel();
        }
    }
}

/// A device being started, and who waits for it.
#[derive(Debug)]
pub(super) struct Starting {
    pub(super) number: u64,
    /// Stops the engine's download.
    pub(super) cancel: Cancel,
    pub(super) waiting: Vec<oneshot::Sender<Result<(), Stop>>>,
}

/// What the user gave to the page: it is in no link and on no server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own {
    /// A text, with its name.
    pub(crate) text: Option<(String, String)>,
    /// A model's files, with their names.
    pub(crate) model: Vec<(String, Blob)>,
}

/// Why a task ended early.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    /// It was asked to.
    Cancelled,
    /// The engine's error is already in the state.
    Reported,
    /// What went wrong and what to do.
    Failed(String),
}

impl Page {
    /// A page with this state.
    pub(crate) fn new(state: State, present: bool, folded: bool) -> Self {
        let State {
            link,
            machine,
            run,
            results,
            writing,
            ui,
        } = state;
        let (link, results) = (RwSignal::new(link), RwSignal::new(results));
        let answer_input = Memo::new(move |_| AnswerInput::of(&link.read(), &results.read()));
        Self {
            link,
            machine: RwSignal::new(machine),
            run: RwSignal::new(run),
            results,
            writing: RwSignal::new(writing),
            ui: RwSignal::new(ui),
            answer: Memo::new(move |_| answer_input.with(AnswerInput::answer)),
            thresholds: Memo::new(move |_| answer_input.with(AnswerInput::thresholds)),
            clock: RwSignal::new(now_ms()),
            focus: RwSignal::new(None),
            present,
            folded,
            inner: StoredValue::new_local(Inner::default()),
        }
    }

    /// The page that a component is part of.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Whether the controls are folded at first.
    pub(crate) fn is_folded(self) -> bool {
        self.folded
    }

    /// A copy of the current state.
    fn state(self) -> State {
        State {
            link: self.link.get_untracked(),
            machine: self.machine.get_untracked(),
            run: self.run.get_untracked(),
            results: self.results.get_untracked(),
            writing: self.writing.get_untracked(),
            ui: self.ui.get_untracked(),
        }
    }

    /// Changes the state; only parts that actually changed notify their readers.
    pub(crate) fn update<T>(self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut now = self.state();
        let answer = change(&mut now);
        put(self.link, now.link);
        put(self.machine, now.machine);
        put(self.run, now.run);
        put(self.results, now.results);
        put(self.writing, now.writing);
        put(self.ui, now.ui);
        answer
    }

    pub(super) fn with<T>(self, change: impl FnOnce(&mut Inner) -> T) -> Option<T> {
        self.inner.try_update_value(change)
    }

    pub(crate) fn own(self) -> Own {
        self.with(|inner| inner.own.clone()).unwrap_or_default()
    }

    pub(crate) fn set_own(self, change: impl FnOnce(&mut Own)) {
        self.with(|inner| change(&mut inner.own));
    }

    /// The model that the worker has loaded.
    pub(crate) fn loaded(self) -> Option<Asset> {
        self.with(|inner| inner.loaded.clone()).flatten()
    }

    pub(crate) fn set_loaded(self, asset: Option<Asset>) {
        self.with(|inner| inner.loaded = asset);
    }

    /// The model has changed, even if it has the same name. A pending question about the previous one is answered with
    /// no.
    pub(crate) fn model_changed(self) {
        self.with(|inner| {
            inner.loaded = None;
            inner.models_given += 1;
        });
        self.answer_question(false);
        self.update(|state| state.machine.model = Model::Absent);
    }

    /// Changes whenever [`Page::model_changed`] is called.
    pub(crate) fn models_given(self) -> u64 {
        self.with(|inner| inner.models_given).unwrap_or_default()
    }

    /// What stops the current task's downloads.
    pub(crate) fn cancel(self) -> Cancel {
        self.with(|inner| inner.cancel.clone()).unwrap_or_default()
    }

    pub(crate) fn renew_cancel(self) {
        self.with(|inner| inner.cancel = Cancel::default());
    }

    /// A question whose answer comes by [`Page::answer`].
    pub(crate) async fn ask(self) -> bool {
        let (sender, receiver) = oneshot::channel();
        self.with(|inner| inner.consent = Some(sender));
        receiver.await.unwrap_or(false)
    }

    pub(crate) fn answer_question(self, yes: bool) {
        if let Some(sender) = self.with(|inner| inner.consent.take()).flatten() {
            // If the task was cancelled, nobody waits any more.
            sender.send(yes).ok();
        }
    }
}

fn put<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, now: T) {
    if signal.with_untracked(|before| *before != now) {
        signal.set(now);
    }
}
