//! Where a curve breaks: the crossing of a perplexity ratio, and the bend of two straight segments.

pub mod crossing;
mod interpolate;
mod sample;
pub mod segments;

/// Fewer measured points than this say nothing about a threshold: a line between two points crosses something always.
pub const FEWEST_POINTS: usize = 3;

pub use crossing::{Crossing, bounds, crossing};
pub use sample::{Sample, around, samples};
pub use segments::{Segments, segments};
