//! What the state is made of.

use crate::doors::fetch::Offer;
use hemoscope_core::curve::{Curve, Measured, Protocol};
use hemoscope_core::modify::Spec;
use hemoscope_core::protocol::{DeviceReport, ModelReport};
use hemoscope_core::share::Experiment;

/// What the reader has in hand and no link holds.
#[derive(Debug, Clone, Default)]
pub struct Ui {
    /// The kind of model that is being chosen, before one is: `own`, `hub`.
    pub picking_model: Option<&'static str>,
    /// Whether a text of one's own is being given.
    pub picking_text: bool,
    /// Models of a repository to choose from, with its name and revision.
    pub offers: Option<(String, String, Vec<Offer>)>,
    /// What is wrong with the modification written as text.
    pub spec_error: String,
    /// The field whose number was out of range last, and what is used instead.
    pub limit: (String, String),
    /// Whether the page is dark.
    pub dark: bool,
    /// The beginning of the reader's own text.
    pub own_text: Option<String>,
    /// Whether the files of the reader's own model are here.
    pub own_model: bool,
}

/// The engine, a worker that is started when it is first needed.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Engine {
    /// Not asked for yet.
    #[default]
    Off,
    /// Its module is loading, or the device is being checked.
    Starting,
    /// It computes on this device.
    Ready(DeviceReport),
    /// It stopped; the next run starts it anew.
    Broken(String),
}

/// The model that runs are made with.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Model {
    /// None is loaded.
    #[default]
    Absent,
    /// A download waits for consent.
    Asking(Consent),
    /// Its bytes are coming.
    Fetching(Fetching),
    /// Its tensors are going to the device.
    Loading {
        /// Tensors done.
        done: usize,
        /// Of all.
        total: usize,
    },
    /// It can be used.
    Ready(Box<ModelReport>),
    /// It can't be had; the message says why.
    Missing(String),
}

/// What a download would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// What it is.
    pub name: String,
    /// Bytes to be fetched.
    pub bytes: u64,
    /// From whom; empty for the page's own server.
    pub host: String,
    /// Whether it stays for the next visit.
    pub lasting: bool,
}

/// Files that are being downloaded or read.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetching {
    /// What is being done with which file, for display.
    pub what: String,
    /// Bytes that are here.
    pub done: u64,
    /// Of all.
    pub total: u64,
    /// Bytes a second.
    pub rate: Option<f64>,
}

/// What the reader asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// A curve.
    Run,
    /// Two texts.
    Write,
    /// The model only.
    Load,
}

/// A wish under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Tells it from others.
    pub number: u64,
    /// What for.
    pub wish: Wish,
    /// The engine's job, once there is one.
    pub job: Option<u64>,
    /// Whether it was asked to stop.
    pub cancelling: bool,
    /// How far it is.
    pub stage: Stage,
    /// The experiment as it was when it was asked for.
    pub experiment: Experiment,
    /// Points of the sweep.
    pub points: usize,
    /// How many of them are finished.
    pub finished: usize,
    /// Whether the point that changes nothing is among them. It takes hardly any time.
    pub(super) unchanged: bool,
    pub(super) protocol: Option<Protocol>,
    /// When the first point that changes something was begun.
    pub(super) first_point_ms: Option<f64>,
    /// When the latest word of it came.
    pub(super) latest_ms: f64,
    /// The curve that was shown before.
    pub(super) before: Option<Shown>,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Engine, model and text are being made ready.
    Readying,
    /// Before the first point.
    Preparing(Preparation),
    /// Points are being measured: these, in the order in which they were begun.
    Points(Vec<UnderWay>),
    /// Texts are being written.
    Writing,
}

/// A point that is being measured.
#[derive(Debug, Clone, PartialEq)]
pub struct UnderWay {
    /// Which, from 0.
    pub index: usize,
    /// Its strength.
    pub value: f64,
    /// Windows done.
    pub done: usize,
    /// Of all.
    pub total: usize,
    /// What is done to the model before its windows are measured.
    pub preparing: Option<Preparation>,
    /// What the windows up to some time ago gave, and how many they were. For the eye only: nothing is concluded from it.
    pub so_far: Option<(usize, Box<Measured>)>,
}

/// Work that leads to a measurement: calibrating, editing, measuring the untouched model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preparation {
    /// What is being done.
    pub what: String,
    /// Blocks or windows done.
    pub done: usize,
    /// Of all.
    pub total: usize,
}

/// The curve in the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// As far as it is measured.
    pub curve: Curve,
    /// The settings it was measured with.
    pub experiment: Experiment,
    /// Whether it was stored with the page and not measured here.
    pub stored: bool,
    /// Whether all points were tried.
    pub complete: bool,
}

impl Shown {
    /// Whether it is being measured, or was left before all points were tried.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        !self.stored && !self.complete
    }
}

/// A curve kept for comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What it is called.
    pub name: String,
    /// Which colour and dash.
    pub slot: usize,
    /// The curve.
    pub curve: Curve,
}

/// What the two models write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Writing {
    /// The modification of the second model.
    pub spec: Option<Spec>,
    /// What that is called.
    pub title: String,
    /// Its strength, as it is shown.
    pub at: String,
    /// The untouched model's text.
    pub base: String,
    /// The modified model's.
    pub modified: String,
    /// Once both are done: the first generated token that differs, if any.
    pub first_difference: Option<Option<usize>>,
}

/// An error or a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Unique.
    pub number: u64,
    /// Whether something failed.
    pub error: bool,
    /// What, where, and what to do.
    pub text: String,
}

/// What the page must do after a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing.
    None,
    /// The worker is of no use any more.
    DropWorker,
}

impl Task {
    /// A point is this far. A provisional result stays until there is a newer one.
    pub(super) fn under_way(&mut self, mut now: UnderWay) {
        let Stage::Points(points) = &mut self.stage else {
            self.stage = Stage::Points(vec![now]);
            return;
        };
        match points.iter_mut().find(|point| point.index == now.index) {
            Some(point) => {
                if now.done > 0 {
                    now.so_far = now.so_far.or_else(|| point.so_far.take());
                }
                *point = now;
            }
            None => points.push(now),
        }
    }
}

impl Writing {
    /// Begins anew.
    pub fn start(&mut self, spec: Spec, title: String, at: String) {
        *self = Self {
            spec: Some(spec),
            title,
            at,
            ..Self::default()
        };
    }
}
