//! What a front end asks of the engine and what the engine tells it. Plain data: both sides of a worker boundary,
//! the command line and the tests use the same types.

use serde::{Deserialize, Serialize};

use crate::curve::{Curve, Measured, Point, Protocol};
use crate::experiment::{Asset, Experiment};
pub use crate::experiment::{DeviceChoice, Sampling};
use crate::metric::Stats;
use crate::modify::StatisticId;

/// A handle to a file's bytes, which the transport holds (a `File`, a fetched blob, a path).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHandle {
    /// The file's own name, e.g. `model.gguf`, `config.json`.
    pub name: String,
    /// Index into the list of blobs that the transport sends along with the job.
    pub blob: usize,
}

/// A request. Each carries an `id`, which its events repeat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Starts the device and checks it against the CPU.
    Start {
        /// Which device.
        device: DeviceChoice,
    },
    /// Loads a model, replacing the previous one. Its files are sent along with the job.
    LoadModel {
        /// What to call it and which hash it must have, if any.
        model: Asset,
        /// Its files.
        files: Vec<FileHandle>,
        /// Their SHA-256, if the sender has hashed these very bytes; otherwise the engine hashes them.
        sha256: Option<String>,
    },
    /// Measures a curve with the loaded model.
    Run(Box<Sweeping>),
    /// Prepares a run whose points several engines measure: measures the untouched model and hands over what the others
    /// need ([`Event::Found`]).
    Prepare(Box<Sweeping>),
    /// Joins such a run.
    Join(Box<Sweeping>),
    /// Takes over another engine's finding, whose bytes are sent along with the job.
    Adopt {
        /// What it is.
        finding: Finding,
    },
    /// Measures one point of the run that was prepared or joined.
    Point {
        /// Which point, from 0.
        index: usize,
    },
    /// Continues a prompt with the untouched and with a modified model, side by side.
    Generate {
        /// The experiment, for its calibration settings; its sweep is not used.
        experiment: Box<Experiment>,
        /// The modification of the second model.
        spec: crate::modify::Spec,
        /// The text to calibrate on.
        calibration_text: String,
        /// What to continue.
        prompt: String,
        /// How tokens are chosen.
        sampling: Sampling,
        /// How many tokens at most.
        tokens: usize,
    },
    /// Times a pass of `window` tokens of the loaded model.
    Bench {
        /// Tokens in the pass.
        window: usize,
        /// How many passes are timed, after one warm-up pass.
        repeats: usize,
    },
    /// Times 1,000 operations on tiny tensors: a guard against per-call overhead.
    TinyOps,
}

/// A curve that is to be measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sweeping {
    /// What to do.
    pub experiment: Experiment,
    /// The text to measure on.
    pub text: String,
    /// The text to calibrate on.
    pub calibration_text: String,
}

/// What one engine finds out for all engines of a run. Its numbers are sent along as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The untouched model's final hidden states on the run's windows.
    Untouched {
        /// Its measures.
        stats: Stats,
    },
    /// A statistic of its blocks on the calibration text.
    Statistic(StatisticId),
}

/// A job with its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the sender.
    pub id: u64,
    /// What to do.
    pub job: Job,
}

/// What the page sends to the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Do this next.
    Do(Request),
    /// Stop the job of this number at the next window or token.
    Cancel {
        /// The job's number.
        id: u64,
    },
}

/// The device that the engine computes on, after the self-test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// `gpu` or `flex`.
    pub kind: DeviceKind,
    /// What the system calls it, where it says.
    pub name: String,
    /// Largest difference from the CPU in the self-test's logits; `None` on the CPU itself.
    pub self_test_difference: Option<f64>,
    /// The largest difference allowed.
    pub self_test_bound: f64,
    /// Why a better device is not used, where one was tried.
    pub refused: Option<String>,
}

impl DeviceReport {
    /// The CPU's name in results.
    pub const CPU: &str = "CPU (flex)";
    /// The name in results of a graphics card that the browser does not name.
    pub const UNNAMED_GPU: &str = "WebGPU";

    /// The device's name in results.
    #[must_use]
    pub fn label(&self) -> String {
        match self.kind {
            DeviceKind::Flex => Self::CPU.to_owned(),
            DeviceKind::Gpu if self.name == Self::UNNAMED_GPU => self.name.clone(),
            DeviceKind::Gpu => format!("WebGPU ({})", self.name),
        }
    }
}

/// The two kinds of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// WebGPU, in the page or natively.
    Gpu,
    /// burn's portable CPU backend.
    Flex,
}

/// A loaded model, for display.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    /// What it is called.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Parameters.
    pub parameters: u64,
    /// Bits per weight in its file.
    pub bits_per_weight: f64,
    /// Transformer blocks.
    pub blocks: usize,
    /// Tokens per second over one window, timed on this device after loading.
    pub tokens_per_second: f64,
    /// Channels of its residual stream.
    pub hidden: usize,
    /// The most tokens it reads at once.
    pub context: usize,
    /// How many engines may load it at once; a run on many windows uses fewer
    /// ([`engines_for`](super::scheduler::engines_for)).
    pub engines: usize,
    /// What had to be assumed of its files, a sentence each.
    pub warnings: Vec<String>,
}

/// One of the two models of a side-by-side generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The untouched model.
    Base,
    /// The modified one.
    Modified,
}

/// What the engine reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The device is ready.
    Device(DeviceReport),
    /// Some of the model's tensors are on the device.
    Loading {
        /// Tensors done.
        done: usize,
        /// The total.
        total: usize,
    },
    /// The model is ready.
    Model(Box<ModelReport>),
    /// A run has begun: the texts are tokenised and long enough.
    RunStarted {
        /// How it is measured.
        protocol: Box<Protocol>,
    },
    /// A window of the calibration or of the untouched model is done.
    Preparing {
        /// Which point it is for, from 0; `None` where it is for all.
        point: Option<usize>,
        /// What is being done, for display: "calibrating", "measuring the untouched model".
        stage: String,
        /// Done.
        done: usize,
        /// The total.
        total: usize,
    },
    /// The untouched model is measured.
    Base {
        /// Its measures.
        stats: Stats,
    },
    /// A finding that the run's other engines need; its bytes are sent along with the event.
    Found(Finding),
    /// All findings for the other engines have been sent.
    Prepared,
    /// Progress on a point.
    PointProgress {
        /// Which point, from 0.
        index: usize,
        /// Its value.
        value: f64,
        /// Windows done.
        done: usize,
        /// The total.
        total: usize,
        /// The provisional result of the windows so far, sent now and then, computed as for the finished point:
        /// its errors come from the differences between windows, and one window gives none.
        so_far: Option<Box<Measured>>,
    },
    /// A point is finished.
    Point {
        /// Which point, from 0.
        index: usize,
        /// The finished point.
        point: Box<Point>,
    },
    /// The run is over. If it was cancelled, `complete` is false and the curve holds the finished points.
    RunFinished {
        /// What was measured.
        curve: Box<Curve>,
        /// Whether all points were tried.
        complete: bool,
    },
    /// More text of one side.
    Text {
        /// Which side.
        side: Side,
        /// What to append.
        text: String,
    },
    /// Both texts are done; `first_difference` counts generated tokens from 1.
    GenerateFinished {
        /// The first generated token that differs.
        first_difference: Option<usize>,
        /// Whether it was cancelled.
        cancelled: bool,
    },
    /// Result of [`Job::Bench`].
    Bench {
        /// Seconds of each timed pass.
        seconds: Vec<f64>,
        /// Tokens per pass.
        tokens: usize,
    },
    /// Result of [`Job::TinyOps`], milliseconds.
    TinyOps {
        /// For 1,000 operations.
        milliseconds: f64,
    },
    /// The job failed; what was measured before stays with the front end.
    Failed {
        /// What happened, where, and what to do.
        message: String,
        /// Whether the device is gone, so that the engine must be restarted.
        device_lost: bool,
    },
}

/// An event with the number of its job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The job's number.
    pub id: u64,
    /// What happened.
    pub event: Event,
}
