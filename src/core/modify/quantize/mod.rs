//! Quantization: weights rounded to few values.

pub mod rtn;
