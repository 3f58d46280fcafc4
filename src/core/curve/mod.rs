//! A curve: what was measured at each strength, by which protocol, and where the model breaks.

pub mod digest;
pub mod sentence;
pub mod table;
#[cfg(test)]
pub(crate) mod testing;
pub mod threshold;

use serde::{Deserialize, Serialize};

use crate::metric::{Hemorrhage, Stats};
use crate::modify::Spec;
use crate::observation::Observation;

/// How the numbers were obtained, shown under the chart and stored with every result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// The name of the scoring rule; always `full-window`: windows without overlap, each scores its last
    /// `window − 1` tokens.
    pub name: String,
    /// Tokens per window.
    pub window: usize,
    /// Windows measured.
    pub windows: usize,
    /// Tokens scored, `windows · (window − 1)`.
    pub tokens: usize,
    /// The name of the text.
    pub text_name: String,
    /// SHA-256 of the text's bytes, hexadecimal.
    pub text_sha256: String,
    /// The name of the model.
    pub model_name: String,
    /// SHA-256 of the model file's bytes (of the files in name order where there are several), hexadecimal.
    pub model_sha256: String,
    /// How the calibration ran, where the modification needs one.
    pub calibration: Option<CalibrationProtocol>,
    /// The seed of all random numbers.
    pub seed: u64,
    /// hemoscope's version.
    pub program_version: String,
}

/// How calibration statistics were collected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationProtocol {
    /// The name of the text.
    pub text_name: String,
    /// SHA-256 of its bytes.
    pub text_sha256: String,
    /// Windows used, of `Protocol::window` tokens.
    pub windows: usize,
    /// One pass over the untouched model, or block by block over the model as modified so far.
    pub stats: CalibrationStats,
}

/// Where calibration statistics come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CalibrationStats {
    /// Each block is calibrated on the output of the blocks before it as already modified; as published.
    #[default]
    Sequential,
    /// One pass over the model before the step.
    Dense,
}

/// What was measured at one strength.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The modified model's measures.
    pub stats: Stats,
    /// ln(PPL/PPL₀) and its paired error.
    pub hemorrhage: Hemorrhage,
    /// Share of weights of the linear layers that are zero, counted in the modified weights.
    pub sparsity_achieved: f64,
    /// Bits per weight of the linear layers, scales included.
    pub bits_per_weight: f64,
    /// Transformer blocks of the modified model.
    pub blocks: usize,
    /// From the first edit to the last window, seconds.
    pub duration_secs: f64,
}

/// One point of a curve. A failed point is a point with a reason, not a lost curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The knob's value, in the grammar's unit.
    pub value: f64,
    /// The modification at this point.
    pub spec: Spec,
    /// Its outcome.
    pub outcome: Outcome,
}

/// The outcome of a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its perplexity was measured.
    Measured(Measured),
    /// Something else was: arrays with named axes.
    Observed(Vec<Observation>),
    /// It could not be measured; the text says why and what to do.
    Failed(String),
}

impl Outcome {
    /// What was observed; nothing where it failed or was measured as a point of a curve.
    #[must_use]
    pub fn observations(&self) -> &[Observation] {
        match self {
            Self::Observed(observations) => observations,
            Self::Measured(_) | Self::Failed(_) => &[],
        }
    }
}

/// A measured sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The modification with its range, in the grammar.
    pub sweep: crate::modify::Sweep,
    /// How it was measured.
    pub protocol: Protocol,
    /// The device that computed it ("WebGPU", "CPU (flex)") and, where known, its name.
    pub device: String,
    /// The untouched model's measures.
    pub base: Stats,
    /// In the order of the range.
    pub points: Vec<Point>,
    /// The whole run, seconds.
    pub duration_secs: f64,
}

impl Curve {
    /// Whether its points are arrays with named axes, and not perplexities.
    #[must_use]
    pub fn is_observed(&self) -> bool {
        self.points.iter().any(|point| !point.outcome.observations().is_empty())
    }
}
