//! The page: what it knows ([`state`]), the work behind its buttons (`work`), what it shows (`shell`, `views`,
//! `parts`), and its interface to the browser ([`doors`]).
//!
//! State is a fold over the engine's events and the user's actions. It knows neither Leptos nor the browser, so that it
//! can be tested natively.

mod app;
pub mod doors;
pub mod limits;
mod parts;
mod shell;
pub mod state;
#[cfg(test)]
mod testing;
mod views;
mod work;

pub use app::start;
