//! What a front end and an engine say to each other ([`job`]), and who does what in a run that several engines share
//! ([`pool`]). Plain data and plain decisions: no transport, no device.

mod job;
mod pool;

pub use job::*;
pub use pool::{Order, SharedRun, engines, engines_for};

/// Where the page leaves the engine's port when it runs in the page itself: a property of the window.
pub const ENGINE_PORT: &str = "hemoscopeEngine";
