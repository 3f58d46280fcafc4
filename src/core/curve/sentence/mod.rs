//! A curve in plain words, never claiming more than its numbers support.
//!
//! In this order, each only where it applies: a gain; up to where there is no or little loss, judged by each point's 95
//! % interval; how often the next word changes, at the point where about half of them do, or else at the most damaging
//! point; where the loss begins to grow faster; where the chosen perplexity ratio is crossed; what could not be
//! measured. Positions come with their 95 % interval.

mod answer;
mod sizes;
mod words;

use words::{Knob, counted, decimals, other_words, times, times_in_words};

use super::threshold::{
    Crossing, FEWEST_POINTS, Sample, Segments, around, crossing, errors_are_known, samples, segments,
};
use super::{Curve, Point};
use crate::metric::is_lost;
use crate::wording::LOST;

pub use super::threshold::crossing::DEFAULT_RATIO;
pub use answer::{Answer, answer};
pub use sizes::compare;

/// A perplexity ratio up to which the loss is called little.
const LITTLE: f64 = 1.05;
/// The loss that rounding alone gives an unchanged model (1e-9 on WebGPU); real damage to thousands of tokens is never so
/// small.
const NOTHING: f64 = 1e-6;
/// At this share of changed next words, the damage is easy to picture.
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

/// A gain: a loss whose whole interval is negative.
fn gain(samples: &[Sample], knob: Knob) -> Option<String> {
    let best = samples
        .iter()
        .filter(|sample| sample.finite && sample.loss + sample.half_width < 0.0)
        .min_by(|a, b| a.loss.total_cmp(&b.loss))?;
    Some(format!(
        "At {}, perplexity is even lower than the untouched model's ({} times).",
        knob.value(best.value),
        decimals(best.loss.exp(), 3)
    ))
}

/// Up to where there is no loss, or little.
fn quiet(samples: &[Sample], knob: Knob) -> Option<String> {
    let last_while = |holds: &dyn Fn(&Sample) -> bool| {
        let count = samples
            .iter()
            .take_while(|sample| sample.finite && holds(sample))
            .count();
        // The untouched model's own point says nothing about damage.
        samples[..count].iter().rfind(|sample| !untouched(sample))
    };
    let little = last_while(&|sample| sample.loss + sample.half_width <= LITTLE.ln());
    let none =
        last_while(&|sample| sample.loss - sample.half_width <= 0.0 && sample.loss + sample.half_width <= LITTLE.ln());
    match (none, little) {
        (Some(none), Some(little)) if none.value == little.value => {
            Some(format!("No measurable loss {}.", knob.until(none.value)))
        }
        (Some(none), Some(little)) => Some(format!(
            "No measurable loss {}; little {}.",
            knob.until(none.value),
            knob.until(little.value)
        )),
        (_, Some(little)) => Some(format!("Loses little {}.", knob.until(little.value))),
        (_, None) => {
            let first = samples.iter().find(|sample| !untouched(sample))?;
            let surely = first.finite && first.loss - first.half_width > LITTLE.ln();
            surely.then(|| {
                format!(
                    "Loses noticeably from the first step, {} ({}).",
                    knob.value(first.value),
                    times_in_words(first.loss)
                )
            })
        }
    }
}

/// How often the next word changes.
fn words_at_half(samples: &[Sample], knob: Knob) -> Option<String> {
    let finite = || samples.iter().filter(|sample| sample.finite && !untouched(sample));
    let sample = finite()
        .find(|sample| 1.0 - sample.same_top >= HALF)
        .or_else(|| finite().next_back())?;
    let words = other_words(1.0 - sample.same_top)?;
    Some(format!("At {}, it {words}.", knob.value(sample.value)))
}

/// Where the perplexity ratio is crossed.
fn breaks(curve: &Curve, samples: &[Sample], knob: Knob, ratio: f64) -> Option<String> {
    if samples.is_empty() {
        return None;
    }
    if samples.len() < FEWEST_POINTS {
        let too_few = if samples.len() == 1 {
            "One point is"
        } else {
            "Two points are"
        };
        return Some(format!("{too_few} not enough to find a threshold."));
    }
    if !errors_are_known(samples) {
        return Some("One window tells no error, so no threshold is given: measure at least two.".to_owned());
    }
    let what = ratio_in_words(ratio);
    if let Some(step) = broken_by_first_step(curve, samples, knob, ratio) {
        return Some(format!("{step} breaks it ({what})."));
    }
    match crossing(curve, ratio)? {
        Crossing::NotReached { beyond } => {
            let possible = samples
                .iter()
                .any(|sample| sample.loss + sample.half_width >= ratio.ln());
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
            let place = place(samples, knob, Interval::Short, value, low, high);
            Some(place.map_or_else(
                || format!("Breaks somewhere in this range ({what}); the error is too large to say where."),
                // Two brackets don't follow each other.
                |place| {
                    if place.ends_with(')') {
                        format!("Breaks {place}, at {what}.")
                    } else {
                        format!("Breaks {place} ({what}).")
                    }
                },
            ))
        }
    }
}

/// "Removing a single block", where that alone breaks the model and nothing else is done to it.
fn broken_by_first_step(curve: &Curve, samples: &[Sample], knob: Knob, ratio: f64) -> Option<String> {
    let first = match crossing(curve, ratio)? {
        Crossing::BeforeFirst { before } => before,
        Crossing::At { low, high, .. } => {
            let (before, after) = around(samples, low, high)?;
            if before == 0.0 { after } else { return None }
        }
        Crossing::NotReached { .. } => return None,
    };
    (first == 1.0 && curve.sweep.steps.len() == 1)
        .then(|| knob.first_step())
        .flatten()
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
    if !errors_are_known(samples) {
        return None;
    }
    let Segments::Bend { value, low, high, .. } = segments(curve) else {
        return None;
    };
    let place = place(samples, knob, Interval::Short, value, low, high)?;
    Some(format!("Loss accelerates {place}."))
}

/// How an interval is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interval {
    /// "38 % ± 2" where both sides are as wide, otherwise "39 % (36 to 42)", no more precise than the position is known.
    Short,
    /// "38.3 % (36.9 to 40.1)", precise enough to see whether two intervals overlap; rounding never narrows it.
    Precise,
}

/// A position with its interval: "at 38 % ± 2", "between 4 and 3 bits"; `None` where the interval is the whole range.
fn place(samples: &[Sample], knob: Knob, told: Interval, value: f64, low: f64, high: f64) -> Option<String> {
    let (first, last) = (samples.first()?, samples.last()?);
    let sign = if first.strength == first.value { 1.0 } else { -1.0 };
    let open = (sign * low <= first.strength, sign * high >= last.strength);
    if open == (true, true) {
        return None;
    }
    if knob.whole() {
        let (before, after) = around(samples, low, high)?;
        return Some(if before == after {
            format!("at {}", knob.value(after))
        } else {
            format!("between {} and {}", decimals(before, 1), knob.value(after))
        });
    }
    let [value, low, high] = [value, low, high].map(|share| 100.0 * share);
    let (low, high) = (low.min(high), low.max(high));
    let half = (value - low).max(high - value);
    let most = i32::from(half < 1.0) + i32::from(told == Interval::Precise);
    let scale = 10.0_f64.powi(most);
    let words = |x: f64| decimals(x, most);
    let outer = (
        words((low * scale).floor() / scale),
        words((high * scale).ceil() / scale),
    );
    let place = words(value);
    Some(match (open, told) {
        ((true, _), _) => format!("at or before {} %", outer.1),
        ((_, true), _) => format!("at {} % or later", outer.0),
        (_, Interval::Precise) => format!("at {place} % ({} to {})", outer.0, outer.1),
        (_, Interval::Short) if half * scale < 0.5 => format!("at {place} % ± {}", words(1.0 / scale)),
        (_, Interval::Short) => {
            // A digit more than is told, so that what is told as ± is as wide on both sides.
            let [before, after] = [value - low, high - value].map(|side| decimals(side, most + 1));
            if before == after {
                format!("at {place} % ± {}", words(half))
            } else {
                format!("at {place} % ({} to {})", words(low), words(high))
            }
        }
    })
}

/// Points without a number.
fn unmeasured(curve: &Curve, samples: &[Sample], knob: Knob) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(sample) = samples.iter().find(|sample| !sample.finite) {
        parts.push(format!(
            "At {}, the model's output is no longer a number.",
            knob.value(sample.value)
        ));
    }
    if let Some(reason) = curve.points.iter().find_map(Point::failure) {
        let all = curve.points.len();
        let failed = curve.points.iter().filter(|point| point.failure().is_some()).count();
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
        return match curve.points.first().and_then(Point::failure) {
            Some(reason) => format!("It could not be measured: {reason}"),
            None => "No point was measured.".to_owned(),
        };
    };
    if !sample.finite {
        return "The model's output is no longer a number.".to_owned();
    }
    let (low, high) = (sample.loss - sample.half_width, sample.loss + sample.half_width);
    let loss = if untouched(sample) {
        "Perplexity is the untouched model's".to_owned()
    } else if is_lost(sample.loss) {
        format!("The model is {LOST}")
    } else if sample.half_width.is_nan() {
        format!(
            "Perplexity is {} times the untouched model's (one window tells no error)",
            times(sample.loss)
        )
    } else if low <= 0.0 && high >= 0.0 {
        format!(
            "Perplexity is, within the error, the untouched model's ({} times)",
            times(sample.loss)
        )
    } else {
        format!(
            "Perplexity is {} times the untouched model's ({})",
            times(sample.loss),
            if is_lost(high) {
                format!("{} or more", times(low))
            } else {
                format!("{} to {}", times(low), times(high))
            }
        )
    };
    match other_words(1.0 - sample.same_top) {
        Some(words) if !untouched(sample) => format!("{loss}; the model {words}."),
        _ => format!("{loss}."),
    }
}

#[cfg(test)]
mod tests;
