//! Modifications: what can be done to a model, and the grammar for writing it down.
//!
//! Adding a method: one file under [`prune`], [`quantize`] or [`depth`], one entry in [`catalogue::ALL`].

pub mod catalogue;
pub mod depth;
mod error;
mod hook;
pub mod knob;
mod method;
mod model;
mod parse;
pub mod prune;
pub mod quantize;
mod scope;
pub mod spec;
mod statistics;
mod step;
#[cfg(test)]
mod testing;
mod weight;

pub use error::ModifyError;
pub use hook::{Change, Hook};
pub use method::{Edit, Method, Plan, Threshold};
pub use model::{BlockWeights, ModelWeights, Tally};
pub use parse::MOST_POINTS;
pub use scope::{Scope, Span};
pub use spec::{Applied, Spec, SpecError, Sweep, Varied};
pub use statistics::{BlockStatistics, SiteValues, StatisticId, Statistics};
pub use step::{Step, Value};
pub use weight::{Form, Weight};
