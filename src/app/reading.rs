//! What is read off a curve: where it breaks, and what that means for the chart.

use super::controls;
use crate::curve::Curve;
use crate::curve::threshold::{Crossing, FEWEST_POINTS, crossing, samples};
use crate::modify::catalogue::Unit;
use crate::plot::{Threshold, format_value};

/// Where a curve reaches a ratio of perplexities, as the chart shows it; `None` where too little is measured.
#[must_use]
pub fn threshold(curve: &Curve, ratio: f64) -> Option<Threshold> {
    if samples(curve).len() < FEWEST_POINTS {
        return None;
    }
    let found = crossing(curve, ratio)?;
    let values = curve.points.iter().map(|point| point.value);
    let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| {
        (least.min(x), most.max(x))
    });
    let knob = controls::knob(&curve.sweep);
    let downwards = knob.is_some_and(|knob| knob.harm_grows_downwards());
    let up_to = |x: f64| if downwards { (x, most) } else { (least, x) };
    let level = ratio.ln();
    Some(match found {
        Crossing::NotReached { beyond } => Threshold {
            name: String::new(),
            level,
            at: None,
            band: None,
            safe: Some(up_to(beyond)),
        },
        // Nothing is safe.
        Crossing::BeforeFirst { .. } => Threshold {
            name: String::new(),
            level,
            at: None,
            band: None,
            safe: Some((f64::INFINITY, f64::NEG_INFINITY)),
        },
        Crossing::At { value, low, high } => {
            let unit = knob.and_then(|knob| knob.unit()).unwrap_or(Unit::Count);
            Threshold {
                name: format!("breaks at {}", format_value(rounded(value), unit)),
                level,
                at: Some(value),
                band: Some((low.min(high), low.max(high))),
                safe: Some(up_to(value)),
            }
        }
    })
}

/// A share to whole percents, a number of bits or blocks to a tenth: no finer than intervals are.
fn rounded(value: f64) -> f64 {
    if value.abs() < 1.0 {
        (value * 100.0).round() / 100.0
    } else {
        (value * 10.0).round() / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_no_finer_than_their_intervals() {
        assert_eq!(rounded(0.2345), 0.23);
        assert_eq!(rounded(2.345), 2.3);
    }
}
