//! Where a text can be cut without changing its tokens.
//!
//! Tokens are made in steps: tokens that are spelled in the text are taken out, the rest is normalised, cut into words,
//! and each word is merged into tokens. A position is a cut if every step does on either side of it what it does in the
//! whole text:
//!
//! - no added token contains it, and none takes its white space across it;
//! - normalising composes nothing across it;
//! - one of the steps that cut into words cuts there, and none of them looks across ([`pattern`]); or, where texts are
//!   not cut into words, nothing is merged across ([`junctions`]).
//!
//! What the file says is read from its JSON form, the same for every kind of tokenizer. Steps that are not known here
//! allow no cuts; such a text is encoded as a whole.

mod junctions;
mod pattern;
mod steps;

use std::collections::HashSet;

use tokenizers::normalizer::Range;
use tokenizers::{
    ModelWrapper, NormalizedString, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer,
    PreTokenizerWrapper, Tokenizer,
};

use super::score_bpe::ScoreBpe;
use junctions::Junctions;
use pattern::Pattern;
pub(super) use steps::GPT2_WORDS;
pub(super) use steps::Unprefixed;
use steps::{Normalising, Words};

/// Finds cuts for one tokenizer.
pub(super) struct Cuts {
    added: Added,
    normalising: Normalising,
    cutting: Cutting,
    /// Whether the beginning of a text, or of what follows an added token, gets a space in front.
    prefixes: bool,
    /// How many bytes at the end of a text are searched before all of it is.
    pub(super) tail: usize,
}

/// What the last step but merging does.
enum Cutting {
    Words {
        cut: Box<PreTokenizerWrapper>,
        patterns: Vec<Pattern>,
        prefix: &'static str,
    },
    Merging {
        junctions: Junctions,
        meta: Option<char>,
    },
}

/// What cuts need to know about the tokens that are taken out of a text first.
struct Added {
    /// Bytes of the longest one.
    longest: usize,
    /// Those that are matched before the text is normalised.
    before_normalising: HashSet<u32>,
    take_space_before: bool,
}

/// A position to cut at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) at: usize,
    /// Whether an added token comes next.
    pub(super) before_added: bool,
}

/// Normalising makes at most this many bytes out of one, or one out of this many: a character of four bytes may become
/// one of one byte, and four characters one.
const NORMALISED_RATIO: usize = 16;

impl Cuts {
    /// `None` if texts must be encoded as a whole.
    pub(super) fn new(tokenizer: &Tokenizer, scores: Option<&ScoreBpe>) -> Option<Self> {
        let normalising = Normalising::of(tokenizer.get_normalizer())?;
        let words = Words::of(tokenizer.get_pre_tokenizer())?;
        let added = Added::of(tokenizer)?;
        // After a token that is matched in the normalised text, the text gets no new prefix from the normaliser, but
        // one from the step that cuts into words.
        let all_before = added.before_normalising.len() == tokenizer.get_added_vocabulary().get_vocab().len();
        if words.prefixes() && !all_before {
            return None;
        }
        let prefixes = normalising.prefixes || words.prefixes();
        let cutting = match words {
            Words::Cut { cut, patterns, prefix } => Cutting::Words { cut, patterns, prefix },
            Words::Whole { meta, .. } => Cutting::Merging {
                junctions: junctions_of(tokenizer, scores)?,
                meta,
            },
        };
        Some(Self {
            added,
            normalising,
            cutting,
            prefixes,
            tail: TAIL_BYTES,
        })
    }

    /// Whether encoding differs between the beginning of a text and a text that goes on.
    pub(super) fn prefixes(&self) -> bool {
        self.prefixes
    }

    /// The last cut of a text that goes on after its end, unless `is_end`; `split` is the text after its added tokens
    /// were taken out and the rest was normalised. Of a text that goes on from an earlier one, where the beginning of a
    /// text gets a space in front, it is the first added token's place: what follows that token begins anew.
    pub(super) fn last(&self, text: &str, mut split: PreTokenizedString, begins: bool, is_end: bool) -> Option<Cut> {
        let ratio = if self.normalising.changes { NORMALISED_RATIO } else { 1 };
        let unknown = if is_end {
            0
        } else {
            self.added.longest.saturating_mul(ratio)
        };
        let mut limit = text.len().checked_sub(unknown)?;
        // Where normalising stops and starts afresh, what comes before doesn't depend on what follows.
        while limit > 0 && !self.begins_afresh(text, limit) {
            limit -= 1;
        }
        let mut best: Option<Cut> = None;
        for (_, (start, _), tokens) in split.get_splits(OffsetReferential::Original, OffsetType::Byte) {
            let id = tokens.as_ref().and_then(|tokens| tokens.first()).map(|token| token.id);
            let is_cut =
                id.is_some_and(|id| self.added.before_normalising.contains(&id)) && (1..=limit).contains(&start);
            if is_cut {
                let before_added = true;
                best = Some(Cut {
                    at: start,
                    before_added,
                });
                if self.prefixes && !begins {
                    return best;
                }
            }
        }
        let mut inside = None;
        let searched = split.split(|_, part| {
            let (start, end) = part.offsets_original();
            if start < limit && best.is_none_or(|cut| cut.at <= start) {
                let prefixed = begins || start > 0;
                let found = self.inside(text, &part, start, limit.min(end), prefixed);
                inside = found.or(inside);
            }
            Ok(vec![part])
        });
        searched.ok()?;
        let inside = inside.map(|at| Cut {
            at,
            before_added: false,
        });
        inside.into_iter().chain(best).max_by_key(|cut| cut.at)
    }

    fn begins_afresh(&self, text: &str, at: usize) -> bool {
        text.is_char_boundary(at)
            && (!self.normalising.composes || text[at..].chars().next().is_none_or(steps::begins_afresh))
    }

    /// The last cut in one part, which begins at `start` of the text, before `limit`, in the text's positions.
    fn inside(&self, text: &str, part: &NormalizedString, start: usize, limit: usize, prefixed: bool) -> Option<usize> {
        // Where a character of the normalised text begins in the text; `None` inside of what one character became.
        let original = |normalised: usize| {
            let character = part.get().get(normalised..)?.chars().next()?;
            let range = Range::Normalized(normalised..normalised + character.len_utf8());
            let at = part.convert_offsets(range)?.start;
            let before = part.convert_offsets(Range::Original(0..at))?;
            (before.end == normalised).then_some(start + at)
        };
        let known = part.convert_offsets(Range::Original(0..limit - start))?;
        let known = part.get().get(..known.end)?;
        let allowed = |normalised: usize| {
            let Some(at) = original(normalised).filter(|at| (start + 1..limit).contains(at)) else {
                return false;
            };
            let keeps_space = !self.added.take_space_before
                || text
                    .get(..at)
                    .and_then(|before| before.chars().next_back())
                    .is_some_and(|last| !last.is_whitespace());
            keeps_space && self.begins_afresh(text, at)
        };
        let cut = match &self.cutting {
            Cutting::Words { cut, patterns, prefix } => {
                let has_prefix = known.starts_with(' ') || known.starts_with(prefix);
                let prefix = if prefixed && !has_prefix { prefix } else { "" };
                let known = format!("{prefix}{known}");
                last_word(cut, patterns, &known, self.tail, |at| {
                    at.checked_sub(prefix.len()).is_some_and(allowed)
                })? - prefix.len()
            }
            Cutting::Merging { junctions, meta: None } => junctions.last(known, allowed)?,
            Cutting::Merging {
                junctions,
                meta: Some(meta),
            } => {
                // One character for another: positions are counted in characters.
                let spelled = known.replace(' ', meta.encode_utf8(&mut [0; 4]));
                let places: Vec<usize> = known.char_indices().map(|(at, _)| at).collect();
                let back = |at: usize| spelled.get(..at).map_or(0, |before| before.chars().count());
                let cut = junctions.last(&spelled, |at| places.get(back(at)).is_some_and(|at| allowed(*at)))?;
                *places.get(back(cut))?
            }
        };
        original(cut)
    }
}

/// Bytes at the end of a text that mostly have a cut among them.
const TAIL_BYTES: usize = 512;

/// The last position where a word ends that nothing looks across; sought in the last `tail` bytes, then in all of
/// the text.
fn last_word(
    cut: &PreTokenizerWrapper,
    patterns: &[Pattern],
    text: &str,
    tail: usize,
    allowed: impl Fn(usize) -> bool,
) -> Option<usize> {
    let tail = text.ceil_char_boundary(text.len().saturating_sub(tail));
    let all = (tail > 0).then_some(0);
    [Some(tail), all]
        .into_iter()
        .flatten()
        .find_map(|from| last_word_after(cut, patterns, text, from, &allowed))
}

/// The same after `from`. Where nothing looks across, cutting into words starts afresh, so it may begin at the first such
/// position. The word after the one that is found is certain only if it ends before another such position: until there,
/// everything is as in the whole text.
fn last_word_after(
    cut: &PreTokenizerWrapper,
    patterns: &[Pattern],
    text: &str,
    from: usize,
    allowed: impl Fn(usize) -> bool,
) -> Option<usize> {
    let tail = text.get(from..)?;
    let mut clean = vec![true; tail.len()];
    for pattern in patterns {
        pattern.keep_clean(tail, from > 0, &mut clean);
    }
    let is_clean = |at: usize| tail.is_char_boundary(at) && clean.get(at) == Some(&true);
    let first = (0..tail.len()).find(|at| (from == 0 && *at == 0) || is_clean(*at))?;
    let certain = (0..tail.len()).rev().find(|at| is_clean(*at))?;
    let mut words = PreTokenizedString::from(tail.get(first..)?);
    cut.pre_tokenize(&mut words).ok()?;
    let words = words.get_splits(OffsetReferential::Original, OffsetType::Byte);
    let ends = words.into_iter().rev().flat_map(|(_, (start, end), _)| [end, start]);
    let mut ends = ends.map(|at| first + at).filter(|at| (first + 1..certain).contains(at));
    Some(from + ends.find(|at| is_clean(*at) && allowed(from + *at))?)
}

fn junctions_of(tokenizer: &Tokenizer, scores: Option<&ScoreBpe>) -> Option<Junctions> {
    if let Some(scores) = scores {
        return Some(Junctions::new(scores.spellings()));
    }
    let ModelWrapper::BPE(model) = tokenizer.get_model() else {
        return None;
    };
    let is_empty = |affix: &Option<String>| affix.as_ref().is_none_or(String::is_empty);
    let plain = is_empty(&model.continuing_subword_prefix) && is_empty(&model.end_of_word_suffix);
    plain.then(|| Junctions::new(tokenizer.get_vocab(false).keys().map(String::as_str)))
}

impl Added {
    /// `None` if a token must stand alone as a word: whether it does is seen only beyond its ends.
    fn of(tokenizer: &Tokenizer) -> Option<Self> {
        let mut all = Self {
            longest: 0,
            before_normalising: HashSet::new(),
            take_space_before: false,
        };
        for (id, token) in tokenizer.get_added_vocabulary().get_added_tokens_decoder() {
            if token.single_word {
                return None;
            }
            all.longest = all.longest.max(token.content.len());
            all.take_space_before |= token.lstrip;
            if !token.normalized {
                all.before_normalising.insert(*id);
            }
        }
        Some(all)
    }
}
