//! The only room with web-sys: what the page takes from the browser and gives to it.
//!
//! What needs no browser in here compiles natively too, so that its tests run there.

pub mod fetch;

pub mod error;
pub mod spawn;

pub mod address;
pub mod browser;
pub mod document;
pub mod files;
pub mod pool;
mod transport;
