//! The arguments of the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// Texts to tokens and losses to a chart, for the small models that hemoscope embeds.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reads the texts, learns the vocabulary, writes everything as tokens.
    Prepare(Prepare),
    /// Writes held-out windows as token ids, for tests.
    Sample(Sample),
    /// Draws the losses of some runs.
    Chart(Chart),
}

#[derive(Debug, ClapArgs)]
pub struct Prepare {
    /// Novels, `<|endoftext|>` between them; .xz is unpacked.
    #[arg(long, value_name = "FILE")]
    pub novels: PathBuf,
    /// Stories to train on, likewise.
    #[arg(long, value_name = "FILE")]
    pub stories: PathBuf,
    /// Stories to hold out, likewise.
    #[arg(long, value_name = "FILE")]
    pub stories_held_out: PathBuf,
    /// Tokens of the vocabulary.
    #[arg(long, value_name = "N", default_value_t = 4096)]
    pub vocabulary: usize,
    /// Folder to write to.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub struct Sample {
    /// The folder that `prepare` wrote.
    #[arg(long, value_name = "FOLDER")]
    pub data: PathBuf,
    /// Tokens per window.
    #[arg(long, value_name = "T", default_value = "512")]
    pub window: NonZeroUsize,
    /// Windows of novels.
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub novels: usize,
    /// Windows of stories.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub stories: usize,
    /// File to write.
    #[arg(long, value_name = "FILE.json")]
    pub out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub struct Chart {
    /// Logs of runs, in the order of their colours; a run is named by the folder of its log.
    #[arg(required = true, value_name = "LOG.jsonl")]
    pub logs: Vec<PathBuf>,
    /// File to write.
    #[arg(long, value_name = "FILE.svg")]
    pub out: PathBuf,
}
