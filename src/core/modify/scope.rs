//! Which blocks a step edits: `blocks=2`, `blocks=2-5`, `except=0-1`, in any method that edits weights.

use super::catalogue::{Entry, Kind, Parameter};
use super::{ModifyError, SpecError, Step};

/// A span of blocks, first and last included, counted from 0.
pub type Span = (usize, usize);

/// The blocks that a step edits; all of them by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only these.
    pub only: Option<Span>,
    /// All but these.
    pub except: Option<Span>,
}

impl Scope {
    const ONLY: &str = "blocks";
    const EXCEPT: &str = "except";

    /// Its parameters in the grammar.
    pub const PARAMETERS: [Parameter; 2] = [
        Parameter {
            key: Self::ONLY,
            label: "only these blocks",
            term: "blocks",
            kind: Kind::Blocks,
        },
        Parameter {
            key: Self::EXCEPT,
            label: "all blocks but these",
            term: "except",
            kind: Kind::Blocks,
        },
    ];

    /// The scope that a step states.
    ///
    /// # Errors
    /// If a value is neither a block nor a span.
    pub fn of(entry: &Entry, step: &Step) -> Result<Self, SpecError> {
        if !entry.scoped {
            return Ok(Self::default());
        }
        Ok(Self {
            only: step.blocks(Self::ONLY)?,
            except: step.blocks(Self::EXCEPT)?,
        })
    }

    /// Whether the block at this position is edited.
    #[must_use]
    pub fn contains(&self, place: usize) -> bool {
        let within = |(first, last): Span| (first..=last).contains(&place);
        self.only.is_none_or(within) && !self.except.is_some_and(within)
    }

    /// The positions of the edited blocks in a model with `blocks` blocks.
    ///
    /// # Errors
    /// If the model lacks a named block, or no block is left to edit.
    pub fn places(&self, method: &'static str, blocks: usize) -> Result<Vec<usize>, ModifyError> {
        let misfit = |reason| Err(ModifyError::Model { method, reason });
        for (_, last) in [self.only, self.except].into_iter().flatten() {
            if last >= blocks {
                return misfit(format!(
                    "it has {blocks} blocks, counted from 0, so there is no block {last}; choose at most {}",
                    blocks.saturating_sub(1)
                ));
            }
        }
        let places = (0..blocks).filter(|&place| self.contains(place)).collect::<Vec<_>>();
        if places.is_empty() {
            return misfit("`blocks` and `except` together leave no block; choose others".to_owned());
        }
        Ok(places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_chosen_and_left_out() {
        let scope = |only, except| Scope { only, except }.places("rtn", 5);
        assert_eq!(scope(None, None).unwrap(), [0, 1, 2, 3, 4]);
        assert_eq!(scope(Some((1, 3)), None).unwrap(), [1, 2, 3]);
        assert_eq!(scope(None, Some((0, 1))).unwrap(), [2, 3, 4]);
        assert_eq!(scope(Some((1, 3)), Some((2, 2))).unwrap(), [1, 3]);
    }

    #[test]
    fn blocks_that_do_not_exist_are_named() {
        let error = |only, except| Scope { only, except }.places("rtn", 5).unwrap_err().to_string();
        assert!(error(Some((2, 5)), None).contains("no block 5; choose at most 4"));
        assert!(error(None, Some((9, 9))).contains("no block 9"));
        assert!(error(Some((1, 1)), Some((0, 2))).contains("leave no block"));
    }
}
