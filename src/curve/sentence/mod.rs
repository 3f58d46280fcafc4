//! A curve in plain words, written from its numbers and never stronger than they are.
//!
//! In this order, each only where it holds: a gain; how far the loss is nothing or little, by the 95 % interval of each
//! measured point; how often the next word is another, where about half are, else at the most damaging point; where the
//! loss begins to grow faster; where the chosen perplexity ratio is crossed; what could not be measured. Places come with
//! their 95 % interval.

mod sizes;
mod words;

use words::{Knob, counted, decimals, other_words, times};

use super::threshold::{Crossing, FEWEST_POINTS, Sample, Segments, crossing, samples, segments};
use super::{Curve, Outcome};
use crate::numeric::NORMAL_95;

pub use super::threshold::crossing::DEFAULT_RATIO;
pub use sizes::compare;

/// A perplexity ratio up to which the loss is called little.
const LITTLE: f64 = 1.05;
/// What a device's rounding makes of no change at all (1e-9 on WebGPU); real damage to thousands of tokens is never so
/// small.
const NOTHING: f64 = 1e-6;
/// Where this share of next words is another, the damage is easy to picture.
const HALF: f64 = 0.45;

/// The curve in words, with the threshold at the default perplexity ratio.
#[must_use]
pub fn describe(curve: &Curve) -> String {
    describe_at(curve, DEFAULT_RATIO)
}

/// The curve in words, with the threshold at `ratio` times the untouched model's perplexity.
#[must_use]
pub fn describe_at(curve: &Curve, ratio: f64) -> String {
    let samples = samples(curve);
    let Some(varied) = curve.sweep.varied() else {
        return single(curve, &samples);
    };
    let knob = Knob {
        parameter: varied.parameter,
    };
    let parts = [
        gain(&samples, knob),
        quiet(&samples, knob),
        words_at_half(&samples, knob),
        bends(curve, &samples, knob),
        breaks(curve, &samples, knob, ratio),
        unmeasured(curve, &samples, knob),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Whether the point changes nothing at all, as a strength of 0 does.
fn untouched(sample: &Sample) -> bool {
    sample.loss.abs() <= NOTHING
}

/// A loss that is surely negative.
fn gain(samples: &[Sample], knob: Knob) -> Option<String> {
    let best = samples
        .iter()
        .filter(|sample| sample.finite && sample.loss + NORMAL_95 * sample.error < 0.0)
        .min_by(|a, b| a.loss.total_cmp(&b.loss))?;
    Some(format!(
        "At {}, perplexity is even lower than the untouched model's ({} times).",
        knob.value(best.value),
        decimals(best.loss.exp(), 3)
    ))
}

/// How far nothing, or little, is lost.
fn quiet(samples: &[Sample], knob: Knob) -> Option<String> {
    let last_while = |holds: &dyn Fn(&Sample) -> bool| {
        let count = samples
            .iter()
            .take_while(|sample| sample.finite && holds(sample))
            .count();
        // The untouched model's own point says nothing about damage.
        samples[..count].iter().rfind(|sample| !untouched(sample))
    };
    let little = last_while(&|sample| sample.loss + NORMAL_95 * sample.error <= LITTLE.ln());
    let none = last_while(&|sample| {
        sample.loss - NORMAL_95 * sample.error <= 0.0 && sample.loss + NORMAL_95 * sample.error <= LITTLE.ln()
    });
    match (none, little) {
        (Some(none), Some(little)) if none.value == little.value => {
            Some(format!("Within the error, no loss {}.", knob.until(none.value)))
        }
        (Some(none), Some(little)) => Some(format!(
            "Within the error, no loss {}; little {}.",
            knob.until(none.value),
            knob.until(little.value)
        )),
        (_, Some(little)) => Some(format!("Loses little {}.", knob.until(little.value))),
        (_, None) => {
            let first = samples.iter().find(|sample| !untouched(sample))?;
            let surely = first.finite && first.loss - NORMAL_95 * first.error > LITTLE.ln();
            surely.then(|| {
                format!(
                    "Loses noticeably from the first step, {} ({} times the perplexity).",
                    knob.value(first.value),
                    times(first.loss)
                )
            })
        }
    }
}

/// How often the next word is another.
fn words_at_half(samples: &[Sample], knob: Knob) -> Option<String> {
    let finite = || samples.iter().filter(|sample| sample.finite && !untouched(sample));
    let sample = finite()
        .find(|sample| 1.0 - sample.same_top >= HALF)
        .or_else(|| finite().next_back())?;
    let words = other_words(1.0 - sample.same_top)?;
    Some(format!("At {}, {words}.", knob.value(sample.value)))
}

/// Where the perplexity ratio is crossed.
fn breaks(curve: &Curve, samples: &[Sample], knob: Knob, ratio: f64) -> Option<String> {
    if samples.is_empty() {
        return None;
    }
    if samples.len() < FEWEST_POINTS {
        return Some(format!(
            "{} say nothing about a threshold.",
            counted(samples.len() as f64, "points")
        ));
    }
    let what = ratio_in_words(ratio);
    match crossing(curve, ratio)? {
        Crossing::NotReached { beyond } => {
            let possible = samples
                .iter()
                .any(|sample| sample.loss + NORMAL_95 * sample.error >= ratio.ln());
            let unsure = if possible {
                ", though the error would allow one"
            } else {
                ""
            };
            Some(format!(
                "No threshold in this range ({what}), {}{unsure}.",
                knob.until(beyond)
            ))
        }
        Crossing::BeforeFirst { before } => Some(format!(
            "Already broken at the first point, {} ({what}).",
            knob.value(before)
        )),
        Crossing::At { value, low, high } => {
            let place = place(samples, knob, value, low, high);
            Some(place.map_or_else(
                || format!("Breaks somewhere in this range ({what}); the error is too large to say where."),
                |place| format!("Breaks {place} ({what})."),
            ))
        }
    }
}

/// "1.1 times the perplexity".
fn ratio_in_words(ratio: f64) -> String {
    if ratio == 2.0 {
        "twice the perplexity".to_owned()
    } else {
        format!("{} times the perplexity", decimals(ratio, 3))
    }
}

/// Where the loss begins to grow faster, where two segments fit much better than one.
fn bends(curve: &Curve, samples: &[Sample], knob: Knob) -> Option<String> {
    let Segments::Bend { value, low, high, .. } = segments(curve) else {
        return None;
    };
    let place = place(samples, knob, value, low, high)?;
    Some(format!("Begins to lose faster {place}."))
}

/// A place with its interval, said no finer than it is known: "at 38 % ± 2", "between 4 and 3 bits"; `None` where the
/// interval is the whole range.
fn place(samples: &[Sample], knob: Knob, value: f64, low: f64, high: f64) -> Option<String> {
    let (first, last) = (samples.first()?, samples.last()?);
    let sign = if first.strength == first.value { 1.0 } else { -1.0 };
    let open = (sign * low <= first.strength, sign * high >= last.strength);
    if open == (true, true) {
        return None;
    }
    if knob.whole() {
        // Between two counts there is nothing; what is known is the measured points on either side.
        let before = samples.iter().rfind(|sample| sample.strength <= sign * low)?;
        let after = samples.iter().find(|sample| sample.strength >= sign * high)?;
        return Some(if before.value == after.value {
            format!("at {}", knob.value(after.value))
        } else {
            format!("between {} and {}", decimals(before.value, 1), knob.value(after.value))
        });
    }
    let [value, low, high] = [value, low, high].map(|share| 100.0 * share);
    let half = (value - low).max(high - value);
    let most = i32::from(half < 1.0);
    let scale = 10.0_f64.powi(most);
    let outward = |x: f64, round: fn(f64) -> f64| decimals(round(x * scale) / scale, most);
    Some(match open {
        (true, _) => format!("at or before {} %", outward(high, f64::ceil)),
        (_, true) => format!("at {} % or later", outward(low, f64::floor)),
        // Rounded up, so that the interval said holds the interval computed, and never nothing.
        _ => format!(
            "at {} % ± {}",
            decimals(value, most),
            decimals(((half * scale).ceil() / scale).max(1.0 / scale), most)
        ),
    })
}

/// What has no number.
fn unmeasured(curve: &Curve, samples: &[Sample], knob: Knob) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(sample) = samples.iter().find(|sample| !sample.finite) {
        parts.push(format!(
            "At {}, the model's output is not a number any more.",
            knob.value(sample.value)
        ));
    }
    let reason = curve.points.iter().find_map(|point| match &point.outcome {
        Outcome::Failed(reason) => Some(reason),
        Outcome::Measured(_) => None,
    });
    if let Some(reason) = reason {
        let all = curve.points.len();
        let failed = curve
            .points
            .iter()
            .filter(|point| matches!(point.outcome, Outcome::Failed(_)))
            .count();
        parts.push(if failed == all {
            format!("No point could be measured: {reason}")
        } else {
            format!("{failed} of {} could not be measured.", counted(all as f64, "points"))
        });
    }
    if curve.points.is_empty() {
        parts.push("No point was measured.".to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// A modification without a range.
fn single(curve: &Curve, samples: &[Sample]) -> String {
    let Some(sample) = samples.first() else {
        return match curve.points.first().map(|point| &point.outcome) {
            Some(Outcome::Failed(reason)) => format!("It could not be measured: {reason}"),
            _ => "No point was measured.".to_owned(),
        };
    };
    if !sample.finite {
        return "The model's output is not a number any more.".to_owned();
    }
    let (low, high) = (
        sample.loss - NORMAL_95 * sample.error,
        sample.loss + NORMAL_95 * sample.error,
    );
    let loss = if untouched(sample) {
        "Perplexity is the untouched model's".to_owned()
    } else if low <= 0.0 && high >= 0.0 {
        format!(
            "Within the error, perplexity is the untouched model's ({} times)",
            times(sample.loss)
        )
    } else {
        format!(
            "Perplexity is {} times the untouched model's ({} to {})",
            times(sample.loss),
            times(low),
            times(high)
        )
    };
    match other_words(1.0 - sample.same_top) {
        Some(words) if !untouched(sample) => format!("{loss}; {words}."),
        _ => format!("{loss}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::testing::{bits, curve, fail, of, sparsity};

    fn same_top(curve: &mut Curve, rates: &[f64]) {
        for (point, &rate) in curve.points.iter_mut().zip(rates) {
            if let Outcome::Measured(measured) = &mut point.outcome {
                measured.stats.same_top = rate;
            }
        }
    }

    /// Untouched at 0, then a loss with an error.
    fn bent(error: f64) -> Curve {
        sparsity(|x| {
            if x == 0.0 {
                (0.0, 0.0)
            } else {
                (0.01 + 6.0 * x.powi(4), error)
            }
        })
    }

    #[test]
    fn a_curve_that_bends() {
        let mut curve = bent(0.003);
        same_top(&mut curve, &[1.0, 0.98, 0.95, 0.9, 0.8, 0.51, 0.3, 0.2, 0.1]);
        let text = describe(&curve);
        assert!(
            text.starts_with(
                "Loses little up to 20 %. At 50 %, one next word in two is another. Begins to lose faster at "
            ),
            "{text}"
        );
        assert!(
            text.contains(". Breaks at 3") && text.ends_with("(1.1 times the perplexity)."),
            "{text}"
        );
        let text = describe_at(&curve, 2.0);
        assert!(text.contains("(twice the perplexity)"), "{text}");
    }

    #[test]
    fn the_error_weakens_what_is_said() {
        // At 20 % the loss is .02 ± .05: it may be more than little.
        let text = describe(&bent(0.025));
        assert!(!text.contains("up to 20 %") && !text.contains("Loses little"), "{text}");
        // At 10 % and 20 % the loss is .01 to .02, and its error .014: no loss can't be told from little.
        let text = describe(&bent(0.014));
        assert!(text.starts_with("Within the error, no loss up to 20 %."), "{text}");
        // An error as large as the crossing's own level leaves the place open.
        let text = describe(&sparsity(|x| (0.2 * x, 0.2)));
        assert!(text.contains("the error is too large to say where"), "{text}");
    }

    #[test]
    fn the_interval_that_is_said_holds_the_one_that_was_computed() {
        for (i, error) in [0.002, 0.005, 0.01, 0.02].into_iter().enumerate() {
            let curve = sparsity(|x| (x * x * (1.0 + 0.1 * i as f64), error));
            let Some(Crossing::At { low, high, .. }) = crossing(&curve, 1.1) else {
                panic!("crossed inside")
            };
            let text = describe(&curve);
            let said = text.split("Breaks at ").nth(1).unwrap();
            let numbers = said.split_once(" % ± ").unwrap();
            let at = numbers.0.parse::<f64>().unwrap();
            let half = numbers.1.split(' ').next().unwrap().parse::<f64>().unwrap();
            // The centre is rounded too, by half of its last digit.
            let slack = if text.contains('.') { 0.5 } else { 0.05 };
            assert!(
                at - half <= 100.0 * low + slack && 100.0 * high - slack <= at + half,
                "{text} {low} {high}"
            );
        }
    }

    #[test]
    fn an_interval_that_reaches_an_end_is_open_there() {
        // A loss of .2 x ± .012 meets 1.1 at .48 and 1.15 at .7, its interval to either side .12.
        let slow = sparsity(|x| (0.2 * x, 0.012));
        let text = describe_at(&slow, 1.15);
        assert!(text.contains("Breaks at 58 % or later (1.15 times"), "{text}");
        assert!(
            describe(&slow).contains("Breaks at 48 % ± 12 (1.1 times"),
            "{}",
            describe(&slow)
        );
        let early = sparsity(|x| (0.05 + x, 0.03));
        assert!(
            describe(&early).contains("Breaks at or before 11 % (1.1 times"),
            "{}",
            describe(&early)
        );
    }

    #[test]
    fn a_bend_is_told_with_its_interval() {
        let bent = describe(&sparsity(|x| (0.1 * x + 5.0 * (x - 0.42).max(0.0), 0.001)));
        assert!(bent.contains("Begins to lose faster at 42 % ± 0.1."), "{bent}");
        let whole = describe(&bits(|bits| (0.01 * (8.0 - bits) + 0.9 * (4.5 - bits).max(0.0), 0.001)));
        assert!(whole.contains("Begins to lose faster between 5 and 4 bits."), "{whole}");
        let line = describe(&sparsity(|x| (x, 0.001)));
        assert!(!line.contains("faster"), "{line}");
    }

    #[test]
    fn no_threshold_and_always_broken() {
        let flat = sparsity(|x| (0.01 * x, 0.0001));
        let text = describe(&flat);
        assert!(
            text.contains("No threshold in this range (1.1 times the perplexity), up to 80 %."),
            "{text}"
        );
        let near = sparsity(|x| (0.1 * x, 0.01));
        assert!(
            describe(&near).contains("though the error would allow one"),
            "{}",
            describe(&near)
        );
        let broken = sparsity(|_| (1.0, 0.01));
        let text = describe(&broken);
        assert!(text.contains("Already broken at the first point, 0 %"), "{text}");
        assert!(
            text.starts_with("Loses noticeably from the first step, 0 % (2.72 times the perplexity)."),
            "{text}"
        );
    }

    #[test]
    fn whole_knobs_break_between_their_values() {
        let text = describe_at(&bits(|bits| (0.3 * (2.0_f64.powf(4.0 - bits)), 0.001)), 2.0);
        assert!(text.contains("Loses little down to 7 bits."), "{text}");
        assert!(
            text.contains("Breaks between 3 and 2 bits (twice the perplexity)."),
            "{text}"
        );
        let text = describe(&of("layer-drop:count=0..3/4", |count| (0.07 * count, 0.001)));
        assert!(text.contains("Breaks between 1 and 2 removed blocks"), "{text}");
        assert!(
            text.contains("Loses noticeably from the first step, 1 removed block "),
            "{text}"
        );
    }

    #[test]
    fn a_gain_is_told() {
        let text = describe(&sparsity(|x| (x * (x - 0.3), 0.001)));
        assert!(
            text.starts_with("At 10 %, perplexity is even lower than the untouched model's (0.98 times)."),
            "{text}"
        );
        let text = describe(&sparsity(|x| (-0.01 * x, 0.1)));
        assert!(!text.contains("lower"), "{text}");
    }

    #[test]
    fn what_was_not_measured_is_told() {
        let mut curve = bent(0.003);
        fail(&mut curve, 3);
        fail(&mut curve, 4);
        assert!(
            describe(&curve).ends_with("2 of 9 points could not be measured."),
            "{}",
            describe(&curve)
        );
        for i in 0..9 {
            fail(&mut curve, i);
        }
        assert_eq!(
            describe(&curve),
            "No point could be measured: the device, \"GPU\", is gone"
        );
        let dead = sparsity(|x| {
            if x > 0.55 {
                (f64::NAN, f64::NAN)
            } else {
                (0.01 * x, 0.001)
            }
        });
        assert!(
            describe(&dead).ends_with("At 60 %, the model's output is not a number any more."),
            "{}",
            describe(&dead)
        );
    }

    #[test]
    fn few_points_say_little() {
        let two = curve("wanda:sparsity=0..0.8/9", &[(0.0, 0.0, 0.0), (0.1, 0.02, 0.001)]);
        let text = describe(&two);
        assert!(text.ends_with("2 points say nothing about a threshold."), "{text}");
        assert_eq!(
            describe(&curve("wanda:sparsity=0..0.8/9", &[])),
            "No point was measured."
        );
    }

    #[test]
    fn one_point_without_a_range() {
        let at = |loss, error| describe(&curve("wanda:sparsity=0.5", &[(0.5, loss, error)]));
        assert_eq!(
            at(0.5, 0.02),
            "Perplexity is 1.65 times the untouched model's (1.59 to 1.71); one next word in two is another."
        );
        assert!(at(0.01, 0.02).starts_with("Within the error, perplexity is the untouched model's (1.01 times)"));
        assert_eq!(at(f64::NAN, 0.0), "The model's output is not a number any more.");
        assert_eq!(
            describe(&curve("none", &[(0.0, 0.0, 0.0)])),
            "Perplexity is the untouched model's."
        );
    }
}
