//! Byte-level BPE (GPT-2, SmolLM, Qwen2) from the vocabulary and merges of a GGUF file, on the `tokenizers` crate.
//!
//! `tokenizer.ggml.pre` says how text is cut into words before merging. The rules are those of the models' own
//! tokenizer.json files: SmolLM separates every digit and then cuts as GPT-2 does; Qwen2 has one pattern for both, and
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
pub(super) const QWEN2_PATTERN: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

const MODELS: &str = "gpt2 (byte-level BPE)";
const CUTS: &str = "smollm, qwen2, gpt-2";

/// GGUF token kinds that are matched in a text before anything else.
const KIND_CONTROL: i32 = 3;
const KIND_USER_DEFINED: i32 = 4;

/// Words whose tokens are cached. A megabyte of English has some thirty thousand distinct words.
const CACHED_WORDS: usize = 1 << 15;

/// The first position at or after `from` where a text can be cut without changing its tokens: before a space between
/// two characters that are not white space. No pattern in this file matches across such a position or looks behind, and
/// no character is composed across it.
pub(super) fn cut_after(text: &str, from: usize) -> Option<usize> {
    let start = text.ceil_char_boundary(from.min(text.len()));
    let is_word = |character: Option<char>| character.is_some_and(|character| !character.is_whitespace());
    text[start..].match_indices(' ').map(|(at, _)| start + at).find(|at| {
        let (before, after) = text.split_at(*at);
        is_word(before.chars().next_back()) && is_word(after.chars().nth(1))
    })
}

/// Whether [`cut_after`] holds for this vocabulary: no token that is matched before the words contains a space.
pub(super) fn can_cut(vocabulary: &GgufVocabulary) -> bool {
    let kinds = vocabulary.tokens.iter().zip(&vocabulary.kinds);
    let mut added = kinds.filter(|(_, kind)| matches!(**kind, KIND_CONTROL | KIND_USER_DEFINED));
    !added.any(|(token, _)| token.contains(' '))
}

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
            return Err(invalid("merges", format!("number {rank}, {merge:?}, is not a pair")));
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

/// How text is cut into words, and whether it is first normalised to NFC.
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

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    /// One token for each byte in GPT-2's spelling, some merges, and two tokens that are matched first.
    fn vocabulary(pre: &str) -> GgufVocabulary {
        let spelled = (0..=u8::MAX).map(|byte| match byte {
            b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => char::from(byte),
            0..=0x20 => char::from_u32(0x100 + u32::from(byte)).unwrap(),
            0x7F..=0xA0 => char::from_u32(0x121 + u32::from(byte - 0x7F)).unwrap(),
            _ => '\u{143}',
        });
        let mut tokens: Vec<String> = spelled.map(String::from).collect();
        let merges = ["Ġ a", "Ġa b", "a b", "b b", "1 1", "Ċ Ċ", "Ġ Ġ", ". Ċ"].map(str::to_owned);
        tokens.extend(merges.iter().map(|merge| merge.replace(' ', "")));
        let mut kinds = vec![1; tokens.len()];
        tokens.extend(["<|im|>".to_owned(), "<x>".to_owned()]);
        kinds.extend([KIND_CONTROL, KIND_USER_DEFINED]);
        GgufVocabulary {
            model: "gpt2".to_owned(),
            pre: Some(pre.to_owned()),
            tokens,
            kinds,
            merges: merges.to_vec(),
            ..GgufVocabulary::default()
        }
    }

    fn encode(tokenizer: &tokenizers::Tokenizer, text: &str) -> Vec<u32> {
        tokenizer.encode_fast(text, true).unwrap().get_ids().to_vec()
    }

    #[test]
    fn worked_examples_of_the_cuts() {
        // Tokens made by the merges: Ġa 256, Ġab 257, ab 258, bb 259, 11 260, ĊĊ 261, ĠĠ 262, .Ċ 263.
        let tokens = |pre: &str, text: &str| encode(&build(&vocabulary(pre)).unwrap(), text);
        let space = 0x20;
        // GPT-2 keeps numbers together; the other two separate every digit.
        assert_eq!(tokens("gpt-2", "ab 11 ab"), [258, space, 260, 257]);
        assert_eq!(tokens("smollm", "ab 11 ab"), [258, space, 0x31, 0x31, 257]);
        assert_eq!(tokens("qwen2", "ab 11 ab"), [258, space, 0x31, 0x31, 257]);
        // Only Qwen2 joins punctuation with the line break; the last space goes with the word.
        assert_eq!(tokens("smollm", "ab.\n   ab"), [258, 0x2E, 0x0A, 262, 257]);
        assert_eq!(tokens("qwen2", "ab.\n   ab"), [258, 263, 262, 257]);
        // Qwen2 composes e and the acute accent to C3 A9.
        assert_eq!(tokens("qwen2", "e\u{301}"), [0xC3, 0xA9]);
        assert_eq!(tokens("smollm", "e\u{301}"), [0x65, 0xCC, 0x81]);
        assert_eq!(tokens("smollm", "ab<|im|>ab<x>"), [258, 264, 258, 265]);
    }

    /// Built once: building them takes far longer than running a case.
    static TOKENIZERS: LazyLock<[tokenizers::Tokenizer; 3]> =
        LazyLock::new(|| ["smollm", "qwen2", "gpt-2"].map(|pre| build(&vocabulary(pre)).unwrap()));

    proptest::proptest! {
        #[test]
        fn cutting_a_text_changes_nothing(
            text in "(ab|[ab1 .\n\t'é\u{301}]|  |<x>|<[|]im[|]>){0,40}",
            from in 0_usize..40,
        ) {
            if let Some(cut) = cut_after(&text, from) {
                let (left, right) = text.split_at(cut);
                for tokenizer in TOKENIZERS.iter() {
                    let pieces = [encode(tokenizer, left), encode(tokenizer, right)].concat();
                    proptest::prop_assert_eq!(pieces, encode(tokenizer, &text), "at {}", cut);
                }
            }
        }
    }

    #[test]
    fn tokens_with_a_space_forbid_cuts() {
        let mut vocabulary = vocabulary("smollm");
        assert!(can_cut(&vocabulary));
        vocabulary.tokens.push("<a b>".to_owned());
        vocabulary.kinds.push(KIND_USER_DEFINED);
        assert!(!can_cut(&vocabulary));
    }
}
