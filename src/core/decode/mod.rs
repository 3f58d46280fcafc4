//! Choosing the next token from a row of logits. One file per strategy; all work on slices.

pub mod greedy;
pub mod temperature;
mod uniforms;
mod written;

pub use uniforms::Uniforms;
pub use written::{StoredTexts, Written, WrittenAt};
