//! The scores of all windows so far, and the measures they give.

use super::divergence::divergence;
use super::hemorrhage::hemorrhage;
use super::perplexity::perplexity;
use super::same_top::same_top;
use super::{Hemorrhage, MetricError, Stats, TokenScores};

/// Collects the scores of windows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    scores: TokenScores,
}

/// The measures of both models on the same tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// The untouched model: no divergence, same top everywhere.
    pub base: Stats,
    /// The modified model.
    pub modified: Stats,
    /// The loss between them.
    pub hemorrhage: Hemorrhage,
}

impl Tally {
    /// Adds a window.
    ///
    /// # Errors
    /// [`MetricError::Lengths`]; then nothing is added.
    pub fn append(&mut self, window: &TokenScores) -> Result<(), MetricError> {
        let (base, modified) = (window.nll_base.len(), window.nll_modified.len());
        let (kld, same_top) = (window.kld.len(), window.same_top.len());
        if modified != base || kld != base || same_top != base {
            return Err(MetricError::Lengths {
                base,
                modified,
                kld,
                same_top,
            });
        }
        self.scores.nll_base.extend_from_slice(&window.nll_base);
        self.scores.nll_modified.extend_from_slice(&window.nll_modified);
        self.scores.kld.extend_from_slice(&window.kld);
        self.scores.same_top.extend_from_slice(&window.same_top);
        Ok(())
    }

    /// Tokens scored so far.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.scores.nll_base.len()
    }

    /// The measures of everything so far.
    ///
    /// # Errors
    /// [`MetricError::Empty`].
    pub fn summary(&self) -> Result<Summary, MetricError> {
        let TokenScores {
            nll_base,
            nll_modified,
            kld,
            same_top: same,
        } = &self.scores;
        if nll_base.is_empty() {
            return Err(MetricError::Empty);
        }
        let of = divergence(kld);
        let modified = perplexity(nll_modified);
        Ok(Summary {
            base: base_stats(nll_base),
            modified: Stats {
                ppl: modified.ppl,
                nll: modified.nll,
                nll_se: modified.nll_se,
                kld_mean: of.mean,
                kld_median: of.median,
                kld_p99: of.p99,
                same_top: same_top(same),
                tokens: nll_modified.len(),
            },
            hemorrhage: hemorrhage(nll_base, nll_modified),
        })
    }
}

/// The measures of the untouched model against itself.
#[must_use]
pub fn base_stats(nll: &[f32]) -> Stats {
    let of = perplexity(nll);
    Stats {
        ppl: of.ppl,
        nll: of.nll,
        nll_se: of.nll_se,
        kld_mean: 0.0,
        kld_median: 0.0,
        kld_p99: 0.0,
        same_top: 1.0,
        tokens: nll.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(nll: &[(f32, f32)]) -> TokenScores {
        TokenScores {
            nll_base: nll.iter().map(|pair| pair.0).collect(),
            nll_modified: nll.iter().map(|pair| pair.1).collect(),
            kld: nll.iter().map(|pair| pair.1 - pair.0).collect(),
            same_top: nll.iter().map(|pair| pair.0 == pair.1).collect(),
        }
    }

    #[test]
    fn windows_add_up() {
        let mut tally = Tally::default();
        assert_eq!(tally.summary(), Err(MetricError::Empty));
        tally.append(&window(&[(1.0, 1.0), (2.0, 3.0)])).unwrap();
        tally.append(&window(&[(3.0, 3.0), (2.0, 3.0)])).unwrap();
        let summary = tally.summary().unwrap();
        assert_eq!(tally.tokens(), 4);
        assert!((summary.base.ppl - 7.389_056).abs() < 1e-6);
        assert_eq!((summary.base.same_top, summary.base.kld_mean), (1.0, 0.0));
        assert_eq!(summary.modified.nll, 2.5);
        assert_eq!((summary.modified.same_top, summary.modified.kld_mean), (0.5, 0.5));
        assert_eq!(summary.hemorrhage.ln_ratio, 0.5);
        assert_eq!((summary.base.tokens, summary.modified.tokens), (4, 4));
    }

    #[test]
    fn a_torn_window_is_refused() {
        let mut torn = window(&[(1.0, 1.0)]);
        torn.kld.clear();
        let mut tally = Tally::default();
        assert!(matches!(tally.append(&torn), Err(MetricError::Lengths { kld: 0, .. })));
        assert_eq!(tally.tokens(), 0);
    }

    #[test]
    fn measures_that_are_not_numbers_survive_json() {
        let mut tally = Tally::default();
        tally.append(&window(&[(1.0, f32::NAN), (1.0, 2.0)])).unwrap();
        let stats = tally.summary().unwrap().modified;
        let json = serde_json::to_string(&stats).unwrap();
        let back = serde_json::from_str::<Stats>(&json).unwrap();
        assert!(back.ppl.is_nan() && back.tokens == 2, "{json}");
    }
}
