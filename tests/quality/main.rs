//! What the embedded models can do: losses on held-out text and grammar, as their cards say.
//!
//! The held-out text is here as tokens alone. Expected numbers are in `expected.json`, made by
//! `HEMOSCOPE_WRITE_QUALITY=1 cargo test --release --test quality -- --ignored`.
//!
//! Grammar: BLiMP, Warstadt et al. 2020, <https://arxiv.org/abs/1912.00582>: of two sentences that differ in one place, how
//! often the grammatical one has the higher probability, each read as a text of its own.

#![cfg(all(feature = "engine", feature = "train"))]
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its surroundings are not as they must be"
)]

#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use hemoscope::engine::{Model, Session};
use hemoscope::model::Batch;
use hemoscope::numeric::{Moments, log_sum_exp};
use hemoscope::share::{Asset, DeviceChoice};
use hemoscope::train::sample::HeldOutSample;
use hemoscope::weights::formats;
use serde::{Deserialize, Serialize};
use support::{Quiet, shared};

/// From small to large.
const NAMES: [&str; 3] = ["hemoscope-1m", "hemoscope-4m", "hemoscope-16m"];

/// Pairs of each paradigm that are looked at in every run of the tests; all of them take minutes.
const PAIRS: usize = 4;

/// Another processor sums in another order; losses are printed to three decimals.
const NATS_TOLERANCE: f64 = 0.0005;
/// Two pairs of the sample may tip over where both sentences are equally likely.
const ACCURACY_TOLERANCE: f64 = 0.008;
/// What each size must be better by than the one before, on novels.
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
    /// All pairs.
    blimp: f64,
    /// The first [`PAIRS`] of each paradigm.
    blimp_sample: f64,
}

#[derive(Deserialize)]
struct Pair {
    paradigm: String,
    good: String,
    bad: String,
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn json<T: for<'a> Deserialize<'a>>(path: &str) -> T {
    serde_json::from_slice(&std::fs::read(here(path)).unwrap()).unwrap()
}

fn model(name: &str) -> Model {
    let folder = here("web/models").join(name);
    let mut session = Session::new(Quiet::default());
    pollster::block_on(async {
        session.start(DeviceChoice::Flex).await.unwrap();
        let files = formats::files(&folder).unwrap();
        session
            .load(&Asset::bundled(name), name.to_owned(), files)
            .await
            .unwrap();
        session.model().unwrap().clone()
    })
}

/// Loss in nats of each token after the first.
fn losses(model: &Model, tokens: &[u32]) -> Vec<f64> {
    let llama = &model.llama;
    let batch = Batch::new(&[tokens]).unwrap();
    let mut x = llama.embed(&batch).unwrap();
    for block in llama.blocks() {
        x = llama.forward_block(block, &x, &batch, None);
    }
    let logits = llama.logits(&llama.finish(&x));
    let logits = pollster::block_on(llama.compute().read(logits, "reading logits")).unwrap();
    let rows = logits.chunks_exact(llama.config().vocabulary);
    rows.zip(&tokens[1..])
        .map(|(row, &next)| log_sum_exp(row) - f64::from(row[next as usize]))
        .collect()
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

fn accuracy(model: &Model, most: usize) -> f64 {
    let text = std::fs::read_to_string(shared("data/blimp_small.jsonl")).unwrap();
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

fn sample() -> HeldOutSample {
    json("tests/quality/held-out.json")
}

fn expected() -> BTreeMap<String, Quality> {
    json("tests/quality/expected.json")
}

#[test]
fn each_model_is_as_good_as_its_card_says() {
    let (sample, expected) = (sample(), expected());
    for name in NAMES {
        let (model, expected) = (model(name), &expected[name]);
        for (what, windows, expected) in [
            ("novels", &sample.novels, expected.novels),
            ("stories", &sample.stories, expected.stories),
        ] {
            let found = loss(&model, windows);
            let apart = (found.nats_per_token - expected.nats_per_token).abs();
            assert!(
                apart < NATS_TOLERANCE,
                "{name}, {what}: {found:?}, expected {expected:?}"
            );
            let apart = (found.bits_per_byte - expected.bits_per_byte).abs();
            assert!(
                apart < NATS_TOLERANCE,
                "{name}, {what}: {found:?}, expected {expected:?}"
            );
        }
        let found = accuracy(&model, PAIRS);
        let apart = (found - expected.blimp_sample).abs();
        assert!(
            apart < ACCURACY_TOLERANCE,
            "{name}: {found}, expected {}",
            expected.blimp_sample
        );
        let card = std::fs::read_to_string(here("web/models").join(name).join("README.md")).unwrap();
        for number in [
            format!("{:.3} ± {:.3}", expected.novels.nats_per_token, expected.novels.se),
            format!("{:.3} ± {:.3}", expected.stories.nats_per_token, expected.stories.se),
            format!("{:.3}", expected.novels.bits_per_byte),
            format!("{:.3}", expected.stories.bits_per_byte),
            format!("{:.1} %", 100.0 * expected.blimp),
        ] {
            assert!(card.contains(&number), "the card of {name} doesn't say {number}");
        }
        let readme = std::fs::read_to_string(here("README.md")).unwrap();
        for number in [
            format!("{:.3} ± {:.3}", expected.novels.nats_per_token, expected.novels.se),
            format!("{:.3} ± {:.3}", expected.stories.nats_per_token, expected.stories.se),
            format!("{:.1} %", 100.0 * expected.blimp),
        ] {
            assert!(readme.contains(&number), "the README doesn't say {number} of {name}");
        }
    }
}

#[test]
fn larger_models_are_better() {
    let expected = expected();
    for pair in NAMES.windows(2) {
        let [small, large] = [pair[0], pair[1]].map(|name| &expected[name]);
        let gain = small.novels.nats_per_token - large.novels.nats_per_token;
        assert!(gain >= SIZE_GAIN_NATS, "{} gains only {gain} nats", pair[1]);
        assert!(large.stories.nats_per_token < small.stories.nats_per_token && large.blimp > small.blimp);
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

#[test]
#[ignore = "takes minutes; writes expected.json where HEMOSCOPE_WRITE_QUALITY is set"]
fn all_pairs_of_blimp() {
    let sample = sample();
    let found: BTreeMap<String, Quality> = NAMES
        .into_iter()
        .map(|name| {
            let model = model(name);
            let quality = Quality {
                novels: loss(&model, &sample.novels),
                stories: loss(&model, &sample.stories),
                blimp: accuracy(&model, usize::MAX),
                blimp_sample: accuracy(&model, PAIRS),
            };
            (name.to_owned(), quality)
        })
        .collect();
    if std::env::var_os("HEMOSCOPE_WRITE_QUALITY").is_some() {
        let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
        std::fs::write(here("tests/quality/expected.json"), text).unwrap();
    }
    for (name, expected) in expected() {
        let apart = (found[&name].blimp - expected.blimp).abs();
        assert!(
            apart < ACCURACY_TOLERANCE,
            "{name}: {}, expected {}",
            found[&name].blimp,
            expected.blimp
        );
    }
}
