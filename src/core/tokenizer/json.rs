//! A tokenizer from the text of a tokenizer.json, on the `tokenizers` crate.
//!
//! That crate trusts the file: it panics on JSON that ends early, on a template that names a token without defining it,
//! on broken precompiled normalizers. So whatever would make it panic is refused here first. Only BPE is accepted,
//! which is what Llama and Qwen2 models use.

use serde::Deserialize;
use serde_json::Value;
use tokenizers::{DecoderWrapper, ModelWrapper, Tokenizer};

use super::pipeline::Pipeline;
use super::spelling::Spelling;
use super::{Built, Named, TokenizerError};

/// The parts of the file that are checked here.
#[derive(Deserialize)]
struct File {
    model: Model,
    normalizer: Option<Value>,
    post_processor: Option<Value>,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type")]
    kind: Option<String>,
    vocab: Option<Value>,
    merges: Option<Value>,
}

const MODELS: &str = "BPE";
const NORMALIZERS: &str = "all but Precompiled";
const POST_PROCESSORS: &str = "ByteLevel, TemplateProcessing and sequences of them";

/// How many ids a vocabulary may skip; models reserve some hundreds for later use.
const IDS_SPARE: usize = 1 << 16;

fn invalid(problem: String) -> TokenizerError {
    super::invalid("tokenizer.json", problem)
}

fn unsupported(what: String, supported: &str) -> TokenizerError {
    let supported = supported.to_owned();
    TokenizerError::Unsupported { what, supported }
}

/// Makes the tokenizer.
pub(super) fn build(bytes: &[u8], bos: Option<u32>, eos: &[u32]) -> Result<Built, TokenizerError> {
    let tokenizer = read(bytes)?;
    let spelling = match (tokenizer.get_decoder(), tokenizer.get_model()) {
        (Some(decoder), _) if is_byte_level(decoder) => Spelling::ByteLevel,
        (None, ModelWrapper::BPE(_)) => Spelling::ByteLevel,
        _ => Spelling::Metaspace,
    };
    let added = tokenizer.get_added_vocabulary().get_vocab();
    let tokens = tokenizer.get_vocab(true);
    let above = |ids: &mut dyn Iterator<Item = &u32>| ids.max().map_or(0, |id| (*id as usize).saturating_add(1));
    let size = above(&mut tokens.values());
    let own = tokens.iter().filter(|(token, _)| !added.contains_key(*token));
    let size_without_added = above(&mut own.map(|(_, id)| id));
    // Vocabularies may have gaps, but only a hostile file has an id far beyond its number of tokens.
    let mut spelled: Vec<Box<[u8]>> = vec![Box::default(); size.min(4 * tokens.len() + IDS_SPARE)];
    for (token, id) in &tokens {
        if let Some(slot) = spelled.get_mut(*id as usize) {
            *slot = if added.contains_key(token) {
                token.as_bytes().into()
            } else {
                spelling.bytes(token)
            };
        }
    }
    Ok(Built {
        pipeline: Pipeline::new(tokenizer)?,
        spelled,
        size,
        size_without_added,
        added_key: "tokenizer.json's added_tokens",
        bos: Named {
            id: bos,
            key: "config.json's bos_token_id",
        },
        eos: eos.to_vec(),
        eos_key: "config.json's or generation_config.json's eos_token_id",
        space_at_start: spelling == Spelling::Metaspace,
        warnings: Vec::new(),
    })
}

/// Whether tokens are spelled in GPT-2's way.
fn is_byte_level(decoder: &DecoderWrapper) -> bool {
    match decoder {
        DecoderWrapper::ByteLevel(_) => true,
        DecoderWrapper::Sequence(sequence) => sequence.get_decoders().iter().any(is_byte_level),
        _ => false,
    }
}

/// The crate's tokenizer, after everything that it takes on trust was checked.
fn read(bytes: &[u8]) -> Result<Tokenizer, TokenizerError> {
    // Everything is decoded, even what is not checked here: the crate panics on strings that are not valid text.
    let whole: Value = serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
    let file = File::deserialize(&whole).map_err(|error| invalid(error.to_string()))?;
    // Files from before 2020 don't name the model's kind; only BPE has merges.
    let has_merges = file.model.vocab.is_some() && file.model.merges.is_some();
    match file.model.kind.as_deref() {
        Some("BPE") => {}
        None if has_merges => {}
        kind => {
            let kind = kind.unwrap_or("unknown");
            return Err(unsupported(
                format!("tokenizer.json with a model of type {kind:?}"),
                MODELS,
            ));
        }
    }
    let precompiled = file
        .normalizer
        .as_ref()
        .is_some_and(|part| has_type(part, "Precompiled"));
    if precompiled {
        let what = "tokenizer.json with a normalizer of type \"Precompiled\"".to_owned();
        return Err(unsupported(what, NORMALIZERS));
    }
    if let Some(processor) = &file.post_processor {
        check_post_processor(processor)?;
    }
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|error| invalid(error.to_string()))?;
    // A file may ask for truncation or padding, which would change what is measured.
    tokenizer
        .with_truncation(None)
        .map_err(|error| invalid(error.to_string()))?;
    tokenizer.with_padding(None);
    Ok(tokenizer)
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
        kind => Err(unsupported(
            format!("tokenizer.json with a post-processor of type {kind:?}"),
            POST_PROCESSORS,
        )),
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

    fn tokens(changes: &[(&str, Value)], text: &str) -> Vec<u32> {
        build(&file(changes), None, &[])
            .unwrap()
            .pipeline
            .encode_first(text, usize::MAX)
            .unwrap()
    }

    #[test]
    fn a_template_adds_its_tokens() {
        let text = serde_json::json!({"Sequence": {"id": "A", "type_id": 0}});
        let single = serde_json::json!([piece("<s>"), text, piece("<s>")]);
        assert_eq!(tokens(&[("post_processor", template(&single))], "ab"), [7, 2, 7]);
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
                file(&[("post_processor", template(&serde_json::json!([piece("<s>")])))]),
                "exactly once",
            ),
            (
                file(&[("post_processor", serde_json::json!({"type": "BertProcessing"}))]),
                "BertProcessing",
            ),
        ];
        for (bytes, expected) in cases {
            let message = build(&bytes, None, &[])
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(message.contains(expected), "{expected:?} is not in {message:?}");
        }
    }

    #[test]
    fn truncation_and_padding_of_the_file_are_switched_off() {
        let truncation = serde_json::json!({
            "direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0
        });
        assert_eq!(tokens(&[("truncation", truncation)], "abab"), [2, 2]);
    }

    #[test]
    fn a_model_without_a_type_but_with_merges_is_bpe() {
        // As in the first version of openai-community/gpt2's tokenizer.json.
        let model = serde_json::json!({"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]});
        assert_eq!(tokens(&[("model", model.clone())], "aba"), [2, 0]);
        let mut word_piece = model;
        word_piece["merges"] = Value::Null;
        let message = build(&file(&[("model", word_piece)]), None, &[])
            .err()
            .unwrap()
            .to_string();
        assert!(message.contains("model of type \"unknown\""), "{message}");
    }
}
