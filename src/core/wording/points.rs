//! A point in words: what a mark, a readout and a screen reader say.

use super::{depth, round_to};
use crate::curve::{Curve, Outcome, Point};
use crate::metric::is_lost;
use crate::modify::catalogue::{Parameter, Unit};
use crate::modify::{Sweep, knob};
use crate::plot::{Measure, Sample, Series, format_number, format_value};

/// What is said of a model that [`is_lost`], in place of a number that nobody can picture.
pub const LOST: &str = "lost: worse than guessing";

/// The text of a selected or announced point, without its x.
#[must_use]
pub fn sample(sample: &Sample, measure: Measure) -> String {
    if let Some(reason) = &sample.failed {
        return format!("not measured: {reason}");
    }
    if !sample.y.is_finite() {
        return "off the scale: the model's probabilities are no longer numbers".to_owned();
    }
    let error = if sample.half_width > 0.0 && sample.half_width.is_finite() {
        format!(" ± {}", format_number(round_to(sample.half_width, 2)))
    } else {
        String::new()
    };
    match measure {
        Measure::Hemorrhage => {
            let factor = if is_lost(sample.y) {
                LOST.to_owned()
            } else {
                format!("perplexity × {}", format_number(round_to(sample.y.exp(), 3)))
            };
            format!("{factor} (hemorrhage {}{error})", format_number(round_to(sample.y, 3)))
        }
        Measure::Kld => format!("KL divergence {}{error} nats", format_number(round_to(sample.y, 3))),
        Measure::SameTop => format!(
            "{} of next words the same{}",
            format_value(round_to(sample.y, 3), Unit::Share),
            if error.is_empty() {
                String::new()
            } else {
                format!(" ± {}", format_value(round_to(sample.half_width, 2), Unit::Share))
            },
        ),
    }
}

/// The text of a mark: its strength and its value.
#[must_use]
pub fn mark(curve: &Curve, index: usize, x: f64, measure: Measure) -> String {
    let x = strength_in_full(&curve.sweep, x);
    let said = Series::of(curve, measure)
        .samples
        .get(index)
        .map(|found| sample(found, measure));
    format!("{x}: {}", said.unwrap_or_default())
}

/// A strength with the name of its knob.
#[must_use]
pub fn strength_in_full(sweep: &Sweep, x: f64) -> String {
    let knob = knob::knob(sweep);
    let unit = knob.and_then(|knob| knob.unit()).unwrap_or(Unit::Count);
    format!("{} {}", knob.map_or("value", |knob| knob.term), format_value(x, unit))
}

/// What a screen reader announces when a point arrives.
#[must_use]
pub fn arrival(index: usize, total: usize, knob: Option<&Parameter>, point: &Point) -> String {
    let x = match knob {
        Some(knob) => format!(
            "{} {}",
            knob.term,
            format_value(point.value(), knob.unit().unwrap_or(Unit::Count))
        ),
        None => point.spec.to_string(),
    };
    let y = match point.outcome() {
        Outcome::Measured(measured) => match measured.hemorrhage.ln_ratio {
            loss if !loss.is_finite() => "perplexity off the scale".to_owned(),
            loss if is_lost(loss) => LOST.to_owned(),
            loss => format!("perplexity {} times", format_number(round_to(loss.exp(), 3))),
        },
        Outcome::Observed(observations) => depth::arrival(observations),
        Outcome::Failed(reason) => format!("not measured: {reason}"),
    };
    format!("Point {} of {total}: {x}, {y}.", index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_said_with_its_error() {
        let whole = Sample {
            x: 0.3,
            y: 1.42_f64.ln(),
            half_width: 0.0213,
            failed: None,
        };
        assert_eq!(
            sample(&whole, Measure::Hemorrhage),
            "perplexity × 1.42 (hemorrhage 0.351 ± 0.021)"
        );
        let guessing = Sample {
            y: 20.9,
            ..whole.clone()
        };
        assert_eq!(
            sample(&guessing, Measure::Hemorrhage),
            "lost: worse than guessing (hemorrhage 20.9 ± 0.021)"
        );
        let lost = Sample {
            y: f64::NAN,
            ..whole.clone()
        };
        assert!(sample(&lost, Measure::Kld).starts_with("off the scale"));
        let failed = Sample {
            failed: Some("out of memory".to_owned()),
            ..lost
        };
        assert_eq!(sample(&failed, Measure::Kld), "not measured: out of memory");
    }
}
