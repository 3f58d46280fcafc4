//! Choosing the next token from a row of logits. One file per strategy; each works on slices.

mod continuations;
pub mod greedy;
pub mod temperature;
mod uniforms;

pub use continuations::{Continuation, Continuations, StoredTexts};
pub use uniforms::Uniforms;
