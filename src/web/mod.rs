//! The only room with web-sys: what the page takes from the browser and gives to it.
//!
//! What needs no browser in here compiles natively too, so that its tests run there.

pub mod fetch;
pub mod json;

#[cfg(all(target_family = "wasm", any(feature = "page", feature = "engine")))]
pub mod error;
#[cfg(all(target_family = "wasm", any(feature = "page", feature = "engine")))]
pub mod spawn;

#[cfg(all(target_family = "wasm", feature = "page"))]
pub mod address;
#[cfg(all(target_family = "wasm", feature = "page"))]
pub mod browser;
#[cfg(all(target_family = "wasm", feature = "page"))]
pub mod document;
#[cfg(all(target_family = "wasm", feature = "page"))]
pub mod files;
#[cfg(all(target_family = "wasm", feature = "page"))]
pub mod pool;
#[cfg(all(target_family = "wasm", feature = "page"))]
mod transport;

#[cfg(all(target_family = "wasm", feature = "engine"))]
mod scope;
#[cfg(all(target_family = "wasm", feature = "engine"))]
pub mod worker;

/// Where the page leaves the engine's port when it runs in the page itself: a property of the window.
#[cfg(all(target_family = "wasm", any(feature = "page", feature = "engine")))]
const ENGINE_PORT: &str = "hemoscopeEngine";
