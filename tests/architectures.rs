//! Every architecture, from both formats, against transformers: tiny random models that
//! `reference/architectures.py` wrote.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics if its environment is not as it needs to be"
)]

mod support;

use serde_json::Value;
use support::fixtures::fixture;
use support::program::{measure, perplexity, result, text};

/// The reference was computed in f64, ours in f32, on random models whose logits are nearly equal.
const RELATIVE: f64 = 2e-5;

/// The untouched model's perplexity, about which nothing has to be said.
fn measured(model: &str) -> f64 {
    let path = |name: &str| fixture(name).display().to_string();
    let output = measure(&path(&format!("architectures/{model}")), &path("cases/eval.txt"));
    let result = result(&output);
    assert_eq!(text(&output.stderr), "", "{model}");
    perplexity(&result)
}

#[track_caller]
fn assert_agrees(name: &str) {
    let text = std::fs::read_to_string(fixture("architectures/perplexity.json")).unwrap();
    let reference: Value = serde_json::from_str(&text).unwrap();
    let expected = reference["perplexity"][name].as_f64().unwrap();
    for file in [name.to_owned(), format!("{name}.gguf")] {
        let found = measured(&file);
        assert!(
            (found / expected - 1.0).abs() < RELATIVE,
            "{file}: {found} is not {expected}"
        );
    }
}

#[test]
fn llama_with_the_rotary_scaling_of_llama_3() {
    assert_agrees("llama3");
}

#[test]
fn qwen2() {
    assert_agrees("qwen2");
}

#[test]
fn qwen3() {
    assert_agrees("qwen3");
}

#[test]
fn phi3() {
    assert_agrees("phi3");
}
