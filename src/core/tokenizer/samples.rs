//! Small vocabularies for tests.

use serde_json::{Value, json};

use crate::weights::formats::GgufVocabulary;

/// A token for each byte in GPT-2's spelling.
pub(super) fn byte_tokens() -> Vec<String> {
    let spelled = (0..=u8::MAX).map(|byte| match byte {
        b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => char::from(byte),
        0..=0x20 => char::from_u32(0x100 + u32::from(byte)).unwrap(),
        0x7F..=0xA0 => char::from_u32(0x121 + u32::from(byte - 0x7F)).unwrap(),
        _ => '\u{143}',
    });
    spelled.map(String::from).collect()
}

/// Merges whose tokens follow those of the bytes, from 256 on.
pub(super) const MERGES: [&str; 10] = ["Ġ a", "Ġa b", "a b", "b b", "1 1", "Ċ Ċ", "Ġ Ġ", ". Ċ", "Ã ©", "ab Ġ"];

/// The vocabulary of a GGUF file: bytes, merges, a control token 266 and one that is text, 267.
pub(super) fn byte_level(pre: Option<&str>) -> GgufVocabulary {
    let mut tokens = byte_tokens();
    tokens.extend(MERGES.map(|merge| merge.replace(' ', "")));
    let mut kinds = vec![1; tokens.len()];
    tokens.extend(["<|im|>".to_owned(), "<x>".to_owned()]);
    kinds.extend([3, 4]);
    GgufVocabulary {
        model: "gpt2".to_owned(),
        architecture: "llama".to_owned(),
        pre: pre.map(str::to_owned),
        tokens,
        kinds,
        merges: Some(MERGES.map(str::to_owned).to_vec()),
        ..GgufVocabulary::default()
    }
}

/// A byte-level tokenizer.json with the same tokens.
pub(super) fn byte_level_json(pre_tokenizer: &Value, normalizer: &Value) -> Value {
    let vocabulary = byte_level(None);
    let vocab: serde_json::Map<String, Value> = vocabulary.tokens[..266]
        .iter()
        .zip(0..)
        .map(|(token, id)| (token.clone(), Value::from(id)))
        .collect();
    json!({
        "version": "1.0", "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
        "added_tokens": [added(266, "<|im|>"), added(267, "<x>")],
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "vocab": vocab, "merges": MERGES}
    })
}

pub(super) fn added(id: u32, content: &str) -> Value {
    json!({
        "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        "special": true
    })
}

pub(super) fn split(expression: &str) -> Value {
    json!({"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": false})
}

/// The step that spells bytes.
pub(super) fn bytes(use_regex: bool, add_prefix_space: bool) -> Value {
    json!({
        "type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": true, "use_regex": use_regex
    })
}

pub(super) fn sequence(parts: &[Value]) -> Value {
    json!({"type": "Sequence", "pretokenizers": parts})
}

/// SentencePiece's vocabulary in the way of Llama 2: unknown, BOS, EOS, the bytes, then these pieces from 259 on, whose
/// scores fall by one. The characters come last, as in real ones.
pub(super) const PIECES: [&str; 14] = [
    "▁a", "ab", "▁▁", "abb", "▁ab", "▁", "a", "b", "é", ".", "1", "你", "\n", "好",
];

pub(super) fn sentencepiece() -> GgufVocabulary {
    let mut tokens: Vec<String> = ["<unk>", "<s>", "</s>"].map(str::to_owned).to_vec();
    tokens.extend((0..=u8::MAX).map(|byte| format!("<0x{byte:02X}>")));
    tokens.extend(PIECES.map(str::to_owned));
    tokens.extend(["<|im|>".to_owned(), "<x>".to_owned()]);
    let mut kinds = vec![1; tokens.len()];
    kinds[..3].copy_from_slice(&[2, 3, 3]);
    kinds[3..259].fill(6);
    kinds[273..].copy_from_slice(&[3, 4]);
    let scores = (0_i16..).map(|place| if place < 259 { 0.0 } else { f32::from(258 - place) });
    GgufVocabulary {
        model: "llama".to_owned(),
        architecture: "llama".to_owned(),
        pre: Some("default".to_owned()),
        scores: scores.take(tokens.len()).collect(),
        tokens,
        kinds,
        ..GgufVocabulary::default()
    }
}

/// The tokenizer.json that transformers makes of it (`convert_slow_tokenizer.py`, `LlamaConverter`): every way to put a
/// piece together is a merge, in order of the pieces' scores.
pub(super) fn sentencepiece_json() -> Value {
    let vocabulary = sentencepiece();
    let vocab: serde_json::Map<String, Value> = vocabulary.tokens[..273]
        .iter()
        .zip(0..)
        .map(|(token, id)| (token.clone(), Value::from(id)))
        .collect();
    let mut merges = Vec::new();
    for piece in PIECES {
        for (at, _) in piece.char_indices().skip(1) {
            let (left, right) = piece.split_at(at);
            if vocab.contains_key(left) && vocab.contains_key(right) {
                merges.push(json!([left, right]));
            }
        }
    }
    json!({
        "version": "1.0",
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
        ]},
        "pre_tokenizer": null,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}
        },
        "added_tokens": [
            added(0, "<unk>"), added(1, "<s>"), added(2, "</s>"), added(273, "<|im|>"), added(274, "<x>")
        ],
        "decoder": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": true, "prepend_scheme": "always"},
        "model": {
            "type": "BPE", "vocab": vocab, "merges": merges, "unk_token": "<unk>", "fuse_unk": true,
            "byte_fallback": true
        }
    })
}
