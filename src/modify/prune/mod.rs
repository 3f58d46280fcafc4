//! Pruning: weights set to zero.

pub mod magnitude;
mod mask;
pub mod wanda;
