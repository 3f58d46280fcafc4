//! The measures that the scores of some windows give.

use super::divergence::divergence;
use super::hemorrhage::hemorrhage;
use super::perplexity::perplexity;
use super::same_top::same_top;
use super::{Hemorrhage, MetricError, Stats, TokenScores};

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

impl Summary {
    /// The measures of `windows` windows of the same length.
    ///
    /// # Errors
    /// [`MetricError::Lengths`], [`MetricError::Empty`].
    pub fn of(scores: &TokenScores, windows: usize) -> Result<Self, MetricError> {
        let TokenScores {
            nll_base,
            nll_modified,
            kld,
            same_top: same,
        } = scores;
        let base = nll_base.len();
        if [nll_modified.len(), kld.len(), same.len()] != [base; 3] {
            return Err(MetricError::Lengths {
                base,
                modified: nll_modified.len(),
                kld: kld.len(),
                same_top: same.len(),
            });
        }
        if nll_base.is_empty() {
            return Err(MetricError::Empty);
        }
        let of = divergence(kld, windows);
        let modified = perplexity(nll_modified);
        let (same_top, same_top_se) = same_top(same, windows);
        Ok(Self {
            base: base_stats(nll_base),
            modified: Stats {
                ppl: modified.ppl,
                nll: modified.nll,
                nll_se: modified.nll_se,
                kld_mean: of.mean,
                kld_se: of.mean_se,
                kld_median: of.median,
                kld_p99: of.p99,
                same_top,
                same_top_se,
                tokens: nll_modified.len(),
            },
            hemorrhage: hemorrhage(nll_base, nll_modified, windows),
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
        kld_se: 0.0,
        kld_median: 0.0,
        kld_p99: 0.0,
        same_top: 1.0,
        same_top_se: 0.0,
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
        let scores = window(&[(1.0, 1.0), (2.0, 3.0), (3.0, 3.0), (2.0, 3.0)]);
        let summary = Summary::of(&scores, 2).unwrap();
        assert!((summary.base.ppl - 7.389_056).abs() < 1e-6);
        assert_eq!((summary.base.same_top, summary.base.kld_mean), (1.0, 0.0));
        assert_eq!(summary.modified.nll, 2.5);
        assert_eq!((summary.modified.same_top, summary.modified.kld_mean), (0.5, 0.5));
        // Both windows have the same means.
        assert_eq!((summary.modified.same_top_se, summary.modified.kld_se), (0.0, 0.0));
        assert_eq!(
            (summary.hemorrhage.ln_ratio, summary.hemorrhage.ln_ratio_se),
            (0.5, 0.0)
        );
        assert_eq!((summary.base.tokens, summary.modified.tokens), (4, 4));
    }

    #[test]
    fn one_window_tells_no_error() {
        let summary = Summary::of(&window(&[(1.0, 1.0), (2.0, 3.0)]), 1).unwrap();
        assert_eq!(summary.hemorrhage.ln_ratio, 0.5);
        let errors = [
            summary.hemorrhage.ln_ratio_se,
            summary.modified.kld_se,
            summary.modified.same_top_se,
        ];
        assert!(errors.iter().all(|error| error.is_nan()));
        assert!(Summary::of(&window(&[(1.0, 1.5)]), 1).unwrap().modified.nll_se.is_nan());
    }

    #[test]
    fn torn_and_empty_scores_are_refused() {
        let mut torn = window(&[(1.0, 1.0)]);
        torn.kld.clear();
        assert!(matches!(
            Summary::of(&torn, 1),
            Err(MetricError::Lengths { kld: 0, .. })
        ));
        assert_eq!(Summary::of(&TokenScores::default(), 0), Err(MetricError::Empty));
    }

    #[test]
    fn measures_that_are_not_numbers_survive_json() {
        let scores = window(&[(1.0, f32::NAN), (1.0, 2.0)]);
        let stats = Summary::of(&scores, 2).unwrap().modified;
        let json = serde_json::to_string(&stats).unwrap();
        let back = serde_json::from_str::<Stats>(&json).unwrap();
        assert!(back.ppl.is_nan() && back.tokens == 2, "{json}");
    }
}
