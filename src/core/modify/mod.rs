//! Modifications: what can be done to a model's weights, and the one grammar that names it.
//!
//! Adding a method: one file under [`prune`], [`quantize`] or [`depth`], one entry in [`catalogue::ALL`].

pub mod catalogue;
pub mod depth;
mod error;
pub mod knob;
mod method;
mod modified;
mod parse;
pub mod prune;
pub mod quantize;
pub mod spec;
mod step;
#[cfg(test)]
mod testing;

pub use error::ModifyError;
pub use method::{InputNorms, Matrix, Method, Needs, Survey};
pub use modified::Modified;
pub use parse::MOST_POINTS;
pub use spec::{Spec, SpecError, Sweep, Varied};
pub use step::{Step, Value};
