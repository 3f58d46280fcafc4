//! The vocabulary: byte-level BPE, learned from the training part.
//!
//! Words are cut as GPT-2 cuts them (Radford et al. 2019), digits one by one as Llama does; then the most frequent pair
//! of pieces becomes a piece of its own until the vocabulary is full (Sennrich et al. 2016,
//! <https://arxiv.org/abs/1508.07909>). The `tokenizers` crate does all of it.

use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::normalizers::NFC;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::{AddedToken, PreTokenizerWrapper, Tokenizer, TokenizerBuilder};

use super::TrainError;

/// Ends a text; token 0.
pub const END_OF_TEXT: &str = "<|endoftext|>";
/// Its id.
pub const END_OF_TEXT_ID: u16 = 0;

/// How often a pair must occur at least to become a piece.
const LEAST_FREQUENCY: u64 = 2;

/// Learns a vocabulary of `size` tokens from some texts.
///
/// # Errors
/// If the library fails.
pub fn learn<'a>(size: usize, texts: impl Iterator<Item = &'a str> + Send) -> Result<Tokenizer, TrainError> {
    let refused = |error: tokenizers::Error| TrainError::Vocabulary {
        problem: error.to_string(),
    };
    let byte_level = ByteLevel::new(false, true, true);
    let words = Sequence::new(vec![
        PreTokenizerWrapper::Digits(Digits::new(true)),
        PreTokenizerWrapper::ByteLevel(byte_level),
    ]);
    let mut trainer = BpeTrainerBuilder::new()
        .vocab_size(size)
        .min_frequency(LEAST_FREQUENCY)
        .show_progress(false)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .special_tokens(vec![AddedToken::from(END_OF_TEXT, true)])
        .build();
    let mut tokenizer = TokenizerBuilder::new()
        .with_model(BPE::default())
        .with_normalizer(Some(NFC))
        .with_pre_tokenizer(Some(words))
        .with_post_processor(Some(byte_level))
        .with_decoder(Some(byte_level))
        .build()
        .map_err(refused)?;
    tokenizer.train(&mut trainer, texts).map_err(refused)?;
    let json = tokenizer.to_string(true).map_err(refused)?;
    json.parse().map_err(refused)
}

/// The tokens of a text; each fits 16 bits.
///
/// # Errors
/// If the library fails.
pub fn encode(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u16>, TrainError> {
    let encoding = tokenizer
        .encode_fast(text, false)
        .map_err(|error| TrainError::Vocabulary {
            problem: error.to_string(),
        })?;
    encoding
        .get_ids()
        .iter()
        .map(|&id| {
            u16::try_from(id).map_err(|_too_large| TrainError::Vocabulary {
                problem: format!("token {id} does not fit 16 bits; ask for a smaller vocabulary"),
            })
        })
        .collect()
}
