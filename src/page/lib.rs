//! The page: what it knows ([`state`]), what it says ([`face`]), how it looks (`ui`), and the browser behind it ([`doors`]).
//!
//! State is a fold of the engine's events and of what the reader does. It knows neither Leptos nor the browser, so that
//! it is tested natively.

pub mod doors;
pub mod face;
pub mod limits;
pub mod picture;
pub mod reading;
pub mod state;
#[cfg(test)]
mod testing;
pub mod ui;
