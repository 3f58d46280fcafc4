//! An experiment and its link.
//!
//! Everything that changes a result is a field of [`Experiment`]; the link is its text form.

use serde::{Deserialize, Serialize};

use crate::curve::CalibrationStats;
use crate::modify::Sweep;

/// Where a model or a text comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Shipped with the page, by name.
    Bundled(String),
    /// A file of the reader's own; the link names it but cannot carry it.
    Own(String),
    /// `owner/repository` on the Hugging Face hub, with a revision and a file.
    Hub {
        /// `owner/repository`.
        repository: String,
        /// Branch, tag or commit.
        revision: String,
        /// File in the repository (a GGUF file, or `model.safetensors`, whose companions are then fetched too).
        file: String,
    },
    /// Any address.
    Url(String),
}

/// A model or a text, with the hash that makes a result repeatable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Where it comes from.
    pub origin: Origin,
    /// SHA-256, hexadecimal, once known.
    pub sha256: Option<String>,
}

/// Everything that a run depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// The model.
    pub model: Asset,
    /// The modification, with its range.
    pub sweep: Sweep,
    /// The text to measure on.
    pub text: Asset,
    /// Windows to measure.
    pub windows: usize,
    /// Tokens a window.
    pub window: usize,
    /// The text to calibrate on.
    pub calibration_text: Asset,
    /// Windows to calibrate on.
    pub calibration_windows: usize,
    /// How calibration statistics are collected.
    pub calibration_stats: CalibrationStats,
    /// Seed of everything random.
    pub seed: u64,
}
