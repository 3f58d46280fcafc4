//! What a front end and an engine say to each other (`job`), and who does what in a run, on one engine or on several
//! (`scheduler`). Plain data and plain decisions: no transport, no device.

mod job;
mod scheduler;

pub use job::*;
pub use scheduler::{Order, Scheduler, engines, engines_for};

/// The window property in which the page leaves the port of an engine that runs in the page itself.
pub const ENGINE_PORT: &str = "hemoscopeEngine";
