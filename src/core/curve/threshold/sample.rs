//! The measured points of a curve in the order of growing damage.

use super::super::{Curve, Outcome};
use crate::numeric::student_95;

/// Stands in for a perplexity that is not finite.
const BROKEN_PERPLEXITY: f64 = 1e6;

/// One measured point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The knob's value.
    pub value: f64,
    /// Grows with damage: the value, or its negative where damage grows as the value falls (bits).
    pub strength: f64,
    /// `ln(PPL/PPL₀)`; a perplexity that is not finite counts as a million.
    pub loss: f64,
    /// Half of its 95 % interval; 0 where the loss was not finite, NaN where the error is not known.
    pub half_width: f64,
    /// Share of positions with the same most likely next token.
    pub same_top: f64,
    /// Whether the perplexity was finite.
    pub finite: bool,
}

/// The knob's values at the measured points on either side of an interval, least damage first; the same value twice
/// where the interval is one point. Where a knob takes whole numbers only, this is all that is known, so sentence and
/// chart both name these values. `None` where the interval reaches beyond the measured points.
#[must_use]
pub fn around(samples: &[Sample], low: f64, high: f64) -> Option<(f64, f64)> {
    let first = samples.first()?;
    let sign = if first.strength == first.value { 1.0 } else { -1.0 };
    let before = samples.iter().rfind(|sample| sample.strength <= sign * low)?;
    let after = samples.iter().find(|sample| sample.strength >= sign * high)?;
    Some((before.value, after.value))
}

/// Whether the points have errors; one window tells none.
#[must_use]
pub fn errors_are_known(samples: &[Sample]) -> bool {
    samples.iter().all(|sample| !sample.half_width.is_nan())
}

/// All measured points, least damage first; failed ones are left out.
#[must_use]
pub fn samples(curve: &Curve) -> Vec<Sample> {
    let falls = curve
        .sweep
        .varied()
        .is_some_and(|varied| varied.parameter.harm_grows_downwards());
    let base = if curve.base.nll.is_finite() {
        curve.base.nll
    } else {
        0.0
    };
    let mut samples = curve
        .points
        .iter()
        .filter_map(|point| {
            let Outcome::Measured(measured) = point.outcome() else {
                return None;
            };
            let loss = measured.hemorrhage.ln_ratio;
            let half_width = student_95(curve.protocol.windows) * measured.hemorrhage.ln_ratio_se;
            Some(Sample {
                value: point.value(),
                strength: if falls { -point.value() } else { point.value() },
                loss: if loss.is_finite() {
                    loss
                } else {
                    BROKEN_PERPLEXITY.ln() - base
                },
                half_width: if loss.is_finite() { half_width } else { 0.0 },
                same_top: measured.stats.same_top,
                finite: loss.is_finite(),
            })
        })
        .filter(|sample| sample.strength.is_finite())
        .collect::<Vec<_>>();
    samples.sort_by(|a, b| a.strength.total_cmp(&b.strength));
    // Two measurements at one strength would be a step of no width.
    samples.dedup_by_key(|sample| sample.strength);
    samples
}
