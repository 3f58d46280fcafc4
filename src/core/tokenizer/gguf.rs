//! Tokenizers from the vocabulary of a GGUF file: byte-level BPE (`gpt2`) and SentencePiece's BPE (`llama`).
//!
//! Defaults are llama.cpp's (ggml-org/llama.cpp, `src/llama-vocab.cpp`), except that nothing is made up in silence:
//! where the file leaves open how text is cut, what is assumed is said.

use std::collections::HashMap;

use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::{Prepend, Replace, Sequence};
use tokenizers::{AddedToken, NormalizerWrapper};

use super::pipeline::Pipeline;
use super::score_bpe::ScoreBpe;
use super::spelling::{Spelling, hex_byte};
use super::words::WordRule;
use super::{Built, Named, TokenizerError, invalid};
use crate::weights::formats::tokens::keys::{BOS, EOS, MERGES, MODEL, PRE, SCORES, TOKENS};
use crate::weights::formats::{GgufVocabulary, TokenKind};

const MODELS: &str = "gpt2 (byte-level BPE), llama (SentencePiece's BPE)";

/// SentencePiece's BOS, EOS and unknown token where the file doesn't say.
const SENTENCEPIECE_BOS: u32 = 1;
const SENTENCEPIECE_EOS: u32 = 2;
const SENTENCEPIECE_UNKNOWN: u32 = 0;

/// Words whose tokens are cached. A megabyte of English has some thirty thousand distinct words.
const CACHED_WORDS: usize = 1 << 15;

/// Makes the tokenizer.
pub(super) fn build(vocabulary: &GgufVocabulary) -> Result<Built, TokenizerError> {
    let ids = ids(vocabulary)?;
    match vocabulary.model.as_str() {
        "gpt2" => byte_level(vocabulary, ids),
        "llama" => sentencepiece(vocabulary, &ids),
        model => Err(TokenizerError::Unsupported {
            what: format!("a tokenizer of kind {model:?} in a GGUF file ({MODEL})"),
            supported: MODELS.to_owned(),
        }),
    }
}

/// The id of each token; empty ones only fill a place.
fn ids(vocabulary: &GgufVocabulary) -> Result<HashMap<&str, u32>, TokenizerError> {
    let mut ids = HashMap::with_capacity(vocabulary.tokens.len());
    for (token, id) in vocabulary.tokens.iter().zip(0..) {
        if token.is_empty() {
            continue;
        }
        if let Some(first) = ids.insert(token.as_str(), id) {
            let problem = format!("{token:?} is both token {first} and token {id}");
            return Err(invalid("the GGUF file's vocabulary", problem));
        }
    }
    Ok(ids)
}

fn byte_level(vocabulary: &GgufVocabulary, ids: HashMap<&str, u32>) -> Result<Built, TokenizerError> {
    let Some(listed) = &vocabulary.merges else {
        let problem = format!("a gpt2 tokenizer needs merges, and {MERGES} is missing");
        return Err(invalid("the GGUF file's tokenizer", problem));
    };
    let mut merges = Vec::with_capacity(listed.len());
    for (rank, merge) in listed.iter().enumerate() {
        // A token may itself begin with a space.
        let space = merge.char_indices().skip(1).find(|(_, character)| *character == ' ');
        let Some((left, right)) = space.and_then(|(at, _)| Some((merge.get(..at)?, merge.get(at + 1..)?))) else {
            let problem = format!("number {rank}, {merge:?}, is not a pair");
            return Err(invalid("the GGUF file's merges", problem));
        };
        merges.push((left.to_owned(), right.to_owned()));
    }
    let (rule, assumed) = rule(vocabulary, &ids)?;
    let model = BPE::builder()
        .vocab_and_merges(owned(ids), merges)
        .cache_capacity(CACHED_WORDS)
        .ignore_merges(rule.keeps_whole_words)
        .build()
        .map_err(|error| invalid("the GGUF file's vocabulary", error.to_string()))?;
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    rule.apply(&mut tokenizer)?;
    add_tokens(&mut tokenizer, vocabulary);
    let (bos, eos) = (vocabulary.bos, vocabulary.eos);
    let mut warnings = Vec::from_iter(assumed);
    let (before, after) = around(vocabulary, (bos, rule.adds_bos), eos, &mut warnings);
    let pipeline = Pipeline::new(tokenizer)?.between(before, after);
    let built = built(vocabulary, pipeline, Spelling::ByteLevel, bos, eos);
    Ok(Built { warnings, ..built })
}

/// How text is cut into words, and what had to be assumed for it.
fn rule(
    vocabulary: &GgufVocabulary,
    ids: &HashMap<&str, u32>,
) -> Result<(&'static WordRule, Option<String>), TokenizerError> {
    let says = match vocabulary.pre.as_deref() {
        None => "doesn't say",
        Some("default") => "says only \"default\" about",
        Some(name) => return Ok((WordRule::named(name)?, None)),
    };
    let architecture = vocabulary.architecture.as_str();
    let (name, because) = match architecture {
        "qwen2" | "qwen2moe" | "qwen3" | "qwen3moe" => ("qwen2", format!(", as the architecture is {architecture}")),
        "llama" if ids.contains_key("<|begin_of_text|>") => {
            ("llama-bpe", ", as the vocabulary is Llama 3's".to_owned())
        }
        _ => ("default", ", as llama.cpp does".to_owned()),
    };
    let warning = format!(
        "The file {says} how its tokenizer cuts text into words ({PRE}); {name:?} is assumed{because}. If that is \
         wrong, the losses are too high for both models."
    );
    Ok((WordRule::named(name)?, Some(warning)))
}

fn sentencepiece(vocabulary: &GgufVocabulary, ids: &HashMap<&str, u32>) -> Result<Built, TokenizerError> {
    if vocabulary.scores.len() != vocabulary.tokens.len() {
        let problem = format!("a llama tokenizer needs a score for each token, and {SCORES} is missing");
        return Err(invalid("the GGUF file's tokenizer", problem));
    }
    let pieces = vocabulary
        .tokens
        .iter()
        .zip(&vocabulary.scores)
        .zip(0..)
        .filter_map(|((token, score), id)| {
            let merges = matches!(
                vocabulary.kind(id),
                TokenKind::Normal | TokenKind::UserDefined | TokenKind::Unused
            );
            (merges && !token.is_empty()).then(|| (token.as_str().into(), id, *score))
        });
    let byte = |byte: u8| ids.get(format!("<0x{byte:02X}>").as_str()).copied();
    let bytes: Option<Vec<u32>> = (0..=u8::MAX).map(byte).collect();
    let unknown = vocabulary.unknown.unwrap_or(SENTENCEPIECE_UNKNOWN);
    let unknown = Some(unknown).filter(|id| (*id as usize) < vocabulary.tokens.len());
    let scores = ScoreBpe::new(pieces, true).with_fallback(bytes, unknown);

    // The crate's model only numbers the tokens that are taken out of a text.
    let added = ids.iter().filter(|(_, id)| vocabulary.kind(**id).is_added());
    let model = BPE::builder().vocab_and_merges(owned(added.map(|(token, id)| (*token, *id))), Vec::new());
    let model = model
        .build()
        .map_err(|error| invalid("the GGUF file's vocabulary", error.to_string()))?;
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    let space_at_start = vocabulary.add_space_prefix.unwrap_or(true);
    let meta = Replace::new(" ", "▁").map_err(|error| invalid("a space", error.to_string()))?;
    let mut steps: Vec<NormalizerWrapper> = vec![meta.into()];
    if space_at_start {
        steps.insert(0, Prepend::new("▁".to_owned()).into());
    }
    tokenizer.with_normalizer(Some(Sequence::new(steps)));
    add_tokens(&mut tokenizer, vocabulary);

    let within = |id: u32| Some(id).filter(|id| (*id as usize) < vocabulary.tokens.len());
    let bos = vocabulary.bos.or_else(|| within(SENTENCEPIECE_BOS));
    let eos = vocabulary.eos.or_else(|| within(SENTENCEPIECE_EOS));
    let mut warnings = Vec::new();
    let (before, after) = around(vocabulary, (bos, true), eos, &mut warnings);
    let pipeline = Pipeline::with_scores(tokenizer, scores).between(before, after);
    let built = built(vocabulary, pipeline, Spelling::Metaspace, bos, eos);
    Ok(Built {
        space_at_start,
        warnings,
        ..built
    })
}

fn built(
    vocabulary: &GgufVocabulary,
    pipeline: Pipeline,
    spelling: Spelling,
    bos: Option<u32>,
    eos: Option<u32>,
) -> Built {
    let is_own = |id: u32| matches!(vocabulary.kind(id), TokenKind::Normal | TokenKind::Byte);
    let own = vocabulary.tokens.iter().zip(1..).zip(0..).filter(|(_, id)| is_own(*id));
    Built {
        pipeline,
        spelled: spelled(vocabulary, spelling),
        size: vocabulary.tokens.len(),
        size_without_added: own.last().map_or(0, |((_, size), _)| size),
        added_key: TOKENS,
        bos: Named { id: bos, key: BOS },
        eos: eos.into_iter().collect(),
        eos_key: EOS,
        space_at_start: false,
        warnings: Vec::new(),
    }
}

/// What comes before and after every text, as the file says or, for BOS, as is usual for its kind.
fn around(
    vocabulary: &GgufVocabulary,
    (bos, usual): (Option<u32>, bool),
    eos: Option<u32>,
    warnings: &mut Vec<String>,
) -> (Vec<u32>, Vec<u32>) {
    let mut side = |wanted: bool, id: Option<u32>, place: &str, key: &str| {
        if wanted && id.is_none() {
            warnings.push(format!(
                "Texts should {place} with a token that the file doesn't name ({key}); they {place} without one."
            ));
        }
        Vec::from_iter(id.filter(|_| wanted))
    };
    let before = side(vocabulary.add_bos.unwrap_or(usual), bos, "begin", BOS);
    let after = side(vocabulary.add_eos.unwrap_or(false), eos, "end", EOS);
    (before, after)
}

/// Adds the tokens that are matched in a text before anything else, all at once: the crate rebuilds its matcher every
/// time.
fn add_tokens(tokenizer: &mut tokenizers::Tokenizer, vocabulary: &GgufVocabulary) {
    let added = vocabulary
        .tokens
        .iter()
        .zip(0..)
        .filter(|(_, id)| vocabulary.kind(*id).is_added());
    let added: Vec<AddedToken> = added
        .map(|(token, id)| {
            let special = vocabulary.kind(id) != TokenKind::UserDefined;
            AddedToken::from(token.clone(), special).normalized(false)
        })
        .collect();
    tokenizer.add_tokens(&added);
}

/// What each token adds to a text.
fn spelled(vocabulary: &GgufVocabulary, spelling: Spelling) -> Vec<Box<[u8]>> {
    let spelled = vocabulary.tokens.iter().zip(0..).map(|(token, id)| {
        let is_byte = spelling == Spelling::Metaspace && hex_byte(token.as_bytes()).is_some();
        if vocabulary.kind(id).is_added() && !is_byte {
            token.as_bytes().into()
        } else {
            spelling.bytes(token)
        }
    });
    spelled.collect()
}

fn owned<'a>(ids: impl IntoIterator<Item = (&'a str, u32)>) -> tokenizers::models::bpe::Vocab {
    ids.into_iter().map(|(token, id)| (token.to_owned(), id)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{byte_level, sentencepiece, sentencepiece_json};
    use super::*;

    fn tokens(vocabulary: &GgufVocabulary, text: &str) -> Vec<u32> {
        build(vocabulary)
            .unwrap()
            .pipeline
            .encode_first(text, usize::MAX)
            .unwrap()
    }

    fn message(vocabulary: &GgufVocabulary) -> String {
        build(vocabulary)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn worked_examples_of_the_cuts() {
        // Tokens made by the merges: Ġa 256, Ġab 257, ab 258, bb 259, 11 260, ĊĊ 261, ĠĠ 262, .Ċ 263.
        let tokens = |pre: &str, text: &str| tokens(&byte_level(Some(pre)), text);
        let space = 0x20;
        // GPT-2 keeps numbers together; the other two separate every digit.
        assert_eq!(tokens("gpt-2", "ab 11 ab"), [258, space, 260, 257]);
        assert_eq!(tokens("smollm", "ab 11 ab"), [258, space, 0x31, 0x31, 257]);
        assert_eq!(tokens("qwen2", "ab 11 ab"), [258, space, 0x31, 0x31, 257]);
        // Only Qwen2 joins punctuation with the line break; the last space goes with the word.
        assert_eq!(tokens("smollm", "ab.\n   ab"), [258, 0x2E, 0x0A, 262, 257]);
        assert_eq!(tokens("qwen2", "ab.\n   ab"), [258, 263, 262, 257]);
        // Qwen2 composes e and the acute accent to é, C3 A9, which a merge joins.
        assert_eq!(tokens("qwen2", "e\u{301}"), [264]);
        assert_eq!(tokens("smollm", "e\u{301}"), [0x65, 0xCC, 0x81]);
        assert_eq!(tokens("smollm", "ab<|im|>ab<x>"), [258, 266, 258, 267]);
    }

    #[test]
    fn a_word_that_is_a_token_is_left_whole_in_llama_3() {
        let with_word = |pre: &str| {
            let mut vocabulary = byte_level(Some(pre));
            vocabulary.tokens[265] = "abab".to_owned();
            vocabulary.merges.as_mut().unwrap().pop();
            vocabulary
        };
        assert_eq!(tokens(&with_word("llama-bpe"), "abab"), [265]);
        assert_eq!(tokens(&with_word("qwen2"), "abab"), [258, 258]);
    }

    #[test]
    fn a_missing_or_generic_rule_is_assumed_and_said() {
        for (pre, says) in [(None, "doesn't say"), (Some("default"), "says only \"default\"")] {
            let qwen2 = GgufVocabulary {
                architecture: "qwen2".to_owned(),
                ..byte_level(pre)
            };
            assert_eq!(
                tokens(&qwen2, "e\u{301} 11"),
                tokens(&byte_level(Some("qwen2")), "e\u{301} 11")
            );
            let warnings = build(&qwen2).unwrap().warnings;
            for part in [
                says,
                "tokenizer.ggml.pre",
                "\"qwen2\" is assumed",
                "the architecture is qwen2",
            ] {
                assert!(warnings[0].contains(part), "{part:?} is not in {warnings:?}");
            }
            let mut llama = byte_level(pre);
            assert!(build(&llama).unwrap().warnings[0].contains("\"default\" is assumed, as llama.cpp does"));
            llama.tokens[266] = "<|begin_of_text|>".to_owned();
            assert!(build(&llama).unwrap().warnings[0].contains("\"llama-bpe\" is assumed"));
        }
        assert!(build(&byte_level(Some("qwen2"))).unwrap().warnings.is_empty());
    }

    #[test]
    fn what_a_kind_needs_and_the_file_lacks_is_named() {
        let merges = GgufVocabulary {
            merges: None,
            ..byte_level(Some("smollm"))
        };
        assert!(message(&merges).contains("a gpt2 tokenizer needs merges, and tokenizer.ggml.merges is missing"));
        let scores = GgufVocabulary {
            scores: Vec::new(),
            ..sentencepiece()
        };
        assert!(message(&scores).contains("needs a score for each token, and tokenizer.ggml.scores is missing"));
        let model = GgufVocabulary {
            model: "bert".to_owned(),
            ..byte_level(None)
        };
        assert!(message(&model).contains("kind \"bert\" in a GGUF file (tokenizer.ggml.model) is not supported"));
        let mut twice = byte_level(Some("smollm"));
        twice.tokens[7] = "a".to_owned();
        assert!(message(&twice).contains("\"a\" is both token 7 and token 97"));
    }

    #[test]
    fn texts_begin_and_end_as_the_file_says_or_as_is_usual() {
        let with = |pre: &str, add_bos: Option<bool>, bos: Option<u32>| GgufVocabulary {
            bos,
            add_bos,
            eos: Some(267),
            add_eos: Some(pre == "smollm"),
            ..byte_level(Some(pre))
        };
        assert_eq!(tokens(&with("llama-bpe", None, Some(266)), "ab"), [266, 258]);
        assert_eq!(tokens(&with("llama-bpe", Some(false), Some(266)), "ab"), [258]);
        assert_eq!(tokens(&with("qwen2", None, Some(266)), "ab"), [258]);
        assert_eq!(tokens(&with("smollm", Some(true), Some(266)), "ab"), [266, 258, 267]);
        let warnings = build(&with("llama-bpe", None, None)).unwrap().warnings;
        assert!(warnings[0].contains("tokenizer.ggml.bos_token_id"), "{warnings:?}");
        // SentencePiece's BOS is 1 and comes first, unless the file says otherwise.
        assert_eq!(tokens(&sentencepiece(), "")[..], [1]);
    }

    #[test]
    fn worked_example_of_sentencepiece() {
        // ▁a 259, ab 260, ▁▁ 261, abb 262, ▁ab 263, ▁ 264, a 265, b 266.
        assert_eq!(tokens(&sentencepiece(), "ab"), [1, 263]);
        assert_eq!(tokens(&sentencepiece(), "abb<x>b"), [1, 263, 266, 274, 264, 266]);
        assert_eq!(tokens(&sentencepiece(), "c"), [1, 264, 3 + 0x63]);
        let without = GgufVocabulary {
            add_space_prefix: Some(false),
            add_bos: Some(false),
            ..sentencepiece()
        };
        assert_eq!(tokens(&without, "abb ab"), [262, 263]);
    }

    proptest::proptest! {
        #[test]
        fn sentencepiece_is_what_transformers_makes_of_it(text in "(ab|[ab1 .\né你好世]|  |abb|<x>|</s>){0,40}") {
            let json = tokenizers::Tokenizer::from_bytes(sentencepiece_json().to_string()).unwrap();
            let expected = json.encode_fast(text.as_str(), true).unwrap();
            proptest::prop_assert_eq!(tokens(&sentencepiece(), &text), expected.get_ids());
        }
    }

    #[test]
    fn many_added_tokens_are_added_at_once() {
        // One at a time, this takes minutes.
        let mut vocabulary = byte_level(Some("smollm"));
        vocabulary
            .tokens
            .extend((0..20_000).map(|number| format!("<|{number}|>")));
        vocabulary.kinds.resize(vocabulary.tokens.len(), 3);
        assert_eq!(tokens(&vocabulary, "ab<|19999|>"), [258, 268 + 19_999]);
    }
}
