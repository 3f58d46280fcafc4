//! A curve as the chart draws it.

use super::{Measure, Threshold};
use crate::curve::{Curve, Measured, Outcome};
use crate::numeric::NORMAL_95;

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
    /// What was measured at a strength.
    #[must_use]
    pub fn of(x: f64, measured: &Measured, measure: Measure) -> Self {
        let (y, half_width) = value(measured, measure);
        Self {
            x,
            y,
            half_width,
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
                Outcome::Measured(measured) => Some(Sample::of(point.value(), &measured, measure)),
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

/// A point's value and half its 95 % interval. KL divergence is stored without an error; the same-top rate has the
/// error of a binomial proportion.
fn value(measured: &Measured, measure: Measure) -> (f64, f64) {
    let stats = &measured.stats;
    match measure {
        Measure::Hemorrhage => (
            measured.hemorrhage.ln_ratio,
            NORMAL_95 * measured.hemorrhage.ln_ratio_se,
        ),
        Measure::Kld => (stats.kld_mean, 0.0),
        Measure::SameTop => {
            let share = stats.same_top;
            let variance = share * (1.0 - share) / (stats.tokens.max(1) as f64);
            (share, NORMAL_95 * variance.max(0.0).sqrt())
        }
    }
}
