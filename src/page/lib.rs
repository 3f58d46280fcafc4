//! The page: what it knows ([`state`]), what is done behind its buttons (`work`), what is seen (`shell`, `views`, `parts`), and
//! the browser behind it ([`doors`]).
//!
//! State is a fold of the engine's events and of what the reader does. It knows neither Leptos nor the browser, so that
//! it is tested natively.

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
