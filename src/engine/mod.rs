//! Experiments: from weights to a curve, told as a stream of events. Knows no transport.

pub mod job;
pub mod pool;

#[cfg(feature = "engine")]
mod builder;
#[cfg(feature = "engine")]
mod calibrate;
#[cfg(feature = "engine")]
mod error;
#[cfg(feature = "engine")]
mod generate;
#[cfg(feature = "engine")]
mod host;
#[cfg(feature = "engine")]
mod measure;
#[cfg(feature = "engine")]
mod progress;
#[cfg(feature = "engine")]
mod run;
#[cfg(feature = "engine")]
mod session;
#[cfg(feature = "engine")]
mod shared;
#[cfg(feature = "engine")]
mod text;
#[cfg(feature = "engine")]
mod untouched;

#[cfg(feature = "engine")]
pub use error::EngineError;
#[cfg(feature = "engine")]
pub use generate::Generated;
#[cfg(feature = "engine")]
pub use host::{Host, Pulse};
#[cfg(feature = "engine")]
pub use run::RunResult;
#[cfg(feature = "engine")]
pub use session::{Model, Session};
