//! Depth: blocks removed or repeated.

pub mod duplicate;
pub mod layer_drop;
