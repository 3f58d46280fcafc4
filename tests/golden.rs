//! The engine against reference results of SmolLM2-135M-Instruct made with another program (PyTorch and transformers);
//! protocols and values are in `tests/fixtures`.
//!
//! Needs the model file, which `make model` fetches: without it the test fails with a message and is not skipped.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics if its environment is not as it needs to be"
)]

mod support;

use hemoscope_core::curve::{CalibrationStats, Measured, Outcome};
use hemoscope_core::experiment::{Ask, Experiment};
use hemoscope_core::protocol::DeviceChoice;
use hemoscope_core::weights::formats;
use hemoscope_engine::{RunResult, Session};
use serde_json::Value;
use support::fixtures::fixture;
use support::smollm2::smollm2_path;
use support::{Quiet, own};

/// Relative tolerance for perplexity: the same formulas in f32 on another machine, up to ties and rounding.
const PPL_TOLERANCE: f64 = 0.005;
/// Base perplexity has no modification in it, so it must be closer.
const BASE_PPL_TOLERANCE: f64 = 0.002;
/// KL divergence, relative.
const KLD_TOLERANCE: f64 = 0.01;
/// Same-top rate, absolute: 0.005 is ten of the 2,044 positions.
const SAME_TOP_TOLERANCE: f64 = 0.005;
/// Block influence, relative.
const INFLUENCE_TOLERANCE: f64 = 0.01;

/// A golden row in our grammar; `None` for a method that does not exist here yet.
fn spec_of(row: &Value) -> Option<String> {
    let number = |key: &str| row[key].as_f64().unwrap();
    Some(match row["kind"].as_str().unwrap() {
        "magnitude" => format!("magnitude:sparsity={}", number("sparsity")),
        "magnitude-global" => format!("magnitude:sparsity={},group=global", number("sparsity")),
        "wanda-dense-stats" => format!("wanda:sparsity={}", number("sparsity")),
        "wanda-dense-stats-2:4" => "wanda:pattern=2:4".to_owned(),
        "rtn" => {
            let group = match &row["group"] {
                Value::String(word) if word == "channel" => "row".to_owned(),
                Value::String(word) => word.clone(),
                size => size.to_string(),
            };
            let scheme = if row["symmetric"].as_bool().unwrap() {
                "symmetric"
            } else {
                "asymmetric"
            };
            format!("rtn:bits={},group={group},scheme={scheme}", number("bits"))
        }
        "layer-drop-BI" => format!("layer-drop:count={}", row["dropped"].as_array().unwrap().len()),
        "layer-expand" => format!(
            "duplicate:blocks={}",
            row["plan"].as_str().unwrap().strip_prefix("dup").unwrap()
        ),
        _ => return None,
    })
}

fn relative(found: f64, expected: f64) -> f64 {
    (found / expected - 1.0).abs()
}

fn measured(result: &RunResult) -> Measured {
    match result.curve.points[0].outcome() {
        Outcome::Measured(measured) => measured,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_golden_row_of_a_method_that_exists_agrees() {
    let rows: Vec<Value> = std::fs::read_to_string(fixture("golden/smollm2_4x4.jsonl"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let text = std::fs::read_to_string(fixture("texts/wiki.test.raw")).unwrap();
    let calibration = std::fs::read_to_string(fixture("texts/wiki.valid.tokens.txt")).unwrap();
    let mut session = Session::new(Quiet::default());
    pollster::block_on(session.start(DeviceChoice::Flex)).unwrap();
    pollster::block_on(session.load(
        &own("SmolLM2"),
        "SmolLM2".to_owned(),
        formats::files(&smollm2_path()).unwrap(),
    ))
    .unwrap();

    let run = |spec: &str| {
        let experiment = Experiment {
            model: own("SmolLM2"),
            ask: Ask::Curve(spec.parse().unwrap()),
            text: own("wiki.test.raw"),
            windows: 4,
            window: 512,
            calibration_text: own("wiki.valid.tokens.txt"),
            calibration_windows: 4,
            calibration_stats: CalibrationStats::Dense,
            seed: 0,
        };
        pollster::block_on(session.run(&experiment, &text, &calibration)).unwrap()
    };

    let mut wrong = Vec::new();
    let mut compared = 0;
    let mut influence = None;
    for row in &rows {
        let Some(spec) = spec_of(row) else { continue };
        let result = run(&spec);
        let Measured { stats, .. } = measured(&result);
        let mut check = |what: &str, off: f64, allowed: f64, found: f64, expected: &Value| {
            if off.is_nan() || off > allowed {
                wrong.push(format!(
                    "{spec}: {what} is {found}, golden {expected}: off by {off:.5}, allowed {allowed}"
                ));
            }
        };
        let base = rows.iter().find(|row| row["kind"] == "base").unwrap();
        let relatives = [
            ("ppl", stats.ppl, row, PPL_TOLERANCE),
            ("nll_se", stats.nll_se, row, KLD_TOLERANCE),
            ("kld", stats.kld_mean, row, KLD_TOLERANCE),
            ("kld_median", stats.kld_median, row, 2.0 * KLD_TOLERANCE),
            ("ppl", result.curve.base.ppl, base, BASE_PPL_TOLERANCE),
        ];
        for (key, found, row, allowed) in relatives {
            let what = format!("{key} of {}", row["kind"]);
            check(
                &what,
                relative(found, row[key].as_f64().unwrap()),
                allowed,
                found,
                &row[key],
            );
        }
        let same_top = (stats.same_top - row["same_top"].as_f64().unwrap()).abs();
        check(
            "same_top",
            same_top,
            SAME_TOP_TOLERANCE,
            stats.same_top,
            &row["same_top"],
        );
        assert_eq!(stats.tokens, 2044);
        influence = influence.or(result.block_influence);
        compared += 1;
    }
    let golden = rows.iter().find(|row| row["kind"] == "block-influence").unwrap();
    let influence = influence.expect("layer-drop measures block influence");
    let golden = golden["first_29"].as_array().unwrap();
    assert_eq!(golden.len(), 29);
    assert_eq!(influence.len(), 30, "SmolLM2's blocks");
    for (block, (found, expected)) in influence.iter().zip(golden).enumerate() {
        let off = relative(*found, expected.as_f64().unwrap());
        if !off.is_finite() || off > INFLUENCE_TOLERANCE {
            wrong.push(format!("block influence of {block} is {found}, golden {expected}"));
        }
    }
    assert_eq!(compared, 13, "rows of methods that exist");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
