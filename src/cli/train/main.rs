//! Before and after training the embedded models: `train prepare`, `train sample`, `train chart`. The training itself is
//! `tests/reference/train.py`.
//!
//! Exit status: 0 done, 1 failed, 2 bad usage.

mod args;

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use hemoscope_train::corpus::{self, Sources};
use hemoscope_train::sample::HeldOutSample;
use hemoscope_train::{TrainError, chart};

use args::{Args, Command};

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), TrainError> {
    match command {
        Command::Prepare(args) => {
            let sources = Sources {
                novels: &args.novels,
                stories: &args.stories,
                stories_held_out: &args.stories_held_out,
            };
            corpus::prepare(sources, args.vocabulary, &args.out).map(drop)
        }
        Command::Sample(args) => {
            let sample = HeldOutSample::take(&args.data, args.window, args.novels, args.stories)?;
            write(&args.out, &serde_json::to_string(&sample).unwrap_or_default())
        }
        Command::Chart(args) => {
            let runs = args.logs.iter().map(|log| {
                let run = log.parent().and_then(Path::file_name).unwrap_or(OsStr::new("?"));
                Ok((run.to_string_lossy().into_owned(), chart::read_log(log)?))
            });
            let svg = chart::draw(&runs.collect::<Result<Vec<_>, TrainError>>()?)?;
            write(&args.out, &svg)
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), TrainError> {
    std::fs::write(path, text).map_err(|source| TrainError::File {
        path: path.to_owned(),
        source,
    })
}
