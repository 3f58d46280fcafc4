//! The loss of the embedded models on held-out text, as their cards state it.
//!
//! The held-out text is kept only as token ids. Expected numbers are in `expected.json`, made by
//! `HEMOSCOPE_WRITE_QUALITY=1 cargo test --release --test quality`.

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use hemoscope_core::numeric::Moments;
use hemoscope_core::weights::formats;
use hemoscope_engine::Model;
use hemoscope_train::sample::HeldOutSample;
use serde::{Deserialize, Serialize};
use support::embedded::{NAMES, assert_stated, here, json, losses, measure_each};

const EXPECTED: &str = "tests/quality/expected.json";

/// Another processor sums in a different order; losses are printed to three decimals.
const NATS_TOLERANCE: f64 = 0.0005;
/// How much better on novels each size must be than the next smaller one.
const SIZE_GAIN_NATS: f64 = 0.15;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Loss {
    nats_per_token: f64,
    /// Standard error over windows.
    se: f64,
    bits_per_byte: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Quality {
    novels: Loss,
    stories: Loss,
}

fn loss(model: &Model, windows: &[Vec<u16>]) -> Loss {
    let mut per_window = Moments::default();
    let (mut nats, mut bytes) = (0.0, 0);
    for window in windows {
        let tokens: Vec<u32> = window.iter().map(|&token| u32::from(token)).collect();
        let losses = losses(model, &tokens);
        let sum: f64 = losses.iter().sum();
        per_window.push(sum / losses.len() as f64);
        nats += sum;
        bytes += model.tokenizer.decode(&tokens[1..]).len();
    }
    Loss {
        nats_per_token: per_window.mean(),
        se: per_window.standard_error(),
        bits_per_byte: nats / std::f64::consts::LN_2 / bytes as f64,
    }
}

fn sample() -> HeldOutSample {
    json("tests/quality/held-out.json")
}

fn expected() -> BTreeMap<String, Quality> {
    json(EXPECTED)
}

#[test]
fn each_model_loses_on_held_out_text_what_its_card_says() {
    let sample = sample();
    let found = measure_each(EXPECTED, |model| Quality {
        novels: loss(model, &sample.novels),
        stories: loss(model, &sample.stories),
    });
    let expected = expected();
    for name in NAMES {
        let (found, expected) = (&found[name], &expected[name]);
        for (what, found, expected) in [
            ("novels", found.novels, expected.novels),
            ("stories", found.stories, expected.stories),
        ] {
            let nats = (found.nats_per_token - expected.nats_per_token).abs();
            let bits = (found.bits_per_byte - expected.bits_per_byte).abs();
            assert!(
                nats < NATS_TOLERANCE && bits < NATS_TOLERANCE,
                "{name}, {what}: {found:?}, expected {expected:?}"
            );
        }
        let nats =
            [expected.novels, expected.stories].map(|loss| format!("{:.3} ± {:.3}", loss.nats_per_token, loss.se));
        let bits = [expected.novels, expected.stories].map(|loss| format!("{:.3}", loss.bits_per_byte));
        assert_stated(name, &[nats.clone(), bits].concat(), &nats);
    }
}

#[test]
fn larger_models_lose_less() {
    let expected = expected();
    for pair in NAMES.windows(2) {
        let [small, large] = [pair[0], pair[1]].map(|name| &expected[name]);
        let gain = small.novels.nats_per_token - large.novels.nats_per_token;
        assert!(gain >= SIZE_GAIN_NATS, "{} gains only {gain} nats", pair[1]);
        assert!(large.stories.nats_per_token < small.stories.nats_per_token);
    }
}

#[test]
fn models_have_one_tokenizer_and_the_sizes_that_a_school_can_load() {
    let file = |name: &str, file: &str| std::fs::read(here("web/models").join(name).join(file)).unwrap();
    for (name, megabytes) in NAMES.into_iter().zip([2.5, 9.0, 34.0]) {
        assert!(file(name, "tokenizer.json") == file(NAMES[0], "tokenizer.json"));
        assert!(
            file(name, "model.safetensors").len() as f64 <= megabytes * 1e6,
            "{name}"
        );
    }
    assert_eq!(
        formats::sha256_hex(&file(NAMES[0], "tokenizer.json")),
        sample().tokenizer_sha256
    );
}
