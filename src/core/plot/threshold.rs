//! Where a curve breaks, as the chart draws and names it.

use super::{Threshold, format_number, format_value};
use crate::curve::Curve;
use crate::curve::threshold::{Crossing, FEWEST_POINTS, Sample, around, crossing, samples};
use crate::modify::catalogue::{Kind, Unit};
use crate::modify::knob;

/// Where a curve reaches a perplexity ratio, as the chart shows it; `None` where too few points are measured.
#[must_use]
pub fn threshold(curve: &Curve, ratio: f64) -> Option<Threshold> {
    let samples = samples(curve);
    if samples.len() < FEWEST_POINTS {
        return None;
    }
    let found = crossing(curve, ratio)?;
    let values = curve.points.iter().map(|point| point.value());
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
                name: name(&samples, [value, low, high], unit, whole),
                level,
                at: Some(value),
                band: Some((low.min(high), low.max(high))),
                safe: Some(up_to(value)),
            }
        }
    })
}

/// Where a knob takes whole numbers, the measured points on either side.
fn name(samples: &[Sample], [value, low, high]: [f64; 3], unit: Unit, whole: bool) -> String {
    if !whole {
        return format!("breaks at {}", format_value(rounded(value), unit));
    }
    match around(samples, low, high) {
        Some((before, after)) if before == after => format!("breaks at {}", format_value(after, unit)),
        Some((before, after)) => format!(
            "breaks between {} and {}",
            format_number(before),
            format_value(after, unit)
        ),
        None => "breaks in this range".to_owned(),
    }
}

/// A share to whole per cent, a number of bits or blocks to a tenth: finer would exceed the intervals' precision.
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
    use crate::curve::sentence::describe;
    use crate::curve::testing::of;

    #[test]
    fn whole_knobs_break_between_measured_points_as_the_sentence_says() {
        let sure = |value: f64| [value; 3];
        let by = |sweep: &str, interval, unit| name(&samples(&of(sweep, |_| (0.1, 0.001))), interval, unit, true);
        let drop = "layer-drop:count=0..3/4";
        assert_eq!(by(drop, sure(0.59), Unit::Count), "breaks between 0 and 1");
        let bits = |interval| by("rtn:bits=8..2/7", interval, Unit::Bits);
        assert_eq!(bits(sure(4.9)), "breaks between 5 and 4\u{202f}bits");
        assert_eq!(bits([4.9, 5.2, 4.6]), "breaks between 6 and 4\u{202f}bits");
        assert_eq!(bits(sure(3.0)), "breaks at 3\u{202f}bits");
        assert_eq!(bits([3.0, 9.0, 1.0]), "breaks in this range");
        // Where only every second number was measured, nothing is known of those between.
        assert_eq!(
            by("rtn:bits=8..2/4", sure(4.9), Unit::Bits),
            "breaks between 6 and 4\u{202f}bits"
        );
        assert_eq!(
            name(&[], [0.313, 0.29, 0.33], Unit::Share, false),
            "breaks at 31\u{202f}%"
        );
    }

    #[test]
    fn label_and_sentence_name_the_same_points() {
        // ln 1.1 is reached at about 4.9 bits.
        let curve = of("rtn:bits=8..2/4", |bits| {
            (0.2_f64.mul_add(6.0 - bits, 0.0).max(0.0) * 0.43, 0.0005)
        });
        let label = threshold(&curve, 1.1).expect("reached").name;
        assert_eq!(label, "breaks between 6 and 4\u{202f}bits");
        assert!(
            describe(&curve).contains("Breaks between 6 and 4 bits"),
            "{}",
            describe(&curve)
        );
    }

    #[test]
    fn values_are_no_finer_than_their_intervals() {
        assert_eq!(rounded(0.2345), 0.23);
        assert_eq!(rounded(2.345), 2.3);
    }
}
