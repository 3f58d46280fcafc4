//! Grammar of the embedded models, as their cards state it.
//!
//! BLiMP, Warstadt et al. 2020, <https://arxiv.org/abs/1912.00582>: for pairs of sentences with one small difference,
//! how often the grammatical one has the higher probability, each read as a separate text. Expected numbers are in
//! `expected.json`, made by `HEMOSCOPE_WRITE_QUALITY=1 cargo test --release --test grammar -- --ignored`.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics if its environment is not as it needs to be"
)]

#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, HashMap};

use hemoscope_engine::Model;
use serde::{Deserialize, Serialize};
use support::embedded::{NAMES, assert_stated, json, losses, measure_each, model};
use support::fixtures::fixture;

const EXPECTED: &str = "tests/grammar/expected.json";

/// Pairs per paradigm measured in every test run; all of them take minutes.
const PAIRS: usize = 4;

/// Two pairs of the sample may flip where both sentences are almost equally likely.
const ACCURACY_TOLERANCE: f64 = 0.008;

/// Shares of the pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Accuracy {
    all: f64,
    /// Of the first [`PAIRS`] of each paradigm.
    sample: f64,
}

#[derive(Deserialize)]
struct Pair {
    paradigm: String,
    good: String,
    bad: String,
}

fn accuracy(model: &Model, most: usize) -> f64 {
    let text = std::fs::read_to_string(fixture("blimp/minimal-pairs.jsonl")).unwrap();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let (mut right, mut all) = (0, 0);
    for line in text.lines() {
        let pair: Pair = serde_json::from_str(line).unwrap();
        let count = seen.entry(pair.paradigm).or_default();
        *count += 1;
        if *count > most {
            continue;
        }
        let loss = |sentence: &str| -> f64 {
            let mut tokens = vec![model.tokenizer.eos().unwrap()];
            tokens.extend(model.tokenizer.encode(sentence).unwrap());
            losses(model, &tokens).iter().sum()
        };
        all += 1;
        right += usize::from(loss(&pair.good) < loss(&pair.bad));
    }
    f64::from(right as u32) / f64::from(all)
}

fn expected() -> BTreeMap<String, Accuracy> {
    json(EXPECTED)
}

fn assert_near(name: &str, found: f64, expected: f64) {
    let apart = (found - expected).abs();
    assert!(apart < ACCURACY_TOLERANCE, "{name}: {found}, expected {expected}");
}

#[test]
fn each_model_knows_as_much_grammar_as_its_card_says() {
    let expected = expected();
    for name in NAMES {
        assert_near(name, accuracy(&model(name), PAIRS), expected[name].sample);
        let stated = [format!("{:.1} %", 100.0 * expected[name].all)];
        assert_stated(name, &stated, &stated);
    }
}

#[test]
fn larger_models_know_more_grammar() {
    let expected = expected();
    for pair in NAMES.windows(2) {
        assert!(expected[pair[1]].all > expected[pair[0]].all, "{pair:?}");
    }
}

#[test]
#[ignore = "takes minutes; writes expected.json where HEMOSCOPE_WRITE_QUALITY is set"]
fn all_pairs() {
    let found = measure_each(EXPECTED, |model| Accuracy {
        all: accuracy(model, usize::MAX),
        sample: accuracy(model, PAIRS),
    });
    let expected = expected();
    for name in NAMES {
        assert_near(name, found[name].all, expected[name].all);
    }
}
