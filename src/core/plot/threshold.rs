//! Where a curve breaks, as the chart draws and names it.

use super::{Threshold, format_value};
use crate::curve::Curve;
use crate::curve::threshold::{Crossing, FEWEST_POINTS, crossing, samples};
use crate::modify::catalogue::{Kind, Unit};
use crate::modify::knob;

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
    let knob = knob::knob(&curve.sweep);
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
            let whole = knob.is_some_and(|knob| matches!(knob.kind, Kind::Number { whole: true, .. }));
            Threshold {
                name: name([value, low, high], unit, whole, downwards),
                level,
                at: Some(value),
                band: Some((low.min(high), low.max(high))),
                safe: Some(up_to(value)),
            }
        }
    })
}

/// Between whole numbers there is nothing to measure, so there the two around the interval are named, as the sentence does.
fn name([value, low, high]: [f64; 3], unit: Unit, whole: bool, downwards: bool) -> String {
    if !whole {
        return format!("breaks at {}", format_value(rounded(value), unit));
    }
    let (first, last) = if downwards {
        (low.ceil(), high.floor())
    } else {
        (low.floor(), high.ceil())
    };
    if first == last {
        return format!("breaks at {}", format_value(last, unit));
    }
    format!("breaks between {first} and {}", format_value(last, unit))
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
    fn whole_numbers_are_named_on_both_sides() {
        let sure = |value: f64| [value; 3];
        assert_eq!(name(sure(0.59), Unit::Count, true, false), "breaks between 0 and 1");
        assert_eq!(
            name(sure(4.9), Unit::Bits, true, true),
            "breaks between 5 and 4\u{202f}bits"
        );
        assert_eq!(
            name([4.9, 5.2, 4.6], Unit::Bits, true, true),
            "breaks between 6 and 4\u{202f}bits"
        );
        assert_eq!(
            name([0.313, 0.29, 0.33], Unit::Share, false, false),
            "breaks at 31\u{202f}%"
        );
        assert_eq!(name(sure(3.0), Unit::Bits, true, true), "breaks at 3\u{202f}bits");
    }

    #[test]
    fn values_are_no_finer_than_their_intervals() {
        assert_eq!(rounded(0.2345), 0.23);
        assert_eq!(rounded(2.345), 2.3);
    }
}
