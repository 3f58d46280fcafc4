//! Byte-level BPE (GPT-2, SmolLM, Qwen2) from the vocabulary and merges of a GGUF file, on the `tokenizers` crate.
//!
//! `tokenizer.ggml.pre` says how text is cut into words before merging. The cuts are those of the models' own
//! tokenizer.json files: SmolLM's separates every digit and then cuts as GPT-2, Qwen2's has one pattern for both and
//! normalises to NFC.

use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::unicode::NFC;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, SplitDelimiterBehavior};

use super::TokenizerError;
use crate::weights::formats::GgufVocabulary;

/// Qwen2's pattern, from its tokenizer.json.
const QWEN2_PATTERN: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

const MODELS: &str = "gpt2 (byte-level BPE)";
const CUTS: &str = "smollm, qwen2, gpt-2";

/// Token kinds of GGUF that are matched in a text before anything else.
const KIND_CONTROL: i32 = 3;
const KIND_USER_DEFINED: i32 = 4;

/// Words that are remembered with their tokens. A megabyte of English has some thirty thousand different ones.
const CACHED_WORDS: usize = 1 << 16;

/// Makes the tokenizer.
pub(super) fn build(vocabulary: &GgufVocabulary) -> Result<tokenizers::Tokenizer, TokenizerError> {
    if vocabulary.model != "gpt2" {
        let what = format!("a tokenizer of kind {:?} in a GGUF file", vocabulary.model);
        return Err(TokenizerError::Unsupported {
            what,
            supported: MODELS,
        });
    }
    let invalid = |part: &str, problem: String| TokenizerError::Invalid {
        what: format!("the GGUF file's {part}"),
        problem,
    };
    let ids = vocabulary.tokens.iter().zip(0..).map(|(token, id)| (token.clone(), id));
    let mut merges = Vec::with_capacity(vocabulary.merges.len());
    for (rank, merge) in vocabulary.merges.iter().enumerate() {
        let Some((left, right)) = merge.split_once(' ') else {
            return Err(invalid("merges", format!("number {rank}, {merge:?}, is no pair")));
        };
        merges.push((left.to_owned(), right.to_owned()));
    }
    let model = BPE::builder()
        .vocab_and_merges(ids.collect::<tokenizers::models::bpe::Vocab>(), merges)
        .cache_capacity(CACHED_WORDS)
        .build()
        .map_err(|error| invalid("vocabulary", error.to_string()))?;

    let mut tokenizer = tokenizers::Tokenizer::new(model);
    let (cut, normalise) = cut(vocabulary.pre.as_deref())?;
    tokenizer.with_pre_tokenizer(Some(cut));
    if normalise {
        tokenizer.with_normalizer(Some(NFC));
    }
    tokenizer.with_decoder(Some(ByteLevel::default()));
    for (token, kind) in vocabulary.tokens.iter().zip(&vocabulary.kinds) {
        let special = match *kind {
            KIND_CONTROL => true,
            KIND_USER_DEFINED => false,
            _ => continue,
        };
        let added = AddedToken::from(token.clone(), special).normalized(false);
        if special {
            tokenizer.add_special_tokens(&[added]);
        } else {
            tokenizer.add_tokens(&[added]);
        }
    }
    Ok(tokenizer)
}

/// How text is cut into words, and whether it is normalised to NFC before.
fn cut(pre: Option<&str>) -> Result<(PreTokenizerWrapper, bool), TokenizerError> {
    let words = || ByteLevel::new(false, true, true);
    Ok(match pre {
        Some("smollm") => {
            let parts = vec![Digits::new(true).into(), words().into()];
            (Sequence::new(parts).into(), false)
        }
        Some("qwen2") => {
            let pattern = SplitPattern::Regex(QWEN2_PATTERN.to_owned());
            let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
            let split = split.map_err(|error| TokenizerError::Invalid {
                what: "the pattern of qwen2".to_owned(),
                problem: error.to_string(),
            })?;
            let parts = vec![split.into(), ByteLevel::new(false, true, false).into()];
            (Sequence::new(parts).into(), true)
        }
        None | Some("gpt-2" | "default") => (words().into(), false),
        Some(other) => {
            return Err(TokenizerError::Unsupported {
                what: format!("the way {other:?} of cutting text (tokenizer.ggml.pre)"),
                supported: CUTS,
            });
        }
    })
}
