//! An experiment and its link.
//!
//! Everything that changes a result is a field of [`Experiment`]; how it is looked at is a [`View`]; a [`Link`] holds
//! both and is written as the fragment of the page's address.

mod asset;
mod link;
mod view;

use serde::{Deserialize, Serialize};

pub use asset::{Asset, Origin, OriginError};
pub use link::{Link, Notice, Opened};
pub use view::{DeviceChoice, PROMPT, Sampling, Tab, View};

use crate::curve::CalibrationStats;
use crate::modify::Sweep;

/// The model shipped with the page; its file is `models/{BUNDLED_MODEL}.gguf`.
pub const BUNDLED_MODEL: &str = "SmolLM2-135M-Instruct.Q4_1";
/// The text shipped for measuring; its file is `texts/{BUNDLED_TEXT}.txt`.
pub const BUNDLED_TEXT: &str = "evaluation";
/// The text shipped for calibrating.
pub const BUNDLED_CALIBRATION: &str = "calibration";

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

impl Default for Experiment {
    /// Wanda pruning of the bundled model from 0 to 80 % in nine points, measured on 8 windows of 512 tokens.
    fn default() -> Self {
        use crate::modify::{Step, Value};
        let range = Value::Range {
            from: 0.0,
            to: 0.8,
            points: 9,
        };
        Self {
            model: Asset::bundled(BUNDLED_MODEL),
            sweep: Sweep {
                steps: vec![Step {
                    name: "wanda".to_owned(),
                    values: vec![("sparsity".to_owned(), range)],
                }],
            },
            text: Asset::bundled(BUNDLED_TEXT),
            windows: 8,
            window: 512,
            calibration_text: Asset::bundled(BUNDLED_CALIBRATION),
            calibration_windows: 8,
            // Calibrating block by block carries a device's last digits into what the next block is pruned by: SmolLM2 at 80 %
            // then differs by 0.3 nats between CPU and GPU. From one pass over the untouched model, all devices agree.
            calibration_stats: CalibrationStats::Dense,
            seed: 0,
        }
    }
}
