//! What the engine needs from its surroundings: a clock, a way to report, a way to be stopped.

use std::cell::Cell;

use super::EngineError;
use hemoscope_core::protocol::{Event, Finding};

/// The surroundings of a job: a worker in the page, a command line, a test.
pub trait Host {
    /// Reports an event.
    fn emit(&self, event: Event);

    /// Hands over what other engines of the run need. With a single engine, it does nothing.
    fn hand_over(&self, finding: Finding, bytes: Vec<u8>) {
        let (_, _) = (finding, bytes);
    }

    /// Whether other engines take part in the run.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether the running job is to stop.
    fn is_cancelled(&self) -> bool;

    /// Seconds since some fixed moment.
    fn seconds(&self) -> f64;

    /// Lets messages arrive. Natively there is nothing to do.
    fn pause(&self) -> impl Future<Output = ()>;
}

/// Pauses often enough for a message to be noticed, rarely enough to cost nothing.
#[derive(Debug)]
pub struct Heartbeat<'a, H> {
    host: &'a H,
    last: Cell<f64>,
}

impl<'a, H: Host> Heartbeat<'a, H> {
    /// A message waits for at most about this long, plus one operation.
    const INTERVAL_SECS: f64 = 0.05;

    /// Starts now.
    #[must_use]
    pub fn new(host: &'a H) -> Self {
        Self {
            host,
            last: Cell::new(host.seconds()),
        }
    }

    /// The surroundings.
    #[must_use]
    pub fn host(&self) -> &'a H {
        self.host
    }

    /// Pauses if it is time to.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`] if the job is to stop.
    pub async fn beat(&self) -> Result<(), EngineError> {
        if self.host.seconds() - self.last.get() >= Self::INTERVAL_SECS {
            self.host.pause().await;
            self.last.set(self.host.seconds());
        }
        if self.host.is_cancelled() {
            Err(EngineError::Cancelled)
        } else {
            Ok(())
        }
    }
}
