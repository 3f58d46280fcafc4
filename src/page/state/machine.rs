//! What computes: the engine, the model that it has, and what both would cost.

use hemoscope_core::experiment::DeviceChoice;
use hemoscope_core::protocol::{DeviceReport, ModelReport};

/// Engine and model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Machine {
    /// The engine's own state.
    pub engine: Engine,
    /// The model's.
    pub model: Model,
    /// Bytes of models that the first run would download, once known.
    pub cost: Option<u64>,
    /// Bytes of the engine's module that are sent at most before it can start, once known; none where the page has it.
    pub engine_cost: Option<u64>,
    /// Bundled models that this copy of the page lacks, by name.
    pub absent: Vec<String>,
    /// Whether the browser offers WebGPU, once known.
    pub webgpu: Option<bool>,
}

/// The engine, a worker that is started when it is first needed.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Engine {
    /// Not asked for yet.
    #[default]
    Off,
    /// Its module is arriving.
    Fetching(Fetching),
    /// Its module is being read or compiled, or the device is being checked.
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

impl Machine {
    /// What the engine starts on. A browser that is known to have no WebGPU is not asked for it once more.
    #[must_use]
    pub fn device_to_start(&self, chosen: DeviceChoice) -> DeviceChoice {
        match (chosen, self.webgpu) {
            (DeviceChoice::Auto, Some(false)) => DeviceChoice::Flex,
            (chosen, _) => chosen,
        }
    }

    /// Bytes that the next run downloads at most, the engine's among them, once known.
    #[must_use]
    pub fn download_bytes(&self) -> Option<u64> {
        let model = match self.model {
            Model::Ready(_) => Some(0),
            _ => self.cost,
        };
        Some(model? + self.engine_cost?)
    }

    /// What is known of the model, once it can be used.
    #[must_use]
    pub fn report(&self) -> Option<&ModelReport> {
        match &self.model {
            Model::Ready(report) => Some(report),
            _ => None,
        }
    }

    /// Whether the engine is on its way to a device.
    #[must_use]
    pub fn is_starting(&self) -> bool {
        matches!(self.engine, Engine::Fetching(_) | Engine::Starting)
    }
}
