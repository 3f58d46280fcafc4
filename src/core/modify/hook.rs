//! What a method changes in the forward pass itself, besides the weights.

use crate::weights::Site;

/// A change of what flows through a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hook {
    /// Where.
    pub sites: &'static [Site],
    /// What happens there.
    pub change: Change,
}

/// What happens to the activations at a site, `[tokens, channels]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Each token is rounded to whole multiples of its own step: with `m = max_j |x_tj|`,
    /// `Δ_t = max(m / steps, smallest)` and `x̂ = Δ_t · clamp(round(x / Δ_t), ±steps)`, half to even. Each token is
    /// rounded independently of the others.
    RoundEachToken {
        /// Steps on either side of zero.
        steps: f32,
        /// The smallest step.
        smallest: f32,
    },
}
