//! How a result is shown: nothing here changes a measured number.

use serde::{Deserialize, Serialize};

use crate::curve::sentence::DEFAULT_RATIO;
use crate::plot::{Axis, DepthMeasure, Measure};

/// Which device to compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// WebGPU where it works and passes the self-test, else the CPU.
    #[default]
    Auto,
    /// WebGPU or an error.
    Gpu,
    /// The CPU.
    Flex,
}

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// The most likely token; ties go to the lower id.
    #[default]
    Greedy,
    /// Drawn from softmax(logits / temperature).
    Temperature {
        /// Above 0.
        temperature: f64,
        /// Both models draw with the same random numbers.
        seed: u64,
    },
}

/// Which models the chart compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screen {
    /// None: one model, and the curves that were kept.
    #[default]
    Model,
    /// The models of [`SIZES`](super::bundled::SIZES).
    Sizes,
}

/// What is open under the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// Nothing.
    #[default]
    Chart,
    /// The table of points.
    Table,
    /// The kept curves.
    Curves,
}

/// How a result is looked at, and what the two models are asked to write.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Which models the chart compares.
    pub screen: Screen,
    /// The perplexity ratio at which the model counts as broken, above 1.
    pub threshold: f64,
    /// What the chart shows.
    pub measure: Measure,
    /// How its axis is divided.
    pub axis: Axis,
    /// What the chart along the depth shows.
    pub depth_measure: DepthMeasure,
    /// The selected site along the depth, from 0; `None`: the last one.
    pub site: Option<usize>,
    /// The strength whose text is shown; `None`: the page chooses.
    pub at: Option<f64>,
    /// What both models continue.
    pub prompt: String,
    /// How they choose tokens.
    pub sampling: Sampling,
    /// How many tokens they write at most.
    pub tokens: usize,
    /// What is open under the chart.
    pub tab: Tab,
    /// Where to compute.
    pub device: DeviceChoice,
}

impl Default for View {
    fn default() -> Self {
        Self {
            screen: Screen::default(),
            threshold: DEFAULT_RATIO,
            measure: Measure::default(),
            axis: Axis::default(),
            depth_measure: DepthMeasure::default(),
            site: None,
            at: None,
            // The bundled models have learned stories, not facts.
            prompt: "Once upon a time there was a".to_owned(),
            sampling: Sampling::default(),
            tokens: 40,
            tab: Tab::default(),
            device: DeviceChoice::default(),
        }
    }
}

impl View {
    /// The defaults for what a version 1 link leaves out.
    #[must_use]
    pub fn version_1() -> Self {
        Self {
            prompt: "The water cycle is".to_owned(),
            ..Self::default()
        }
    }
}
