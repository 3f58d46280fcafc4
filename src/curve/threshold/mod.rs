//! Where a curve breaks: the crossing of a perplexity ratio, and the bend of two straight segments.

pub mod crossing;
mod interpolate;
mod sample;
pub mod segments;

pub use crossing::{Crossing, crossing};
pub use sample::{Sample, samples};
pub use segments::{Segments, segments};
