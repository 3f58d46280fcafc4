//! The only room with web-sys: what the page takes from the browser and gives to it.
//!
//! What needs no browser in here compiles natively too, so that its tests run there.

#[cfg(all(target_family = "wasm", any(feature = "page", feature = "engine")))]
pub mod error;
pub mod fetch;
#[cfg(all(target_family = "wasm", any(feature = "page", feature = "engine")))]
pub mod spawn;
