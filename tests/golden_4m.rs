//! The engine against reference results of the embedded 4M model made with another program (PyTorch in f32, statistics and
//! sums in f64); protocols and values are in `tests/fixtures`.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics if its environment is not as it needs to be"
)]

mod support;

use hemoscope_core::curve::{CalibrationStats, Outcome, Point};
use hemoscope_core::experiment::{Ask, Asset, Experiment};
use hemoscope_core::observation::{Observation, find};
use hemoscope_core::protocol::DeviceChoice;
use hemoscope_core::weights::formats;
use hemoscope_engine::Session;
use serde_json::Value;
use support::Quiet;
use support::embedded::here;
use support::fixtures::fixture;

/// Both compute in f32 but sum in a different order; along the depth, this includes ties in pruning masks that are
/// broken differently.
const DEPTH_TOLERANCE: f64 = 1e-3;
/// ln PPL of a method that is a plain formula.
const LN_PPL_TOLERANCE: f64 = 1e-3;
/// KL divergence, relative.
const KLD_TOLERANCE: f64 = 0.01;
/// Where activations are rounded, a last digit decides which way one goes, and from there on the noise is a different
/// sample: plain PyTorch in f32 and in f64 differ by 0.002 in ln PPL at 8 bits, by 0.006 at 4 bits, and by 5 % in KL
/// divergence.
const ROUNDED_LN_PPL_TOLERANCE: f64 = 0.015;
/// The same for KL divergence, relative.
const ROUNDED_KLD_TOLERANCE: f64 = 0.15;

fn rows(group: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(fixture("golden/hemoscope4m.jsonl")).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["group"] == group).collect()
}

/// The protocol of the reference: 4 windows of 256 tokens, statistics of the untouched model from 4 calibration
/// windows.
fn experiment(ask: Ask) -> Experiment {
    Experiment {
        ask,
        windows: 4,
        window: 256,
        calibration_windows: 4,
        calibration_stats: CalibrationStats::Dense,
        ..Experiment::default()
    }
}

fn session() -> Session<Quiet> {
    let mut session = Session::new(Quiet::default());
    pollster::block_on(session.start(DeviceChoice::Flex)).unwrap();
    let files = formats::files(&here("web/models/hemoscope-4m")).unwrap();
    let model = Asset::bundled("hemoscope-4m");
    pollster::block_on(session.load(&model, model.name(), files)).unwrap();
    session
}

fn point(session: &Session<Quiet>, ask: Ask) -> Point {
    let text = |name: &str| std::fs::read_to_string(here("web/texts").join(name)).unwrap();
    let (experiment, evaluation, calibration) = (experiment(ask), text("evaluation.txt"), text("calibration.txt"));
    let result = pollster::block_on(session.run(&experiment, &evaluation, &calibration));
    result.unwrap().curve.points.remove(0)
}

/// What differs by more than the tolerance.
fn wrong(spec: &str, observations: &[Observation], suffix: &str, expected: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |what: String, found: f64, expected: &Value| {
        let agrees = match expected.as_f64() {
            Some(expected) => (found - expected).abs() <= DEPTH_TOLERANCE,
            None => !found.is_finite(),
        };
        if !agrees {
            wrong.push(format!("{spec}: {what} is {found}, golden {expected}"));
        }
    };
    for measure in ["relative_error", "cosine", "cka", "base_rms", "amplification"] {
        let found = find(observations, &format!("{measure}{suffix}")).unwrap();
        let expected = expected[measure].as_array().unwrap();
        assert_eq!(found.values.len(), expected.len(), "{spec}: {measure}{suffix}");
        for (site, (found, expected)) in found.values.iter().zip(expected).enumerate() {
            compare(format!("{measure}{suffix} at {site}"), *found, expected);
        }
    }
    let found = find(observations, &format!("cascade{suffix}")).unwrap();
    compare(format!("cascade{suffix}"), found.values[0], &expected["cascade"]);
    wrong
}

#[test]
fn residual_streams_along_the_depth_agree() {
    let session = session();
    let rows = rows("depth");
    let mut all = Vec::new();
    for row in &rows {
        let spec = row["spec"].as_str().unwrap();
        let Point { observations, .. } = point(&session, Ask::Depth(spec.parse().unwrap()));
        all.extend(wrong(spec, &observations, "", &row["with_first"]));
        all.extend(wrong(spec, &observations, "_without_first", &row["without_first"]));
    }
    assert_eq!(rows.len(), 4);
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// Rows of methods that exist here, by their specification.
#[test]
fn methods_of_the_catalogue_agree() {
    let session = session();
    let mut compared = 0;
    let mut all = Vec::new();
    for row in rows("catalogue") {
        let Some(Ok(sweep)) = row["spec"].as_str().map(str::parse) else {
            continue;
        };
        let spec = row["spec"].as_str().unwrap();
        let Outcome::Measured(measured) = point(&session, Ask::Curve(sweep)).outcome() else {
            panic!("{spec} was not measured")
        };
        let (loss, kld) = (measured.hemorrhage.ln_ratio, measured.stats.kld_mean);
        let (golden_loss, golden_kld) = (row["ln_ratio"].as_f64().unwrap(), row["kld"].as_f64().unwrap());
        let (loss_tolerance, kld_tolerance) = if row["kind"] == "activations" {
            (ROUNDED_LN_PPL_TOLERANCE, ROUNDED_KLD_TOLERANCE)
        } else {
            (LN_PPL_TOLERANCE, KLD_TOLERANCE)
        };
        let agrees = (loss - golden_loss).abs() <= loss_tolerance && (kld / golden_kld - 1.0).abs() <= kld_tolerance;
        if !agrees {
            all.push(format!(
                "{spec}: ln ratio {loss}, golden {golden_loss}; KL {kld}, golden {golden_kld}"
            ));
        }
        compared += 1;
    }
    assert_eq!(compared, 4, "rows of methods that exist");
    assert!(all.is_empty(), "{}", all.join("\n"));
}
