//! The answer first: one short, complete sentence, with the remaining clauses kept separate.

use super::super::Curve;
use super::super::threshold::{Crossing, crossing, errors_are_known, samples};
use super::words::decimals;
use super::{
    FEWEST_POINTS, Interval, Knob, bends, breaks, broken_by_first_step, gain, place, quiet, single, unmeasured,
    words_at_half,
};
use crate::wording;

/// What is said about a curve.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Whether and where it breaks, with the modification and the model.
    pub headline: String,
    /// The rest; may be empty.
    pub rest: String,
}

impl Answer {
    /// All of it in one line.
    #[must_use]
    pub fn whole(&self) -> String {
        if self.rest.is_empty() {
            self.headline.clone()
        } else {
            format!("{} {}", self.headline, self.rest)
        }
    }
}

/// The curve in words, the answer first. A model counts as broken at `ratio` times the untouched model's perplexity.
#[must_use]
pub fn answer(curve: &Curve, ratio: f64) -> Answer {
    let model = wording::title(&curve.protocol.model_name);
    let subject = format!("Under {}, {model}", wording::curve_name(&curve.sweep));
    let samples = samples(curve);
    let Some(varied) = curve.sweep.varied() else {
        return Answer {
            headline: format!("{subject}: {}", single(curve, &samples)),
            rest: String::new(),
        };
    };
    let knob = Knob {
        parameter: varied.parameter,
    };
    let higher = higher(ratio);
    let first_step = broken_by_first_step(curve, &samples, knob, ratio);
    let told = match (crossing(curve, ratio), first_step) {
        _ if samples.is_empty() => None,
        _ if samples.len() < FEWEST_POINTS || !errors_are_known(&samples) => breaks(curve, &samples, knob, ratio),
        (Some(_), Some(step)) => Some(format!("{step} breaks it: perplexity of {model} is {higher}.")),
        (Some(Crossing::NotReached { beyond }), None) => Some(format!(
            "{subject} does not break {}: perplexity is never {higher}.",
            knob.until(beyond)
        )),
        (Some(Crossing::BeforeFirst { before }), None) => Some(format!(
            "{subject} is broken from the first point on, {}: perplexity is {higher}.",
            knob.value(before)
        )),
        (Some(Crossing::At { value, low, high }), None) => {
            let place = place(&samples, knob, Interval::Short, value, low, high);
            Some(place.map_or_else(
                || format!("{subject} breaks somewhere in this range; the error is too large to say where."),
                |place| format!("{subject} breaks {place}: perplexity is {higher}."),
            ))
        }
        (None, _) => None,
    };
    let unmeasured = unmeasured(curve, &samples, knob);
    let (headline, last) = match told {
        Some(told) => (told, unmeasured),
        None => (unmeasured.unwrap_or_default(), None),
    };
    let rest = [
        gain(&samples, knob),
        quiet(&samples, knob),
        words_at_half(&samples, knob),
        bends(curve, &samples, knob),
        last,
    ];
    Answer {
        headline,
        rest: rest.into_iter().flatten().collect::<Vec<_>>().join(" "),
    }
}

/// "10 % higher", "twice as high".
fn higher(ratio: f64) -> String {
    match ratio {
        2.0 => "twice as high".to_owned(),
        _ if ratio < 2.0 => format!("{} % higher", decimals((ratio - 1.0) * 100.0, 1)),
        _ => format!("{} times as high", decimals(ratio, 3)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::testing::smollm2;

    #[test]
    fn the_answer_comes_first_with_its_subject() {
        let curve = smollm2();
        let Answer { headline, rest } = answer(&curve, 1.1);
        assert!(
            headline.starts_with("Under Wanda pruning, SmolLM2-135M-Instruct breaks at "),
            "{headline}"
        );
        assert!(headline.ends_with(": perplexity is 10 % higher."), "{headline}");
        assert!(!rest.contains("Breaks") && rest.ends_with('.'), "{rest}");
        let none = answer(&curve, 1000.0).headline;
        assert!(none.contains("does not break up to 80 %"), "{none}");
    }

    #[test]
    fn without_a_threshold_what_is_known_is_said() {
        let mut curve = smollm2();
        curve.points.truncate(1);
        assert!(
            answer(&curve, 1.1)
                .headline
                .contains("One point is not enough to find a threshold")
        );
        curve.points.clear();
        assert_eq!(
            answer(&curve, 1.1),
            Answer {
                headline: "No point was measured.".to_owned(),
                rest: String::new()
            }
        );
    }

    #[test]
    fn ratios_are_said_as_people_say_them() {
        for (ratio, said) in [
            (1.1, "10 % higher"),
            (1.05, "5 % higher"),
            (2.0, "twice as high"),
            (10.0, "10 times as high"),
        ] {
            assert_eq!(higher(ratio), said);
        }
    }
}
