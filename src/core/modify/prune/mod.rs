//! Pruning: weights set to zero.

pub mod magnitude;
mod mask;
pub mod random;
pub mod wanda;

use super::catalogue::{Kind, Parameter, Unit};

/// The knob of every method that takes a sparsity.
const SPARSITY: Parameter = Parameter {
    key: "sparsity",
    label: "share of weights set to zero",
    term: "sparsity",
    kind: Kind::Number {
        min: 0.0,
        max: 1.0,
        whole: false,
        default: None,
        sweep: (0.0, 0.8, 9),
        unit: Unit::Share,
    },
};
