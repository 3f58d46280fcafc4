//! Where a curve breaks: the crossing of a perplexity ratio, and the bend between two straight segments.

pub mod crossing;
mod interpolate;
mod sample;
pub mod segments;

/// Fewer measured points than this say nothing about a threshold: a line through two points always crosses something.
pub const FEWEST_POINTS: usize = 3;

pub use crossing::{Crossing, bounds, crossing};
pub use sample::{Sample, around, errors_are_known, samples};
pub use segments::{Segments, segments};
