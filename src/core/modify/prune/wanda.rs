//! Wanda: weights pruned by magnitude times the norm of their input.
//!
//! Score `S_ij = |W_ij| · ‖X_j‖₂` with `‖X_j‖₂ = √(Σ_t x_tj²)` over the calibration tokens. Comparison group: each
//! output row, in which the `⌊sparsity · columns⌋` lowest scores are pruned; or, with a pattern `N:M`, each aligned
//! group of `M` inputs of a row, in which exactly `N` are pruned. Ties go to the lower column; kept weights are
//! unchanged.
//!
//! Source: Sun et al. 2023, `prune_wanda` of locuslab/wanda.

use std::sync::Arc;

use super::super::catalogue::{Citation, Entry, Family, Kind, Parameter};
use super::super::{
    BlockStatistics, BlockWeights, Edit, Method, ModifyError, Plan, SpecError, StatisticId, Step, Weight,
};
use super::{SPARSITY, mask};
use crate::numeric::share_of;

const NAME: &str = "wanda";

/// Its entry in the catalogue.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "Wanda pruning",
    family: Family::Pruning,
    what: "Sets to zero the weights that add little: small ones, and ones whose input is small. How large inputs are \
           is measured by reading a short calibration text first.",
    why: "A text unlike the calibration text may need the very weights that are gone, and nothing makes up for them.",
    formula: "score = |W| · ‖X‖₂, X: the weight's input over the calibration text; in each output row of n weights the \
              ⌊sparsity · n⌋ smallest become 0",
    source: Citation {
        authors: "Sun et al.",
        title: "A Simple and Effective Pruning Approach for Large Language Models",
        year: 2023,
        url: "https://arxiv.org/abs/2306.11695",
    },
    parameters: &[
        SPARSITY,
        Parameter {
            key: "pattern",
            label: "a fixed number of zeros in every few inputs, which hardware can skip",
            term: "N:M sparsity",
            kind: Kind::Pattern {
                options: &["1:4", "2:4", "3:4", "2:8", "4:8", "6:8"],
            },
        },
    ],
    scoped: true,
    calibrated: true,
    build,
};

/// How many weights of a row are pruned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A share of each row.
    Sparsity(f64),
    /// `zeros` in each aligned group of `group` inputs.
    Pattern {
        /// N.
        zeros: usize,
        /// M.
        group: usize,
    },
}

/// Wanda pruning by one amount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanda {
    /// How many weights of a row are pruned.
    pub amount: Amount,
}

fn build(step: &Step) -> Result<Arc<dyn Method>, SpecError> {
    let amount = match step.pattern("pattern")? {
        Some((zeros, group)) => Amount::Pattern { zeros, group },
        None => Amount::Sparsity(step.number("sparsity")?),
    };
    Ok(Arc::new(Wanda { amount }))
}

impl Method for Wanda {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_identity(&self) -> bool {
        self.amount == Amount::Sparsity(0.0)
    }

    fn needs(&self) -> &'static [StatisticId] {
        &[StatisticId::InputSquares]
    }
}

impl Edit for Wanda {
    fn edit_block(
        &self,
        block: &mut BlockWeights,
        _plan: &Plan,
        statistics: &BlockStatistics,
    ) -> Result<(), ModifyError> {
        block.edit_linears(|weight| self.prune(weight, statistics))
    }
}

impl Wanda {
    fn prune(self, weight: &mut Weight, statistics: &BlockStatistics) -> Result<(), ModifyError> {
        let (id, columns) = (weight.id, weight.columns);
        let inapplicable = |reason| ModifyError::Inapplicable {
            method: NAME,
            id,
            reason,
        };
        let squared = id
            .role
            .site()
            .and_then(|site| statistics.at(StatisticId::InputSquares, site))
            .ok_or(ModifyError::Uncalibrated { method: NAME, id })?;
        if squared.len() != columns {
            let channels = squared.len();
            return Err(inapplicable(format!(
                "it has {columns} inputs, but the calibration measured {channels}; calibrate with this model"
            )));
        }
        let (count, width) = match self.amount {
            Amount::Sparsity(sparsity) => (share_of(sparsity, columns), columns),
            Amount::Pattern { zeros, group } if group > 0 && columns.is_multiple_of(group) => (zeros, group),
            Amount::Pattern { zeros, group } => {
                return Err(inapplicable(format!(
                    "the pattern {zeros}:{group} needs a number of inputs that {group} divides, and it has {columns}; \
                     choose another pattern or a sparsity"
                )));
            }
        };
        let norms = squared.iter().map(|&sum| sum.sqrt() as f32).collect::<Vec<_>>();

        let mut keys = Vec::with_capacity(columns);
        let mut scratch = Vec::with_capacity(columns);
        for (row, weights) in weight.values_mut().chunks_mut(columns.max(1)).enumerate() {
            keys.clear();
            keys.extend(weights.iter().zip(&norms).map(|(&w, &norm)| mask::key(w * norm)));
            mask::check(&keys, id, row * columns)?;
            mask::zero_smallest_of_each(width, &keys, weights, count, &mut scratch);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::modify::testing::{calibrated, gate};

    const HALF: Wanda = Wanda {
        amount: Amount::Sparsity(0.5),
    };

    fn pruned(method: Wanda, squared: &[f64], values: &[f32]) -> Result<Vec<f32>, ModifyError> {
        let mut weight = gate(squared.len(), values);
        method.prune(&mut weight, &calibrated(squared))?;
        Ok(weight.values().into_owned())
    }

    fn pattern(zeros: usize, group: usize) -> Wanda {
        Wanda {
            amount: Amount::Pattern { zeros, group },
        }
    }

    /// The worked example: scores [[2, 2, 1.5, 1.5], [.4, .1, 2, 3]].
    const W: [f32; 8] = [1.0, -2.0, 3.0, 0.5, 0.2, -0.1, 4.0, -1.0];
    const SQUARED: [f64; 4] = [4.0, 1.0, 0.25, 9.0];

    #[test]
    fn the_worked_example() {
        let out = pruned(HALF, &SQUARED, &W).unwrap();
        assert_eq!(out, [1.0, -2.0, 0.0, 0.0, 0.0, 0.0, 4.0, -1.0]);
        assert_eq!(pruned(pattern(2, 4), &SQUARED, &W).unwrap(), out);
        assert_eq!(
            pruned(pattern(1, 2), &SQUARED, &W).unwrap(),
            [0.0, -2.0, 0.0, 0.5, 0.2, 0.0, 0.0, -1.0]
        );
    }

    #[test]
    fn what_does_not_fit_says_so() {
        let error = pruned(pattern(2, 8), &SQUARED, &W).unwrap_err().to_string();
        assert!(error.contains("2:8") && error.contains("it has 4"), "{error}");
        let error = HALF.prune(&mut gate(4, &W), &BlockStatistics::default()).unwrap_err();
        assert!(matches!(error, ModifyError::Uncalibrated { .. }));
        let error = pruned(HALF, &[1.0, f64::NAN], &[1.0, 2.0, 3.0, 4.0]).unwrap_err();
        assert!(matches!(error, ModifyError::NotANumber { position: 1, .. }));
        let error = HALF.prune(&mut gate(4, &W), &calibrated(&[1.0; 3])).unwrap_err();
        assert!(matches!(error, ModifyError::Inapplicable { .. }));
    }

    proptest! {
        #[test]
        fn rows_lose_exactly_k(
            values in prop::collection::vec(prop_oneof![-4.0_f32..-0.1, 0.1_f32..4.0], 48),
            squared in prop::collection::vec(0.1_f64..9.0, 16),
            percent in 0_u32..=100,
        ) {
            let sparsity = f64::from(percent) / 100.0;
            let method = Wanda { amount: Amount::Sparsity(sparsity) };
            let out = pruned(method, &squared, &values).unwrap();
            for (before, after) in values.chunks(16).zip(out.chunks(16)) {
                prop_assert_eq!(after.iter().filter(|v| **v == 0.0).count(), share_of(sparsity, 16));
                prop_assert!(before.iter().zip(after).all(|(b, a)| a == b || *a == 0.0));
            }
            let more = Wanda { amount: Amount::Sparsity((sparsity + 0.2).min(1.0)) };
            let more = pruned(more, &squared, &values).unwrap();
            prop_assert!(out.iter().zip(&more).all(|(a, b)| *a != 0.0 || *b == 0.0));
        }

        #[test]
        fn equal_norms_mean_magnitude(
            values in prop::collection::vec(-4.0_f32..4.0, 48),
            percent in 0_u32..=100,
        ) {
            use super::super::magnitude::{Group, Magnitude};
            let sparsity = f64::from(percent) / 100.0;
            let magnitude = Magnitude { sparsity, group: Group::Row };
            let expected = crate::modify::testing::edited(&magnitude, 16, &values).unwrap();
            let method = Wanda { amount: Amount::Sparsity(sparsity) };
            prop_assert_eq!(pruned(method, &[4.0; 16], &values).unwrap(), expected);
        }

        #[test]
        fn moving_scale_between_input_and_column_changes_no_choice(
            values in prop::collection::vec(prop_oneof![-4.0_f32..-0.1, 0.1_f32..4.0], 48),
            squared in prop::collection::vec(0.1_f64..9.0, 16),
            column in 0_usize..16,
            power in -6_i32..6,
        ) {
            // Powers of two are exact, so equal scores stay equal.
            let scale = 2.0_f32.powi(power);
            let mut moved = values.clone();
            for row in moved.chunks_mut(16) {
                row[column] /= scale;
            }
            let mut larger = squared.clone();
            larger[column] *= f64::from(scale).powi(2);
            let before = pruned(HALF, &squared, &values).unwrap();
            let after = pruned(HALF, &larger, &moved).unwrap();
            prop_assert!(before.iter().zip(&after).all(|(a, b)| (*a == 0.0) == (*b == 0.0)));
        }

        #[test]
        fn a_silent_channel_goes_first(
            values in prop::collection::vec(prop_oneof![-4.0_f32..-0.1, 0.1_f32..4.0], 48),
            column in 0_usize..16,
        ) {
            let mut squared = [1.0; 16];
            squared[column] = 0.0;
            let method = Wanda { amount: Amount::Sparsity(1.0 / 16.0) };
            let out = pruned(method, &squared, &values).unwrap();
            prop_assert!(out.chunks(16).all(|row| row[column] == 0.0));
        }

        #[test]
        fn patterns_are_exact_and_cost_score(
            values in prop::collection::vec(prop_oneof![-4.0_f32..-0.1, 0.1_f32..4.0], 64),
            squared in prop::collection::vec(0.1_f64..9.0, 32),
        ) {
            let kept = |method| {
                let out = pruned(method, &squared, &values).unwrap();
                let score = out.iter().enumerate().map(|(i, w)| f64::from(w.abs()) * squared[i % 32].sqrt()).sum::<f64>();
                (out, score)
            };
            let (two, two_score) = kept(pattern(2, 4));
            let (four, four_score) = kept(pattern(4, 8));
            let (_, free_score) = kept(HALF);
            let exact = |out: &[f32], m, n| out.chunks(m).all(|g| g.iter().filter(|v| **v == 0.0).count() == n);
            prop_assert!(exact(&two, 4, 2) && exact(&two, 8, 4) && exact(&four, 8, 4));
            // Each freedom contains the one before; sums in f64 of f32-ranked scores.
            prop_assert!(four_score >= two_score - 1e-5 && free_score >= four_score - 1e-5);
        }
    }
}
