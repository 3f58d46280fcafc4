//! Quantization: weights rounded to few values.

pub mod activations;
pub mod rtn;
