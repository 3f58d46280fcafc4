//! The bundled texts match their manifest.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics if its environment is not as it needs to be"
)]

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use hemoscope_core::tokenizer::Tokenizer;
use hemoscope_core::weights::formats::{TokenizerSource, sha256_hex};
use serde::Deserialize;

/// The least length of the evaluation text, so that a class can measure on it for a while.
const LEAST_WORDS: usize = 6000;

#[derive(Deserialize)]
struct Entry {
    file: String,
    words: usize,
    bytes: usize,
    /// Counted by the embedded models' tokenizer.
    tokens: usize,
    sha256: String,
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("web").join(path)
}

fn texts() -> Vec<(Entry, String)> {
    let manifest = std::fs::read(here("texts/manifest.json")).unwrap();
    let entries: Vec<Entry> = serde_json::from_slice(&manifest).unwrap();
    let text = |entry: &Entry| std::fs::read_to_string(here("texts").join(&entry.file)).unwrap();
    entries
        .into_iter()
        .map(|entry| (text(&entry), entry))
        .map(|(text, entry)| (entry, text))
        .collect()
}

#[test]
fn the_manifest_counts_what_is_there() {
    let tokenizer = Tokenizer::new(&TokenizerSource::Json {
        bytes: std::fs::read(here("models/hemoscope-4m/tokenizer.json")).unwrap(),
        bos: None,
        eos: Vec::new(),
    })
    .unwrap();
    let texts = texts();
    assert_eq!(texts.len(), 2);
    for (entry, text) in texts {
        let found = (
            text.split_whitespace().count(),
            text.len(),
            tokenizer.encode(&text).unwrap().len(),
        );
        assert_eq!((entry.words, entry.bytes, entry.tokens), found, "{}", entry.file);
        assert_eq!(entry.sha256, sha256_hex(text.as_bytes()), "{}", entry.file);
        assert!(entry.words >= LEAST_WORDS, "{}", entry.file);
    }
}

#[test]
fn no_sentence_stands_in_both_texts() {
    let texts = texts();
    // Short ones, such as "Yes.", may occur in both.
    let sentences = |text: &str| -> HashSet<String> {
        text.split(['.', '!', '?', '\n', '"'])
            .map(|sentence| sentence.trim().to_lowercase())
            .filter(|sentence| sentence.split_whitespace().count() > 5)
            .collect()
    };
    let both: Vec<String> = sentences(&texts[0].1)
        .intersection(&sentences(&texts[1].1))
        .cloned()
        .collect();
    assert!(both.is_empty(), "{both:?}");
}
