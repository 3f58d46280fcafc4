//! The page in the browser: signals that keep what is shown at what is known, and the work that a person starts.

mod act;
mod chart;
mod context;
mod curves;
mod download;
mod look;
mod own;
mod start;
mod work;

pub use start::start;
