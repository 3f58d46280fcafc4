//! The only room with web-sys: what the page takes from the browser and gives to it.
//!
//! What needs no browser in here compiles natively too, so that its tests run there.

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
