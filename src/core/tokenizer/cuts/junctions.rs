//! Where merging certainly doesn't join two neighbouring characters.
//!
//! Merging joins neighbours only into tokens of the vocabulary, and a token spells what it was joined from. Where no
//! token has these two characters side by side, nothing is ever joined across, and since a merge depends on nothing but
//! the two tokens that it joins, each side is merged as if it were alone.

use std::collections::HashSet;

/// The characters of a vocabulary, and which of them stand side by side.
pub(super) struct Junctions {
    characters: HashSet<char>,
    pairs: HashSet<(char, char)>,
}

impl Junctions {
    pub(super) fn new<'a>(tokens: impl Iterator<Item = &'a str>) -> Self {
        let (mut characters, mut pairs) = (HashSet::new(), HashSet::new());
        for token in tokens {
            let mut rest = token.chars();
            let Some(mut left) = rest.next() else { continue };
            if rest.as_str().is_empty() {
                characters.insert(left);
            }
            for right in rest {
                pairs.insert((left, right));
                left = right;
            }
        }
        Self { characters, pairs }
    }

    /// The last position that nothing is merged across, among those that are `allowed`. Characters that are no token
    /// become others, their bytes, so both must be tokens.
    pub(super) fn last(&self, text: &str, allowed: impl Fn(usize) -> bool) -> Option<usize> {
        let mut later: Option<(usize, char)> = None;
        for (at, left) in text.char_indices().rev() {
            if let Some((cut, right)) = later.replace((at, left))
                && allowed(cut)
                && self.characters.contains(&left)
                && self.characters.contains(&right)
                && !self.pairs.contains(&(left, right))
            {
                return Some(cut);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_characters_that_no_token_has_side_by_side_are_cut() {
        let junctions = Junctions::new(["▁", "a", "b", "▁a", "ab"].into_iter());
        let last = |text: &str| junctions.last(text, |_| true);
        assert_eq!(last("ab▁ab"), Some(2));
        assert_eq!(last("▁ab"), None);
        assert_eq!(last("ba"), Some(1));
        // c is no token: its bytes might be joined with others.
        assert_eq!(last("bcb"), None);
        assert_eq!(junctions.last("ab▁ab▁ab", |at| at < 5), Some(2));
    }
}
