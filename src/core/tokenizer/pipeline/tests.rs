//! Every kind of tokenizer gives the same tokens in short stretches as at once.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::tokenizer::samples::{
    added, byte_level, byte_level_json, bytes, sentencepiece, sentencepiece_json, sequence, split,
};
use crate::tokenizer::{gguf, llama2c};

/// Short enough that most texts here have several stretches.
const SHORT: usize = 12;

fn short(mut pipeline: Pipeline) -> Pipeline {
    pipeline.stretch = SHORT;
    if let Some(cuts) = &mut pipeline.cuts {
        cuts.tail = SHORT / 2;
    }
    pipeline
}

fn read(json: &Value) -> Tokenizer {
    Tokenizer::from_bytes(json.to_string()).unwrap()
}

fn with(mut json: Value, changes: &[(&str, Value)]) -> Value {
    for (key, value) in changes {
        json[*key] = value.clone();
    }
    json
}

const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// A `Split` at spaces.
fn at_spaces(behavior: &str, invert: bool) -> Value {
    let space = json!({"String": " "});
    let split = json!({"type": "Split", "pattern": space, "behavior": behavior, "invert": invert});
    byte_level_json(&sequence(&[split, bytes(false, false)]), &Value::Null)
}

/// Files that cut texts into words, spelled as bytes.
fn byte_level_files() -> Vec<(&'static str, Value)> {
    let digits = json!({"type": "Digits", "individual_digits": true});
    let nfc = json!({"type": "NFC"});
    let plain = |parts: &[Value]| byte_level_json(&sequence(parts), &Value::Null);
    let (words, unspaced) = (bytes(true, false), bytes(false, false));
    vec![
        ("gpt-2", byte_level_json(&words, &Value::Null)),
        ("space in front", plain(&[bytes(true, true)])),
        ("digits", plain(&[digits, words.clone()])),
        (
            "qwen2",
            byte_level_json(&sequence(&[split(QWEN2), unspaced.clone()]), &nfc),
        ),
        ("space for every word", plain(&[split(QWEN2), bytes(false, true)])),
        ("numbers", plain(&[split(r"\d{1,3}(?=(?:\d{3})*\b)"), words])),
        ("lines", plain(&[split(r"[^\n]+|\n+"), split(QWEN2), unspaced.clone()])),
        ("empty matches", plain(&[split(r"(?=(1{3})+(?!1))"), unspaced.clone()])),
        ("looks back", plain(&[split(r"(?<=a)b|\ba"), unspaced.clone()])),
        ("whole", plain(&[unspaced])),
        ("with previous", at_spaces("MergedWithPrevious", false)),
        ("with next", at_spaces("MergedWithNext", false)),
        ("contiguous", at_spaces("Contiguous", false)),
        ("removed", at_spaces("Removed", true)),
    ]
}

/// Files whose added tokens have something special to them.
fn files_with_added_tokens() -> Vec<(&'static str, Value)> {
    let token = |content: &str, field: &str| {
        let mut token = added(268, content);
        token[field] = true.into();
        json!([added(266, "<|im|>"), added(267, "<x>"), token])
    };
    let words = byte_level_json(&bytes(true, false), &Value::Null);
    let composed = byte_level_json(&bytes(true, false), &json!({"type": "NFC"}));
    vec![
        (
            "space before",
            with(words.clone(), &[("added_tokens", token("<y>", "lstrip"))]),
        ),
        (
            "space after",
            with(words.clone(), &[("added_tokens", token("<y>", "rstrip"))]),
        ),
        (
            "word",
            with(words.clone(), &[("added_tokens", token("ab", "single_word"))]),
        ),
        (
            "normalised",
            with(composed, &[("added_tokens", token("a é", "normalized"))]),
        ),
        (
            "long token",
            with(words, &[("added_tokens", token("a b ab. b", "normalized"))]),
        ),
        (
            "normalised after prefix",
            with(sentencepiece_json(), &[("added_tokens", token("b", "normalized"))]),
        ),
    ]
}

/// Files of SentencePiece's kind, which don't cut texts into words or only at spaces.
fn sentencepiece_files() -> Vec<(&'static str, Value)> {
    let spm = sentencepiece_json();
    let metaspace = |scheme: &str, split: bool| {
        let step = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split});
        with(spm.clone(), &[("normalizer", Value::Null), ("pre_tokenizer", step)])
    };
    let replace = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
    vec![
        ("llama 2", spm.clone()),
        ("metaspace first", metaspace("first", false)),
        ("metaspace always", metaspace("always", true)),
        ("metaspace never", metaspace("never", true)),
        ("no prefix", with(spm.clone(), &[("normalizer", replace)])),
    ]
}

/// The name, the crate's own encoder, and the same in short stretches.
static PAIRS: LazyLock<Vec<(&str, Tokenizer, Pipeline)>> = LazyLock::new(|| {
    let files = byte_level_files().into_iter();
    let files = files.chain(files_with_added_tokens()).chain(sentencepiece_files());
    files
        .map(|(name, json)| (name, read(&json), short(Pipeline::new(read(&json)).unwrap())))
        .collect()
});

/// In one stretch and in short ones.
static BUILT: LazyLock<Vec<(&str, Pipeline, Pipeline)>> = LazyLock::new(|| {
    let (file, vocabulary) = llama2c::tests::file(&[
        (" ", -1.0),
        ("a", -2.0),
        ("b", -3.0),
        ("ab", -4.0),
        (" a", -5.0),
        ("b ", -6.0),
        ("你", -6.0),
    ]);
    let rules = [
        "llama-bpe",
        "default",
        "falcon",
        "deepseek-llm",
        "deepseek-v3",
        "gpt-4o",
        "bloom",
        "superbpe",
    ];
    let of_rule = |name| {
        (
            name,
            [(); 2].map(|()| gguf::build(&byte_level(Some(name))).unwrap().pipeline),
        )
    };
    let mut built = Vec::from(rules.map(of_rule));
    built.push((
        "llama2.c",
        [(); 2].map(|()| llama2c::build(&file, vocabulary).unwrap().pipeline),
    ));
    built.push((
        "sentencepiece",
        [(); 2].map(|()| gguf::build(&sentencepiece()).unwrap().pipeline),
    ));
    built
        .into_iter()
        .map(|(name, [whole, pieces])| (name, whole, short(pieces)))
        .collect()
});

const TEXTS: &str = "(ab|[ab1 .\n\t'\"é\u{301}你好，▁]|  |abb|11|a é|<x>|<y>|<[|]im[|]>|a b ab. b|/<s>){0,50}";

proptest::proptest! {
    #[test]
    fn stretches_together_are_the_whole(text in TEXTS, count in 0_usize..60) {
        for (name, tokenizer, pipeline) in PAIRS.iter() {
            let whole = tokenizer.encode_fast(text.as_str(), true).unwrap();
            let whole = whole.get_ids();
            proptest::prop_assert_eq!(pipeline.encode_first(&text, usize::MAX).unwrap(), whole, "{}", name);
            let first = &whole[..count.min(whole.len())];
            proptest::prop_assert_eq!(pipeline.encode_first(&text, count).unwrap(), first, "{}", name);
        }
        for (name, whole, pieces) in BUILT.iter() {
            let whole = whole.encode_first(&text, usize::MAX).unwrap();
            proptest::prop_assert_eq!(pieces.encode_first(&text, usize::MAX).unwrap(), whole, "{}", name);
        }
    }
}

#[test]
fn only_as_much_is_read_as_needed() {
    let text = "ab abb. 你好，ab\n\n111 a\n".repeat(1000);
    let stretch = &text[..text.floor_char_boundary(STRETCH_BYTES)];
    let never = ["looks back", "whole", "word"];
    for (name, _, pipeline) in PAIRS.iter() {
        let cut = pipeline.cut(stretch, true, false).map_or(0, |cut| cut.at);
        if never.contains(name) {
            assert_eq!(cut, 0, "{name}");
        } else {
            assert!(cut > STRETCH_BYTES / 2, "{name}: {cut}");
        }
    }
    for (name, pipeline, _) in BUILT.iter() {
        let cut = pipeline.cut(stretch, true, false).map_or(0, |cut| cut.at);
        assert!(cut > STRETCH_BYTES / 2, "{name}: {cut}");
    }
}

#[test]
fn a_text_without_a_cut_is_encoded_as_a_whole() {
    let text = "a".repeat(3 * SHORT);
    let (_, tokenizer, pipeline) = &PAIRS[0];
    assert_eq!(pipeline.cut(&text, true, false), None);
    let whole = tokenizer.encode_fast(text.as_str(), true).unwrap();
    assert_eq!(pipeline.encode_first(&text, 2).unwrap(), whole.get_ids()[..2]);
}
