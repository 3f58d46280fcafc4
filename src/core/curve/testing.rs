//! Curves with known numbers for tests.

use super::{Curve, Measured, Outcome, Point, Protocol};
use crate::metric::{Hemorrhage, Stats};
use crate::numeric::student_95;

/// Mean negative log-likelihood of the untouched model: its perplexity is e³.
const NLL: f64 = 3.0;

fn stats(nll: f64, same_top: f64) -> Stats {
    Stats {
        ppl: nll.exp(),
        nll,
        nll_se: 0.07,
        kld_mean: 0.5 * (nll - NLL).abs(),
        kld_se: 0.01,
        kld_median: 0.4 * (nll - NLL).abs(),
        kld_p99: 2.0 * (nll - NLL).abs(),
        same_top,
        same_top_se: 0.01,
        tokens: 2044,
    }
}

/// Windows of the curves here.
const WINDOWS: usize = 4;

/// A curve from (value, ln ratio, error of it), where 1.96 errors are half of the 95 % interval; the same-top rate is
/// 1 − ln ratio, at least a tenth.
pub fn curve(sweep: &str, points: &[(f64, f64, f64)]) -> Curve {
    let points = points
        .iter()
        .map(|&(value, ln_ratio, error)| {
            let ln_ratio_se = error * 1.96 / student_95(WINDOWS);
            let measured = Measured {
                stats: stats(NLL + ln_ratio, (1.0 - ln_ratio).clamp(0.1, 1.0)),
                hemorrhage: Hemorrhage { ln_ratio, ln_ratio_se },
                sparsity_achieved: value,
                bits_per_weight: 5.0,
                blocks: 30,
                duration_secs: 1.5,
            };
            Point::measured(value, crate::modify::Spec::default(), &measured)
        })
        .collect();
    Curve {
        question: crate::experiment::Question::Curve,
        sweep: sweep.parse().unwrap(),
        protocol: Protocol {
            name: "full-window".to_owned(),
            window: 512,
            windows: WINDOWS,
            tokens: 2044,
            text_name: "wiki".to_owned(),
            text_sha256: "ab".repeat(32),
            model_name: "SmolLM2".to_owned(),
            model_sha256: "cd".repeat(32),
            calibration: None,
            seed: 0,
            program_version: "0.1.0".to_owned(),
            warnings: Vec::new(),
        },
        device: "CPU (flex)".to_owned(),
        base: stats(NLL, 1.0),
        points,
        duration_secs: 13.5,
    }
}

/// Nine points of a sparsity from 0 to .8.
pub fn sparsity(loss: impl Fn(f64) -> (f64, f64)) -> Curve {
    of("magnitude:sparsity=0..0.8/9", loss)
}

/// Bits from 8 down to 2.
pub fn bits(loss: impl Fn(f64) -> (f64, f64)) -> Curve {
    of("rtn:bits=8..2/7", loss)
}

/// The points of a sweep with a loss and its error at each value.
pub fn of(sweep: &str, loss: impl Fn(f64) -> (f64, f64)) -> Curve {
    let points = sweep.parse::<crate::modify::Sweep>().unwrap().points();
    let numbers = points
        .iter()
        .map(|(value, _)| {
            let (ln_ratio, error) = loss(*value);
            (*value, ln_ratio, error)
        })
        .collect::<Vec<_>>();
    let mut curve = curve(sweep, &numbers);
    for (point, (_, spec)) in curve.points.iter_mut().zip(points) {
        point.spec = spec;
    }
    curve
}

/// Turns a point into a failed one.
pub fn fail(curve: &mut Curve, index: usize) {
    let point = &mut curve.points[index];
    let reason = "the device, \"GPU\", is gone".to_owned();
    *point = Point::failed(point.value(), point.spec.clone(), reason);
}

/// Changes what was measured at a point.
pub fn change(point: &mut Point, change: impl FnOnce(&mut Measured)) {
    let Outcome::Measured(mut measured) = point.outcome() else {
        panic!("a point of a curve: {point:?}")
    };
    change(&mut measured);
    point.observations = measured.observations();
}
