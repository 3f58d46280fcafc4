//! The page: what it knows ([`state`]), what it says ([`words`]), and how it looks (`page`, browser only).
//!
//! State is a fold of the engine's events and of what the reader does. It knows neither Leptos nor the browser, so that
//! it is tested natively.

pub mod controls;
pub mod face;
pub mod limits;
pub mod picture;
pub mod reading;
pub mod state;
#[cfg(test)]
mod testing;
pub mod words;

#[cfg(all(target_family = "wasm", feature = "page"))]
pub mod page;
