//! An experiment, and how it is looked at.
//!
//! Everything that changes a result is a part of [`Experiment`]; how it is shown is a [`View`]; [`Settings`] hold both.
//! What each value may be, what it is called and how it is read is defined once, in [`fields`].

mod asset;
pub mod bundled;
pub mod fields;
mod question;
mod settings;
mod view;

use serde::{Deserialize, Serialize};

pub use asset::{Asset, Origin, OriginError};
pub use question::{Ask, Question};
pub use settings::Settings;
pub use view::{DeviceChoice, Sampling, Screen, Tab, View};

use crate::curve::{CalibrationStats, Curve};
use crate::modify::Sweep;

/// The text shipped for measuring; its file is `texts/{BUNDLED_TEXT}.txt`.
pub const BUNDLED_TEXT: &str = "evaluation";
/// The text shipped for calibrating.
pub const BUNDLED_CALIBRATION: &str = "calibration";

/// Everything that a run depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// The model.
    pub model: Asset,
    /// The question, and the modification it is about.
    pub ask: Ask,
    /// The text to measure on.
    pub text: Asset,
    /// Windows to measure.
    pub windows: usize,
    /// Tokens per window.
    pub window: usize,
    /// The text to calibrate on.
    pub calibration_text: Asset,
    /// Windows to calibrate on.
    pub calibration_windows: usize,
    /// How calibration statistics are collected.
    pub calibration_stats: CalibrationStats,
    /// The seed of all random numbers.
    pub seed: u64,
}

impl Default for Experiment {
    /// Wanda pruning of the first bundled model from 0 to 80 % in nine points, measured on 8 windows of 256 tokens.
    fn default() -> Self {
        use crate::modify::{Step, Value};
        let range = Value::Range {
            from: 0.0,
            to: 0.8,
            points: 9,
        };
        Self {
            model: Asset::bundled(bundled::FIRST),
            ask: Ask::Curve(Sweep {
                steps: vec![Step {
                    name: "wanda".to_owned(),
                    values: vec![("sparsity".to_owned(), range)],
                }],
            }),
            text: Asset::bundled(BUNDLED_TEXT),
            windows: 8,
            window: 256,
            calibration_text: Asset::bundled(BUNDLED_CALIBRATION),
            calibration_windows: 8,
            // Calibrating block by block carries a device's rounding into how the next block is pruned: SmolLM2 at 80 %
            // then differs by 0.3 nats between CPU and GPU. With one pass over the untouched model, all devices agree.
            calibration_stats: CalibrationStats::Dense,
            seed: 0,
        }
    }
}

impl Experiment {
    /// The modification, with its range.
    #[must_use]
    pub fn sweep(&self) -> &Sweep {
        self.ask.sweep()
    }

    /// The same, mutably.
    pub fn sweep_mut(&mut self) -> &mut Sweep {
        self.ask.sweep_mut()
    }

    /// The defaults for what a version 1 link leaves out.
    #[must_use]
    pub fn version_1() -> Self {
        Self {
            model: Asset::bundled(bundled::SMOLLM2.name),
            window: 512,
            ..Self::default()
        }
    }

    /// The experiment of a stored result; its model and texts are bundled ones.
    #[must_use]
    pub fn of_stored(curve: &Curve) -> Self {
        let asset = |name: &str, sha256: &str| Asset {
            sha256: Some(sha256.to_owned()),
            ..Asset::bundled(name)
        };
        let protocol = &curve.protocol;
        let mut experiment = Self {
            model: asset(&protocol.model_name, &protocol.model_sha256),
            ask: curve.question.of(curve.sweep.clone()),
            text: asset(&protocol.text_name, &protocol.text_sha256),
            windows: protocol.windows,
            window: protocol.window,
            seed: protocol.seed,
            ..Self::default()
        };
        if let Some(calibration) = &protocol.calibration {
            experiment.calibration_text = asset(&calibration.text_name, &calibration.text_sha256);
            experiment.calibration_windows = calibration.windows;
            experiment.calibration_stats = calibration.stats;
        }
        experiment
    }
}
