//! What a measurement reads while both models run: one file per probe. Probes observe; hooks change.

mod residual;

pub(super) use residual::{Pair, Residual};
