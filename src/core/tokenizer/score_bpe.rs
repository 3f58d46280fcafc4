//! Merging in order of score, as SentencePiece's BPE and llama2.c do.
//!
//! A text begins as its characters. As long as any two neighbours together spell a piece, the pair whose piece has the
//! best score is merged, the leftmost one if there are ties. What is no piece in the end becomes its bytes, or the
//! unknown token where the vocabulary has no bytes. Sources: google/sentencepiece, `src/bpe_model.cc`
//! (`SampleEncode`); ggml-org/llama.cpp, `src/llama-vocab.cpp` (`llm_tokenizer_spm_session`); karpathy/llama2.c,
//! `run.c` (`encode`).

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};

use super::TokenizerError;

/// Pieces with scores.
pub(super) struct ScoreBpe {
    /// Token and score of each piece.
    pieces: HashMap<Box<str>, (u32, f32)>,
    /// The tokens of the 256 bytes.
    bytes: Option<Vec<u32>>,
    unknown: Option<u32>,
    /// Whether a character that is no piece may become part of one.
    merges_unknown: bool,
}

/// Two neighbouring stretches of a text that together spell a piece.
struct Merge {
    score: f32,
    /// Places of the two.
    left: usize,
    right: usize,
    /// Where the second one ended when the pair was found.
    end: usize,
}

impl Ord for Merge {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = self.score.total_cmp(&other.score);
        by_score.then_with(|| Reverse(self.left).cmp(&Reverse(other.left)))
    }
}

impl PartialOrd for Merge {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Merge {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Merge {}

/// A stretch of the text in the linked list of those that remain.
struct Link {
    start: usize,
    end: usize,
    previous: Option<usize>,
    next: Option<usize>,
    /// Whether it is a piece, or may become part of one.
    merges: bool,
}

impl ScoreBpe {
    /// Of two pieces with the same spelling, the first counts.
    pub(super) fn new(pieces: impl Iterator<Item = (Box<str>, u32, f32)>, merges_unknown: bool) -> Self {
        let mut all = Self {
            pieces: HashMap::new(),
            bytes: None,
            unknown: None,
            merges_unknown,
        };
        for (piece, token, score) in pieces {
            all.pieces.entry(piece).or_insert((token, score));
        }
        all
    }

    /// With tokens for what is no piece: those of the 256 bytes, or one for all.
    pub(super) fn with_fallback(self, bytes: Option<Vec<u32>>, unknown: Option<u32>) -> Self {
        Self { bytes, unknown, ..self }
    }

    /// What the pieces spell.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &str> {
        self.pieces.keys().map(AsRef::as_ref)
    }

    /// The tokens of a text.
    pub(super) fn tokens(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut tokens = Vec::new();
        let mut after_unknown = false;
        for piece in self.merged(text) {
            if let Some((token, _)) = self.pieces.get(piece) {
                tokens.push(*token);
                after_unknown = false;
                continue;
            }
            match (&self.bytes, self.unknown) {
                (Some(bytes), _) => tokens.extend(piece.bytes().filter_map(|byte| bytes.get(usize::from(byte)))),
                // SentencePiece has one token for a whole stretch of unknown characters.
                (None, Some(unknown)) => {
                    if !std::mem::replace(&mut after_unknown, true) {
                        tokens.push(unknown);
                    }
                }
                (None, None) => {
                    let problem = format!("the vocabulary has no token for {piece:?} and none for unknown characters");
                    return Err(TokenizerError::Encode { problem });
                }
            }
        }
        Ok(tokens)
    }

    /// The stretches that remain when nothing can be merged any more.
    fn merged<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let characters = text.char_indices().enumerate().map(|(place, (start, character))| {
            let end = start + character.len_utf8();
            Link {
                start,
                end,
                previous: place.checked_sub(1),
                next: (end < text.len()).then_some(place + 1),
                merges: self.merges_unknown || text.get(start..end).is_some_and(|it| self.pieces.contains_key(it)),
            }
        });
        let mut chain: Vec<Link> = characters.collect();
        let mut heap: BinaryHeap<Merge> = (0..chain.len())
            .filter_map(|left| self.candidate(text, &chain, left))
            .collect();
        while let Some(Merge { left, right, end, .. }) = heap.pop() {
            if chain[left].next != Some(right) || chain[right].end != end {
                continue;
            }
            chain[left].end = end;
            chain[left].next = chain[right].next;
            // The merged link must not match a candidate that is still in the heap.
            chain[right].next = None;
            if let Some(after) = chain[left].next {
                chain[after].previous = Some(left);
                heap.extend(self.candidate(text, &chain, left));
            }
            if let Some(before) = chain[left].previous {
                heap.extend(self.candidate(text, &chain, before));
            }
        }
        let first = chain.first();
        let links = std::iter::successors(first, |link| link.next.and_then(|place| chain.get(place)));
        links.filter_map(|link| text.get(link.start..link.end)).collect()
    }

    /// The merge of the stretch at `left` with the next one, if together they spell a piece.
    fn candidate(&self, text: &str, chain: &[Link], left: usize) -> Option<Merge> {
        let right = chain[left].next?;
        let (first, second) = (&chain[left], &chain[right]);
        let (_, score) = self.pieces.get(text.get(first.start..second.end)?)?;
        (first.merges && second.merges).then_some(Merge {
            score: *score,
            left,
            right,
            end: second.end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces with their scores, numbered from 256 on; the bytes come before.
    fn merging(pieces: &[(&str, f32)], merges_unknown: bool) -> ScoreBpe {
        let pieces = pieces
            .iter()
            .zip(256..)
            .map(|((piece, score), id)| ((*piece).into(), id, *score));
        ScoreBpe::new(pieces, merges_unknown).with_fallback(Some((0..256).collect()), None)
    }

    /// The definition: look at all pairs, merge the first of the best ones, start over.
    fn by_the_book<'a>(merging: &ScoreBpe, text: &'a str) -> Vec<&'a str> {
        let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        loop {
            let mut best: Option<(f32, usize)> = None;
            for place in 1..ends.len().saturating_sub(1) {
                if let Some((_, score)) = merging.pieces.get(&text[ends[place - 1]..ends[place + 1]])
                    && best.is_none_or(|(best, _)| *score > best)
                {
                    best = Some((*score, place));
                }
            }
            let Some((_, place)) = best else { break };
            ends.remove(place);
        }
        ends.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
    }

    #[test]
    fn worked_example() {
        // " " + "a" would do as well, but "ab" has the better score; then "abb".
        let pieces = [
            (" ", -1.0),
            ("a", -2.0),
            ("b", -3.0),
            ("ab", -4.0),
            (" a", -5.0),
            ("abb", -6.0),
        ];
        let merging = merging(&pieces, true);
        assert_eq!(merging.merged(" abb"), [" ", "abb"]);
        assert_eq!(merging.merged(" aab"), [" a", "ab"]);
        assert_eq!(merging.tokens(" aab").unwrap(), [260, 259]);
        assert!(merging.tokens("").unwrap().is_empty());
        // é is not a piece: its bytes are C3 A9.
        assert_eq!(merging.tokens("é").unwrap(), [0xC3, 0xA9]);
    }

    #[test]
    fn characters_that_are_no_pieces_merge_in_sentencepiece_but_not_in_llama2c() {
        let pieces = [("b", 0.0), ("ab", 0.0)];
        assert_eq!(merging(&pieces, true).tokens("ab").unwrap(), [257]);
        assert_eq!(merging(&pieces, false).tokens("ab").unwrap(), [u32::from(b'a'), 256]);
    }

    #[test]
    fn unknown_characters_without_bytes_are_one_token_or_an_error() {
        let with = |unknown| ScoreBpe::new([("a".into(), 1, 0.0)].into_iter(), true).with_fallback(None, unknown);
        assert_eq!(with(Some(0)).tokens("axya").unwrap(), [1, 0, 1]);
        let error = with(None).tokens("axy").unwrap_err().to_string();
        assert!(error.contains("no token for \"x\""), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn merges_like_the_plain_loop(text in "[ab é]{0,24}") {
            let pieces = [
                (" ", 0.0), ("a", 0.0), ("b", 0.0), ("ab", -1.0), ("ba", -1.0), ("aa", -2.0), (" a", -1.0),
                ("aba", -0.5), ("abab", -3.0), ("bb", -4.0), ("b ", -4.0), ("éa", -0.2),
            ];
            let merging = merging(&pieces, true);
            proptest::prop_assert_eq!(merging.merged(&text), by_the_book(&merging, &text));
        }
    }
}
