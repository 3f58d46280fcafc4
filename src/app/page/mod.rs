//! The page in the browser: Leptos components and the work that they start.

mod chart;
mod context;
mod damage;
mod download;
mod erase;
mod fields;
mod header;
mod kept;
mod measure;
mod messages;
mod model;
mod result;
mod run_bar;
mod start;
mod table;
mod work;
mod writing;

pub use start::start;
