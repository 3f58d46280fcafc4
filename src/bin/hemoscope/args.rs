//! What can be asked for.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use hemoscope::curve::CalibrationStats;
use hemoscope::engine::job::DeviceChoice;
use hemoscope::modify::{Spec, Sweep};

/// Damages a small language model on purpose and measures how it bleeds.
#[derive(Debug, Parser)]
#[command(name = "hemoscope", version)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure one modification against the untouched model.
    Measure {
        #[command(flatten)]
        setting: Setting,
        /// What to do to the model, e.g. `wanda:sparsity=0.5` or `wanda:sparsity=0.4+rtn:bits=4,group=64`.
        #[arg(long, value_name = "SPEC", default_value = "none")]
        modify: Spec,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Measure a curve: SPEC holds one range, e.g. `wanda:sparsity=0..0.8/9`.
    Sweep {
        #[command(flatten)]
        setting: Setting,
        /// What to do to the model, with one range.
        #[arg(long, value_name = "SPEC")]
        modify: Sweep,
        /// Write the curve here; the ending decides: .json, .csv or .svg. May be given several times.
        #[arg(long, value_name = "FILE")]
        out: Vec<PathBuf>,
        /// Print the curve as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run a shared link and say whether it reproduces.
    Open {
        /// The link, or what follows its `#`.
        link: String,
        /// The model's file or folder; bundled models are looked for in `web/models`.
        #[arg(long, value_name = "FILE")]
        model: Option<PathBuf>,
        /// The text to measure on; bundled texts are looked for in `web/texts`.
        #[arg(long, value_name = "FILE")]
        text: Option<PathBuf>,
        /// The text to calibrate on.
        #[arg(long, value_name = "FILE")]
        calibration: Option<PathBuf>,
        /// What to compute on.
        #[arg(long, value_enum, default_value_t = Device::Flex)]
        device: Device,
        /// Write the curve here; the ending decides: .json, .csv or .svg. May be given several times.
        #[arg(long, value_name = "FILE")]
        out: Vec<PathBuf>,
    },
    /// Describe a model: architecture, tensors, bits per weight, licence.
    Inspect {
        /// A GGUF file, or a folder with config.json, safetensors and tokenizer.json.
        #[arg(long, value_name = "FILE")]
        model: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Continue a prompt with the untouched and the modified model.
    Write {
        #[command(flatten)]
        setting: Setting,
        /// What to do to the second model.
        #[arg(long, value_name = "SPEC", default_value = "none")]
        modify: Spec,
        /// What to continue.
        #[arg(long, default_value = "")]
        prompt: String,
        /// Tokens at most.
        #[arg(long, default_value_t = 64)]
        tokens: usize,
        /// Draw tokens at this temperature instead of taking the most likely one.
        #[arg(long)]
        temperature: Option<f64>,
    },
    /// Time passes of the untouched model.
    Bench {
        /// The model's file or folder.
        #[arg(long, value_name = "FILE")]
        model: PathBuf,
        /// Tokens a pass.
        #[arg(long, default_value_t = 512)]
        window: usize,
        /// Passes that are timed.
        #[arg(long, default_value_t = 3)]
        repeats: usize,
        /// What to compute on.
        #[arg(long, value_enum, default_value_t = Device::Flex)]
        device: Device,
    },
}

/// What a measurement depends on, the modification aside.
#[derive(Debug, ClapArgs)]
pub(crate) struct Setting {
    /// A GGUF file, or a folder with config.json, safetensors and tokenizer.json.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// The text to measure on.
    #[arg(long, value_name = "FILE")]
    pub(crate) text: Option<PathBuf>,
    /// Windows to measure.
    #[arg(long, default_value_t = 8)]
    pub(crate) windows: usize,
    /// Tokens a window.
    #[arg(long, default_value_t = 512)]
    pub(crate) window: usize,
    /// The text to calibrate on, for methods that look at activations.
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// Windows to calibrate on.
    #[arg(long, default_value_t = 8)]
    pub(crate) calibration_windows: usize,
    /// Calibrate block by block on the model as modified so far, or in one pass over the model before the step.
    #[arg(long, value_enum, default_value_t = Stats::Sequential)]
    pub(crate) calibration_stats: Stats,
    /// What to compute on.
    #[arg(long, value_enum, default_value_t = Device::Flex)]
    pub(crate) device: Device,
    /// Seed of everything random.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Stats {
    Sequential,
    Dense,
}

impl From<Stats> for CalibrationStats {
    fn from(stats: Stats) -> Self {
        match stats {
            Stats::Sequential => Self::Sequential,
            Stats::Dense => Self::Dense,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Device {
    /// The CPU.
    Flex,
    /// WebGPU.
    Gpu,
}

impl From<Device> for DeviceChoice {
    fn from(device: Device) -> Self {
        match device {
            Device::Flex => Self::Flex,
            Device::Gpu => Self::Gpu,
        }
    }
}
