//! llama2.c's tokenizer: pieces with scores, merged in order of score.
//!
//! A text begins with BOS and, unless it is empty, the piece of a space. Characters that are not pieces become their
//! UTF-8 bytes, whose tokens come right after the first three. Then, as long as any two neighbours together form a
//! piece, the pair with the best score is merged, the leftmost one if there are ties. File: the longest piece's length
//! u32, then for each piece its score f32, its length u32 and its bytes. Source: karpathy/llama2.c, `run.c`
//! (`build_tokenizer`, `encode`, `decode`).

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};

use super::TokenizerError;

/// Begins a text.
pub(super) const BOS: u32 = 1;
/// Ends a text.
pub(super) const EOS: u32 = 2;
/// Unknown, BOS and EOS come before the tokens of single bytes.
const FIRST_BYTE: u32 = 3;

/// The pieces of a tokenizer file.
pub(super) struct ScoreBpe {
    pieces: Vec<Vec<u8>>,
    scores: Vec<f32>,
    ids: HashMap<Vec<u8>, u32>,
}

/// Two neighbouring tokens that together form a piece.
struct Merge {
    score: f32,
    /// Positions of the two.
    left: usize,
    right: usize,
    /// The tokens at these positions when the pair was found.
    found: (u32, u32),
    merged: u32,
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

/// A token in the linked list of remaining tokens.
struct Link {
    token: u32,
    previous: Option<usize>,
    next: Option<usize>,
}

impl ScoreBpe {
    /// Reads a tokenizer file of `vocabulary` pieces.
    pub(super) fn read(bytes: &[u8], vocabulary: usize) -> Result<Self, TokenizerError> {
        let invalid = |problem: String| TokenizerError::Invalid {
            what: "the llama2.c tokenizer".to_owned(),
            problem,
        };
        let (_longest, mut rest) = bytes
            .split_first_chunk::<4>()
            .ok_or_else(|| invalid("the file is shorter than its header".to_owned()))?;
        let (mut pieces, mut scores, mut ids) = (Vec::new(), Vec::new(), HashMap::new());
        for id in 0..vocabulary {
            let piece = next_piece(&mut rest);
            let (score, piece) = piece.ok_or_else(|| {
                invalid(format!(
                    "the file ends in piece {id}, but the model has {vocabulary} tokens"
                ))
            })?;
            let number = u32::try_from(id).map_err(|error| invalid(error.to_string()))?;
            ids.entry(piece.to_vec()).or_insert(number);
            pieces.push(piece.to_vec());
            scores.push(score);
        }
        if !rest.is_empty() {
            let problem = format!("{} bytes follow the model's {vocabulary} tokens", rest.len());
            return Err(invalid(problem));
        }
        if vocabulary < FIRST_BYTE as usize + 256 {
            return Err(invalid(format!("{vocabulary} tokens leave no room for the 256 bytes")));
        }
        Ok(Self { pieces, scores, ids })
    }

    /// The tokens of a text, with BOS in front.
    pub(super) fn encode(&self, text: &str) -> Vec<u32> {
        let mut tokens = Vec::with_capacity(text.len() + 1);
        if !text.is_empty() {
            tokens.extend(self.ids.get(b" ".as_slice()));
        }
        let mut utf8 = [0; 4];
        for character in text.chars() {
            let bytes = character.encode_utf8(&mut utf8).as_bytes();
            match self.ids.get(bytes) {
                Some(id) => tokens.push(*id),
                None => tokens.extend(bytes.iter().map(|byte| FIRST_BYTE + u32::from(*byte))),
            }
        }
        let mut merged = vec![BOS];
        self.merge(&tokens, &mut merged);
        merged
    }

    fn merge(&self, tokens: &[u32], merged: &mut Vec<u32>) {
        let last = tokens.len().saturating_sub(1);
        let links = tokens.iter().enumerate().map(|(place, token)| Link {
            token: *token,
            previous: place.checked_sub(1),
            next: (place < last).then_some(place + 1),
        });
        let mut chain: Vec<Link> = links.collect();
        let mut heap = BinaryHeap::new();
        let mut joined = Vec::new();
        for left in 0..last {
            heap.extend(self.candidate(&chain, left, &mut joined));
        }
        while let Some(best) = heap.pop() {
            let Merge { left, right, found, .. } = best;
            let is_current = chain[left].next == Some(right) && (chain[left].token, chain[right].token) == found;
            if !is_current {
                continue;
            }
            chain[left].token = best.merged;
            chain[left].next = chain[right].next;
            // The merged link must not match a candidate that is still in the heap.
            chain[right].next = None;
            if let Some(after) = chain[left].next {
                chain[after].previous = Some(left);
                heap.extend(self.candidate(&chain, left, &mut joined));
            }
            if let Some(before) = chain[left].previous {
                heap.extend(self.candidate(&chain, before, &mut joined));
            }
        }
        let mut place = (!chain.is_empty()).then_some(0);
        while let Some(link) = place.and_then(|place| chain.get(place)) {
            merged.push(link.token);
            place = link.next;
        }
    }

    /// The merge of the token at `left` with the next one, if together they form a piece.
    fn candidate(&self, chain: &[Link], left: usize, joined: &mut Vec<u8>) -> Option<Merge> {
        let right = chain[left].next?;
        let found = (chain[left].token, chain[right].token);
        joined.clear();
        joined.extend_from_slice(self.pieces.get(found.0 as usize)?);
        joined.extend_from_slice(self.pieces.get(found.1 as usize)?);
        let merged = *self.ids.get(joined.as_slice())?;
        Some(Merge {
            score: *self.scores.get(merged as usize)?,
            left,
            right,
            found,
            merged,
        })
    }

    /// What each token adds to a text.
    pub(super) fn spelled(&self) -> Vec<Box<[u8]>> {
        let spelled = self.pieces.iter().map(|piece| match super::spelling::hex_byte(piece) {
            Some(byte) => Box::from([byte]),
            None => piece.as_slice().into(),
        });
        spelled.collect()
    }
}

/// Takes one score and piece off the front.
fn next_piece<'a>(rest: &mut &'a [u8]) -> Option<(f32, &'a [u8])> {
    let (score, after) = rest.split_first_chunk::<4>()?;
    let (length, after) = after.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (piece, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((f32::from_le_bytes(*score), piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three special tokens, 256 bytes, then these pieces with their scores.
    fn tokenizer(pieces: &[(&str, f32)]) -> ScoreBpe {
        let mut file = 9_u32.to_le_bytes().to_vec();
        let mut push = |piece: &[u8], score: f32| {
            file.extend(score.to_le_bytes());
            file.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
            file.extend(piece);
        };
        for special in ["<unk>", "\n<s>\n", "\n</s>\n"] {
            push(special.as_bytes(), 0.0);
        }
        for byte in 0..=255 {
            push(format!("<0x{byte:02X}>").as_bytes(), 0.0);
        }
        for (piece, score) in pieces {
            push(piece.as_bytes(), *score);
        }
        ScoreBpe::read(&file, 259 + pieces.len()).unwrap()
    }

    /// llama2.c's own loop: look at all pairs, merge the first of the best ones, start over.
    fn by_the_book(tokenizer: &ScoreBpe, text: &str) -> Vec<u32> {
        let mut tokens = tokenizer.encode("");
        tokens.extend(tokenizer.ids.get(b" ".as_slice()));
        for character in text.chars() {
            match tokenizer.ids.get(character.to_string().as_bytes()) {
                Some(id) => tokens.push(*id),
                None => tokens.extend(character.to_string().bytes().map(|byte| u32::from(byte) + 3)),
            }
        }
        loop {
            let mut best: Option<(f32, usize, u32)> = None;
            for place in 1..tokens.len().max(1) - 1 {
                let (left, right) = (tokens[place] as usize, tokens[place + 1] as usize);
                let joined = [tokenizer.pieces[left].as_slice(), &tokenizer.pieces[right]].concat();
                if let Some(id) = tokenizer.ids.get(&joined) {
                    let score = tokenizer.scores[*id as usize];
                    if best.is_none_or(|(best, ..)| score > best) {
                        best = Some((score, place, *id));
                    }
                }
            }
            let Some((_, place, id)) = best else { return tokens };
            tokens[place] = id;
            tokens.remove(place + 1);
        }
    }

    #[test]
    fn worked_example() {
        // ids: space 259, a 260, b 261, ab 262, " a" 263, abb 264.
        let tokenizer = tokenizer(&[
            (" ", -1.0),
            ("a", -2.0),
            ("b", -3.0),
            ("ab", -4.0),
            (" a", -5.0),
            ("abb", -6.0),
        ]);
        // " " + "a" would do as well, but "ab" has the better score; then "abb".
        assert_eq!(tokenizer.encode("abb"), [BOS, 259, 264]);
        assert_eq!(tokenizer.encode("aab"), [BOS, 263, 262]);
        assert_eq!(tokenizer.encode(""), [BOS]);
        // é is not a piece: its bytes are C3 A9.
        assert_eq!(tokenizer.encode("é"), [BOS, 259, 3 + 0xC3, 3 + 0xA9]);
        assert_eq!(tokenizer.spelled()[3 + 0xC3].as_ref(), [0xC3]);
    }

    #[test]
    fn bad_files_are_refused() {
        let message = |file: &[u8], pieces| match ScoreBpe::read(file, pieces) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        assert!(message(b"", 1).contains("shorter than its header"));
        assert!(message(&[0; 11], 1).contains("ends in piece 0"));
        assert!(message(&[0; 20], 1).contains("8 bytes follow"));
        assert!(message(&[0; 12], 1).contains("no room for the 256 bytes"));
        let mut huge = vec![0; 8];
        huge.extend(u32::MAX.to_le_bytes());
        assert!(message(&huge, 1).contains("ends in piece 0"));
    }

    proptest::proptest! {
        #[test]
        fn merges_like_the_plain_loop(text in "[ab é]{0,24}") {
            let pieces = [
                (" ", 0.0), ("a", 0.0), ("b", 0.0), ("ab", -1.0), ("ba", -1.0), ("aa", -2.0), (" a", -1.0),
                ("aba", -0.5), ("abab", -3.0), ("bb", -4.0), ("b ", -4.0),
            ];
            let tokenizer = tokenizer(&pieces);
            if !text.is_empty() {
                proptest::prop_assert_eq!(tokenizer.encode(&text), by_the_book(&tokenizer, &text));
            }
        }
    }
}
