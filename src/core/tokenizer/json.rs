//! A tokenizer from the text of a tokenizer.json, on the `tokenizers` crate.
//!
//! That crate trusts the file: it panics on JSON that ends early, on a template that names a token without defining it,
//! on broken precompiled normalizers. So whatever would make it panic is refused here first. Only BPE is accepted,
//! which is what Llama and Qwen2 models use.

use serde::Deserialize;
use serde_json::Value;
use tokenizers::Tokenizer;

use super::TokenizerError;
use super::byte_level::QWEN2_PATTERN;

/// The parts of the file that are checked here.
#[derive(Deserialize)]
struct File {
    model: Model,
    normalizer: Option<Value>,
    pre_tokenizer: Option<Value>,
    post_processor: Option<Value>,
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(Deserialize)]
struct Added {
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type")]
    kind: Option<String>,
}

const MODELS: &str = "BPE";
const NORMALIZERS: &str = "all but Precompiled";
const POST_PROCESSORS: &str = "ByteLevel, TemplateProcessing and sequences of them";

fn invalid(problem: String) -> TokenizerError {
    let what = "tokenizer.json".to_owned();
    TokenizerError::Invalid { what, problem }
}

/// Makes the tokenizer, and tells whether [`super::byte_level::cut_after`] holds for it.
pub(super) fn build(bytes: &[u8]) -> Result<(Tokenizer, bool), TokenizerError> {
    // Everything is decoded, even what is not checked here: the crate panics on strings that are not valid text.
    let whole: Value = serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
    let file = File::deserialize(&whole).map_err(|error| invalid(error.to_string()))?;
    let kind = file.model.kind.as_deref().unwrap_or("unknown");
    if kind != "BPE" {
        let what = format!("tokenizer.json with a model of type {kind:?}");
        return Err(TokenizerError::Unsupported {
            what,
            supported: MODELS,
        });
    }
    if file
        .normalizer
        .as_ref()
        .is_some_and(|normalizer| has_type(normalizer, "Precompiled"))
    {
        let what = "tokenizer.json with a normalizer of type \"Precompiled\"".to_owned();
        return Err(TokenizerError::Unsupported {
            what,
            supported: NORMALIZERS,
        });
    }
    if let Some(processor) = &file.post_processor {
        check_post_processor(processor)?;
    }
    let can_cut = can_cut(&file);

    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|error| invalid(error.to_string()))?;
    // A file may ask for truncation or padding, which would change what is measured.
    tokenizer
        .with_truncation(None)
        .map_err(|error| invalid(error.to_string()))?;
    tokenizer.with_padding(None);
    Ok((tokenizer, can_cut))
}

fn type_of(part: &Value) -> Option<&str> {
    part.get("type").and_then(Value::as_str)
}

/// Whether the file cuts text into words by one of the rules used here for GGUF vocabularies, and nothing else in it
/// looks across words.
fn can_cut(file: &File) -> bool {
    let pre_tokenizer = file.pre_tokenizer.as_slice();
    let parts = match pre_tokenizer {
        [sequence] if type_of(sequence) == Some("Sequence") => sequence.get("pretokenizers").and_then(Value::as_array),
        _ => None,
    };
    let parts = parts.map_or(pre_tokenizer, Vec::as_slice);
    let is_false = |part: &Value, field: &str| part.get(field) == Some(&Value::Bool(false));
    let is_pattern = |part: &Value| {
        let same = part.pointer("/pattern/Regex").and_then(Value::as_str) == Some(QWEN2_PATTERN);
        same && part.get("behavior").and_then(Value::as_str) == Some("Isolated") && is_false(part, "invert")
    };
    let known = |part: &Value| match type_of(part) {
        Some("Digits") => true,
        Some("Split") => is_pattern(part),
        Some("ByteLevel") => is_false(part, "add_prefix_space"),
        _ => false,
    };
    let cuts = |part: &Value| match type_of(part) {
        Some("Split") => true,
        Some("ByteLevel") => !is_false(part, "use_regex"),
        _ => false,
    };
    let simple = |token: &Added| !token.content.contains(' ') && !token.single_word && !token.lstrip && !token.rstrip;
    parts.iter().all(known)
        && parts.iter().any(cuts)
        && file
            .normalizer
            .as_ref()
            .is_none_or(|normalizer| type_of(normalizer) == Some("NFC"))
        && file
            .post_processor
            .as_ref()
            .is_none_or(|processor| type_of(processor) == Some("ByteLevel"))
        && file.added_tokens.iter().all(simple)
}

/// Whether an object of this type occurs anywhere inside. JSON's own depth limit bounds the recursion.
fn has_type(value: &Value, kind: &str) -> bool {
    match value {
        Value::Object(fields) => {
            fields.get("type").and_then(Value::as_str) == Some(kind)
                || fields.values().any(|field| has_type(field, kind))
        }
        Value::Array(items) => items.iter().any(|item| has_type(item, kind)),
        _ => false,
    }
}

/// Checks the step after tokenisation: a template that adds special tokens before or after.
fn check_post_processor(processor: &Value) -> Result<(), TokenizerError> {
    let kind = processor.get("type").and_then(Value::as_str).unwrap_or("unknown");
    let list = |field: &str| {
        processor
            .get(field)
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
    };
    match kind {
        "ByteLevel" => Ok(()),
        "Sequence" => list("processors").iter().try_for_each(check_post_processor),
        "TemplateProcessing" => {
            for piece in list("single").iter().chain(list("pair")) {
                let Some(token) = piece.pointer("/SpecialToken/id").and_then(Value::as_str) else {
                    continue;
                };
                if processor
                    .get("special_tokens")
                    .and_then(|tokens| tokens.get(token))
                    .is_none()
                {
                    return Err(invalid(format!(
                        "its template uses the token {token:?} and doesn't define it"
                    )));
                }
            }
            let is_second = |piece: &Value| piece.pointer("/Sequence/id").is_some_and(|id| id != "A");
            if list("single").iter().any(is_second) {
                return Err(invalid("its template for one text uses a second one".to_owned()));
            }
            Ok(())
        }
        kind => Err(TokenizerError::Unsupported {
            what: format!("tokenizer.json with a post-processor of type {kind:?}"),
            supported: POST_PROCESSORS,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(changes: &[(&str, Value)]) -> Vec<u8> {
        let mut file = serde_json::json!({
            "version": "1.0", "added_tokens": [],
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
            "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}
        });
        for (key, value) in changes {
            file[*key] = value.clone();
        }
        file.to_string().into_bytes()
    }

    fn template(single: &Value) -> Value {
        let begin = serde_json::json!({"<s>": {"id": "<s>", "ids": [7], "tokens": ["<s>"]}});
        serde_json::json!({"type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": begin})
    }

    fn piece(special: &str) -> Value {
        serde_json::json!({"SpecialToken": {"id": special, "type_id": 0}})
    }

    #[test]
    fn a_template_adds_its_tokens() {
        let text = serde_json::json!({"Sequence": {"id": "A", "type_id": 0}});
        let (tokenizer, _) = build(&file(&[(
            "post_processor",
            template(&serde_json::json!([piece("<s>"), text])),
        )]))
        .unwrap();
        assert_eq!(tokenizer.encode_fast("ab", true).unwrap().get_ids(), [7, 2]);
    }

    #[test]
    fn what_the_crate_would_panic_on_is_refused() {
        let second = serde_json::json!({"Sequence": {"id": "B", "type_id": 0}});
        let cases = [
            (file(&[])[..40].to_vec(), "EOF"),
            (b"[]".to_vec(), "invalid"),
            (
                file(&[("model", serde_json::json!({"type": "Unigram", "vocab": []}))]),
                "\"Unigram\" is not supported",
            ),
            (
                file(&[("normalizer", serde_json::json!({"type": "Precompiled"}))]),
                "Precompiled",
            ),
            (
                file(&[("post_processor", template(&serde_json::json!([piece("<x>")])))]),
                "uses the token \"<x>\"",
            ),
            (
                file(&[("post_processor", template(&serde_json::json!([second])))]),
                "uses a second one",
            ),
            (
                file(&[("post_processor", serde_json::json!({"type": "BertProcessing"}))]),
                "BertProcessing",
            ),
        ];
        for (bytes, expected) in cases {
            let message = build(&bytes).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(message.contains(expected), "{expected:?} is not in {message:?}");
        }
    }

    #[test]
    fn truncation_and_padding_of_the_file_are_switched_off() {
        let truncation = serde_json::json!({
            "direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0
        });
        let (tokenizer, _) = build(&file(&[("truncation", truncation)])).unwrap();
        assert_eq!(tokenizer.encode_fast("abab", true).unwrap().get_ids(), [2, 2]);
    }

    #[test]
    fn only_files_that_look_at_words_alone_may_be_cut() {
        let can_cut = |changes: &[(&str, Value)]| build(&file(changes)).unwrap().1;
        let bytes = |use_regex: bool| {
            serde_json::json!({
                "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": use_regex
            })
        };
        let sequence = |parts: &[Value]| serde_json::json!({"type": "Sequence", "pretokenizers": parts});
        let digits = serde_json::json!({"type": "Digits", "individual_digits": true});
        let split = |pattern: &str| {
            serde_json::json!({
                "type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false
            })
        };
        // GPT-2, SmolLM2 and Qwen2.
        assert!(can_cut(&[]));
        assert!(can_cut(&[("pre_tokenizer", sequence(&[digits.clone(), bytes(true)]))]));
        let qwen2 = sequence(&[split(QWEN2_PATTERN), bytes(false)]);
        let nfc = serde_json::json!({"type": "NFC"});
        assert!(can_cut(&[
            ("pre_tokenizer", qwen2),
            ("normalizer", nfc),
            ("post_processor", bytes(false))
        ]));

        assert!(!can_cut(&[("pre_tokenizer", Value::Null)]));
        assert!(!can_cut(&[("pre_tokenizer", sequence(&[digits, bytes(false)]))]));
        assert!(!can_cut(&[("pre_tokenizer", sequence(&[split(".*"), bytes(false)]))]));
        assert!(!can_cut(&[(
            "normalizer",
            serde_json::json!({"type": "Prepend", "prepend": "_"})
        )]));
        assert!(!can_cut(&[(
            "post_processor",
            template(&serde_json::json!([piece("<s>")]))
        )]));
        let token = |content: &str, lstrip: bool| {
            serde_json::json!([{
                "id": 2, "content": content, "single_word": false, "lstrip": lstrip, "rstrip": false,
                "normalized": false, "special": true
            }])
        };
        assert!(can_cut(&[("added_tokens", token("ab", false))]));
        assert!(!can_cut(&[("added_tokens", token("ab", true))]));
        assert!(!can_cut(&[("added_tokens", token("a b", false))]));
    }
}
