//! Text to tokens and back.
//!
//! A tokenizer comes from a tokenizer.json, from the vocabulary inside a GGUF file, or from llama2.c's file. All of them
//! are one pipeline on the `tokenizers` crate, with the same regular-expression engine on every target, so that a text
//! has the same tokens in a page and on the command line.

mod cuts;
mod error;
mod gguf;
mod json;
mod llama2c;
mod pipeline;
#[cfg(test)]
mod samples;
mod score_bpe;
mod spelling;
mod stream;
mod words;

use std::sync::Arc;

use crate::weights::formats::TokenizerSource;
pub use error::TokenizerError;
use pipeline::Pipeline;
pub use stream::StreamDecoder;

/// Turns text into a model's tokens.
pub struct Tokenizer {
    pipeline: Pipeline,
    pieces: Arc<Pieces>,
    eos: Vec<u32>,
    vocabulary_size: usize,
    /// The model's tokens are those below.
    rows: usize,
    warnings: Vec<String>,
}

/// What decoding needs from a vocabulary.
#[derive(Debug)]
struct Pieces {
    /// The bytes that each token adds to a text; special tokens as spelled.
    bytes: Vec<Box<[u8]>>,
    bos: Option<u32>,
    /// Whether encoding puts a space before every text.
    space_at_start: bool,
}

/// What is made of a source.
struct Built {
    pipeline: Pipeline,
    /// The bytes that each token adds to a text.
    spelled: Vec<Box<[u8]>>,
    /// One more than the largest id of a token.
    size: usize,
    /// The same without tokens that only stand in a text where they are spelled.
    size_without_added: usize,
    /// What lists the added tokens.
    added_key: &'static str,
    bos: Named,
    eos: Vec<u32>,
    /// What names the tokens that end a text.
    eos_key: &'static str,
    space_at_start: bool,
    warnings: Vec<String>,
}

/// A special token and what names it.
struct Named {
    id: Option<u32>,
    key: &'static str,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer")
            .field("vocabulary", &self.vocabulary_size())
            .field("bos", &self.bos())
            .field("eos", &self.eos)
            .finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// The tokenizer that a model's files describe.
    ///
    /// # Errors
    /// A kind that is not supported, or a vocabulary that contradicts itself.
    pub fn new(source: &TokenizerSource) -> Result<Self, TokenizerError> {
        Self::for_model(source, usize::MAX)
    }

    /// The same for a model of `rows` tokens, which may be more than the tokenizer has. Added tokens and special ones
    /// beyond are left out with a warning, if the tokenizer doesn't use them in every text.
    ///
    /// # Errors
    /// As [`Self::new`], and [`TokenizerError::VocabularyMismatch`] if the two don't belong together.
    pub fn for_model(source: &TokenizerSource, rows: usize) -> Result<Self, TokenizerError> {
        let built = match source {
            TokenizerSource::Json { bytes, bos, eos } => json::build(bytes, *bos, eos)?,
            TokenizerSource::Gguf(vocabulary) => gguf::build(vocabulary)?,
            TokenizerSource::Llama2c { bytes, vocabulary } => llama2c::build(bytes, *vocabulary)?,
        };
        let Built {
            mut eos, mut warnings, ..
        } = built;
        let has_row = |id: u32| (id as usize) < rows;
        let around = built.pipeline.around().map(|id| (id as usize).saturating_add(1)).max();
        let needed = built.size_without_added.max(around.unwrap_or_default());
        if needed > rows {
            return Err(TokenizerError::VocabularyMismatch {
                tokenizer: needed,
                model: rows,
            });
        }
        if built.size > rows {
            warnings.push(format!(
                "The tokenizer has {} tokens, the model only {rows}: a text that spells one of the added tokens beyond \
                 them ({}) can't be measured.",
                built.size, built.added_key
            ));
        }
        let mut leave_out = |id: u32, key: &str| {
            warnings.push(format!(
                "{key} is {id}, but the model has only {rows} tokens; the tokenizer never adds that one, so it is left out."
            ));
        };
        let bos = built.bos.id.filter(|id| has_row(*id));
        if let (None, Some(id)) = (bos, built.bos.id) {
            leave_out(id, built.bos.key);
        }
        eos.retain(|id| {
            if !has_row(*id) {
                leave_out(*id, built.eos_key);
            }
            has_row(*id)
        });
        let pieces = Pieces {
            bytes: built.spelled,
            bos,
            space_at_start: built.space_at_start,
        };
        Ok(Self {
            pipeline: built.pipeline,
            pieces: Arc::new(pieces),
            eos,
            vocabulary_size: built.size,
            rows,
            warnings,
        })
    }

    /// What had to be assumed or left out, each a sentence that names what in the file was missing or odd.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The tokens of a text. BOS comes first only where the tokenizer itself adds it. Special tokens spelled in the
    /// text, such as `<|im_start|>`, become those tokens.
    ///
    /// # Errors
    /// If the tokenizer fails on this text, or if the model lacks one of its tokens.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.encode_first(text, usize::MAX)
    }

    /// The first `count` tokens that [`Self::encode`] gives, or all of them if there are fewer. Only as much of the text
    /// is read as needed.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_first(&self, text: &str, count: usize) -> Result<Vec<u32>, TokenizerError> {
        let tokens = self.pipeline.encode_first(text, count)?;
        match tokens.iter().find(|id| **id as usize >= self.rows) {
            None => Ok(tokens),
            Some(id) => Err(TokenizerError::NoRow {
                id: *id,
                token: self.decode(&[*id]),
                last: self.rows.saturating_sub(1),
            }),
        }
    }

    /// The text of some tokens.
    #[must_use]
    pub fn decode(&self, tokens: &[u32]) -> String {
        let mut stream = self.stream();
        let mut text: String = tokens.iter().map(|token| stream.push(*token)).collect();
        text.push_str(&stream.finish());
        text
    }

    /// Decodes tokens one by one.
    #[must_use]
    pub fn stream(&self) -> StreamDecoder {
        StreamDecoder::new(Arc::clone(&self.pieces))
    }

    /// The token that begins a text, if the model has one.
    #[must_use]
    pub fn bos(&self) -> Option<u32> {
        self.pieces.bos
    }

    /// The first of the tokens that end a text, if the model has one.
    #[must_use]
    pub fn eos(&self) -> Option<u32> {
        self.eos.first().copied()
    }

    /// Whether a token ends a text.
    #[must_use]
    pub fn is_eos(&self, token: u32) -> bool {
        self.eos.contains(&token)
    }

    /// One more than the largest token id.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.vocabulary_size
    }
}

/// A part of a tokenizer that can't be used.
fn invalid(what: &str, problem: String) -> TokenizerError {
    TokenizerError::Invalid {
        what: what.to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{byte_level, byte_level_json, bytes};
    use super::*;

    fn json(bos: Option<u32>, eos: &[u32]) -> TokenizerSource {
        let file = byte_level_json(&bytes(true, false), &serde_json::Value::Null);
        let (bytes, eos) = (file.to_string().into_bytes(), eos.to_vec());
        TokenizerSource::Json { bytes, bos, eos }
    }

    #[test]
    fn added_tokens_beyond_the_model_are_an_error_only_where_a_text_has_them() {
        // 266 tokens of its own; <|im|> 266 and <x> 267 are added.
        for source in [json(None, &[]), TokenizerSource::Gguf(byte_level(Some("gpt-2")))] {
            let tokenizer = Tokenizer::for_model(&source, 267).unwrap();
            assert!(tokenizer.warnings()[0].contains("has 268 tokens, the model only 267"));
            assert_eq!(tokenizer.encode("ab<|im|>").unwrap(), [258, 266]);
            assert_eq!(tokenizer.encode_first("ab<x>", 1).unwrap(), [258]);
            let message = tokenizer.encode("ab<x>").unwrap_err().to_string();
            assert!(
                message.contains("token 267, \"<x>\", but the model has only the tokens 0 to 266"),
                "{message}"
            );
            let message = Tokenizer::for_model(&source, 265).unwrap_err().to_string();
            assert!(message.contains("has 266 tokens, the model only 265"), "{message}");
            assert!(Tokenizer::for_model(&source, 300).unwrap().warnings().is_empty());
        }
    }

    #[test]
    fn special_tokens_that_the_model_lacks_are_left_out_with_a_warning() {
        let tokenizer = Tokenizer::for_model(&json(Some(128_000), &[5, 128_001]), 268).unwrap();
        assert_eq!((tokenizer.bos(), tokenizer.eos()), (None, Some(5)));
        assert!(!tokenizer.is_eos(128_001));
        let [bos, eos] = tokenizer.warnings() else {
            panic!("{:?}", tokenizer.warnings())
        };
        assert!(
            bos.contains("bos_token_id is 128000, but the model has only 268"),
            "{bos}"
        );
        assert!(eos.contains("eos_token_id is 128001"), "{eos}");
        assert_eq!(tokenizer.encode("ab").unwrap(), [258]);
    }

    #[test]
    fn a_special_token_that_every_text_needs_must_be_there() {
        let mut vocabulary = byte_level(Some("gpt-2"));
        vocabulary.bos = Some(300);
        vocabulary.add_bos = Some(true);
        let message = Tokenizer::for_model(&TokenizerSource::Gguf(vocabulary), 268)
            .unwrap_err()
            .to_string();
        assert!(message.contains("has 301 tokens, the model only 268"), "{message}");
    }
}
