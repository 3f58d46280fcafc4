//! The only module with web-sys: everything that passes between the page and the browser.
//!
//! The parts that need no browser also compile natively, so that their tests can run.

pub mod fetch;

pub mod error;
pub mod spawn;

pub mod address;
pub mod browser;
pub mod clipboard;
pub mod engine;
pub mod field;
pub mod files;
pub mod keyboard;
pub mod pool;
pub mod store;
mod transport;
