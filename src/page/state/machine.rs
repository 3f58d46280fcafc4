//! The engine, its model, and what downloading them would cost.

use hemoscope_core::experiment::DeviceChoice;
use hemoscope_core::protocol::{DeviceReport, ModelReport};

/// Engine and model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Machine {
    /// The engine's state.
    pub engine: Engine,
    /// The model's state.
    pub model: Model,
    /// Bytes of models that the first run would download, once known.
    pub cost: Option<u64>,
    /// The most bytes to download for the engine's module, once known; none if the page already has it.
    pub engine_cost: Option<u64>,
    /// Bundled models that this copy of the page lacks, by name.
    pub absent: Vec<String>,
    /// Whether the browser offers WebGPU, once known.
    pub webgpu: Option<bool>,
}

/// The engine: a worker that is started when it is first needed.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Engine {
    /// Not started yet.
    #[default]
    Off,
    /// Its module is being downloaded.
    Fetching(Fetching),
    /// Its module is being read or compiled, or the device is being checked.
    Starting,
    /// Ready to compute on this device.
    Ready(DeviceReport),
    /// It stopped; the next run restarts it.
    Broken(String),
}

/// The model for runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Model {
    /// None is loaded.
    #[default]
    Absent,
    /// A download waits for consent.
    Asking(Consent),
    /// It is being downloaded or read.
    Fetching(Fetching),
    /// Its tensors are being uploaded to the device.
    Loading {
        /// Tensors done.
        done: usize,
        /// The total.
        total: usize,
    },
    /// It can be used.
    Ready(Box<ModelReport>),
    /// It is not available; the message says why.
    Missing(String),
}

/// What a download would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its name.
    pub name: String,
    /// Bytes to be fetched.
    pub bytes: u64,
    /// The host to download from; empty for the page's own server.
    pub host: String,
    /// Whether it is kept for the next visit.
    pub lasting: bool,
}

/// Files that are being downloaded or read.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetching {
    /// What is being done with which file, for display.
    pub what: String,
    /// Bytes that have arrived.
    pub done: u64,
    /// The total.
    pub total: u64,
    /// Bytes per second.
    pub rate: Option<f64>,
}

impl Machine {
    /// The device to start the engine on. A browser known to have no WebGPU is not asked for it again.
    #[must_use]
    pub fn device_to_start(&self, chosen: DeviceChoice) -> DeviceChoice {
        match (chosen, self.webgpu) {
            (DeviceChoice::Auto, Some(false)) => DeviceChoice::Flex,
            (chosen, _) => chosen,
        }
    }

    /// The most bytes that the next run downloads, the engine included, once known.
    #[must_use]
    pub fn download_bytes(&self) -> Option<u64> {
        let model = match self.model {
            Model::Ready(_) => Some(0),
            _ => self.cost,
        };
        Some(model? + self.engine_cost?)
    }

    /// The model's report, once it can be used.
    #[must_use]
    pub fn report(&self) -> Option<&ModelReport> {
        match &self.model {
            Model::Ready(report) => Some(report),
            _ => None,
        }
    }

    /// Whether the engine is being downloaded or started.
    #[must_use]
    pub fn is_starting(&self) -> bool {
        matches!(self.engine, Engine::Fetching(_) | Engine::Starting)
    }
}
