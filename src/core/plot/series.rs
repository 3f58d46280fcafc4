//! A curve as the chart draws it.

use super::{Measure, Threshold};
use crate::curve::{Curve, Measured, Outcome};
use crate::numeric::student_95;

/// One point.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The knob's value.
    pub x: f64,
    /// The measure's value; NaN where the point failed.
    pub y: f64,
    /// Half the width of its 95 % interval; 0 where none is known.
    pub half_width: f64,
    /// Why there is no value.
    pub failed: Option<String>,
}

impl Sample {
    /// What was measured at a strength on this many windows.
    #[must_use]
    pub fn of(x: f64, measured: &Measured, windows: usize, measure: Measure) -> Self {
        let (y, error) = value(measured, measure);
        let half_width = student_95(windows) * error;
        Self {
            x,
            y,
            half_width: if half_width.is_finite() { half_width } else { 0.0 },
            failed: None,
        }
    }
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// The name at its end.
    pub name: String,
    /// In any order.
    pub samples: Vec<Sample>,
    /// Points that are being measured, with what they give so far; NaN while there is nothing yet.
    pub pending: Vec<Sample>,
    /// `None`: the shown curve, in ink and damage; otherwise the kept curve's slot.
    pub kept: Option<usize>,
    /// Its threshold, if that is drawn in the curve's own colour; level and safe side are not drawn.
    pub threshold: Option<Threshold>,
}

impl Series {
    /// The points of a curve.
    #[must_use]
    pub fn of(curve: &Curve, measure: Measure) -> Self {
        let samples = curve
            .points
            .iter()
            .filter_map(|point| match point.outcome() {
                Outcome::Measured(measured) => {
                    Some(Sample::of(point.value(), &measured, curve.protocol.windows, measure))
                }
                Outcome::Observed(_) => None,
                Outcome::Failed(reason) => Some(Sample {
                    x: point.value(),
                    y: f64::NAN,
                    half_width: 0.0,
                    failed: Some(reason.to_owned()),
                }),
            })
            .collect();
        Self {
            samples,
            ..Self::default()
        }
    }
}

/// A point's value and its standard error.
fn value(measured: &Measured, measure: Measure) -> (f64, f64) {
    let Measured { stats, hemorrhage, .. } = measured;
    match measure {
        Measure::Hemorrhage => (hemorrhage.ln_ratio, hemorrhage.ln_ratio_se),
        Measure::Kld => (stats.kld_mean, stats.kld_se),
        Measure::SameTop => (stats.same_top, stats.same_top_se),
    }
}
