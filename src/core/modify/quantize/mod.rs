//! Quantization: weights rounded to few values.

pub mod activations;
pub mod rtn;

use super::catalogue::{Kind, Unit};

/// The knob of every method that rounds to evenly spaced values.
const BITS: Kind = Kind::Number {
    min: 2.0,
    max: 8.0,
    whole: true,
    default: None,
    sweep: (8.0, 2.0, 7),
    unit: Unit::Bits,
};
