//! The arguments of the command line.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use hemoscope_core::curve::CalibrationStats;
use hemoscope_core::experiment::Experiment;
use hemoscope_core::experiment::fields::{self, Field};
use hemoscope_core::modify::{Spec, SpecError, Sweep};
use hemoscope_core::protocol::DeviceChoice;

use crate::files::OutFile;

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
        #[arg(long, value_name = "SPEC", default_value = "none", value_parser = one_point)]
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
        #[arg(long, value_name = "SPEC", value_parser = curve)]
        modify: Sweep,
        /// Write the curve to this .json, .csv, .parquet or .svg file. May be given several times.
        #[arg(long, value_name = "FILE")]
        out: Vec<OutFile>,
        /// Print the curve as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show where the damage starts: the residual stream's error after each block. SPEC may hold one range.
    Depth {
        #[command(flatten)]
        setting: Setting,
        /// What to do to the model, e.g. `wanda:sparsity=0.5` or `wanda:sparsity=0..0.8/9`.
        #[arg(long, value_name = "SPEC")]
        modify: Sweep,
        /// Write the result to this .json, .csv, .parquet or .svg file. May be given several times.
        #[arg(long, value_name = "FILE")]
        out: Vec<OutFile>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Run a shared link and check whether it reproduces.
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
        /// Write the curve to this .json, .csv, .parquet or .svg file. May be given several times.
        #[arg(long, value_name = "FILE")]
        out: Vec<OutFile>,
    },
    /// Measure the curves that the page shows before anything is loaded, into `web/curves`; what is up to date is skipped.
    Curves {
        /// Only of these bundled models.
        #[arg(value_name = "MODEL")]
        models: Vec<String>,
        /// Measure what is up to date too.
        #[arg(long)]
        force: bool,
    },
    /// Draw several curves into one chart, each with its threshold.
    Draw {
        /// Curves as `sweep --out FILE.json` writes them.
        #[arg(value_name = "FILE.json", required = true)]
        curves: Vec<PathBuf>,
        /// Where to: an .svg file.
        #[arg(long, value_name = "FILE.svg")]
        out: OutFile,
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
        #[arg(long, value_name = "SPEC", default_value = "none", value_parser = one_point)]
        modify: Spec,
        /// What to continue.
        #[arg(long, default_value = "")]
        prompt: String,
        /// Write at most this many tokens.
        #[arg(long, default_value_t = 64, value_parser = limits(&fields::TOKENS))]
        tokens: usize,
        /// Sample tokens at this temperature instead of taking the most likely one.
        #[arg(long, value_parser = temperature)]
        temperature: Option<f64>,
    },
    /// Time forward passes of the untouched model.
    Bench {
        /// The model's file or folder.
        #[arg(long, value_name = "FILE")]
        model: PathBuf,
        /// Tokens per pass.
        #[arg(long, default_value_t = usual().window, value_parser = at_least(1))]
        window: usize,
        /// Passes that are timed.
        #[arg(long, default_value_t = 3, value_parser = at_least(1))]
        repeats: usize,
        /// What to compute on.
        #[arg(long, value_enum, default_value_t = Device::Flex)]
        device: Device,
    },
}

/// What a measurement depends on, apart from the modification.
#[derive(Debug, ClapArgs)]
pub(crate) struct Setting {
    /// A GGUF file, or a folder with config.json, safetensors and tokenizer.json.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// The text to measure on.
    #[arg(long, value_name = "FILE")]
    pub(crate) text: Option<PathBuf>,
    /// Windows to measure.
    #[arg(long, default_value_t = usual().windows, value_parser = limits(&fields::WINDOWS))]
    pub(crate) windows: usize,
    /// Tokens per window.
    #[arg(long, default_value_t = usual().window, value_parser = limits(&fields::WINDOW))]
    pub(crate) window: usize,
    /// The text to calibrate on, for methods that look at activations.
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// Windows to calibrate on.
    #[arg(long, default_value_t = usual().calibration_windows, value_parser = limits(&fields::CALIBRATION_WINDOWS))]
    pub(crate) calibration_windows: usize,
    /// Calibrate block by block on the model as modified so far, or in one pass over the model before the step.
    #[arg(long, value_enum, default_value_t = Stats::Sequential)]
    pub(crate) calibration_stats: Stats,
    /// What to compute on.
    #[arg(long, value_enum, default_value_t = Device::Flex)]
    pub(crate) device: Device,
    /// The seed of all random numbers.
    #[arg(long, default_value_t = usual().seed)]
    pub(crate) seed: u64,
}

/// The defaults of the options: those of version 1 links.
fn usual() -> Experiment {
    Experiment::version_1()
}

/// The limits of the same field in a link; a model may allow less, which the engine checks.
fn limits(field: &Field) -> RangedU64ValueParser<usize> {
    let (least, most) = field.whole();
    RangedU64ValueParser::new().range(least..=most)
}

/// A count that only the model limits from above.
fn at_least(least: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(least..)
}

/// A modification without a range.
fn one_point(text: &str) -> Result<Spec, String> {
    text.parse().map_err(|error: SpecError| match error {
        SpecError::Range { problem } => format!("{problem}, or measure all of them with `hemoscope sweep`"),
        error => error.to_string(),
    })
}

/// A modification with the range that makes it a curve.
fn curve(text: &str) -> Result<Sweep, String> {
    let sweep: Sweep = text.parse().map_err(|error: SpecError| error.to_string())?;
    if sweep.varied().is_some() {
        return Ok(sweep);
    }
    Err(format!(
        "`{sweep}` has no range, so there is no curve to follow; write one value as from..to/points, for instance \
         `wanda:sparsity=0..0.8/9`, or measure this one point with `hemoscope measure`"
    ))
}

fn temperature(text: &str) -> Result<f64, String> {
    let (least, most) = fields::TEMPERATURE.range().unwrap_or((0.0, f64::MAX));
    let number = text.parse().ok().filter(|number: &f64| (least..=most).contains(number));
    number.ok_or_else(|| {
        format!(
            "give a number from {least} to {most}, for instance 0.8; without --temperature the most likely token is taken"
        )
    })
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
