//! What a front end and an engine say to each other (`job`), and who does what in a run, on one engine or on several
//! (`scheduler`). Plain data and plain decisions: no transport, no device.

mod job;
mod scheduler;

pub use job::*;
pub use scheduler::{Order, Scheduler, engines, engines_for};

/// Where the page leaves the engine's port when it runs in the page itself: a property of the window.
pub const ENGINE_PORT: &str = "hemoscopeEngine";
