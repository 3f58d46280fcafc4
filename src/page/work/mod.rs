//! The work behind the buttons: engine, model and text are made ready, jobs run, and their events are folded into the
//! state.

mod curves;
mod engine;
mod look;
mod model;
pub(crate) mod own;
mod page;
mod tasks;
mod text;

pub(crate) use model::hub;
pub(crate) use page::Page;
