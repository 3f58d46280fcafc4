//! Text to tokens and back.
//!
//! A tokenizer comes from a tokenizer.json or from the vocabulary inside a GGUF file (both on the `tokenizers` crate,
//! with the same regular-expression engine on every target, so that a text has the same tokens in a page and on the
//! command line), or from llama2.c's file.

mod byte_level;
mod error;
mod json;
mod score_bpe;
mod spelling;
mod stream;

use std::sync::Arc;

use tokenizers::{DecoderWrapper, ModelWrapper};

use crate::weights::formats::TokenizerSource;
pub use error::TokenizerError;
use score_bpe::ScoreBpe;
use spelling::Spelling;
pub use stream::StreamDecoder;

/// Turns text into a model's tokens.
pub struct Tokenizer {
    kind: Kind,
    pieces: Arc<Pieces>,
    add_bos: bool,
    eos: Vec<u32>,
    vocabulary_size: usize,
}

enum Kind {
    Crate {
        tokenizer: Box<tokenizers::Tokenizer>,
        /// Whether a text may be encoded in pieces.
        can_cut: bool,
    },
    Scores(ScoreBpe),
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
        match source {
            TokenizerSource::Json { bytes, bos, eos } => {
                let (tokenizer, can_cut) = json::build(bytes)?;
                Ok(Self::on_crate(tokenizer, can_cut, *bos, eos.clone()))
            }
            TokenizerSource::Gguf(vocabulary) => {
                let tokenizer = byte_level::build(vocabulary)?;
                let can_cut = byte_level::can_cut(vocabulary);
                let eos = vocabulary.eos.into_iter().collect();
                let add_bos = vocabulary.add_bos;
                Ok(Self {
                    add_bos,
                    ..Self::on_crate(tokenizer, can_cut, vocabulary.bos, eos)
                })
            }
            TokenizerSource::Llama2c { bytes, vocabulary } => {
                let scores = ScoreBpe::read(bytes, *vocabulary)?;
                let pieces = Pieces {
                    bytes: scores.spelled(),
                    bos: Some(score_bpe::BOS),
                    space_at_start: true,
                };
                Ok(Self {
                    kind: Kind::Scores(scores),
                    pieces: Arc::new(pieces),
                    add_bos: false,
                    eos: vec![score_bpe::EOS],
                    vocabulary_size: *vocabulary,
                })
            }
        }
    }

    fn on_crate(tokenizer: tokenizers::Tokenizer, can_cut: bool, bos: Option<u32>, eos: Vec<u32>) -> Self {
        let spelling = match (tokenizer.get_decoder(), tokenizer.get_model()) {
            (Some(decoder), _) if is_byte_level(decoder) => Spelling::ByteLevel,
            (None, ModelWrapper::BPE(_)) => Spelling::ByteLevel,
            _ => Spelling::Metaspace,
        };
        let added = tokenizer.get_added_vocabulary();
        let tokens = tokenizer.get_vocab(true);
        // Vocabularies may have gaps, but only a hostile file has an id far beyond its number of tokens.
        let size = tokens.values().max().map_or(0, |id| (*id as usize).saturating_add(1));
        let mut bytes: Vec<Box<[u8]>> = vec![Box::default(); size.min(4 * tokens.len() + IDS_SPARE)];
        for (token, id) in &tokens {
            if let Some(slot) = bytes.get_mut(*id as usize) {
                *slot = if added.get_vocab().contains_key(token) {
                    token.as_bytes().into()
                } else {
                    spelling.bytes(token)
                };
            }
        }
        let pieces = Pieces {
            bytes,
            bos,
            space_at_start: spelling == Spelling::Metaspace,
        };
        Self {
            kind: Kind::Crate {
                tokenizer: Box::new(tokenizer),
                can_cut,
            },
            pieces: Arc::new(pieces),
            add_bos: false,
            eos,
            vocabulary_size: size,
        }
    }

    /// The tokens of a text. BOS comes first only where the tokenizer itself adds it. Special tokens spelled in the
    /// text, such as `<|im_start|>`, become those tokens.
    ///
    /// # Errors
    /// If the tokenizer fails on this text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.encode_first(text, usize::MAX)
    }

    /// The first `count` tokens that [`Self::encode`] gives, or all of them if there are fewer. Where the tokenizer
    /// allows it, only as much of the text is read as needed.
    ///
    /// # Errors
    /// If the tokenizer fails on this text.
    pub fn encode_first(&self, text: &str, count: usize) -> Result<Vec<u32>, TokenizerError> {
        let mut tokens = match &self.kind {
            Kind::Scores(scores) => scores.encode(text),
            Kind::Crate { tokenizer, can_cut } => {
                let mut tokens: Vec<u32> = self.bos().filter(|_| self.add_bos).into_iter().collect();
                let mut rest = text;
                while !rest.is_empty() && tokens.len() < count {
                    let cut = if *can_cut {
                        byte_level::cut_after(rest, PIECE_BYTES)
                    } else {
                        None
                    };
                    let (piece, after) = rest.split_at(cut.unwrap_or(rest.len()));
                    let encoding = tokenizer.encode_fast(piece, true);
                    let encoding = encoding.map_err(|error| TokenizerError::Encode {
                        problem: error.to_string(),
                    })?;
                    tokens.extend_from_slice(encoding.get_ids());
                    rest = after;
                }
                tokens
            }
        };
        tokens.truncate(count);
        Ok(tokens)
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

    /// Checks that a model of `vocabulary` tokens has every token. The model may have more.
    ///
    /// # Errors
    /// [`TokenizerError::VocabularyMismatch`].
    pub fn check_vocabulary(&self, vocabulary: usize) -> Result<(), TokenizerError> {
        let tokenizer = self.vocabulary_size();
        let special = self.eos.iter().copied().chain(self.bos()).max();
        let largest = special.map_or(tokenizer, |id| tokenizer.max((id as usize).saturating_add(1)));
        if largest > vocabulary {
            return Err(TokenizerError::VocabularyMismatch {
                tokenizer: largest,
                model: vocabulary,
            });
        }
        Ok(())
    }
}

/// Bytes of text encoded at a time. The crate needs about 130 bytes of memory for each of them.
const PIECE_BYTES: usize = 1 << 13;

/// How many ids a vocabulary may skip; models reserve some hundreds for later use.
const IDS_SPARE: usize = 1 << 16;

/// Whether tokens are spelled in GPT-2's way.
fn is_byte_level(decoder: &DecoderWrapper) -> bool {
    match decoder {
        DecoderWrapper::ByteLevel(_) => true,
        DecoderWrapper::Sequence(sequence) => sequence.get_decoders().iter().any(is_byte_level),
        _ => false,
    }
}
