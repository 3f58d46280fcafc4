//! A curve: what was measured at each strength, under which protocol, and where the model breaks.

pub mod digest;
mod measured;
mod point;
pub mod sentence;
pub mod table;
#[cfg(test)]
pub(crate) mod testing;
pub mod threshold;

use serde::{Deserialize, Serialize};

use crate::experiment::Question;
use crate::metric::Stats;

pub use measured::Measured;
pub use point::{Outcome, Point, Status};

/// How the numbers were obtained, shown under the chart and stored with every result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// The name of the scoring rule; always `full-window`: windows do not overlap, and each scores its last
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
    /// How calibration was done, if the modification needs it.
    pub calibration: Option<CalibrationProtocol>,
    /// The seed of all random numbers.
    pub seed: u64,
    /// hemoscope's version.
    pub program_version: String,
    /// What had to be assumed of the model's files, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
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
    /// Each block is calibrated on the output of the already modified blocks before it, as in the published methods.
    #[default]
    Sequential,
    /// One pass over the model before the step.
    Dense,
}

/// A measured sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What was asked.
    #[serde(default, skip_serializing_if = "Question::is_curve")]
    pub question: Question,
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
