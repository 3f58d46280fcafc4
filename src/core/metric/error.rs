//! What can go wrong when measures are computed.

/// Scores could not be turned into measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// The four lists of [`super::TokenScores`] don't belong together.
    #[error(
        "a window came back with {base} scores of the untouched model and {modified} of the modified one, {kld} \
             divergences and {same_top} comparisons; run it again, and report it if it stays"
    )]
    Lengths {
        /// Entries of `nll_base`.
        base: usize,
        /// Entries of `nll_modified`.
        modified: usize,
        /// Entries of `kld`.
        kld: usize,
        /// Entries of `same_top`.
        same_top: usize,
    },
    /// Two rows of logits can't be compared.
    #[error(
        "token {target} can't be scored against {base} and {modified} logits; the two models' vocabularies must be \
             equal and hold it"
    )]
    Row {
        /// Logits of the untouched model.
        base: usize,
        /// Logits of the modified model.
        modified: usize,
        /// The true next token.
        target: usize,
    },
    /// Nothing was scored.
    #[error("no token was scored; measure at least one window of two tokens")]
    Empty,
}
