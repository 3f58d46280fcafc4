//! The engine's host on a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

use hemoscope_core::protocol::Event;
use hemoscope_engine::Host;

/// Shows progress on standard error if it is a terminal.
pub(crate) struct Terminal {
    start: Instant,
    watched: bool,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            watched: std::io::stderr().is_terminal(),
        }
    }

    fn show(&self, line: &str) {
        if self.watched {
            let mut err = std::io::stderr().lock();
            write!(err, "\r\x1b[2K{line}").and_then(|()| err.flush()).ok();
        }
    }
}

/// Prints a message. If standard error is closed, the exit status has to suffice.
pub(crate) fn print_message(message: impl std::fmt::Display) {
    writeln!(std::io::stderr(), "hemoscope: {message}").ok();
}

/// Prints what had to be assumed of a model's files.
pub(crate) fn print_warning(warning: impl std::fmt::Display) {
    print_message(format!("warning: {warning}"));
}

impl Host for Terminal {
    fn emit(&self, event: Event) {
        match event {
            Event::Loading { done, total } => self.show(&format!("loading the model: {done} of {total}")),
            Event::Preparing { stage, done, total, .. } => self.show(&format!("{stage}: {done} of {total}")),
            Event::PointProgress { value, done, total, .. } => {
                self.show(&format!("at {value}: window {done} of {total}"));
            }
            Event::Failed { message, .. } => print_message(message),
            Event::RunFinished { .. } | Event::GenerateFinished { .. } | Event::Model(_) => self.show(""),
            _ => {}
        }
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    async fn pause(&self) {}
}
