//! Experiments: from weights to a curve, reported as a stream of events. Independent of any transport.
//!
//! A device ([`Compute`]) runs a model (`arch`) by its operations (`ops`), which on WebGPU are kernels of our own
//! (`kernels`). While a model runs, statistics (`statistic`) and probes (`probe`) observe it. Each kind of question has
//! a file in `run`.

pub mod arch;
mod builder;
mod calibrate;
mod compute;
mod error;
mod generate;
mod host;
mod kernels;
mod measure;
mod ops;
mod probe;
mod progress;
mod run;
mod self_test;
mod session;
mod statistic;
mod streams;
mod text;
mod untouched;

pub use compute::Compute;
pub use error::EngineError;
pub use generate::Generated;
pub use host::{Heartbeat, Host};
pub use run::RunResult;
pub use session::{Model, Session};
