//! From text to tokens, step by step, and only as far into the text as needed.
//!
//! The steps are those of `Tokenizer::encode` of the `tokenizers` crate: added tokens are taken out, the rest is
//! normalised, cut into words, and merged. They run on one stretch of the text after another, from one certain cut
//! ([`Cuts`]) to the next; if a stretch has none, a longer one is tried, up to all that is left. So the tokens are those
//! of the whole text, whatever the tokenizer.

use tokenizers::{Encoding, Model, ModelWrapper, OffsetType, PreTokenizedString, PreTokenizer, Token, Tokenizer};

use super::TokenizerError;
use super::cuts::{Cut, Cuts, Unprefixed};
use super::score_bpe::ScoreBpe;

/// The crate needs about 130 bytes of memory for each byte that is encoded at a time.
const STRETCH_BYTES: usize = 1 << 13;

/// Encodes texts.
pub(super) struct Pipeline {
    tokenizer: Box<Tokenizer>,
    /// What merges instead of the tokenizer's own model.
    scores: Option<ScoreBpe>,
    /// Where texts can be cut.
    cuts: Option<Cuts>,
    /// The steps for a text that goes on, if they are others.
    unprefixed: Option<Unprefixed>,
    before: Vec<u32>,
    after: Vec<u32>,
    /// Bytes of text that are encoded at a time.
    stretch: usize,
}

/// Stands for a text's tokens in what the post-processor makes of them.
const TEXT: u32 = u32::MAX;

impl Pipeline {
    /// What a tokenizer does; what it puts before and after a text's tokens is part of it.
    ///
    /// # Errors
    /// If its template repeats or leaves out the text.
    pub(super) fn new(tokenizer: Tokenizer) -> Result<Self, TokenizerError> {
        let text = Encoding::from_tokens(vec![Token::new(TEXT, String::new(), (0, 0))], 0);
        let around = tokenizer
            .post_process(text, None, true)
            .map_err(|error| encode(&error))?;
        let mut parts = around.get_ids().split(|id| *id == TEXT);
        let (Some(before), Some(after), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(TokenizerError::Invalid {
                what: "tokenizer.json".to_owned(),
                problem: "its template doesn't have the text exactly once".to_owned(),
            });
        };
        let (before, after) = (before.to_vec(), after.to_vec());
        Ok(Self::assemble(tokenizer, None).between(before, after))
    }

    /// Pieces with scores in place of the tokenizer's model, which only holds the added tokens.
    pub(super) fn with_scores(tokenizer: Tokenizer, scores: ScoreBpe) -> Self {
        Self::assemble(tokenizer, Some(scores))
    }

    fn assemble(tokenizer: Tokenizer, scores: Option<ScoreBpe>) -> Self {
        let mut cuts = Cuts::new(&tokenizer, scores.as_ref());
        let mut unprefixed = None;
        if cuts.as_ref().is_some_and(Cuts::prefixes) {
            unprefixed = Unprefixed::of(tokenizer.get_normalizer(), tokenizer.get_pre_tokenizer());
            cuts = cuts.filter(|_| unprefixed.is_some());
        }
        Self {
            tokenizer: Box::new(tokenizer),
            scores,
            cuts,
            unprefixed,
            before: Vec::new(),
            after: Vec::new(),
            stretch: STRETCH_BYTES,
        }
    }

    /// With these tokens before and after those of every text.
    pub(super) fn between(self, before: Vec<u32>, after: Vec<u32>) -> Self {
        Self { before, after, ..self }
    }

    /// What comes before and after every text's tokens.
    pub(super) fn around(&self) -> impl Iterator<Item = u32> {
        self.before.iter().chain(&self.after).copied()
    }

    /// The first `count` tokens of a text.
    pub(super) fn encode_first(&self, text: &str, count: usize) -> Result<Vec<u32>, TokenizerError> {
        let mut tokens = self.before.clone();
        let (mut rest, mut bytes, mut begins) = (text, self.stretch, true);
        while !rest.is_empty() && tokens.len() < count {
            let stretch = &rest[..rest.floor_char_boundary(bytes)];
            let cut = self.cut(stretch, begins, stretch.len() == rest.len());
            if cut.is_none() && stretch.len() < rest.len() {
                bytes = bytes.saturating_mul(2);
                continue;
            }
            let cut = cut.unwrap_or(Cut {
                at: rest.len(),
                before_added: false,
            });
            let (stretch, after) = rest.split_at(cut.at);
            self.encode(stretch, begins, &mut tokens)?;
            (rest, bytes, begins) = (after, self.stretch, cut.before_added);
        }
        if rest.is_empty() {
            tokens.extend(&self.after);
        }
        tokens.truncate(count);
        Ok(tokens)
    }

    /// The last cut of a stretch of text.
    fn cut(&self, stretch: &str, begins: bool, is_end: bool) -> Option<Cut> {
        let cuts = self.cuts.as_ref()?;
        // The end needs no cut, except where the steps differ before and after an added token.
        if is_end && (begins || !cuts.prefixes()) {
            return None;
        }
        let cut = cuts.last(stretch, self.split(stretch, begins), begins, is_end);
        cut.filter(|cut| !is_end || cut.before_added)
    }

    /// Added tokens and normalised text.
    fn split(&self, stretch: &str, begins: bool) -> PreTokenizedString {
        let normalizer = match &self.unprefixed {
            Some(unprefixed) if !begins => unprefixed.normalizer.as_ref(),
            _ => self.tokenizer.get_normalizer(),
        };
        self.tokenizer
            .get_added_vocabulary()
            .extract_and_normalize(normalizer, stretch)
    }

    fn encode(&self, stretch: &str, begins: bool, tokens: &mut Vec<u32>) -> Result<(), TokenizerError> {
        let mut split = self.split(stretch, begins);
        let pre_tokenizer = match &self.unprefixed {
            Some(unprefixed) if !begins => unprefixed.pre_tokenizer.as_ref(),
            _ => self.tokenizer.get_pre_tokenizer(),
        };
        if let Some(pre_tokenizer) = pre_tokenizer {
            pre_tokenizer.pre_tokenize(&mut split).map_err(|error| encode(&error))?;
        }
        let model: &ModelWrapper = self.tokenizer.get_model();
        let merged = split.tokenize(|word| match &self.scores {
            None => model.tokenize(word.get()),
            Some(scores) => {
                let tokens = scores.tokens(word.get())?.into_iter();
                Ok(tokens.map(|id| Token::new(id, String::new(), (0, 0))).collect())
            }
        });
        merged.map_err(|error| encode(&error))?;
        let encoding = split
            .into_encoding(None, 0, OffsetType::None)
            .map_err(|error| encode(&error))?;
        tokens.extend_from_slice(encoding.get_ids());
        Ok(())
    }
}

fn encode(error: &tokenizers::Error) -> TokenizerError {
    TokenizerError::Encode {
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
