//! Helpers for several tests.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics if its environment is not as it needs to be"
)]
#![expect(dead_code, reason = "each test binary uses its own part")]

pub mod embedded;
pub mod fixtures;
pub mod program;
pub mod smollm2;

use std::cell::RefCell;
use std::time::Instant;

use fixtures::fixture;
use hemoscope_core::experiment::{Asset, Origin};
use hemoscope_core::protocol::{Event, Finding};
use hemoscope_core::weights::formats::{self, NamedFile};
use hemoscope_engine::Host;

/// The tiny model for tests with its tokenizer.
pub fn stories() -> Vec<NamedFile> {
    ["stories260K.bin", "tok512.bin"]
        .into_iter()
        .flat_map(|name| formats::files(&fixture("models").join(name)).unwrap())
        .collect()
}

/// An asset for one of the test's own files.
pub fn own(name: &str) -> Asset {
    Asset {
        origin: Origin::Own(name.to_owned()),
        sha256: None,
    }
}

/// A host that keeps the events.
pub struct Quiet {
    pub start: Instant,
    pub events: RefCell<Vec<Event>>,
    pub handed_over: RefCell<Vec<(Finding, Vec<u8>)>>,
    /// Cancels once this many windows of points are done.
    pub cancel_after: Option<usize>,
}

impl Default for Quiet {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            events: RefCell::default(),
            handed_over: RefCell::default(),
            cancel_after: None,
        }
    }
}

impl Host for Quiet {
    fn emit(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    fn hand_over(&self, finding: Finding, bytes: Vec<u8>) {
        self.handed_over.borrow_mut().push((finding, bytes));
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn is_cancelled(&self) -> bool {
        let done = || {
            let events = self.events.borrow();
            events
                .iter()
                .filter(|event| matches!(event, Event::PointProgress { done, .. } if *done > 0))
                .count()
        };
        self.cancel_after.is_some_and(|limit| done() >= limit)
    }

    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    async fn pause(&self) {}
}
