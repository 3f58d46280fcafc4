//! What a measurement reads while both models run: one file a probe. Probes observe; hooks change.

mod residual;

pub(super) use residual::{Pair, Residual};
