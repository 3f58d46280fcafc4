//! The command line: the page's engine without the page.
//!
//! Exit status: 0 done, 1 the run failed, 2 bad usage. Results go to standard output, messages to standard error.

mod args;
mod commands;
mod depth;
mod files;
mod host;
mod output;
mod parquet_file;
mod stored;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match pollster::block_on(commands::run(args.command)) {
        Ok(code) => code,
        Err(error) => {
            host::print_message(&error);
            error.exit_code()
        }
    }
}
