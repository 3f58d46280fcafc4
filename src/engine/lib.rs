//! Experiments: from weights to a curve, told as a stream of events. Knows no transport.

mod builder;
mod calibrate;
mod error;
mod generate;
mod host;
mod measure;
pub mod model;
mod probe;
mod progress;
mod run;
mod session;
mod statistic;
mod streams;
mod text;
mod untouched;

pub use error::EngineError;
pub use generate::Generated;
pub use host::{Heartbeat, Host};
pub use run::RunResult;
pub use session::{Model, Session};
